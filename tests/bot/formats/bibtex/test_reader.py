from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.formats.bibtex.reader import read_bibtex
from bot.formats.results import ParsedPaper, ParseResult, Problem, SkippedEntry
from storage.models import Link, LinkKind, PaperDraft, PartialDate
from storage.publication import EntryType, Publication


def read(text: str) -> list[ParseResult]:
    @contextmanager
    def lines() -> Iterator[list[str]]:
        yield text.splitlines(keepends=True)

    return list(read_bibtex(lines))


def read_one(text: str) -> PaperDraft:
    (finding,) = read(text)
    assert isinstance(finding, ParsedPaper), finding
    return finding.draft


def test_an_entry_of_the_acl_anthology_is_read() -> None:
    draft = read_one(
        "@inproceedings{doe-etal-2020-words,\n"
        '    title = "Counting Words with {B}ert in $O(n^2)$",\n'
        '    author = "Doe, Jane  and\n      van der Berg, Jan",\n'
        '    booktitle = "Proceedings of Things",\n    month = jul,\n    year = "2020",\n'
        '    url = "https://www.aclweb.org/anthology/2020.x-1.1",\n'
        '    doi = "10.18653/v1/2020.x-1.1",\n'
        '    abstract = "Half of it, 50\\% of {``}all{\'\'}, is {\\"o}.",\n}\n'
    )
    assert draft == PaperDraft(
        title="Counting Words with Bert in O(n²)",
        authors=("Jane Doe", "Jan van der Berg"),
        abstract="Half of it, 50% of “all”, is ö.",
        venue="Proceedings of Things",
        date=PartialDate(2020, 7),
        identifiers=("doi:10.18653/v1/2020.x-1.1", "url:aclanthology.org/2020.x-1.1"),
        links=(Link(LinkKind.PAGE, "https://www.aclweb.org/anthology/2020.x-1.1"),),
        publication=Publication(EntryType.INPROCEEDINGS),
    )


def test_an_entry_of_arxiv_is_a_preprint_with_its_id() -> None:
    draft = read_one(
        "@misc{doe2023words,\n title={Words}, author={Jane Doe and others}, year={2023},\n"
        " eprint={2302.12433v2}, archivePrefix={arXiv}, primaryClass={cs.CL},\n"
        " url={https://arxiv.org/abs/2302.12433}\n}"
    )
    assert draft == PaperDraft(
        title="Words",
        authors=("Jane Doe",),
        authors_complete=False,
        venue="arXiv",
        date=PartialDate(2023),
        identifiers=("arxiv:2302.12433",),
        publication=Publication(EntryType.MISC),
    )
    scholar = "@article{x, title={Words}, journal={arXiv preprint arXiv:2302.12433}}"
    assert read_one(scholar).identifiers == ("arxiv:2302.12433",)
    assert read_one(scholar).venue == "arXiv"


def test_names_are_read_in_every_order_that_bibtex_knows() -> None:
    draft = read_one(
        "@misc{x, title={T}, author={{The BigScience Workshop and Friends} and Le Scao, Teven and "
        "King, Jr., Martin Luther and de la Cruz, Ana and Ren{\\'e}e {\\O}stby and Zhang}}"
    )
    assert draft.authors == (
        "The BigScience Workshop and Friends",
        "Teven Le Scao",
        "Martin Luther King Jr.",
        "Ana de la Cruz",
        "Renée Østby",
        "Zhang",
    )


def test_macros_and_joined_values_are_filled_in() -> None:
    (finding,) = read(
        '@string{icml = "International Conference"}\n@string(full = icml # " on Learning")\n'
        '@inproceedings{x, title = "A" # { B}, booktitle = full, year = 2020, month = jun # "~3"}'
    )
    assert isinstance(finding, ParsedPaper)
    assert finding.draft.title == "A B"
    assert finding.draft.venue == "International Conference on Learning"
    assert finding.draft.date == PartialDate(2020, 6, 3)


def test_fields_of_a_volume_are_inherited_wherever_the_volume_is() -> None:
    paper, volume = read(
        "@inproceedings{x, title={Words}, crossref={Vol}, pages={1--2}}\n"
        "@proceedings{vol, title={The {ACL}}, editor={E}, year={2021}, month=aug, url={http://v.example}}"
    )
    assert isinstance(paper, ParsedPaper)
    assert paper.draft == PaperDraft(
        title="Words",
        venue="The ACL",
        date=PartialDate(2021, 8),
        publication=Publication(EntryType.INPROCEEDINGS, pages="1–2", editors=("E",)),
    )
    assert volume == SkippedEntry(2, "“vol” is a volume, not a paper.")


