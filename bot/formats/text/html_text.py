"""Converts HTML, JATS and MathML to plain text; pure, in linear time.

A “<” is only markup if it starts a known tag that is written correctly: ``a<b`` stays as it is.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html.entities import html5

from bot.formats.text.formulas import accented, fraction, root, subscript, superscript

_VALUE = r"""\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'<>=`]++)"""
_ATTRIBUTE = rf"""(?:\s++|(?<=["']))[a-zA-Z_:@][\w:.@-]*+(?:{_VALUE})?"""
_TAG = re.compile(
    rf"<(?P<close>/?)(?P<name>[a-zA-Z][\w:.-]*+)(?P<attributes>(?:{_ATTRIBUTE})*)\s*+(?P<empty>/?)>"
)
_WITH_VALUE = re.compile(rf"[\w:.@-]++{_VALUE}")
_DECLARATION = re.compile(r"<[!?][a-zA-Z][^<>]*>")
_CLOSING_NAME = re.compile(r"</([a-zA-Z][\w:.-]*)")
_ENTITY = re.compile(r"&(?:amp;)*(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_ALT = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_PREFIXES = ("jats:", "mml:", "m:", "math:")
_BLOCKS = frozenset(
    {"abstract", "address", "article", "aside", "blockquote", "body", "caption", "center", "dd"}
    | {"def-list", "details", "disp-formula", "disp-quote", "div", "dl", "dt", "fieldset", "fig"}
    | {"figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr"}
    | {"legend", "li", "list", "list-item", "main", "nav", "ol", "p", "pre", "sec", "section"}
    | {"summary", "table", "tbody", "tfoot", "thead", "title", "tr", "ul"}
)
_INLINE = frozenset(
    {"a", "abbr", "acronym", "alternatives", "b", "bdi", "bdo", "big", "bold", "button", "cite"}
    | {"code", "data", "del", "dfn", "em", "email", "ext-link", "font", "html", "i", "img", "inf"}
    | {"inline-formula", "inline-graphic", "ins", "institution", "italic", "kbd", "label", "mark"}
    | {"math", "monospace", "named-content", "option", "overline", "picture", "q", "roman", "s"}
    | {"samp", "sans-serif", "sc", "scp", "select", "small", "source", "span", "strike", "strong"}
    | {"styled-content", "sub", "sup", "tex", "tex-math", "time", "tt", "u", "underline", "uri"}
    | {"var", "video", "audio", "wbr", "xref", "nobr", "input", "link", "meta", "base", "td", "th"}
)
_MATHS = frozenset(
    {"maligngroup", "menclose", "merror", "mfenced", "mfrac", "mi", "mmultiscripts", "mn", "mo"}
    | {"mover", "mpadded", "mphantom", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub"}
    | {"msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "none"}
    | {"semantics", "annotation", "annotation-xml"}
)
_DROPPED = frozenset(
    {"annotation", "annotation-xml", "head", "iframe", "noscript", "object", "script", "style"}
    | {"svg", "template"}
)
_TEX = frozenset({"tex", "tex-math"})
_KNOWN = _BLOCKS | _INLINE | _MATHS | _DROPPED | {"br", "break"}
_BREAKS = frozenset({"br", "break"})
_CELLS = frozenset({"td", "th", "option"})
_ALONE = frozenset({"br", "break", "hr", "img", "wbr"})  # tags without an end
_UNPAIRED = _ALONE | {"", "p", "div", "ul", "ol", "li", "dl", "dt", "dd", "table", "tr", "td", "th"}
_SIGNS = frozenset({"b", "i", "q", "s", "u"})  # which may be a variable after a less-than sign
# Attributes without a value; other words in a tag are prose: “if a <b and c> d”.
_BARE_ATTRIBUTES = frozenset(
    {"allowfullscreen", "async", "autoplay", "checked", "compact", "controls", "defer", "disabled"}
    | {"download", "hidden", "itemscope", "loop", "muted", "nowrap", "noshade", "open", "readonly"}
    | {"reversed", "required", "selected"}
)
_SCRIPTED = frozenset({"sub", "sup", "inf", "q"}) | _TEX
_LEAVES = frozenset({"mi", "mn", "mo", "ms", "mtext"})
_FORMULAS = (_MATHS | {"math"}) - _LEAVES - _DROPPED
_NESTED = _SCRIPTED | _FORMULAS | _LEAVES
_MARKS = {
    "¯": "\u0304",
    "‾": "\u0304",
    "^": "\u0302",
    "ˆ": "\u0302",
    "~": "\u0303",
    "˜": "\u0303",
    "→": "\u20d7",
    "⃗": "\u20d7",
    ".": "\u0307",
    "˙": "\u0307",
    "¨": "\u0308",
    "ˇ": "\u030c",
}
_MAX_DEPTH = 60  # of formulas and scripts inside each other; deeper ones are plain text


@dataclass(frozen=True, slots=True)
class _Tag:
    """A tag in a text, by its name in lower case and without the prefix of a namespace."""

    start: int
    end: int
    name: str
    attributes: str
    is_closing: bool
    is_empty: bool = False


def from_html(source: str) -> str:
    """Returns the text of what is declared to be HTML, with an empty line between blocks."""
    source = _without_sections(source)
    return _text(source, list(_tags(source, is_html=True)))


def from_markup(source: str) -> str:
    """Returns the text of what may be HTML or plain text; its content decides.

    It is HTML if a known tag is closed, empty, or has attributes. Some of it may be escaped twice.
    """
    source = _without_sections(source)
    tags = _markup(source)
    text = _text(source, tags) if tags else decode_entities(source)
    if "<" in text and text != source and (inner := _markup(text)):
        return _text(text, inner)
    return text


def decode_entities(text: str) -> str:
    """Returns a text with its entities as characters, however often they were escaped."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    name = found[1]
    return html.unescape(f"&{name};") if name[0] == "#" or f"{name};" in html5 else found[0]


def _without_sections(source: str) -> str:
    if "<![CDATA[" not in source:
        return source
    return source.replace("<![CDATA[", "").replace("]]>", "")


def _tags(source: str, *, is_html: bool) -> Iterator[_Tag]:
    """Yields the tags of a text, with comments and declarations as tags without a name."""
    closed = {name.lower() for name in _CLOSING_NAME.findall(source)} if is_html else set()
    last_comment_end = source.rfind("-->")
    position = 0
    while (start := source.find("<", position)) >= 0:
        position = start + 1
        if source.startswith("<!--", start):
            if last_comment_end >= start + 4:
                position = source.find("-->", start + 4) + 3
                yield _Tag(start, position, "", "", is_closing=False)
        elif declaration := _DECLARATION.match(source, start):
            position = declaration.end()
            yield _Tag(start, position, "", "", is_closing=False)
        elif found := _TAG.match(source, start):
            tag = _Tag(
                start,
                found.end(),
                _local_name(found["name"].lower()),
                found["attributes"],
                bool(found["close"]),
                bool(found["empty"]),
            )
            if _is_tag(tag, found["name"].lower(), closed, is_html=is_html):
                position = tag.end
                yield tag


def _local_name(name: str) -> str:
    prefix = next(filter(name.startswith, _PREFIXES), "")
    return name[len(prefix) :]


def _is_tag(tag: _Tag, name: str, closed: set[str], *, is_html: bool) -> bool:
    """Returns whether a text in angle brackets is a tag; ``closed`` are names of closed ones."""
    if tag.attributes:
        words = _WITH_VALUE.sub("", tag.attributes).split()
        if not _BARE_ATTRIBUTES.issuperset(words) and not (is_html and tag.name not in _SIGNS):
            return False
    if tag.name in _KNOWN or name != tag.name:
        return True
    return is_html and (":" in name or "-" in name or bool(tag.attributes) or name in closed)


def _markup(source: str) -> list[_Tag]:
    """Returns the tags of a text, or none if it is plain text."""
    if "<" not in source:
        return []
    tags = list(_tags(source, is_html=False))
    closed = {tag.name for tag in tags if tag.is_closing}
    paired = closed & {tag.name for tag in tags if not tag.is_closing} - {""}
    is_markup = bool(paired) or any(
        tag.name in _ALONE or tag.is_empty or "=" in tag.attributes or (tag.start == 0 and tag.name)
        for tag in tags
    )
    if not is_markup:
        return []
    is_document = not paired.isdisjoint(_BLOCKS)  # which may have been cut off
    sure = paired | (_KNOWN - _SIGNS - _DROPPED if is_document else _UNPAIRED)
    return [tag for tag in tags if tag.name in sure or tag.attributes or tag.is_empty]


def _text(source: str, tags: Sequence[_Tag]) -> str:
    names = {tag.name for tag in tags}
    dropped = _DROPPED | _TEX if "math" in names else _DROPPED  # a formula in two notations
    last_closing = {tag.name: index for index, tag in enumerate(tags) if tag.is_closing}
    writer = _Writer(has_layout=not names.isdisjoint(_BLOCKS | _BREAKS))
    position, skipped = 0, ""
    for index, tag in enumerate(tags):
        if skipped:
            if tag.is_closing and tag.name == skipped:
                skipped, position = "", tag.end
            continue
        writer.add_text(source[position : tag.start])
        position = tag.end
        if tag.name not in dropped:
            writer.add_tag(tag)
        elif not (tag.is_closing or tag.is_empty) and last_closing.get(tag.name, -1) > index:
            skipped = tag.name
    writer.add_text(source[position:])
    return "".join(writer.pieces)


class _Writer:
    """Collects the pieces of a text; scripts and formulas are open until their end tag."""

    def __init__(self, *, has_layout: bool) -> None:
        self.has_layout = has_layout  # whether tags set the lines, so that line breaks are spaces
        self.pieces: list[str] = []
        self.open: list[tuple[str, int]] = []  # the names of elements, and their first pieces
        self.number_open: Counter[str] = Counter()

    def add_text(self, text: str) -> None:
        """Adds the text between two tags."""
        if self.open and self.open[-1][0] in _FORMULAS and not text.strip():
            return
        if self.has_layout:
            text = re.sub(r"\s+", " ", text)
        if text:
            self.pieces.append(decode_entities(text))

    def add_tag(self, tag: _Tag) -> None:
        """Adds what a tag stands for."""
        if tag.name in _BLOCKS:
            self.pieces.append("\n\n")
        elif tag.name in _BREAKS:
            self.pieces.append("\n")
        elif tag.name in _CELLS:
            self.pieces.append(" ")
        elif tag.name == "img":
            self.pieces.append(_formula_of_image(tag.attributes))
        elif tag.name in _NESTED:
            if tag.is_closing:
                self._close(tag.name)
            elif tag.is_empty:
                self.pieces.append(" " if tag.name == "mspace" else "")
            elif len(self.open) < _MAX_DEPTH:
                self.open.append((tag.name, len(self.pieces)))
                self.number_open[tag.name] += 1

    def _close(self, name: str) -> None:
        """Closes the innermost element of this name, and all that are open inside it."""
        if not self.number_open[name]:
            return
        closed = ""
        while closed != name:
            closed, start = self.open.pop()
            self.number_open[closed] -= 1
            children = self.pieces[start:]
            del self.pieces[start:]
            self.pieces.append(_written(closed, children))


def _written(name: str, children: Sequence[str]) -> str:
    """Returns an element as text; of a formula's elements, each child is one text."""
    if name in _ELEMENTS:
        return _ELEMENTS[name]("".join(children))
    if name in _TERMS:
        return _TERMS[name](*[*children, "", "", ""][:3])
    return f"({', '.join(children)})" if name == "mfenced" else _joined(children)


def _over(base: str, mark: str) -> str:
    return accented(base, _MARKS[mark]) if base and mark in _MARKS else base + superscript(mark)


def _joined(children: Sequence[str]) -> str:
    """Joins the parts of a formula, with spaces around words such as “log”."""
    joined = ""
    last = ""
    for text in children:
        has_word = any(len(part) > 1 and part.isalpha() for part in (last, text))
        is_apart = not (last[-1:].isalnum() and text[:1].isalnum())
        joined += text if is_apart or not has_word else f" {text}"
        last = text
    return joined


def _script(text: str, write: Callable[[str], str]) -> str:
    """Returns a raised or lowered text; a longer one, such as a footnote's, stays as it is."""
    stripped = text.strip()
    return write(stripped) if stripped and not re.search(r"[\s\[\]]", stripped) else text


def _tex(text: str) -> str:
    """Returns a formula for the reader of LaTeX, without the document that it comes in."""
    _, begins, rest = text.partition(r"\begin{document}")
    text = (rest.partition(r"\end{document}")[0] if begins else text).strip()
    return text if not text or "$" in text or text.startswith(("\\(", "\\[")) else f"${text}$"


def _formula_of_image(attributes: str) -> str:
    """Returns the LaTeX of an image of a formula, as blogs have them, or nothing."""
    alt = _ALT.search(attributes) if "latex" in attributes.lower() else None
    return _tex(decode_entities(alt[1] or alt[2] or "")) if alt else ""


# How elements are written: from their text, or from their first three children.
_ELEMENTS: dict[str, Callable[[str], str]] = {
    "sub": lambda text: _script(text, subscript),
    "inf": lambda text: _script(text, subscript),
    "sup": lambda text: _script(text, superscript),
    "q": lambda text: f"“{text.strip()}”",
    "tex": _tex,
    "tex-math": _tex,
    "mi": str.strip,
    "mn": str.strip,
    "mo": str.strip,
    "ms": str,
    "mtext": str,
    "msqrt": root,
}
_TERMS: dict[str, Callable[[str, str, str], str]] = {
    "msub": lambda base, low, _: base + subscript(low),
    "munder": lambda base, low, _: base + subscript(low),
    "msup": lambda base, high, _: base + superscript(high),
    "mover": lambda base, high, _: _over(base, high),
    "msubsup": lambda base, low, high: base + subscript(low) + superscript(high),
    "munderover": lambda base, low, high: base + subscript(low) + superscript(high),
    "mfrac": lambda above, below, _: fraction(above, below),
    "mroot": lambda base, degree, _: root(base, degree),
}
