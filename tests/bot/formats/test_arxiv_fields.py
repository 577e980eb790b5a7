"""arXiv ids are found wherever reference managers write them, and aren't taken from other texts."""

from __future__ import annotations

import io
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.arxiv_fields import FIELDS, find_arxiv_id, is_arxiv_note
from bot.formats.bibtex.reader import read_bibtex
from bot.formats.fields import parse_external_ids
from bot.formats.results import ParsedPaper
from storage.models import PaperDraft


def read(fields: str) -> PaperDraft:
    text = f"@article{{key, title={{On Moss}}, {fields}}}"
    (paper,) = read_bibtex(lambda: nullcontext(io.StringIO(text)))
    assert isinstance(paper, ParsedPaper)
    return paper.draft


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ({"eprint": "2101.00001v2"}, "2101.00001"),
        ({"eprint": "arXiv:2101.00001", "archiveprefix": "arXiv"}, "2101.00001"),
        ({"eprint": "https://arxiv.org/abs/2101.00001"}, "2101.00001"),
        ({"eprint": "abs/2101.00001", "eprinttype": "arxiv"}, "2101.00001"),
        ({"eprint": "math/0309136"}, "math/0309136"),
        ({"eprint": "math.GT/0309136v1", "archiveprefix": "arXiv"}, "math/0309136"),
        ({"eprint": "9901001", "archiveprefix": "hep-th"}, "hep-th/9901001"),
        (
            {"eprint": "9901001", "archiveprefix": "arXiv", "primaryclass": "hep-th"},
            "hep-th/9901001",
        ),
        ({"arxivid": "2101.00001"}, "2101.00001"),
        ({"eid": "arXiv:2101.00001"}, "2101.00001"),
        ({"journal": "arXiv e-prints", "eid": "arXiv:2101.00001"}, "2101.00001"),
        ({"journal": "arXiv", "pages": "2101.00001"}, "2101.00001"),
        ({"journal": "CoRR", "volume": "abs/2101.00001"}, "2101.00001"),
        ({"journal": "CoRR abs/2101.00001"}, "2101.00001"),
        ({"journal": "CoRR, vol. abs/cs/0112017"}, "cs/0112017"),
        ({"journal": "arXiv e-prints, art. 2101.00001v2"}, "2101.00001"),
        ({"journal": "CoRR", "volume": "math.GT/0309136"}, "math/0309136"),
        ({"journaltitle": "ArXiv", "volume": "abs/2101.00001v3"}, "2101.00001"),
        ({"publisher": "arXiv", "number": "arXiv:2101.00001"}, "2101.00001"),
        ({"journal": "arXiv", "number": "2101.00001"}, "2101.00001"),
        ({"primaryclass": "arXiv:2101.00001"}, "2101.00001"),
        ({"journal": "arXiv preprint arXiv:2101.00001"}, "2101.00001"),
        ({"venue": "arXiv:2101.00001"}, "2101.00001"),
        ({"howpublished": "https://arxiv.org/abs/2101.00001"}, "2101.00001"),
        ({"note": "arXiv:2101.00001"}, "2101.00001"),
        ({"note": "arXiv preprint arXiv:math.GT/0309136v2"}, "math/0309136"),
        ({"note": "Available at https://arxiv.org/abs/2101.00001"}, "2101.00001"),
        ({"note": "Extends arXiv:2101.00001"}, ""),
        ({"note": "Reply to arXiv:2101.00001"}, ""),
        ({"journal": "Nature", "volume": "2101.00001"}, ""),
        ({"journal": "Nature", "number": "2101"}, ""),
        ({"eprint": "2101.00001", "eprinttype": "jstor"}, ""),
        ({"eprint": "9901001", "archiveprefix": "arXiv"}, ""),
        ({}, ""),
    ],
)
def test_an_id_is_found_in_the_field_that_says_so(fields: dict[str, str], number: str) -> None:
    assert find_arxiv_id(fields) == number


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.text()))
def test_any_fields_are_accepted(fields: dict[str, str]) -> None:
    assert find_arxiv_id(fields) is not None
    assert is_arxiv_note(fields.get("note", "")) in {True, False}


@pytest.mark.parametrize(
    "fields",
    [
        "journal={CoRR}, volume={abs/2101.00001}",
        "journal={ArXiv}, volume={abs/2101.00001}, url={https://api.semanticscholar.org/CorpusID:1}",
        "publisher={arXiv}, number={arXiv:2101.00001}, doi={10.48550/arXiv.2101.00001}",
        "note={arXiv:2101.00001 [cs.CL]}",
    ],
)
def test_a_preprint_in_bibtex_has_its_id_and_its_archive_as_venue(fields: str) -> None:
    draft = read(fields)
    assert draft.identifiers[0] == "arxiv:2101.00001"
    assert (draft.venue, draft.note) == ("arXiv", "")


def test_a_published_paper_keeps_its_journal_and_its_note() -> None:
    draft = read("journal={J. Moss}, note={Best paper}, eid={arXiv:2101.00001}")
    assert (draft.venue, draft.note) == ("J. Moss", "Best paper")
    assert draft.identifiers == ("arxiv:2101.00001",)


def test_ids_at_hal_and_pubmed_are_found() -> None:
    draft = read("hal_id={hal-01234567}, pmid={41000001}, pmcid={PMC7654321}")
    assert draft.identifiers == (
        "url:hal.science/hal-01234567",
        "url:pmc.ncbi.nlm.nih.gov/articles/PMC7654321",
        "url:pubmed.ncbi.nlm.nih.gov/41000001",
    )


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        (
            {"ArXiv": "2101.00001", "DOI": "10.1/X", "CorpusId": 7, "MAG": "8"},
            ("arxiv:2101.00001",),
        ),
        (
            {"ACL": "P19-1001", "PubMed": "41000001", "DOI": "10.1234/x"},
            (
                "doi:10.1234/x",
                "url:aclanthology.org/P19-1001",
                "url:pubmed.ncbi.nlm.nih.gov/41000001",
            ),
        ),
        (
            {"doi": "https://doi.org/10.1234/x", "pmid": "https://pubmed.ncbi.nlm.nih.gov/4"},
            ("doi:10.1234/x", "url:pubmed.ncbi.nlm.nih.gov/4"),
        ),
        ({"PubMedCentral": "7654321"}, ("url:pmc.ncbi.nlm.nih.gov/articles/PMC7654321",)),
        ({}, ()),
        (None, ()),
        ({"DOI": None, "ArXiv": ["x"]}, ()),
    ],
)
def test_ids_by_service_are_read(ids: object, found: tuple[str, ...]) -> None:
    assert parse_external_ids(ids) == found
