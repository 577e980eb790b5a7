"""Watched feeds and announcement channels as lines of text, fit for Discord; pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.ui.text import count, escape, link, moment
from storage.records import Feed, Route


def feeds(feeds: Sequence[Feed], limit: int = 3600) -> str:
    """The watched feeds, one paragraph each, as many as fit."""
    return _paragraphs([_feed(feed) for feed in feeds], limit, "feed")


def routes(routes: Sequence[Route], limit: int = 3600) -> str:
    """The announcement channels of a server, one line each, as many as fit."""
    return _paragraphs([_route(route) for route in routes], limit, "channel")


def _feed(feed: Feed) -> str:
    title = link(feed.title or feed.url, feed.url, 300)
    lines = [f"**{title}**" + (f" → {escape(feed.venue, 60)}" if feed.venue else "")]
    facts = [count(feed.papers, "paper")]
    if feed.last_success_at:
        facts.append(f"last read {moment(feed.last_success_at)}")
    facts.append(f"next {moment(feed.next_poll_at)}")
    if feed.duplicates:
        facts.append(f"⚖️ {count(feed.duplicates, 'possible duplicate')}, see `/feed check`")
    lines.append(f"-# {' · '.join(facts)}")
    if feed.failures:
        lines.append(
            f"-# ⚠️ failed {count(feed.failures, 'time')} in a row: {escape(feed.last_error, 200)}"
        )
    return "\n".join(lines)


def _route(route: Route) -> str:
    facts = [f"{count(route.sent, 'paper')} announced"]
    if route.waiting:
        facts.append(f"{route.waiting:,} waiting")
    if route.stopped_because:
        facts.append(f"⚠️ stopped: {escape(route.stopped_because, 200)}")
    return f"<#{route.channel_id}> · {' · '.join(facts)}"


def _paragraphs(paragraphs: Sequence[str], limit: int, noun: str) -> str:
    shown: list[str] = []
    room = limit
    for paragraph in paragraphs:
        if len(paragraph) + 1 > room:
            shown.append(f"and {count(len(paragraphs) - len(shown), f'more {noun}')}")
            break
        shown.append(paragraph)
        room -= len(paragraph) + 1
    return "\n".join(shown)
