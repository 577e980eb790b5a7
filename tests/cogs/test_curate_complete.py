"""Tests of `/curate complete`, with services on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestServer

from bot.settings import Settings
from storage.models import Origin, Paper, PaperDraft
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


async def test_a_moderator_sees_what_would_change_and_completes_the_paper(
    lab: Lab, server: CompletionServer
) -> None:
    server.papers.append(LENS)
    paper = await add(lab, PaperDraft(title=LENS.title, authors=("N. Belmont",)))
    result = await lab.moderator.slash(lab.channel, "curate complete", paper=f"#{paper.id}")
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


async def test_a_moderator_decides_what_is_not_sure(lab: Lab, server: CompletionServer) -> None:
    server.papers.append(replace(LENS, only=("s2",)))
    paper = await add(lab, PaperDraft(title=LENS.title))
    result = await lab.moderator.slash(lab.channel, "curate complete", paper=f"#{paper.id}")
    shown = reply_text(result)
    assert "Semantic Scholar may know this paper. Is it the same one?" in shown
    assert "only Semantic Scholar knows it" in shown
    await lab.moderator.click(result.response, label="Same paper")
    assert (await lab.app.library.papers.get(paper.id)).arxiv == LENS.arxiv


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
