"""Members choose between people of one name without seeing the numbers that tell them apart."""

from __future__ import annotations

from storage.models import PaperDraft, PartialDate
from storage.people.models import IdScheme, PersonDraft, PersonId
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR


async def test_people_of_one_name_are_chosen_while_typing(lab: Lab) -> None:
    for number, year, coauthor in ((1, 2019, "Jane Roe"), (2, 2023, "Bo Lee")):
        await lab.add(
            PaperDraft(
                title=f"Topic {number}",
                authors=(f"Wei Wang 000{number}", coauthor),
                date=PartialDate(year),
            )
        )
    for command, option in (("author", "name"), ("search", "author"), ("random", "author")):
        choices = await lab.member.autocomplete(lab.channel, command, option, "wei wang")
        assert [(one["name"], one["value"]) for one in choices] == [
            ("Wei Wang · 1 paper · 2019, with Jane Roe", "Wei Wang 0001"),
            ("Wei Wang · 1 paper · 2023, with Bo Lee", "Wei Wang 0002"),
        ]
    asked = await lab.member.slash(lab.channel, "author", name="Wei Wang")
    assert "“Wei Wang” could be 2 people" in reply_text(asked)
    (card,) = asked.response.components
    menu = card["components"][-1]["components"][0]
    assert [(one["label"], one["description"]) for one in menu["options"]] == [
        ("Wei Wang", "1 paper · 2019, with Jane Roe"),
        ("Wei Wang", "1 paper · 2023, with Bo Lee"),
    ]
    chosen = reply_text(await lab.member.select(asked.response, ["Wei Wang 0001"]))
    assert "Topic 1" in chosen
    assert "0001" not in chosen
    shown = [
        await lab.run(lab.member, "author", name="Wei Wang 0002"),
        await lab.run(lab.member, "search", query="topic", author="Wei Wang 0002"),
        await lab.run(lab.member, "random", author="Wei Wang 0002"),
    ]
    for text in shown:
        assert "Topic 2" in text
        assert "Topic 1" not in text
    shown += [await lab.run(lab.member, "cite", paper="Topic 2", style=style) for style in ("apa",)]
    assert "0002" not in "".join(shown)


async def test_a_member_is_the_namesake_whose_number_at_dblp_is_theirs(lab: Lab) -> None:
    await lab.add(PaperDraft(title="On owls", authors=("Wei Wang 0001", "Jane Roe")))
    await lab.add(PaperDraft(title="On bats", authors=("Wei Wang 0002", "Bo Lee")))
    for number, member in ((1, lab.member), (2, lab.moderator)):
        dblp = PersonId(IdScheme.DBLP, f"35/7092-{number}")
        draft = PersonDraft("Wei Wang", ids=(dblp,), discord_id=member.id)
        await lab.app.library.people.add(draft, MODERATOR)
    shown = await lab.run(lab.member, "author", name=f"<@{lab.member.id}>")
    assert "On owls" in shown
    assert "On bats" not in shown
    assert f"1 paper without a date · <@{lab.member.id}>" in shown
    assert "0001" not in shown
    other = await lab.run(lab.member, "author", name=f"<@{lab.moderator.id}>")
    assert "On bats" in other
    assert "On owls" not in other
