"""Watched feeds and announcement channels as lines of text, fit for Discord; pure."""

from __future__ import annotations

import calendar
from collections.abc import Sequence

from bot.ui.text import clip, count, escape, link, moment
from storage.feed_records import Feed
from storage.post_records import Route, RouteOptions
from storage.rhythm import Every


def feeds(feeds: Sequence[Feed], limit: int = 3600) -> str:
    """The watched feeds, one paragraph each, as many as fit."""
    return _paragraphs([_feed(feed) for feed in feeds], limit, "feed")


def routes(routes: Sequence[Route], limit: int = 3600) -> str:
    """The announcement channels of a server, one line each, as many as fit."""
    return _paragraphs([_route(route) for route in routes], limit, "channel")


def how(options: RouteOptions) -> str:
    """What a channel hears and how, in words fit for Discord; empty where it hears everything."""
    parts = []
    if options.wanted.conditions:
        conditions = clip(str(options.wanted), 300).replace("`", "'")
        parts.append(f"what meets `{conditions}`")
    rhythm = options.rhythm
    if rhythm.every is not Every.PAPER:
        day = f" on {calendar.day_name[rhythm.weekday]}" if rhythm.every is Every.WEEK else ""
        at = f"{rhythm.minute // 60}:{rhythm.minute % 60:02}"
        parts.append(f"a {rhythm.every} digest{day} at {at} ({escape(rhythm.zone, 60)})")
    if options.role_id:
        parts.append(f"calling <@&{options.role_id}>")
    if options.has_thread:
        parts.append("each with a thread")
    if options.publishes:
        parts.append("published to followers")
    return ", ".join(parts)


def _feed(feed: Feed) -> str:
    title = link(feed.title or feed.url, feed.url, 300)
    lines = [f"`{feed.id}` **{title}**" + (f" → {escape(feed.venue, 60)}" if feed.venue else "")]
    facts = [count(feed.papers, "paper")]
    if feed.last_success_at:
        facts.append(f"last read {moment(feed.last_success_at)}")
    if feed.paused_because:
        facts.append(f"⏸️ paused: {escape(feed.paused_because, 100)}")
    else:
        facts.append(f"next {moment(feed.next_poll_at)}")
    if feed.is_reviewed:
        facts.append("reviewed")
    if feed.reviews:
        facts.append(f"🔎 {count(feed.reviews, 'entry')} to review, see `/feed check`")
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
    if route.is_paused:
        facts.append("⏸️ paused")
    if route.next_digest_at:
        facts.append(f"next digest {moment(route.next_digest_at)}")
    said = how(route.options)
    return f"<#{route.channel_id}> · {' · '.join(facts)}" + (f"\n-# {said}" if said else "")


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
