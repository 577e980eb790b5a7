"""Papers as rows and objects for other programs."""

from __future__ import annotations

from storage.records import Paper


def paper_json(paper: Paper) -> dict[str, object]:
    """A paper as a JSON object; what is not known is null or empty."""
    return {
        "id": paper.id,
        "title": paper.title,
        "authors": list(paper.authors),
        "authors_complete": paper.authors_complete,
        "venue": paper.venue,
        "year": paper.year,
        "date": str(paper.date) if paper.date else None,
        "arxiv": paper.arxiv,
        "doi": paper.doi,
        "url": paper.url,
        "note": paper.note,
        "abstract": paper.abstract,
        "posted_by": paper.posted_by,
        "tags": list(paper.tags),
    }
