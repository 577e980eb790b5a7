from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.papers.identifiers import (
    arxiv_id,
    doi,
    feed_guid,
    identify,
    is_feed_guid,
    is_identifier_page,
    is_pdf_url,
    listed_title,
)
from storage.urls import canonical_identifier, canonical_url
from tests.support.linear_time import assert_takes_linear_time


@pytest.mark.parametrize(
    "text",
    [
        "2302.12433",
        "2302.12433v3",
        "arXiv:2302.12433v1",
        "arXiv preprint arXiv: 2302.12433, 2022.",
        "https://arxiv.org/abs/2302.12433",
        "http://www.arxiv.org/pdf/2302.12433v2.pdf",
        "https://arxiv.org/html/2302.12433v1",
        "oai:arXiv.org:2302.12433v2",
        "https://doi.org/10.48550/arXiv.2302.12433",
        "doi:10.48550/ARXIV.2302.12433",
    ],
)
def test_every_spelling_of_an_arxiv_id_is_recognized(text: str) -> None:
    assert identify(text) == ("arxiv:2302.12433",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("math.GT/0309136", "math/0309136"),
        ("https://arxiv.org/abs/hep-th/9901001v2", "hep-th/9901001"),
        ("0704.0001", "0704.0001"),
        ("see 2302.12433 there", None),
        ("arXiv:2313.12433", None),
        ("https://example.org/2302.12433", None),
        ("", None),
    ],
)
def test_other_numbers_are_not_arxiv_ids(text: str, found: str | None) -> None:
    assert arxiv_id(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.1145/3511808.3557079", "10.1145/3511808.3557079"),
        ("https://doi.org/10.1145/ABC.", "10.1145/abc"),
        ("https://dx.doi.org/10.1002/(SICI)1096-8644(199601)", "10.1002/(sici)1096-8644(199601)"),
        ("(doi:10.1/x)", None),
        ("see 10.1234/x).", "10.1234/x"),
        ("(see [10.1234/x(1)].);]", "10.1234/x(1)"),
        ("https://doi.org/10.1234/a%2Fb", "10.1234/a/b"),
        ("bioRxiv 2022.11.20.517210, 2022", "10.1101/2022.11.20.517210"),
        ("10.48550/arXiv.2302.12433", None),
        ("https://www.tandfonline.com/doi/full/10.1080/x.1?af=R", "10.1080/x.1"),
        ("https://www.frontiersin.org/articles/10.3389/fpsyg.1/full", "10.3389/fpsyg.1"),
        ("https://biorxiv.org/content/10.1101/2022.11.20.5v2?rss=1#sec2", "10.1101/2022.11.20.5"),
        ("https://biorxiv.org/content/10.1101/2022.11.20.5v1.full.pdf", "10.1101/2022.11.20.5"),
        ("https://chemrxiv.org/doi/abs/10.26434/chemrxiv.1/v2?af=R", "10.26434/chemrxiv.1"),
        ("https://lab.org/view?doi=10.1234/x", "10.1234/x"),
    ],
)
def test_a_doi_is_found_in_text(text: str, found: str | None) -> None:
    assert doi(text) == found


@pytest.mark.parametrize(
    "url",
    [
        "https://www.lab.org/papers/a/",
        "http://lab.org/papers/a?utm_source=x&fbclid=1",
        "https://LAB.org:443/papers/a#main-content",
    ],
)
def test_spellings_of_a_url_have_one_canonical_form(url: str) -> None:
    assert canonical_url(url) == "lab.org/papers/a"
    assert identify(url) == ("url:lab.org/papers/a",)


def test_the_canonical_form_of_a_url_keeps_what_identifies_the_page() -> None:
    assert canonical_url("https://lab.org:8080/?b=2&a=1") == "lab.org:8080/?a=1&b=2".replace(
        "/?", "?"
    )
    pages = ["view?101", "view?102", "view?id=", "pubs#a", "pubs#b", "pubs"]
    assert len({canonical_url(f"https://lab.org/{page}") for page in pages}) == len(pages)
    assert canonical_url("ftp://lab.org/") is None
    assert canonical_url("http://[bad") is None
    assert canonical_url("nonsense") is None


