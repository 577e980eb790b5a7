"""Pages in many shapes, with invented papers: ``shapes/`` has each beside what stands in it."""

from __future__ import annotations

import json
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.pages.page import (
    NoPapersFound,
    PublicationsPage,
    is_html,
    parse_publications_page,
)
from storage.models import LinkKind, PaperDraft
from tests.support.linear_time import assert_takes_linear_time
from tests.support.page_cases import fits, page_cases

SHAPES = Path(__file__).with_name("shapes")


def drafts(text: str, base_url: str = "") -> list[PaperDraft]:
    return [paper.draft for paper in parse_publications_page(text, base_url).papers]


def read(draft: PaperDraft) -> dict[str, Any]:
    return {
        "title": draft.title,
        "authors": list(draft.author_names),
        "date": str(draft.date) if draft.date else "None",
        "arxiv": draft.arxiv,
        "doi": draft.doi,
    }


@pytest.mark.parametrize("name", page_cases(SHAPES))
def test_every_paper_of_a_page_is_read_and_nothing_else(name: str) -> None:
    wanted = json.loads((SHAPES / name).with_suffix(".json").read_text(encoding="utf-8"))["papers"]
    found = list(map(read, drafts((SHAPES / name).read_text(encoding="utf-8"))))
    missing = [want for want in wanted if not any(fits(want, one) for one in found)]
    assert (missing, len(found)) == ([], len(wanted)), found


NO_PAPERS = {
    "an archive of messages": """<html><body><h1>May 2022 Archives by thread</h1><ul>
<li><A HREF="01.html">[users] Version 3 is out</A><I>Ida Berg</I>
<ul><li><A HREF="02.html">[users] Version 3 is out</A><I>Omar Said</I></ul>
<li><A HREF="03.html">[users] How to build it?</A><I>Lin Mei</I></ul></body></html>""",
    "a team": """<html><body><h1>Team</h1><ul><li><b>Jane Roe</b>, Professor, since 2010</li>
<li><b>Bo Lee</b>, PhD student, 2021-</li></ul></body></html>""",
    "a manual": """# Fast sort

A library for sorting. By Jane Roe and Bo Lee, 2023.

## Usage

- Import the module.
- Call **sort**. See [docs](https://example.org/docs).
- Version 2.0 was released in 2023.

## Authors
Jane Roe, Bo Lee
""",
    "news": """News

12 April 2024: The new dilution fridge has arrived!
3 March 2024: Jane Roe and Bo Lee gave a talk at the Spring Meeting.
1 March 2024: Our paper "Cold things" by Jane Roe and Bo Lee was accepted at ICML 2024.
""",
    "prose": """It was a bright cold day in April. Jane Roe walked to the station in 1984.

They talked for hours. "What did you see?" asked Bo. "Nothing," said Jane. It was 2023.
""",
    "a menu": """<html><body><div class="menu"><a href="/">Home</a>
<a href="/p">Publications</a></div>
<p>Hello World</p><p>Copyright 2024 Jane Roe</p></body></html>""",
    "a blog post": """<html><body><article><h1>Why we sort</h1><p class="byline">By Jane Roe and
Bo Lee, 3 May 2023</p><p>Sorting is fun. We did it for years.</p></article></body></html>""",
    "jobs": """Open positions

- PhD position in Machine Learning, apply before May 2024. Contact Jane Roe.
- Postdoc in Robotics (2 years). Supervisor: Bo Lee. https://example.org/jobs/2
""",
    "courses": """# Courses

| Year | Course | Lecturer |
|---|---|---|
| 2023 | Algorithms | Jane Roe |
| 2022 | Databases | Bo Lee |
""",
    "a programme": """Workshop programme 2024

09:00 Opening
09:30 Jane Roe: Learning to sort
10:00 Bo Lee: Sorting to learn
""",
    "a mail": """Hi all,

please find attached the list of our papers. Let me know if anything is missing.

Best,
Jane Roe
Institute of Things, 2024
""",
    "a curriculum vitae": """Jane Roe
Professor of Sorting, University of Order

Education
2001 PhD, University of Order

Awards
2019 Best Sorter Award
""",
    "projects": """<html><body><h2>Projects</h2><div class="card"><h3>SortBot: a robot</h3>
<p>Jane Roe, Bo Lee</p><p>2021-2024, funded by the Council</p></div><div class="card">
<h3>ListNet: lists on the net</h3><p>Bo Lee</p><p>2020</p></div></body></html>""",
    "code": 'def main():\n    print("hello")  # 2023 Jane Roe\n    return {"a": 1}\n',
    "a shopping list": "1. Milk\n2. Bread\n3. Eggs, Butter, Cheese\n",
    "an address": "Jane Roe\n12 Frost Lane\n10115 Berlin\nGermany\n",
}


