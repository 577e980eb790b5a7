from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.pages.page import NoPapersFound, parse_publications_page
from bot.formats.text.citation_text import read_citation, read_credits
from bot.starter import load_starter
from storage.models import PaperDraft, PartialDate
from storage.names.author_list import AuthorList

# Another lab's page in the same form: other names, other venues, several posters.
ELSEWHERE = """\
ACL Findings Ada van der Berg ACL Findings Ada van der Berg

Counting `Words' in $\\mathbb{Z}$: A Study

van der Berg, A., Núñez, J., Kim, S. “Counting 'Words' in Z: A Study.” 10-12, 2024. Best Paper Award

We count 5% of the words
in every sentence.

Read More
Nature Linus
Nature Linus

A One-Word Poster

Only an abstract.

READ MORE
Nature Ada van der Berg Nature Ada van der Berg

Seen by "Three" Labs

Li, et al. (including Bo Chen). "Seen by "Three" Labs." doi:10.1038/s41586-024-00001-2 (2024).

Text.

Read more
Stray line without a title

Read More
Nature Ada van der Berg

Nothing but a title

Read More
"""


def test_another_labs_page_with_the_same_layout_is_read() -> None:
    listing = parse_publications_page(ELSEWHERE)
    first, second, third = [listed.draft for listed in listing.papers]
    assert first == PaperDraft(
        title="Counting `Words' in Z: A Study",
        authors=("A. van der Berg", "J. Núñez", "S. Kim"),
        abstract="We count 5% of the words in every sentence.",
        venue="ACL Findings",
        date=PartialDate(2024),
        identifiers=("listed:countingwordsinzastudy",),
        note="Best Paper Award",
        posted_by="Ada van der Berg",
    )
    assert (second.venue, second.posted_by, second.authors) == ("Nature", "Linus", ())
    assert third.authors == ("Li", "Bo Chen")
    assert not third.authors_complete
    assert third.identifiers[0] == "doi:10.1038/s41586-024-00001-2"
    assert [listed.line for listed in listing.papers] == [1, 11, 19]


def test_unusable_entries_are_reported_by_line_and_the_rest_is_read() -> None:
    problems = parse_publications_page(ELSEWHERE).problems
    assert [problem.line for problem in problems] == [28, 31]
    assert "has no title" in problems[0].reason
    assert "neither a citation nor an abstract" in problems[1].reason


def test_line_ends_and_a_byte_order_mark_make_no_difference() -> None:
    other = "\ufeff" + ELSEWHERE.replace("\n", "\r\n")
    assert parse_publications_page(other) == parse_publications_page(ELSEWHERE)


def test_the_last_entry_needs_no_read_more() -> None:
    page = "ICML Ada Lovelace\n\nOne\n\nText.\n\nRead More\nNature Linus\n\nTwo\n\nText.\n"
    last = parse_publications_page(page).papers[-1]
    assert (last.draft.title, last.draft.venue, last.draft.posted_by) == ("Two", "Nature", "Linus")


def test_a_venue_is_not_mistaken_for_a_name() -> None:
    page = "Graph Workshop\n\nA Title\n\nAn abstract.\n\nRead More\n"
    (only,) = parse_publications_page(page).papers
    assert (only.draft.venue, only.draft.posted_by) == ("Graph Workshop", "")


def test_a_title_as_long_as_an_abstract_is_rejected() -> None:
    page = f"ICML Ada Lovelace\n\n{'word ' * 100}\n\nMore.\n\nRead More\n"
    assert "too long for a title" in parse_publications_page(page).problems[0].reason


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    with suppress(NoPapersFound):
        parse_publications_page(text)
    parse_publications_page(f"ICML Ada Lovelace\n\nTitle\n\nA. “Title” {text}\n\nRead More\n{text}")


