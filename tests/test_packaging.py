from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.support.old_database import write_version_6
from tests.support.paths import ROOT

REQUIREMENT = re.compile(
    r"[a-z0-9-]+==[\w.]+(?: ; [\w'.=<>! ()]+)? \\"  # a version, perhaps for one platform only
    r"|    --hash=sha256:[0-9a-f]{64}(?: \\)?"
)
PAGE = "ICML Ada Lovelace ICML Ada Lovelace\n\nA Title\n\nAn abstract.\n\nRead More\n"


def run(*words: str | Path, cwd: Path) -> str:
    result = subprocess.run(
        [str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    return result.stdout


def pins(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([\w.]+)", text, re.MULTILINE))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with only the wheel installed; its libraries come from this environment.

    The wheel is built from the source distribution, which is checked, too.
    """
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignored = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, source, ignore=ignored)
    shutil.copy(ROOT / ".env.example", source)
    files = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    run(sys.executable, "-m", "build", "--no-isolation", "-o", folder, cwd=source)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert files <= names
    assert not any(re.search(r"\.(?:db|pyc|env)$", name) for name in names)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run(*pip, "install", "--no-deps", "--no-index", "--target", target, wheel, cwd=folder)
    return target


def test_the_wheel_runs_alone_and_contains_its_data(installed: Path, tmp_path: Path) -> None:
    path = f"import sys; sys.path.insert(0, {str(installed)!r})"
    located = run(sys.executable, "-c", f"{path}; import bot; print(bot.__file__)", cwd=tmp_path)
    assert located.startswith(str(installed))
    program = f"{path}; from bot.cli import main; main(prog_name='lab-herald')"
    assert run(sys.executable, "-c", program, "--version", cwd=tmp_path).startswith("lab-herald")
    (tmp_path / "page.txt").write_text(PAGE, encoding="utf-8")
    for source in ("page.txt", "--starter"):
        output = run(sys.executable, "-c", program, "import", source, cwd=tmp_path)
        assert "0 rejected" in output
    write_version_6(tmp_path / "old.db")
    program = f"import os; os.environ['DATABASE_PATH'] = 'old.db'; {program}"
    found = run(sys.executable, "-c", program, "search", "ferns", cwd=tmp_path)
    assert "Attention for Ferns" in found
    assert len(list(tmp_path.glob("backups/old-upgrade-*.db"))) == 1
    assert not (installed / "tests").exists()
    assert (installed / "bin" / "lab-herald").is_file()
    assert (installed / "bot" / "demo" / "upcoming.toml").is_file()
    assert (installed / "bot" / "demo" / "static" / "page.js").is_file()


def test_requirements_consist_of_versions_and_hashes() -> None:
    for name in ("run", "demo", "dev"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        assert [line for line in lines if not REQUIREMENT.fullmatch(line)] == []
        assert len(lines) > 50


def test_the_demo_pins_the_versions_of_the_development_tools() -> None:
    run, demo, dev = (pins(name) for name in ("run", "demo", "dev"))
    assert run.items() <= demo.items() <= dev.items()


def test_the_import_rules_hold() -> None:
    assert "0 broken" in run(Path(sys.executable).with_name("lint-imports"), cwd=ROOT)
