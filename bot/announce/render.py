"""Turns posts into messages: loads what they show, and lets `bot.ui` draw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.markdown import clip, count, is_visible
from bot.ui import announcements as announcement_cards
from bot.ui import review_cards
from bot.ui.cards import Layout
from storage.announcements.models import Post, PostKind, PostState, Subscription
from storage.feeds.models import EntryRecord, PendingEntry
from storage.library import Library
from storage.models import Paper, Sort
from storage.review.models import Suggestion
from storage.search.query import Query

_MAX_SEARCHED = 50  # newest papers in which to look for one that passes a channel's filters
_MAX_THREAD_NAME = 100


@dataclass(frozen=True, slots=True)
class Message:
    """The message of a post, the name of its thread, the role to mention and its tag in a forum."""

    layout: Layout
    thread_name: str
    role_id: int | None = None
    tag_id: int | None = None


@dataclass(frozen=True, slots=True)
class RenderContext:
    """Everything that some posts show; an announcement for many channels is rendered once."""

    papers: Mapping[int, Paper]
    roles: Mapping[int, int]
    tags: Mapping[int, int]
    venues: Mapping[tuple[int, int], str]
    entries: Mapping[int, tuple[PendingEntry | EntryRecord | None, str]]
    suggestions: Mapping[int, Suggestion]
    _rendered: dict[tuple[object, ...], Message] = field(default_factory=dict)

    def render(self, post: Post) -> Message | None:
        """Returns the message of a post, or None if all papers of an unsent one were removed."""
        match post.kind:
            case PostKind.NOTICE:
                return render_notice(post)
            case PostKind.REVIEW:
                entry, title = self.entries[post.entry_id or 0]
                return Message(announcement_cards.review(post, entry, title), _thread_name(title))
            case PostKind.SUGGESTION | PostKind.OUTCOME:
                return self._suggestion(post)
            case _:
                message = self._announcement(post)
                tag_id = self.tags.get(post.destination_id)
                return replace(message, tag_id=tag_id) if message and tag_id else message

    def _suggestion(self, post: Post) -> Message:
        suggestion = self.suggestions[post.suggestion_id or 0]
        paper = self.papers.get(suggestion.paper_id or 0)
        layout = (
            review_cards.suggestion_outcome(post.id, suggestion, paper)
            if post.kind is PostKind.OUTCOME
            else review_cards.suggestion_review(suggestion, paper)
        )
        return Message(layout, _thread_name(suggestion.draft.title))

    def _announcement(self, post: Post) -> Message | None:
        papers = [self.papers[number] for number in post.paper_ids]
        if post.message_id is None:
            papers = [paper for paper in papers if paper.removed_at is None]
        if not papers:
            return None
        role_id = self.roles.get(post.destination_id)
        if post.kind is PostKind.DIGEST:
            layout = announcement_cards.digest(post.id, papers, total=len(papers), role_id=role_id)
            return Message(layout, count(len(papers), "new paper"), role_id)
        (paper, *_) = papers
        announced_venue = self.venues.get((post.id, paper.id), paper.venue)
        key = (paper.id, role_id, announced_venue)
        if key not in self._rendered:
            layout = announcement_cards.announcement(
                paper, announced_venue=announced_venue, role_id=role_id
            )
            self._rendered[key] = Message(layout, _thread_name(paper.title), role_id)
        return self._rendered[key]


async def load_context(library: Library, posts: Sequence[Post]) -> RenderContext:
    """Loads what posts show."""
    suggestion_ids = [post.suggestion_id for post in posts if post.suggestion_id is not None]
    suggestions = await library.review.suggestions(suggestion_ids) if suggestion_ids else {}
    paper_ids = list(dict.fromkeys(paper_id for post in posts for paper_id in post.paper_ids))
    paper_ids += [one.paper_id for one in suggestions.values() if one.paper_id is not None]
    papers = await library.papers.load(paper_ids)
    channel_ids = {post.destination_id for post in posts}
    sent = [post.id for post in posts if post.message_id is not None]
    entries = {}
    for post in posts:
        if post.entry_id is not None:
            entries[post.entry_id] = await _entry(library, post.entry_id)
    return RenderContext(
        papers={paper.id: paper for paper in papers},
        roles=await library.subscriptions.roles(channel_ids),
        tags=await library.subscriptions.tags(channel_ids),
        venues=await library.outbox.announced_venues(sent) if sent else {},
        entries=entries,
        suggestions=suggestions,
    )


async def render_sample(library: Library, subscription: Subscription) -> Layout | None:
    """Renders the newest paper that passes a channel's filters, or returns None without one."""
    found = await library.search.find(Query(), sort=Sort.NEWEST, limit=_MAX_SEARCHED)
    for paper in found.results.papers:
        if subscription.options.filters.matches(paper, feed_id=None):
            return announcement_cards.announcement(paper, role_id=subscription.options.role_id)
    return None


def notice_post(channel_id: int, text: str, now: datetime) -> Post:
    """Returns a post of a notice that isn't in the outbox."""
    post = Post(0, channel_id, PostKind.NOTICE, PostState.WAITING, 0, now)
    return replace(post, notice=text)


def render_notice(post: Post) -> Message:
    """Returns the message of a notice to moderators."""
    return Message(announcement_cards.notice(post), _thread_name(post.notice))


def review_post(entry: PendingEntry) -> Post:
    """Returns a post of an entry's review card, to show the card as a reply."""
    post = Post(0, 0, PostKind.REVIEW, PostState.WAITING, 0, datetime.now(UTC))
    return replace(post, entry_id=entry.id)


async def _entry(library: Library, entry_id: int) -> tuple[PendingEntry | EntryRecord | None, str]:
    """Loads an entry to review, or what became of it, with the title of its feed."""
    entry = await library.review.entry(entry_id)
    if isinstance(entry, PendingEntry):
        return entry, (await library.feeds.get(entry.feed_id)).title
    return entry, entry.feed_title if entry else ""


def _thread_name(title: str) -> str:
    """Returns the name of a thread, which Discord refuses if nothing of it is visible."""
    return clip(title, _MAX_THREAD_NAME) if is_visible(title) else "Untitled"