def test_an_invalid_url_has_no_doi() -> None:
    assert doi("https://[half an address/10.1") is None


def test_titles_and_guids_become_canonical_identifiers() -> None:
    assert listed_title("A “Title”!") == "listed:atitle"
    guid = feed_guid("lab.org/feed?token=abc", "1")
    assert re.fullmatch("guid:[0-9a-f]{32}", guid)
    assert is_feed_guid(guid)
    assert guid not in {feed_guid("lab.org/feed?token=abc", "2"), feed_guid("e.org/feed", "1")}


def test_a_long_hostile_text_is_handled_quickly() -> None:
    assert arxiv_id("arxiv" + " " * 1_000_000 + "x") is None
    assert arxiv_id("arxiv" + " " * 1_000_000 + "2302.12433") == "2302.12433"
    assert doi("10.1000/x" + ")." * 1_000_000) == "10.1000/x"


@given(st.text())
def test_any_text_is_accepted(text: str) -> None:
    for identifier in identify(text):
        assert identifier.partition(":")[0] in {"arxiv", "doi", "url"}


@pytest.mark.parametrize(
    "text",
    [
        "https://huggingface.co/papers/2302.12433",
        "https://www.alphaxiv.org/abs/2302.12433v2",
        "https://ar5iv.org/abs/2302.12433",
        "https://ar5iv.labs.arxiv.org/html/2302.12433",
        "https://doi.org/10.48550%2FarXiv.2302.12433",
        "arXiv.2302.12433",
        "https://arxiv.org/src/2302.12433v1",
    ],
)
def test_mirrors_of_arxiv_are_recognized(text: str) -> None:
    assert identify(text) == ("arxiv:2302.12433",)


def test_the_subject_class_of_an_old_arxiv_id_is_dropped() -> None:
    assert arxiv_id("arXiv:cond-mat.mtrl-sci/0309136") == "cond-mat/0309136"


def test_a_doi_with_a_sici_is_read_completely() -> None:
    begin = "10.1002/(sici)1097-0258(19980815/30)17:15/16"
    for page in ("1661::aid-sim968", "1741::aid-sim980"):
        whole = f"{begin}<{page}>3.0.co;2-2"
        assert doi(whole.upper()) == whole
        assert doi(f"https://doi.org/{whole.replace('<', '%3C').replace('>', '%3E')}.") == whole
    assert doi("<a>10.1000/x<b>") == "10.1000/x"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://www.biorxiv.org/content/10.1101/2022.11.20.517210v2.full.pdf+html", None),
        ("https://www.biorxiv.org/content/10.1101/2022.11.20.517210v3.abstract", None),
        (
            "https://biorxiv.org/content/10.1101/2022.11.20.517210v1.supplementary-material",
            None,
        ),
        ("https://link.springer.com/article/10.1007/s00001-1/fulltext.html", "10.1007/s00001-1"),
        ("10.31234/osf.io/ab1v2", "10.31234/osf.io/ab1v2"),
        ("10.21203/rs.3.rs-123/v1", "10.21203/rs.3.rs-123"),
    ],
)
def test_pages_and_versions_are_dropped_from_a_doi(address: str, expected: str | None) -> None:
    assert doi(address) == (expected or "10.1101/2022.11.20.517210")


def test_a_pdf_and_its_page_have_the_same_canonical_url() -> None:
    assert canonical_url("https://openreview.net/pdf?id=aB1") == "openreview.net/forum?id=aB1"
    assert canonical_url("https://aclanthology.org/P19-1001.pdf") == "aclanthology.org/P19-1001"


