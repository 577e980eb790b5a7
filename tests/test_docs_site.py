"""The docs site is built without warnings, and needs nothing from other servers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from selectolax.lexbor import LexborHTMLParser

from bot.operations.metrics import Metrics
from bot.settings import Settings
from docs.chromium import LAUNCH
from docs.screenshots import SCENES
from storage.privacy.inventory import RULES
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow
_LOADED = {"img": "src", "script": "src", "iframe": "src", "link": "href", "source": "src"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "WARNING" not in result.stderr
    return folder


def test_every_page_of_the_documents_is_in_the_navigation(site: Path) -> None:
    home = LexborHTMLParser((site / "index.html").read_text(encoding="utf-8"))
    linked = {link.attributes["href"] for link in home.css("nav a[href]")}
    docs = ROOT / "docs"
    pages = {page.relative_to(docs).with_suffix(".html").as_posix() for page in docs.rglob("*.md")}
    assert len(pages) > 12
    assert pages | {"settings.html", "shell.html", "CONTRIBUTING.html", "CHANGELOG.html"} <= linked
    assert {"discord.html", "metrics.html"} <= linked
    assert home.css_first("nav a[href='benchmarks/index.html']").text().strip() == "Benchmarks"


def test_the_page_of_settings_has_all_of_them(site: Path) -> None:
    page = LexborHTMLParser((site / "settings.html").read_text(encoding="utf-8"))
    names = [cell.text() for cell in page.css("tbody td:first-child")]
    assert names == [one.name.upper() for one in fields(Settings)]


def test_the_page_about_privacy_has_the_inventory(site: Path) -> None:
    page = LexborHTMLParser((site / "privacy.html").read_text(encoding="utf-8"))
    cells = [row.css("td")[-1].text() for row in page.css("tbody tr") if len(row.css("td")) == 5]
    shown = [part for cell in cells for part in re.findall(r"\w+ \([^)]+\)", cell)]
    assert shown == [f"{rule.table} ({', '.join(rule.columns)})" for rule in RULES]
    assert "The docs site has a table here" not in page.text()


def test_the_page_of_commands_has_each_of_them_with_its_options(site: Path) -> None:
    page = LexborHTMLParser((site / "discord.html").read_text(encoding="utf-8"))
    headings = {heading.text().removesuffix("¶") for heading in page.css("h3")}
    commands = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert headings == set(re.findall(r"(?m)^\| `(/[a-z]+(?: [a-z]+)?)", commands))
    assert "-excluded, author:name, venue:ICML, year:2022..2023, tag:code" in page.text()
    assert 'tag:code "a phrase" ~anyform' in page.text()  # each character as Discord shows it
    assert "…" not in {cell.text() for cell in page.css("td")}  # an option without a description
    menus = {item.text() for item in page.css("article > ul li strong, .md-typeset > ul li strong")}
    assert {"Add paper", "Suggest paper"} <= menus


def test_the_page_of_metrics_has_all_of_them(site: Path) -> None:
    page = LexborHTMLParser((site / "metrics.html").read_text(encoding="utf-8"))
    names = {cell.text().removesuffix("_total") for cell in page.css("tbody td:first-child")}
    assert names == {family.name for family in Metrics().registry.collect()}


def test_the_page_of_the_shell_has_the_help_of_each_command(site: Path) -> None:
    page = LexborHTMLParser((site / "shell.html").read_text(encoding="utf-8"))
    headings = {heading.text().removesuffix("¶") for heading in page.css("h2")}
    commands = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"(?m)^\| `(lab-herald [a-z]+(?: [a-z]+(?= |`))?)", commands))
    assert len(listed) > 20
    assert listed <= headings
    assert "--dry-run" in page.text()


def test_screenshots_are_shown_in_both_schemes_and_small() -> None:
    folder = ROOT / "docs" / "screenshots"
    files = {file.name for file in folder.iterdir()}
    documents = (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    text = "".join(document.read_text(encoding="utf-8") for document in documents)
    shown = set(re.findall(r"screenshots/([\w-]+)-light\.png", text))
    assert files == {f"{name}-{scheme}.png" for name in shown for scheme in ("light", "dark")}
    assert sum(file.stat().st_size for file in folder.iterdir()) < 1_500_000
    assert shown == {scene.name + layout.suffix for scene in SCENES for layout in scene.layouts}


def test_a_page_shows_the_screenshot_of_the_readers_scheme(site: Path) -> None:
    page = LexborHTMLParser((site / "index.html").read_text(encoding="utf-8"))
    pictures = [node.attributes["src"] for node in page.css("article img[src*='screenshots/']")]
    assert pictures == [
        f"screenshots/demo-{scheme}.png#only-{scheme}" for scheme in ("light", "dark")
    ]


def test_no_page_loads_anything_from_another_server(site: Path) -> None:
    loaded = 0
    for page in site.rglob("*.html"):
        html = LexborHTMLParser(page.read_text(encoding="utf-8"))
        for element, attribute in _LOADED.items():
            for node in html.css(f"{element}[{attribute}]"):
                target = node.attributes[attribute] or ""
                assert not re.match(r"\w+:|//", target), (page.name, target)
                loaded += 1
    assert loaded > 50
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"(?:@import|url\()\s*['\"]?(?:https?:)?//", text), style.name


def test_links_of_pages_lead_to_files_of_the_site(site: Path) -> None:
    """Also those to files that aren't pages, which mkdocs doesn't check."""
    for page in site.rglob("*.html"):
        html = LexborHTMLParser(page.read_text(encoding="utf-8"))
        for node in html.css("article a[href]"):
            target = (node.attributes["href"] or "").partition("#")[0]
            if target and not re.match(r"\w+:", target):
                assert (page.parent / target).exists(), (page.name, target)


def test_each_section_of_a_page_is_shown(site: Path) -> None:
    """Text that is taken for an HTML tag, such as that of a script, would hide what follows it."""
    found = 0
    for page in site.rglob("*.html"):
        html = LexborHTMLParser(page.read_text(encoding="utf-8"))
        for link in html.css(".md-nav--secondary a[href^='#']"):
            section = (link.attributes["href"] or "").removeprefix("#")
            assert html.css(f"article [id='{section}']"), (page.name, section)
            found += 1
    assert found > 100


@pytest.mark.skipif(LAUNCH["executable_path"] is None, reason="chromium isn't installed")
def test_every_page_fits_a_phone_and_has_its_pictures(site: Path) -> None:
    with sync_playwright() as playwright, playwright.chromium.launch(**LAUNCH) as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844}, java_script_enabled=False)
        for file in site.rglob("*.html"):
            if file.name == "404.html":  # its addresses need a server
                continue
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") == 390, file
            missing = "Array.from(document.images, (one) => one.complete && !one.naturalWidth)"
            assert True not in page.evaluate(missing), file
