"""What publishers write around an abstract is read; other texts stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.descriptions import Description, read_description
from storage.models import PartialDate
from tests.support.linear_time import assert_takes_linear_time

ROE_AND_LEE = ("Jane Roe", "Bo Lee")


def read(*paragraphs: str, is_paper: bool = False) -> Description:
    return read_description("\n\n".join(paragraphs), "On Moss", is_paper=is_paper)


@pytest.mark.parametrize(
    ("paragraphs", "authors", "venue", "date"),
    [
        (["Jane Roe and Bo Lee in Proceedings of the 3rd Workshop on Moss"], ROE_AND_LEE,
         "Proceedings of the 3rd Workshop on Moss", ""),
        (["Jane Roe, Bo Lee in Findings of Moss 2026"], ROE_AND_LEE, "Findings of Moss 2026", ""),
        (["Publication date: March 2026", "Source: Journal of Moss, Volume 12, Part A",
          "Author(s): Jane Roe, Bo Lee"], ROE_AND_LEE, "Journal of Moss", "2026-03"),
        (["Publication date: Available online 3 March 2026", "Source: J. Moss",
          "Author(s): Jane Roe"], ("Jane Roe",), "J. Moss", "2026-03-03"),
        (["Publication date: March 2026 Source: J. Moss, Volume 1 Author(s): Jane Roe, Bo Lee"],
         ROE_AND_LEE, "J. Moss", "2026-03"),
        (["Article — 21 August 2026", "Jane Roe; Bo Lee", "DOI: 10.1234/moss"], ROE_AND_LEE, "",
         "2026-08-21"),
        (["Article — 21 August 2026", "Jane Roe", "DOI: 10.1234/moss"], ("Jane Roe",), "",
         "2026-08-21"),
        (["Journal of Moss, Volume 3, Issue 2, Page 4-5, March 2026."], (), "Journal of Moss",
         "2026-03"),
        (["Volume 3, Issue 2, March 2026, Page 4-5."], (), "", "2026-03"),
        (["Journal of Moss, EarlyView."], (), "Journal of Moss", ""),
        (["Journal of Moss", "DOI: 10.1234/moss"], (), "Journal of Moss", ""),
        (["On Moss", "Moss doi: 10.1234/moss"], (), "Moss", ""),
        (["Moss, Vol. 20, Pages 123: On Moss", "Moss doi: 10.1234/moss"], (), "Moss", ""),
    ],
)  # fmt: skip
def test_a_description_without_an_abstract_is_read(
    paragraphs: list[str], authors: tuple[str, ...], venue: str, date: str
) -> None:
    found = read(*paragraphs)
    assert found.authors.names == authors
    assert (found.venue, str(found.date or "")) == (venue, date)
    assert found.abstract == ""


@pytest.mark.parametrize(
    ("paragraphs", "venue"),
    [
        (["Moss. 2026 Mar 4. doi: 10.1234/moss. Online ahead of print.", "ABSTRACT",
          "Moss is soft.", "PMID:41000001 | PMC:PMC123456 | DOI:10.1234/moss"], "Moss"),
        (["J Moss. 2026;12(3):4-5. doi: 10.1234/moss.", "Moss is soft."], "J Moss"),
        (["Moss, Published online: 4 March 2026; doi:10.1234/moss", "Moss is soft."], "Moss"),
        (["Moss, Published online: 4 March 2026; doi:10.1234/moss Moss is soft."], "Moss"),
        (["Journal of Moss, Ahead of Print. Moss is soft."], "Journal of Moss"),
        (["Author(s): Jane Roe and Bo Lee", "Moss is soft.",
          "[J. Moss 130, 1] Published Wed Mar 04, 2026"], ""),
        (["Abstract: Moss is soft."], ""),
        (["Abstract", "Moss is soft.", "The content of this RSS Feed (c) The Society of Moss"], ""),
    ],
)  # fmt: skip
def test_only_the_abstract_is_the_abstract(paragraphs: list[str], venue: str) -> None:
    found = read(*paragraphs)
    assert (found.abstract, found.venue) == ("Moss is soft.", venue)
    assert found.date in {PartialDate(2026, 3, 4), PartialDate(2026), None}


def test_ids_are_found() -> None:
    found = read("Moss is soft.", "PMID:41000001 | DOI:10.1234/moss")
    assert found.identifiers == ("doi:10.1234/moss", "url:pubmed.ncbi.nlm.nih.gov/41000001")


@pytest.mark.parametrize(
    "paragraphs",
    [
        ["Moss is soft.", "Source: The Moss Times"],
        ["By clicking this link you agree to everything."],
        ["by Jane Roe", "Yesterday I went to look at moss."],
        ["On Moss", "We visited a garden in Kyoto."],
        ["Jane Roe and I met in Paris."],
        ["Volume 1 is out: read it."],
        ["The garden. 2026 was good for moss."],
        ["Abstracts are due in March."],
        ["News — from the garden"],
        [],
    ],
)
def test_texts_of_others_stay_as_they_are(paragraphs: list[str]) -> None:
    text = "\n\n".join(paragraphs)
    assert read_description(text, "On Moss", is_paper=False) == Description(abstract=text)


def test_a_byline_counts_if_the_item_is_known_to_be_a_paper() -> None:
    found = read("by Jane Roe, Bo Lee", "Moss is soft.", is_paper=True)
    assert (found.authors.names, found.abstract) == (ROE_AND_LEE, "Moss is soft.")


@given(st.lists(st.text()), st.text(), st.booleans())
def test_any_text_is_accepted(paragraphs: list[str], title: str, is_paper: bool) -> None:  # noqa: FBT001
    found = read_description("\n\n".join(paragraphs), title, is_paper=is_paper)
    assert len(found.abstract) <= len("\n\n".join(paragraphs))


@pytest.mark.parametrize(
    "unit",
    ["A b, ", "Jane; ", "in Journal ", "Source: ", "DOI:10.1/x ", "Vol. 1, ", "\n\nAbstract"],
)
def test_a_description_is_read_in_linear_time(unit: str) -> None:
    assert_takes_linear_time(
        lambda size: read_description(unit * size, "On Moss", is_paper=True), 20_000
    )
