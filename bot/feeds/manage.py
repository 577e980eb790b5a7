"""Follows the feeds of an OPML list, and changes a feed's title, URL or options."""

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
from storage.redaction import MASK, redact_url
from storage.urls import canonical_url

if TYPE_CHECKING:
    from bot.feeds.poller import Poller
    from bot.formats.opml import Outline


_log = logging.getLogger(__name__)

MAX_FEEDS = 50  # of one list that are tried at once


class FollowOutcome(enum.StrEnum):
    """What became of a feed of a list; the values are part of the shell's JSON."""

    FOLLOWED = "watched"
    ALREADY_FOLLOWED = "known"
    FAILED = "failed"
    SKIPPED = "left"


@dataclass(frozen=True, slots=True)
class FollowResult:
    """One feed of a list: followed as ``feed``, or not followed, perhaps for a ``reason``."""

    outline: Outline
    outcome: FollowOutcome
    feed: CountedFeed | None = None
    reason: str = ""

    @property
    def is_followed(self) -> bool:
        """Whether the feed is followed now."""
        return self.outcome in {FollowOutcome.FOLLOWED, FollowOutcome.ALREADY_FOLLOWED}

    @property
    def sentence(self) -> str:
        """The result as a sentence."""
        if self.feed is not None:
            papers = "1 paper" if self.feed.papers == 1 else f"{self.feed.papers:,} papers"
            return f"Followed as feed {self.feed.id}, with {papers} so far."
        return {
            FollowOutcome.ALREADY_FOLLOWED: "Already followed.",
            FollowOutcome.SKIPPED: (
                f"Skipped, because I only follow {MAX_FEEDS} at a time. Import the file again to "
                "continue."
            ),
        }.get(self.outcome, self.reason)


async def follow_all(
    library: Library, poller: Poller, outlines: Sequence[Outline], actor: Actor
) -> tuple[FollowResult, ...]:
    """Follows the feeds of a list that aren't followed yet; returns a result for each outline.

    Tries at most `MAX_FEEDS` and skips the rest, so that importing the list again continues it.
    """
    followed_urls = {canonical_url(feed.url) for feed in await library.feeds.all()}
    new = [outline for outline in outlines if canonical_url(outline.url) not in followed_urls]
    tried = await asyncio.gather(*(_follow(poller, outline, actor) for outline in new[:MAX_FEEDS]))
    results = {result.outline: result for result in tried}
    for outline in outlines:
        is_skipped = outline in new[MAX_FEEDS:]
        outcome = FollowOutcome.SKIPPED if is_skipped else FollowOutcome.ALREADY_FOLLOWED
        results.setdefault(outline, FollowResult(outline, outcome))
    return tuple(results[outline] for outline in outlines)


async def _follow(poller: Poller, outline: Outline, actor: Actor) -> FollowResult:
    try:
        feed = await poller.follow(
            outline.url, actor, outline.venue, is_reviewed=outline.is_reviewed
        )
    except FeedExists:
        return FollowResult(outline, FollowOutcome.ALREADY_FOLLOWED)
    except LabError as error:
        return FollowResult(outline, FollowOutcome.FAILED, reason=str(error))
    except Exception:  # noqa: BLE001 - one feed must not stop the others
        _log.exception("Could not follow %s", redact_url(outline.url))
        reason = "Something went wrong with this feed; the log has the details."
        return FollowResult(outline, FollowOutcome.FAILED, reason=reason)
    return FollowResult(outline, FollowOutcome.FOLLOWED, feed)


def current_settings(feed: Feed) -> FeedSettings:
    """Returns what moderators have set for a feed."""
    return FeedSettings(feed.title, feed.url, feed.venue, feed.is_reviewed)


async def change_feed(
    library: Library, poller: Poller, feed: Feed, settings: FeedSettings, actor: Actor
) -> Recorded[CountedFeed]:
    """Changes what moderators have set for a feed.

    Reads a new URL first, which may be that of a page that links to its feed. Raises `InvalidInput`
    if nothing changes, `FeedExists`, `NoFeedFound` and `HttpError`. The feed's URL with its secrets
    hidden, as moderators see it, means the present one.
    """
    if settings.url == redact_url(feed.url):
        settings = replace(settings, url=feed.url)
    elif MASK in settings.url:
        raise InvalidInput("That URL has hidden parts. Enter all of it to change it.")
    if settings == current_settings(feed):
        raise InvalidInput("You didn't change anything.")
    if not settings.title:
        raise InvalidInput("A feed needs a title.")
    url = feed.url
    if settings.url != feed.url:
        fetched, _ = await poller.discover(settings.url)
        url = fetched.permanent_url
        for other in await library.feeds.all():
            if other.id != feed.id and canonical_url(other.url) == canonical_url(url):
                raise FeedExists(url)
    return await library.feeds.edit(feed.id, replace(settings, url=url), actor)
