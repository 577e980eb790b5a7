"""Posts → the messages sent for them: what they show is looked up here, and drawn in `ui`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.markdown import clip, count
from bot.ui import announcements as announcement_cards
from bot.ui import review_cards
from bot.ui.cards import Layout
from storage.announcements.models import Post, PostKind, PostState, Subscription
from storage.feeds.models import EntryRecord, PendingEntry
from storage.library import Library
from storage.models import Paper, Sort
from storage.review.models import Suggestion
from storage.search.query import Query

_TRIED = 50  # newest papers, one of which may be what a channel wants


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent for a post: its layout, the role it calls, and the name of its thread."""

    layout: Layout
    thread_name: str
    role_id: int | None = None


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What some posts need to be drawn; the same for many channels is drawn once."""

    papers: Mapping[int, Paper]
    roles: Mapping[int, int]
    venues: Mapping[tuple[int, int], str]
    entries: Mapping[int, tuple[PendingEntry | EntryRecord | None, str]]
    suggestions: Mapping[int, Suggestion]
    _drawn: dict[tuple[object, ...], Message] = field(default_factory=dict)

    def message(self, post: Post) -> Message | None:
        """The message that a post is now; none where all its papers went before it was sent."""
        match post.kind:
            case PostKind.NOTICE:
                return Message(announcement_cards.notice(post), clip(post.notice, 100))
            case PostKind.REVIEW:
                entry, title = self.entries[post.entry_id or 0]
                return Message(announcement_cards.review(post, entry, title), clip(title, 100))
            case PostKind.SUGGESTION | PostKind.OUTCOME:
                return self._suggestion(post)
            case _:
                return self._announcement(post)

    def _suggestion(self, post: Post) -> Message:
        suggestion = self.suggestions[post.suggestion_id or 0]
        paper = self.papers.get(suggestion.paper_id or 0)
        layout = (
            review_cards.suggestion_outcome(post.id, suggestion, paper)
            if post.kind is PostKind.OUTCOME
            else review_cards.suggestion_review(suggestion, paper)
        )
        return Message(layout, clip(suggestion.draft.title, 100))

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
        if key not in self._drawn:
            layout = announcement_cards.announcement(
                paper, announced_venue=announced_venue, role_id=role_id
            )
            self._drawn[key] = Message(layout, clip(paper.title, 100), role_id)
        return self._drawn[key]


async def prepare(library: Library, wanted: Sequence[Post]) -> RenderContext:
    """Look up what some posts show."""
    ids = [post.suggestion_id for post in wanted if post.suggestion_id is not None]
    suggestions = await library.review.suggestions(ids) if ids else {}
    numbers = list(dict.fromkeys(number for post in wanted for number in post.paper_ids))
    numbers += [one.paper_id for one in suggestions.values() if one.paper_id is not None]
    papers = await library.papers.load(numbers)
    roles = await library.subscriptions.roles({post.destination_id for post in wanted})
    sent = [post.id for post in wanted if post.message_id is not None]
    entries = {}
    for post in wanted:
        if post.entry_id is not None:
            entries[post.entry_id] = await _entry(library, post.entry_id)
    return RenderContext(
        papers={paper.id: paper for paper in papers},
        roles=roles,
        venues=await library.outbox.announced_venues(sent) if sent else {},
        entries=entries,
        suggestions=suggestions,
    )


async def sample(library: Library, subscription: Subscription) -> Layout | None:
    """How the newest paper that a channel wants would be announced there; none without one."""
    found = await library.search.find(Query(), sort=Sort.NEWEST, limit=_TRIED)
    for paper in found.results.papers:
        if subscription.options.filters.matches(paper, feed_id=None):
            return announcement_cards.announcement(paper, role_id=subscription.options.role_id)
    return None


def draft_post(entry: PendingEntry) -> Post:
    """The post of an entry to be reviewed, where it is shown as an answer."""
    post = Post(0, 0, PostKind.REVIEW, PostState.WAITING, 0, datetime.now(UTC))
    return replace(post, entry_id=entry.id)


async def _entry(library: Library, entry_id: int) -> tuple[PendingEntry | EntryRecord | None, str]:
    """An entry to review, or what became of it, with the title of its feed."""
    entry = await library.review.entry(entry_id)
    if isinstance(entry, PendingEntry):
        return entry, (await library.feeds.get(entry.feed_id)).title
    return entry, entry.feed_title if entry else ""
