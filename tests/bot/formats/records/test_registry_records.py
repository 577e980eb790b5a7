from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.records.registry_records import read_abstract, read_crossref, read_datacite
from storage.models import PartialDate
from storage.publication import EntryType, Publication

ARTICLE: dict[str, Any] = {
    "DOI": "10.5555/Lab.42",
    "type": "journal-article",
    "title": ["Long Memories of <i>Small</i> Models\n  &amp; Others"],
    "subtitle": ["A Study"],
    "author": [
        {"given": "Ada", "family": "van der Berg", "sequence": "first"},
        {"given": "Martin", "family": "King", "suffix": "Jr."},
        {"name": "The Open Lab"},
        {"family": "Suharto"},
        {"ORCID": "no name at all"},
    ],
    "container-title": ["Journal of Open Things"],
    "abstract": "<jats:title>Abstract</jats:title><jats:p>We find <jats:italic>much</jats:italic>, "
    "with p &lt; 0.05.</jats:p><jats:sec><jats:title>Methods</jats:title><jats:p>We look.</jats:p>"
    "</jats:sec>",
    "issued": {"date-parts": [[2024, 3]]},
    "published-online": {"date-parts": [[2023, 11, 7]]},
    "relation": {
        "has-preprint": [{"id-type": "doi", "id": "10.48550/arXiv.2311.00001"}],
        "is-identical-to": [{"id-type": "uri", "id": "https://lab.example/p"}],
    },
}


def test_a_full_crossref_work_is_read() -> None:
    draft = read_crossref(ARTICLE)
    assert draft.title == "Long Memories of Small Models & Others: A Study"
    assert draft.authors == ("Ada van der Berg", "Martin King Jr.", "The Open Lab", "Suharto")
    assert (draft.venue, draft.date) == ("Journal of Open Things", PartialDate(2023, 11, 7))
    assert draft.identifiers == ("doi:10.5555/lab.42", "arxiv:2311.00001")
    assert draft.abstract == "We find much, with p < 0.05.\n\nMethods\n\nWe look."


def test_the_details_of_a_publication_are_read() -> None:
    details = {
        "type": "journal-article",
        "volume": "12",
        "issue": "3",
        "page": "1-20",
        "publisher": "Open Press &amp; Sons",
        "editor": [{"given": "Ed", "family": "Ito"}],
        "ISSN": ["1234-5678", "8765-4321"],
    }
    assert read_crossref({**ARTICLE, **details}).publication == Publication(
        EntryType.ARTICLE,
        volume="12",
        number="3",
        pages="1–20",
        publisher="Open Press & Sons",
        editors=("Ed Ito",),
        issn="1234-5678",
    )
    numbered = {"type": "journal-article", "article-number": "e1234"}
    assert read_crossref(numbered).publication.pages == "e1234"
    preprint = {"type": "posted-content", "publisher": "Cold Spring Harbor Laboratory"}
    assert not read_crossref(preprint).publication
    container = {"title": "Letters", "volume": "4", "firstPage": "7", "lastPage": "9"}
    record = {**RECORD, "container": container, "types": {"resourceTypeGeneral": "JournalArticle"}}
    assert read_datacite(record).publication == Publication(
        EntryType.ARTICLE, volume="4", pages="7–9", publisher="Zenodo"
    )


@pytest.mark.parametrize("parts", [None, [], [None], [[None]], [[0]], ["2024"], 7])
def test_useless_dates_are_ignored(parts: object) -> None:
    assert read_crossref({"issued": {"date-parts": parts}}).date is None


def test_an_impossible_month_costs_only_the_month() -> None:
    assert read_crossref({"issued": {"date-parts": [[2024, 13]]}}).date == PartialDate(2024)


def test_an_empty_first_value_hides_no_other() -> None:
    work = {"title": ["", " ", "T"], "subtitle": ["", "S"], "container-title": ["", "J"]}
    draft = read_crossref(work)
    assert (draft.title, draft.venue) == ("T: S", "J")
    titles = [{"title": ""}, {"title": "T"}, {"title": "S", "titleType": "Subtitle"}]
    assert read_datacite({"titles": titles}).title == "T: S"


def test_titles_are_plain_text_or_markup() -> None:
    for source, title in [
        ("Bounds for a<b and $1<q<\\infty$", "Bounds for a<b and 1<q<∞"),
        ("On &lt;i&gt;E. coli&lt;/i&gt; &amp;amp; H<sub>2</sub>O", "On E. coli & H₂O"),
        ("<scp>Foo</scp>: <mml:math><mml:mi>x</mml:mi></mml:math>", "Foo: x"),
    ]:
        assert read_crossref({"title": [source]}).title == title
        assert read_datacite({"titles": [{"title": source}]}).title == title


