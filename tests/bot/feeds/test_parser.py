from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.feeds.parser import NotAFeed, ParsedFeed, parse_feed
from storage.feeds.models import Entry
from storage.models import Link, LinkKind, PaperDraft, PartialDate
from storage.papers.identifiers import feed_guid
from storage.publication import Publication
from storage.text import index_text

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" '
    'xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"'
)


def rss(items: str, channel: str = "<title>A feed</title><link>https://lab.org/</link>") -> bytes:
    return f'<rss version="2.0" {SPACES}><channel>{channel}{items}</channel></rss>'.encode()


def read(body: bytes | str, url: str = "https://lab.org/feed.xml") -> ParsedFeed:
    return parse_feed(body if isinstance(body, bytes) else body.encode(), url, NOW)


def only(body: bytes | str, url: str = "https://lab.org/feed.xml") -> PaperDraft:
    (entry,) = read(body, url).entries
    return entry.draft


def test_arxiv_lists_one_paper_with_joined_authors_and_a_prefixed_abstract() -> None:
    parsed = read(
        rss(
            "<item><title>On $T$ Things</title><link>https://arxiv.org/abs/2611.01234</link>"
            "<guid isPermaLink='false'>oai:arXiv.org:2611.01234v2</guid>"
            "<description>arXiv:2611.01234v2 Announce Type: new \nAbstract: We count.</description>"
            "<category>cs.CL</category><pubDate>Mon, 23 Nov 2026 00:00:00 -0500</pubDate>"
            "<arxiv:announce_type>new</arxiv:announce_type>"
            r"<dc:creator>Paulo Andr\'e, Ada Lovelace</dc:creator></item>"
        ),
        "https://rss.arxiv.org/rss/cs.CL",
    )
    assert parsed.entries == (
        Entry(
            "arxiv:2611.01234",
            PaperDraft(
                title="On T Things",
                authors=("Paulo André", "Ada Lovelace"),
                abstract="We count.",
                venue="arXiv",
                date=PartialDate(2026, 11, 23),
                identifiers=(
                    "arxiv:2611.01234",
                    feed_guid("rss.arxiv.org/rss/cs.CL", "oai:arXiv.org:2611.01234v2"),
                ),
            ),
            categories=("cs.CL",),
        ),
    )


@pytest.mark.parametrize(
    ("comment", "venue", "date", "is_undated"),
    [
        ("Accepted at ICML 2027 (Oral), 9 pages", "ICML", PartialDate(2027), False),
        ("To appear in Physical Review D", "Physical Review D", PartialDate(2026, 11, 23), True),
        ("9 pages, 3 figures", "arXiv", PartialDate(2026, 11, 23), False),
    ],
)
def test_an_authors_comment_names_the_venue(
    comment: str, venue: str, date: PartialDate, *, is_undated: bool
) -> None:
    draft = only(
        rss(
            "<item><title>T</title><link>https://arxiv.org/abs/2611.01234</link>"
            "<pubDate>Mon, 23 Nov 2026 00:00:00 GMT</pubDate>"
            f"<arxiv:comment>{comment}</arxiv:comment></item>"
        )
    )
    assert (draft.venue, draft.date, draft.venue_undated) == (venue, date, is_undated)


@pytest.mark.parametrize("kind", ["replace", "replace-cross"])
def test_new_versions_on_arxiv_are_not_entries(kind: str) -> None:
    item = (
        "<item><title>T</title><link>https://arxiv.org/abs/2611.01234</link>"
        f"<arxiv:announce_type>{kind}</arxiv:announce_type></item>"
    )
    parsed = read(rss(item))
    assert parsed.entries == ()
    assert parsed.problems == ()


def test_titles_of_arxivs_old_feed_lose_their_suffix() -> None:
    body = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
      xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
      <channel rdf:about="http://arxiv.org/"><title>hep-ex</title></channel>
      <item rdf:about="http://arxiv.org/abs/1805.06430">
      <title>Quarks. (arXiv:1805.06430v1 [hep-ex])</title>
      <link>http://arxiv.org/abs/1805.06430</link>
      <dc:creator> &lt;a href="x"&gt;A. Author&lt;/a&gt;,
      &lt;a&gt;B. Author&lt;/a&gt;</dc:creator></item>
      <item rdf:about="http://arxiv.org/abs/1705.06430">
      <title>Old. (arXiv:1705.06430v3 [hep-ex] UPDATED)</title>
      <link>http://arxiv.org/abs/1705.06430</link></item></rdf:RDF>"""
    draft = only(body)
    assert draft.title == "Quarks."
    assert draft.authors == ("A. Author", "B. Author")
    assert draft.date is None


