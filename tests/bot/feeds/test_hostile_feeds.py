"""What feeds of ill will send, made by hand; each is read as far as it goes or is a sentence."""

from __future__ import annotations

import contextlib
import gzip
import json
import pickle
from datetime import UTC, datetime

import pytest

from bot.feeds.item_mapping import FeedContext
from bot.feeds.parser import NotAFeed, ParsedFeed, parse_feed, read_items
from storage.models import PartialDate
from tests.support.linear_time import assert_takes_linear_time

NOW = datetime(2026, 11, 23, tzinfo=UTC)
URL = "https://lab.org/feed.xml"
ARXIV = "https://rss.arxiv.org/rss/cs.CL"
SPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
)


def rss(items: str, head: str = "", channel: str = "<title>T</title>") -> bytes:
    return f'{head}<rss version="2.0" {SPACES}><channel>{channel}{items}</channel></rss>'.encode()


def read(body: bytes, url: str = URL) -> ParsedFeed:
    return parse_feed(body, url, NOW)


def laughs() -> bytes:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "ha">{levels}]>'
    return rss("<item><title>&l9;</title><guid>1</guid></item>", head)


def blowup() -> bytes:
    head = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "{"a" * 50_000}">]>'
    return rss(f"<item><title>{'&a;' * 20_000}</title><guid>1</guid></item>", head)


def outside() -> bytes:
    head = (
        '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/passwd">'
        '<!ENTITY % p SYSTEM "http://169.254.169.254/">%p;]>'
    )
    return rss("<item><title>A &f; B</title><guid>1</guid></item>", head)


@pytest.mark.parametrize(
    "body", [laughs(), blowup(), outside()], ids=["laughs", "blowup", "outside"]
)
def test_entities_are_not_expanded_and_no_file_is_read(body: bytes) -> None:
    with contextlib.suppress(NotAFeed):
        for entry in read(body).entries:
            assert len(entry.draft.title) <= 400
            assert "root:" not in entry.draft.title
            assert "haha" not in entry.draft.title


@pytest.mark.parametrize("unit", ["&lt;!--", "&lt;b&gt;", "&lt;![CDATA[", "&amp;"])
def test_a_flood_of_markup_takes_linear_time(unit: str) -> None:
    def parse(size: int) -> None:
        text = unit * size
        parsed = read(rss(f"<item><title>One</title><description>{text}</description></item>"))
        assert [entry.draft.title for entry in parsed.entries] == ["One"]

    assert_takes_linear_time(parse, 40_000)


def test_bidirectional_and_invisible_characters_are_removed() -> None:
    title = "\u202eevil\u202c \u2066x\u2069 a\u200db\ufeff"
    parsed = read(
        rss(f"<item><title>{title}</title><dc:creator>{title}</dc:creator><guid>1</guid></item>")
    )
    (entry,) = parsed.entries
    assert entry.draft.title == "evil x ab"
    assert entry.draft.authors == ("evil x ab",)


def test_links_have_no_codes_for_terminals() -> None:
    link = "https://lab.example/\x1b]0;title\x07\x9b31mone\u202e two"
    body = json.dumps({"items": [{"id": "1", "title": "One", "url": link}]}).encode()
    (entry,) = read(body).entries
    assert entry.draft.url == "https://lab.example/]0;title31monetwo"
    assert all(name.isprintable() for name in entry.draft.identifiers)


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://[bad", "vbscript:x"],
)
def test_links_without_http_are_dropped_in_every_format(link: str) -> None:
    in_json = json.dumps({"items": [{"id": "1", "title": "One", "url": link}]}).encode()
    in_atom = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><entry><id>1</id>"
        f"<title>One</title><link href='{link}'/></entry></feed>"
    ).encode()
    for body in (in_json, in_atom, rss(f"<item><title>One</title><link>{link}</link></item>")):
        (entry,) = read(body).entries
        assert entry.draft.links == ()


def test_compressed_bytes_without_a_header_are_not_a_feed() -> None:
    with pytest.raises(NotAFeed):
        read(gzip.compress(rss("<item><title>One</title></item>")))


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("windows-1252", "utf-8"), ("utf-8", "iso-8859-1"), ("utf-16", "utf-8"), ("koi8-r", "koi8-r")],
)
def test_a_wrongly_declared_encoding_loses_no_entry(encoding: str, declared: str) -> None:
    title = "Привет" if encoding == "koi8-r" else "Crème brûlée"
    text = (
        f"<?xml version='1.0' encoding='{declared}'?>"
        + rss(f"<item><title>{title}</title><guid>1</guid></item>").decode()
    )
    (entry,) = read(text.encode(encoding)).entries
    assert entry.draft.title == title


def test_a_truncated_feed_gives_its_first_entries() -> None:
    items = "".join(f"<item><title>T {n}</title><guid>{n}</guid></item>" for n in range(10))
    parsed = read(rss(items)[:-120])
    assert len(parsed.entries) >= 7
    assert parsed.causes[0].startswith("Malformed")


def test_a_web_page_is_not_a_feed() -> None:
    with pytest.raises(NotAFeed, match="isn't a feed"):
        read(b"<!doctype html><html><head><title>Papers</title></head><body><p>Hi</body></html>")