@pytest.mark.parametrize("text", NO_PAPERS.values(), ids=NO_PAPERS)
def test_a_page_without_papers_is_refused_with_what_can_be_read(text: str) -> None:
    with pytest.raises(NoPapersFound, match="lists, tables and references in text, Markdown and"):
        parse_publications_page(text)


def test_a_refusal_survives_the_way_out_of_a_worker() -> None:
    assert str(pickle.loads(pickle.dumps(NoPapersFound()))) == str(NoPapersFound())


def test_an_empty_page_has_no_papers_and_no_problems() -> None:
    assert parse_publications_page(" \n") == PublicationsPage((), ())


BROKEN = """<html><body><h1>Publications</h1><ul>
<li>Roe, J., &amp; Lee, B. (2022). Lost umbrellas. <i>Transit Items</i>, 5(2), 10-22.</li>
<li>TODO add the thing from the spring meeting here</li>
<li>Lee, B. (2020). Gloves come in ones. <i>Lost Property</i>, 3, 1-9.</li>
</ul><h2>News</h2><ul><li>We moved to a new building in May 2024</li></ul></body></html>
"""


def test_what_cannot_be_read_is_reported_by_line_and_the_rest_is_read() -> None:
    page = parse_publications_page(BROKEN)
    assert [(paper.line, paper.draft.title) for paper in page.papers] == [
        (2, "Lost umbrellas"),
        (4, "Gloves come in ones"),
    ]
    (problem,) = page.problems
    assert problem.line == 3
    assert "“TODO add the thing from the spring meeting here”" in problem.reason


def test_venues_links_and_notes_are_read() -> None:
    text = """<h2>2024</h2><ul><li><a href="/glow.pdf"><b>Six photons are enough</b></a><br>
<a href="https://jane.example">Jane Roe</a> and Bo Lee<br><i>Journal of Lamps</i> 12(3), 4-9<br>
<b>(Best Paper Award)</b> [<a href="https://github.com/example/glow">code</a>]
[<a href="/slides.pdf">slides</a>] [<a href="https://doi.org/10.5555/jl.12">DOI</a>]</li></ul>"""
    (draft,) = drafts(text, "https://lab.example/publications/")
    assert (draft.venue, draft.note, draft.doi) == (
        "Journal of Lamps",
        "Best Paper Award",
        "10.5555/jl.12",
    )
    assert [(link.kind, link.url) for link in draft.links] == [
        (LinkKind.PDF, "https://lab.example/glow.pdf"),
        (LinkKind.CODE, "https://github.com/example/glow"),
    ]
    assert "url:lab.example/glow.pdf" in draft.identifiers


def test_an_address_that_several_papers_share_identifies_none_of_them() -> None:
    text = "".join(
        f'<li><a href="https://lab.example/paper.pdf">Paper {number} on lamps</a>, Jane Roe, '
        f"Bo Lee, <i>Journal of Lamps</i>, 2024</li>"
        for number in ("one", "two")
    )
    found = drafts(f"<ul>{text}</ul>")
    assert len(found) == 2
    assert not any(name.startswith("url:") for draft in found for name in draft.identifiers)


def test_a_selected_paper_that_is_shown_again_is_one_paper() -> None:
    entry = "- Roe, J. ({}). On lamps. *Journal of Lamps*, 1, 2-3.\n"
    page = (
        f"## Selected\n\n{entry.format(2021)}\n## All\n\n{entry.format(2021)}{entry.format(2019)}"
    )
    assert sorted(str(draft.date) for draft in drafts(page)) == ["2019", "2021"]


def test_incomplete_lists_of_authors_are_marked() -> None:
    text = "1. Roe J, Lee B, et al. On lamps at night. J Lamps. 2021;4:7.\n"
    text += "2. Lee B. On lamps by day. J Lamps. 2020;3:7.\n"
    first, second = drafts(text)
    assert (first.authors, first.authors_complete) == (("J Roe", "B Lee"), False)
    assert second.authors_complete


@pytest.mark.parametrize(
    ("text", "is_page"),
    [
        ("<!DOCTYPE html><html></html>", True),
        ("\ufeff\n<ul><li>", True),
        ('<?xml version="1.0"?><!-- a --><html>', True),
        ('<?xml version="1.0"?><rss>', False),
        ("<feed>", False),
        ("text <p>", False),
    ],
)
def test_web_pages_are_told_from_feeds(text: str, is_page: bool) -> None:  # noqa: FBT001
    assert is_html(text) is is_page


@given(st.text(alphabet='<>/abiulpt \n\t.,:;|#*[]()&"“”-_AJ02' + "é王"))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for page in (text, f"# T\n{text}", f"<html><body>{text}"):
        with suppress(NoPapersFound):
            parse_publications_page(page)


