"""Builds the tree of an HTML page, without its navigation, forms and scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.formats.pages.document import Container, Line, Run
from storage.urls import canonical_url

SOFT_BREAK = "soft-break"  # the class of line breaks that only count outside of styled text
_MAX_DEPTH = 150  # of nested elements; what is deeper is read as one text
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl"}
    | {"dt", "fieldset", "figcaption", "figure", "form", "h1", "h2", "h3", "h4", "h5", "h6"}
    | {"header", "hr", "hgroup", "legend", "li", "main", "ol", "p", "section", "summary", "table"}
    | {"tbody", "td", "tfoot", "th", "thead", "tr", "ul", "menu"}
)
_DROPPED = frozenset(
    {"script", "style", "head", "template", "noscript", "iframe", "object", "svg", "nav", "footer"}
    | {"button", "select", "textarea", "input", "aside", "pre", "img", "video", "audio", "canvas"}
    | {"del", "s", "strike", "math", "title", "label", "option"}
)
_DROPPED_ROLES = frozenset({"navigation", "contentinfo", "search", "banner", "complementary"})
_CONTAINERS = frozenset({"div", "section", "ul", "ol", "header", "table", "td", "center"})
_NAVIGATION = frozenset(
    {"nav", "navbar", "navigation", "menu", "sidebar", "footer", "breadcrumb", "breadcrumbs", "toc"}
    | {"cookie", "cookies", "pagination", "submenu", "topbar", "bottombar", "catlinks"}
)
_STYLES = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em", "cite", "var", "dfn"), "italic"),
    "sup": "super",
}
# Elements whose line number in the file is kept.
_NUMBERED = re.compile(
    r"<(li|tr|p|div|d[dt]|h[1-6]|article|section|td|br)(?=[\s>/])", re.IGNORECASE
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LABELS = {
    **dict.fromkeys(("title", "titel", "titre", "headline", "papername", "pubname"), "title"),
    **dict.fromkeys(("author", "authors", "creator", "creators", "byline", "autor"), "authors"),
    **dict.fromkeys(("venue", "journal", "periodical", "booktitle", "conference"), "venue"),
    **dict.fromkeys(("proceedings", "publisher"), "venue"),
    **dict.fromkeys(("year", "date", "jahr", "pubdate"), "year"),
    **dict.fromkeys(("abstract", "excerpt"), "abstract"),
    **dict.fromkeys(
        ("bibtex", "bib", "type", "badge", "coins", "altmetric", "tags", "keywords"), "hidden"
    ),
    **dict.fromkeys(("btn", "button", "buttons", "links", "downloads", "resources"), "links"),
    **dict.fromkeys(("award", "awards", "note"), "note"),
}
# Words next to a label's word in the name of a class that don't change what it means.
_NEUTRAL = frozenset(
    {"paper", "pub", "publication", "article", "entry", "item", "citation", "reference", "ref"}
    | {"card", "link", "text", "name", "names", "line", "field", "block", "info", "string", "tp"}
    | {"bibbase", "work", "row", "cell", "span", "container", "wrapper", "content", "list", "csl"}
    | {"view", "views", "node", "p", "main", "full", "short", "the", "group", "post", "meta", "el"}
)
_SITE_WORDS = frozenset({"page", "site", "section", "navbar", "brand", "widget", "header", "menu"})
_ITEMPROPS = {
    "name": "title",
    **dict.fromkeys(("author", "creator"), "authors"),
    **dict.fromkeys(("datePublished", "dateCreated"), "year"),
    **dict.fromkeys(("isPartOf", "publisher"), "venue"),
    "description": "abstract",
}


def number_lines(source: str) -> str:
    """Returns HTML whose block elements say in which line of the file they stand."""
    return _NUMBERED.sub(_LineNumbers(source).mark, source)


def parse_html(source: str, base_url: str = "") -> Container:
    """Returns the tree of a page; relative links are kept if it says where it is from."""
    tree = LexborHTMLParser(source)
    root = Container("body", 1)
    if tree.body is not None:
        _Builder(_base_url(tree) or base_url).build(tree.body, root)
    return root


class _LineNumbers:
    """Writes into each block element's tag the line that it stands in."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._position = 0
        self._number = 1

    def mark(self, tag: re.Match[str]) -> str:
        self._number += self._source.count("\n", self._position, tag.start())
        self._position = tag.start()
        return f"{tag[0]} data-source-line={self._number} "


