"""Feeds as the library returns them, for tests that need no library."""

from __future__ import annotations

from typing import Any, TypeVar

from storage.feeds.models import Feed
from tests.support.library import MODERATOR
from tests.support.papers import AT

AnyFeed = TypeVar("AnyFeed", bound=Feed)


def make_feed(kind: type[AnyFeed], **changes: Any) -> AnyFeed:
    """Returns a feed that was followed a moment ago and never polled, with these changes."""
    values: dict[str, Any] = {
        "id": 1,
        "url": "https://example.org/feed",
        "title": "News",
        "venue": "",
        "etag": "",
        "last_modified": "",
        "next_poll_at": AT,
        "first_polled_at": None,
        "last_success_at": None,
        "failures": 0,
        "last_error": "",
        "failing_since": None,
        "last_new_entry_at": None,
        "last_notice": "",
        "body_hash": "",
        "pending_url": "",
        "publisher_hints": "",
        "paused_because": "",
        "is_reviewed": False,
        "added_by": MODERATOR,
        "added_at": AT,
    }
    return kind(**(values | changes))
