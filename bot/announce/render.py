"""Turns posts into messages: loads what they show, and lets `bot.ui` draw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.markdown import clip, count, is_visible
from bot.ui import announcements as announcement_cards
from bot.ui import claim_cards, found_cards, report_cards, review_cards
from bot.ui.cards import Layout
from storage.announcements.models import Post, PostKind, PostState
from storage.feeds.models import EntryRecord, PendingEntry
from storage.library import Library
from storage.models import Paper
from storage.people.evidence import Lab
from storage.people.witnesses import FoundPaper
from storage.review.found_cards import Card
from storage.review.models import AccountClaim, Report, Suggestion

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
    reports: Mapping[int, Report]
    found: Mapping[int, tuple[FoundPaper, Card | None]]
    claims: Mapping[int, AccountClaim]
    _rendered: dict[tuple[object, ...], Message] = field(default_factory=dict)

    def render(self, post: Post) -> Message | None:
        """Returns the message of a post, or None if all papers of an unsent one were removed."""
        match post.kind:
            case PostKind.NOTICE:
                return render_notice(post)
            case PostKind.REVIEW:
                entry, title = self.entries[post.entry_id or 0]
                return Message(self._entry(post, entry, title), _thread_name(title))
            case PostKind.FOUND | PostKind.CLAIM:
                return self._about_people(post)
            case PostKind.REPORT | PostKind.OUTCOME if post.report_id is not None:
                return self._report(post, self.reports[post.report_id])
            case PostKind.SUGGESTION | PostKind.OUTCOME:
                return self._suggestion(post)
            case _:
                message = self._announcement(post)
                tag_id = self.tags.get(post.destination_id)
                return replace(message, tag_id=tag_id) if message and tag_id else message

    def _about_people(self, post: Post) -> Message:
        if post.claim_id is not None:
            claim = self.claims[post.claim_id]
            return Message(claim_cards.claim_review(claim), _thread_name(claim.name))
        found, card = self.found[post.found_paper_id or 0]
        return Message(found_cards.review(found, card), _thread_name(found.draft.title))

    def _report(self, post: Post, report: Report) -> Message:
        layout = (
            report_cards.report_outcome(report)
            if post.kind is PostKind.OUTCOME
            else report_cards.report_review(report)
        )
        return Message(layout, _thread_name(report.paper.title))

    def _entry(
        self, post: Post, entry: PendingEntry | EntryRecord | None, feed_title: str
    ) -> Layout:
        if not isinstance(entry, PendingEntry):
            return review_cards.entry_decided(entry, post.entry_id or 0)
        return review_cards.entry_review(entry, feed_title, self.papers.get(entry.paper_id or 0))

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


async def load_context(library: Library, posts: Sequence[Post], lab: Lab) -> RenderContext:
    """Loads what posts show; ``lab`` says how the lab's affiliations are recognised."""
    suggestion_ids = [post.suggestion_id for post in posts if post.suggestion_id is not None]
    suggestions = await library.review.suggestions(suggestion_ids) if suggestion_ids else {}
    found_ids = [post.found_paper_id for post in posts if post.found_paper_id is not None]
    claim_ids = [post.claim_id for post in posts if post.claim_id is not None]
    report_ids = [post.report_id for post in posts if post.report_id is not None]
    paper_ids = list(dict.fromkeys(paper_id for post in posts for paper_id in post.paper_ids))
    entries = {
        post.entry_id: await _entry(library, post.entry_id)
        for post in posts
        if post.entry_id is not None
    }
    shown = [*suggestions.values(), *(entry for entry, _ in entries.values() if entry)]
    paper_ids += [item.paper_id for item in shown if item.paper_id is not None]
    papers = await library.papers.load(paper_ids)
    channel_ids = {post.destination_id for post in posts}
    sent = [post.id for post in posts if post.message_id is not None]
    return RenderContext(
        papers={paper.id: paper for paper in papers},
        roles=await library.subscriptions.roles(channel_ids),
        tags=await library.subscriptions.tags(channel_ids),
        venues=await library.outbox.announced_venues(sent) if sent else {},
        entries=entries,
        suggestions=suggestions,
        reports=await library.review.reports(report_ids) if report_ids else {},
        found=await library.found_posts.posted(found_ids, lab) if found_ids else {},
        claims=await library.review.claims(claim_ids) if claim_ids else {},
    )


def notice_post(channel_id: int, text: str, now: datetime) -> Post:
    """Returns a post of a notice that isn't in the outbox."""
    post = Post(0, channel_id, PostKind.NOTICE, PostState.WAITING, 0, now)
    return replace(post, notice=text)


def destination_post(destination_id: int, *, is_user: bool, now: datetime) -> Post:
    """Returns a post that stands for all that is sent to a channel or user."""
    kind = PostKind.OUTCOME if is_user else PostKind.PAPER
    return Post(0, destination_id, kind, PostState.WAITING, 0, now)


def render_notice(post: Post) -> Message:
    """Returns the message of a notice to moderators."""
    return Message(announcement_cards.notice(post), _thread_name(post.notice))


async def _entry(library: Library, entry_id: int) -> tuple[PendingEntry | EntryRecord | None, str]:
    """Loads an entry to review, or what became of it, with the title of its feed."""
    entry = await library.review.entry(entry_id)
    if isinstance(entry, PendingEntry):
        return entry, (await library.feeds.get(entry.feed_id)).title
    return entry, entry.feed_title if entry else ""


def _thread_name(title: str) -> str:
    """Returns the name of a thread, which Discord refuses if nothing of it is visible."""
    return clip(title, _MAX_THREAD_NAME) if is_visible(title) else "Untitled"
