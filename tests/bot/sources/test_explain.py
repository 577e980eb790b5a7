"""Tests of explaining who named a paper by the lab's people, and what the evidence is."""

from __future__ import annotations

import pytest

from bot.sources import explain
from bot.ui import trace as trace_text
from storage.errors import TraceNotFound
from storage.library import Library
from storage.models import PaperDraft, PartialDate
from storage.people.evidence import Lab
from storage.people.models import Credit, PersonDraft, Witness
from storage.review.found_papers import CardDecision
from tests.support.library import MODERATOR

LAB = Lab()


async def find(library: Library, name: str) -> None:
    await library.people.add(PersonDraft("Ann Lee"), MODERATOR)
    draft = PaperDraft("Owls", (name,), date=PartialDate(2026), identifiers=("doi:10.1000/owl",))
    await library.found_papers.ingest(
        [Witness("semantic_scholar", "1", draft, (Credit(name),))], LAB
    )


async def test_a_found_paper_is_explained_by_its_witnesses_and_grade(library: Library) -> None:
    await find(library, "Ann Lee")

    trace = await explain.trace(library, LAB, "https://doi.org/10.1000/owl")
    sentences = trace_text.sentences(trace, trace_text.PLAIN)

    assert sentences == [
        "“Owls” was found at Semantic Scholar.",
        "Ann Lee, grade C: Credited to Ann Lee by name only.",
        "It's waiting for a moderator.",
    ]
    assert "📡 Ann Lee, grade C" in trace_text.card(trace, None)
    await library.found_papers.decide(1, CardDecision.NOT_OURS, MODERATOR, LAB)
    trace = await explain.trace(library, LAB, "owls")
    assert trace.evidence[-1] == "A moderator declined it."


async def test_initials_are_explained_although_nobody_is_asked(library: Library) -> None:
    await find(library, "A. Lee")

    trace = await explain.trace(library, LAB, "10.1000/owl")

    assert trace.evidence[1:] == (
        "Ann Lee, grade D: Credited to somebody whose initials or surname fit Ann Lee.",
        "That isn't enough evidence to ask a moderator.",
    )


async def test_what_nobody_named_is_not_found(library: Library) -> None:
    with pytest.raises(TraceNotFound):
        await explain.trace(library, LAB, "10.1000/owl")