def test_titles_about_c_sharp_and_c_plus_plus_differ() -> None:
    titles = ("C++ Code", "C Code", "C# Code")
    assert len({listed_title(title) for title in titles}) == 3


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://arxiv.org/abs/2302.12433", True),
        ("http://www.arxiv.org/pdf/2302.12433v2.pdf", True),
        ("https://doi.org/10.1000/x", True),
        ("https://dx.doi.org/10.1000/x", True),
        ("https://arxiv.org/list/cs.CL/new", False),
        ("https://publisher.example/doi/10.1000/x", False),
        ("https://huggingface.co/papers/2302.12433", False),
        ("http://[bad", False),
        ("2302.12433", False),
    ],
)
def test_a_page_that_only_repeats_an_identifier_is_recognized(url: str, *, expected: bool) -> None:
    assert is_identifier_page(url) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/paper.PDF?download=1", True),
        ("https://openreview.net/pdf?id=x", True),
        ("https://a.example/paper", False),
        ("http://[bad.pdf", False),
    ],
)
def test_a_url_that_leads_to_a_pdf_is_recognized(url: str, *, expected: bool) -> None:
    assert is_pdf_url(url) is expected


# The addresses of a paper, and its DOI or id, by the paper's identifier.
ADDRESSES = {
    "arxiv:2401.00001": (
        "arXiv:2401.00001v2",
        "https://export.arxiv.org/abs/2401.00001v2",
        "https://arxiv.org/ftp/arxiv/papers/2401/2401.00001.pdf",
        "https://scirate.com/arxiv/2401.00001",
        "https://www.semanticscholar.org/arxiv/2401.00001",
        "https://api.semanticscholar.org/arXiv:2401.00001",
        "https://www.alphaxiv.org/overview/2401.00001v1",
        "https://papers.cool/arxiv/2401.00001",
        "https://ui.adsabs.harvard.edu/abs/2024arXiv240100001R/abstract",
    ),
    "arxiv:hep-th/9901001": (
        "http://xxx.lanl.gov/abs/hep-th/9901001",
        "http://xxx.lanl.gov/pdf/hep-th/9901001v3",
        "https://scirate.com/arxiv/hep-th/9901001",
    ),
    "doi:10.1038/s41586-021-03819-2": (
        "https://doi.org/10.1038/s41586-021-03819-2",
        "https://www.nature.com/articles/s41586-021-03819-2",
        "https://www.nature.com/articles/s41586-021-03819-2.pdf",
        "https://www.nature.com/articles/s41586-021-03819-2_reference.pdf",
        "https://www.nature.com/articles/s41586-021-03819-2/figures/1?error=x",
    ),
    "doi:10.1038/nature14539": (
        "https://www.nature.com/articles/nature14539",
        "http://www.nature.com/nature/journal/v521/n7553/full/nature14539.html",
        "http://www.nature.com/nature/journal/v521/n7553/pdf/nature14539.pdf",
    ),
    "doi:10.1038/nmeth.2089": ("https://www.nature.com/articles/nmeth.2089",),
    "doi:10.5281/zenodo.1234567": (
        "doi:10.5281/zenodo.1234567",
        "https://zenodo.org/record/1234567#.YQ",
        "https://zenodo.org/records/1234567",
        "https://zenodo.org/records/1234567/files/moss.pdf?download=1",
        "https://zenodo.org/doi/10.5281/zenodo.1234567",
        "https://zenodo.org/badge/DOI/10.5281/zenodo.1234567.svg",
        "https://zenodo.org/api/records/1234567",
    ),
    "doi:10.1101/2022.11.20.517210": (
        "https://www.biorxiv.org/content/10.1101/2022.11.20.517210v2.full.pdf",
        "https://www.biorxiv.org/content/biorxiv/early/2022/11/21/2022.11.20.517210.full.pdf",
        "https://www.biorxiv.org/content/early/2022/11/21/2022.11.20.517210",
        "https://www.biorxiv.org/cgi/content/short/2022.11.20.517210v1",
    ),
    "doi:10.1101/2020.03.01.20029801": (
        "https://www.medrxiv.org/content/10.1101/2020.03.01.20029801v1.full",
        "https://www.medrxiv.org/content/medrxiv/early/2020/03/05/2020.03.01.20029801.full.pdf",
    ),
    "doi:10.1039/d6sc00001a": (
        "https://pubs.rsc.org/sc/article/doi/10.1039/D6SC00001A/1293634/On-Moss-in-Spring",
        "https://pubs.rsc.org/sc/article-abstract/doi/10.1039/D6SC00001A/1293634",
        "http://pubs.rsc.org/en/Content/ArticleLanding/2026/SC/D6SC00001A",
    ),
    "doi:10.7554/elife.57872": (
        "https://elifesciences.org/articles/57872",
        "https://elifesciences.org/reviewed-preprints/57872v2",
        "https://doi.org/10.7554/eLife.57872.3",
    ),
    "doi:10.2139/ssrn.3456789": (
        "https://papers.ssrn.com/sol3/papers.cfm?abstract_id=3456789",
        "https://papers.ssrn.com/sol3/Delivery.cfm/x.pdf?abstractid=3456789&mirid=1",
        "https://ssrn.com/abstract=3456789",
    ),
    "doi:10.21203/rs.3.rs-123456": (
        "https://www.researchsquare.com/article/rs-123456/v1",
        "https://doi.org/10.21203/rs.3.rs-123456/v2",
    ),
    "url:aclanthology.org/P19-1001": (
        "https://aclanthology.org/P19-1001/",
        "https://www.aclweb.org/anthology/P19-1001/",
        "https://www.aclweb.org/anthology/P19-1001.pdf",
        "http://www.aclweb.org/anthology/P/P19/P19-1001.pdf",
        "https://www.aclweb.org/anthology/papers/P/P19/P19-1001/",
        "https://aclanthology.info/papers/P19-1001/p19-1001",
        "https://aclanthology.org/P19-1001v2.pdf",
        "https://aclanthology.org/p19-1001.bib",
        "https://doi.org/10.18653/v1/P19-1001",
        "acl:P19-1001",
    ),
    "url:aclanthology.org/2020.acl-main.463": (
        "https://aclanthology.org/2020.acl-main.463.pdf",
        "https://www.aclweb.org/anthology/2020.acl-main.463/",
        "10.18653/v1/2020.acl-main.463",
    ),
    "url:hal.science/hal-01234567": (
        "https://hal.science/hal-01234567v2/document",
        "https://hal.archives-ouvertes.fr/hal-01234567/file/moss.pdf",
        "https://inria.hal.science/hal-01234567v3",
        "https://hal.inria.fr/hal-01234567",
        "hal-01234567v2",
    ),
    "url:pubmed.ncbi.nlm.nih.gov/41000001": (
        "https://pubmed.ncbi.nlm.nih.gov/41000001/?utm_source=Other&fc=None&ff=2026&v=2.18",
        "https://www.ncbi.nlm.nih.gov/pubmed/41000001",
        "https://europepmc.org/article/MED/41000001",
        "pubmed:41000001",
        "PMID: 41000001",
    ),
    "url:pmc.ncbi.nlm.nih.gov/articles/PMC7654321": (
        "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC7654321/pdf/moss.pdf",
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC7654321/",
        "https://europepmc.org/articles/PMC7654321?pdf=render",
        "PMC7654321",
    ),
    "url:openreview.net/forum?id=aB1_x-2": (
        "https://openreview.net/forum?id=aB1_x-2&noteId=zz#discussion",
        "https://openreview.net/pdf?id=aB1_x-2",
    ),
    "url:semanticscholar.org/paper/204e3073870fae3d05bcbc2f6a8e263d9b72e776": (
        "https://www.semanticscholar.org/paper/On-Moss/204e3073870fae3d05bcbc2f6a8e263d9b72e776",
        "https://www.semanticscholar.org/paper/204e3073870fae3d05bcbc2f6a8e263d9b72e776",
    ),
    "url:sciencedirect.com/science/article/pii/S0001000126000123": (
        "https://www.sciencedirect.com/science/article/pii/S0001000126000123?dgcid=rss_sd_all",
        "https://www.sciencedirect.com/science/article/abs/pii/S0001000126000123",
        "https://linkinghub.elsevier.com/retrieve/pii/S0001000126000123",
    ),
    "url:ieeexplore.ieee.org/document/8099678": (
        "https://ieeexplore.ieee.org/abstract/document/8099678/",
        "https://ieeexplore.ieee.org/stamp/stamp.jsp?tp=&arnumber=8099678",
    ),
    "url:mdpi.com/1424-8220/20/3/123": ("https://www.mdpi.com/1424-8220/20/3/123/htm",),
    "url:proceedings.neurips.cc/paper/2017/hash/3f5e-Abstract.html": (
        "https://papers.nips.cc/paper/2017/hash/3f5e-Abstract.html",
        "https://papers.nips.cc/paper_files/paper/2017/hash/3f5e-Abstract.html",
        "https://proceedings.neurips.cc/paper/2017/file/3f5e-Paper.pdf",
    ),
    "url:jmlr.org/papers/v3/moss03a.html": (
        "http://www.jmlr.org/papers/volume3/moss03a/moss03a.pdf",
    ),
    "url:openaccess.thecvf.com/content/CVPR2022/html/Roe_Moss_CVPR_2022_paper.html": (
        "https://openaccess.thecvf.com/content/CVPR2022/papers/Roe_Moss_CVPR_2022_paper.pdf",
    ),
    "url:lesswrong.com/posts/aaaaaaaaaaaaaaaaa": (
        "https://www.lesswrong.com/posts/aaaaaaaaaaaaaaaaa/on-moss",
        "https://www.alignmentforum.org/posts/aaaaaaaaaaaaaaaaa/on-moss",
    ),
}


