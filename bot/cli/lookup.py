"""`lab-herald lookup`: what arXiv, Crossref, DataCite or a web page says about a paper."""

from __future__ import annotations

import click

from bot.cli import common, render
from bot.formats.rows import paper_json
from bot.settings import Settings
from storage.library import Library
from storage.models import Outcome, PaperDraft, UpsertResult

_KNOWN = frozenset({Outcome.UNCHANGED, Outcome.UPDATED})


@click.command()
@click.argument("source")
@common.json_option
@click.pass_obj
def lookup(settings: Settings, source: str, *, as_json: bool) -> None:
    """Look up a paper by arXiv ID, DOI, link or BibTeX entry, without adding it."""
    paper, result = common.run_with_library(
        settings, lambda library: _look_up(settings, library, source)
    )
    known = result.paper.id if result.paper and result.outcome in _KNOWN else None
    duplicate = result.paper.id if result.paper and result.outcome is Outcome.DUPLICATE else None
    if as_json:
        click.echo(common.to_json({**paper_json(paper), "id": known, "resembles": duplicate}))
        return
    common.print_text(render.paper(paper))
    if known:
        click.echo(f"    Already in the list as #{known}.")
    if duplicate:
        click.echo(f"    Possible duplicate of #{duplicate}.")


async def _look_up(
    settings: Settings, library: Library, source: str
) -> tuple[PaperDraft, UpsertResult]:
    """Returns the paper, and what adding it to the list would do."""
    async with common.open_lookup(settings, library) as service:
        (draft,) = await library.authors.with_current_names([await service.get(source)])
    (result,) = await library.papers.preview([draft])
    return draft, result
