"""Completes papers in the list: asks the services, merges what is certain, and reports the rest."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.completing.decider import (
    Answer,
    Verdict,
    find_gaps,
    find_undone,
    judge_lookup,
    judge_titles,
)
from bot.completing.services import CompletionServices
from bot.feeds.parser import open_parser
from bot.lookup.errors import LookupFailed, NothingFound
from bot.lookup.references import Reference, ReferenceKind
from bot.lookup.resolver import ServiceUrls
from bot.lookup.service import Lookup, open_lookup
from bot.net.http import HttpError, open_http_client
from bot.net.pace import Paces
from bot.settings import Settings
from storage.audit.models import Recorded
from storage.curation.papers import Completed
from storage.library import Library
from storage.models import Actor, Paper, PaperDraft
from storage.papers.combine import as_draft, merge_metadata, take_fields
from storage.papers.errors import PaperNotFound
from storage.papers.retractions import is_retracted, retraction_note, with_retraction
from storage.review.models import NewProposal, Proposal
from storage.review.proposals import marks

_MAX_ROUNDS = 3  # of looking ids up, since each answer may name another id
_MAX_LOOKUPS = 4  # of one paper
_SERVICES = {ReferenceKind.ARXIV: "arXiv", ReferenceKind.DOI: "the DOI's registry"}


@dataclass(frozen=True, slots=True)
class Completion:
    """How completing a paper went.

    ``after`` is the paper as it is now, or as it would be after a preview; it is None if nothing is
    new. ``news`` are all sure answers together, and ``services`` those that said what is new.
    ``proposals`` are the uncertain ones, which a moderator has to decide; a preview doesn't save
    them. ``problems`` are sentences about ids that nobody knows, and ``failures`` about services
    that may answer later.
    """

    paper: Paper
    after: Paper | None = None
    change_id: int | None = None
    news: PaperDraft | None = None
    services: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    problems: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()

    @property
    def has_failed(self) -> bool:
        """Whether services failed, and others said nothing new."""
        return bool(self.failures) and self.after is None


@dataclass(slots=True)
class _Run:
    """What is known about one paper so far, and what was asked."""

    paper: Paper
    locked: frozenset[str]
    known: PaperDraft
    declined: frozenset[str]  # the marks of answers that moderators declined
    news: PaperDraft | None = None
    retraction: str = ""
    services: list[str] = field(default_factory=list)
    doubts: list[NewProposal] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    asked: set[Reference] = field(default_factory=set)

    @property
    def has_gaps(self) -> bool:
        return bool(find_gaps(self.known, self.locked))

    def references(self) -> list[Reference]:
        """Returns the known ids that weren't looked up yet."""
        found = []
        for name in self.known.identifiers:
            scheme, _, value = name.partition(":")
            if scheme in {"arxiv", "doi"}:
                found.append(Reference(ReferenceKind(scheme), value))
        rest = [one for one in found if one not in self.asked]
        return rest[: max(_MAX_LOOKUPS - len(self.asked), 0)]

    def accept(self, answer: Answer) -> None:
        """Adds what an answer says to what is known."""
        merged = merge_metadata(self.known, answer.draft, self.locked)
        self.news = merge_metadata(self.news, answer.draft) if self.news else answer.draft
        if merged != self.known and answer.service not in self.services:
            self.services.append(answer.service)
        self.known = merged

    def retract(self, note: str) -> None:
        """Puts a note of retraction before the paper's own, unless a moderator wrote that."""
        if note in self.known.note:
            return
        draft = PaperDraft(self.known.title, note=note)
        if "note" in self.locked:
            reason = "It was retracted, but a moderator wrote the paper's note."
            self.doubts.append(NewProposal(draft, "Crossref", reason))
        else:
            self.retraction = note
            full = with_retraction(self.known.note, note)
            self.accept(Answer("Crossref", replace(draft, note=full)))

    def completion(
        self, recorded: Recorded[Completed], proposals: tuple[Proposal, ...]
    ) -> Completion:
        """Returns how completing the paper went."""
        before, after = recorded.value.before, recorded.value.after
        if after is not None and as_draft(after) == as_draft(before):
            after = None
        return Completion(
            before,
            after,
            recorded.change_id,
            self.news,
            tuple(self.services) if after else (),
            proposals,
            tuple(self.problems),
            tuple(dict.fromkeys(self.failures)),
        )


