"""Builds the tree of a Markdown page; the only importer of markdown-it-py."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt

from bot.formats.pages.document import Container
from bot.formats.pages.html_document import SOFT_BREAK, parse_html

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(?:(?!---[ \t]*\n).*\n){0,200}---[ \t]*(?:\n|\Z)")
_TEMPLATE = re.compile(r"\{%[^%\n]{0,400}%\}|\{\{[^{}\n]{0,400}\}\}|\{:[^{}\n]{0,200}\}")
_SIGNS = re.compile(
    r"^#{1,6} +\S|\]\((?:https?:|/|#|\w)[^)\s]{0,500}\)|\*\*[^*\n]{1,400}\*\*"
    r"|(?<!\w)__[^_\n]{1,400}__(?!\w)|^\|(?: *:?-+:? *\|)+",
    re.MULTILINE,
)

_TABLE_RULE = re.compile(r"\|(?: *:?-+:? *\|)+")


def is_markdown(text: str) -> bool:
    """Returns whether a text has headings, links or emphasis in Markdown."""
    return bool(_FRONT_MATTER.match(text) or _SIGNS.search(text))


def parse_markdown(text: str, base_url: str = "") -> Container:
    """Returns the tree of a page, without front matter and templates."""
    text = _FRONT_MATTER.sub(lambda found: "\n" * found[0].count("\n"), text)
    text, added = _with_separate_tables(_TEMPLATE.sub("", text))
    tokens = _parser().parse(text)
    for token in tokens:
        if token.map and token.nesting == 1:
            line = token.map[0] + 1
            token.attrSet("data-source-line", str(line - bisect_left(added, line)))
    source = _parser().renderer.render(tokens, _parser().options, {})
    return parse_html(source, base_url)


def _with_separate_tables(text: str) -> tuple[str, list[int]]:
    """Returns a text with an empty line above each table, and the numbers of those added.

    In Markdown, a table right below a list's item would continue that item's text.
    """
    lines: list[str] = []
    added: list[int] = []
    for line, following in pairwise([*text.split("\n"), ""]):
        is_header = line.startswith("|") and _TABLE_RULE.match(following)
        if is_header and lines and lines[-1].strip():
            lines.append("")
            added.append(len(lines))
        lines.append(line)
    return "\n".join(lines), added


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.add_render_rule("softbreak", _soft_break)
    return parser


def _soft_break(*_: object) -> str:
    """Marks the end of a line that doesn't end a paragraph, as the writer of a page may mean it."""
    return f'<br class="{SOFT_BREAK}">'
