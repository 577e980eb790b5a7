"""`/curate queue` and review cards: what moderators see while they decide, alone and together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.demo.messages import visible_text
from bot.settings import Settings
from storage.models import Link, LinkKind, PaperDraft
from storage.papers.combine import as_draft
from storage.review.models import Problem
from storage.review.suggestions import MAX_PENDING
from tests.support.forms import form_values
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR

FERNS = PaperDraft(
    title="Ferns of the North",
    authors=("Ada Lovelace",),
    venue="Journal of Ferns",
    identifiers=("doi:10.1000/ferns", "url:lab.example/ferns"),
    links=(Link(LinkKind.PAGE, "https://lab.example/ferns"),),
)


@pytest.fixture
async def mods(lab: Lab) -> Any:
    """The moderators' channel."""
    channel = lab.env.guild.create_text_channel("mods")
    await lab.run(lab.moderator, "setup channel", channel=channel)
    return channel


async def suggest(lab: Lab, draft: PaperDraft = FERNS, member: str = "mika") -> None:
    """Suggests a paper as if it had been looked up, and posts its card."""
    await lab.app.library.review.suggest(
        draft,
        "look at this",
        (lab.member.id, member),
        daily_limit=MAX_PENDING,
        channel_id=lab.app.client.moderators.channel_id,
    )
    await lab.app.deliver()


async def open_queue(lab: Lab, moderator: Any = None) -> Any:
    result = await (moderator or lab.moderator).slash(lab.channel, "curate queue")
    assert result.ephemeral
    return result


async def decide_first(lab: Lab, message: Any, label: str) -> Any:
    """Presses the first button with this label on a page of the queue."""

    def buttons(components: Any) -> Iterator[dict[str, Any]]:
        for component in components:
            part = component if isinstance(component, dict) else component.to_dict()
            yield part
            yield from buttons(part.get("components", []))

    first = next(one for one in buttons(message.components) if one.get("label") == label)
    return await lab.moderator.click(message, custom_id=first["custom_id"])


async def add_similar(lab: Lab) -> int:
    """Adds a paper that the suggestion of `FERNS` will resemble."""
    return await lab.add(
        PaperDraft(
            title="Ferns of the north", authors=("A. Lovelace",), identifiers=("arxiv:2301.00001",)
        )
    )


async def test_a_decision_takes_the_item_off_the_page_and_can_be_undone_there(lab: Lab) -> None:
    for number in range(6):
        await suggest(lab, PaperDraft(title=f"Ferns {number}", identifiers=(f"doi:10.1/{number}",)))
    queue = await open_queue(lab)
    assert "6 papers to review" in reply_text(queue)
    added = await decide_first(lab, queue.response, "Add")
    text = visible_text(added.response)
    assert "✅ You added **Ferns 0** (#" in text
    assert "5 papers to review" in text
    assert text.count("Ferns 0") == 1
    assert "Ferns 4" in text
    assert "noor" not in text

    undone = await lab.moderator.click(added.response, label="Undo")
    text = visible_text(undone.response)
    assert "↩️ Undid change" in text
    assert "6 papers to review" in text
    assert "[Redo]" in text
    declined = await decide_first(lab, undone.response, "Not ours")
    assert "👋 You declined **Ferns 0**. I'll let mika know." in visible_text(declined.response)


async def test_the_last_decision_on_the_last_page_shows_the_page_before(lab: Lab) -> None:
    for number in range(5):
        await suggest(lab, PaperDraft(title=f"Ferns {number}", identifiers=(f"doi:10.1/{number}",)))
    queue = await open_queue(lab)
    last = await lab.moderator.click(queue.response, label="Next ▶")
    decided = await lab.moderator.click(last.response, label="Not ours")
    text = visible_text(decided.response)
    assert "4 papers to review" in text
    assert "Ferns 0" in text
    assert "[Next ▶]" not in text


async def test_a_possible_duplicate_shows_both_papers(lab: Lab) -> None:
    known = await add_similar(lab)
    await suggest(lab)
    queue = await open_queue(lab)
    text = reply_text(queue)
    for part in (
        "[Ferns of the North](https://lab.example/ferns)",
        "Ada Lovelace · **Journal of Ferns**",
        "DOI 10.1000/ferns",
        "💡 mika",
        f"⚖️ May be a duplicate of #{known}",
        "[Ferns of the north](https://arxiv.org/abs/2301.00001)",
        "A. Lovelace",
        "arXiv 2301.00001",
        "added by ",
        "[Add as new][Same paper][Not ours]",
    ):
        assert part in text.replace("\n[", "[").replace("] [", "]["), part
    opened = await lab.moderator.click(queue.response, label=f"Open #{known}")
    assert "Ferns of the north" in reply_text(opened)
    card = await lab.moderator.click(queue.response, label="Open")
    assert "Is it the same paper as the one below?" in reply_text(card)
    assert "look at this" in reply_text(card)
    rejected = await lab.moderator.click(card.response, label="Not ours")
    assert "👋 You declined **Ferns of the North**" in reply_text(rejected)
    assert "[Not ours]" not in reply_text(rejected)
    assert (await lab.app.library.papers.get(known)).doi is None
    late = await lab.moderator.click(queue.response, label="Same paper")
    assert "You've already declined this one." in visible_text(late.response)
    assert "Nothing needs review" in visible_text(late.response)


