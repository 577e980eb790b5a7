"""Writes publications and researchers as arXiv, OpenAlex and the other services would; pure.

Only what the bot reads is there. `bot.sources` and `bot.lookup` link the services' documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from html import escape
from typing import Any

from bot.demo.research import Publication, Researcher
from storage.people.models import IdScheme

_FEED = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"
xmlns:dc="http://purl.org/dc/elements/1.1/"><title>{title}</title>{entries}</feed>
"""
_ENTRY = """<entry><id>http://arxiv.org/abs/{arxiv}v1</id><title>{title}</title>
<link href="https://arxiv.org/abs/{arxiv}v1" rel="alternate" type="text/html"/>
<published>{date}T00:00:00Z</published>{authors}{categories}<summary>{summary}</summary></entry>
"""
_LISTED = """<entry><id>oai:arXiv.org:{arxiv}v1</id><title>{title}</title>
<link href="https://arxiv.org/abs/{arxiv}" rel="alternate" type="text/html"/>
<summary>arXiv:{arxiv}v1 Announce Type: new
Abstract: {summary}</summary>{categories}<published>{date}T00:00:00-05:00</published>
<arxiv:announce_type>new</arxiv:announce_type><dc:creator>{authors}</dc:creator></entry>
"""
_BIBLIOGRAPHY = """<?xml version="1.0"?>
<dblpperson name="{name}" pid="{pid}"><person><author>{name}</author>
<url>https://orcid.org/{orcid}</url></person>{records}</dblpperson>
"""
_RECORD = """<r><{kind} key="demo/{number}">{authors}<title>{title}.</title><year>{year}</year>
<{container}>{venue}</{container}><ee>{url}</ee></{kind}></r>
"""


def arxiv_feed(found: Iterable[Publication]) -> str:
    """Returns a feed of papers, as arXiv's API and its authors' pages give it."""
    entries = "".join(
        _ENTRY.format(
            arxiv=one.arxiv,
            title=escape(one.title),
            date=one.date,
            authors="".join(
                f"<author><name>{escape(author.name)}</name></author>" for author in one.authors
            ),
            categories=_categories(one),
            summary=escape(one.summary),
        )
        for one in found
    )
    return _FEED.format(title="arXiv Query", entries=entries)


def arxiv_listing(found: Iterable[Publication]) -> str:
    """Returns arXiv's feed of a day's papers."""
    entries = "".join(
        _LISTED.format(
            arxiv=one.arxiv,
            title=escape(one.title),
            date=one.date,
            authors=escape(", ".join(author.name for author in one.authors)),
            categories=_categories(one),
            summary=escape(one.summary),
        )
        for one in found
    )
    return _FEED.format(title="updates on arXiv.org", entries=entries)


def openalex_works(found: Sequence[Publication]) -> dict[str, Any]:
    """Returns a page of OpenAlex's works."""
    return _openalex_page([_openalex_work(one) for one in found])


def openalex_authors(found: Sequence[Researcher], papers: Sequence[Publication]) -> dict[str, Any]:
    """Returns a page of OpenAlex's authors."""
    return _openalex_page([_openalex_author(one, papers) for one in found])


def crossref_work(paper: Publication) -> dict[str, Any]:
    """Returns Crossref's work."""
    parts = {"date-parts": [[paper.date.year, paper.date.month, paper.date.day]]}
    return {
        "DOI": paper.doi,
        "title": [paper.title],
        "type": "journal-article",
        "container-title": [paper.venue],
        "created": parts,
        "issued": parts,
        "author": [_crossref_author(one) for one in paper.authors],
    }


def crossref_works(found: Sequence[Publication]) -> dict[str, Any]:
    """Returns a page of Crossref's works."""
    items = [crossref_work(one) for one in found]
    return {"message": {"items": items, "total-results": len(items)}}


def orcid_works(found: Iterable[Publication]) -> dict[str, Any]:
    """Returns the works of an ORCID record."""
    return {"group": [_orcid_group(one) for one in found]}


def orcid_people(found: Sequence[Researcher]) -> dict[str, Any]:
    """Returns what ORCID's search finds."""
    people = [
        {
            "orcid-id": one.id_at(IdScheme.ORCID),
            "given-names": one.name.rpartition(" ")[0],
            "family-names": one.name.rpartition(" ")[2],
            "credit-name": None,
            "other-name": [],
            "email": [],
            "institution-name": [one.affiliation],
        }
        for one in found
    ]
    return {"expanded-result": people, "num-found": len(people)}


def dblp_bibliography(person: Researcher, found: Iterable[Publication]) -> str:
    """Returns a person's bibliography at DBLP."""
    return _BIBLIOGRAPHY.format(
        name=escape(person.name),
        pid=person.id_at(IdScheme.DBLP),
        orcid=person.id_at(IdScheme.ORCID),
        records="".join(map(_dblp_record, found)),
    )


def dblp_people(found: Sequence[Researcher]) -> dict[str, Any]:
    """Returns what DBLP's search for authors finds."""
    hits = [
        {
            "info": {
                "author": one.name,
                "url": f"https://dblp.org/pid/{one.id_at(IdScheme.DBLP)}",
                "notes": {"note": {"@type": "affiliation", "text": one.affiliation}},
            }
        }
        for one in found
    ]
    return {"result": {"hits": {"@total": str(len(hits)), "hit": hits}}}


