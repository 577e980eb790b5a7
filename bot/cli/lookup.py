"""`lab-herald lookup`: what arXiv, Crossref, DataCite or a page says of a paper."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import click

from bot.cli import common, render
from bot.formats.rows import paper_json
from bot.settings import Settings
from storage.library import Library
from storage.models import Outcome, PaperDraft, UpsertResult

_KNOWN = frozenset({Outcome.UNCHANGED, Outcome.UPDATED})


@click.command()
@click.argument("source")
@common.as_json
@click.pass_obj
def lookup(settings: Settings, source: str, *, as_json: bool) -> None:
    """Look a paper up by its arXiv id, DOI, address or BibTeX entry; the list stays as it is."""
    paper, result = common.with_library(settings, lambda library: _found(settings, library, source))
    known = result.paper.id if result.paper and result.outcome in _KNOWN else None
    like = result.paper.id if result.paper and result.outcome is Outcome.DUPLICATE else None
    if as_json:
        click.echo(common.dumped({**paper_json(paper), "id": known, "resembles": like}))
        return
    click.echo(render.paper(paper))
    if known or like:
        click.echo(f"    The list has it as #{known}." if known else f"    It may be #{like}.")


async def _found(
    settings: Settings, library: Library, source: str
) -> tuple[PaperDraft, UpsertResult]:
    """The paper of a source, and what would become of it in the list."""
    from bot.feeds.parser import open_parser  # noqa: PLC0415 - slow to import
    from bot.lookup.resolver import Addresses  # noqa: PLC0415 - the same
    from bot.lookup.service import open_lookup  # noqa: PLC0415 - the same
    from bot.net.http import open_web  # noqa: PLC0415 - the same

    opened = partial(
        open_web,
        contact=settings.contact,
        patience=settings.feed_timeout,
        max_bytes=settings.feed_max_bytes,
    )
    async with (
        opened(allow_private=settings.feed_allow_private) as web,
        opened(allow_private=False) as pages,
        open_parser() as parser,
        open_lookup(
            *(web, parser, Addresses.of(settings), lambda: datetime.now(UTC)), pages=pages
        ) as looking,
    ):
        (draft,) = await library.people.shown([await looking.find(source)])
    (result,) = await library.arrivals.dry_run([draft])
    return draft, result
