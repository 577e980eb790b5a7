"""What people type into a command's options → records, with suggestions while they type."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from discord import app_commands
from discord.app_commands import Choice

from bot.errors import suggestions
from bot.interactions import Interaction
from bot.markdown import clip, count
from bot.permissions import is_moderator
from storage.errors import InvalidInput
from storage.feeds.trace import Trace
from storage.models import Filters, Paper, Sort
from storage.papers.errors import PaperNotFound, PaperNotRemoved
from storage.search.query import parse_years

SORTS = [
    Choice(name="best match first", value=Sort.RELEVANCE.value),
    Choice(name="newest first", value=Sort.NEWEST.value),
    Choice(name="oldest first", value=Sort.OLDEST.value),
    Choice(name="by title", value=Sort.TITLE.value),
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
            offered = await library.search.suggest_titles(value, 2)
            if len(offered) != 1:
                raise
            return await library.papers.get(offered[0][0])

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(_titles(interaction, value))


class _TextOption(app_commands.Transformer):
    """A text of one to ``max_value`` characters, with suggestions."""

    longest = 100

    @property
    def min_value(self) -> int:
        """The fewest characters."""
        return 1

    @property
    def max_value(self) -> int:
        """The most characters."""
        return self.longest

    async def transform(  # type: ignore[override]
        self, _interaction: Interaction, value: str, /
    ) -> str:
        return value


class QueryOption(_TextOption):
    """What to search for; while it is typed, titles are suggested, by their papers' numbers."""

    longest = 300

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(_titles(interaction, value))


class AuthorOption(_TextOption):
    """An author's name; credited names are suggested, most papers first."""

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(_counted(interaction.client.library.authors.suggest(value)))


class CreditOption(_TextOption):
    """A name exactly as papers credit it; those are suggested, most papers first."""

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(
            _counted(interaction.client.library.authors.suggest_credited(value))
        )


class VenueOption(_TextOption):
    """A venue; those of the list are suggested, most papers first."""

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(_counted(interaction.client.library.search.suggest_venues(value)))


class TagOption(_TextOption):
    """A tag; those of the list are suggested, most papers first."""

    longest = 50

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(_counted(interaction.client.library.search.suggest_tags(value)))


class TagsOption(_TextOption):
    """Tags, parted by commas; those of the list are suggested for the last one."""

    longest = 300

    async def transform(  # type: ignore[override]  # noqa: D102
        self, _interaction: Interaction, value: str, /
    ) -> tuple[str, ...]:
        return tuple(tag for part in value.split(",") if (tag := " ".join(part.split())))

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        before, comma, last = value.rpartition(",")
        offered = await suggestions(_counted(interaction.client.library.search.suggest_tags(last)))
        begin = f"{before}{comma} " if comma else ""
        return [
            choice(f"{begin}{one.name}", f"{begin}{one.value}")
            for one in offered
            if len(begin) + len(one.value) <= 100
        ]


class KnownPaperOption(PaperOption):
    """A paper as for `PaperOption`, a removed one too."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> Paper:
        try:
            return await super().transform(interaction, value)
        except PaperNotFound as error:
            try:
                return await interaction.client.library.papers.get_removed(value)
            except PaperNotRemoved:
                raise error from None


class RemovedPaperOption(app_commands.Transformer):
    """A paper that was removed, by title, number, arXiv id, DOI or link; the last ones first."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> Paper:
        return await interaction.client.library.papers.get_removed(value)

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        # Discord shows suggestions before any check, and what was removed is for moderators.
        return await suggestions(_removed(interaction, value)) if is_moderator(interaction) else []


class TraceOption(app_commands.Transformer):
    """What is known of a link, an arXiv id, a DOI, a number or a title."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> Trace:
        return await interaction.client.library.traces.find(value)

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(_titles(interaction, value))


def filters(author: str | None, venue: str | None, year: str | None, tag: str | None) -> Filters:
    """The filters that a command's options ask for; raises `InvalidInput` for a bad year."""
    span = parse_years(year) if year else (None, None)
    if span is None:
        raise InvalidInput(f"“{clip(year or '', 60)}” is no year. Write 2023, or 2021..2023.")
    return Filters(
        author=(author or "").strip(),
        venue=(venue or "").strip(),
        tag=(tag or "").strip(),
        first_year=span[0],
        last_year=span[1],
    )


async def _titles(interaction: Interaction, text: str) -> list[Choice[str]]:
    offered = await interaction.client.library.search.suggest_titles(text)
    return [choice(title, f"#{paper_id}") for paper_id, title in offered]


async def _removed(interaction: Interaction, text: str) -> list[Choice[str]]:
    offered = await interaction.client.library.papers.suggest_removed(text)
    return [choice(title, f"#{paper_id}") for paper_id, title in offered]


async def _counted(offered: Awaitable[Sequence[tuple[str, int]]]) -> list[Choice[str]]:
    """Values with how many papers each; one that is too long to be a value is left out."""
    return [
        choice(f"{clip(name, 80)} · {count(papers, 'paper')}", name)
        for name, papers in await offered
        if len(name) <= 100
    ]


def choice(name: str, value: str) -> Choice[str]:
    """A suggestion, as long as Discord shows one."""
    return Choice(name=clip(name, 100) or value, value=value)
