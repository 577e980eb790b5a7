"""The services that the bot asks about papers and people, and how often it may; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class WebService:
    """A service as one, whatever is asked there and by which part of the bot.

    Requests run one at a time, and a ``pause`` follows each. There are up to ``daily_requests`` a
    day (UTC), of which the last ``reserved`` are for the papers by the lab's people.
    """

    name: str
    title: str
    pause: timedelta = timedelta(seconds=1)
    daily_requests: int = 2_000
    reserved: int = 0


# One request in three seconds, whatever it asks: https://info.arxiv.org/help/api/tou.html
ARXIV = WebService("arxiv", "arXiv", pause=timedelta(seconds=3), reserved=20)
OPENALEX = WebService("openalex", "OpenAlex", daily_requests=1_000, reserved=12)
CROSSREF = WebService("crossref", "Crossref", reserved=6)
ORCID = WebService("orcid", "ORCID", reserved=15)
DBLP = WebService("dblp", "DBLP", pause=timedelta(seconds=2), reserved=15)
SEMANTIC_SCHOLAR = WebService(
    "semantic_scholar",
    "Semantic Scholar",
    pause=timedelta(seconds=1.5),
    daily_requests=1_000,
    reserved=10,
)
DATACITE = WebService("datacite", "DataCite")
DOI = WebService("doi", "doi.org")
HUGGING_FACE = WebService("huggingface", "Hugging Face")