def test_squarespace_names_the_poster_and_the_venue_and_cites_the_authors() -> None:
    body = rss(
        "<item><title>A Title</title><category>ICML</category><dc:creator>The Poster</dc:creator>"
        "<link>https://lab.org/papers/a</link><guid isPermaLink='false'>1:2:3</guid>"
        "<description><![CDATA[<p>Ann Lee et al. “A Title.” ICML, 2023. Oral</p><p>We do.</p>]]>"
        "</description></item>",
        "<title>Papers</title><generator>Site-Server v6 (http://www.squarespace.com)</generator>",
    )
    draft = only(body)
    assert draft.authors == ("Ann Lee",)
    assert not draft.authors_complete
    assert (draft.venue, draft.posted_by, draft.note) == ("ICML", "The Poster", "Oral")
    assert draft.abstract == "We do."


@pytest.mark.parametrize(
    ("posted", "date"), [("2025", PartialDate(2023)), ("2023", PartialDate(2023, 11, 3))]
)
def test_squarespace_papers_have_the_year_of_their_citation(posted: str, date: PartialDate) -> None:
    body = rss(
        f"<item><title>A Title</title><pubDate>Fri, 03 Nov {posted} 10:00:00 GMT</pubDate>"
        "<description><![CDATA[<p>Ann Lee et al. “A Title.” ICML, 2023.</p>]]></description>"
        "</item>",
        "<title>Papers</title><generator>Squarespace</generator>",
    )
    assert only(body).date == date


def test_squarespace_without_a_citation_has_no_authors() -> None:
    body = rss(
        "<item><title>A Title</title><dc:creator>The Poster</dc:creator>"
        "<description>We do.</description></item>",
        "<title>P</title><generator>Squarespace</generator>",
    )
    draft = only(body)
    assert (draft.authors, draft.posted_by, draft.venue) == ((), "The Poster", "")


def test_biorxivs_authors_keep_their_initials() -> None:
    draft = only(
        rss(
            "<item><title>Folding</title><link>http://biorxiv.org/cgi/2026.11.1v1?rss=1</link>"
            "<dc:creator>Kaur, M., Shukla, A. B.</dc:creator>"
            "<dc:identifier>doi:10.1101/2026.11.01.123456</dc:identifier></item>"
        ),
        "https://connect.biorxiv.org/biorxiv_xml.php?subject=all",
    )
    assert draft.authors == ("M. Kaur", "A. B. Shukla")
    assert draft.identifiers[0] == "doi:10.1101/2026.11.01.123456"
    assert draft.venue == "bioRxiv"


def test_publishers_prism_fields_are_read() -> None:
    draft = only(
        rss(
            "<item><title>T</title><link>https://nature.com/x</link><prism:doi>10.1038/X1</prism:doi>"
            "<prism:publicationName>Nature</prism:publicationName>"
            "<prism:volume>12</prism:volume><prism:number>3</prism:number>"
            "<prism:startingPage>113</prism:startingPage><prism:endingPage>120</prism:endingPage>"
            "<prism:issn>0028-0836</prism:issn>"
            "<dc:creator>Ann Lee</dc:creator><dc:creator>Bo Chen</dc:creator></item>"
        )
    )
    assert draft.identifiers[0] == "doi:10.1038/x1"
    assert draft.venue == "Nature"
    assert draft.publication == Publication(
        volume="12", number="3", pages="113–120", issn="0028-0836"
    )
    assert draft.authors == ("Ann Lee", "Bo Chen")
    assert draft.links == (Link(LinkKind.PAGE, "https://nature.com/x"),)


