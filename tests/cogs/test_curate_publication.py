from __future__ import annotations

from dataclasses import replace

from storage.models import Origin, PaperDraft
from storage.publication import EntryType, Publication
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR

COMMAND = "curate publication"
ARTICLE = PaperDraft(
    title="On Lamps",
    venue="Journal of Lamps",
    identifiers=("doi:10.5555/lamps.1",),
    publication=Publication(EntryType.ARTICLE, volume="12", number="2", publisher="Acme"),
)


async def test_a_correction_stays_and_can_be_undone(lab: Lab) -> None:
    number = await lab.add(ARTICLE)
    result = await lab.moderator.slash(
        lab.channel, COMMAND, paper=f"#{number}", volume="13", pages="113-120", publisher="-"
    )
    assert "Saved: Journal article, vol. 13, no. 2, pp. 113–120." in reply_text(result)
    corrected = Publication(EntryType.ARTICLE, volume="13", number="2", pages="113–120")
    papers = lab.app.library.papers
    assert (await papers.get(number)).publication == corrected
    again = replace(
        ARTICLE, publication=replace(ARTICLE.publication, edition="2", issn="0028-0836")
    )
    await papers.upsert(again, Origin.FEED, MODERATOR)
    assert (await papers.get(number)).publication == corrected
    await lab.moderator.click(result.response, label="Undo")
    assert "13" not in str((await papers.get(number)).publication)


async def test_a_correction_has_to_change_something(lab: Lab) -> None:
    number = await lab.add(ARTICLE)
    answers = [
        await lab.run(lab.moderator, COMMAND, paper=f"#{number}"),
        await lab.run(lab.moderator, COMMAND, paper=f"#{number}", volume="12"),
    ]
    assert "Enter the volume, number, pages or publisher." in answers[0]
    assert "You didn't change anything." in answers[1]
