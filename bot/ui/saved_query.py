"""Queries behind buttons: they are saved as text, and a button's custom id holds the text's id."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from bot.markdown import escape, escape_prose
from storage.errors import LabError
from storage.library import Library
from storage.models import Filters, Sort
from storage.names.affixes import without_author_id
from storage.papers.identifiers import identify
from storage.redaction import redact_text
from storage.search.query import Query, without_filters


class QueryExpired(LabError):
    """The query behind an old button is no longer saved."""

    def __init__(self) -> None:
        super().__init__("These results have expired. Run the command again.")


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query for papers: by words, of an author, of a digest, or the latest ``count``.

    ``conditions`` are those of the filters and the order that were read from a question, which are
    easily dropped: see `storage.search.interpretation`. Buttons refer to a query by the id of its
    text, so the text's keys are stable.
    """

    words: str = ""
    author: str = ""
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE
    count: int | None = None
    post: int | None = None
    conditions: tuple[str, ...] = ()

    @property
    def is_reference(self) -> bool:
        """Whether the words are an id of a paper, such as a DOI, or a link."""
        return len(self.words.split()) == 1 and bool(identify(self.words))

    def to_text(self) -> str:
        """Returns the query as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> SavedQuery:
        """Parses the result of `to_text`."""
        values = json.loads(text)
        return cls(
            words=values["words"],
            author=values["author"],
            filters=Filters(**values["filters"]),
            sort=Sort(values["sort"]),
            count=values["count"],
            post=values.get("post"),
            conditions=tuple(values.get("conditions", ())),
        )


async def load_query(library: Library, query_id: int) -> SavedQuery:
    """Returns the saved query of a button; raises `QueryExpired`."""
    text = await library.bot_state.load_query(query_id)
    if text is None:
        raise QueryExpired
    return SavedQuery.from_text(text)


def unsearchable_words(words: str, query: Query) -> str:
    """Returns the words of a parsed query, without filters, if none can be searched for, or ""."""
    return "" if query.terms or query.excluded else without_filters(words)


def describe_unsearchable(words: str) -> str:
    """Returns a sentence about words such as “🧬”."""
    return f"{_quote_words(words)} has no letters or digits, so I couldn't search for it."


def describe_search(words: str, filters: Filters) -> str:
    """Returns what is searched for, escaped: “for “graphs”, by Biderman, since 2021”, or ""."""
    searched = f"for {_quote_words(words)}" if words else ""
    return ", ".join(filter(None, (searched, describe_filters(filters))))


def _quote_words(words: str) -> str:
    """Returns the words of a query between quotation marks, escaped, unless they have some."""
    shown = escape_prose(redact_text(words), 120)  # a URL would swallow the mark after it
    return shown if '"' in words else f"“{shown}”"


def describe_filters(filters: Filters) -> str:
    """Returns filters in words, escaped: “by Biderman, at ICML, from 2021 to 2023”."""
    parts = []
    if filters.author:
        parts.append(f"by {escape(redact_text(without_author_id(filters.author)), 60)}")
    if filters.venue:
        parts.append(f"at {escape(redact_text(filters.venue), 60)}")
    if filters.tag:
        parts.append(f"tagged {escape(redact_text(filters.tag), 60)}")
    first, last = filters.first_year, filters.last_year
    if first is not None and first == last:
        parts.append(f"from {first}")
    elif first is not None and last is not None:
        parts.append(f"from {first} to {last}")
    elif first is not None:
        parts.append(f"since {first}")
    elif last is not None:
        parts.append(f"up to {last}")
    return ", ".join(parts)
