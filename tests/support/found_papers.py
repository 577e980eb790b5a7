"""Papers that are found for two people of the lab, and telling the moderators of them."""

from __future__ import annotations

from bot.found_posts import tell_moderators
from storage.models import PaperDraft, PartialDate
from storage.people.evidence import Lab as Affiliations
from storage.people.models import Credit, IdScheme, PersonDraft, PersonId, Witness
from tests.support.lab import Lab
from tests.support.library import MODERATOR

ORCID = PersonId(IdScheme.ORCID, "0000-0002-1825-0097")


def witness(number: int, *credits: Credit) -> Witness:
    """Returns what Crossref says about a paper with these credits."""
    draft = PaperDraft(
        f"Ferns of the north {number}",
        tuple(one.name for one in credits),
        date=PartialDate(2026, 5, 12),
        identifiers=(f"doi:10.1000/{number}",),
    )
    return Witness("crossref", str(number), draft, credits)


async def add_people(lab: Lab) -> None:
    """Registers Ann Lee (number 1) and Bo Chen (number 2)."""
    await lab.app.library.people.add(PersonDraft("Ann Lee", ids=(ORCID,)), MODERATOR)
    await lab.app.library.people.add(PersonDraft("Bo Chen"), MODERATOR)


async def find_papers(lab: Lab, number: int = 1, *, first: int = 0, is_first: bool = False) -> None:
    """Finds papers that are surely Ann Lee's and may be Bo Chen's, who are registered if needed."""
    if not await lab.app.library.people.all():
        await add_people(lab)
    credits = (Credit("Ann Lee", (ORCID,)), Credit("Bo Chen"))
    said = [witness(one, *credits) for one in range(first, first + number)]
    await lab.app.library.found_papers.ingest(said, Affiliations(), is_first=is_first)


async def find_weak(lab: Lab, number: int, *, first: int = 100) -> None:
    """Finds papers that have nothing but Bo Chen's name."""
    said = [witness(one, Credit("Bo Chen")) for one in range(first, first + number)]
    await lab.app.library.found_papers.ingest(said, Affiliations())


async def tell(lab: Lab) -> None:
    """Tells the moderators of what was found, as the bot does after each poll."""
    channel_id = lab.app.client.moderators.channel_id
    assert channel_id is not None
    await tell_moderators(lab.app.library, lab.app.settings.lab, channel_id)
    await lab.app.deliver()
