"""Following the feeds of an OPML list, and changing a feed's title, URL or options."""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from storage.audit.models import Recorded
from storage.errors import FeedExists, InvalidInput, LabError
from storage.feeds.models import CountedFeed, Feed, FeedSettings
from storage.library import Library
from storage.models import Actor
from storage.papers.identifiers import canonical_url

if TYPE_CHECKING:
    from bot.feeds.poller import Poller
    from bot.formats.opml import Outline


_log = logging.getLogger(__name__)

AT_ONCE = 50  # feeds of one list that are tried


class SubscribeOutcome(enum.StrEnum):
    """What became of a feed of a list."""

    WATCHED = "watched"
    KNOWN = "known"
    FAILED = "failed"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class SubscribeResult:
    """One feed of a list: watched from now on as ``feed``, or not, for a ``reason``."""

    outline: Outline
    outcome: SubscribeOutcome
    feed: CountedFeed | None = None
    reason: str = ""

    @property
    def words(self) -> str:
        """What became of it, as the end of a sentence."""
        if self.feed is not None:
            papers = "1 paper" if self.feed.papers == 1 else f"{self.feed.papers:,} papers"
            return f"watched as number {self.feed.id}, with {papers} of today."
        return {
            SubscribeOutcome.KNOWN: "watched already.",
            SubscribeOutcome.LEFT: (
                f"left, since I try {AT_ONCE} at once. Give me the file again for it."
            ),
        }.get(self.outcome, self.reason)


async def watch_all(
    library: Library, poller: Poller, outlines: Sequence[Outline], actor: Actor
) -> tuple[SubscribeResult, ...]:
    """Watch the feeds of a list that are not watched yet, at most `AT_ONCE`; in the list's order.

    Those beyond are left: the same list, given again, goes on with them.
    """
    known = {canonical_url(feed.url) for feed in await library.feeds.all()}
    new = [outline for outline in outlines if canonical_url(outline.url) not in known]
    tried = await asyncio.gather(*(_try(poller, outline, actor) for outline in new[:AT_ONCE]))
    told = {one.outline: one for one in tried}
    told |= {outline: SubscribeResult(outline, SubscribeOutcome.LEFT) for outline in new[AT_ONCE:]}
    return tuple(
        told.get(outline, SubscribeResult(outline, SubscribeOutcome.KNOWN)) for outline in outlines
    )


async def _try(poller: Poller, outline: Outline, actor: Actor) -> SubscribeResult:
    try:
        feed = await poller.watch(
            outline.url, actor, outline.venue, is_reviewed=outline.is_reviewed
        )
    except FeedExists:
        return SubscribeResult(outline, SubscribeOutcome.KNOWN)
    except LabError as error:
        return SubscribeResult(outline, SubscribeOutcome.FAILED, reason=str(error))
    except Exception:  # noqa: BLE001 - no feed may end the reading of the others
        _log.exception("%s could not be watched", outline.url)
        reason = "Something in this feed made me stumble; the log says what."
        return SubscribeResult(outline, SubscribeOutcome.FAILED, reason=reason)
    return SubscribeResult(outline, SubscribeOutcome.WATCHED, feed)


def terms_of(feed: Feed) -> FeedSettings:
    """A feed's terms as they are."""
    return FeedSettings(feed.title, feed.url, feed.venue, feed.is_reviewed)


async def change(
    library: Library, poller: Poller, feed: Feed, terms: FeedSettings, actor: Actor
) -> Recorded[CountedFeed]:
    """Give a feed new terms.

    A new address is read first, and may be that of a page. Raises `InvalidInput` where nothing
    changes, `FeedExists`, `NoFeedThere`, `WebError`.
    """
    if terms == terms_of(feed):
        raise InvalidInput("You changed nothing, so the feed stays as it is.")
    if not terms.title:
        raise InvalidInput("A feed needs a title.")
    url = feed.url
    if terms.url != feed.url:
        fetched, _ = await poller.read_address(terms.url)
        url = fetched.lasting_url
        for other in await library.feeds.all():
            if other.id != feed.id and canonical_url(other.url) == canonical_url(url):
                raise FeedExists(url)
    return await library.feeds.edit(feed.id, replace(terms, url=url), actor)
