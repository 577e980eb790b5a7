from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.formats.writers.csl_styles import (
    MENU_STYLES,
    StyleFailed,
    UnknownStyle,
    find_styles,
    format_reference,
    get_style,
    style_label,
)
from storage.models import PaperDraft, PartialDate
from storage.publication import EntryType, Publication
from tests.support.papers import drafts, make_paper

ARTICLE = PaperDraft(
    title="On lamps",
    authors=("Jane Q. Roe", "Bo Lee"),
    venue="Journal of Lamps",
    date=PartialDate(2023, 7, 14),
    identifiers=("doi:10.1000/x_1",),
    publication=Publication(EntryType.ARTICLE, volume="12", number="3", pages="113–120"),
)
PREPRINT = PaperDraft(
    title="On lamps",
    authors=("Jane Q. Roe",),
    venue="arXiv",
    date=PartialDate(2023, 4, 3),
    identifiers=("arxiv:2304.01373",),
)
THESIS = PaperDraft(
    title="Why lamps?",
    authors=("Martin Luther King Jr.",),
    venue="MIT",
    date=PartialDate(2020),
    publication=Publication(EntryType.PHDTHESIS),
)
CHAPTER = replace(
    ARTICLE,
    venue="Book of Lamps",
    publication=Publication(
        EntryType.INCOLLECTION, pages="1–9", publisher="MIT Press", editors=("Ed Ito",)
    ),
)
MANY = tuple(f"Ann-Marie Name{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")
DOI = "https://doi.org/10.1000/x_1"


def formatted(draft: PaperDraft, style: str) -> str:
    return format_reference(make_paper(draft, 7), MENU_STYLES[style])


@pytest.mark.parametrize(
    ("style", "reference"),
    [
        ("APA", f"Roe, J. Q., & Lee, B. (2023). On lamps. Journal of Lamps, 12(3), 113–120. {DOI}"),
        (
            "MLA",
            (
                "Roe, Jane Q., and Bo Lee. “On Lamps.” Journal of Lamps, vol. 12, no. 3, "
                f"July 2023, pp. 113–20, {DOI}."
            ),
        ),
        (
            "Chicago",
            f"Roe, Jane Q., and Bo Lee. 2023. “On Lamps.” Journal of Lamps 12 (3): 113–20. {DOI}.",
        ),
        (
            "IEEE",
            (
                "J. Q. Roe and B. Lee, “On lamps,” Journal of Lamps, vol. 12, no. 3, pp. 113–120, "
                "Jul. 2023, doi: 10.1000/x_1."
            ),
        ),
        (
            "Vancouver",
            "Roe JQ, Lee B. On lamps. Journal of Lamps. 2023 Jul 14;12(3):113–20. doi:10.1000/x_1",
        ),
        (
            "Harvard",
            (
                "Roe, J.Q. and Lee, B. (2023) ‘On lamps’, Journal of Lamps, 12(3), pp. 113–120. "
                f"Available at: {DOI}."
            ),
        ),
    ],
)
def test_an_article_is_cited_as_each_manual_of_style_says(style: str, reference: str) -> None:
    assert formatted(ARTICLE, style) == reference


@pytest.mark.parametrize(
    ("style", "one", "many"),
    [
        ("APA", "Roe, J. Q. (2023).", "Names, A.-M., … Namez, A.-M. (2023)."),
        ("MLA", "Roe, Jane Q. “On", "Namea, Ann-Marie, et al. “On"),
        ("Chicago", "Roe, Jane Q. 2023.", "Ann-Marie Nameb, Ann-Marie Namec, et al. 2023."),
        ("IEEE", "J. Q. Roe, “On", "A.-M. Namea et al., “On"),
        ("Vancouver", "Roe JQ. On", "Namef AM, et al. On"),
        ("Harvard", "Roe, J.Q. (2023)", "Namea, A.-M. et al. (2023)"),
    ],
)
def test_one_author_and_many(style: str, one: str, many: str) -> None:
    assert formatted(replace(ARTICLE, authors=ARTICLE.authors[:1]), style).startswith(one)
    assert many in formatted(replace(ARTICLE, authors=MANY), style)


@pytest.mark.parametrize(
    ("style", "reference"),
    [
        ("APA", "On lamps. (2023). Journal of Lamps, 12(3)"),
        ("MLA", "“On Lamps.” Journal of Lamps, vol. 12"),
        ("Chicago", "“On Lamps.” 2023. Journal of Lamps 12"),
        ("IEEE", "“On lamps,” Journal of Lamps"),
        ("Vancouver", "On lamps. Journal of Lamps. 2023"),
    ],
)
def test_a_paper_without_authors_begins_with_its_title_once(style: str, reference: str) -> None:
    assert formatted(replace(ARTICLE, authors=()), style).startswith(reference)


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("APA", "(n.d.)."),
        ("Chicago", " n.d. “"),
        ("Harvard", "(no date)"),
        ("MLA", "no. 3, pp."),
        ("IEEE", "pp. 113–120, doi"),
        ("Vancouver", "Journal of Lamps. 12(3)"),
    ],
)
def test_a_missing_year_is_said_or_left_out(style: str, text: str) -> None:
    assert text in formatted(replace(ARTICLE, date=None), style)


