from datetime import timedelta

import pytest

from storage.announcements.message_keys import (
    are_same,
    event_key,
    joined_keys,
    message_keys,
    split_keys,
)
from storage.models import PaperDraft
from tests.support.lab import NOW

ARXIV = PaperDraft(title="A Paper", identifiers=("url:lab.org/1", "arxiv:2304.01373"))
DOI = PaperDraft(title="A paper", identifiers=("doi:10.1000/1",))
POST = PaperDraft(title="This week", identifiers=("url:lab.org/week-1", "guid:1234"))
NAMELESS = PaperDraft(title="A paper")


def same(one: PaperDraft, other: PaperDraft) -> bool:
    return are_same(message_keys(one), message_keys(other))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (ARXIV, PaperDraft(title="New title", identifiers=("arxiv:2304.01373",)), True),
        (ARXIV, DOI, True),  # the preprint and its publication
        (ARXIV, PaperDraft(title="A paper", identifiers=("arxiv:2304.01374",)), False),
        (DOI, PaperDraft(title="A paper", identifiers=("doi:10.1000/2",)), False),
        (DOI, PaperDraft(title="Another", identifiers=("doi:10.1000/2",)), False),
        (POST, PaperDraft(title="This week", identifiers=("url:lab.org/week-2",)), False),
        (POST, PaperDraft(title="Corrected", identifiers=("guid:1234",)), True),
        (NAMELESS, PaperDraft(title="A  PAPER"), True),
        (NAMELESS, PaperDraft(title="Another"), False),
        (PaperDraft(title="…"), PaperDraft(title="?"), False),
    ],
)
def test_papers_are_told_apart_as_the_list_does(
    one: PaperDraft, other: PaperDraft, *, expected: bool
) -> None:
    assert same(one, other) is expected
    assert same(other, one) is expected


def test_few_keys_are_the_most_reliable_ones() -> None:
    assert [key[0] for key in message_keys(ARXIV, 2)] == ["a", "t"]
    assert [key[0] for key in message_keys(ARXIV)] == ["a", "u", "t"]
    assert [key[0] for key in message_keys(POST, 2)] == ["u", "g"]


def test_joined_keys_are_split_again() -> None:
    assert split_keys(joined_keys(ARXIV)) == message_keys(ARXIV)
    key = event_key(7, NOW)
    assert split_keys(key) == (key,)
    assert key != event_key(7, NOW + timedelta(microseconds=1))
    assert split_keys("") == ()
