from __future__ import annotations

import pytest

from storage.audit.models import NameChange
from storage.models import PaperDraft
from storage.papers.errors import PaperNotFound
from tests.support.lab import Lab, reply_text


async def test_moderators_merge_names_and_undo_that_once(lab: Lab) -> None:
    for name in ("Steve Harrow", "Steven Harrow"):
        await lab.add(PaperDraft(title=f"By {name}", authors=(name,)))
    result = await lab.moderator.slash(
        lab.channel, "people merge", name="Steve Harrow", into="Steven Harrow"
    )
    assert result.ephemeral
    assert "“Steve Harrow” is now an alias of **Steven Harrow**" in reply_text(result)
    shown = await lab.run(lab.member, "author", name="Steven Harrow")
    assert "2 papers" in shown
    assert "Also credited as Steve Harrow" in shown

    undone = await lab.moderator.click(result.response, label="Undo")
    assert "merged a name into **Steven Harrow**" in reply_text(undone)
    assert "1 paper" in await lab.run(lab.member, "author", name="Steven Harrow")
    (change_id,) = await changes(lab, "Steven Harrow", "merge")
    assert "already been undone" in await lab.press_custom_id(lab.moderator, f"undo:{change_id}")


async def test_a_short_name_can_be_split_and_is_suggested_as_credited(lab: Lab) -> None:
    await lab.add(PaperDraft(title="Initials", authors=("S. Biderman",)))
    choices = await lab.moderator.autocomplete(lab.channel, "people split", "name", "s. bid")
    assert "S. Biderman" in {choice["value"] for choice in choices}
    told_of = await lab.run(lab.moderator, "people split", name="S. Biderman")
    assert "is no longer an alias of **Stella Biderman**" in told_of
    assert "Initials" not in await lab.run(lab.member, "author", name="Stella Biderman")


async def test_a_former_name_is_shown_nowhere(lab: Lab) -> None:
    draft = PaperDraft(title="Renamed things", authors=("Jane Former", "Guest Writer"))
    number = await lab.add(draft)
    result = await lab.moderator.slash(
        lab.channel, "people rename", name="Jane Former", to="Jane New"
    )
    assert "Renamed to **Jane New** on 1 paper." in reply_text(result)
    seen = [
        reply_text(result),
        await lab.run(lab.member, "author", name="former"),
        await lab.run(lab.member, "author", name="guest writer"),
        await lab.run(lab.member, "search", query="former"),
        await lab.run(lab.member, "search", query="author:former renamed"),
        await lab.run(lab.member, "latest", author="Former"),
        await lab.run(lab.member, "random", author="Former"),
        await lab.run(lab.member, "paper", paper=f"#{number}"),
        repr(await lab.member.autocomplete(lab.channel, "author", "name", "form")),
        repr(await lab.member.autocomplete(lab.channel, "search", "author", "jane")),
        repr(await lab.moderator.autocomplete(lab.channel, "people split", "name", "form")),
        repr(await lab.app.library.papers.batch()),
    ]
    form = await lab.moderator.slash(lab.channel, "curate edit", paper=f"#{number}")
    seen.append(repr(form.modal))
    for text in seen:
        assert "Jane Former" not in text
    for text in seen[1:5]:
        assert "Jane New" in text

    await lab.moderator.click(result.response, label="Undo")
    assert "Jane Former" in await lab.run(lab.member, "paper", paper=f"#{number}")


async def test_adding_editing_and_removing_can_be_undone_with_a_button(lab: Lab) -> None:
    form = {"title": "Attention Is Enough", "authors": "Ada Lovelace", "links": "2304.01373"}
    shown = await lab.moderator.slash(lab.channel, "curate add")
    added = await lab.moderator.submit_modal(shown, form)
    number = (await lab.app.library.papers.get_by_text("2304.01373")).id

    shown = await lab.moderator.slash(lab.channel, "curate edit", paper=f"#{number}")
    edited = await lab.moderator.submit_modal(shown, {**form, "title": "Attention Is Not"})
    refused = await lab.moderator.click(added.response, label="Undo")
    assert "been changed since then" in reply_text(refused)
    undone = await lab.moderator.click(edited.response, label="Undo")
    assert "The paper is as it was before" in reply_text(undone)

    asked = await lab.moderator.slash(lab.channel, "curate remove", paper=f"#{number}")
    removed = await lab.moderator.click(asked.response, label="Remove")
    undone = await lab.moderator.click(removed.response, label="Undo")
    assert "The paper is back in the list" in reply_text(undone)
    assert (await lab.app.library.papers.get(number)).title == "Attention Is Enough"

    undone = await lab.moderator.click(added.response, label="Undo")
    assert "The paper is no longer in the list" in reply_text(undone)
    with pytest.raises(PaperNotFound):
        await lab.app.library.papers.get(number)


async def test_only_moderators_of_the_home_server_change_names_and_undo(lab: Lab) -> None:
    offered = lab.other_manager.available_commands(lab.other_channel)
    assert not [name for name in offered if name.split()[0] == "people"]
    assert "people claim" in lab.member.available_commands(lab.channel)
    refused = await lab.member.slash(lab.channel, "people split", name="Ann Lee")
    assert refused.ephemeral
    assert "Only moderators" in reply_text(refused)
    await lab.add(PaperDraft(title="A paper", authors=("Ann Lee",)))
    assert "Only moderators" in await lab.press_custom_id(lab.member, "undo:1")


async def test_invalid_names_are_explained_privately(lab: Lab) -> None:
    for command, options, sentence in [
        (
            "people merge",
            {"name": "Nobody Atall", "into": "Stella Biderman"},
            "couldn't find an author",
        ),
        ("people split", {"name": "Nobody"}, "No paper credits “Nobody” exactly"),
        ("people rename", {"name": "Stella Biderman", "to": "..."}, "Enter the new name"),
    ]:
        result = await lab.moderator.slash(lab.channel, command, **options)
        assert result.ephemeral
        assert sentence in result.response.content


async def changes(lab: Lab, name: str, action: str) -> list[int]:
    log = await lab.app.library.audit.page(limit=50)
    return [
        change.id
        for change in log.changes[::-1]
        if isinstance(change, NameChange) and (change.name, change.action) == (name, action)
    ]
