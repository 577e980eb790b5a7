"""What happened to a link, a number or a title: its paper, its entries, and where it was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage import timestamps
from storage.announcements.models import Announcement, Subscription
from storage.announcements.outbox import Outbox
from storage.announcements.subscriptions import Subscriptions
from storage.database import Connection, Database, Row
from storage.errors import TraceNotFound
from storage.feeds import entries
from storage.feeds.models import SeenEntry
from storage.models import Outcome, Paper
from storage.papers import queries as paper_queries
from storage.papers.identifiers import canonical_url, identify
from storage.text import fold


@dataclass(frozen=True, slots=True)
class ChannelTrace:
    """One channel, and what became of a paper in it.

    ``subscription`` is None where the channel no longer follows the list, and ``announcement``
    where the paper was never meant for it. ``rejection_reason`` names the filters that the paper
    does not pass today; ``failures`` counts failed sends to the channel since the last good one,
    and ``retry_at`` is when the next is tried.
    """

    channel_id: int
    subscription: Subscription | None
    announcement: Announcement | None
    rejection_reason: str | None = None
    failures: int = 0
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that is known of what was asked for.

    ``paper`` may be a removed one; ``entries`` are in the order in which they were seen;
    ``channels`` is empty without a paper.
    """

    asked: str
    paper: Paper | None
    entries: tuple[SeenEntry, ...] = ()
    channels: tuple[ChannelTrace, ...] = ()


@dataclass(frozen=True, slots=True)
class _Marks:
    """By what entries are known again: canonical names and addresses, feeds' keys, a title."""

    names: tuple[str, ...]
    links: frozenset[str]
    keys: tuple[str, ...]
    title_key: str


class Traces:
    """Finding out what happened to an entry."""

    def __init__(self, database: Database, subscriptions: Subscriptions, outbox: Outbox) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._outbox = outbox

    async def find(self, text: str) -> Trace:
        """What is known of a link, an arXiv id, a DOI, a paper's number or a title.

        Links are the same however they are spelled; removed papers are known, too. Raises
        `TraceNotFound`.
        """
        text = text.strip()
        async with self._database.reading() as db:
            named = await _paper(db, text)
            entries = await _entries(db, text, named)
            paper = named or await _brought(db, entries)
        if paper is None:
            if not entries:
                raise TraceNotFound(text)
            return Trace(text, None, entries)
        feed_id = next((one.feed_id for one in entries if one.outcome is Outcome.ADDED), None)
        return Trace(text, paper, entries, await self._channels(paper, feed_id))

    async def _channels(self, paper: Paper, feed_id: int | None) -> tuple[ChannelTrace, ...]:
        """The channels that hear, and those that heard of the paper, oldest first."""
        subscriptions: dict[int, Subscription] = {
            one.channel_id: one for one in await self._subscriptions.all()
        }
        told: dict[int, Announcement] = {
            one.channel_id: one for one in await self._outbox.of_paper(paper.id)
        }
        async with self._database.reading() as db:
            rows = await db.all("SELECT destination_id, failures, retry_at FROM destinations")
        troubles = {row["destination_id"]: row for row in rows}
        return tuple(
            _channel(
                channel_id,
                subscriptions.get(channel_id),
                told.get(channel_id),
                troubles.get(channel_id),
                paper,
                feed_id,
            )
            for channel_id in dict.fromkeys([*subscriptions, *told])
        )


def _channel(
    channel_id: int,
    subscription: Subscription | None,
    announcement: Announcement | None,
    trouble: Row | None,
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
        failures=trouble["failures"] if trouble else 0,
        retry_at=timestamps.from_optional(trouble["retry_at"]) if trouble else None,
    )


async def _paper(db: Connection, text: str) -> Paper | None:
    """The paper that is meant, a removed one where no other is."""
    number = text.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 16:
        paper_id: int | None = await paper_queries.current(db, int(number))
    else:
        names = identify(text)
        owned = await paper_queries.owners(db, names)
        paper_id = next((owned[name] for name in names if name in owned), None)
        if paper_id is None:
            paper_id = await db.value(
                """SELECT id FROM papers
                   WHERE title_key = ? AND title_key <> '' AND merged_into_id IS NULL
                   ORDER BY removed_at IS NOT NULL, id""",
                [fold(text)],
            )
    found = await paper_queries.load(db, [paper_id] if paper_id is not None else [])
    return found[0] if found else None


async def _brought(db: Connection, entries: Sequence[SeenEntry]) -> Paper | None:
    """The paper that entries stand for; a possible duplicate stands for none."""
    became = [one.paper_id for one in entries if one.outcome is not Outcome.DUPLICATE]
    found = await paper_queries.load(db, [number for number in became if number][:1])
    return found[0] if found else None


async def _entries(db: Connection, text: str, paper: Paper | None) -> tuple[SeenEntry, ...]:
    marks = _marks(text, paper)
    # The title alone tells only of entries that stand for no other paper.
    rows = await entries.seen(
        db,
        """paper_id = ? OR key IN (SELECT value FROM json_each(?))
           OR (title_key = ? AND title_key <> '' AND (paper_id IS NULL OR outcome = 'duplicate'))
           OR (draft IS NOT NULL AND EXISTS (
               SELECT 1 FROM json_each(draft, '$.identifiers') AS named
               WHERE named.value IN (SELECT value FROM json_each(?))))""",
        [
            *(paper.id if paper else None, json.dumps(marks.keys)),
            *(marks.title_key, json.dumps(marks.names)),
        ],
    )
    nearly = await entries.seen(
        db,
        """link <> '' AND EXISTS (
               SELECT 1 FROM json_each(?) AS part WHERE instr(link, part.value))""",
        [json.dumps([_path(link) for link in marks.links])],
    )
    rows += [row for row in nearly if canonical_url(row["link"]) in marks.links]
    found = {row["id"]: entries.seen_entry(row) for row in rows}
    return tuple(found[entry_id] for entry_id in sorted(found))


def _marks(text: str, paper: Paper | None) -> _Marks:
    names = list(identify(text))
    addresses = [text]
    if paper is not None:
        names += paper.identifiers
        addresses += [link.url for link in paper.links]
    links = {url for address in addresses if (url := canonical_url(address))}
    links |= {name.removeprefix("url:") for name in names if name.startswith("url:")}
    keys = [text, *names, *links]
    for name in names:
        scheme, _, value = name.partition(":")
        if scheme == "doi":
            keys += [value, f"https://doi.org/{value}", f"http://dx.doi.org/{value}"]
    return _Marks(
        names=tuple(names),
        links=frozenset(links),
        keys=tuple(dict.fromkeys(keys)),
        title_key=fold(paper.title if paper else text),
    )


def _path(link: str) -> str:
    """The part of a canonical address that every spelling of it has."""
    return re.split("[?#]", link, maxsplit=1)[0].partition("/")[2]