class Completer:
    """Completes papers in the list, one at a time; opened by `open_completer`."""

    def __init__(self, library: Library, lookup: Lookup, services: CompletionServices) -> None:
        self._library = library
        self._lookup = lookup
        self._services = services

    async def complete(self, paper: Paper, actor: Actor) -> Completion:
        """Looks up what a paper lacks and merges what is sure about it, as one change.

        What isn't sure waits for a moderator. Raises `PaperNotFound`.
        """
        run = await self._look_up(paper)
        recorded = Recorded(Completed(paper, paper), None)
        if run.news is not None:
            papers = self._library.papers
            recorded = await papers.complete(paper.id, run.news, actor, seen=paper)
        proposals = await self._library.proposals.propose(paper, run.doubts)
        return await self._schedule(run.completion(recorded, proposals))

    async def preview(self, paper: Paper) -> Completion:
        """Returns what `complete` would do; only reads, and the paper stays due."""
        run = await self._look_up(paper)
        proposals = await self._library.proposals.preview(paper, run.doubts)
        return run.completion(await self._preview(run), proposals)

    async def suggest(self, paper: Paper) -> Completion:
        """Looks a paper up for a moderator, who decides about everything.

        Saves what isn't sure, and when the paper is looked up again.
        """
        run = await self._look_up(paper)
        proposals = await self._library.proposals.propose(paper, run.doubts)
        return await self._schedule(run.completion(await self._preview(run), proposals))

    async def complete_due(self, limit: int, actor: Actor) -> tuple[Completion, ...]:
        """Completes up to ``limit`` papers that are due.

        One that raises an unexpected error is put off, so that others have their turn.
        """
        done = []
        for paper in await self._library.completions.due(limit):
            try:
                done.append(await self.complete(paper, actor))
            except PaperNotFound:  # adding it was undone meanwhile
                continue
            except Exception:
                await self._library.completions.postpone(paper.id)
                raise
        return tuple(done)

    async def _preview(self, run: _Run) -> Recorded[Completed]:
        completed = Completed(run.paper, run.paper)
        if run.news is not None:
            papers = self._library.papers
            completed = await papers.preview_completion(run.paper.id, run.news, seen=run.paper)
        return Recorded(completed, None)

    async def _schedule(self, completion: Completion) -> Completion:
        """Records when a paper is looked up again; returns how completing it went."""
        paper = completion.paper
        if completion.after is not None and completion.change_id is not None:  # not only shown
            paper = completion.after
        locked = (await self._library.papers.edited_fields([paper.id]))[paper.id]
        await self._library.completions.record(
            completion.paper.id,
            is_lacking=bool(find_gaps(paper, locked)),
            has_failed=bool(completion.failures),
        )
        return completion

    async def _look_up(self, paper: Paper) -> _Run:
        locked = (await self._library.papers.edited_fields([paper.id]))[paper.id]
        declined = await self._library.proposals.declined(paper.id)
        run = _Run(paper, locked, as_draft(paper), declined)
        if run.has_gaps:
            await self._look_up_ids(run)
            if run.has_gaps:
                await self._search_title(run)
                await self._look_up_ids(run)
        await self._find_retractions(run)
        await self._find_repositories(run)
        await self._respect_undos(run)
        return run

    async def _respect_undos(self, run: _Run) -> None:
        """Leaves what somebody undid before to a moderator."""
        if run.news is None:
            return
        completed = (await self._preview(run)).value
        changes = await self._library.audit.for_paper(run.paper.id)
        if completed.after is None or not (
            undone := find_undone(completed.before, completed.after, changes)
        ):
            return
        reason = "It was completed in this way before, but that was undone."
        if "note" in undone:
            draft = PaperDraft(run.known.title, note=run.retraction)
            run.doubts.append(NewProposal(draft, "Crossref", reason))
        if undone != {"note"}:
            draft = replace(run.news, note="")
            run.doubts.append(NewProposal(draft, " and ".join(run.services), reason))
        # Without its ids, nothing else that was found by them is sure, either.
        is_other = "identifiers" in undone
        run.news = None if is_other else take_fields(run.news, run.paper, undone)

    async def _look_up_ids(self, run: _Run) -> None:
        for _ in range(_MAX_ROUNDS):
            references = run.references()
            for reference in references:
                run.asked.add(reference)
                try:
                    draft = await self._lookup.get_by_reference(reference)
                except NothingFound as error:
                    run.problems.append(str(error))
                    continue
                except LookupFailed as error:
                    run.failures.append(str(error))
                    continue
                answer = Answer(_SERVICES[reference.kind], _facts(draft))
                verdict = judge_lookup(run.paper, answer)
                await self._take(run, verdict)
                if verdict.accepted and is_retracted(draft.note):
                    run.retract(draft.note)
            if not references:
                break

    async def _search_title(self, run: _Run) -> None:
        answers: list[Answer] = []
        for name in self._services.searches:
            try:
                answers += await self._services.search(name, run.paper.title)
            except HttpError as error:
                run.failures.append(str(error))
        possible = [one for one in answers if not marks(run.paper, one.draft) & run.declined]
        await self._take(run, judge_titles(run.known, possible))

    async def _take(self, run: _Run, verdict: Verdict) -> None:
        """Accepts sure answers, unless they have the ids of other papers in the list."""
        run.doubts += [
            NewProposal(one.answer.draft, one.answer.service, one.reason) for one in verdict.doubts
        ]
        for answer in verdict.accepted:
            owners = await self._library.papers.owners(answer.draft.identifiers)
            others = {owner for owner in owners.values() if owner != run.paper.id}
            if not others:
                run.accept(answer)
                continue
            numbers = " and ".join(f"#{number}" for number in sorted(others))
            reason = f"It shares an ID with {numbers}, which may be the same paper."
            run.doubts.append(NewProposal(answer.draft, answer.service, reason))

    async def _find_retractions(self, run: _Run) -> None:
        for name in run.known.identifiers:
            if not name.startswith("doi:"):
                continue
            try:
                notice = await self._services.find_retraction(name.removeprefix("doi:"))
            except HttpError as error:
                run.failures.append(str(error))
                return
            if notice:
                run.retract(retraction_note(notice))

    async def _find_repositories(self, run: _Run) -> None:
        if not run.known.arxiv or "links" in run.locked:
            return
        try:
            links = await self._services.find_repositories(run.known.arxiv)
        except HttpError as error:
            run.failures.append(str(error))
            return
        if links:
            run.accept(Answer("Hugging Face", PaperDraft(run.known.title, links=links)))


@asynccontextmanager
async def open_completer(library: Library, settings: Settings) -> AsyncGenerator[Completer]:
    """Opens a completer of its own, for a process that does nothing else on the network."""
    paces = Paces(library.service_requests, settings)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            open_http_client(
                contact=settings.contact,
                allow_private=settings.allows_private_sources,
                time_limit=settings.feed_timeout,
                max_bytes=settings.feed_max_bytes,
                pause=timedelta(),  # each service has its own
            )
        )
        parser = await stack.enter_async_context(open_parser())
        lookup = await stack.enter_async_context(
            open_lookup(
                http,
                parser,
                ServiceUrls.from_settings(settings),
                settings.clock,
                paces,
            )
        )
        services = CompletionServices(http, parser.workers, settings, paces)
        yield Completer(library, lookup, services)


def _facts(draft: PaperDraft) -> PaperDraft:
    """Returns a draft without its page, which its id leads to as well, tags and note."""
    return replace(draft, links=(), tags=(), note="")
