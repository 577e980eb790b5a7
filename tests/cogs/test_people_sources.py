"""`/people sources` and `watch`: how the services are that are asked for people's papers."""

from __future__ import annotations

from datetime import timedelta

from storage.people.models import IdScheme, PersonDraft, PersonId
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR


async def test_sources_say_how_they_are(lab: Lab) -> None:
    shown = await lab.run(lab.moderator, "people sources")
    assert shown.count("nobody to ask about") == 7
    orcid = PersonId(IdScheme.ORCID, "0000-0002-1825-0097")
    await lab.app.library.people.add(PersonDraft("Ada Nightjar", ids=(orcid,)), MODERATOR)
    sources, now = lab.app.library.sources, lab.clock()
    await sources.count_request("openalex")
    await sources.record_answer("openalex")
    await sources.count_request("crossref")
    await sources.record_failure("crossref", "It @everyone is down.", now + timedelta(hours=1))
    shown = await lab.run(lab.moderator, "people sources")
    at = int(now.timestamp())
    assert f"**OpenAlex** · last answer <t:{at}:R> · next <t:{at}:f> · 11 requests left" in shown
    assert f"**Crossref** · last answer never · next <t:{at + 3600}:f> · 5 requests left" in shown
    assert f"⚠️ Failing since <t:{at}:R> (1 failure): It \\@everyone is down." in shown
    assert "**ORCID** · last answer never" in shown
    assert "**DBLP** · nobody to ask about" in shown


async def test_watching_is_turned_off_and_on_again_by_undo(lab: Lab) -> None:
    result = await lab.moderator.slash(lab.channel, "people watch", on=False)
    assert result.ephemeral
    assert "I'm not looking for new papers" in reply_text(result)
    assert "⏸️ I'm not looking for any" in await lab.run(lab.moderator, "people sources")
    assert "That was already the case" in await lab.run(lab.moderator, "people watch", on=False)
    assert "turned off the search for new papers" in await lab.run(lab.moderator, "curate history")
    await lab.moderator.click(result.response, label="Undo")
    assert await lab.app.library.people.is_watching()
    assert "⏸️" not in await lab.run(lab.moderator, "people sources")