@pytest.mark.parametrize(
    ("text", "names", "complete"),
    [
        ("A. Turing and G. Hopper.", ("A. Turing", "G. Hopper"), True),
        ("Turing, A., Hopper, G. M.", ("A. Turing", "G. M. Hopper"), True),
        ("Le Scao, et al. (incl. Tow, and Gao). ", ("Le Scao", "Tow", "Gao"), False),
        ("Ann Lee; Bo Chen & Cy Dee", ("Ann Lee", "Bo Chen", "Cy Dee"), True),
        ("Ann Lee et al", ("Ann Lee",), False),
        ("Ann Lee and others", ("Ann Lee",), False),
        ("By Ann Lee* and Bo Chen2 (2022, July 3). ", ("Ann Lee", "Bo Chen"), True),
        ("[1] Alan Turing, III and Bo Chen. 2023. ", ("Alan Turing III", "Bo Chen"), True),
        ("", (), True),
    ],
)
def test_credits_in_a_citation_are_parsed(
    text: str,
    names: tuple[str, ...],
    complete: bool,  # noqa: FBT001
) -> None:
    assert read_credits(text) == AuthorList(names, complete)


def test_an_abstract_that_quotes_its_title_is_not_a_citation() -> None:
    page = "ICML Ada Lovelace\n\nLIMA\n\nWe present “LIMA”, a small model.\n\nRead More\n"
    (listed,) = parse_publications_page(page).papers
    assert listed.draft.authors == ()
    assert listed.draft.abstract == "We present “LIMA”, a small model."


def test_a_year_before_the_title_is_the_year() -> None:
    found = read_citation("Ann Lee (2021). “A Title.” ICML.", "A Title")
    assert found is not None
    assert (found.authors.names, str(found.date)) == (("Ann Lee",), "2021")


def test_a_title_without_readable_text_stays_as_it_is() -> None:
    page = "ICML Ada Lovelace\n\n\\mymacro\n\nAn abstract.\n\nRead More\n"
    assert [listed.draft.title for listed in parse_publications_page(page).papers] == ["\\mymacro"]


def test_posters_of_one_family_name_keep_their_given_names() -> None:
    headers = ["arXiv Wei Li", "ICML Wei Li", "arXiv Jun Li", "TMLR Jun Li"]
    page = "".join(
        f"{header} {header}\n\nTitle {number}\n\nAbstract.\n\nRead More\n"
        for number, header in enumerate(headers)
    )
    drafts = [listed.draft for listed in parse_publications_page(page).papers]
    assert [draft.venue for draft in drafts] == ["arXiv", "ICML", "arXiv", "TMLR"]
    assert {draft.posted_by for draft in drafts} == {"Wei Li", "Jun Li"}


def test_a_quotation_is_not_a_citation() -> None:
    assert read_citation('We call it "open" and mean it.', "A Title") is None
    assert read_citation('"A Title." 2023.', "A Title") is None
    assert read_citation("No quotation at all.", "A Title") is None
    assert read_citation(f'A. "A Title." {"x" * 4000}', "A Title") is None


def test_a_page_range_is_not_a_year() -> None:
    citation = read_citation('Ann Lee. "A Title." Proceedings, 2933-2943', "A Title")
    assert citation is not None
    assert citation.date is None