def test_a_collaboration_in_its_own_field_is_an_author() -> None:
    for name in ("ATLAS", "ATLAS Collaboration"):
        draft = read_one(
            "@article{a, title={Search}, author={Roe, Jane and others}, "
            f"collaboration={{{name}}}, journal={{J}}}}"
        )
        assert draft.authors == ("Jane Roe", "ATLAS Collaboration")
        assert not draft.authors_complete
    known = read_one(
        "@article{a, title={S}, author={{ATLAS Collaboration}}, collaboration={ATLAS}}"
    )
    assert known.authors == ("ATLAS Collaboration",)


def test_fields_of_xdata_are_taken_over_wherever_they_are() -> None:
    paper, *others = read(
        "@article{a, title={Words}, xdata={y}, journaltitle={Own}}\n"
        "@xdata{y, xdata={x, missing}, year={2020}}\n"
        "@xdata{x, author={Roe, Jane and {OpenAI}}, journaltitle={J}, xdata={y}}\n"
    )
    assert isinstance(paper, ParsedPaper)
    assert (paper.draft.authors, paper.draft.collectives) == (("Jane Roe", "OpenAI"), ("OpenAI",))
    assert (paper.draft.venue, paper.draft.date) == ("Own", PartialDate(2020))
    assert [type(one) for one in others] == [SkippedEntry, SkippedEntry]


def test_a_chapter_takes_the_authors_of_its_book() -> None:
    _, chapter = read(
        "@book{b, title={Book}, author={Roe, Jane}, year=2019}\n"
        "@inbook{c, title={Chapter}, crossref={b}}\n"
    )
    assert isinstance(chapter, ParsedPaper)
    assert chapter.draft.authors == ("Jane Roe",)


def test_an_umlaut_does_not_close_a_quoted_value() -> None:
    draft = read_one(
        '@article{a, author="M\\"{u}ller, Hans and R\\"oe, Jane", title="A \\"{b}", year=1}'
    )
    assert draft.authors == ("Hans Müller", "Jane Röe")
    assert draft.title == 'A "b'


def test_dates_are_as_precise_as_they_are_given() -> None:
    for fields, date in [
        ("year=2020", PartialDate(2020)),
        ("year={2020}, month={June}", PartialDate(2020, 6)),
        ("year={2020}, month={6}, day={9}", PartialDate(2020, 6, 9)),
        ("date={2020-06-09}", PartialDate(2020, 6, 9)),
        ("date={2020-06/2020-07}", PartialDate(2020, 6)),
        ("year={in press}", None),
        ("year={0099}", None),
        ("date={2020-22}, year={2020}", PartialDate(2020)),
        ("date={202X}", None),
        ("date={unknown}, year={2020}, month=may", PartialDate(2020, 5)),
        ("year={2020}, month={7--12 June}", PartialDate(2020, 6, 7)),
        ("year={2020}, month={9~May}", PartialDate(2020, 5, 9)),
        ('year={2020}, month=jun # "~3--4"', PartialDate(2020, 6, 3)),
        ("year={\\noopsort{a}2020}", PartialDate(2020)),
    ]:
        assert read_one(f"@misc{{x, title={{T}}, {fields}}}").date == date


def test_a_subtitle_belongs_to_its_title() -> None:
    for fields, title in [
        ("title={Main}, subtitle={The {Sub}}", "Main: The Sub"),
        ("title={Why?}, subtitle={The Sub}", "Why? The Sub"),
        ("title={Main: The Sub}, subtitle={the sub}", "Main: The Sub"),
    ]:
        assert read_one(f"@misc{{x, {fields}}}").title == title
    draft = read_one("@misc{x, title={T}, booktitle={Proceedings}, booksubtitle={Of It}}")
    assert draft.venue == "Proceedings: Of It"


def test_macros_of_journals_are_their_names() -> None:
    for journal, venue in [
        ("{\\prl}", "Physical Review Letters"),
        ("{{\\apjs}{}}", "The Astrophysical Journal Supplement Series"),
        ("{Not \\aj}", "Not \\aj"),
        ("{\\unheard}", "\\unheard"),
    ]:
        text = f"@article{{x, title={{T}}, journal={journal}, eprint={{2001.00001}}}}"
        assert read_one(text).venue == venue


def test_html_in_bibtex_becomes_text() -> None:
    draft = read_one(
        "@article{x, title={{$\\less$}i{$\\greater$}In vitro{$\\less$}/i{$\\greater$} CO{$\\less$}"
        "sub{$\\greater$}2{$\\less$}/sub{$\\greater$} for $a<b$},"
        " author={D&iacute;az, Ana and Lov\\&#233;n, Bo},"
        " journal={Food {\\&}amp$\\mathsemicolon$ Drink}, abstract={Q&amp;A, R\\&D &lt; 1}}"
    )
    assert draft.title == "In vitro CO₂ for a<b"
    assert draft.authors == ("Ana Díaz", "Bo Lovén")
    assert (draft.venue, draft.abstract) == ("Food & Drink", "Q&A, R&D < 1")