def test_an_entry_that_crashes_the_mapping_does_not_affect_others() -> None:
    source = FeedContext(URL, "", "", NOW)
    good = {"title": "One", "id": "1"}
    entries, problems, causes = read_items([{"title": "T", "tags": 3}, good], source)
    assert [entry.draft.title for entry in entries] == ["One"]
    assert problems == ["Entry 1 caused an unexpected error, so I skipped it."]
    assert "TypeError" in causes[0]


def test_attributes_on_text_elements_are_harmless() -> None:
    item = "<item><title>One</title><arxiv:announce_type a='b'>new</arxiv:announce_type></item>"
    assert [entry.draft.title for entry in read(rss(item)).entries] == ["One"]


def test_an_unreadable_encoding_is_an_error() -> None:
    with pytest.raises(NotAFeed, match="isn't a feed") as caught:
        parse_feed(rss("<item/>"), URL, NOW, "text/xml; charset=undefined")
    assert "UnicodeError" in caught.value.cause
    travelled = pickle.loads(pickle.dumps(caught.value))
    assert (str(travelled), travelled.cause) == (str(caught.value), caught.value.cause)


def test_invalid_surrogate_pairs_are_dropped() -> None:
    (entry,) = read(rss("<item><title>A&#56500;&#57000;B</title></item>")).entries
    assert entry.draft.title == "AB"


def arxiv_item(
    number: int, kind: str = "new", version: int = 1, abstract: str = "We count."
) -> str:
    name = f"2611.{number:05}"
    return (
        f"<item><title>Paper {number}</title><link>https://arxiv.org/abs/{name}</link>"
        f"<description>arXiv:{name}v{version} Announce Type: {kind} \nAbstract: {abstract}"
        f"</description><guid isPermaLink='false'>oai:arXiv.org:{name}v{version}</guid>"
        f"<category>cs.CL</category><pubDate>Mon, 23 Nov 2026 00:00:00 -0500</pubDate>"
        f"<arxiv:announce_type>{kind}</arxiv:announce_type><dc:creator>Ada Lovelace</dc:creator>"
        "</item>"
    )


def test_a_full_day_of_arxiv_parses() -> None:
    parsed = read(rss("".join(map(arxiv_item, range(1, 501)))), ARXIV)
    assert len(parsed.entries) == 500
    assert {entry.draft.abstract for entry in parsed.entries} == {"We count."}
    assert parsed.problems == ()


def test_a_holiday_of_arxiv_is_an_empty_feed() -> None:
    days = "<skipDays><day>Sunday</day><day>Saturday</day></skipDays>"
    parsed = read(rss("", channel=f"<title>cs.CL updates</title>{days}"), ARXIV)
    assert (parsed.title, parsed.entries, parsed.problems) == ("cs.CL updates", (), ())
    assert parsed.hints.skipped_days == {5, 6}


def test_a_withdrawn_second_version_is_not_a_new_paper() -> None:
    item = arxiv_item(1, "replace", 2, "This paper has been withdrawn by its author.")
    assert read(rss(item), ARXIV).entries == ()


def test_a_new_and_cross_listed_paper_is_one_entry() -> None:
    (entry,) = read(rss(arxiv_item(1) + arxiv_item(1, "cross")), ARXIV).entries
    assert entry.key == "arxiv:2611.00001"
    assert entry.draft.date == PartialDate(2026, 11, 23)


def test_arxivs_error_is_an_empty_feed() -> None:
    parsed = read(rss("", channel="<title>Feed error for query: cs.NONE</title>"), ARXIV)
    assert parsed.entries == ()


def test_wordpress_entries_have_their_text_in_content() -> None:
    item = (
        "<item><title>Our &#8220;new&#8221; paper</title><link>https://lab.org/?p=7</link>"
        "<guid isPermaLink='false'>https://lab.org/?p=7</guid><dc:creator><![CDATA[ada]]></dc:creator>"
        "<description><![CDATA[Short [&#8230;]]]></description>"
        "<content:encoded><![CDATA[<p>The whole text, at length.</p>]]></content:encoded></item>"
    )
    (entry,) = read(rss(item)).entries
    assert entry.draft.title == "Our “new” paper"
    assert entry.draft.abstract == "The whole text, at length."


def test_substack_and_pmlr_feeds_parse() -> None:
    substack = (
        "<item><title><![CDATA[A post & more]]></title><description><![CDATA[Sub]]></description>"
        "<link>https://x.substack.com/p/a</link><guid isPermaLink='false'>"
        "https://x.substack.com/p/a</guid><dc:creator><![CDATA[Ada]]></dc:creator></item>"
    )
    pmlr = (
        "<item><title>On Things</title><description>We do.</description>"
        "<pubDate>Sun, 01 Nov 2026 00:00:00 +0000</pubDate>"
        "<link>https://proceedings.mlr.press/v300/lee26a.html</link>"
        "<guid isPermaLink='true'>https://proceedings.mlr.press/v300/lee26a.html</guid></item>"
    )
    first, second = read(rss(substack + pmlr)).entries
    assert first.draft.title == "A post & more"
    assert second.draft.date == PartialDate(2026, 11, 1)
