"""What happened to a link, an id or a title: its paper, its feed entries, and its announcements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage import timestamps
from storage.announcements.models import Announcement, Subscription
from storage.announcements.outbox import Outbox
from storage.announcements.subscriptions import Subscriptions
from storage.connection import Connection, Row
from storage.database import Database
from storage.errors import TraceNotFound
from storage.feeds import entries as feed_entries
from storage.feeds.models import EntryRecord
from storage.models import Outcome, Paper
from storage.papers import queries as paper_queries
from storage.papers.identifiers import identify
from storage.text import fold
from storage.urls import canonical_url

_MAX_ID_LENGTH = 15  # digits of a paper's id that SQLite's integers can hold


@dataclass(frozen=True, slots=True)
class ChannelTrace:
    """What became of a paper in one channel.

    ``subscription`` is None if the channel isn't subscribed any more, and ``announcement`` if the
    paper was never queued for it. ``rejection_reason`` holds the filters that the paper fails
    today, ``failures`` counts failures to send since the last success, and ``retry_at`` is when
    sending is tried again.
    """

    channel_id: int
    subscription: Subscription | None
    announcement: Announcement | None
    rejection_reason: str | None = None
    failures: int = 0
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that is known about a query.

    ``paper`` may be a removed one, ``entries`` are sorted by when they were seen, and ``channels``
    is empty without a paper. ``evidence`` are sentences on whether it is by somebody in the lab.
    """

    query: str
    paper: Paper | None
    entries: tuple[EntryRecord, ...] = ()
    channels: tuple[ChannelTrace, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _EntryKeys:
    """What identifies the entries of a paper: its identifiers, links, feed keys and title."""

    identifiers: tuple[str, ...]
    links: frozenset[str]
    keys: tuple[str, ...]
    title_key: str


class Traces:
    """Traces what happened to links, ids and titles."""

    def __init__(self, database: Database, subscriptions: Subscriptions, outbox: Outbox) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._outbox = outbox

    async def get(self, query: str) -> Trace:
        """Returns what is known about a link, an arXiv id, a DOI, a paper's number or a title.

        Every spelling of a link finds the same, and removed papers are found too. Raises
        `TraceNotFound`.
        """
        query = query.strip()
        async with self._database.reading() as db:
            named = await _find_paper(db, query)
            entries = await _load_entries(db, query, named)
            paper = named or await _find_paper_of_entries(db, entries)
        if paper is None:
            if not entries:
                raise TraceNotFound(query)
            return Trace(query, None, entries)
        feed_id = next((one.feed_id for one in entries if one.outcome is Outcome.ADDED), None)
        return Trace(query, paper, entries, await self._channels(paper, feed_id))

    async def _channels(self, paper: Paper, feed_id: int | None) -> tuple[ChannelTrace, ...]:
        """Traces a paper in the subscribed channels, then in others that it was sent to."""
        subscriptions: dict[int, Subscription] = {
            one.channel_id: one for one in await self._subscriptions.all()
        }
        announcements: dict[int, Announcement] = {
            one.channel_id: one for one in await self._outbox.for_paper(paper.id)
        }
        async with self._database.reading() as db:
            rows = await db.all("SELECT destination_id, failures, retry_at FROM destinations")
        failures = {row["destination_id"]: row for row in rows}
        return tuple(
            _channel_trace(
                channel_id,
                subscriptions.get(channel_id),
                announcements.get(channel_id),
                failures.get(channel_id),
                paper,
                feed_id,
            )
            for channel_id in dict.fromkeys([*subscriptions, *announcements])
        )


def _channel_trace(
    channel_id: int,
    subscription: Subscription | None,
    announcement: Announcement | None,
    failure: Row | None,
    paper: Paper,
    feed_id: int | None,
) -> ChannelTrace:
    return ChannelTrace(
        channel_id=channel_id,
        subscription=subscription,
        announcement=announcement,
        rejection_reason=subscription.options.filters.rejection_reason(paper, feed_id)
        if subscription
        else None,
        failures=failure["failures"] if failure else 0,
        retry_at=timestamps.from_optional(failure["retry_at"]) if failure else None,
    )


async def _find_paper(db: Connection, query: str) -> Paper | None:
    """Finds the paper with this number, identifier or title; a removed one if there is no other."""
    number = query.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) <= _MAX_ID_LENGTH:
        paper_id: int | None = await paper_queries.current_id(db, int(number))
    else:
        identifiers = identify(query)
        owners = await paper_queries.owners(db, identifiers)
        paper_id = next((owners[one] for one in identifiers if one in owners), None)
        if paper_id is None:
            return await _find_paper_by_title(db, query) if fold(query) else None
    found = await paper_queries.load(db, [paper_id] if paper_id is not None else [])
    return found[0] if found else None


async def _find_paper_by_title(db: Connection, title: str) -> Paper | None:
    ids = await paper_queries.ids_with_title(db, title)
    ids = ids or await paper_queries.removed_ids_with_title(db, title)
    found = await paper_queries.load(db, ids[:1])
    return found[0] if found else None


async def _find_paper_of_entries(db: Connection, entries: Sequence[EntryRecord]) -> Paper | None:
    """Finds the paper that entries became; a possible duplicate or a notice became none."""
    became = [one for one in entries if one.outcome is not Outcome.DUPLICATE and not one.notice]
    ids = [one.paper_id for one in became if one.paper_id]
    found = await paper_queries.load(db, ids[:1])
    return found[0] if found else None


async def _load_entries(db: Connection, query: str, paper: Paper | None) -> tuple[EntryRecord, ...]:
    known = _entry_keys(query, paper)
    # A title alone doesn't find entries that became some other paper.
    rows = await feed_entries.load_rows(
        db,
        """entries.id IN (
               SELECT id FROM entries WHERE paper_id = ?1
               UNION SELECT id FROM entries WHERE feed_id IN (SELECT id FROM feeds)
                   AND key IN (SELECT value FROM json_each(?2))
               UNION SELECT id FROM entries WHERE feed_id IN (SELECT id FROM feeds)
                   AND title_key = ?3 AND title_key <> ''
                   AND (paper_id IS NULL OR outcome = 'duplicate' OR notice <> '')
               UNION SELECT id FROM entries WHERE link_key <> ''
                   AND link_key IN (SELECT value FROM json_each(?4))
               UNION SELECT id FROM entries WHERE draft IS NOT NULL AND EXISTS (
                   SELECT 1 FROM json_each(draft, '$.identifiers') AS identifier
                   WHERE identifier.value IN (SELECT value FROM json_each(?5))))
           ORDER BY entries.id""",
        [
            paper.id if paper else None,
            json.dumps(known.keys),
            known.title_key,
            json.dumps([*known.links]),
            json.dumps(known.identifiers),
        ],
    )
    return tuple(feed_entries.read_record(row) for row in rows)


def _entry_keys(query: str, paper: Paper | None) -> _EntryKeys:
    identifiers = list(identify(query))
    urls = [query]
    if paper is not None:
        identifiers += paper.identifiers
        urls += [link.url for link in paper.links]
    links = {canonical for url in urls if (canonical := canonical_url(url))}
    links |= {one.removeprefix("url:") for one in identifiers if one.startswith("url:")}
    keys = [query, *identifiers, *links]
    for one in identifiers:
        scheme, _, value = one.partition(":")
        if scheme == "doi":
            keys += [value, f"https://doi.org/{value}", f"http://dx.doi.org/{value}"]
    return _EntryKeys(
        identifiers=tuple(identifiers),
        links=frozenset(links),
        keys=tuple(dict.fromkeys(keys)),
        title_key=fold(paper.title if paper else query),
    )
