"""Tests of members' claims to be one of the lab's people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.errors import LabError
from storage.library import Library
from storage.models import Outcome
from storage.people.models import PersonDraft
from storage.review.account_claims import MAX_PENDING_CLAIMS
from storage.review.errors import AlreadyResolved, NotWaiting
from tests.support.library import MODERATOR, OTHER_MODERATOR

MIKA = (5, "mika")


async def test_a_claim_is_decided_once(library: Library) -> None:
    await library.people.add(PersonDraft("Ann Lee"), MODERATOR)
    claim = await library.review.claim(1, MIKA, channel_id=None)

    declined = await library.review.resolve_claim(claim.id, MODERATOR, is_accepted=False)

    assert declined.value.outcome is Outcome.DECLINED
    with pytest.raises(AlreadyResolved, match="noor has already decided"):
        await library.review.resolve_claim(claim.id, OTHER_MODERATOR, is_accepted=True)
    with pytest.raises(NotWaiting, match="couldn't find that claim"):
        await library.review.resolve_claim(99, MODERATOR, is_accepted=True)
    assert (await library.people.get(1)).discord_id is None


async def test_an_account_that_was_changed_since_is_not_undone(library: Library) -> None:
    await library.people.add(PersonDraft("Ann Lee"), MODERATOR)
    claim = await library.review.claim(1, MIKA, channel_id=None)
    accepted = await library.review.resolve_claim(claim.id, MODERATOR, is_accepted=True)
    await library.people.edit(1, lambda one: replace(one, discord_id=6), OTHER_MODERATOR)
    assert accepted.change_id is not None

    with pytest.raises(LabError, match="changed since then"):
        await library.undo(accepted.change_id, MODERATOR)

    assert (await library.people.get(1)).discord_id == 6


async def test_a_confirmation_of_somebody_who_was_removed_can_still_be_undone(
    library: Library,
) -> None:
    await library.people.add(PersonDraft("Ann Lee"), MODERATOR)
    claim = await library.review.claim(1, MIKA, channel_id=None)
    declined = await library.review.resolve_claim(claim.id, MODERATOR, is_accepted=False)
    await library.people.remove(1, MODERATOR)
    assert declined.change_id is not None

    await library.undo(declined.change_id, MODERATOR)

    assert (await library.review.claims([claim.id]))[claim.id].is_pending
    assert await library.review.count_claims() == 0  # there's nobody to confirm


async def test_an_account_of_somebody_else_is_not_linked(library: Library) -> None:
    await library.people.add(PersonDraft("Ann Lee"), MODERATOR)
    claim = await library.review.claim(1, MIKA, channel_id=None)
    await library.people.add(PersonDraft("Bo Chen", discord_id=MIKA[0]), MODERATOR)

    with pytest.raises(LabError, match="belongs to Bo Chen"):
        await library.review.resolve_claim(claim.id, MODERATOR, is_accepted=True)

    assert await library.review.count_claims() == 1


async def test_not_more_than_some_claims_wait(library: Library) -> None:
    await library.people.add(PersonDraft("Ann Lee"), MODERATOR)
    for number in range(MAX_PENDING_CLAIMS):
        await library.review.claim(1, (number, "somebody"), channel_id=None)

    with pytest.raises(LabError, match="Too many members are waiting"):
        await library.review.claim(1, (1000, "mika"), channel_id=None)
