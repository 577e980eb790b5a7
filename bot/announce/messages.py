"""Posts → the messages sent for them: what they show is looked up here, and drawn in `ui`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from discord.ui import Button

from bot.ui import posts
from bot.ui.cards import Layout
from bot.ui.text import clip, count
from storage.completion import as_paper
from storage.feed_records import SeenEntry
from storage.fulltext import Query
from storage.library import Library
from storage.post_records import Post, PostKind, PostState, Route
from storage.records import PaperDraft, Sort

_TRIED = 50  # newest papers, one of which may be what a channel wants


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent for a post: its layout, the role it calls, and the name of its thread."""

    layout: Layout
    thread_name: str
    role_id: int | None = None


async def message_of(library: Library, post: Post) -> Message | None:
    """The message that a post is now; none where all its papers are gone before it was sent."""
    match post.kind:
        case PostKind.NOTICE:
            return Message(posts.notice(post), clip(post.notice, 100))
        case PostKind.REVIEW:
            return await _review(library, post)
        case _:
            return await _announcement(library, post)


async def sample(library: Library, route: Route) -> Layout | None:
    """How the newest paper that a channel wants would be announced there; none without one."""
    found = await library.search.find(Query(), sort=Sort.NEWEST, limit=_TRIED)
    wanted = route.options.wanted
    for paper in found.results.papers:
        if wanted.allows(paper, feed_id=None):
            role_id = route.options.role_id
            return posts.announcement(draft_post(route.channel_id), paper, role_id=role_id)
    return None


def preview(draft: PaperDraft, at: datetime) -> Layout:
    """How a draft would be announced, were it taken in; its buttons lead nowhere yet."""
    layout = posts.announcement(draft_post(0), as_paper(draft, at))
    for item in layout.walk_children():
        if isinstance(item, Button) and item.custom_id:
            item.disabled = True
    return layout


def draft_post(channel_id: int) -> Post:
    """A post that is nowhere written down, to see what it would look like."""
    return Post(0, channel_id, PostKind.PAPER, PostState.WAITING, 0, datetime.now(UTC))


async def _review(library: Library, post: Post) -> Message:
    entry = await library.feeds.entry(post.entry_id or 0)
    if isinstance(entry, SeenEntry):
        title = entry.feed_title
    else:
        title = (await library.feeds.get(entry.feed_id)).title if entry else ""
    return Message(posts.review(post, entry, title), clip(title, 100))


async def _announcement(library: Library, post: Post) -> Message | None:
    papers = await library.papers.some(post.paper_ids)
    if post.message_id is None:
        papers = tuple(paper for paper in papers if paper.removed_at is None)
    if not papers:
        return None
    route = await library.routes.find(post.channel_id)
    role_id = route.options.role_id if route else None
    if post.kind is PostKind.DIGEST:
        layout = posts.digest(post, papers, total=len(papers), role_id=role_id)
        return Message(layout, count(len(papers), "new paper"), role_id)
    (paper, *_) = papers
    venues = await library.outbox.venues(post.id)
    layout = posts.announcement(
        post, paper, venue_then=posts.venues_then(post, venues, paper), role_id=role_id
    )
    return Message(layout, clip(paper.title, 100), role_id)
