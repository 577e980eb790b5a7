"""What a feed would bring, shown before anybody watches it; nothing is changed."""

from __future__ import annotations

from dataclasses import replace

from discord.ui import TextDisplay

from bot.feeds.parser import ParsedFeed
from bot.markdown import count, escape, link
from bot.ui import announcements, cards
from storage.feeds.models import Feed
from storage.library import Library
from storage.models import Outcome, UpsertResult
from storage.papers.identifiers import canonical_url

_NEWEST = 3  # entries that are shown as they would be announced
_PROBLEMS = 5


async def previews(library: Library, url: str, parsed: ParsedFeed) -> list[cards.Layout]:
    """How a feed, read at an address, was understood, then its newest entries as announcements."""
    known = [
        feed for feed in await library.feeds.all() if canonical_url(feed.url) == canonical_url(url)
    ]
    feed = known[0] if known else None
    drafts = [entry.draft for entry in parsed.entries[:_NEWEST]]
    if feed is not None and feed.venue:
        drafts = [replace(draft, venue=draft.venue or feed.venue) for draft in drafts]
    drafts = await library.authors.with_current_names(drafts)
    # Oldest first, as a poll takes them in.
    results = list(reversed(await library.papers.preview(drafts[::-1])))
    new = {one.paper.id for one in results if one.outcome is Outcome.ADDED and one.paper}
    layouts = [cards.notice(_head(url, parsed, feed))]
    for draft, result in zip(drafts, results, strict=True):
        is_new = result.outcome is Outcome.ADDED and result.paper
        shown = announcements.preview(result.paper if is_new and result.paper else draft)
        word = _word(result, new, is_reviewed=feed is not None and feed.is_reviewed)
        layouts.append(cards.Layout(TextDisplay(f"-# {word}"), *shown.children))
    return layouts


def _head(url: str, parsed: ParsedFeed, feed: Feed | None) -> str:
    lines = [
        f"### {link(parsed.title or url, url, 300)}",
        f"I read {count(len(parsed.entries), 'entry')} there"
        + (
            ", of which these are the newest as they would be announced." if parsed.entries else "."
        ),
    ]
    if feed is not None:
        lines.append(f"I watch that feed already, as number {feed.id}.")
    elif parsed.entries:
        lines.append("Once I watch it, what it has by then comes in silently.")
    lines += [f"-# ⚠️ {escape(problem, 200)}" for problem in parsed.problems[:_PROBLEMS]]
    if len(parsed.problems) > _PROBLEMS:
        lines.append(f"-# ⚠️ and {count(len(parsed.problems) - _PROBLEMS, 'more problem')}")
    return "\n".join(lines)


def _word(result: UpsertResult, new: set[int], *, is_reviewed: bool) -> str:
    """What an entry would be, were it taken in now."""
    if result.paper is None:
        return "🗑️ Removed from the list on purpose: it would be left out."
    if result.outcome is Outcome.ADDED:
        if is_reviewed:
            return "🆕 New: a moderator would decide it first, since the feed is reviewed."
        return "🆕 New: it would be announced like this."
    if result.paper.id in new:
        return "👯 The same as another of these entries: it would not be announced twice."
    number = f"#{result.paper.id}"
    return {
        Outcome.DUPLICATE: f"⚖️ Possible duplicate of {number}: a moderator would decide it first.",
        Outcome.UNCHANGED: f"✅ Known as {number}: it would not be announced.",
    }.get(result.outcome, f"✅ Known as {number}: it would complete that paper, unannounced.")
