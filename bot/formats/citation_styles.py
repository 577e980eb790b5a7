"""Formats a paper as a BibTeX entry, or a reference in plain text or Markdown; pure.

If a preprint was published, the published version is cited, along with the preprint's id.
"""

from __future__ import annotations

import enum
import re

from bot.formats import bibtex_fields, latex
from bot.formats.fields import join_list, pack_links, parse_identifiers, parse_links
from bot.markdown import escape, link
from storage.models import LinkKind, Paper
from storage.names.author_list import AuthorList
from storage.names.parser import parse_name
from storage.papers.combine import is_preprint
from storage.papers.identifiers import is_identifier_page
from storage.text import fold

_SKIPPED = frozenset({"a", "an", "the", "on", "of", "in", "to", "for", "and", "with", "from"})
# Words that make a venue a journal; every other published venue is a conference.
_JOURNALS = frozenset(
    {"journal", "transactions", "letters", "review", "reviews", "magazine", "annals", "nature"}
    | {"science", "tmlr", "jmlr", "tacl", "jasa", "pnas", "plos", "quarterly", "advances", "cell"}
)
_EXPORT_ONLY = frozenset({"keywords", "abstract", "venue", "postedby", "identifiers", "links"})
_MAX_APA_AUTHORS = 20
_MAX_FAMILY_WORDS = 20  # bounds the work for a text that isn't a name


class Style(enum.StrEnum):
    """The style of a reference."""

    BIBTEX = "bibtex"
    TEXT = "text"
    MARKDOWN = "markdown"


def cite(paper: Paper, style: Style) -> str:
    """Returns a paper's reference in one of the styles."""
    match style:
        case Style.BIBTEX:
            return bibtex_entry(paper, export=False)
        case Style.TEXT:
            return _reference(paper)
        case Style.MARKDOWN:
            return markdown_reference(paper)


def citation_key(paper: Paper) -> str:
    """Returns a key such as ``biderman2023pythia-12``, unique because of the paper's id."""
    family = parse_name(paper.authors[0]).family if paper.authors else ()
    words = [word for word in fold(paper.title).split() if word not in _SKIPPED]
    parts = ["".join(family), str(paper.year or ""), words[0] if words else ""]
    letters = [re.sub(r"[^a-z0-9]", "", part) for part in parts]
    return f"{''.join(letters) or 'paper'}-{paper.id}"


def bibtex_entry(paper: Paper, *, export: bool = True) -> str:
    """Returns the BibTeX entry, from which `bibtex_reader` reads the same paper again.

    Without ``export``, it has only the fields that a bibliography prints.
    """
    kind, fields = _kind_and_fields(paper)
    if not export:
        fields = {name: value for name, value in fields.items() if name not in _EXPORT_ONLY}
    lines = [f"@{kind}{{{citation_key(paper)},"]
    lines += [f"  {name} = {value}," for name, value in fields.items()]
    return "\n".join([*lines, "}"])


def _kind_and_fields(paper: Paper) -> tuple[str, dict[str, str]]:
    """Returns the entry's type and its fields as LaTeX."""
    kind, venue_field = _kind(paper)
    fields = {"title": f"{{{{{latex.escape(paper.title)}}}}}"}
    names = [_bibtex_name(name) for name in paper.authors]
    names += [] if paper.authors_complete else ["others"]
    _put(fields, "author", " and ".join(names))
    if paper.venue or paper.arxiv:
        fields[venue_field] = f"{{{latex.escape(paper.venue)}}}"
        read = {name: value[1:-1] for name, value in fields.items()}
        if bibtex_fields.read_venue(read, paper.arxiv or "") != paper.venue:
            fields["venue"] = fields[venue_field]
    if paper.date:
        fields["year"] = f"{{{paper.date.year}}}"
        if paper.date.month:
            fields["month"] = bibtex_fields.MONTHS[paper.date.month - 1]
        if paper.date.day:
            fields["day"] = f"{{{paper.date.day}}}"
    _put(fields, "doi", latex.escape(paper.doi or ""))
    if paper.arxiv:
        fields |= {"eprint": f"{{{paper.arxiv}}}", "archiveprefix": "{arXiv}"}
    _put_urls(fields, paper)
    _put(fields, "note", latex.escape(paper.note))
    _put(fields, "keywords", ", ".join(map(_keyword, paper.tags)))
    _put(fields, "abstract", latex.escape(paper.abstract))
    _put(fields, "postedby", latex.escape(paper.posted_by))
    return kind, fields


