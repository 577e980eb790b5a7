"""Options that name papers, authors, venues and tags, and the filters built from them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from discord import app_commands
from discord.app_commands import Choice

from bot.errors import suggestions
from bot.interactions import Interaction
from bot.markdown import clip, count
from bot.permissions import is_moderator
from bot.sources import explain
from storage.errors import TraceNotFound
from storage.feeds.trace import Trace
from storage.models import AuthorSummary, Filters, Paper, Sort
from storage.papers.errors import PaperAmbiguous, PaperNotFound, PaperNotRemoved
from storage.redaction import redact_text
from storage.search.query import parse_filters
from storage.text import fold

_CommandT = TypeVar("_CommandT", bound=Callable[..., Any])

_MAX_SIMILAR = 3  # titles that are named if a text could mean several papers
_MAX_CHOICE = 100  # characters that Discord allows in a choice's name and value

SORTS = [
    Choice(name="Best match first", value=Sort.RELEVANCE.value),
    Choice(name="Newest first", value=Sort.NEWEST.value),
    Choice(name="Oldest first", value=Sort.OLDEST.value),
    Choice(name="By title", value=Sort.TITLE.value),
]


class PaperOption(app_commands.Transformer):
    """A paper by title, number, arXiv id, DOI or link."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> Paper:
        library = interaction.client.library
        try:
            return await library.papers.get_by_text(value)
        except PaperNotFound:
            offered = await _similar_titles(interaction, value)
            if not offered:
                raise
            if len(offered) > 1:
                titles = [clip(title, 100) for _, title in offered]
                raise PaperAmbiguous(clip(redact_text(value), 100), titles) from None
            return await library.papers.get(offered[0][0])

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(_titles(interaction, value))


class _TextOption(app_commands.Transformer):
    """Text with autocomplete; `app_commands.Range` allows no transformer."""

    max_length = _MAX_CHOICE

    @property
    def min_value(self) -> int:
        """The minimum length."""
        return 1

    @property
    def max_value(self) -> int:
        """The maximum length."""
        return self.max_length

    async def transform(  # type: ignore[override]
        self, _interaction: Interaction, value: str, /
    ) -> str:
        return value


class QueryOption(_TextOption):
    """A search query; autocomplete suggests titles, each with its paper's number as value."""

    max_length = 300

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(_titles(interaction, value))


class AuthorOption(_TextOption):
    """An author's name; autocomplete suggests those with the most papers first."""

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(_people(interaction.client.library.authors.suggest(value)))


class CreditOption(_TextOption):
    """A name as papers credit it; autocomplete suggests those with the most papers first."""

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(
            _people(interaction.client.library.authors.suggest_credited(value))
        )


class VenueOption(_TextOption):
    """A venue; autocomplete suggests those with the most papers first."""

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(_counted(interaction.client.library.search.suggest_venues(value)))


class TagOption(_TextOption):
    """A tag; autocomplete suggests those with the most papers first."""

    max_length = 50

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(_counted(interaction.client.library.search.suggest_tags(value)))


class TagsOption(_TextOption):
    """Tags separated by commas; autocomplete completes the last one."""

    max_length = 300

    async def transform(  # type: ignore[override]  # noqa: D102
        self, _interaction: Interaction, value: str, /
    ) -> tuple[str, ...]:
        return tuple(tag for part in value.split(",") if (tag := " ".join(part.split())))

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        earlier, comma, last = value.rpartition(",")
        offered = await suggestions(_counted(interaction.client.library.search.suggest_tags(last)))
        prefix = f"{earlier}{comma} " if comma else ""
        return [
            make_choice(f"{prefix}{tag.name}", f"{prefix}{tag.value}")
            for tag in offered
            if len(prefix) + len(tag.value) <= _MAX_CHOICE
        ]


class AbbreviationOption(_TextOption):
    """An abbreviation; autocomplete suggests those that papers explain, with their meaning."""

    max_length = 30

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(_abbreviations(interaction, value))


