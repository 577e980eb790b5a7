from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext

import pytest

from bot.formats.records.csv_reader import describe_columns, read_csv
from bot.formats.results import ParsedPaper, ParseResult, Problem, SkippedEntry
from storage.errors import InvalidInput
from storage.models import Link, LinkKind, PaperDraft, PartialDate


def read(
    text: str, mapping: Mapping[str, str] | None = None, *, unpublished: bool = False
) -> list[ParseResult]:
    @contextmanager
    def lines() -> Iterator[list[str]]:
        yield text.splitlines(keepends=True)

    return list(read_csv(lines, mapping, include_unpublished=unpublished))


def papers(text: str, mapping: Mapping[str, str] | None = None) -> list[PaperDraft]:
    return [finding.draft for finding in read(text, mapping) if isinstance(finding, ParsedPaper)]


def test_columns_are_recognized_by_common_names() -> None:
    (draft,) = papers(
        "Paper Title;Author(s);Publication Year;Journal;DOI;Url;Abstract Note;"
        "Keywords;Awards;GitHub\n"
        '"On Words ";"Doe, Jane; Roe, John et al.";2020;Nature;10.1000/X1;https://a.example/p;Short.;'
        '"nlp, words";Oral;https://github.com/a/b\n'
    )
    assert draft == PaperDraft(
        title="On Words",
        authors=("Jane Doe", "John Roe"),
        authors_complete=False,
        abstract="Short.",
        venue="Nature",
        date=PartialDate(2020),
        identifiers=("doi:10.1000/x1", "url:a.example/p", "listed:onwords"),
        links=(
            Link(LinkKind.PAGE, "https://a.example/p"),
            Link(LinkKind.CODE, "https://github.com/a/b"),
        ),
        note="Oral",
        tags=("nlp", "words"),
    )


def test_a_column_can_be_mapped_to_a_field() -> None:
    sheet = "Headline\tWho\nOn Words\tJane Doe and John Roe\n"
    (draft,) = papers(sheet, {"title": "Headline", "authors": "who"})
    assert (draft.title, draft.authors) == ("On Words", ("Jane Doe", "John Roe"))


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ({}, "which column has the titles. The columns are “Headline”, “Who”"),
        ({"title": "Nothing"}, "no column “Nothing”"),
        ({"title": "Headline", "rank": "Who"}, "“rank” isn't a field"),
    ],
)
def test_a_file_with_unusable_columns_is_an_error(mapping: dict[str, str], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        read("Headline,Who\nOn Words,Jane Doe\n", mapping)


@pytest.mark.parametrize("header", ["Name,Email,Year", "name,price,type", "Name,Year"])
def test_a_sheet_of_people_or_products_has_no_titles(header: str) -> None:
    with pytest.raises(InvalidInput, match="which column has the titles"):
        read(f"{header}\nJane Doe,jane@lab.org,2019\n", {})


def test_a_name_may_be_a_title_in_a_sheet_of_papers() -> None:
    (draft,) = papers("Name,Authors\nOn Words,Jane Doe\n", {})
    assert draft.title == "On Words"


def test_used_and_unused_columns_are_reported() -> None:
    def told(sheet: str) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
        return describe_columns(lambda: nullcontext(io.StringIO(sheet)), {"note": "Mood"})

    known, unused = told('"Title";"Col\nour";Mood;URL;Link\nOn Words;red;good;;\n')
    assert known == {"title": ("Title",), "note": ("Mood",), "url": ("URL", "Link")}
    assert unused == ("Col\nour",)
    assert told('"' + "x" * 5_000_000) == ({}, ())


def test_the_contact_is_not_an_author_and_the_superlative_is_a_note() -> None:
    (draft,) = papers(
        "Title,Some Lab PoC,Status,Conference or Journal,Superlatives,Pub Date\n"
        'Words,Jane Doe,Accepted,ICML (Oral),Oral,"April 19, 2021"\n'
    )
    assert (draft.authors, draft.posted_by) == ((), "Jane Doe")
    assert (draft.venue, draft.note) == ("ICML", "Oral")
    assert draft.date == PartialDate(2021, 4, 19)


def test_unpublished_rows_are_skipped_by_default() -> None:
    sheet = "Title,Status\nOne,Accepted\nTwo,Under Review\nThree,Work-in-Progress\nFour,arXiv\n"
    assert [draft.title for draft in papers(sheet)] == ["One", "Four"]
    assert papers(sheet)[1].venue == "arXiv"
    assert read(sheet)[1] == SkippedEntry(3, "“Two” isn't published yet: Under Review.")
    assert len([one for one in read(sheet, unpublished=True) if isinstance(one, ParsedPaper)]) == 4


def test_a_link_shared_by_different_titles_is_not_an_identifier() -> None:
    link = "https://arxiv.org/abs/2601.04301"
    one, two, three = papers(f"Title,Link\nOne,{link}\nTwo,{link}v2\nThree,https://b.example\n")
    assert (one.identifiers, two.identifiers) == (("listed:one",), ("listed:two",))
    assert one.links == (Link(LinkKind.PAGE, link),)
    assert three.identifiers == ("url:b.example", "listed:three")


def test_a_title_with_different_links_is_not_an_identifier() -> None:
    one, two = papers("Title,DOI\nEditorial,10.1000/1\nEditorial,10.1000/2\n")
    assert one.identifiers == ("doi:10.1000/1",)
    assert two.identifiers == ("doi:10.1000/2",)


def test_a_remark_is_not_a_venue() -> None:
    (draft,) = papers(
        "Title,Conference or Journal,Workshop\nWords,Extended to a published paper,W @ ICML\n"
    )
    assert draft.venue == "W @ ICML"


def test_rows_are_reported_by_their_first_line() -> None:
    findings = read('Title,Date\n"Two\nlines",2020\n,2021\nLast,3/4/2021\n')
    assert [(type(one), one.line) for one in findings] == [
        (ParsedPaper, 2),
        (Problem, 4),
        (ParsedPaper, 5),
    ]
    last = findings[-1]
    assert isinstance(last, ParsedPaper)
    assert last.draft.date == PartialDate(2021)  # the third of April, or the fourth of March


def test_an_unreadable_date_costs_no_paper() -> None:
    drafts = papers(
        "Title,Publication Date,Year\nOne,99/99/9999,2020\nTwo,MAY 7,2020\n"
        "Three,soon,\nFour,,2020\n"
    )
    assert [draft.date for draft in drafts] == [
        PartialDate(2020),
        PartialDate(2020, 5, 7),
        None,
        PartialDate(2020),
    ]


def test_html_and_latex_in_cells_become_text() -> None:
    (draft,) = papers(
        "Title,Venue,Abstract\n"
        '"<i>In vivo</i> for $a<b$ &amp; \\texttt{Foo}",R&amp;D,"k<n\n\n\\emph{x}"\n'
    )
    assert draft.title == "In vivo for a<b & Foo"
    assert (draft.venue, draft.abstract) == ("R&D", "k<n\n\nx")
