"""Recognizes papers by the addresses of archives and publishers that have several for each; pure.

An address gives the paper's arXiv id or DOI if one follows from it, and otherwise one canonical
URL, like ``url:aclanthology.org/P19-1001`` for the Anthology's old host, its PDFs and its folders.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

_Rule: TypeAlias = tuple[str, Callable[[re.Match[str]], str]]
_REST = r"(?:[/?].*)?"  # of an address, which doesn't matter

# https://info.arxiv.org/help/arxiv_identifier.html; the month is checked.
_NEW_ARXIV_ID = r"(?:0[7-9]|[1-9]\d)(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD_ARXIV_ID = r"[a-z]+(?:-[a-z]+)?(?:\.[a-z-]{2,9})?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
ARXIV_ID = rf"(?:{_NEW_ARXIV_ID}|{_OLD_ARXIV_ID})"
_ACL_ID = r"(?P<id>[a-z]\d\d-\d{4}|\d{4}\.[a-z0-9_]+-[a-z0-9]+\.\d+)"
_ACL_DOI = re.compile(rf"doi:10\.18653/v1/{_ACL_ID}")
_HAL_ID = r"(?P<id>(?:hal|tel|inria|inserm|halshs|cea|dumas|lirmm|pasteur|ird|cel)-\d{8})(?:v\d+)?"
# Of the names that Nature gives its articles, those that are the end of the DOI.
_NATURE_ID = (
    r"(?P<id>[sd]\d{5}-\d{3}-[\da-z-]+|(?:nature|ncomms|srep)\d{4,5}"
    r"|n[a-z]{2,6}\d{3,4}|n[a-z]{0,6}(?:\.\d+){1,3}|\d{3,6}[a-z]\d)"
)


def _rules(*rules: tuple[str, str | Callable[[re.Match[str]], str]]) -> tuple[_Rule, ...]:
    """Returns patterns of whole addresses, each with what it gives: a template or a function.

    There are many, so each is only compiled when it's used; `re` keeps it then.
    """
    return tuple(
        (pattern, _expand(lead) if isinstance(lead, str) else lead) for pattern, lead in rules
    )


def _expand(template: str) -> Callable[[re.Match[str]], str]:
    return lambda found: template.format(**found.groupdict())


def canonical_arxiv_id(found: str) -> str:
    """Returns an arXiv id without its subject class: math.GT/0309136 is math/0309136."""
    archive, slash, number = found.rpartition("/")
    return f"{archive.split('.')[0].lower()}{slash}{number}"


def _arxiv_paper(found: re.Match[str]) -> str:
    return f"arxiv:{canonical_arxiv_id(found['id'])}"


def _arxiv_mirror(*paths: str) -> tuple[_Rule, ...]:
    """Returns the rules of a site that has arXiv's papers by their ids, below these paths."""
    return _rules(
        *((rf"{path}(?P<id>{ARXIV_ID})(?:v\d+)?(?:\.pdf)?{_REST}", _arxiv_paper) for path in paths)
    )


def _ads_paper(found: re.Match[str]) -> str:
    """Returns the paper of a code of NASA ADS, which has the arXiv id without its dot."""
    return f"arxiv:{found['month']}.{found['id']}"


def _acl_page(found: re.Match[str]) -> str:
    """Returns the page of an id of the ACL Anthology; ids of before 2020 are in capitals."""
    number = found["id"]
    return f"url:aclanthology.org/{number.lower() if '.' in number else number.upper()}"


def _sciencedirect_page(found: re.Match[str]) -> str:
    return f"url:sciencedirect.com/science/article/pii/{found['id'].upper()}"


