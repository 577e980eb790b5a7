"""Giving a watched feed another title, address or way, once the address was found good."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from storage.errors import FeedExists, InvalidInput
from storage.feeds.models import Feed, FeedTerms
from storage.library import Library
from storage.models import Actor
from storage.papers.identifiers import canonical_url

if TYPE_CHECKING:
    from bot.feeds.poller import Poller


def terms_of(feed: Feed) -> FeedTerms:
    """A feed's terms as they are."""
    return FeedTerms(feed.title, feed.url, feed.venue, feed.is_reviewed)


async def change(
    library: Library, poller: Poller, feed: Feed, terms: FeedTerms, actor: Actor
) -> int | None:
    """Give a feed new terms; gives the number of the change to undo.

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
    return await library.feeds.change(feed.id, replace(terms, url=url), actor)
