"""The form for a paper's details, and the conversion between its fields and a draft."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import discord
from discord.ui import ActionRow, Label, Modal, TextInput

from bot.errors import NotAllowed, explain, respond
from bot.ui.cards import text_card
from bot.ui.dialogs import Action, Dialog, DialogButton
from storage.errors import InvalidInput, LabError
from storage.models import Link, LinkKind, PaperDraft, PartialDate
from storage.names.author_list import AuthorList, parse_author_names
from storage.papers.identifiers import identify, is_identifier_page, is_pdf_url

_DATE_AT_END = re.compile(r"^(?P<venue>.*?)[\s,;(]*\b(?P<date>\d{4}(?:-\d{1,2}){0,2})\)?$")
_MAX_FIELD = 4000  # characters that Discord allows in a field
_MAX_TITLE = 400
_MAX_VENUE = 300
_MAX_AUTHOR = 120
_OVERLAP = 30  # characters at the end of a truncated value that show whether it was left as it was
_TRUNCATED = "Too long to show in full. The rest is kept unless you change the end."


@dataclass(frozen=True, slots=True)
class FormValues:
    """The text of the form's five fields, as typed."""

    title: str = ""
    authors: str = ""
    venue_and_year: str = ""
    links: str = ""
    abstract: str = ""


SubmitCallback: TypeAlias = Callable[[discord.Interaction[Any], FormValues], Awaitable[None]]