_LESSWRONG = _rules(
    (
        r"(?:lesswrong\.com|alignmentforum\.org|greaterwrong\.com)/(?:posts|(?:s/\w+/)?p)/"
        r"(?P<id>[A-Za-z0-9]{17})" + _REST,
        "url:lesswrong.com/posts/{id}",
    ),
)
_ACL = _rules(
    (
        (
            r"(?:aclanthology\.(?:org|coli\.uni-saarland\.de)|aclanthology\.info"
            r"|(?:anthology\.)?aclweb\.org(?:/anthology(?:-new)?)?)/(?:papers/)?(?:[a-z]/[a-z]\d\d/)?"
            rf"{_ACL_ID}(?:[ve]\d+)?(?:\.\w+)?{_REST}"
        ),
        _acl_page,
    ),
    (r"aclweb\.org/anthology/(?P<path>[^?]+?)/?(?:\?.*)?", "url:aclanthology.org/{path}"),
)
_HAL = _rules(
    (
        (
            r"(?:(?:[\w-]+\.)*hal\.science|[\w.-]+\.archives-ouvertes\.fr|hal\.inria\.fr)/"
            rf"(?:[\w-]+/)?{_HAL_ID}{_REST}"
        ),
        "url:hal.science/{id}",
    ),
)
_NEURIPS = _rules(
    (
        r"(?:papers|proceedings)\.(?:nips|neurips)\.cc/(?:paper_files/)?paper/"
        r"(?P<path>\d{4}/hash/[\w-]+-abstract[\w-]*\.html)" + _REST,
        "url:proceedings.neurips.cc/paper/{path}",
    ),
)
_ELSEVIER = _rules(
    (
        (
            r"(?:sciencedirect\.com/science/article(?:/abs|/am)?|linkinghub\.elsevier\.com/retrieve"
            rf"|reader\.elsevier\.com/reader/sd)/pii/(?P<id>[sb][\dx]{{15,16}}){_REST}"
        ),
        _sciencedirect_page,
    ),
)
# Rules by the last two labels of the host. Addresses are matched without scheme and “www.”.
_RULES: Mapping[str, tuple[_Rule, ...]] = {
    "arxiv-vanity.com": _arxiv_mirror(r"arxiv-vanity\.com/papers/"),
    "emergentmind.com": _arxiv_mirror(r"emergentmind\.com/papers/"),
    "harvard.edu": _rules(
        (
            (
                r"(?:ui\.)?adsabs\.harvard\.edu/abs/(?:19|20)\d\darxiv"
                rf"(?P<month>\d\d(?:0[1-9]|1[0-2]))\.?(?P<id>\d{{4,5}})[a-z.]{_REST}"
            ),
            _ads_paper,
        ),
    ),
    "inspirehep.net": _arxiv_mirror(r"inspirehep\.net/(?:api/)?arxiv/"),
    "lanl.gov": _arxiv_mirror(r"xxx\.lanl\.gov/(?:abs|pdf|ps|format)/"),
    "papers.cool": _arxiv_mirror(r"papers\.cool/arxiv/"),
    "scirate.com": _arxiv_mirror(r"scirate\.com/(?:arxiv/)?"),
    "ac.cn": _arxiv_mirror(r"xxx\.itp\.ac\.cn/(?:abs|pdf|ps|format)/"),
    "biorxiv.org": _rules(
        (
            r"biorxiv\.org/(?:content/(?:biorxiv/)?early/\d{4}/\d\d/\d\d/|cgi/(?:content/)?\w+/)"
            r"(?P<id>(?:\d{4}\.\d\d\.\d\d\.)?\d{6,8})(?:v\d+)?(?:\..*)?" + _REST,
            "doi:10.1101/{id}",
        ),
    ),
    "medrxiv.org": _rules(
        (
            r"medrxiv\.org/(?:content/(?:medrxiv/)?early/\d{4}/\d\d/\d\d/|cgi/(?:content/)?\w+/)"
            r"(?P<id>\d{4}\.\d\d\.\d\d\.\d{6,8})(?:v\d+)?(?:\..*)?" + _REST,
            "doi:10.1101/{id}",
        ),
    ),
    "elifesciences.org": _rules(
        (
            r"elifesciences\.org/(?:articles|reviewed-preprints)/(?P<id>\d{5,6})(?:v\d+)?(?:\..*)?"
            + _REST,
            "doi:10.7554/elife.{id}",
        ),
    ),
    "nature.com": _rules(
        (rf"nature\.com/articles/{_NATURE_ID}(?:_reference)?(?:\.pdf)?{_REST}", "doi:10.1038/{id}"),
        (
            rf"nature\.com/\w+/journal/\w+/\w+/\w+/{_NATURE_ID}(?:_\w+)?\.(?:html|pdf){_REST}",
            "doi:10.1038/{id}",
        ),
    ),
    "researchsquare.com": _rules(
        (rf"researchsquare\.com/article/(?P<id>rs-\d+){_REST}", "doi:10.21203/rs.3.{id}"),
    ),
    "rsc.org": _rules(
        (
            r"pubs\.rsc\.org/(?:en/)?content/article(?:landing|html|pdf)/\d{4}/\w+/"
            r"(?P<id>[a-z]\d[a-z]{2}\d{5}[a-z\d])" + _REST,
            "doi:10.1039/{id}",
        ),
    ),
    "ssrn.com": _rules(
        (r"papers\.ssrn\.com/.*[?&]abstract_?id=(?P<id>\d+)(?:&.*)?", "doi:10.2139/ssrn.{id}"),
        (rf"(?:papers\.)?ssrn\.com/abstract=(?P<id>\d+){_REST}", "doi:10.2139/ssrn.{id}"),
    ),
    "zenodo.org": _rules(
        (rf"zenodo\.org/(?:api/)?records?/(?P<id>\d+){_REST}", "doi:10.5281/zenodo.{id}"),
    ),
    "aclanthology.info": _ACL,
    "aclanthology.org": _ACL,
    "aclweb.org": _ACL,
    "alignmentforum.org": _LESSWRONG,
    "archives-ouvertes.fr": _HAL,
    "elsevier.com": _ELSEVIER,
    "europepmc.org": _rules(
        (
            rf"europepmc\.org/(?:article|abstract)/med/(?P<id>\d+){_REST}",
            "url:pubmed.ncbi.nlm.nih.gov/{id}",
        ),
        (
            rf"europepmc\.org/(?:article/pmc/|articles/)pmc(?P<id>\d+){_REST}",
            "url:pmc.ncbi.nlm.nih.gov/articles/PMC{id}",
        ),
    ),
    "greaterwrong.com": _LESSWRONG,
    "hal.science": _HAL,
    "ieee.org": _rules(
        (
            rf"ieeexplore\.ieee\.org/(?:abstract/)?document/(?P<id>\d+){_REST}",
            "url:ieeexplore.ieee.org/document/{id}",
        ),
        (
            r"ieeexplore\.ieee\.org/.*[?&]arnumber=0*(?P<id>\d+)(?:&.*)?",
            "url:ieeexplore.ieee.org/document/{id}",
        ),
    ),
    "inria.fr": _HAL,
    "lesswrong.com": _LESSWRONG,
    "mdpi.com": _rules(
        (r"mdpi\.com/(?P<path>\d{4}-\d{3}[\dx](?:/\w+){3})" + _REST, "url:mdpi.com/{path}"),
    ),
    "neurips.cc": _NEURIPS,
    "nih.gov": _rules(
        (
            (
                r"(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/(?:m/)?pubmed)/(?:\?term=)?"
                r"(?P<id>\d+)(?:[/?&].*)?"
            ),
            "url:pubmed.ncbi.nlm.nih.gov/{id}",
        ),
        (
            (
                r"(?:pmc\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/(?:m/)?pmc)/articles/"
                rf"(?:pmc)?(?P<id>\d+){_REST}"
            ),
            "url:pmc.ncbi.nlm.nih.gov/articles/PMC{id}",
        ),
    ),
    "nips.cc": _NEURIPS,
    "openreview.net": _rules(
        (
            r"openreview\.net/(?:forum|pdf|attachment)\?(?:.*&)?id=(?P<id>[\w-]+)(?:&.*)?",
            "url:openreview.net/forum?id={id}",
        ),
    ),
    "sciencedirect.com": _ELSEVIER,
    "semanticscholar.org": _arxiv_mirror(r"semanticscholar\.org/arxiv/")
    + _rules(
        (
            (
                r"(?:api\.)?semanticscholar\.org/(?:graph/)?(?:v1/)?paper/(?:[^/?]+/)?"
                rf"(?P<id>[\da-f]{{40}}){_REST}"
            ),
            "url:semanticscholar.org/paper/{id}",
        ),
        (
            r"(?:api\.)?semanticscholar\.org/(?:(?:graph/)?(?:v1/)?paper/)?corpusid:(?P<id>\d+)"
            + _REST,
            "url:api.semanticscholar.org/CorpusID:{id}",
        ),
    ),
}
# Ids that say what they are, without an address.
_NAMED_IDS = _rules(
    (_HAL_ID, "url:hal.science/{id}"),
    (r"(?:pmid|pubmed)\s*:?\s*(?P<id>\d{1,9})", "url:pubmed.ncbi.nlm.nih.gov/{id}"),
    (r"(?:pmcid\s*:?\s*)?pmc(?P<id>\d{1,9})", "url:pmc.ncbi.nlm.nih.gov/articles/PMC{id}"),
    (rf"acl\s*:\s*{_ACL_ID}", _acl_page),
)


