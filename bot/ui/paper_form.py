"""The form in which a moderator writes or corrects a paper; reading it is pure."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import discord
from discord.ui import ActionRow, Label, Modal, TextInput

from bot.errors import NotAllowed, explain, respond
from bot.ui.cards import note
from bot.ui.dialogs import Choice, Dialog
from storage.errors import InvalidInput, LabError
from storage.models import Link, LinkKind, PaperDraft, PartialDate
from storage.papers.identifiers import arxiv_id, doi, identify

_ET_AL = re.compile(r"(?:\band )?\bet al\.?$", re.IGNORECASE)  # spaces are single
_DATE_AT_END = re.compile(r"^(?P<venue>.*?)[\s,;(]*\b(?P<date>\d{4}(?:-\d{1,2}){0,2})\)?$")
_MOST = 4000  # characters of one field
_LEADING_ON = 30  # characters at the end of what a field shows, which lead on to what it does not
_IN_PART = "The rest does not fit in here; it stays unless you change the end of this."


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the form's five fields, as typed."""

    title: str = ""
    authors: str = ""
    place: str = ""
    links: str = ""
    abstract: str = ""


Sent: TypeAlias = Callable[[discord.Interaction[Any], Filled], Awaitable[None]]


class PaperForm(Modal):
    """Title, authors, venue and year, links, abstract; ``sent`` gets what was typed.

    Where ``sent`` raises a `LabError` before it answers, the person is told and the form opens
    again with what they typed; but not for who may not use it.
    """

    def __init__(self, title: str, filled: Filled, sent: Sent) -> None:
        super().__init__(title=title[:45])
        self._filled = filled
        self._sent = sent
        self._title = _line("title", filled.title, required=True, limit=400)
        self._authors = _lines("authors", filled.authors, "Stella Biderman\nEdward Raff\net al.")
        self._place = _line("place", filled.place, hint="ICML 2023, or arXiv 2023-04-03", limit=300)
        self._links = _lines("links", filled.links, "2304.01373\nhttps://example.org/paper.pdf")
        self._abstract = _lines("abstract", filled.abstract)
        for text, description, field in (
            ("Title", None, self._title),
            ("Authors", "One a line; end with “et al.” where there are more", self._authors),
            ("Venue and year", None, self._place),
            ("Links", "arXiv id, DOI or address; one a line", self._links),
            ("Abstract", None, self._abstract),
        ):
            hidden = len(field.default or "") < len(getattr(filled, field.custom_id))
            said = _IN_PART if hidden else description
            self.add_item(Label(text=text, description=said, component=field))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Give what was typed to the one who asked for it."""
        filled = Filled(
            title=_whole(self._title, self._filled.title),
            authors=_whole(self._authors, self._filled.authors),
            place=_whole(self._place, self._filled.place),
            links=_whole(self._links, self._filled.links),
            abstract=_whole(self._abstract, self._filled.abstract),
        )
        try:
            await self._sent(interaction, filled)
        except LabError as error:
            if isinstance(error, NotAllowed) or interaction.response.is_done():
                raise
            reopen = Choice("Correct it", self._reopening(filled), discord.ButtonStyle.primary)
            again = Dialog(note(f"✏️ {explain(error, 'a form')}", ActionRow(reopen)))
            await interaction.response.send_message(view=again, ephemeral=True)

    async def on_error(  # type: ignore[override]  # a modal has no item that failed
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        """Everything else goes the one way of errors."""
        await respond(interaction, error, f"the form “{self.title}”")

    def _reopening(self, filled: Filled) -> Callable[[discord.Interaction[Any]], Awaitable[None]]:
        async def reopen(interaction: discord.Interaction[Any]) -> None:
            await interaction.response.send_modal(PaperForm(self.title, filled, self._sent))

        return reopen


def fill(draft: PaperDraft) -> Filled:
    """The form's fields for a paper as it is."""
    authors = list(draft.authors) + ([] if draft.authors_complete else ["et al."])
    links = [link.url for link in draft.links]
    for identifier in draft.identifiers:
        scheme, _, value = identifier.partition(":")
        shown = value if scheme == "arxiv" else f"https://doi.org/{value}"
        if scheme in {"arxiv", "doi"} and not any(identifier in identify(url) for url in links):
            links.append(shown)
    return Filled(
        title=draft.title,
        authors="\n".join(authors),
        place=" ".join(part for part in (draft.venue, str(draft.date or "")) if part),
        links="\n".join(links),
        abstract=draft.abstract,
    )