async def test_a_possible_duplicate_of_a_merged_paper_shows_the_one_it_became(lab: Lab) -> None:
    known = await add_similar(lab)
    await suggest(lab)
    other = await lab.add(PaperDraft(title="All Ferns", authors=("Ada Lovelace",)))
    kept = as_draft(await lab.app.library.papers.get(other))
    await lab.app.library.papers.merge(other, known, kept, MODERATOR)
    queue = await open_queue(lab)
    assert f"May be a duplicate of #{other}" in reply_text(queue)
    assert "removed" not in reply_text(queue)
    same = await lab.moderator.click(queue.response, label="Same paper")
    assert f"You marked it as the same paper as **All Ferns** (#{other})" in reply_text(same)


async def test_the_second_of_two_moderators_sees_what_the_first_decided(
    lab: Lab, mods: Any
) -> None:
    await lab.run(lab.moderator, "setup role", role=lab.env.guild.roles["Curators"])
    await suggest(lab)
    first, second = await open_queue(lab), await open_queue(lab, lab.role_moderator)
    await lab.moderator.click(first.response, label="Add")
    number = (await lab.app.library.papers.get_by_text("10.1000/ferns")).id
    late = await lab.role_moderator.click(second.response, label="Not ours")
    text = visible_text(late.response)
    assert f"noor has already added this one as #{number}." in text
    assert "Nothing needs review" in text
    await lab.app.deliver()
    assert f"✅ Added by noor as #{number}." in visible_text(mods.last_message)


async def test_a_card_and_the_queue_decide_alike(lab: Lab, mods: Any) -> None:
    known = await add_similar(lab)
    await suggest(lab)
    card = mods.last_message
    asked = visible_text(card)
    assert f"In the list as #{known}." in asked
    assert "DOI 10.1000/ferns" in asked
    for label in ("Add as new", "Same paper", "Not ours", f"Open #{known}"):
        assert f"[{label}]" in asked
    result = await lab.moderator.click(card, label="Not ours")
    assert result.ephemeral
    assert "👋 You declined **Ferns of the North**" in reply_text(result)
    await lab.app.deliver()
    assert "👋 Declined by noor." in visible_text(mods.last_message)
    await lab.moderator.click(result.response, label="Undo")
    await lab.app.deliver()
    assert "[Same paper]" in visible_text(mods.last_message)


async def test_what_was_not_found_is_added_only_through_the_form(lab: Lab) -> None:
    await lab.member.slash(lab.channel, "suggest", source="https://127.0.0.1:9/paper")
    await lab.app.deliver()
    queue = await open_queue(lab)
    assert "[Add…]" in reply_text(queue)
    form = await lab.moderator.click(queue.response, label="Add…")
    values = form_values(form.modal)
    assert values["title"] == ""
    assert values["links"] == "https://127.0.0.1:9/paper"
    before = await lab.app.library.papers.count()
    wrong = await lab.moderator.submit_modal(form, {**values, "title": "127.0.0.1:9/paper"})
    assert "isn't a title" in reply_text(wrong)
    assert await lab.app.library.papers.count() == before
    again = await lab.moderator.click(wrong.response, label="Try again")
    done = await lab.moderator.submit_modal(again, {**values, "title": "A Paper"})
    assert "✅ You added **A Paper**" in reply_text(done)
    assert (await lab.app.library.papers.get_by_text("A Paper")).url == "https://127.0.0.1:9/paper"
    assert "You've already added this one" in await lab.press_custom_id(
        lab.moderator, "suggestion:1:1"
    )


async def test_the_form_of_what_was_not_found_works_after_a_restart(
    lab: Lab, settings: Settings
) -> None:
    await lab.member.slash(lab.channel, "suggest", source="ferns of the far north")
    queue = await open_queue(lab)
    form = await lab.moderator.click(queue.response, label="Add…")
    again = await lab.restart(settings)
    typed = {**form_values(form.modal), "title": "Ferns of the Far North"}
    done = await lab.moderator.submit_modal(form, typed)
    assert "✅ You added **Ferns of the Far North**" in reply_text(done)
    assert "Nothing needs review" in reply_text(done)
    await again.close()