# What follows a DOI in an address, and versions of a DOI that are the same paper. Silverchair,
# which serves several publishers, appends a number and the title.
_DOI_VERSION = re.compile(
    r"(10\.5281/zenodo\.\d+)[./?].*|(10\.7554/elife\.\d+)\.\d"
    r"|(10\.\d{4,9}/[^\s/]+)/\d{5,9}(?:/[a-z\d][\w-]*)?"
)


@lru_cache(maxsize=256)  # a link is looked at for an arXiv id and for a DOI
def identify_address(url: str) -> str | None:
    """Returns the canonical identifier that follows from an archive's address, or None."""
    try:
        return identify_parts(urlsplit(url.strip()))
    except ValueError:
        return None


def identify_parts(parts: SplitResult) -> str | None:
    """Returns the same for an address in parts."""
    if parts.scheme.lower() not in {"http", "https"}:
        return None
    host = (parts.hostname or "").lower().removeprefix("www.")
    rules = _RULES.get(".".join(host.rsplit(".", 2)[-2:]))
    if rules is None:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return _first_match(rules, f"{host}{parts.path}{query}")


def identify_named_id(text: str) -> str | None:
    """Returns the canonical identifier for an id like “PMID: 1” or “hal-01234567v2”, or None."""
    return _first_match(_NAMED_IDS, text.strip()) if len(text) < 100 else None


def implied_identifier(identifier: str) -> str | None:
    """Returns the identifier that a paper has as well if it has this one, or None.

    A DOI of the ACL Anthology implies the paper's page there. Not all of its papers have one.
    """
    found = _ACL_DOI.fullmatch(identifier)
    return _acl_page(found) if found else None


def canonical_doi(doi: str) -> str:
    """Returns a DOI in lower case without a version or file that archives append to it."""
    version = _DOI_VERSION.fullmatch(doi)
    return next(filter(None, version.groups())) if version else doi


def _first_match(rules: tuple[_Rule, ...], text: str) -> str | None:
    for pattern, lead in rules:
        if found := re.fullmatch(pattern, text, re.IGNORECASE):
            identifier = lead(found)
            return identifier.lower() if identifier.startswith("doi:") else identifier
    return None
