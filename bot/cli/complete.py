"""`lab-herald complete`: looks up what papers are missing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import click

from bot.cli import common, render
from bot.cli.queue_render import number_of
from bot.completing.completer import Completion, open_completer
from bot.markdown import count
from bot.settings import Settings
from storage.errors import LabError
from storage.library import Library
from storage.models import Paper
from storage.papers.snapshots import differences_to_json

_BATCH = 500  # papers that are read at a time


@click.command()
@click.argument("papers", nargs=-1, metavar="[PAPER...]")
@click.option("--dry-run", is_flag=True, help="Show what would happen, without changing anything.")
@common.json_option
@click.pass_obj
def complete(settings: Settings, papers: tuple[str, ...], *, dry_run: bool, as_json: bool) -> None:
    """Look up what papers lack: authors, year, IDs, abstract, or where they were published.

    PAPER is a number, title, arXiv ID, DOI or link; without one, the whole list is completed. What
    moderators set stays as it is. Anything uncertain waits in the review queue. Each paper is a
    change of its own, which can be undone.

    The exit code is 1 if services failed and papers couldn't be completed.
    """

    async def run(library: Library) -> list[Completion]:
        results = []
        total = len(papers) or await library.papers.count()
        async with open_completer(library, settings) as completer:
            with common.progress_bar("Completing", total) as move:
                async for paper in _chosen(library, papers):
                    results.append(
                        await completer.preview(paper)
                        if dry_run
                        else await completer.complete(paper, common.ACTOR)
                    )
                    move(len(results), total)
        return results

    results = common.run_with_library(settings, run)
    click.echo(
        common.to_json(_report_json(results)) if as_json else _report(results, dry_run=dry_run)
    )
    failed = sum(one.has_failed for one in results)
    if failed:
        raise LabError(f"{count(failed, 'paper')} couldn't be completed. Try again later.")


async def _chosen(library: Library, texts: Sequence[str]) -> AsyncIterator[Paper]:
    """Yields the papers that texts mean, or without any, all papers in the list."""
    found = {paper.id: paper for paper in [await library.papers.get_by_text(one) for one in texts]}
    for paper in found.values():
        yield paper
    last = 0
    while not texts and (batch := await library.papers.batch(after=last, limit=_BATCH)):
        for paper in batch:
            yield paper
        last = batch[-1].id


def _report_json(results: Sequence[Completion]) -> dict[str, Any]:
    return {
        "completed": [
            {
                **_paper_json(one.paper),
                "services": [*one.services],
                "changes": differences_to_json(one.paper, one.after),
                "change": one.change_id,
            }
            for one in results
            if one.after
        ],
        "uncertain": [
            {
                **_paper_json(one.paper),
                "number": number_of(proposal) if proposal.id else None,
                "service": proposal.service,
                "reason": proposal.reason,
                "changes": differences_to_json(proposal.paper, proposal.after),
            }
            for one in results
            for proposal in one.proposals
        ],
        "failed": [
            {
                **_paper_json(one.paper),
                "errors": [*one.failures, *one.problems],
                "completed": bool(one.after),
            }
            for one in results
            if one.failures or one.problems
        ],
        "unchanged": sum(not (one.after or one.has_failed) for one in results),
    }


def _report(results: Sequence[Completion], *, dry_run: bool) -> str:
    lines = []
    for one in results:
        head = f"#{one.paper.id}  {one.paper.title}"
        if one.after:
            verb = "would be completed" if dry_run else "completed"
            lines.append(f"{head}\n    {verb} from {', '.join(one.services)}")
            lines += render.change_lines(one.paper, one.after)
        if one.change_id is not None:
            lines.append(f"    To undo this, run: lab-herald undo {one.change_id}")
        for proposal in one.proposals:
            lines.append(f"{head}\n    uncertain, {proposal.service}: {proposal.reason}")
            lines += render.change_lines(proposal.paper, proposal.after)
            if proposal.id:
                number = number_of(proposal)
                lines.append(f"    To decide, run: lab-herald queue decide {number} accept|reject")
        if one.has_failed or one.problems:
            lines.append("\n    ".join([head, *one.failures, *one.problems]))
    completed = sum(one.after is not None for one in results)
    uncertain = sum(bool(one.proposals) for one in results)
    failed = sum(one.has_failed for one in results)
    verb = "would be completed" if dry_run else "completed"
    lines.append(
        f"{count(completed, 'paper')} {verb}, {uncertain:,} uncertain, {failed:,} failed; "
        f"{len(results):,} in all."
    )
    problems = sorted({text for one in results if not one.has_failed for text in one.failures})
    return "\n".join([*lines, *problems])


def _paper_json(paper: Paper) -> dict[str, Any]:
    return {"paper": paper.id, "title": paper.title}
