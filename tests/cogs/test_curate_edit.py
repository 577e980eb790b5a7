"""Tags, merges, edits by two moderators at once, the audit log and undo."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from bot.settings import Settings
from storage.models import Link, LinkKind, Origin, PaperDraft, PartialDate
from storage.papers.combine import as_draft
from tests.support.forms import form_values
from tests.support.lab import Lab, reply_text
from tests.support.library import OTHER_MODERATOR

ONE = PaperDraft(
    "First of Two",
    ("Ann Lee", "Bo Chen"),
    venue="arXiv",
    date=PartialDate(2022),
    identifiers=("arxiv:2301.00001",),
    tags=("maths",),
)
TWO = PaperDraft(
    "Second of Two, Longer",
    ("Ann Lee",),
    venue="ICML",
    date=PartialDate(2023),
    identifiers=("arxiv:2301.00002",),
    tags=("nlp",),
)


async def add_two_papers(lab: Lab) -> tuple[int, int]:
    return await lab.add(ONE), await lab.add(TWO)


async def curate(lab: Lab, command: str, **options: Any) -> Any:
    return await lab.moderator.slash(lab.channel, f"curate {command}", **options)


async def test_tags_can_be_added_removed_suggested_and_undone(lab: Lab) -> None:
    number = await lab.add(ONE)
    offered = await lab.moderator.autocomplete(
        lab.channel, "curate tag", "add", "nlp, ma", paper=f"#{number}"
    )
    assert [(one["name"], one["value"]) for one in offered] == [
        ("nlp, maths · 1 paper", "nlp, maths")
    ]
    result = await curate(lab, "tag", paper=f"#{number}", add="nlp, a  b,", remove="maths")
    assert result.ephemeral
    assert "now tagged **a b**, **nlp**" in reply_text(result)
    assert "First of Two" in await lab.run(lab.member, "search", query="tag:nlp")
    undone = await lab.moderator.click(result.response, label="Undo")
    assert "🏷️ changed the tags of **First of Two**" in reply_text(undone)
    assert (await lab.app.library.papers.get(number)).tags == ("maths",)
    for options, sentence in (
        ({}, "Enter the tags"),
        ({"add": "maths"}, "wouldn't change the tags"),
        ({"add": "x" * 60}, "too long for a tag"),
    ):
        refused = await curate(lab, "tag", paper=f"#{number}", **options)
        assert refused.ephemeral
        assert sentence in reply_text(refused)


async def test_a_reply_names_only_some_of_many_tags(lab: Lab) -> None:
    number = await lab.add(ONE)
    tags = [f"{letter}{'_' * 40}" for letter in "abcdefghijklmnop"]
    await lab.app.library.papers.tag(number, tags[1:], ["maths"], OTHER_MODERATOR)
    result = await curate(lab, "tag", paper=f"#{number}", add=tags[0])
    sentence = reply_text(result).splitlines()[0]
    assert sentence.count("**") == 14
    assert sentence.endswith("** and 9 others.")


async def test_a_removed_paper_is_suggested_and_restored(lab: Lab) -> None:
    number, other = await add_two_papers(lab)
    for removed in (number, other):
        await lab.app.library.papers.remove(removed, OTHER_MODERATOR)
    offered = await lab.moderator.autocomplete(lab.channel, "curate restore", "paper", "of two")
    assert [one["value"] for one in offered] == [f"#{other}", f"#{number}"]
    result = await curate(lab, "restore", paper=f"#{number}")
    assert "Back in the list" in reply_text(result)
    assert (await lab.app.library.papers.get(number)).title == "First of Two"
    await lab.moderator.click(result.response, label="Undo")
    again = await curate(lab, "restore", paper="First of two")
    assert "Back in the list" in reply_text(again)
    refused = await curate(lab, "restore", paper=f"#{number}")
    assert "couldn't find a removed paper" in reply_text(refused)


async def test_two_papers_are_compared_and_merged_as_chosen(lab: Lab) -> None:
    one, other = await add_two_papers(lab)
    shown = await curate(lab, "merge", paper=f"#{other}", into=f"#{one}")
    assert shown.ephemeral
    text = reply_text(shown)
    assert f"Merge #{other} into #{one}" in text
    assert "different arXiv IDs, 2301.00001 and 2301.00002" in text
    assert f"**Venue**\n#{one}: arXiv\n#{other}: ICML" in text
    assert "Note" not in text
    choices = {"Title": "source", "Authors": "target", "Venue": "target", "Date": "target"}
    for name, choice in choices.items():
        await lab.moderator.select(shown.response, [choice], custom_id=_menu_id(shown, name))
    done = await lab.moderator.click(shown.response, label="Merge")
    assert f"**Second of Two, Longer** (#{other}) into this paper" in reply_text(done)
    merged = await lab.app.library.papers.get(other)
    assert as_draft(merged) == PaperDraft(
        "Second of Two, Longer",
        ONE.authors,
        venue="arXiv",
        date=PartialDate(2022),
        identifiers=("arxiv:2301.00001", "arxiv:2301.00002"),
        tags=("maths", "nlp"),
    )
    undone = await lab.moderator.click(done.response, label="Undo")
    assert "merged **Second of Two, Longer**" in reply_text(undone)
    assert as_draft(await lab.app.library.papers.get(other)) == TWO
    again = await lab.moderator.click(undone.response, label="Redo")
    assert "↪️ Redid change " in reply_text(again)
    assert (await lab.app.library.papers.get(other)).id == one


async def test_a_merge_shows_which_list_of_authors_is_incomplete(lab: Lab) -> None:
    short = await lab.add(
        PaperDraft(title="A First Look", authors=("Ada Lovelace",), authors_complete=False)
    )
    long = await lab.add(
        PaperDraft(title="A Second Look", authors=("Ada Lovelace", "Emmy Noether"))
    )
    shown = await lab.run(lab.moderator, "curate merge", paper=str(short), into=str(long))
    assert f"#{long}: Ada Lovelace, Emmy Noether\n" in shown
    assert f"#{short}: Ada Lovelace, et al." in shown


async def test_unrelated_papers_are_merged_only_after_a_warning(lab: Lab) -> None:
    one = await lab.add(ONE)
    other = await lab.add(PaperDraft("Ferns of the North", ("Ida Berg",), venue="Journal of Ferns"))
    warning = "⚠️ **They have no authors and no identifiers in common"
    shown = await curate(lab, "merge", paper=f"#{other}", into=f"#{one}")
    assert warning in reply_text(shown)
    await lab.moderator.select(shown.response, ["source"], custom_id=_menu_id(shown, "Title"))
    asked = await lab.moderator.click(shown.response, label="Merge")
    assert "Are these the same paper?" in reply_text(asked)
    assert (await lab.app.library.papers.get(other)).id == other
    back = await lab.moderator.click(asked.response, label="Back")
    assert warning in reply_text(back)
    assert _chosen(back, "Title") == "source"
    asked = await lab.moderator.click(back.response, label="Merge")
    cancelled = await lab.moderator.click(asked.response, label="Cancel")
    assert "👌 Nothing changed." in reply_text(cancelled)
    assert "[Merge" not in reply_text(cancelled)
    assert (await lab.app.library.papers.get(other)).id == other
    shown = await curate(lab, "merge", paper=f"#{other}", into=f"#{one}")
    asked = await lab.moderator.click(shown.response, label="Merge")
    done = await lab.moderator.click(asked.response, label="Merge anyway")
    assert f"🔗 Merged **Ferns of the North** (#{other}) into this paper" in reply_text(done)
    assert (await lab.app.library.papers.get(other)).id == one


@pytest.mark.parametrize(
    "draft",
    [
        PaperDraft("Ferns of the North", ("A. Lee", "Ida Berg")),
        PaperDraft("Ferns", links=(Link(LinkKind.PAGE, "https://arxiv.org/abs/2301.00001v2"),)),
    ],
)
async def test_papers_with_something_in_common_are_merged_without_a_warning(
    lab: Lab, draft: PaperDraft
) -> None:
    one = await lab.add(ONE)
    other = await lab.add(draft)
    shown = await curate(lab, "merge", paper=f"#{other}", into=f"#{one}")
    assert "in common" not in reply_text(shown)
    cancelled = await lab.moderator.click(shown.response, label="Cancel")
    assert "👌 Nothing changed." in reply_text(cancelled)
    shown = await curate(lab, "merge", paper=f"#{other}", into=f"#{one}")
    await lab.moderator.click(shown.response, label="Merge")
    assert (await lab.app.library.papers.get(other)).id == one


async def test_a_merge_keeps_values_and_what_moderators_set_unless_told_otherwise(lab: Lab) -> None:
    one = await lab.add(PaperDraft("A Fern", ("Ann Lee",), venue="ICML", abstract="Short."))
    other = await lab.add(
        PaperDraft("Ferns", ("Ann Lee", "Bo Chen"), venue="arXiv", date=PartialDate(2023))
    )
    papers = lab.app.library.papers
    edited = as_draft(await papers.get(other))
    await papers.edit(other, replace(edited, venue="Workshop on Ferns"), OTHER_MODERATOR)
    untitled = as_draft(await papers.get(one))
    await papers.edit(one, replace(untitled, title="10.1000/ferns"), OTHER_MODERATOR)
    shown = await curate(lab, "merge", paper=f"#{other}", into=f"#{one}")
    names = ("Title", "Authors", "Venue", "Date", "Abstract")
    chosen = {name: _chosen(shown, name) for name in names}
    assert chosen == {
        "Title": "source",  # the other's is only an ID
        "Authors": "source",
        "Venue": "source",  # a moderator set it
        "Date": "source",
        "Abstract": "target",
    }
    await lab.moderator.click(shown.response, label="Merge")
    merged = await papers.get(one)
    assert (merged.title, merged.venue, merged.abstract) == ("Ferns", "Workshop on Ferns", "Short.")
    other = await lab.add(PaperDraft("Ferns, Again", ("Ann Lee",), venue="Journal of Ferns"))
    shown = await curate(lab, "merge", paper=f"#{one}", into=f"#{other}")
    assert _chosen(shown, "Venue") == "source"
    shown = await curate(lab, "merge", paper=f"#{other}", into=f"#{one}")
    assert _chosen(shown, "Venue") == "target"


async def test_a_paper_cannot_be_merged_with_itself(lab: Lab) -> None:
    one, other = await add_two_papers(lab)
    same = await curate(lab, "merge", paper=f"#{one}", into="2301.00001")
    assert "Both are the same paper" in reply_text(same)
    shown = await curate(lab, "merge", paper=f"#{other}", into=f"#{one}")
    await lab.app.library.papers.remove(other, OTHER_MODERATOR)
    gone = await lab.moderator.click(shown.response, label="Merge")
    assert f"Paper #{other} is no longer in the list." in reply_text(gone)


async def test_a_merge_shows_concurrent_changes_and_keeps_the_choices(lab: Lab) -> None:
    one, other = await add_two_papers(lab)
    shown = await curate(lab, "merge", paper=f"#{other}", into=f"#{one}")
    await lab.moderator.select(shown.response, ["target"], custom_id=_menu_id(shown, "Venue"))
    await lab.app.library.papers.tag(other, ["new"], [], OTHER_MODERATOR)
    asked = await lab.moderator.click(shown.response, label="Merge")
    assert f"Someone else just changed #{other}" in reply_text(asked)
    assert "**Tags** nlp → new, nlp\n-# cleo" in reply_text(asked)
    await lab.moderator.click(asked.response, label="Merge")
    merged = await lab.app.library.papers.get(one)
    assert (merged.venue, merged.tags) == ("arXiv", ("maths", "new", "nlp"))


async def test_a_merge_into_a_paper_that_was_merged_meanwhile_compares_with_its_new_paper(
    lab: Lab,
) -> None:
    one, other = await add_two_papers(lab)
    third = await lab.add(PaperDraft("Third of Them", venue="TMLR"))
    shown = await curate(lab, "merge", paper=f"#{other}", into=f"#{one}")
    kept = as_draft(await lab.app.library.papers.get(third))
    await lab.app.library.papers.merge(third, one, kept, OTHER_MODERATOR)
    asked = reply_text(await lab.moderator.click(shown.response, label="Merge"))
    assert f"Someone else just changed #{one}" in asked
    assert "**Title** First of Two → Third of Them" in asked
    assert f"Merge #{other} into #{third}" in asked


async def test_the_second_of_two_editors_sees_what_the_first_changed(lab: Lab) -> None:
    number = await lab.add(ONE)
    mine = await curate(lab, "edit", paper=f"#{number}")
    theirs = await curate(lab, "edit", paper=f"#{number}")
    typed = form_values(theirs.modal)
    await lab.moderator.submit_modal(
        theirs, {**typed, "title": "Theirs", "venue_and_year": "TMLR 2022", "links": ""}
    )
    result = await lab.moderator.submit_modal(
        mine, {**typed, "title": "Mine", "abstract": "Much text. " * 300}
    )
    assert result.ephemeral
    text = reply_text(result)
    assert "Someone else changed **Theirs**" in text
    assert "**Title** First of Two → Theirs\n-# noor · <t:" in text
    assert "**Venue** arXiv → TMLR" in text
    assert (await lab.app.library.papers.get(number)).title == "Theirs"
    again = await lab.moderator.click(result.response, label="Continue editing")
    filled = form_values(again.modal)
    assert (filled["title"], filled["venue_and_year"]) == ("Mine", "TMLR 2022")
    assert filled["abstract"] == "Much text. " * 300
    done = await lab.moderator.submit_modal(again, filled)
    assert "✏️ Saved" in reply_text(done)
    paper = await lab.app.library.papers.get(number)
    assert (paper.title, paper.venue) == ("Mine", "TMLR")
    assert paper.abstract.startswith("Much text.")


async def test_a_long_list_of_concurrent_changes_is_cut(lab: Lab) -> None:
    one, other = await add_two_papers(lab)
    shown = await curate(lab, "merge", paper=f"#{other}", into=f"#{one}")
    every = PaperDraft(
        "T " * 190,
        tuple(f"Author {n} of Very Many" for n in range(40)),
        authors_complete=False,
        abstract="b " * 2000,
        venue="v " * 140,
        note="n " * 140,
        tags=tuple(f"a tag of many {n}" for n in range(19)),
    )
    await lab.app.library.papers.edit(other, every, OTHER_MODERATOR)
    asked = await lab.moderator.click(shown.response, label="Merge")
    assert "**Title** Second of Two, Longer → T T" in reply_text(asked)
    assert re.search(r"-# and \d more\n###", reply_text(asked))
    assert len(reply_text(asked)) < 4000
    await lab.moderator.select(asked.response, ["source"], custom_id=_menu_id(asked, "Authors"))
    question = await lab.moderator.click(asked.response, label="Merge")
    assert "no authors and no identifiers in common" in reply_text(question)
    await lab.moderator.click(question.response, label="Merge anyway")
    merged = await lab.app.library.papers.get(one)
    assert (len(merged.authors), merged.authors_complete) == (40, False)


async def test_an_edit_shows_what_undoing_a_merge_changed_meanwhile(lab: Lab) -> None:
    one, other = await add_two_papers(lab)
    await lab.app.library.papers.merge(one, other, TWO, OTHER_MODERATOR)
    mine = await curate(lab, "edit", paper=f"#{one}")
    merged = await lab.app.library.audit.last_by(OTHER_MODERATOR)
    assert merged is not None
    await lab.app.library.undo(merged.id, OTHER_MODERATOR)
    typed = {**form_values(mine.modal), "abstract": "Mine."}
    result = await lab.moderator.submit_modal(mine, typed)
    assert "**Venue** ICML → arXiv" in reply_text(result)
    again = await lab.moderator.click(result.response, label="Continue editing")
    await lab.moderator.submit_modal(again, form_values(again.modal))
    paper = await lab.app.library.papers.get(one)
    assert (paper.venue, paper.abstract) == ("arXiv", "Mine.")


async def test_the_log_shows_who_changed_what_and_its_pages_turn_after_a_restart(
    lab: Lab, settings: Settings
) -> None:
    number = await lab.add(ONE)
    library = lab.app.library
    for tag in "abcdef":
        await library.papers.tag(number, [tag], [], OTHER_MODERATOR)
    await library.papers.upsert_many([TWO, PaperDraft("A Third")], Origin.IMPORT, OTHER_MODERATOR)
    shown = await curate(lab, "history")
    assert shown.ephemeral
    text = reply_text(shown)
    assert "📥 imported papers: 2 added" in text
    assert "🏷️ changed the tags of **First of Two**" in text
    assert "Tags: a, b, c, d, e, maths → a, b, c, d, e, f, maths" in text
    assert "-# cleo · <t:" in text
    assert text.count("[Undo]") == 5
    again = await lab.restart(settings)
    older = await lab.moderator.click(shown.response, label="Older ▶")
    assert "Tags: maths → a, maths" in reply_text(older)
    newer = await lab.moderator.click(older.response, label="◀ Newer")
    assert reply_text(newer) == text
    last = await library.audit.last_by(OTHER_MODERATOR)
    assert last is not None
    undone = await lab.moderator.click(newer.response, custom_id=f"undo:{last.id}")
    assert "📥 imported papers: 2 added" in reply_text(undone)
    assert await library.papers.find(number + 1) is None
    await again.close()


async def test_the_log_of_a_paper_includes_its_part_of_an_import(lab: Lab) -> None:
    imported = await lab.app.library.papers.upsert_many([ONE], Origin.IMPORT, OTHER_MODERATOR)
    paper = await lab.app.library.papers.get_by_text("2301.00001")
    await lab.app.library.papers.remove(paper.id, OTHER_MODERATOR)
    text = reply_text(await curate(lab, "history", paper=f"#{paper.id}"))
    assert f"Changes to **First of Two** (#{paper.id})" in text
    assert f"part of change {imported.change_id}" in text
    assert "Removed from the list" in text
    assert "I couldn't find a paper" in reply_text(await curate(lab, "history", paper="#999"))


async def test_undo_reverts_your_own_last_change_or_any_by_number(lab: Lab) -> None:
    assert "You have no changes to undo" in reply_text(await curate(lab, "undo"))
    number = await lab.add(ONE)
    await curate(lab, "tag", paper=f"#{number}", add="mine")
    await lab.app.library.papers.tag(number, ["theirs"], [], OTHER_MODERATOR)
    theirs = await lab.app.library.audit.last_by(OTHER_MODERATOR)
    assert theirs is not None
    refused = await curate(lab, "undo")
    assert f"#{number} has been changed since then. Undo change {theirs.id} first" in reply_text(
        refused
    )
    offered = await lab.moderator.autocomplete(lab.channel, "curate undo", "change", "tags")
    assert [one["value"] for one in offered] == [str(theirs.id), str(theirs.id - 1)]
    assert "First of Two" in offered[0]["name"]
    undone = await curate(lab, "undo", change=f"#{theirs.id}")
    assert undone.ephemeral
    assert "🏷️ changed the tags of **First of Two**" in reply_text(undone)
    await curate(lab, "undo")
    assert (await lab.app.library.papers.get(number)).tags == ("maths",)
    assert "Enter the number of a change" in reply_text(await curate(lab, "undo", change="last"))
    assert "couldn't find that change" in reply_text(await curate(lab, "undo", change="999"))


async def test_only_moderators_see_what_was_removed_or_changed(lab: Lab) -> None:
    number = await lab.add(ONE)
    for custom_id in ("undo:1", f"log:{lab.member.id}:{number}:0:9"):
        assert "Only moderators" in await lab.press_custom_id(lab.member, custom_id)
    for actor, channel in [(lab.member, lab.channel), (lab.other_manager, lab.other_channel)]:
        assert not [n for n in actor.available_commands(channel) if n.startswith("curate")]


def _menu_id(shown: Any, name: str) -> str:
    """Returns the custom id of a field's menu."""
    return str(_menu(shown, name)["custom_id"])


def _chosen(shown: Any, name: str) -> str:
    """Returns what is preselected in a field's menu."""
    (chosen,) = [one["value"] for one in _menu(shown, name)["options"] if one.get("default")]
    return str(chosen)


def _menu(shown: Any, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def look(components: Any) -> None:
        for raw in components:
            part = raw if isinstance(raw, dict) else raw.to_dict()
            if part.get("placeholder") == name:
                found.append(part)
            look(part.get("components", []))

    look(shown.response.components)
    return found[0]