# Pieces that a careless reader would read again and again.
HOSTILE = [
    *("<div>a", "<ul><li>", "<p><b>A b", "<table>", "<tr><td>a", "<dl><dt>a", "<br>", "<i>A"),
    *("<div><p>A. Lee, Tea, 2023</p>", '<a href="http://e.org/x">A. Lee</a>, ', "<sup>1</sup>"),
    *('"a ', "'a ", "“a”", "[a](", "[", "*a ", "# a\n", "- A. Lee. Tea time. Foo, 2023.\n"),
    *("A. Lee\nTea for two\nFoo 2023\n", "A. Lee, ", "Lee, A., ", " and ", " ", "(2023) ", ". "),
    *(": ", "\t", "**a** ", "> ", "`", "{%", "{{a", "---\n", "===\n", "|a", "http://a ", "& "),
    *(" - ", "Word word.\n\n", "(a", "王", "May ", "10.1234/a ", "arxiv:", "<!--", "1. ", "• "),
]


@pytest.mark.slow
@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_page_takes_linear_time(unit: str) -> None:
    def read(size: int) -> None:
        for before in ("", "<html><body>" if "<" in unit else "# T\n\n"):
            with suppress(NoPapersFound):
                parse_publications_page(before + unit * size)

    assert_takes_linear_time(read, 8_000 // len(unit) + 400)


@pytest.mark.parametrize(
    ("rest", "venue"),
    [
        ("Trop Health J. 2019;14(3):221-30. doi: 10.5555/thj.14.", "Trop Health J"),
        ("In: Reef Handbook (eds Tan WL, Okoro C), pp. 10–20, 2018.", "Reef Handbook"),
        ("In Handbook of Cold, edited by Omar Said, 33–50. 2018.", "Handbook of Cold"),
        ("Marine Optics, Vol. 12, pp. 1–9, 2018.", "Marine Optics"),
        ("Erscheint in: Insektenkunde, 2018.", "Insektenkunde"),
    ],
)
def test_a_venue_is_named_without_its_volume_editors_and_state(rest: str, venue: str) -> None:
    (found,) = drafts(f"1. Berg I, Said O. Moss on the northern wall. {rest}\n")
    assert found.venue == venue


@pytest.mark.parametrize("name", ["Bo Li", "Yu Xu", "Ed Wu"])
def test_a_name_of_two_short_words_is_no_initials(name: str) -> None:
    (found,) = drafts(
        f"- **[Oak and elm](https://doi.org/10.5555/o.1)**. {name}. *J Oaks*, 2020.\n"
    )
    assert (found.title, found.authors) == ("Oak and elm", (name,))
    (found,) = drafts(f"1. Ida Berg, {name}. Oak and elm again. J Oaks, 12, 1-9, 2020.\n")
    assert (found.title, found.authors) == ("Oak and elm again", ("Ida Berg", name))


def test_an_abbreviated_journal_in_italics_before_its_volume_is_one_venue() -> None:
    (found,) = drafts(
        "<p>Berg, I., Said, O.: “Moss and tears.” <i>Exp. Mech. Now</i> <b>3</b>, 5–9 (2014).</p>"
    )
    assert found.venue == "Exp. Mech. Now"


@pytest.mark.parametrize("dashes", ["---.", "———.", "–––,", "___."])
@pytest.mark.parametrize("mark", ["", "- ", "[1] "])
def test_dashes_are_the_authors_of_the_reference_above(dashes: str, mark: str) -> None:
    found = drafts(
        f'{mark}Roe, Jane, and Bo Lee. "On Lamps." Journal of Lamps, vol. 12, 2023, pp. 1-20.\n\n'
        f'{mark}{dashes} "More Lamps." Journal of Lamps, vol. 13, 2024, pp. 4-9.\n\n'
        f'{mark}Chen, Cy. "Ferns in Rain." Ferns, vol. 2, 2021.\n\n'
        f'{mark}{dashes} "Ferns in Snow." Ferns, vol. 3, 2022.\n'
    )
    assert [(one.title, one.authors) for one in found] == [
        ("On Lamps", ("Jane Roe", "Bo Lee")),
        ("More Lamps", ("Jane Roe", "Bo Lee")),
        ("Ferns in Rain", ("Cy Chen",)),
        ("Ferns in Snow", ("Cy Chen",)),
    ]


def test_a_page_keeps_the_numbers_of_namesakes() -> None:
    (found,) = drafts("Wei Wang 0001, Jane Roe: “Ferns in Rain.” Ferns, 2022.\n")
    assert found.authors == ("Wei Wang 0001", "Jane Roe")
