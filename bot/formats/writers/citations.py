"""Cites a paper as BibTeX, as Markdown, or in any style of the Citation Style Language."""

from __future__ import annotations

from bot.formats.writers import csl_styles
from bot.formats.writers.citation_styles import Detail, bibtex_entry, markdown_reference
from storage.models import Paper
from storage.text import fold

BIBTEX = "bibtex"
MARKDOWN = "markdown"
_LABELS = {BIBTEX: "BibTeX", MARKDOWN: "Markdown"}
# Those of a menu, by the name of the style.
MENU = {
    BIBTEX: _LABELS[BIBTEX],
    **{name: label for label, name in csl_styles.MENU_STYLES.items()},
    MARKDOWN: _LABELS[MARKDOWN],
}


def cite(paper: Paper, style: str) -> str:
    """Returns a paper's citation in a style; it may take a second, so it is called in a thread.

    Raises `UnknownStyle` and `StyleFailed`.
    """
    if style == BIBTEX:
        return bibtex_entry(paper, Detail.CITATION)
    if style == MARKDOWN:
        return markdown_reference(paper)
    return csl_styles.format_reference(paper, style)


def style_label(style: str) -> str:
    """Returns a style's name for people."""
    return _LABELS.get(style) or csl_styles.style_label(style)


def get_style(text: str) -> str:
    """Returns the style that a text names; raises `UnknownStyle`."""
    name = fold(text)
    return name if name in _LABELS else csl_styles.get_style(text)


def find_styles(text: str, limit: int = 25) -> list[str]:
    """Returns the styles whose names have all words of a text, those of the menu first."""
    words = fold(text).split()
    own = [name for name in _LABELS if all(word in name for word in words)]
    if not words:
        return [*MENU][:limit]
    return [*own, *csl_styles.find_styles(text, limit)][:limit]


def warnings(paper: Paper) -> list[str]:
    """Returns a sentence for each thing that a citation needs and the list doesn't have."""
    needed = {"authors": paper.authors, "year": paper.date}
    missing = " and ".join(name for name, value in needed.items() if not value)
    found = []
    if missing:
        found.append(f"The list doesn't have its {missing}, so the citation is incomplete.")
    if paper.authors and not paper.authors_complete:
        found.append("The list doesn't have all of its authors.")
    return found
