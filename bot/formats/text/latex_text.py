r"""Converts LaTeX to Unicode text; pure, in linear time.

No letter or digit outside the names of commands is lost: the arguments of an unknown command stay,
and an unknown command without any stays as written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.formats.text.formulas import accented, fraction, root, subscript, superscript
from bot.formats.text.latex_symbols import (
    ACCENTS,
    BINOMIALS,
    BREAKS,
    FONTS,
    FRACTIONS,
    LETTERS,
    NOTES,
    REFERENCES,
    SETTINGS,
    SILENT,
    SPACES,
    symbols,
)

EMPTY_GROUP = "\0"  # what ``{}`` becomes, for readers of what is next to each other

_TOKEN = re.compile(
    r"\\(?:begin|end)\s*\{(?P<environment>[^{}\\$]*)\}"
    r"(?:(?:(?<=array\})|(?<=bular\}))\s*\{[^{}]*\})?"
    r"|\\(?P<command>[a-zA-Z]+)\*?(?P<space>\s*)"
    r"|\\(?P<sign>.)"
    r"|(?P<brace>[{}])"
    r"|(?P<script>[_^])"
    r"|(?P<quote>``|'')|(?P<dash>---?)|(?P<tie>~)|(?P<cell>&)"
    r"|(?P<dollar>\$)"
    r"|(?P<text>[^\\{}_^`'~$&-]+|.)",
    re.DOTALL,
)
_ADDRESS = re.compile(
    r"\\(?:url|path|nolinkurl|(?P<link>href))\s*\{(?P<address>[^{}]*)\}"
    r"|https?://(?:[^\s{}\\$<>\"'`]|\\[_%#&~])+"
)
_FORMULA = re.compile(r"(\$\$?)((?:[^$\\]|\\.)+)\1", re.DOTALL)
_DEGREE = re.compile(r"\[([^\[\]{}\\$]{1,20})\]")
_ARGUMENT = re.compile(r"(?:\[[^\[\]{}\\$]{0,100}\])?(?=\{)")
_WORD_END = re.compile(r"[a-zA-Z.,!?)]{2}")
_UMLAUTS = frozenset("aeiouyAEIOUYı")
_MAX_DEPTH = 100  # of groups; commands inside deeper ones stay as written
_MAX_WAITING = 20  # commands one after the other, as in ``\'\'\'e``


@dataclass(slots=True)
class _Command:
    """A command that waits for its arguments, and what it makes of them.

    ``is_math`` says whether the arguments are formulas; None if they are what is around them.
    """

    write: Callable[[list[str]], str]
    arity: int = 1
    is_math: bool | None = None
    arguments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    """An open group: where it starts in the text so far, and what waits in it.

    ``start`` is the index of its first piece, which is empty, and ``size`` the number of characters
    before it. ``unknown`` is the unknown command whose first argument the group is, empty if it is
    a later argument, or None.
    """

    start: int
    size: int
    is_math: bool
    unknown: str | None = None
    waiting: list[_Command] = field(default_factory=list)


def read(source: str, *, is_math: bool = False) -> str:
    """Returns LaTeX as text, with its line breaks, and an `EMPTY_GROUP` for every ``{}``."""
    return _Reader(source, is_math=is_math).read()


class _Reader:
    """Reads a text token by token, with one list of pieces and a stack of open groups."""

    def __init__(self, source: str, *, is_math: bool) -> None:
        self.source = source
        self.position = 0
        self.pieces: list[str] = [""]
        self.size = 0  # of the pieces in characters, without empty groups
        self.groups = [_Group(0, 0, is_math)]
        self.unknown: str | None = None  # the command whose argument the next group is
        self.unknown_is_math = is_math
        self.has_open_quote = False
        self.last_closings: dict[str, int] = {}

    @property
    def group(self) -> _Group:
        """The innermost open group."""
        return self.groups[-1]

    @property
    def following(self) -> str:
        """The next character, or nothing at the end."""
        return self.source[self.position : self.position + 1]

    @property
    def last(self) -> str:
        """The last character of the text so far, or nothing at the start of a group."""
        return self.pieces[-1][-1:]

    def read(self) -> str:
        """Returns the whole text."""
        for address in _ADDRESS.finditer(self.source):
            self._read_until(address.start())
            if self.position == address.start():
                self.position = address.end()
                self._add_address(address)
        self._read_until(len(self.source))
        self._end_waiting()
        while len(self.groups) > 1:
            self.pieces[self.groups.pop().start] = "{"  # it never closes
            self._end_waiting()
        return "".join(self.pieces)

    def _read_until(self, end: int) -> None:
        while self.position < end:
            token = _TOKEN.match(self.source, self.position, end)
            assert token is not None  # noqa: S101 - its last alternative is any character
            self.position = token.end()
            kind = token.lastgroup
            if kind == "text":
                self._add_text(token[0])
            elif kind == "brace":
                self._add_brace(token[0])
            elif kind == "space":
                self._add_command(token["command"], token["space"])
            elif kind == "sign":
                self._add_sign(token["sign"])
            elif kind == "dollar":
                self._add_formula()
            elif kind == "script":
                self._add_script(token[0])
            elif kind == "environment":
                self._add_text(" ")
            else:
                self._add_text(self._mark(kind, token[0]))

    def _add(self, term: str) -> None:
        """Adds a complete term, which may be what a command waits for."""
        waiting = self.group.waiting
        while waiting:
            command = waiting[-1]
            command.arguments.append(term)
            if len(command.arguments) < command.arity:
                return
            waiting.pop()
            term = command.write(command.arguments)
        if term:
            self._put(term)

    def _put(self, text: str) -> None:
        self.pieces.append(text)
        self.size += len(text) if text != EMPTY_GROUP else 0

    def _add_text(self, text: str) -> None:
        """Adds a run of text; commands that wait for arguments get a character each."""
        start = 0
        while self.group.waiting and start < len(text):
            if not text[start].isspace():
                self._add(text[start])
            start += 1
        if start < len(text):
            self._put(text[start:])

    def _end_waiting(self) -> None:
        """Gives empty arguments to the commands that still wait for some."""
        while self.group.waiting:
            self._add("")

    def _wait(self, source: str, command: _Command) -> None:
        if len(self.groups) > _MAX_DEPTH or len(self.group.waiting) >= _MAX_WAITING:
            self._add(source)
        else:
            self.group.waiting.append(command)

    def _add_brace(self, brace: str) -> None:
        if brace == "{":
            is_math = self.group.is_math if self.unknown is None else self.unknown_is_math
            if self.group.waiting and self.group.waiting[-1].is_math is not None:
                is_math = self.group.waiting[-1].is_math
            self.groups.append(_Group(len(self.pieces), self.size, is_math, self.unknown))
            self.pieces.append("")
            self.unknown = None
        elif len(self.groups) == 1:
            self._add(brace)
        else:
            self._end_waiting()
            self._close(self.groups.pop())

    def _close(self, closed: _Group) -> None:
        has_text = self.size > closed.size
        if closed.unknown is not None and self.following == "{":
            self.unknown, self.unknown_is_math = "" if has_text else closed.unknown, closed.is_math
            if has_text:
                self._put(" ")
        elif not has_text:
            self._put(closed.unknown or EMPTY_GROUP)
        if self.group.waiting:
            argument = "".join(self.pieces[closed.start :])
            del self.pieces[closed.start :]
            self.size = closed.size
            self._add(argument)

    def _add_command(self, name: str, space: str) -> None:
        """Adds a command whose name is a word; ``space`` is what follows it."""
        source = f"\\{name}"
        if name in ACCENTS:
            self._wait(source, _Command(_accent(name)))
        elif name in SILENT:
            if name in {"left", "right"} and self.following == ".":
                self.position += 1
        elif name in SPACES or name in BREAKS:
            self._add_text(BREAKS.get(name, " "))
        elif (command := self._known_command(name)) is not None:
            self._wait(source, command)
        elif (symbol := symbols().get(name)) is not None:
            self._add_symbol(name, symbol, space)
        elif argument := _ARGUMENT.match(self.source, self.position):
            self.position = argument.end()
            self._add_text(argument[0])
            self.unknown, self.unknown_is_math = source, self._is_math_inside(name)
        elif name in FONTS or name.startswith(("math", "text")):
            self._wait(source, _Command(lambda found: found[0] or source))
        else:
            self._add(source)
            self._add_text(space)

    def _known_command(self, name: str) -> _Command | None:
        """Returns what a command does that has arguments, or None."""
        if name == "sqrt":
            degree = _DEGREE.match(self.source, self.position)
            self.position = degree.end() if degree else self.position
            return _Command(lambda found: root(found[0], degree[1] if degree else ""))
        if name in SETTINGS:
            settings, texts = SETTINGS[name]
            return _Command(lambda found: "".join(found[settings:]), settings + texts)
        if name in _ARGUMENTS:
            return _Command(_ARGUMENTS[name], 2 if name in FRACTIONS or name in BINOMIALS else 1)
        return None

    def _is_math_inside(self, name: str) -> bool:
        if name == "ensuremath":
            return True
        return self.group.is_math and not (name.startswith("text") or name in {"mbox", "hbox"})

    def _add_symbol(self, name: str, symbol: str, space: str) -> None:
        """Adds a symbol, with a space after it where a reader expects one.

        LaTeX ignores the space after a command, and sets formulas by rules of its own.
        """
        if self.group.waiting:
            self._add(symbol)
            if name not in LETTERS:
                self._add_text(space)
            return
        is_math = self.group.is_math
        if is_math and symbol.isalpha() and len(symbol) > 1:  # log, sin, max
            before = " " if self.last.isalnum() or self.last == ")" else ""
            self._put(before + symbol)
            keeps_space = bool(space) or self.following.isalnum() or self.following == "\\"
        else:
            is_apart = symbol.isalpha() or self.last.isspace()
            self._put(symbol)
            keeps_space = bool(space) and name not in LETTERS
            if is_math:
                keeps_space &= is_apart and not (symbol.isalpha() and self.following.isalnum())
        if keeps_space:
            self._put(" ")

    def _add_sign(self, sign: str) -> None:
        """Adds a command whose name is a single character that isn't a letter."""
        if sign in ACCENTS:
            self._wait(sign, _Command(_accent(sign)))
        elif sign.isspace() and (not self.last or self.last.isspace()):
            self._add_text(f"\\{sign}")  # not a space of LaTeX, which would have no effect here
        elif sign in SPACES or sign in BREAKS:
            self._add_text(BREAKS.get(sign, " "))
        elif sign in "([" and (end := self._find_closing(sign)):
            inner, self.position = self.source[self.position : end], end + 2
            self._add(_Reader(inner, is_math=True).read())
        elif sign not in SILENT:
            self._add(symbols().get(sign, f"\\{sign}"))

    def _find_closing(self, sign: str) -> int:
        r"""Returns where a formula that was opened by ``\(`` or ``\[`` ends, or 0."""
        closing = "\\)" if sign == "(" else "\\]"
        if closing not in self.last_closings:
            self.last_closings[closing] = self.source.rfind(closing)
        if self.last_closings[closing] < self.position:
            return 0
        return self.source.find(closing, self.position)

    def _add_formula(self) -> None:
        """Adds the formula that starts here, or the dollar sign as it is."""
        formula = _FORMULA.match(self.source, self.position - 1)
        if formula and _is_formula(formula[2]):
            self.position = formula.end()
            self._add(_Reader(formula[2], is_math=True).read())
        else:
            self._add("$")

    def _add_script(self, sign: str) -> None:
        if self.group.is_math or self.following in {"{", "\\"}:
            self._wait(sign, _Command(_script(sign), is_math=True))
        else:
            self._add_text(sign)

    def _mark(self, kind: str | None, mark: str) -> str:
        """Returns what a sign of text means: a quotation mark, a dash, a tie."""
        if kind == "cell":
            return " " if self.group.is_math else mark
        if kind == "tie":
            is_about = self.following.isdigit() and (not self.last or self.last in " \n\t(")
            return mark if is_about else " "
        if self.group.is_math:
            return mark
        if kind == "dash":
            return "—" if mark == "---" else "–"
        opens = mark == "``"
        closes = not opens and (self.has_open_quote or self._is_after_word())
        self.has_open_quote = opens or (self.has_open_quote and not closes)
        return "“" if opens else "”" if closes else mark

    def _is_after_word(self) -> bool:
        """Returns whether the mark that was read follows a word, and not a number of inches."""
        return bool(_WORD_END.fullmatch(self.source[max(0, self.position - 4) : self.position - 2]))

    def _add_address(self, address: re.Match[str]) -> None:
        """Adds a URL as it is; of a link with a text of its own, the URL comes in parentheses."""
        url = re.sub(r"\\([_%#&~])", r"\1", (address["address"] or address[0]).strip())
        if address["link"]:
            self._wait(url, _Command(lambda found: _link(found[0], url)))
        else:
            self._add(url)