ROENTGEN = (
    "Pierre Chambon|Christian Bluethgen|Jean-Benoit Delbrouck|Rogier Van der Sluijs"
    "|Małgorzata Połacin|Juan Manuel Zambrano Chaves|Tanishq Mathew Abraham|Shivanshu Purohit"
    "|Curtis P. Langlotz|Akshay Chaudhari"
)
# Facts of the real page: title's beginning → venue, authors, complete, identifier, year, note.
FACTS: list[tuple[str, str, str, bool, str, int | None, str]] = [
    ("Can Transformers Learn", "arXiv", "", True, "", None, ""),
    ("StarCoder: May", "arXiv", "", True, "", None, ""),
    ("Recasting Self-Attention", "ICML", "", True, "", None, ""),
    ("Pythia: A Suite", "ICML", "", True, "", None, ""),
    ("Reclaiming the Digital", "AIES", "", True, "", None, ""),
    ("Eliciting Latent", "arXiv", "", True, "", None, ""),
    (
        "ProofNet: Auto",
        "arXiv",
        "Azerbayev|Piotrowski|Schoelkopf|Ayers|Radev|Avigad",
        True,
        "arxiv:2302.12433",
        2023,
        "",
    ),
    ("Anomalous tokens", "Alignment Forum", "", True, "", None, ""),
    (
        "SantaCoder: don't",
        "Deep Learning 4 Code Workshop",
        "Allal|Li|Kocetkov",
        False,
        "arxiv:2301.03988",
        2023,
        "",
    ),
    ("BLOOM+1", "arXiv", "Yong|Schoelkopf|Muennighoff", False, "arxiv:2212.09535", 2022, ""),
    ("Musical audio", "JASA", "Zach Evans|Scott Hawley|Katherine Crowson", True, "", 2022, ""),
    (
        "RoentGen",
        "arXiv",
        ROENTGEN,
        True,
        "arxiv:2211.12737",
        2022,
        "",
    ),
    (
        "OpenFold",
        "bioXriv",
        "Gustaf Ahdritz|Nazim Bouatta|Stella Biderman",
        False,
        "doi:10.1101/2022.11.20.517210",
        2022,
        "",
    ),
    (
        "HyperTuning",
        "ICML",
        "Jason Phang|Yi Mao|Pengcheng He|Weizhu Chen",
        True,
        "arxiv:2211.12485",
        2022,
        "",
    ),
    (
        "BLOOM: A 176B",
        "arXiv",
        "Le Scao|Tow|Biderman|Ammanamanchi|Gao|Sutawika|Teehan",
        False,
        "arxiv:2211.05100",
        2022,
        "",
    ),
    (
        "Crosslingual",
        "arXiv",
        "Muennighoff|Sutawika|Biderman|Schoelkopf",
        False,
        "arxiv:2211.01786",
        2022,
        "",
    ),
    (
        "LAION-5B",
        "NeurIPS Datasets and Benchmarks",
        "Schuhmann|Crowson",
        False,
        "",
        2022,
        "Outstanding Paper Award",
    ),
    ("Robust Preference", "arXiv", "", True, "", None, ""),
    (
        "EleutherAI: Going",
        "NeurIPS Workshop",
        "Jason Phang|Herbie Bradley|Leo Gao|Louis Castricato|Stella Biderman",
        True,
        "",
        2022,
        "Oral Presentation",
    ),
    ("Fooling MOSS", "CIKM", "Stella Biderman|Edward Raff", True, "", 2022, ""),
]


def test_every_detail_of_the_real_page_is_right(publications_page: str) -> None:
    listing = parse_publications_page(publications_page)
    assert listing.problems == ()
    assert len(listing.papers) == len(FACTS)
    for listed, fact in zip(listing.papers, FACTS, strict=True):
        draft = listed.draft
        beginning, venue, authors, complete, identifier, year, note = fact
        assert draft.title.startswith(beginning)
        assert draft.posted_by == "Stella Biderman"
        assert draft.venue == venue
        assert "|".join(draft.authors) == authors
        assert draft.authors_complete is complete
        assert draft.identifiers[:-1] == ((identifier,) if identifier else ())
        assert draft.date == (PartialDate(year) if year else None)
        assert draft.note == note
        assert publications_page.splitlines()[listed.line - 1].startswith(venue)


def test_the_real_abstracts_are_complete_and_readable(publications_page: str) -> None:
    by_title = {
        one.draft.title: one.draft.abstract
        for one in parse_publications_page(publications_page).papers
    }
    recasting = next(text for title, text in by_title.items() if title.startswith("Recasting"))
    assert "sequence of T items" in recasting
    assert "O(T²) memory" in recasting
    assert "“Hrrformer”" in recasting
    assert "10× fewer" in recasting
    tokens = next(text for title, text in by_title.items() if title.startswith("Anomalous"))
    assert tokens.count("I was inspired to try this") == 1
    recursive = next(text for title, text in by_title.items() if title.startswith("Can Trans"))
    assert "of transformer models in approximating these functions" in recursive
    assert not [text for text in by_title.values() if 'et al. "' in text or "Read More" in text]


def test_the_starter_list_has_the_same_details_with_our_own_summaries(
    publications_page: str,
) -> None:
    listed = [one.draft for one in parse_publications_page(publications_page).papers]
    starter = load_starter()
    assert len(starter) == len(listed)
    for ours, theirs in zip(starter, listed, strict=True):
        assert ours.abstract
        for field in ("title", "authors", "authors_complete", "venue", "date", "identifiers"):
            assert getattr(ours, field) == getattr(theirs, field), ours.title
        assert (ours.note, ours.posted_by) == (theirs.note, theirs.posted_by)
        words = ours.abstract.split()
        runs = [" ".join(words[start : start + 8]) for start in range(len(words) - 7)]
        assert not [run for run in runs if run in theirs.abstract]
