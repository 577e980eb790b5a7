"""Tests of `/curate complete`, with services on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from bot.demo.messages import visible_text
from bot.settings import Settings
from storage.models import Origin, Paper, PaperDraft
from storage.papers.combine import as_draft
from tests.support.completion_server import PATHS, CompletionServer, KnownPaper
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR

pytestmark = pytest.mark.simcord(settle_timeout=20)

LENS = KnownPaper(
    "Eliciting Predictions with a New Lens",
    ("Nora Belmont", "Zach Furness"),
    arxiv="2303.08113",
)


@pytest.fixture
async def server() -> AsyncIterator[CompletionServer]:
    found = CompletionServer()
    async with TestServer(found.app()) as running:
        found.home = str(running.make_url("/")).rstrip("/")
        yield found


@pytest.fixture
def settings(settings: Settings, server: CompletionServer) -> Settings:
    return replace(settings, **{name: f"{server.home}{path}" for name, path in PATHS.items()})


async def add(lab: Lab, draft: PaperDraft) -> Paper:
    recorded = await lab.app.library.papers.upsert(draft, Origin.IMPORT, MODERATOR)
    assert recorded.value.paper is not None
    return recorded.value.paper


async def ask(lab: Lab, server: CompletionServer) -> tuple[Paper, Any]:
    """Asks what a paper lacks that the server knows; returns the paper and the answer."""
    server.papers.append(LENS)
    paper = await add(lab, PaperDraft(title=LENS.title, authors=("N. Belmont",)))
    return paper, await lab.moderator.slash(lab.channel, "curate complete", paper=f"#{paper.id}")


async def test_a_moderator_sees_what_would_change_and_completes_the_paper(
    lab: Lab, server: CompletionServer
) -> None:
    paper, result = await ask(lab, server)
    assert result.ephemeral
    shown = reply_text(result)
    assert "OpenAlex can complete this paper" in shown
    assert "Authors:** N. Belmont → Nora Belmont, Zach Furness" in shown
    assert (await lab.app.library.papers.get(paper.id)).authors == ("N. Belmont",)
    done = await lab.moderator.click(result.response, label="Complete")
    assert "✅ Completed." in reply_text(done)
    assert (await lab.app.library.papers.get(paper.id)).authors == LENS.authors
    await lab.moderator.click(done.response, label="Undo")
    assert (await lab.app.library.papers.get(paper.id)).authors == ("N. Belmont",)


async def test_a_paper_that_was_removed_meanwhile_is_named(
    lab: Lab, server: CompletionServer
) -> None:
    paper, result = await ask(lab, server)
    await lab.app.library.papers.remove(paper.id, MODERATOR)
    late = await lab.moderator.click(result.response, label="Complete")
    assert reply_text(late) == f"👌 **{LENS.title}** was removed in the meantime."


async def test_the_largest_answer_fits_into_a_message(lab: Lab, server: CompletionServer) -> None:
    title = "Eliciting *_[Very]_* Latent Predictions " * 12
    for number in range(5):
        first = "BCDFG"[number]
        server.papers.append(
            KnownPaper(
                title,
                tuple(f"{first}*{last}*_[ora]_ {first}{last}stein" for last in "abcdefghiklm"),
                doi=f"10.1000/{first}{'_*' * 90}",
                venue="*Venue* of " * 30,
                day=f"{2001 + 4 * number}-04-03",
            )
        )
    paper = await add(lab, PaperDraft(title=title))
    server.failures["/hf"] = (500, b"", {})
    result = await lab.moderator.slash(lab.channel, "curate complete", paper=f"#{paper.id}")
    shown = reply_text(result)
    assert shown.count("[Accept]") == 3
    assert "5 uncertain answers wait" in shown


async def queue(lab: Lab) -> Any:
    return await lab.moderator.slash(lab.channel, "curate queue")


async def test_a_moderator_decides_what_is_not_sure(lab: Lab, server: CompletionServer) -> None:
    server.papers.append(replace(LENS, only=("s2",)))
    paper = await add(lab, PaperDraft(title=LENS.title))
    result = await lab.moderator.slash(lab.channel, "curate complete", paper=f"#{paper.id}")
    shown = reply_text(result)
    assert "Semantic Scholar: It has this title, but only Semantic Scholar knows it." in shown
    assert "Authors:** none → Nora Belmont, Zach Furness" in shown
    assert "1 uncertain answer waits in" in shown
    done = await lab.moderator.click(result.response, label="Accept")
    assert f"✅ You completed **{LENS.title}**" in reply_text(done)
    assert (await lab.app.library.papers.get(paper.id)).arxiv == LENS.arxiv
    again = await lab.moderator.click(result.response, label="Keep as it is")
    assert "You've already accepted this one." in reply_text(again)
    await lab.moderator.click(done.response, label="Undo")
    assert (await lab.app.library.papers.get(paper.id)).arxiv is None
    assert "Nora Belmont" in reply_text(await queue(lab))


async def test_what_the_daily_completion_is_not_sure_about_waits_in_the_queue(
    lab: Lab, server: CompletionServer
) -> None:
    server.papers.append(replace(LENS, only=("s2",)))
    paper = await add(lab, PaperDraft(title=LENS.title))
    await lab.app.complete_papers()
    assert (await lab.app.library.papers.get(paper.id)).authors == ()
    shown = await queue(lab)
    text = reply_text(shown)
    assert "1 paper to review" in text
    assert f"(#{paper.id})" in text
    assert "only Semantic Scholar knows it" in text
    assert "Authors:** none → Nora Belmont, Zach Furness" in text
    assert "title:" not in text

    kept = await lab.moderator.click(shown.response, label="Keep as it is")
    text = visible_text(kept.response)
    assert "stays as it is. I won't ask about this again." in text
    assert "Nothing needs review" in text
    history = await lab.run(lab.moderator, "curate history")
    assert f"🧩 kept **{LENS.title}** as it is" in history
    server.papers[0] = LENS
    again = await lab.app.client.completer.complete(paper, MODERATOR)
    assert (again.after, again.proposals) == (None, ())

    waits = await lab.moderator.click(kept.response, label="Undo")
    assert "1 paper to review" in visible_text(waits.response)
    done = await lab.moderator.click(waits.response, label="Accept")
    assert f"✅ You completed **{LENS.title}**" in visible_text(done.response)
    assert (await lab.app.library.papers.get(paper.id)).authors == LENS.authors


async def test_what_a_moderator_has_not_seen_is_not_accepted(
    lab: Lab, server: CompletionServer
) -> None:
    server.papers.append(replace(LENS, only=("s2",)))
    paper = await add(lab, PaperDraft(title=LENS.title))
    await lab.app.complete_papers()
    shown = await queue(lab)
    edited = replace(as_draft(paper), venue="NeurIPS")
    await lab.app.library.papers.edit(paper.id, edited, MODERATOR)
    late = await lab.moderator.click(shown.response, label="Accept")
    assert f"#{paper.id} has changed since you saw this card." in visible_text(late.response)
    assert (await lab.app.library.papers.get(paper.id)).authors == ()
    await lab.moderator.click(late.response, label="Accept")
    now = await lab.app.library.papers.get(paper.id)
    assert (now.authors, now.venue) == (LENS.authors, "NeurIPS")


@pytest.mark.parametrize(
    ("fields", "completed"),
    [
        ({"authors": ("Somebody Else",)}, False),
        ({"title": "Birds of the North"}, False),
        ({"venue": "NeurIPS"}, True),
    ],
)
async def test_an_edit_while_a_paper_is_looked_up_is_not_overwritten(
    lab: Lab, server: CompletionServer, *, fields: dict[str, Any], completed: bool
) -> None:
    server.papers.append(replace(LENS, venue="ICML"))
    paper = await add(lab, PaperDraft(title=LENS.title))
    edited = replace(as_draft(paper), **fields)

    async def edit(_target: str) -> None:
        server.before_answer = None
        await lab.app.library.papers.edit(paper.id, edited, MODERATOR)

    server.before_answer = edit
    await lab.app.complete_papers()
    now = await lab.app.library.papers.get(paper.id)
    assert {name: getattr(now, name) for name in fields} == fields
    assert (now.arxiv == LENS.arxiv) is completed
    assert await lab.app.library.review.count() == 0


async def test_a_retraction_shows_on_the_card_and_the_announcement(
    lab: Lab, server: CompletionServer
) -> None:
    await lab.run(lab.moderator, "announce here")
    number = await lab.announce("Lenses of the north", identifiers=("doi:10.5555/7",))
    await lab.app.deliver()
    assert "Lenses of the north" in lab.last_text
    server.retracted["10.5555/7"] = "10.5555/8"
    await lab.app.complete_papers()
    await lab.app.deliver()
    assert "⚠️ Retracted, see" in lab.last_text
    assert "⚠️ Retracted, see" in await lab.run(lab.member, "paper", paper=f"#{number}")


async def test_papers_for_which_services_fail_give_way_to_others(
    lab: Lab, server: CompletionServer
) -> None:
    server.failures["/"] = (503, b"", {})
    numbers = [(await add(lab, PaperDraft(title=f"A lens of kind {one}"))).id for one in range(5)]

    async def due() -> list[int]:
        every = await lab.app.library.completions.due(100)
        return [one.id for one in every if one.id in numbers]

    await lab.app.complete_papers()
    assert await due() == [numbers[1], numbers[0]]
    await lab.app.complete_papers()
    assert await due() == []
    lab.clock.advance(timedelta(days=1))
    assert len(await due()) == 5


async def test_a_paper_that_was_only_shown_is_soon_looked_up_again(
    lab: Lab, server: CompletionServer
) -> None:
    server.papers.append(replace(LENS, venue="ICML"))
    paper = await add(lab, PaperDraft(LENS.title, ("N. Belmont",), abstract="We look at it."))
    shown = await lab.run(lab.moderator, "curate complete", paper=f"#{paper.id}")
    assert "can complete this paper" in shown
    lab.clock.advance(timedelta(days=7))
    assert paper.id in [one.id for one in await lab.app.library.completions.due(100)]


async def test_a_paper_that_goes_away_while_it_is_looked_up_keeps_nobody_waiting(
    lab: Lab, server: CompletionServer
) -> None:
    server.papers.append(LENS)
    other = await add(lab, PaperDraft(title=LENS.title, authors=("Belmont",)))
    recorded = await lab.app.library.papers.upsert(
        PaperDraft(title=f"{LENS.title} Again", authors=("Belmont",)), Origin.IMPORT, MODERATOR
    )
    assert recorded.change_id is not None

    async def undo(_target: str) -> None:
        server.before_answer = None
        assert recorded.change_id is not None
        await lab.app.library.undo(recorded.change_id, MODERATOR)

    server.papers.append(replace(LENS, title=f"{LENS.title} Again", arxiv="2303.08114"))
    server.before_answer = undo
    await lab.app.complete_papers()
    assert (await lab.app.library.papers.get(other.id)).authors == LENS.authors


async def test_without_a_paper_the_next_one_that_is_due_is_looked_up(
    lab: Lab, server: CompletionServer
) -> None:
    server.papers.append(LENS)
    paper = await add(lab, PaperDraft(title=LENS.title, authors=("Belmont",)))
    assert f"(#{paper.id})" in await lab.run(lab.moderator, "curate complete")
    assert paper.id not in [one.id for one in await lab.app.library.completions.due(50)]


async def test_the_running_bot_completes_a_few_papers_that_are_due(
    lab: Lab, server: CompletionServer
) -> None:
    server.papers.append(LENS)
    paper = await add(lab, PaperDraft(title=LENS.title, authors=("Belmont",)))
    await lab.app.complete_papers()
    assert (await lab.app.library.papers.get(paper.id)).authors == LENS.authors
    (*_, change) = await lab.app.library.audit.for_paper(paper.id)
    assert change.actor.name == "the daily completion"
    asked = len(server.asked)
    due = [one.id for one in await lab.app.library.completions.due(50)]
    assert paper.id not in due
    assert asked < 30