def _base_url(tree: LexborHTMLParser) -> str:
    for selector, attribute in (("base[href]", "href"), ("link[rel=canonical]", "href")):
        node = tree.css_first(selector)
        url = (node.attributes.get(attribute) if node else None) or ""
        if canonical_url(url):
            return url
    return ""


class _Builder:
    """Collects the runs of a line until a block element or a line break ends it."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._runs: list[Run] = []
        self._number = 1
        self._level = 0

    def build(self, body: LexborNode, root: Container) -> None:
        self._read(body, root, Run(""), depth=0)
        self._end_line(root)

    def _read(self, node: LexborNode, parent: Container, outer: Run, *, depth: int) -> None:
        for child in node.iter(include_text=True):
            tag = child.tag or ""
            if tag == "-text":
                self._add(child.text_content or "", outer)
            elif tag.startswith("-") or tag in _DROPPED:
                continue
            elif depth >= _MAX_DEPTH:
                self._add(f" {child.text(separator=' ')} ", outer)
            else:
                self._read_element(child, tag, parent, outer, depth=depth)

    def _read_element(
        self, node: LexborNode, tag: str, parent: Container, outer: Run, *, depth: int
    ) -> None:
        attributes = node.attributes
        if attributes.get("role") in _DROPPED_ROLES or attributes.get("hidden") == "":
            return
        if tag in _CONTAINERS and _is_navigation(attributes):
            return
        if number := attributes.get("data-source-line"):
            self._number = int(number) if number.isdecimal() else self._number
        if tag in {"br", "wbr", "meta"}:
            self._read_void(tag, attributes, parent, outer)
            return
        inner = self._inner(tag, attributes, outer)
        if tag in _BLOCKS:
            self._read_block(node, tag, parent, inner, depth=depth)
            return
        marks = ("“", "”") if tag == "q" else ("", "")
        self._add(marks[0], outer)
        self._read(node, parent, inner, depth=depth + 1)
        self._add(marks[1], outer)

    def _read_void(
        self, tag: str, attributes: Mapping[str, str | None], parent: Container, outer: Run
    ) -> None:
        """Reads an element without content: a line break, or a date for machines."""
        if tag == "br" and attributes.get("class") == SOFT_BREAK and outer.styles:
            self._add(" ", outer)
        elif tag == "br":
            self._end_line(parent, is_break=True)
        elif attributes.get("itemprop") == "datePublished":
            self._runs.append(Run(f" {attributes.get('content') or ''} ", label="year"))

    def _read_block(
        self, node: LexborNode, tag: str, parent: Container, inner: Run, *, depth: int
    ) -> None:
        self._end_line(parent)
        level, self._level = self._level, int(tag[1]) if re.fullmatch(r"h[1-6]", tag) else 0
        container = Container(tag, self._number)
        self._read(node, container, inner, depth=depth + 1)
        self._end_line(container)
        self._level = level
        if tag in {"td", "th"}:
            container.rows = _number(node.attributes.get("rowspan"))
        if container.children or tag in {"td", "th"}:
            parent.children.append(_with_paragraphs(container))

    def _inner(self, tag: str, attributes: Mapping[str, str | None], outer: Run) -> Run:
        """Returns an empty run with what applies to the text inside an element."""
        styles = set(outer.styles)
        if style := _STYLES.get(tag):
            styles.add(style)
        css = (attributes.get("style") or "").replace(" ", "").lower()
        if "font-weight:bold" in css or "font-weight:700" in css:
            styles.add("bold")
        if "font-style:italic" in css:
            styles.add("italic")
        link = outer.link
        if tag == "a" and (href := (attributes.get("href") or "").strip()):
            styles.add("link")
            link = self._absolute(href)
        if tag in {"span", "font", "u", "abbr", "small", "time"}:
            styles.add("inline")
        return Run("", link, frozenset(styles), _label(attributes, outer.label) or outer.label)

    def _absolute(self, href: str) -> str:
        try:
            url = urljoin(self._base_url, href)
        except ValueError:
            return ""
        return url if canonical_url(url) else ""

    def _add(self, text: str, outer: Run) -> None:
        text = re.sub(r"\s+", " ", text)
        if text:
            self._runs.append(Run(text, outer.link, outer.styles, outer.label))

    def _end_line(self, parent: Container, *, is_break: bool = False) -> None:
        line = Line(_trimmed(self._runs), self._number, self._level)
        self._runs = []
        if line.runs:
            parent.children.append(line)
        elif is_break:
            parent.children.append(Container("br", self._number))


def _with_paragraphs(container: Container) -> Container:
    """Returns a container whose lines are grouped where empty lines separate them."""
    children = container.children
    if not any(isinstance(child, Container) and child.tag == "br" for child in children):
        return container
    grouped = Container(container.tag, container.number, rows=container.rows)
    paragraph = Container("p", container.number)
    for child in children:
        if isinstance(child, Line):
            paragraph.children.append(child)
            continue
        if paragraph.children:
            grouped.children.append(paragraph)
            paragraph = Container("p", child.number)
        if child.tag != "br":
            grouped.children.append(child)
    if paragraph.children:
        grouped.children.append(paragraph)
    return grouped


def _trimmed(runs: list[Run]) -> tuple[Run, ...]:
    """Returns the runs without repeated spaces, or nothing if they have no text."""
    kept: list[Run] = []
    ends_in_space = True
    for run in runs:
        text = run.text.lstrip() if ends_in_space else run.text
        if text:
            kept.append(Run(text, run.link, run.styles, run.label))
            ends_in_space = text[-1].isspace()
    return tuple(kept) if any(not run.text.isspace() for run in kept) else ()


def _label(attributes: Mapping[str, str | None], outer: str) -> str:
    """Returns what an element's own markup calls its content, or ""."""
    labels = {_class_label(name) for name in (attributes.get("class") or "").split()[:12]} - {""}
    for label in ("links", "hidden", "abstract", "title", "authors", "year", "venue", "note"):
        if label in labels:
            return label
    label = _ITEMPROPS.get(attributes.get("itemprop") or "", "")
    return outer if label == "title" and outer in {"authors", "venue"} else label


def _is_navigation(attributes: Mapping[str, str | None]) -> bool:
    """Returns whether an element is named as navigation, a footer or the like."""
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower()[:400].split()
    words = [re.split(r"[-_]+", name) for name in names]
    return any(
        parts[-1] in _NAVIGATION and parts[0] not in {"has", "with", "no", "without", "is", "page"}
        for parts in words
    )


def _class_label(name: str) -> str:
    if any(map(str.isdigit, name)):
        return ""
    words = [word.lower() for word in _WORD.findall(name[:60])]
    labels = [_LABELS[word] for word in words if word in _LABELS]
    if "".join(words) in _LABELS:
        return _LABELS["".join(words)]
    if words[-1:] == ["name"] and words[:-1] in (["paper"], ["pub"], ["publication"]):
        return "title"
    if not labels or _SITE_WORDS.intersection(words) or words == ["post", "title"]:
        return ""
    rest = [word for word in words if word not in _LABELS]
    return labels[-1] if all(word in _NEUTRAL for word in rest) else ""


def _number(text: str | None) -> int:
    return min(int(text), 1000) if text and text.isdecimal() and len(text) < 5 else 1
