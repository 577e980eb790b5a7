"""`lab-herald queue`: what waits for a moderator, and deciding it in the shell."""

from __future__ import annotations

import click

from bot.cli import common, queue_render
from bot.settings import Settings
from storage.audit.models import Recorded, ReviewKind
from storage.errors import InvalidInput, LabError
from storage.library import Library
from storage.models import Outcome, UpsertResult
from storage.review.errors import NotWaiting
from storage.review.found_cards import Card
from storage.review.found_papers import ABOUT_PERSON, CardDecision
from storage.review.models import (
    AccountClaim,
    CompletionDecision,
    Decision,
    Proposal,
    Report,
    Suggestion,
)

_PAGE_SIZE = 100  # items that are read at a time
_DECISIONS = {
    CardDecision.ADD: Decision.ADD,
    CardDecision.NOT_OURS: Decision.DECLINE,
    CardDecision.SAME: Decision.SAME,
}
_CHOICES = [one.value for one in (*CardDecision, *CompletionDecision)]
_OUTCOMES = {
    Outcome.ADDED: "Added {}.",
    Outcome.UPDATED: "Completed {}.",
    Outcome.UNCHANGED: "{} is already in the list.",
    Outcome.DECLINED: "Declined {}.",
    Outcome.REMOVED: "{} was removed from the list on purpose, so it wasn't added.",
    Outcome.RESTORED: "Restored {}.",
    Outcome.REVIEW: "{} is still waiting, for the other people on its card.",
}


@click.group(cls=common.Group)
def queue() -> None:
    """Review what's waiting: papers by the lab's people, entries, suggestions, completions."""


@queue.command("list")
@common.json_option
@click.pass_obj
def list_queue(settings: Settings, *, as_json: bool) -> None:
    """List what's waiting: papers by the lab's people first, the most certain at the top."""
    items = common.run_with_library(settings, lambda library: _waiting(library, settings))
    if as_json:
        click.echo(common.to_json([queue_render.item_json(one) for one in items]))
    else:
        click.echo("\n".join(map(queue_render.item_lines, items)) or "Nothing needs review.")


@queue.command()
@click.argument("numbers", type=common.NUMBER, nargs=-1, required=True, metavar="NUMBER...")
@click.argument("decision", type=click.Choice(_CHOICES))
@click.option(
    "--person",
    type=click.IntRange(1),
    help="The number of the person who didn't write it or has left (default: the first one).",
)
@common.json_option
@click.pass_obj
def decide(
    settings: Settings,
    numbers: tuple[int, ...],
    decision: str,
    *,
    person: int | None,
    as_json: bool,
) -> None:
    """Decide about what's waiting, by number; accept or reject a completion.

    The exit code is 1 if something can't be decided; the rest still is.
    """
    chosen: CardDecision | CompletionDecision
    chosen = (
        CompletionDecision(decision)
        if decision in [*CompletionDecision]
        else CardDecision(decision)
    )
    if person is not None and chosen not in ABOUT_PERSON:
        raise InvalidInput("--person only works with not-this-person and left-the-lab.")

    async def run(library: Library) -> dict[int, Recorded[UpsertResult] | LabError]:
        results: dict[int, Recorded[UpsertResult] | LabError] = {}
        for number in dict.fromkeys(numbers):
            try:
                results[number] = await _decide(library, settings, number, chosen, person)
            except LabError as error:
                results[number] = error
        return results

    results = common.run_with_library(settings, run)
    if as_json:
        click.echo(common.to_json([_result_json(*one) for one in results.items()]))
    else:
        click.echo("\n".join(_result_line(*one) for one in results.items()))
    failed = [one for one in results.values() if isinstance(one, LabError)]
    if failed:
        raise LabError(f"{len(failed):,} of {len(results):,} couldn't be decided.")


async def _waiting(library: Library, settings: Settings) -> list[queue_render.Item]:
    items: list[queue_render.Item] = [*await library.found_papers.cards(settings.lab)]
    offset = 0
    while page := await library.review.page(offset, _PAGE_SIZE):
        items += page
        offset += len(page)
    return items


async def _decide(
    library: Library,
    settings: Settings,
    number: int,
    decision: CardDecision | CompletionDecision,
    person: int | None,
) -> Recorded[UpsertResult]:
    kind, item_id = queue_render.parse_number(number)
    if kind is None:
        raise NotWaiting("Nothing in the queue has that number.")
    if kind is Report:
        raise InvalidInput("Reports of problems are resolved in Discord, with /curate queue.")
    if kind is AccountClaim:
        raise InvalidInput("Members are confirmed in Discord, with /curate queue.")
    if (kind is Proposal) != isinstance(decision, CompletionDecision):
        fitting = "accept or reject" if kind is Proposal else "add or not-ours, for example"
        raise InvalidInput(f"{decision} doesn't fit that one. Use {fitting}.")
    if isinstance(decision, CompletionDecision):
        is_accepted = decision is CompletionDecision.ACCEPT
        return await library.proposals.decide(item_id, common.ACTOR, accept=is_accepted)
    if kind is Card:
        return await library.found_papers.decide(
            item_id, decision, common.ACTOR, settings.lab, person_id=person
        )
    if decision not in _DECISIONS:
        raise InvalidInput(f"{decision} only works for papers by the lab's people.")
    review_kind = ReviewKind.SUGGESTION if kind is Suggestion else ReviewKind.ENTRY
    return await library.review.resolve(review_kind, item_id, common.ACTOR, _DECISIONS[decision])


def _result_json(number: int, result: Recorded[UpsertResult] | LabError) -> dict[str, object]:
    if isinstance(result, LabError):
        return {"number": number, "error": str(result)}
    paper = result.value.paper
    return {
        "number": number,
        "outcome": result.value.outcome.value,
        "paper": paper.id if paper else None,
        "change": result.change_id,
    }


def _result_line(number: int, result: Recorded[UpsertResult] | LabError) -> str:
    if isinstance(result, LabError):
        return f"{number}: {result}"
    paper = result.value.paper
    name = f"“{paper.title}” (#{paper.id})" if paper else f"{number}"
    text = _OUTCOMES[result.value.outcome].format(name)
    if paper is not None and result.value.outcome is Outcome.DECLINED:
        text = f"{name} stays as it is."
    return f"{text} Undo it with: lab-herald undo {result.change_id}"