@pytest.mark.parametrize(
    ("style", "reference"),
    [
        ("APA", "Roe, J. Q. (2023). On lamps. arXiv. https://arxiv.org/abs/2304.01373"),
        (
            "MLA",
            "Roe, Jane Q. “On Lamps.” arXiv, 3 Apr. 2023, https://arxiv.org/abs/2304.01373.",
        ),
        (
            "Chicago",
            (
                "Roe, Jane Q. 2023. “On Lamps.” Preprint, arXiv, April 3. "
                "https://arxiv.org/abs/2304.01373."
            ),
        ),
        (
            "IEEE",
            (
                "J. Q. Roe, “On lamps,” Apr. 03, 2023, arXiv. [Online]. Available: "
                "https://arxiv.org/abs/2304.01373"
            ),
        ),
        (
            "Vancouver",
            (
                "Roe JQ. On lamps [Internet]. arXiv; 2023. Available from: "
                "https://arxiv.org/abs/2304.01373"
            ),
        ),
        (
            "Harvard",
            "Roe, J.Q. (2023) ‘On lamps’. arXiv. Available at: https://arxiv.org/abs/2304.01373.",
        ),
    ],
)
def test_a_preprint_names_its_archive(style: str, reference: str) -> None:
    assert formatted(PREPRINT, style) == reference


def test_theses_and_chapters() -> None:
    assert formatted(THESIS, "APA") == "King, M. L., Jr. (2020). Why lamps? [PhD thesis]. MIT."
    assert formatted(THESIS, "Chicago").startswith("King, Martin Luther, Jr. 2020. “Why Lamps?” ")
    assert "“Why lamps?” PhD thesis, MIT, 2020." in formatted(THESIS, "IEEE")
    assert "In E. Ito (Ed.), Book of Lamps (pp. 1–9). MIT Press." in formatted(CHAPTER, "APA")
    assert "in Book of Lamps, E. Ito, Ed., MIT Press" in formatted(CHAPTER, "IEEE")


@pytest.mark.parametrize("style", MENU_STYLES)
def test_names_in_other_scripts_stay_whole(style: str) -> None:
    reference = formatted(replace(ARTICLE, authors=("李白", "Иван Петров")), style)
    assert reference.startswith("李白")
    assert "Петров" in reference


@pytest.mark.parametrize("style", MENU_STYLES)
def test_a_group_is_one_whole_name(style: str) -> None:
    authors = ("World Health Organization", "ATLAS Collaboration")
    reference = formatted(replace(ARTICLE, authors=authors), style)
    assert reference.startswith("World Health Organization")
    assert "ATLAS Collaboration" in reference or " et al" in reference


@pytest.mark.parametrize("style", MENU_STYLES)
def test_an_incomplete_list_of_authors_ends_in_et_al(style: str) -> None:
    reference = formatted(replace(ARTICLE, authors_complete=False), style)
    assert ", et al" in reference
    assert "& et al" not in reference
    assert "and et al" not in reference


@pytest.mark.parametrize("style", MENU_STYLES)
def test_signs_of_html_stay_as_they_are(style: str) -> None:
    title = "If a<b & c>d, <i>E. coli</i> “grows”"
    reference = formatted(replace(ARTICLE, title=title), style)
    assert "a<b & c>d" in reference.lower()
    assert "&lt;" not in reference
    assert "&amp;" not in reference


@pytest.mark.parametrize(
    ("first", "last", "mla", "chicago"),
    [
        ("3", "10", "3–10", "3–10"),
        ("71", "72", "71–72", "71–72"),
        ("100", "104", "100–04", "100–104"),
        ("101", "108", "101–08", "101–8"),
        ("321", "328", "321–28", "321–28"),
        ("1496", "1504", "1496–504", "1496–504"),
    ],
)
def test_ranges_of_pages_are_abbreviated(first: str, last: str, mla: str, chicago: str) -> None:
    details = replace(ARTICLE.publication, pages=f"{first}–{last}")
    paper = replace(ARTICLE, publication=details)
    assert f"pp. {mla}," in formatted(paper, "MLA")
    assert f": {chicago}." in formatted(paper, "Chicago")
    assert f", {first}–{last}." in formatted(paper, "APA")


def test_a_style_is_found_by_its_name() -> None:
    assert get_style("Chicago") == "chicago-author-date"
    assert get_style("Nature") == "nature"
    assert get_style("the lancet") == "the-lancet"
    assert get_style("nature-digest") == "nature-digest"
    assert find_styles("harv cite")[0] == "harvard-cite-them-right"
    assert "the-lancet" in find_styles("lancet")
    assert find_styles("")[:2] == ["apa", "modern-language-association"]
    assert style_label("the-lancet") == "The lancet"
    for name in ("", "no such style", "../../etc/passwd", "x" * 5000):
        with pytest.raises(UnknownStyle, match="I don't know the style"):
            get_style(name)


def test_a_style_that_only_renames_another_one_is_used() -> None:
    paper = make_paper(ARTICLE)
    assert format_reference(paper, "nature-digest") == format_reference(paper, "nature")


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(drafts(), st.sampled_from([*MENU_STYLES.values(), "nature"]))
def test_any_paper_is_cited_or_refused_with_a_sentence(draft: PaperDraft, style: str) -> None:
    with contextlib.suppress(StyleFailed):
        assert format_reference(make_paper(draft), style)