@pytest.mark.parametrize(
    ("identifier", "address"),
    [(name, address) for name, known in ADDRESSES.items() for address in known],
)
def test_every_address_of_a_paper_gives_its_identifier(identifier: str, address: str) -> None:
    assert identifier in identify(address)
    assert all(canonical_identifier(name) == name for name in identify(address))


@pytest.mark.parametrize(
    "url",
    [
        "https://www.nature.com/articles/6603345",  # its DOI doesn't follow from it
        "https://www.nature.com/articles/sdata201618",
        "https://zenodo.org/communities/moss",
        "https://sandbox.zenodo.org/record/1234567",
        "https://hal.science/search/index?q=moss",
        "https://aclanthology.org/volumes/2020.acl-main/",
        "https://pubmed.ncbi.nlm.nih.gov/?term=moss",
        "https://www.semanticscholar.org/author/1",
        "https://openreview.net/group?id=ICLR.cc",
        "https://notzenodo.org/record/1234567",
    ],
)
def test_other_pages_of_archives_stay_pages(url: str) -> None:
    (identifier,) = identify(url)
    assert identifier == f"url:{canonical_url(url)}"
    assert urlsplit(url).path.strip("/") in identifier


@given(st.text())
def test_an_identifier_is_canonical(text: str) -> None:
    for name in (*identify(text), *identify(f"https://zenodo.org/record/{text}")):
        assert canonical_identifier(canonical_identifier(name)) == canonical_identifier(name)


@pytest.mark.parametrize(
    "start", ["openreview.net/pdf?", "papers.ssrn.com/", "x.hal.science/", "zenodo.org/record/1"]
)
@pytest.mark.parametrize("unit", ["a&id=", "hal-", "/", "arxiv:"])
def test_addresses_are_recognized_in_linear_time(start: str, unit: str) -> None:
    assert_takes_linear_time(lambda size: identify(f"https://{start}{unit * size}"), 40_000)
