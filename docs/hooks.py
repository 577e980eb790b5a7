"""Adds pages to the docs site: files from outside `docs/`, and pages made from the code.

Events: https://www.mkdocs.org/dev-guide/plugins/#events
"""

from __future__ import annotations

import asyncio
import posixpath
import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs import reference

# They have the same path in the site as in the repository.
_INCLUDED = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "benchmarks/README.md",
    "bot/demo/static/avatar.png",
    "deploy/Containerfile",
    "deploy/compose.yaml",
    "deploy/lab-herald-litestream.service",
    "deploy/lab-herald.service",
    "deploy/litestream.yml",
)
_PICTURE = re.compile(
    r'<picture>\s*<source [^>]*>\s*<img alt="([^"]*)" src="([^"]*)">\s*</picture>', re.DOTALL
)
_SCREENSHOT = re.compile(r"(!\[[^\]]*\]\()([^)\s]+)-light\.png\)")
_INVENTORY = re.compile(r"<!-- inventory -->\n\n[^\n]+(?:\n[^\n]+)*\n")  # with its stand-in
_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the included files, and the pages that are made from the code."""
    root = posixpath.dirname(config.config_file_path)
    for path in _INCLUDED:
        files.append(File.generated(config, path, abs_src_path=posixpath.join(root, path)))
    files.append(File.generated(config, "env.example", abs_src_path=f"{root}/.env.example"))
    made = {
        "discord.md": asyncio.run(reference.commands_page()),
        "shell.md": reference.shell_page(),
        "settings.md": reference.settings_page(),
        "metrics.md": reference.metrics_page(),
    }
    for path, content in made.items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(
    markdown: str,
    page: Page,
    config: MkDocsConfig,  # noqa: ARG001 - mkdocs passes all arguments by name
    files: Files,  # noqa: ARG001
) -> str:
    """Makes links, which are relative to the file in the repository, relative to the page.

    Of screenshots, whose files end in ``-light.png``, the dark ones are added. The page about
    privacy gets the table of what is stored.
    """
    path = page.file.src_uri
    source = path if path in _INCLUDED else f"docs/{path}"

    def relink(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[1]))
        in_site = "env.example" if target == ".env.example" else target.removeprefix("docs/")
        return posixpath.relpath(in_site, posixpath.dirname(path) or ".")

    markdown = _INVENTORY.sub(lambda _: reference.inventory_table(), markdown)
    markdown = _PICTURE.sub(r"![\1](\2)", markdown)
    return _LINK.sub(relink, _SCREENSHOT.sub(_in_both_schemes, markdown))


def _in_both_schemes(picture: re.Match[str]) -> str:
    """Shows a screenshot in the scheme that the reader has chosen on the site."""
    start, path = picture.groups()
    attributes = "{ loading=lazy width=300 }" if path.endswith("-narrow") else "{ loading=lazy }"
    return "\n".join(
        f"{start}{path}-{scheme}.png#only-{scheme}){attributes}" for scheme in ("light", "dark")
    )