async def test_a_report_is_resolved_on_its_page(lab: Lab) -> None:
    for number in range(5):
        await suggest(lab, PaperDraft(title=f"Ferns {number}", identifiers=(f"doi:10.1/{number}",)))
        lab.clock.advance(timedelta(minutes=1))
    paper = await lab.add(PaperDraft(title="Odd Paper", venue="ICML"))
    for number in range(3):
        await lab.app.library.review.report(
            paper, Problem.VENUE, f"note {number}", (1 + number, f"m{number}"), channel_id=None
        )
        lab.clock.advance(timedelta(minutes=1))
    queue = await open_queue(lab)
    queue = await lab.moderator.click(queue.response, label="Next ▶")
    assert "[Page 2 of 2]" in visible_text(queue.response)
    dismissed = await decide_first(lab, queue.response, "Dismiss")
    text = visible_text(dismissed.response)
    for part in (
        "👋 You dismissed the report about **Odd Paper**. I'll let the member know.",
        "7 papers to review",
        "Page 2 of 2",
    ):
        assert part in text
    assert "note 0" not in text
    undone = await lab.moderator.click(dismissed.response, label="Undo")
    text = visible_text(undone.response)
    for part in ("8 papers to review", "note 0", "[Page 2 of 2]", "[Redo]"):
        assert part in text

    form = await decide_first(lab, undone.response, "Edit paper")
    saved = await lab.moderator.submit_modal(form, {**form_values(form.modal), "title": "Even"})
    assert saved.response.id == queue.response.id
    text = visible_text(saved.response)
    for part in ("**Even** (#", "✏️ Saved", "7 papers to review", "[Page 2 of 2]"):
        assert part in text
    others = [await open_queue(lab) for _ in range(2)]
    others = [await lab.moderator.click(other.response, label="Next ▶") for other in others]
    fixed = await decide_first(lab, saved.response, "Mark as fixed")
    assert "✅ You marked the report about **Even** as fixed." in visible_text(fixed.response)
    for other, label in zip(others, ("Dismiss", "Edit paper"), strict=True):
        late = await decide_first(lab, other.response, label)
        text = visible_text(late.response)
        assert "⚖️ You've already decided this one." in text
        assert "[Page 2 of 2]" in text


async def test_an_entry_of_an_unfollowed_feed_leaves_the_queue(lab: Lab, source: Any) -> None:
    feed, home = source
    await lab.run(lab.moderator, "feed add", url=f"{home}feed", review=True)
    feed.publish("A New Fern")
    lab.clock.advance(timedelta(hours=1))
    await lab.app.poll()
    queue = await open_queue(lab)
    assert "A New Fern" in reply_text(queue)
    (followed,) = await lab.app.library.feeds.all()
    await lab.app.library.feeds.unfollow(followed.id, MODERATOR)
    gone = await lab.moderator.click(queue.response, label="Add")
    assert "its feed was unfollowed" in visible_text(gone.response)
    assert "Nothing needs review" in visible_text(gone.response)


async def test_a_page_of_possible_duplicates_shows_all_that_tells_them_apart(lab: Lab) -> None:
    title = "A Rather Long Title of a Paper About {} That Nobody Should Have to Guess the End of"
    url = "https://proceedings.lab.example/2024/conference/paper-{}/abstract-of-the-long-paper.html"
    for number in range(4):
        name = title.format(f"Fern Number {number}")
        await lab.add(
            PaperDraft(
                title=name,
                authors=("A. Lovelace", "E. Noether"),
                identifiers=(f"arxiv:2301.0000{number}",),
                links=(Link(LinkKind.PAGE, f"https://arxiv.org/abs/2301.0000{number}"),),
            )
        )
        await suggest(
            lab,
            PaperDraft(
                title=name,
                authors=("Ada Lovelace", "Emmy Noether", "Grace Hopper"),
                venue="International Conference on Ferns",
                identifiers=(f"doi:10.1000/journal.of.ferns.2024.{number}",),
                links=(Link(LinkKind.PAGE, url.format(number)),),
            ),
        )
        lab.clock.advance(timedelta(minutes=1))
    text = reply_text(await open_queue(lab))
    for number in range(4):
        assert text.count(title.format(f"Fern Number {number}")) == 2
        assert f"arXiv 2301.0000{number}" in text
        assert f"DOI 10.1000/journal.of.ferns.2024.{number}" in text
        assert f"({url.format(number)})" in text
    assert text.count("Ada Lovelace, Emmy Noether and Grace Hopper") == 4
    assert text.count("look at this") == 4


async def test_the_longest_texts_fit_into_the_queue_and_its_cards(lab: Lab, mods: Any) -> None:
    wide = "*_[]()" * 100
    for number in range(5):
        title = f"{number} {wide}"
        await lab.add(PaperDraft(title=title, authors=(wide, "B"), venue=wide, note=wide))
        await suggest(
            lab,
            PaperDraft(
                title=title,
                authors=(wide, "B"),
                venue=wide,
                note=wide,
                identifiers=(f"doi:10.1000/{number}{'x' * 300}",),
                links=(Link(LinkKind.PAGE, f"https://lab.example/{number}{'y' * 300}"),),
            ),
            member=wide,
        )
        lab.clock.advance(timedelta(minutes=1))
    assert len(mods.history()) == 5
    queue = await open_queue(lab)
    decided = await decide_first(lab, queue.response, "Not ours")
    assert "4 papers to review" in visible_text(decided.response)
    for text in (reply_text(queue), visible_text(decided.response)):
        assert len(text) < 4000 + 200  # with the labels of the buttons