class PaperForm(Modal):
    """Asks for a paper's title, authors, venue and year, links and abstract.

    ``submit`` gets the values. If it raises a `LabError` before it answers, the user sees the
    error and a button that reopens the form with what they typed, unless they aren't allowed to
    use the form at all.
    """

    def __init__(self, title: str, values: FormValues, submit: SubmitCallback) -> None:
        super().__init__(title=title[:45])
        self._values = values
        self._submit = submit
        self._title = _line("title", values.title, required=True, limit=_MAX_TITLE)
        self._authors = _paragraph(
            "authors", values.authors, "Stella Biderman\nEdward Raff\net al."
        )
        self._venue = _line(
            "venue_and_year",
            values.venue_and_year,
            placeholder="ICML 2023, or arXiv 2023-04-03",
            limit=_MAX_VENUE,
        )
        self._links = _paragraph("links", values.links, "2304.01373\nhttps://example.org/paper.pdf")
        self._abstract = _paragraph("abstract", values.abstract)
        for text, description, field in (
            ("Title", None, self._title),
            ("Authors", "One per line; end with “et al.” if there are more", self._authors),
            ("Venue and year", None, self._venue),
            ("Links", "arXiv IDs, DOIs or other links, one per line", self._links),
            ("Abstract", None, self._abstract),
        ):
            is_truncated = len(field.default or "") < len(getattr(values, field.custom_id))
            self.add_item(
                Label(
                    text=text,
                    description=_TRUNCATED if is_truncated else description,
                    component=field,
                )
            )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Passes the values on; offers the form again if they can't be used."""
        values = FormValues(
            title=_full_text(self._title, self._values.title),
            authors=_full_text(self._authors, self._values.authors),
            venue_and_year=_full_text(self._venue, self._values.venue_and_year),
            links=_full_text(self._links, self._values.links),
            abstract=_full_text(self._abstract, self._values.abstract),
        )
        try:
            await self._submit(interaction, values)
        except LabError as error:
            if isinstance(error, NotAllowed) or interaction.response.is_done():
                raise
            retry = DialogButton("Try again", self._reopen(values), discord.ButtonStyle.primary)
            dialog = Dialog(text_card(f"✏️ {explain(error, 'a form')}", ActionRow(retry)))
            await interaction.response.send_message(view=dialog, ephemeral=True)

    async def on_error(  # type: ignore[override]  # a modal has no item that failed
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        """Reports any other error to the user."""
        await respond(interaction, error, f"the form “{self.title}”")

    def _reopen(self, values: FormValues) -> Action:
        async def reopen(interaction: discord.Interaction[Any]) -> None:
            await interaction.response.send_modal(PaperForm(self.title, values, self._submit))

        return reopen


def to_form(draft: PaperDraft) -> FormValues:
    """Returns the form's values for a draft."""
    authors = list(draft.authors) + ([] if draft.authors_complete else ["et al."])
    links = [link.url for link in draft.links]
    for identifier in draft.identifiers:
        scheme, _, value = identifier.partition(":")
        shown = value if scheme == "arxiv" else f"https://doi.org/{value}"
        if scheme in {"arxiv", "doi"} and not any(identifier in identify(url) for url in links):
            links.append(shown)
    return FormValues(
        title=draft.title,
        authors="\n".join(authors),
        venue_and_year=" ".join(part for part in (draft.venue, str(draft.date or "")) if part),
        links="\n".join(links),
        abstract=draft.abstract,
    )


def from_form(values: FormValues, base: PaperDraft | None = None) -> PaperDraft:
    """Returns the draft that the form describes.

    Details that the form doesn't show, and fields that were left as they were, are kept from
    ``base``. Raises `InvalidInput`.
    """
    base = base or PaperDraft(title="")
    before = to_form(base)
    title = " ".join(values.title.split())
    if not title:
        raise InvalidInput("A paper needs a title.")
    authors = _parse_authors(values.authors)
    venue, date = base.venue, base.date
    if values.venue_and_year != before.venue_and_year:
        venue, date = _parse_venue_and_year(values.venue_and_year)
    identifiers, links = base.identifiers, base.links
    if values.links != before.links:
        identifiers, links = _parse_links(values.links, base)
    return replace(
        base,
        title=title,
        authors=authors.names,
        authors_complete=authors.is_complete,
        venue=venue,
        date=date,
        identifiers=identifiers,
        links=links,
        abstract=values.abstract.strip(),
    )


def _parse_authors(text: str) -> AuthorList:
    authors = parse_author_names(text.splitlines())
    for name in authors.names:
        if len(name) > _MAX_AUTHOR:
            raise InvalidInput(
                f"“{name[:60]}…” is too long for one author. Write one author per line."
            )
    return authors


def _parse_venue_and_year(text: str) -> tuple[str, PartialDate | None]:
    text = " ".join(text.split())
    match = _DATE_AT_END.match(text)
    if match is None:
        return text, None
    return match["venue"].strip(), PartialDate.parse(match["date"])


def _parse_links(text: str, base: PaperDraft) -> tuple[tuple[str, ...], tuple[Link, ...]]:
    """Returns the identifiers and links; identifiers that the form doesn't show are kept."""
    known_links = {link.url: link for link in base.links}
    identifiers: list[str] = []
    links: list[Link] = []
    for word in text.split():
        is_url = word.startswith(("https://", "http://"))
        found = identify(word)
        if not found:
            raise InvalidInput(
                f"“{word[:80]}” isn't a link I understand. Use an arXiv ID such as 2304.01373, a "
                "DOI such as 10.1145/3511808.3557079, or a link that starts with https://."
            )
        identifiers += found
        if is_url and not is_identifier_page(word):
            kind = LinkKind.PDF if is_pdf_url(word) else LinkKind.PAGE
            links.append(known_links.get(word) or Link(kind, word))
        elif word in known_links:
            links.append(known_links[word])
    shown = {name for word in to_form(base).links.split() for name in identify(word)}
    hidden = [name for name in base.identifiers if name not in shown]
    return tuple(dict.fromkeys([*identifiers, *hidden])), tuple(links)


def _line(
    name: str, value: str, *, placeholder: str = "", required: bool = False, limit: int
) -> TextInput[Any]:
    return TextInput(
        custom_id=name,
        default=_truncate(value, limit) or None,
        placeholder=placeholder or None,
        required=required,
        max_length=limit,
    )


def _paragraph(name: str, value: str, placeholder: str = "") -> TextInput[Any]:
    return TextInput(
        custom_id=name,
        style=discord.TextStyle.paragraph,
        default=_truncate(value, _MAX_FIELD) or None,
        placeholder=placeholder or None,
        required=False,
        max_length=_MAX_FIELD,
    )


def _truncate(value: str, limit: int) -> str:
    """Returns as much of a value as fits into a field, cut after a line or else after a word."""
    if len(value) <= limit:
        return value
    part = value[:limit]
    end = max(part.rfind("\n"), part.rfind(" ") if "\n" not in part[limit // 2 :] else -1)
    return part[:end] if end > limit // 2 else part


def _full_text(field: TextInput[Any], before: str) -> str:
    """Returns what was typed, with the part that was cut off if the field's end is unchanged."""
    shown = field.default or ""
    hidden = before[len(shown) :]
    typed = field.value.rstrip()
    has_same_end = typed.endswith(shown[-_OVERLAP:].rstrip())
    return f"{typed}{hidden}" if hidden and has_same_end else field.value