def _put_urls(fields: dict[str, str], paper: Paper) -> None:
    """Adds the page, and our own fields for links and identifiers that don't follow from it."""
    url = paper.url or ""
    is_plain = latex.unescape(latex.escape(url)) == url and not is_identifier_page(url)
    shown = url if url and is_plain and bibtex_fields.is_url(url) else ""
    _put(fields, "url", latex.escape(shown))
    derived = parse_identifiers(
        arxiv=paper.arxiv or "", doi=paper.doi or "", urls=[shown] if shown else []
    )
    if derived != paper.identifiers:
        fields["identifiers"] = f"{{{latex.escape(join_list(paper.identifiers))}}}"
    if parse_links([(LinkKind.PAGE, shown)] if shown else []) != paper.links:
        fields["links"] = f"{{{latex.escape(pack_links(paper.links))}}}"


def _put(fields: dict[str, str], name: str, value: str) -> None:
    if value:
        fields[name] = f"{{{value}}}"


def _kind(paper: Paper) -> tuple[str, str]:
    """Returns the entry's type and the field for its venue."""
    words = fold(paper.venue).split()
    if not words or is_preprint(paper.venue):
        return "misc", "howpublished"
    return (
        ("article", "journal") if _JOURNALS.intersection(words) else ("inproceedings", "booktitle")
    )


def _bibtex_name(name: str) -> str:
    """Returns “Family, Given”, or the name in braces if that would be read differently."""
    given, family = split_name(name)
    written = latex.escape(f"{family}, {given}" if given else family)
    if bibtex_fields.read_authors(f"A and {written} and B") == AuthorList(("A", name, "B")):
        return written
    return f"{{{latex.escape(name)}}}"


def split_name(name: str) -> tuple[str, str]:
    """Splits a credited name into given and family name; an unclear one is all family name."""
    family = " ".join(parse_name(name).family)
    words = name.split()
    for start in range(max(1, len(words) - _MAX_FAMILY_WORDS), len(words)):
        if fold(" ".join(words[start:])) == family:
            return " ".join(words[:start]), " ".join(words[start:])
    return "", name


def _keyword(tag: str) -> str:
    written = latex.escape(tag)
    return f"{{{written}}}" if re.search("[,;]", tag) else written


def _reference(paper: Paper) -> str:
    """Returns a plain-text reference in APA style (https://apastyle.apa.org/, 7th edition)."""
    parts = [_apa_authors(paper), f"({paper.year or 'n.d.'})."]
    parts.append(_sentence(paper.title))
    if paper.venue:
        parts.append(_sentence(paper.venue))
    parts.append(_citation_url(paper))
    return " ".join(part for part in parts if part)


def _apa_authors(paper: Paper) -> str:
    names = [_apa_name(name) for name in paper.authors]
    if not names:
        return ""
    if not paper.authors_complete:
        return f"{', '.join(names)}, et al."
    if len(names) > _MAX_APA_AUTHORS:
        return f"{', '.join(names[: _MAX_APA_AUTHORS - 1])}, … {names[-1]}"
    if len(names) == 1:
        return _sentence(names[0])
    return _sentence(f"{', '.join(names[:-1])}, & {names[-1]}")


def _apa_name(name: str) -> str:
    given, family = split_name(name)
    initials = " ".join(
        "-".join(f"{part[0].upper()}." for part in word.split("-") if part)
        for word in given.replace(".", ". ").split()
        if word.strip("-.")
    )
    return f"{family}, {initials}" if initials else family


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _citation_url(paper: Paper) -> str:
    """Returns the URL to cite: the DOI's, or the paper's best page."""
    return f"https://doi.org/{paper.doi}" if paper.doi else paper.url or ""


def markdown_reference(paper: Paper) -> str:
    """Returns one line of Markdown with linked title, authors, venue, year and note."""
    parts = [f"**{link(paper.title, _citation_url(paper) or None, 4000)}**"]
    if paper.authors:
        names = [escape(name) for name in paper.authors]
        tail = "" if paper.authors_complete else ", et al."
        parts.append(f"{', '.join(names)}{tail}")
    published = [f"*{escape(paper.venue)}*"] if paper.venue else []
    published += [str(paper.year)] if paper.year else []
    if published:
        parts.append(", ".join(published))
    if paper.note:
        parts.append(escape(paper.note))
    return ". ".join(part.rstrip(".") for part in parts) + "."
