from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.markdown import (
    author_list,
    clip,
    count,
    escape,
    escape_prose,
    escape_sentence,
    link,
    split_messages,
    time_ahead,
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
    assert author_list(["A"], complete=False, limit=100) == "A et al."
    assert author_list(["A", "B"], complete=False, limit=100) == "A, B, et al."
    assert author_list([], complete=False, limit=100) == "et al."


def test_list_marks_and_headings_are_escaped() -> None:
    assert escape("- not a list") == "\\- not a list"
    assert escape("1. not a list") == "1\\. not a list"
    assert escape("# not a heading") == "\\# not a heading"
    assert escape("state-of-the-art 3.5") == "state-of-the-art 3.5"


def test_invisible_characters_are_dropped() -> None:
    assert escape("a\u202eb\u200bc\x00d\ne") == "abcd e"


def test_text_from_right_to_left_does_not_turn_what_follows() -> None:
    assert escape("عنوان *a*") == "\u2068عنوان \\*a\\*\u2069"
    assert link("שלום", "https://x.org", 100) == "[\u2068שלום\u2069](https://x.org)"
    assert escape("عنوان عنوان", 9) == "\u2068عنوان…\u2069"
    assert escape("naïve 深度学习") == "naïve 深度学习"
    assert escape_prose("שלום https://x.org") == "\u2068שלום <https://x.org>\u2069"


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("“שלום, GPT-4 *a*” (#42)", "“[שלום, GPT-4 \\*a\\*]” (#42)"),
        ("“A paper”, “a שלום” 2", "“A paper”, “[a שלום]” 2"),
        ("By שלום, עולם 3 times", "By [שלום, עולם] 3 times"),
        ("“It’s “שלום 7” again”: 5", "“It’s “[שלום 7]” again”: 5"),
        ("No “שלום: `/help` 2", "No “[שלום]: `/help` 2"),
    ],
)
def test_text_from_right_to_left_in_a_sentence_does_not_turn_what_follows(
    sentence: str, shown: str
) -> None:
    isolated = shown.replace("[", "\u2068").replace("]", "\u2069")
    assert escape_sentence(sentence) == isolated


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
    assert escape_sentence("a_b discord.gg/x") == r"a\_b discord\.gg/x"
    assert escape_sentence("https://a.example") == "https://a.example"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "Code is at https://github.com/lab/foo_bar_baz and https://ex.org/~roe/a.",
            "Code is at <https://github.com/lab/foo_bar_baz> and <https://ex.org/~roe/a>.",
        ),
        ("*See* (https://a.example/b_(c)).", r"\*See\* \(<https://a.example/b_(c)>\)."),
        ("**https://a.example/b**", r"\*\*<https://a.example/b>\*\*"),
        ("<https://a.example/?q=1&r=#s>", r"\<<https://a.example/?q=1&r=#s>\>"),
        ("[code](https://a.example/b)", r"\[code\]\(<https://a.example/b>\)"),
        ("“https://a.example/b”", "“<https://a.example/b>”"),
        ("https://a.example/*b*/c[1]x", "<https://a.example/%2Ab%2A/c%5B1%5Dx>"),
        ("- https://a.example", r"\- <https://a.example>"),
        ("HTTP://A.example/_b_c and b_c_", r"<HTTP://A.example/_b_c> and b\_c\_"),
        ("https://a.example/`b`||c||", r"<https://a.example/>\`b\`\|\|c\|\|"),
        ("http://, https://.", "http://, https://."),
        ("ftp://a.example/b_c", r"ftp://a.example/b\_c"),
        ("https://a.example/@everyone_x", r"https://a.example/\@everyone\_x"),
        ("a_b", r"a\_b"),
    ],
)
def test_urls_in_prose_are_clickable_and_all_else_is_escaped(text: str, shown: str) -> None:
    assert escape_prose(text) == shown


def test_a_url_is_never_cut() -> None:
    text = "Code is at https://a.example/long_name and data too."
    for limit in range(1, 80):
        shown = escape_prose(text, limit)
        assert len(shown) <= limit
        assert ("://" in shown) == ("<https://a.example/long_name>" in shown)
    assert escape_prose(f"https://a.example/{'x_' * 400}", 60).startswith(r"https://a.example/x\_x")


@given(st.text(), st.text(alphabet="ab/_*[]()<>|`\\@.:~# "), st.integers(1, 200))
def test_prose_has_no_active_markup_outside_its_urls(start: str, path: str, limit: int) -> None:
    shown = escape_prose(f"{start} https://a.example/{path}", limit)
    assert len(shown) <= limit
    rest = re.sub(
        r"\\.", "", re.sub(r"<https?://[^\s<>*\[\]|`\\]+>", "", shown, flags=re.IGNORECASE)
    )
    assert not set(rest) & set("*_~`|<>[]()@#\n")


@pytest.mark.parametrize("invite", INVITES)
def test_an_invite_in_prose_is_none(invite: str) -> None:
    assert not _INVITE.search(escape_prose(f"Join {invite} now"))


def test_a_title_with_a_url_in_it_is_still_a_link() -> None:
    title = "New paper out! On moss https://arxiv.org/abs/2603.00001"
    assert link(title, "https://lab.org/1", 200) == "[New paper out! On moss](https://lab.org/1)"
    only = link("https://arxiv.org/abs/2603.00001", "https://lab.org/1", 200)
    assert only == "https://arxiv.org/abs/2603.00001 ([link](https://lab.org/1))"
    assert link("On http://a.example moss", None, 200) == "On http://a.example moss"


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


def test_a_time_ahead_is_rounded_up_so_that_it_is_true_at_the_minute_shown() -> None:
    assert time_ahead(datetime(2026, 11, 30, 14, 5, tzinfo=UTC)) == "<t:1796047500:f>"
    assert time_ahead(datetime(2026, 11, 30, 14, 4, 0, 1, tzinfo=UTC), "t") == "<t:1796047500:t>"
