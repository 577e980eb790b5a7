from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.markdown import (
    author_list,
    clip,
    count,
    disarm_invites,
    escape,
    link,
    split_messages,
)

# What Discord takes for an invite, anywhere in the text of a message; at least this.
_INVITE = re.compile(r"discord(?:app)?\.(?:gg|com/invite)/\w", re.IGNORECASE)
INVITES = [
    "discord.gg/abc",
    "DISCORD.GG/abc",
    "https://discord.gg/abc",
    "http://www.discord.gg/abc",
    "discord.com/invite/abc",
    "https://discord.com/invite/abc?event=1",
    "https://ptb.discord.com/invite/abc",
    "discordapp.com/invite/abc",
    "https://discordapp.com/invite/abc",
    "dis\u200bcord.gg/abc",
    "(discord.gg/abc)",
    "xdiscord.gg/abc",
    "1. https://evil.example/discord.gg/abc",
]


@given(st.text(), st.integers(1, 200))
def test_escaped_text_fits_and_has_no_active_markup(text: str, limit: int) -> None:
    shown = escape(text, limit)
    assert len(shown) <= limit
    index = 0
    while index < len(shown):
        if shown[index] == "\\":
            index += 2
            continue
        assert shown[index] not in "*_~`|<>[]()@#"
        index += 1
    assert "\n" not in shown


@given(st.text(), st.integers(1, 100))
def test_clipped_text_fits(text: str, limit: int) -> None:
    assert len(clip(text, limit)) <= limit


@given(st.lists(st.text(min_size=1, max_size=60), max_size=300), st.booleans())
def test_an_author_list_fits(people: list[str], complete: bool) -> None:  # noqa: FBT001
    assert len(author_list(people, complete=complete, limit=300)) <= 300


def test_a_long_author_list_says_how_many_more_there_are() -> None:
    people = [f"Author {number}" for number in range(20)]
    shown = author_list(people, complete=True, limit=100)
    assert shown.startswith("Author 0, Author 1")
    assert shown.endswith(f"and {20 - shown.count('Author')} more")
    assert author_list(["A", "B"], complete=True, limit=100) == "A and B"
    assert author_list(["A"], complete=False, limit=100) == "A, et al."


def test_list_marks_and_headings_are_escaped() -> None:
    assert escape("- not a list") == "\\- not a list"
    assert escape("1. not a list") == "1\\. not a list"
    assert escape("# not a heading") == "\\# not a heading"
    assert escape("state-of-the-art 3.5") == "state-of-the-art 3.5"


def test_invisible_characters_are_dropped() -> None:
    assert escape("a\u202eb\u200bc\x00d\ne") == "abcd e"


def test_text_is_truncated_at_a_word() -> None:
    assert escape("one two three four five", 15) == "one two three…"
    assert clip("one two three four five", 15) == "one two three…"


def test_a_link_needs_a_valid_url_that_fits() -> None:
    assert link("A [b]", "https://x.org/(1)", 100) == "[A \\[b\\]](https://x.org/%281%29)"
    assert link("A", "javascript:alert(1)", 100) == "A"
    assert link("A", "https://x.org/a b", 100) == "A"
    assert link("A" * 50, "https://x.org/" + "y" * 90, 100) == "A" * 50
    assert link("A", None, 100) == "A"


@pytest.mark.parametrize("invite", INVITES)
def test_an_invite_reads_the_same_but_is_none(invite: str) -> None:
    for text in (invite, f"Join {invite} now", f"{invite} {invite}"):
        for shown in (escape(text), link(text, None, 300)):
            assert not _INVITE.search(shown)
            assert not re.search("https?://[^/]*discord", shown)
            assert re.sub(r"\\(.)", r"\1", shown) == text.replace("\u200b", "")
        assert not _INVITE.search(author_list([text, text], complete=True, limit=300))
        for limit in range(1, len(text) + 9):
            assert len(escape(text, limit)) <= limit
            assert not _INVITE.search(escape(text, limit))


@pytest.mark.parametrize("invite", INVITES)
def test_no_link_leads_to_an_invite(invite: str) -> None:
    url = (
        invite
        if invite.startswith("http")
        else f"https://a.example/?to={invite.removeprefix('1. ')}"
    )
    assert "](" not in link("A", url.replace("\u200b", ""), 300)


def test_other_links_to_discord_stay() -> None:
    url = "https://discord.com/blog/how-discord-indexes-trillions-of-messages"
    assert link("A", url, 200) == f"[A]({url})"


def test_an_invite_in_escaped_text_is_disarmed() -> None:
    assert disarm_invites(r"a\_b discord.gg/x") == r"a\_b discord\.gg/x"
    assert disarm_invites("https://a.example") == "https://a.example"


def test_numbers_agree_with_their_nouns() -> None:
    assert [count(number, "paper") for number in (0, 1, 1204)] == [
        "0 papers",
        "1 paper",
        "1,204 papers",
    ]
    assert count(2, "entry") == "2 entries"


def test_lines_are_packed_into_as_few_messages_as_possible() -> None:
    assert split_messages([]) == [""]
    assert split_messages(["a", "b"]) == ["a\nb"]
    lines = ["aaaa", "bbbb", "cccc"]
    assert split_messages(lines, limit=10, max_messages=2) == ["aaaa\nbbbb", "cccc"]
    assert split_messages(lines, limit=6, max_messages=2) == ["aaaa", "bbbb\n-# and 1 more line"]
    assert split_messages(lines, limit=6, max_messages=1, noun="feed") == [
        "aaaa\n-# and 2 more feeds"
    ]