def test_atom_with_relative_links_and_html_titles_is_read() -> None:
    draft = only(
        """<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title>
        <link href="https://lab.org/" /><entry><id>urn:1</id>
        <title type="html">A &lt;b&gt;bold&lt;/b&gt;\nclaim &amp;amp; more</title>
        <link href="/p/1.pdf"/><updated>2026-11-01T00:00:00Z</updated>
        <author><name>Ann Lee</name></author><author><name>bo@lab.org</name></author>
        <category term="Vision"/><content type="html">&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;
        </content></entry></feed>"""
    )
    assert draft.title == "A bold claim & more"
    assert draft.links == (Link(LinkKind.PDF, "https://lab.org/p/1.pdf"),)
    assert draft.abstract == "One.\n\nTwo."
    assert draft.tags == ("vision",)
    assert draft.authors == ("Ann Lee",)
    assert draft.date == PartialDate(2026, 11, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        *("x" * 20_000, "`" * 30_000, " " * 100_000),
        *("a" + "," * 20_000 + "b", "-a" * 20_000, "“" * 2_900),
    ],
)
def test_long_runs_of_one_element_parse(text: str) -> None:
    """Each of these once took many seconds, for a pattern that tried every start of the run.

    (feedparser has such a pattern for credits; the worker's time limit is for that.)
    """
    items = "".join(
        f"<item><title>{text}T{number}</title><dc:creator>{text[:2000]}</dc:creator><dc:creator>B"
        f"</dc:creator><guid>{number}</guid><description>{text}</description></item>"
        for number in range(3)
    )
    dc = "xmlns:dc='http://purl.org/dc/elements/1.1/'"
    found = read(f"<rss version='2.0' {dc}><channel><title>T</title>{items}</channel></rss>")
    assert len(found.entries) == 3
    assert all(isinstance(index_text(entry.draft.abstract), str) for entry in found.entries)


def test_lone_surrogates_are_harmless() -> None:
    pair = read(rss("<item><title>&#55357;&#56832; Joy</title><guid>1</guid></item>"))
    assert [entry.draft.title for entry in pair.entries] == ["😀 Joy"]
    halves = b'{"version": "1", "title": "T", "items": [{"id": "a\\ud800", "title": "One"}]}'
    (entry,) = read(b"\xef\xbb\xbf" + halves).entries
    assert entry.key == "a"


def test_a_url_that_several_entries_share_identifies_none() -> None:
    items = "".join(
        f"<item><title>Part {number}</title><link>https://lab.org/pubs</link><guid>{number}</guid>"
        "</item>"
        for number in range(2)
    )
    for entry in read(rss(items)).entries:
        assert "url:lab.org/pubs" not in entry.draft.identifiers
        assert entry.draft.identifiers


def test_several_elements_each_name_one_person() -> None:
    dc = "xmlns:dc='http://purl.org/dc/elements/1.1/'"
    people = "".join(
        f"<dc:creator>{name}</dc:creator>" for name in ("Lovelace, Ada", "Martin Luther King, Jr.")
    )
    item = f"<item><title>T</title>{people}</item>"
    (entry,) = read(f"<rss version='2.0' {dc}><channel>{item}</channel></rss>").entries
    assert entry.draft.authors == ("Ada Lovelace", "Martin Luther King Jr.")


def test_a_json_feed_is_read() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "home_page_url": "https://lab.org/",
        "items": [
            {
                "id": "1",
                "url": "https://lab.org/1",
                "title": "T",
                "content_html": "<p>Body</p>",
                "date_published": "2026-11-02T00:00:00Z",
                "authors": [{"name": "Ann Lee"}],
                "tags": ["a", 3],
            },
            {"id": 2, "title": "U", "author": {"name": "Bo"}, "date_published": "never"},
            "no item",
        ],
    }
    first, second = read(json.dumps(feed)).entries
    assert first.draft.abstract == "Body"
    assert first.draft.date == PartialDate(2026, 11, 2)
    assert first.draft.authors == ("Ann Lee",)
    assert second.key == "2"
    assert second.draft.date is None


@pytest.mark.parametrize(
    "body", [b"", b"<html><p>hello</p></html>", b"{}", b"{broken", b'{"items": 3}', b"/etc/passwd"]
)
def test_other_content_is_not_a_feed(body: bytes) -> None:
    with pytest.raises(NotAFeed, match="isn't a feed"):
        read(body)


def test_an_entry_without_a_title_uses_its_text_or_is_reported() -> None:
    parsed = read(
        rss("<item><description>Only text.</description></item><item><link>x</link></item>")
    )
    assert parsed.entries[0].draft.title == "Only text."
    assert parsed.problems == ("Entry 2 has neither a title nor any text, so I skipped it.",)


def test_an_entry_without_an_id_has_its_link_or_title_as_key() -> None:
    parsed = read(
        rss(
            "<item><title>A</title><link>https://lab.org/a/</link></item>"
            "<item><title>B C</title></item>"
        )
    )
    assert [entry.key for entry in parsed.entries] == ["lab.org/a", "b c"]
    assert parsed.entries[1].draft.identifiers == (feed_guid("lab.org/feed.xml", "b c"),)