class KnownPaperOption(PaperOption):
    """A paper by title, number, arXiv id, DOI or link; it may be a removed one."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> Paper:
        try:
            return await super().transform(interaction, value)
        except (PaperNotFound, PaperAmbiguous) as error:
            try:
                return await interaction.client.library.papers.get_removed(value)
            except PaperNotRemoved:
                raise error from None


class RemovedPaperOption(app_commands.Transformer):
    """A removed paper; autocomplete suggests the most recently removed first."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> Paper:
        papers = interaction.client.library.papers
        try:
            return await papers.get_removed(value)
        except PaperNotRemoved:
            offered = await papers.suggest_removed(value, 2) if fold(value) else ()
            if len(offered) != 1:
                raise
            return await papers.get_removed(f"#{offered[0][0]}")

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        # Discord asks for suggestions before it runs any check; only moderators see removed papers.
        if not is_moderator(interaction):
            return []
        return await suggestions(_removed_papers(interaction, value))


class TraceOption(app_commands.Transformer):
    """What happened to the paper with a link, arXiv id, DOI, number or title."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> Trace:
        library, lab = interaction.client.library, interaction.client.settings.lab
        try:
            return await explain.trace(library, lab, value)
        except TraceNotFound:
            offered = await _similar_titles(interaction, value)
            if len(offered) != 1:
                raise
            return await explain.trace(library, lab, f"#{offered[0][0]}")

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(_titles(interaction, value))


def filter_descriptions(command: _CommandT) -> _CommandT:
    """Adds the descriptions of the options that `filters` reads."""
    describe = app_commands.describe(
        author="Only papers by this author",
        venue="Only papers from this venue",
        year="A year or a range, such as 2021..2023",
        tag="Only papers with this tag",
    )
    return describe(command)


def filters(author: str | None, venue: str | None, year: str | None, tag: str | None) -> Filters:
    """Returns the filters of a command's options; raises `InvalidInput` for bad ones."""
    return parse_filters(author or "", venue or "", year or "", tag or "")


async def _similar_titles(interaction: Interaction, text: str) -> tuple[tuple[int, str], ...]:
    """Returns the numbers and titles of a few papers that a text may mean."""
    if not fold(text):  # for which autocomplete offers the newest papers
        return ()
    return await interaction.client.library.search.suggest_titles(text, _MAX_SIMILAR)


async def _titles(interaction: Interaction, text: str) -> list[Choice[str]]:
    offered = await interaction.client.library.search.suggest_titles(text)
    return [make_choice(title, f"#{paper_id}") for paper_id, title in offered]


async def _abbreviations(interaction: Interaction, text: str) -> list[Choice[str]]:
    offered = await interaction.client.library.abbreviations.suggest(text)
    return [make_choice(f"{short} · {long}", short) for short, long in offered]


async def _removed_papers(interaction: Interaction, text: str) -> list[Choice[str]]:
    offered = await interaction.client.library.papers.suggest_removed(text)
    return [make_choice(title, f"#{paper_id}") for paper_id, title in offered]


async def _people(offered: Awaitable[Sequence[AuthorSummary]]) -> list[Choice[str]]:
    """Returns choices of people; namesakes are told apart by their years and a co-author."""
    return [
        make_choice(
            " · ".join(
                filter(None, [clip(one.name, 60), count(one.paper_count, "paper"), one.details])
            ),
            one.lookup,
        )
        for one in await offered
        if len(one.lookup) <= _MAX_CHOICE
    ]


async def _counted(offered: Awaitable[Sequence[tuple[str, int]]]) -> list[Choice[str]]:
    """Returns choices with their numbers of papers; names too long for a choice are left out."""
    return [
        make_choice(f"{clip(name, 80)} · {count(papers, 'paper')}", name)
        for name, papers in await offered
        if len(name) <= _MAX_CHOICE
    ]


def make_choice(name: str, value: str) -> Choice[str]:
    """Returns a choice whose name is clipped to what Discord allows."""
    return Choice(name=clip(name, _MAX_CHOICE) or value, value=value)