def read(filled: Filled, base: PaperDraft | None = None) -> PaperDraft:
    """The paper that a form describes; what the form does not show is kept from ``base``.

    Raises `InvalidInput`.
    """
    base = base or PaperDraft(title="")
    before = fill(base)
    title = " ".join(filled.title.split())
    if not title:
        raise InvalidInput("A paper needs a title.")
    authors, complete = _read_authors(filled.authors)
    venue, date = base.venue, base.date
    if filled.place != before.place:
        venue, date = _read_place(filled.place)
    identifiers, links = base.identifiers, base.links
    if filled.links != before.links:
        identifiers, links = _read_links(filled.links, base)
    return replace(
        base,
        title=title,
        authors=authors,
        authors_complete=complete,
        venue=venue,
        date=date,
        identifiers=identifiers,
        links=links,
        abstract=filled.abstract.strip(),
    )


def _read_authors(text: str) -> tuple[tuple[str, ...], bool]:
    people: list[str] = []
    complete = True
    for line in text.splitlines():
        name = " ".join(line.split()).strip(",;")
        shortened = _ET_AL.sub("", name).rstrip(" ,;")
        complete = complete and shortened == name
        if shortened:
            people.append(shortened)
    for name in people:
        if len(name) > 120:
            raise InvalidInput(
                f"“{name[:60]}…” is too long for one author. Write one author on each line."
            )
    return tuple(people), complete


def _read_place(text: str) -> tuple[str, PartialDate | None]:
    text = " ".join(text.split())
    match = _DATE_AT_END.match(text)
    if match is None:
        return text, None
    return match["venue"].strip(), PartialDate.parse(match["date"])


def _read_links(text: str, base: PaperDraft) -> tuple[tuple[str, ...], tuple[Link, ...]]:
    known = {link.url: link for link in base.links}
    identifiers: list[str] = []
    links: list[Link] = []
    for word in text.split():
        is_address = word.startswith(("https://", "http://"))
        found = identify(word)
        if not found:
            raise InvalidInput(
                f"“{word[:80]}” is no link I understand. Give an arXiv id such as 2304.01373, a "
                "DOI such as 10.1145/3511808.3557079, or an address that begins with https://."
            )
        identifiers += found
        if is_address and not (arxiv_id(word) or _is_resolver(word)):
            links.append(known.get(word) or Link(_kind(word), word))
        elif word in known:
            links.append(known[word])
    shown = {name for word in fill(base).links.split() for name in identify(word)}
    kept = [name for name in base.identifiers if name not in shown]
    return tuple(dict.fromkeys([*identifiers, *kept])), tuple(links)


def _is_resolver(address: str) -> bool:
    return doi(address) is not None and "doi.org/" in address


def _kind(address: str) -> LinkKind:
    return LinkKind.PDF if address.lower().split("?")[0].endswith(".pdf") else LinkKind.PAGE


def _line(
    name: str, value: str, *, hint: str = "", required: bool = False, limit: int
) -> TextInput[Any]:
    return TextInput(
        custom_id=name,
        default=_shown(value, limit) or None,
        placeholder=hint or None,
        required=required,
        max_length=limit,
    )


def _lines(name: str, value: str, hint: str = "") -> TextInput[Any]:
    return TextInput(
        custom_id=name,
        style=discord.TextStyle.paragraph,
        default=_shown(value, _MOST) or None,
        placeholder=hint or None,
        required=False,
        max_length=_MOST,
    )


def _shown(value: str, limit: int) -> str:
    """The part of a text that fits into a field, ending with a line or else a word."""
    if len(value) <= limit:
        return value
    part = value[:limit]
    end = max(part.rfind("\n"), part.rfind(" ") if "\n" not in part[limit // 2 :] else -1)
    return part[:end] if end > limit // 2 else part


def _whole(field: TextInput[Any], before: str) -> str:
    """What was typed, with the rest that did not fit into the field where this leads on to it."""
    shown = field.default or ""
    hidden = before[len(shown) :]
    typed = field.value.rstrip()
    leads_on = typed.endswith(shown[-_LEADING_ON:].rstrip())
    return f"{typed}{hidden}" if hidden and leads_on else field.value