@pytest.mark.parametrize(
    "work",
    [
        {},
        {"title": [], "author": None, "container-title": [], "relation": []},
        {"title": 7, "author": "Ada", "issued": "2024", "abstract": ["x"], "DOI": None},
    ],
)
def test_missing_fields_are_empty(work: dict[str, Any]) -> None:
    draft = read_crossref(work)
    assert (draft.authors, draft.venue, draft.date) == ((), "", None)


def test_the_venue_of_a_preprint_is_its_server() -> None:
    work = {"type": "posted-content", "institution": [{"name": "bioRxiv"}]}
    assert read_crossref(work).venue == "bioRxiv"


def test_a_formula_in_two_notations_is_read_once() -> None:
    source = (
        "<jats:p>Let <jats:alternatives><jats:tex-math>$$x^2$$</jats:tex-math>"
        "<mml:math><mml:mi>y</mml:mi></mml:math></jats:alternatives> be.</jats:p>"
    )
    assert read_abstract(source) == "Let y be."


RECORD: dict[str, Any] = {
    "doi": "10.5281/zenodo.1",
    "titles": [
        {"title": "Übersetzt", "titleType": "TranslatedTitle"},
        {"title": "A Corpus of Letters /"},
    ],
    "creators": [
        {"name": "Lovelace, Ada", "nameType": "Personal"},
        {"name": "Turing, A.", "givenName": "Alan", "familyName": "Turing"},
        {"name": "University of Somewhere, Institute of Things", "nameType": "Organizational"},
        {"name": "Anonymous"},
    ],
    "publisher": {"name": "Zenodo"},
    "container": {},
    "publicationYear": 2021,
    "dates": [{"date": "2021-05-04", "dateType": "Issued"}, {"date": "x", "dateType": "Issued"}],
    "descriptions": [
        {"description": "Not this", "descriptionType": "Methods"},
        {"description": "Many <b>letters</b>.", "descriptionType": "Abstract"},
    ],
}


def test_a_full_datacite_record_is_read() -> None:
    draft = read_datacite(RECORD)
    assert draft.title == "A Corpus of Letters"
    assert draft.authors == (
        "Ada Lovelace",
        "Alan Turing",
        "University of Somewhere, Institute of Things",
    )
    assert (draft.venue, draft.date) == ("Zenodo", PartialDate(2021, 5, 4))
    assert (draft.identifiers, draft.abstract) == (("doi:10.5281/zenodo.1",), "Many letters.")


def test_a_year_of_the_thai_calendar_is_ignored() -> None:
    assert read_datacite({"publicationYear": 2549, "titles": [{}], "dates": "?"}).date is None


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.just("<i>$x")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["title", "name", "family", "date-parts", "date", "id", "description"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*ARTICLE, *RECORD, "institution", "posted"]), _JSON))
def test_any_json_is_read_without_an_error(answer: dict[str, Any]) -> None:
    for draft in (read_crossref(answer), read_datacite(answer)):
        assert len(draft.title) <= 400
        assert all(draft.authors)


def test_real_responses_of_crossref_are_read(recorded_answers: Path) -> None:
    drafts = [
        read_crossref(json.loads(file.read_bytes())["message"])
        for file in sorted((recorded_answers / "crossref").glob("*http200.json"))
    ]
    assert len(drafts) == 5
    assert all(draft.title and draft.authors and draft.venue and draft.date for draft in drafts)
    assert drafts[0].date == PartialDate(1997, 7)
    assert "Donald Hora Jr." in drafts[0].authors
    assert not any("<" in draft.title or "jats" in draft.abstract for draft in drafts)


def test_real_responses_of_datacite_are_read(recorded_answers: Path) -> None:
    drafts = [
        read_datacite(json.loads(file.read_bytes())["data"]["attributes"])
        for file in sorted((recorded_answers / "datacite").glob("*http200.json"))
    ]
    assert len(drafts) == 6
    assert all(draft.title and draft.venue and draft.identifiers for draft in drafts)
    assert sum(not draft.authors for draft in drafts) == 1  # the anonymous one
    assert drafts[1].authors == ("Nuno Bimbo", "Valeska Ting")


def test_a_retracted_work_says_so_in_its_note() -> None:
    update = {"DOI": "10.5555/8", "type": "retraction", "label": "Retraction"}
    work = {"DOI": "10.5555/7", "title": ["A Paper"], "updated-by": [update]}
    assert read_crossref(work).note == "Retracted, see https://doi.org/10.5555/8"
    assert read_crossref({**work, "updated-by": [{**update, "type": "correction"}]}).note == ""
    assert read_crossref({**work, "updated-by": ["odd", {}]}).note == ""