def test_a_missing_comma_between_fields_is_mended() -> None:
    for separator in (" ", "\n  ", ""):
        fields = ("title={One = {Two}}", "author={Roe, Jo}", 'journal="J" # " K"', "year = 2020 ")
        draft = read_one(f"@article{{x, {separator.join(fields)}\n month=may}}")
        assert (draft.title, draft.authors, draft.venue) == ("One = Two", ("Jo Roe",), "J K")
        assert draft.date == PartialDate(2020, 5)


def test_keywords_note_and_school_are_read() -> None:
    draft = read_one(
        "@phdthesis{x, title={T}, school={A School}, note={Best Thesis}, "
        "keywords={nlp, deep learning; {a, b}}}"
    )
    assert (draft.venue, draft.note) == ("A School", "Best Thesis")
    assert draft.tags == ("a, b", "deep learning", "nlp")


def test_invalid_entries_are_reported_by_line_and_the_rest_is_read() -> None:
    findings = read(
        "A word before.\n"
        "% @article{commented, title={Out}}\n"
        "@misc{no comma here}}\n"
        "@article{open,\n title={It does not close\n"
        "@article{good, title={Good}}\n"
        "@comment{ @article{inside, title={Out}} }\n"
        "@article{untitled, author={A}}\n"
    )
    assert [(type(finding), finding.line) for finding in findings] == [
        (Problem, 3),
        (Problem, 4),
        (ParsedPaper, 6),
        (Problem, 8),
    ]
    reasons = [finding.reason for finding in findings if isinstance(finding, Problem)]
    assert "isn't valid BibTeX" in reasons[1]
    assert reasons[2] == "“untitled” can't be used. It has no title."


@pytest.mark.parametrize(("opening", "closing"), [("{", "}"), ('"', '"')])
def test_a_line_inside_a_value_that_looks_like_an_entry_is_text(opening: str, closing: str) -> None:
    first, second = read(
        f"@misc{{x, title={{One}},\n  abstract = {opening}We cite\n@misc{{y, title={{Two}}}}\n"
        f"  @inproceedings(z,\n\nas @usual{{}}.\n@end\n{closing},\n}}\n"
        "@misc{next, title={Next}}\n"
    )
    assert isinstance(first, ParsedPaper)
    assert isinstance(second, ParsedPaper)
    assert first.draft.title == "One"
    assert first.draft.abstract == (
        "We cite @misc{y, title={Two}} @inproceedings(z,\n\nas @usual{}. @end"
    ).replace("{", "").replace("}", "")
    assert (second.line, second.draft.title) == (10, "Next")


@pytest.mark.parametrize(
    "unclosed", ["@misc{x, title={One}", "@misc{x, title={One,", "@misc{x, title"]
)
def test_an_entry_that_is_never_closed_hides_no_other(unclosed: str) -> None:
    entries = "".join(f"{unclosed}\n@misc{{k{n}, title={{Paper {n}}}}}\n" for n in range(300))
    titles = [one.draft.title for one in read(entries) if isinstance(one, ParsedPaper)]
    assert titles == [f"Paper {n}" for n in range(300)]
    assert sum(isinstance(one, Problem) for one in read(entries)) == 300


def test_two_entries_under_one_key_are_two_papers() -> None:
    findings = read("@misc{x, title={One}} @misc{x, title={Two}}\n@misc{x, title={Three}}")
    titles = [finding.draft.title for finding in findings if isinstance(finding, ParsedPaper)]
    assert titles == ["One", "Two", "Three"]


def test_the_first_of_a_repeated_field_counts() -> None:
    assert read_one("@misc{x, title={One}, title={Two}}").title == "One"


def test_an_entry_in_parentheses_is_read() -> None:
    assert read_one("@misc(x,\n title={One}\n)").title == "One"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file() -> None:
    def entries(number: int) -> Iterator[str]:
        for key in range(number):
            yield f"@article{{key{key},\n"
            yield f"  title = {{Paper {key}}}, author = {{Doe, Jane and Roe, Jo}},\n"
            yield f"  doi = {{10.1000/{key}}}, year = 2020,\n"
            yield f"  abstract = {{{'word ' * 100}}}\n}}\n"

    def peak(number: int) -> int:
        @contextmanager
        def lines() -> Iterator[Iterator[str]]:
            yield entries(number)

        tracemalloc.start()
        assert sum(1 for _ in read_bibtex(lines)) == number
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(50)  # what is loaded once
    # The larger file has 1.1 MB more; some of what was read waits for the garbage collector.
    assert peak(2000) < peak(200) + 500_000
