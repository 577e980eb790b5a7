from __future__ import annotations

from storage.audit.models import AbbreviationChange
from storage.models import PaperDraft
from tests.support.lab import HOME, Lab, reply_text


async def teach(lab: Lab) -> None:
    for number in (1, 2):
        await lab.add(PaperDraft(title=f"Sparse quilted looms (SQL) {number}"))
    await lab.add(PaperDraft(title="Weaving with a sparse quilted loom"))
    await lab.add(PaperDraft(title="Structured query languages"))


async def test_the_answer_says_what_an_abbreviation_was_searched_as(lab: Lab) -> None:
    await teach(lab)
    shown = await lab.run(lab.member, "search", query="weaving SQL")
    assert "Weaving with a sparse quilted loom" in shown
    assert "Also searched for *sparse quilted loom" in shown


async def test_moderators_correct_an_abbreviation_and_undo_that(lab: Lab) -> None:
    await teach(lab)
    choices = await lab.moderator.autocomplete(lab.channel, "curate abbreviation", "short", "sq")
    assert choices == [{"name": "sql · sparse quilted looms", "value": "sql"}]
    result = await lab.moderator.slash(
        lab.channel, "curate abbreviation", short="SQL", long="Structured Query Language"
    )
    assert result.ephemeral
    assert "“sql” now stands for **Structured Query Language**" in reply_text(result)
    shown = await lab.run(lab.member, "search", query="SQL things")
    assert "Also searched for *structured query language*" in shown
    assert "Structured query languages" in shown

    undone = await lab.moderator.click(result.response, label="Undo")
    assert "changed what “sql” stands for in searches" in reply_text(undone)
    shown = await lab.run(lab.member, "search", query="SQL things")
    assert "Also searched for *sparse quilted loom" in shown
    redone = await lab.moderator.click(undone.response, label="Redo")
    assert "Redid" in reply_text(redone)

    history = await lab.run(lab.moderator, "curate history")
    assert "changed what “sql” stands for in searches" in history
    assert "what papers say → “structured query language”" in history


async def test_an_abbreviation_can_stand_for_nothing(lab: Lab) -> None:
    await teach(lab)
    told = await lab.run(lab.moderator, "curate abbreviation", short="SQL")
    assert "no longer stands for anything else" in told
    assert "Also searched for" not in await lab.run(lab.member, "search", query="SQL things")
    again = await lab.moderator.slash(lab.channel, "curate abbreviation", short="sql")
    assert "Undo" not in str(again.response.components)
    change = await lab.app.library.audit.find(
        max(change.id for change in (await lab.app.library.audit.page()).changes)
    )
    assert isinstance(change, AbbreviationChange)


async def test_a_bad_abbreviation_gets_a_sentence(lab: Lab) -> None:
    assert "An abbreviation is one word" in await lab.run(
        lab.moderator, "curate abbreviation", short="two words"
    )
    assert "must be longer" in await lab.run(
        lab.moderator, "curate abbreviation", short="SQL", long="sq"
    )


async def test_a_loose_word_of_a_channels_filter_also_means_its_abbreviation(lab: Lab) -> None:
    await teach(lab)
    library = lab.app.library
    await lab.run(lab.moderator, "announce to", channel=lab.channel, filters="~sql")
    (subscription,) = [
        one for one in await library.subscriptions.all(HOME) if str(one.options.filters)
    ]
    number = await lab.add(PaperDraft(title="One sparse quilted loom again"))
    other = await lab.add(PaperDraft(title="A sparse loom"))
    assert str(subscription.options.filters) == "~sql"
    assert subscription.options.filters.matches(await library.papers.get(number), None)
    assert not subscription.options.filters.matches(await library.papers.get(other), None)
