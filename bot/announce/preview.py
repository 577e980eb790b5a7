"""Shows what polling a feed now would do with its newest entries, without changing anything."""

from __future__ import annotations

from dataclasses import replace

from discord.ui import TextDisplay

from bot.feeds.parser import ParsedFeed
from bot.markdown import count, escape
from bot.ui import announcements, cards
from bot.ui.feeds import feed_link
from storage.feeds.models import Feed
from storage.library import Library
from storage.models import Outcome, UpsertResult
from storage.papers.combine import as_draft
from storage.urls import canonical_url

_MAX_ENTRIES = 3
_MAX_PROBLEMS = 5


async def preview_feed(library: Library, url: str, parsed: ParsedFeed) -> list[cards.Layout]:
    """Returns a summary of a feed that was read from a URL, then its newest entries."""
    followed = [
        feed for feed in await library.feeds.all() if canonical_url(feed.url) == canonical_url(url)
    ]
    feed = followed[0] if followed else None
    papers = [entry for entry in parsed.entries if entry.notice is None]
    drafts = [entry.draft for entry in papers[:_MAX_ENTRIES]]
    if feed is not None and feed.venue:
        drafts = [replace(draft, venue=draft.venue or feed.venue) for draft in drafts]
    drafts = await library.authors.with_current_names(drafts)
    # A poll ingests the oldest entry first.
    results = list(reversed(await library.papers.preview(drafts[::-1])))
    new = {one.paper.id for one in results if one.outcome is Outcome.ADDED and one.paper}
    layouts = [cards.notice(_summary(url, parsed, feed))]
    for draft, result in zip(drafts, results, strict=True):
        is_new = result.outcome is Outcome.ADDED and result.paper
        # As a draft, since the paper isn't in the list yet and has no number there.
        shown = announcements.preview(as_draft(result.paper if is_new and result.paper else draft))
        verdict = _verdict(result, new, is_reviewed=feed is not None and feed.is_reviewed)
        layouts.append(cards.Layout(TextDisplay(f"-# {verdict}"), *shown.children))
    return layouts


def _summary(url: str, parsed: ParsedFeed, feed: Feed | None) -> str:
    total = count(len(parsed.entries), "entry")
    lines = [f"### {feed_link(parsed.title, url, 300)}"]
    if parsed.entries:
        lines.append(f"It has {total}. Here's how the newest would be announced.")
    else:
        lines.append("It has no entries.")
    if feed is not None:
        lines.append(f"I already follow it as feed {feed.id}.")
    elif parsed.entries:
        lines.append("`/feed add` adds its existing papers without announcing them.")
    lines += [f"-# ⚠️ {escape(problem, 200)}" for problem in parsed.problems[:_MAX_PROBLEMS]]
    if len(parsed.problems) > _MAX_PROBLEMS:
        lines.append(f"-# ⚠️ and {count(len(parsed.problems) - _MAX_PROBLEMS, 'more problem')}")
    return "\n".join(lines)


def _verdict(result: UpsertResult, new: set[int], *, is_reviewed: bool) -> str:
    """Says what a poll would do with an entry."""
    if result.paper is None:
        return "🗑️ Removed from the list. It would be skipped."
    if result.outcome is Outcome.ADDED:
        if is_reviewed:
            return "🆕 New. It would wait for review."
        return "🆕 New. It would be announced like this."
    if result.paper.id in new:
        return "👯 The same paper as another entry here. It would be announced once."
    number = f"#{result.paper.id}"
    return {
        Outcome.DUPLICATE: f"⚖️ Possible duplicate of {number}. It would wait for review.",
        Outcome.UNCHANGED: f"✅ Already in the list as {number}. It wouldn't be announced.",
    }.get(
        result.outcome,
        f"✅ Already in the list as {number}. That paper would be updated, but not announced.",
    )
