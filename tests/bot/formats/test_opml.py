from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.opml import MAX_BYTES, Outline, read_opml, write_opml
from storage.errors import InvalidInput
from storage.feeds.models import Feed
from tests.support.feeds import make_feed

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def followed(url: str, title: str, venue: str = "", *, is_reviewed: bool = False) -> Feed:
    return make_feed(Feed, url=url, title=title, venue=venue, is_reviewed=is_reviewed)


def test_a_written_list_is_read_back_unchanged() -> None:
    feeds = [
        followed("https://lab.org/feed?a=1&copy=2", "Ann & “Bö” <b>研究</b>", "ICML, 2023/24"),
        followed("https://e.org/'\"", "", is_reviewed=True),
    ]
    assert read_opml(write_opml(feeds, NOW).encode()) == (
        Outline("https://lab.org/feed?a=1&copy=2", "Ann & “Bö” <b>研究</b>", "ICML, 2023/24"),
        Outline("https://e.org/'\"", "https://e.org/'\"", "", is_reviewed=True),
    )


text = st.text(max_size=60).map(lambda part: " ".join(part.split()))


@given(st.lists(st.tuples(text, text, st.booleans()), min_size=1, max_size=5))
def test_any_title_and_venue_survives_the_round_trip(rows: list[tuple[str, str, bool]]) -> None:
    feeds = [
        followed(f"https://lab.org/{number}", title, venue, is_reviewed=is_reviewed)
        for number, (title, venue, is_reviewed) in enumerate(rows)
    ]
    read = read_opml(write_opml(feeds, NOW).encode())
    assert [one.url for one in read] == [feed.url for feed in feeds]
    assert [one.is_reviewed for one in read] == [feed.is_reviewed for feed in feeds]


def test_nested_outlines_are_flattened_and_deduplicated() -> None:
    body = b"""<?xml version="1.0"?><opml version="1.1"><body>
      <outline text="Science"><outline text="ML">
        <outline text="One" xmlUrl=" https://lab.org/1 "/>
        <outline title="Two" text="" type="rss" xmlUrl="https://lab.org/2" htmlUrl="x"/>
      </outline></outline>
      <outline text="Again"><outline text="One, again" xmlUrl="https://lab.org/1"/></outline>
      <outline text="A note"/>
      <outline text="A page" type="link" url="https://lab.org/list.opml"/>
    </body></opml>"""
    assert read_opml(body) == (
        Outline("https://lab.org/1", "One"),
        Outline("https://lab.org/2", "Two"),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "cp1252"])
def test_every_common_encoding_is_read(encoding: str) -> None:
    head = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    body = f'{head}<opml><body><outline text="Bücher" xmlUrl="https://lab.org/é"/></body></opml>'
    assert read_opml(body.encode(encoding)) == (Outline("https://lab.org/é", "Bücher"),)


def test_bare_ampersands_are_repaired_and_other_errors_named_by_line() -> None:
    body = b"""<opml><body><outline text="A & B &nbsp;" xmlUrl="https://lab.org/1?a=1&b=2"/>
      <outline text="Two" xmlUrl="https://lab.org/2"/></body></opml>"""
    assert read_opml(body) == (
        Outline("https://lab.org/1?a=1&b=2", "A & B &nbsp;"),
        Outline("https://lab.org/2", "Two"),
    )
    with pytest.raises(InvalidInput, match="line 2 is malformed"):
        read_opml(body.replace(b"</body>", b""))


@pytest.mark.parametrize("part", ["<outline text='a' xmlUrl='b'>", "<!--", "<a ", "</", "<?"])
def test_hostile_markup_is_rejected_quickly(part: str) -> None:
    body = b"<opml>" + (part * (MAX_BYTES // len(part) - 9)).encode()
    with pytest.raises(InvalidInput, match=r"malformed|too many entries"):
        read_opml(body)
    with pytest.raises(InvalidInput, match="too many entries"):
        read_opml(b"<opml>" + b"<outline/>" * 10_000 + b"</opml>")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_rejected_before_expansion(encoding: str) -> None:
    lines = ['<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    body = f"<!DOCTYPE opml [{''.join(lines)}]><opml><body><outline text='&a11;' xmlUrl='x'/>"
    with pytest.raises(InvalidInput, match="declares XML entities"):
        read_opml(body.encode(encoding))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "line 1 is malformed"),
        (b"https://lab.org/list.opml", "line 1 is malformed"),
        (b"\x00\xff\xfe\x01", "line 1 is malformed"),
        (b"<rss><channel><item/></channel></rss>", "couldn't find any feeds in that file"),
        (b"<opml></outline></outline></opml>", "line 1 is malformed"),
        (b" " * (MAX_BYTES + 1), "larger than 1 MiB"),
    ],
)
def test_other_files_are_rejected_with_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        read_opml(body)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_rejected(body: bytes) -> None:
    for some in (body, b"<opml><outline xmlurl=" + body, b"<opml xmlns:a='" + body):
        try:
            read_opml(some)
        except InvalidInput:
            continue
