from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.lookup.errors import NotAReference
from bot.lookup.references import Reference, ReferenceKind, extract_references, parse_reference
from storage.models import Link, LinkKind, PaperDraft
from storage.urls import page_of_pdf

ARXIV, DOI, PAGE = ReferenceKind.ARXIV, ReferenceKind.DOI, ReferenceKind.PAGE


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (" 2304.01373 ", Reference(ARXIV, "2304.01373")),
        ("arXiv:2304.01373v2", Reference(ARXIV, "2304.01373")),
        ("https://arxiv.org/pdf/2304.01373v1.pdf", Reference(ARXIV, "2304.01373")),
        ("arxiv.org/abs/astro-ph/0601001v1", Reference(ARXIV, "astro-ph/0601001")),
        ("math.GT/0309136", Reference(ARXIV, "math/0309136")),
        ("10.48550/arXiv.2304.01373", Reference(ARXIV, "2304.01373")),
        ("https://huggingface.co/papers/2304.01373", Reference(ARXIV, "2304.01373")),
        ("https://www.alphaxiv.org/abs/2304.01373v1", Reference(ARXIV, "2304.01373")),
        ("https://ar5iv.labs.arxiv.org/html/2304.01373", Reference(ARXIV, "2304.01373")),
        ("doi:10.1145/3511808.3557079", Reference(DOI, "10.1145/3511808.3557079")),
        ("https://dl.acm.org/doi/pdf/10.1145/3511808", Reference(DOI, "10.1145/3511808")),
        ("<https://openreview.net/forum?id=a_B>", Reference(PAGE, "https://openreview.net/forum?id=a_B")),
        ("[the paper](https://lab.example/p)", Reference(PAGE, "https://lab.example/p")),
        ("aclanthology.org/2022.acl-long.1", Reference(PAGE, "https://aclanthology.org/2022.acl-long.1")),
        (" @misc{a, title={B}}", Reference(ReferenceKind.BIBTEX, "@misc{a, title={B}}")),
    ],
)  # fmt: skip
def test_many_kinds_of_references_are_parsed(text: str, source: Reference) -> None:
    assert parse_reference(text) == source


@pytest.mark.parametrize(
    "text", ["", "   ", "Pythia", "a suite of models", "javascript:alert(1)", "ftp://a.example/p"]
)
def test_other_text_is_an_error_that_suggests_it_as_title(text: str) -> None:
    with pytest.raises(NotAReference, match="isn't something I can look up") as caught:
        parse_reference(text)
    assert caught.value.known.title == text.strip()


def test_a_reference_has_a_draft_of_its_own() -> None:
    assert parse_reference("2304.01373").draft.identifiers == ("arxiv:2304.01373",)
    assert parse_reference("@misc{a, title={B}}").draft == PaperDraft(title="")
    page = parse_reference("https://lab.example/p.pdf").draft
    assert page.identifiers == ("url:lab.example/p.pdf",)
    assert page.links == (Link(LinkKind.PDF, "https://lab.example/p.pdf"),)


def test_references_in_a_message_are_found_once_in_order() -> None:
    text = (
        "Read (https://arxiv.org/abs/2304.01373), <https://doi.org/10.1145/3511808.3557079> and "
        "[this](https://openreview.net/forum?id=q_1)! Also arXiv:2211.05100v3; doi:10.1000/ab.c), "
        "https://arxiv.org/pdf/2304.01373 again, https://lab.example/post_(x). But 1234.5678 and "
        "https://discord.com/channels/1/2 and https://tenor.com/view/cat are none. "
        "Nor is arXiv: the site itself."
    )
    assert [source.identifier for source in extract_references(text)] == [
        "arxiv:2304.01373",
        "doi:10.1145/3511808.3557079",
        "url:openreview.net/forum?id=q_1",
        "arxiv:2211.05100",
        "doi:10.1000/ab.c",
        "url:lab.example/post_(x)",
    ]


@pytest.mark.parametrize(
    ("pdf", "page"),
    [
        ("https://openreview.net/pdf?id=aB-c_1", "https://openreview.net/forum?id=aB-c_1"),
        ("https://aclanthology.org/2022.acl-long.1v2.pdf", "https://aclanthology.org/2022.acl-long.1/"),
        (
            "https://proceedings.mlr.press/v202/someone23a/someone23a.pdf",
            "https://proceedings.mlr.press/v202/someone23a.html",
        ),
        (
            "https://papers.nips.cc/paper_files/paper/2022/file/0123abc-Paper-Conference.pdf",
            "https://papers.nips.cc/paper_files/paper/2022/hash/0123abc-Abstract-Conference.html",
        ),
        ("https://lab.example/a.pdf", "https://lab.example/a.pdf"),
    ],
)  # fmt: skip
def test_the_page_of_a_pdf_is_known_for_some_sites(pdf: str, page: str) -> None:
    assert page_of_pdf(pdf) == page


@given(st.text(max_size=200))
def test_any_text_is_parsed_or_rejected(text: str) -> None:
    for source in extract_references(text):
        assert source.identifier
    try:
        assert parse_reference(text).value
    except NotAReference as error:
        assert str(error)  # noqa: PT017 - either is right