def test_the_secrets_of_a_feeds_url_are_in_nothing_but_keys() -> None:
    url = "https://lab.org/feed.xml?token=0123456789"
    parsed = read(
        rss(
            "<item><title>A</title><link>/a?token=0123456789&amp;id=1</link></item>"
            f"<item><title>B</title><link>#b</link><guid>{url}#b</guid></item>"
            "<item><title>C</title><link>https://ann:pw@e.org/c?key=2</link></item>",
            f"<title>{url}</title><link>{url}</link>",
        ),
        url,
    )
    assert parsed.title == "https://lab.org/feed.xml?token=…"
    drafts = [entry.draft for entry in parsed.entries]
    assert "0123456789" not in repr(drafts)
    assert [draft.url for draft in drafts] == [
        "https://lab.org/a?id=1",
        "https://lab.org/feed.xml#b",
        "https://e.org/c?key=2",
    ]
    # The keys stay the same as ever, so that no entry looks new.
    assert parsed.entries[0].key == "lab.org/a?id=1&token=0123456789"
    assert "0123456789" not in repr(parsed)


def test_the_same_id_twice_is_one_entry() -> None:
    item = "<item><title>{}</title><guid>1</guid></item>"
    assert [one.draft.title for one in read(rss(item.format("A") + item.format("B"))).entries] == [
        "A"
    ]


@pytest.mark.parametrize(
    "date", ["Fri, 01 Jan 2100 00:00:00 GMT", "Mon, 01 Jan 1600 00:00:00 GMT", "nonsense"]
)
def test_impossible_dates_are_ignored(date: str) -> None:
    assert only(rss(f"<item><title>T</title><pubDate>{date}</pubDate></item>")).date is None


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "http://[bad", "mailto:a"]
)
def test_links_without_http_are_dropped(link: str) -> None:
    assert only(rss(f"<item><title>T</title><link>{link}</link></item>")).links == ()


@pytest.mark.parametrize(
    ("source", "venue"), [("Journal of Owls", "Journal of Owls"), ("https://owls.example", "")]
)
def test_a_source_is_the_venue_of_an_item_with_a_doi_if_it_is_no_website(
    source: str, venue: str
) -> None:
    names = f"<dc:identifier>doi:10.1000/owl</dc:identifier><dc:source>{source}</dc:source>"
    assert only(rss(f"<item><title>Counting Owls</title>{names}</item>")).venue == venue


def test_a_very_long_title_is_cut_and_hidden_characters_are_dropped() -> None:
    draft = only(rss(f"<item><title>\u202ea\u200bb {'word ' * 200}</title></item>"))
    assert draft.title.startswith("ab word")
    assert len(draft.title) <= 400
    assert draft.title.endswith("…")