def _is_formula(inner: str) -> bool:
    """Returns whether a text between dollar signs is a formula rather than prose."""
    if "\n\n" in inner:
        return False
    stripped = inner.strip()
    return inner == stripped or len(stripped) == 1 or any(sign in inner for sign in "\\_^=")


def _accent(name: str) -> Callable[[list[str]], str]:
    def write(arguments: list[str]) -> str:
        text = arguments[0].strip(EMPTY_GROUP).lstrip()
        if not text or not (text[0].isalpha() or name == "not"):
            return (name if not name.isalpha() else f"\\{name}") + text
        if name == '"' and text[0] not in _UMLAUTS:
            return name + text  # a quotation mark that was escaped
        if len(name) > 1 and len(text) > 1:
            return text  # a line over several letters
        return accented(text, ACCENTS[name])

    return write


def _script(sign: str) -> Callable[[list[str]], str]:
    def write(arguments: list[str]) -> str:
        text = arguments[0].replace(EMPTY_GROUP, "").strip()
        if not text:
            return "" if arguments[0] else sign
        return superscript(text) if sign == "^" else subscript(text)

    return write


_ARGUMENTS: dict[str, Callable[[list[str]], str]] = {
    **dict.fromkeys(FRACTIONS, lambda found: fraction(found[0], found[1])),
    **dict.fromkeys(BINOMIALS, lambda found: f"({found[0]} choose {found[1]})"),
    **dict.fromkeys(REFERENCES, lambda found: f"[{found[0]}]"),
    **dict.fromkeys(NOTES, lambda found: f" ({found[0]})"),
    "pmod": lambda found: f" (mod {found[0]})",
    "textsuperscript": _script("^"),
    "textsubscript": _script("_"),
}


def _link(text: str, url: str) -> str:
    text = text.strip(EMPTY_GROUP)
    return f"{text} ({url})" if text.strip() and text != url else url