def semantic_scholar_papers(found: Iterable[Publication]) -> dict[str, Any]:
    """Returns papers of Semantic Scholar, of an author or of a search."""
    return {"data": [_semantic_scholar_paper(one) for one in found]}


def _categories(paper: Publication) -> str:
    return "".join(f'<category term="{name}"/>' for name in paper.categories)


def _page_of(paper: Publication) -> str:
    return f"https://arxiv.org/abs/{paper.arxiv}" if paper.arxiv else f"https://doi.org/{paper.doi}"


def _openalex_page(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    meta = {"count": len(results), "per_page": 100, "next_cursor": None}
    return {"meta": meta, "results": results}


def _openalex_work(paper: Publication) -> dict[str, Any]:
    venue = {"display_name": paper.venue, "type": "journal"}
    repository = {"display_name": "arXiv (Cornell University)", "type": "repository"}
    return {
        "id": f"https://openalex.org/W990000{paper.number:04}",
        "doi": f"https://doi.org/{paper.doi}" if paper.doi else None,
        "title": paper.title,
        "display_name": paper.title,
        "publication_date": f"{paper.date}",
        "publication_year": paper.date.year,
        "type": "preprint" if paper.arxiv else "article",
        "primary_location": {
            "landing_page_url": _page_of(paper),
            "source": venue if paper.venue else repository,
        },
        "authorships": [_openalex_authorship(one) for one in paper.authors],
    }


def _openalex_authorship(author: Researcher) -> dict[str, Any]:
    places = [{"display_name": author.affiliation}] if author.affiliation else []
    return {
        "author": {**_openalex_ids(author), "display_name": author.name},
        "institutions": places,
        "raw_author_name": author.name,
    }


def _openalex_ids(author: Researcher) -> dict[str, str | None]:
    profile, orcid = author.id_at(IdScheme.OPENALEX), author.id_at(IdScheme.ORCID)
    return {
        "id": f"https://openalex.org/{profile}" if profile else None,
        "orcid": f"https://orcid.org/{orcid}" if orcid else None,
    }


def _openalex_author(author: Researcher, papers: Sequence[Publication]) -> dict[str, Any]:
    own = [one for one in papers if author in one.authors]
    years = sorted({one.date.year for one in own}, reverse=True)
    place = {"display_name": author.affiliation, "type": "education"}
    return {
        **_openalex_ids(author),
        "display_name": author.name,
        "display_name_alternatives": [author.name],
        "works_count": len(own),
        "last_known_institutions": [place],
        "affiliations": [{"institution": place, "years": years}],
        "counts_by_year": [
            {"year": year, "works_count": sum(one.date.year == year for one in own)}
            for year in years
        ],
    }


def _crossref_author(author: Researcher) -> dict[str, Any]:
    given, _, family = author.name.rpartition(" ")
    orcid = author.id_at(IdScheme.ORCID)
    return {
        "given": given,
        "family": family,
        "affiliation": [{"name": author.affiliation}] if author.affiliation else [],
        **({"ORCID": f"https://orcid.org/{orcid}"} if orcid else {}),
    }


def _orcid_group(paper: Publication) -> dict[str, Any]:
    ids = [
        {
            "external-id-type": kind,
            "external-id-value": value,
            "external-id-relationship": "self",
        }
        for kind, value in (("doi", paper.doi), ("arxiv", paper.arxiv))
        if value
    ]
    day: date = paper.date
    summary = {
        "put-code": paper.number,
        "title": {"title": {"value": paper.title}},
        "type": "preprint" if paper.arxiv else "journal-article",
        "journal-title": {"value": paper.venue} if paper.venue else None,
        "publication-date": {
            "year": {"value": f"{day:%Y}"},
            "month": {"value": f"{day:%m}"},
            "day": {"value": f"{day:%d}"},
        },
        "external-ids": {"external-id": ids},
    }
    return {"external-ids": {"external-id": ids}, "work-summary": [summary]}


def _dblp_record(paper: Publication) -> str:
    is_preprint = bool(paper.arxiv)
    return _RECORD.format(
        kind="article" if is_preprint else "inproceedings",
        container="journal" if is_preprint else "booktitle",
        venue="CoRR" if is_preprint else escape(paper.venue),
        number=paper.number,
        title=escape(paper.title),
        year=paper.date.year,
        url=_page_of(paper),
        authors="".join(_dblp_author(one) for one in paper.authors),
    )


def _dblp_author(author: Researcher) -> str:
    pid = author.id_at(IdScheme.DBLP)
    attribute = f' pid="{pid}"' if pid else ""
    return f"<author{attribute}>{escape(author.name)}</author>"


def _semantic_scholar_paper(paper: Publication) -> dict[str, Any]:
    ids = {"ArXiv": paper.arxiv, "DOI": paper.doi}
    return {
        "paperId": f"{paper.number:040}",
        "externalIds": {name: value for name, value in ids.items() if value},
        "title": paper.title,
        "venue": paper.venue or "arXiv.org",
        "year": paper.date.year,
        "publicationDate": f"{paper.date}",
        "authors": [
            {
                "authorId": one.id_at(IdScheme.SEMANTIC_SCHOLAR) or None,
                "name": one.name,
                "affiliations": [one.affiliation] if one.affiliation else [],
            }
            for one in paper.authors
        ],
    }
