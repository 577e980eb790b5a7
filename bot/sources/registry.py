"""The sources there are. A new one is a module next to this one, and a line here."""

from __future__ import annotations

from functools import cache

from bot.settings import Settings
from bot.sources.arxiv import ArXivAuthor, ArXivListing
from bot.sources.crossref import Crossref
from bot.sources.dblp import Dblp
from bot.sources.openalex import OpenAlex
from bot.sources.orcid import Orcid
from bot.sources.semantic_scholar import SemanticScholar
from bot.sources.source import Source


def make_sources(settings: Settings) -> tuple[Source, ...]:
    """Returns all sources, at the addresses in the settings."""
    return (
        ArXivListing(settings.arxiv_listing_url),
        OpenAlex(settings.openalex_url, settings.contact, settings.openalex_api_key),
        Crossref(settings.crossref_url, settings.contact),
        ArXivAuthor(settings.arxiv_author_url),
        Orcid(settings.orcid_url),
        Dblp(settings.dblp_url),
        SemanticScholar(settings.semantic_scholar_url, settings.semantic_scholar_api_key),
    )


def source_title(name: str) -> str:
    """Returns what people call a source, or its name if there's no such source any more."""
    return _titles().get(name, name)


@cache
def _titles() -> dict[str, str]:
    return {one.name: one.title for one in make_sources(Settings())}
