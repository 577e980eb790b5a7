from __future__ import annotations

from string import ascii_uppercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InvalidInput
from storage.people.ids import find_id, page_url, parse_any_id, parse_id
from storage.people.models import IdScheme, Membership, PersonId
from storage.people.names import parse_other_names
from storage.people.values import (
    membership_text,
    parse_categories,
    parse_discord_id,
    parse_membership,
)

FORMS = [
    (IdScheme.ORCID, "0000-0002-1825-0097", "0000-0002-1825-0097"),
    (IdScheme.ORCID, "https://orcid.org/0000-0002-1825-0097", "0000-0002-1825-0097"),
    (IdScheme.ORCID, "orcid.org/0000-0002-1825-0097/", "0000-0002-1825-0097"),
    (IdScheme.ORCID, "http://www.orcid.org/0000-0002-1694-233x", "0000-0002-1694-233X"),
    (IdScheme.ORCID, "ORCID: 0000 0002 1825 0097", "0000-0002-1825-0097"),
    (IdScheme.ORCID, "0000000218250097", "0000-0002-1825-0097"),
    (IdScheme.ORCID, "0000–0002–1825–0097", "0000-0002-1825-0097"),
    (IdScheme.ORCID, "００００－０００２－１８２５－００９７", "0000-0002-1825-0097"),
    (IdScheme.OPENALEX, "a5023888391", "A5023888391"),
    (IdScheme.OPENALEX, "Ａ５０２３８８８３９１", "A5023888391"),
    (IdScheme.OPENALEX, "https://openalex.org/A5023888391", "A5023888391"),
    (IdScheme.OPENALEX, "https://openalex.org/authors/a5023888391?x=1", "A5023888391"),
    (IdScheme.OPENALEX, "https://api.openalex.org/people/A5023888391", "A5023888391"),
    (IdScheme.ARXIV, "Warner_S_1", "warner_s_1"),
    (IdScheme.ARXIV, "https://arxiv.org/a/warner_s_1", "warner_s_1"),
    (IdScheme.ARXIV, "https://arxiv.org/a/warner_s_1.atom2", "warner_s_1"),
    (IdScheme.DBLP, "17/1926", "17/1926"),
    (IdScheme.DBLP, "h/JaneRoe", "h/JaneRoe"),
    (IdScheme.DBLP, "https://dblp.org/pid/35/7092-1.html", "35/7092-1"),
    (IdScheme.DBLP, "https://dblp.uni-trier.de/pid/h/JaneRoe", "h/JaneRoe"),
    (IdScheme.DBLP, "homepages/17/1926", "17/1926"),
    (IdScheme.SEMANTIC_SCHOLAR, "1741101", "1741101"),
    (IdScheme.SEMANTIC_SCHOLAR, "https://www.semanticscholar.org/author/1741101", "1741101"),
    (
        IdScheme.SEMANTIC_SCHOLAR,
        "https://www.semanticscholar.org/author/Oren-Etzioni/1741101?sort=x",
        "1741101",
    ),
]


@pytest.mark.parametrize(("scheme", "text", "value"), FORMS)
def test_each_form_of_an_id_is_read_alike(scheme: IdScheme, text: str, value: str) -> None:
    assert parse_id(scheme, f" {text} ") == PersonId(scheme, value)
    assert parse_any_id(text) == PersonId(scheme, value)


@pytest.mark.parametrize(("scheme", "text", "value"), FORMS)
def test_a_page_leads_back_to_its_id(scheme: IdScheme, text: str, value: str) -> None:
    assert find_id(page_url(PersonId(scheme, value))) == PersonId(scheme, value), text