@pytest.mark.parametrize("order", [1, -1], ids=["oldest first", "newest first"])
def test_the_newest_entries_of_a_very_long_feed_are_read_newest_first(order: int) -> None:
    days = [datetime(2010, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(5100)]
    items = [
        {"id": f"{day:%F}", "title": f"T {day:%F}", "date_published": f"{day:%F}"} for day in days
    ]
    parsed = read(json.dumps({"items": items[::order]}))
    assert [entry.key for entry in parsed.entries] == [f"{day:%F}" for day in days[:-5001:-1]]
    assert parsed.problems == ("I only read the newest 5,000 of 5,100 entries.",)


def read_newest(number: int, items: Sequence[dict[str, str]]) -> tuple[Entry, ...]:
    """Returns the entries that are read if there may be only so many."""
    body = json.dumps({"items": items}).encode()
    return parse_feed(body, "https://lab.org/feed", NOW, max_entries=number).entries


def test_both_ends_of_a_very_long_feed_without_dates_are_read() -> None:
    items = [{"id": str(number), "title": f"T {number}"} for number in range(102)]
    keys = [int(entry.key) for entry in read_newest(100, items)]
    assert keys == [*range(50), *range(52, 102)]


def test_an_undated_entry_is_as_new_as_its_neighbor() -> None:
    items = [{"id": str(number), "title": f"T {number}"} for number in range(102)]
    for number in range(0, 102, 2):
        items[number]["date_published"] = f"{1900 + number}-01-01"
    assert [int(entry.key) for entry in read_newest(100, items)] == [*range(101, 1, -1)]


@settings(max_examples=200)
@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_parse_or_are_rejected(body: bytes) -> None:
    for whole in (body, rss("<item><title>" + body.decode("utf-8", "replace") + "</title></item>")):
        with contextlib.suppress(NotAFeed):
            parse_feed(whole, "https://lab.org/feed", NOW, "application/xml; charset=utf-16")


def test_text_with_less_than_signs_is_no_html() -> None:
    title = "Flows for $1&lt;q&lt;\\infty$ if c&lt;d"
    rss_draft = only(rss(f"<item><title>{title}</title><description>k&lt;n.</description></item>"))
    atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id>{}</entry></feed>"
    for draft in (
        rss_draft,
        only(atom.format(f"<title>{title}</title><summary>k&lt;n.</summary>")),
        only(
            atom.format(
                f"<title type='html'>{title}</title><content type='html'>k&amp;lt;n.</content>"
            )
        ),
    ):
        assert draft.title == "Flows for 1<q<∞ if c<d"
        assert draft.abstract == "k<n."


@pytest.mark.parametrize(
    "title",
    [
        "CO&lt;sub&gt;2&lt;/sub&gt; &amp;amp; &lt;i&gt;E. coli&lt;/i&gt;",
        "<![CDATA[CO<sub>2</sub> &amp; <i>E. coli</i>]]>",
        r"CO\textsubscript{2} \&amp; \textit{E. coli}",
    ],
)
def test_markup_in_the_title_of_an_rss_item_becomes_text(title: str) -> None:
    assert only(rss(f"<item><title>{title}</title></item>")).title == "CO₂ & E. coli"


def test_the_texts_of_json_feeds_are_read_by_their_kind() -> None:
    items = [
        {"id": "1", "title": "For a<b", "content_html": "<p>One</p><p>a &lt; b</p>"},
        {"id": "2", "title": "<b>Two</b>", "content_text": "if a<b and c>d"},
    ]
    one, two = read(json.dumps({"version": "1.1", "title": "J", "items": items})).entries
    assert (one.draft.title, one.draft.abstract) == ("For a<b", "One\n\na < b")
    assert (two.draft.title, two.draft.abstract) == ("Two", "if a<b and c>d")


@pytest.mark.parametrize(
    ("element", "date"),
    [
        ("<pubDate>Fri, 01 May 2020 00:00:00 +0900</pubDate>", PartialDate(2020, 5, 1)),
        ("<pubDate>Thu, 30 Apr 2020 23:30:00 -0800</pubDate>", PartialDate(2020, 4, 30)),
        ("<dc:date>2020-05-01T00:00:00+02:00</dc:date>", PartialDate(2020, 5, 1)),
        ("<dc:date>2020</dc:date>", PartialDate(2020)),
        ("<dc:date>2020-05</dc:date>", PartialDate(2020, 5)),
        ("<pubDate>2020/5/17 10:30:00</pubDate>", PartialDate(2020, 5, 17)),
        ("<pubDate>05/06/2020</pubDate>", PartialDate(2020)),
        ("<pubDate>soon</pubDate><dc:date>2020-05-01</dc:date>", PartialDate(2020, 5, 1)),
        ("<prism:publicationDate>2020-05-01</prism:publicationDate>", PartialDate(2020, 5, 1)),
        ("<prism:coverDate>May 2020</prism:coverDate>", PartialDate(2020, 5)),
    ],
)
def test_the_date_of_an_item_is_what_the_feed_states(element: str, date: PartialDate) -> None:
    assert only(rss(f"<item><title>T</title>{element}</item>")).date == date


@pytest.mark.parametrize(
    "author",
    [
        "jane@lab.institute (Jane Roe)",
        "Jane Roe &lt;jane.roe@uni.academy&gt;",
        "jane@lab.org (Jane Roe)",
        "no-reply@museum.example (Jane Roe)",
    ],
)
def test_an_author_is_named_without_an_address_of_any_domain(author: str) -> None:
    item = f"<item><title>A Paper</title><link>https://lab.org/1</link><author>{author}</author></item>"
    assert only(rss(item)).authors == ("Jane Roe",)


def test_an_address_alone_is_no_author() -> None:
    item = "<item><title>A Paper</title><link>https://lab.org/1</link><author>jane@uni.institute</author></item>"
    assert only(rss(item)).authors == ()
