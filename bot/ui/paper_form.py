"""The form for a paper's details, and the conversion between its fields and a draft."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import discord
from discord.ui import Label, TextInput

from bot.interactions import Interaction
from bot.ui.forms import LabForm, Typed
from storage.errors import InvalidInput
from storage.models import Link, LinkKind, PaperDraft, PartialDate
from storage.names.author_list import AuthorList, parse_author_names
from storage.papers.identifiers import identify, is_identifier_page, is_pdf_url
from storage.papers.titles import is_bare_reference
from storage.redaction import redact_text

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


SubmitCallback: TypeAlias = Callable[[Interaction, FormValues], Awaitable[None]]


class PaperForm(LabForm):
    """Asks for a paper's title, authors, venue and year, links and abstract.

    ``on_values`` gets what was typed. ``numbers`` and ``base``, the paper or draft that is edited,
    identify the form after a restart; see `LabForm`.
    """

    def __init__(
        self,
        title: str,
        values: FormValues,
        on_values: SubmitCallback,
        *,
        kind: str,
        numbers: tuple[int, ...],
        base: PaperDraft,
    ) -> None:
        super().__init__(title, kind, numbers, (values, base))
        self._values = values
        self._reopen = partial(
            PaperForm, title, on_values=on_values, kind=kind, numbers=numbers, base=base
        )
        self._on_values = on_values
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

    async def submit(self, interaction: Interaction, typed: Typed) -> None:
        """Passes the values on."""
        await self._on_values(interaction, self._full_values(typed))

    def filled_in(self, typed: Typed) -> PaperForm:
        """Returns the form with what was typed."""
        return self._reopen(self._full_values(typed))

    def _full_values(self, typed: Typed) -> FormValues:
        """Returns what was typed, with the ends that didn't fit into the form."""
        fields = (self._title, self._authors, self._venue, self._links, self._abstract)
        return FormValues(
            **{
                field.custom_id: _full_text(
                    typed.get(field.custom_id, ""),
                    field.default or "",
                    getattr(self._values, field.custom_id),
                )
                for field in fields
            }
        )


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
    if is_bare_reference(title):
        raise InvalidInput(
            f"“{redact_text(title)[:80]}” isn't a title. Enter the paper's title, and its ID or "
            "link under Links."
        )
    authors = AuthorList(base.authors, base.authors_complete, base.collectives)
    if values.authors != before.authors:
        authors = _parse_authors(values.authors, base)
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
        collectives=authors.collectives,
        venue=venue,
        date=date,
        identifiers=identifiers,
        links=links,
        abstract=values.abstract.strip(),
    )


def _parse_authors(text: str, base: PaperDraft) -> AuthorList:
    """Reads an author per line; lines that name an author of ``base`` stay as they are."""
    read = [
        AuthorList((name,))
        if (name := line.strip()) in base.authors
        else parse_author_names([name], one_each=True)
        for line in text.splitlines()
    ]
    names = tuple(name for one in read for name in one.names)
    for name in names:
        if len(name) > _MAX_AUTHOR:
            raise InvalidInput(
                f"“{redact_text(name)[:60]}…” is too long for one author. Write one author per "
                "line."
            )
    collectives = tuple(name for name in base.collectives if name in names)
    return AuthorList(names, all(one.is_complete for one in read), collectives)


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
                f"“{redact_text(word)[:80]}” isn't a link I understand. Use an arXiv ID such "
                "as 2304.01373, a DOI such as 10.1145/3511808.3557079, or a link that starts with https://."
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


def _full_text(typed: str, shown: str, before: str) -> str:
    """Returns what was typed, with the part that wasn't shown if the field's end is unchanged."""
    hidden = before[len(shown) :]
    text = typed.rstrip()
    has_same_end = text.endswith(shown[-_OVERLAP:].rstrip())
    return f"{text}{hidden}" if hidden and has_same_end else typed