@pytest.mark.parametrize(
    ("scheme", "text", "reason"),
    [
        (IdScheme.ORCID, "0000-0002-1825-0098", "check digit"),
        (IdScheme.ORCID, "https://orcid.org/0000-0002-1825-0096", "check digit"),
        (IdScheme.ORCID, "A5023888391", "It looks like an OpenAlex ID"),
        (IdScheme.ORCID, "", "isn't an ORCID"),
        (IdScheme.OPENALEX, "W5023888391", "isn't an OpenAlex ID"),
        (IdScheme.OPENALEX, "0000-0002-1825-0097", "It looks like an ORCID"),
        (IdScheme.ARXIV, "2302.12433", "isn't an arXiv author ID"),
        (IdScheme.ARXIV, "https://arxiv.org/abs/2302.12433", "isn't an arXiv author ID"),
        (IdScheme.DBLP, "https://dblp.org/rec/conf/x/Roe20", "isn't a DBLP ID"),
        (IdScheme.DBLP, "1741101", "It looks like a Semantic Scholar ID"),
        (IdScheme.SEMANTIC_SCHOLAR, "0", "isn't a Semantic Scholar ID"),
        (IdScheme.SEMANTIC_SCHOLAR, "Jane Roe", "isn't a Semantic Scholar ID"),
    ],
)
def test_anything_else_is_refused_with_the_reason(scheme: IdScheme, text: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        parse_id(scheme, text)


def test_an_orcid_in_place_of_an_arxiv_author_id_is_an_orcid() -> None:
    orcid = PersonId(IdScheme.ORCID, "0000-0002-1825-0097")
    assert parse_id(IdScheme.ARXIV, "https://arxiv.org/a/0000-0002-1825-0097") == orcid
    assert parse_any_id("https://arxiv.org/a/0000-0002-1825-0097.atom") == orcid


@pytest.mark.parametrize(
    "text", ["", "Jane Roe", "A٥٠٢٣٨٨٨٣٩١", "https://example.org/1", "10.1000/182", "../x"]
)
def test_a_text_that_is_no_id_is_not_taken_for_one(text: str) -> None:
    assert find_id(text) is None
    with pytest.raises(InvalidInput, match="I don't know the ID"):
        parse_any_id(text)


@given(st.text(max_size=40))
def test_any_text_is_an_id_of_one_scheme_or_none(text: str) -> None:
    found = find_id(text)
    if found is not None:
        assert parse_any_id(text) == found == find_id(found.value)


def test_categories_are_read_in_any_case() -> None:
    assert parse_categories(" cs.cl, MATH-PH;physics.FLU-DYN cs.CL quant-ph") == (
        *("cs.CL", "math-ph", "physics.flu-dyn", "quant-ph"),
    )
    assert parse_categories("") == ()


@pytest.mark.parametrize("text", ["nlp", "cs.", "cs.1", "cs.CL.LG", "Computer Science"])
def test_other_categories_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="isn't an arXiv category"):
        parse_categories(text)


def test_a_person_has_at_most_twenty_categories_and_other_names() -> None:
    categories = " ".join(f"cs.{letter}A" for letter in ascii_uppercase)
    with pytest.raises(InvalidInput, match="Enter at most 20 arXiv categories"):
        parse_categories(categories)
    names = "\n".join(f"Ann {letter}. Lee" for letter in ascii_uppercase)
    with pytest.raises(InvalidInput, match="Enter at most 20 other names"):
        parse_other_names(names)


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("2020-07-01", "2021-06-30", "from 2020-07-01 to 2021-06-30"),
        ("2020-07-01", "", "since 2020-07-01"),
        ("", "2021-06-30", "until 2021-06-30"),
        ("", "", ""),
    ],
)
def test_a_membership_is_described(start: str, end: str, text: str) -> None:
    assert membership_text(parse_membership(start, end)) == text


def test_a_membership_may_be_open() -> None:
    assert parse_membership("", " ") == Membership()
    membership = parse_membership("2020-01-31", "2020-01-31")
    assert (str(membership.start), str(membership.end)) == ("2020-01-31", "2020-01-31")


@pytest.mark.parametrize("text", ["2020", "2020-02-30", "20200131", "2020-W05-5", "31.01.2020"])
def test_only_iso_dates_are_dates_of_membership(text: str) -> None:
    with pytest.raises(InvalidInput, match="isn't a date"):
        parse_membership("", text)


def test_a_membership_cannot_end_before_it_starts() -> None:
    with pytest.raises(InvalidInput, match="before it starts on 2021-01-01"):
        parse_membership("2021-01-01", "2020-12-31")


def test_a_discord_member_is_an_id_or_a_mention() -> None:
    assert parse_discord_id("") is None
    assert parse_discord_id("123456789012345678") == 123456789012345678
    assert parse_discord_id("<@!123456789012345678>") == 123456789012345678


@pytest.mark.parametrize("text", ["noor#1234", "123", "9999999999999999999", "@noor"])
def test_other_texts_are_no_discord_member(text: str) -> None:
    with pytest.raises(InvalidInput, match="isn't a Discord member's ID"):
        parse_discord_id(text)
