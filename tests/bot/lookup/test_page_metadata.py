from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.lookup.page_metadata import PageMetadata, parse_page
from storage.models import Link, LinkKind, PartialDate

URL = "https://lab.example/papers/7"


def page(head: str, content_type: str = "text/html; charset=utf-8") -> PageMetadata:
    source = f"<!doctype html><html><head>{head}</head><body>Hello</body></html>"
    return parse_page(source.encode(), URL, content_type)


def tags(**values: str | list[str]) -> str:
    return "".join(
        f'<meta name="{name.replace("__", ".")}" content="{value}">'
        for name, given in values.items()
        for value in ([given] if isinstance(given, str) else given)
    )


def test_tags_for_google_scholar_are_preferred() -> None:
    found = page(
        tags(
            citation_title="Small Models, Long Memories",
            citation_author=["Lovelace, Ada", "Alan Turing"],
            citation_publication_date="2024/5/1",
            citation_conference_title="Workshop on Memory",
            citation_doi="doi:10.5555/Lab.7",
            citation_arxiv_id="2405.00001",
            citation_pdf_url="/papers/7.pdf",
            citation_abstract="<p>Abstract: We look.</p>",
        )
        + '<meta property="og:title" content="Another | Lab"><title>Lab</title>'
    )
    draft = found.draft
    assert draft.title == "Small Models, Long Memories"
    assert draft.authors == ("Ada Lovelace", "Alan Turing")
    assert (draft.venue, draft.date) == ("Workshop on Memory", PartialDate(2024, 5, 1))
    assert (found.arxiv, found.doi) == ("2405.00001", "10.5555/lab.7")
    assert draft.identifiers == (
        "arxiv:2405.00001",
        "doi:10.5555/lab.7",
        "url:lab.example/papers/7",
    )
    assert draft.links == (
        Link(LinkKind.PAGE, URL),
        Link(LinkKind.PDF, "https://lab.example/papers/7.pdf"),
    )


def test_the_article_in_json_ld_is_read() -> None:
    graph = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": "The Lab"},
            {
                "@type": ["ScholarlyArticle"],
                "headline": "Open Weights",
                "author": [{"givenName": "Ada", "familyName": "Lovelace"}, "Alan Turing"],
                "datePublished": "2025-02-03T10:00:00Z",
                "isPartOf": {"@type": "Periodical", "name": "Open Letters"},
                "abstract": "What we opened.",
                "identifier": {"@type": "PropertyValue", "value": "10.5555/open.1"},
                "sameAs": ["https://arxiv.org/abs/2502.00003"],
            },
        ],
    }  # fmt: skip
    found = page(f'<script type="application/ld+json">{json.dumps(graph)}</script>')
    draft = found.draft
    assert (draft.title, draft.authors) == ("Open Weights", ("Ada Lovelace", "Alan Turing"))
    assert (draft.venue, draft.date) == ("Open Letters", PartialDate(2025, 2, 3))
    assert (draft.abstract, found.doi, found.arxiv) == (
        *("What we opened.", "10.5555/open.1", "2502.00003"),
    )


def test_dublin_core_is_read_in_any_case() -> None:
    found = page(
        '<meta name="DC.Title" content="An Archive">'
        '<meta name="DC.Creator" content="A. One; B. Two">'
        '<meta name="DC.Date" content="1999"><meta name="DC.Identifier" content="doi:10.5555/dc">'
    )
    assert found.draft.authors == ("A. One", "B. Two")
    assert (found.draft.title, found.draft.date) == ("An Archive", PartialDate(1999))
    assert found.doi == "10.5555/dc"


def test_open_graph_and_the_title_are_the_last_resort() -> None:
    shared = page(
        '<meta property="og:title" content="A Post &amp; More"><title>Lab: A Post</title>'
    )
    assert shared.draft.title == "A Post & More"
    assert page("<title> Only\n this </title>").draft.title == "Only this"
    assert page("").draft.title == ""


def test_a_bare_number_is_an_arxiv_id_only_if_the_field_says_so() -> None:
    assert page(tags(DC__Identifier="2304.01373")).arxiv is None
    assert page(tags(DC__Identifier="arXiv:2304.01373")).arxiv == "2304.01373"


def test_a_page_in_another_encoding_is_read() -> None:
    source = '<meta charset="iso-8859-1"><meta name="citation_title" content="Über Größe">'
    assert parse_page(source.encode("latin-1"), URL, "text/html").draft.title == "Über Größe"
    unknown = parse_page(source.encode(), URL, "text/html; charset=no-such")
    assert unknown.draft.title == "Über Größe"


@pytest.mark.parametrize(
    "block",
    [
        "{not json",
        "[" * 5000,
        '{"@type": "Person", "name": "Ada"}',
        '{"@type": 7, "@graph": {"@graph": 3}}',
        '{"a":' * 500 + "1" + "}" * 500,
        json.dumps({"@type": "Article", "headline": ["x"], "author": [{"name": 3}, None, 5]}),
    ],
)
def test_useless_json_ld_is_ignored(block: str) -> None:
    found = page(f'<script type="application/ld+json">{block}</script>')
    assert (found.draft.title, found.draft.authors) == ("", ())


def test_a_hostile_page_is_read_within_limits() -> None:
    long = page(tags(citation_arxiv_id="no " * 10_000 + "arXiv:2304.01373"))
    assert long.arxiv is None
    block = {"@type": "Article", "identifier": "no " * 10_000 + "10.5555/x"}
    assert page(f'<script type="application/ld+json">{json.dumps(block)}</script>').doi is None
    many = page(tags(citation_author=[f"Author {number}" for number in range(4000)]))
    assert len(many.draft.authors) == 3000
    (name,) = page(tags(citation_author="x" + "{}" * 15_000 + "\\'e")).draft.authors
    assert "é" not in name


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_an_error(body: bytes) -> None:
    parse_page(b"<meta name=citation_title content='" + body, URL, "text/html")
    parse_page(b"<script type='application/ld+json'>" + body, URL, "text/html")
