"""Classifies drafts: new, known, possible duplicate or removed. Decides without writing."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from storage.models import Paper, PaperDraft
from storage.papers import matching
from storage.papers.identifiers import is_listed_title


class Verdict(enum.Enum):
    """How a draft relates to the list."""

    NEW = enum.auto()
    KNOWN = enum.auto()
    POSSIBLE_DUPLICATE = enum.auto()
    REMOVED = enum.auto()
    POSSIBLY_REMOVED = enum.auto()


@dataclass(frozen=True, slots=True)
class Classification:
    """A verdict, with the paper that it is about; a new draft has none.

    ``same`` are further papers that a known draft's identifiers prove to be the same one.
    """

    verdict: Verdict
    paper: Paper | None = None
    same: tuple[Paper, ...] = ()


_NEW = Classification(Verdict.NEW)


class Candidates(Protocol):
    """Reads the papers that a draft may be."""

    async def owners(self, identifiers: Sequence[str]) -> Mapping[str, int]:
        """Returns the ids of the papers, removed ones too, that have these identifiers."""

    async def load(self, paper_ids: Sequence[int]) -> Sequence[Paper]:
        """Returns papers by id, removed ones too, in this order."""

    async def listed_under(self, prefix: str) -> Sequence[Paper]:
        """Returns some papers, removed ones too, with an identifier that starts with ``prefix``."""

    async def titled(self, title: str) -> Sequence[Paper]:
        """Returns the papers with this title, however it is spelled, by id."""

    async def removed_titled(self, title: str) -> Sequence[Paper]:
        """Returns the removed papers with this title, however it is spelled, by id."""


async def classify(candidates: Candidates, draft: PaperDraft) -> Classification:
    """Decides whether a draft is new, known, a possible duplicate or removed.

    The draft has to be in normal form and credit people by their current names. Candidates are
    read only as far as the decision needs them: by identifier, by a list's title, by title.
    """
    owners = await candidates.owners(draft.identifiers)
    ids = dict.fromkeys(owners[name] for name in draft.identifiers if name in owners)
    found = by_identifiers(draft, owners, await candidates.load([*ids]) if ids else ())
    if found is None or found.verdict is Verdict.POSSIBLE_DUPLICATE:
        # A list's title tells more than a URL or DOI that may stand for several papers.
        prefix = matching.list_title_prefix(draft)
        if prefix is not None:
            found = by_list_title(draft, await candidates.listed_under(prefix)) or found
    if found is None:
        found = by_title(draft, await candidates.titled(draft.title))
    if found is None:
        found = by_removed_title(draft, await candidates.removed_titled(draft.title))
    return found or _NEW


def by_identifiers(
    draft: PaperDraft, owners: Mapping[str, int], papers: Sequence[Paper]
) -> Classification | None:
    """Classifies a draft by the papers that have its identifiers, the strongest one's first.

    The strongest identifier decides. The others count unless something contradicts them; a removed
    paper counts only if the strongest identifier is its own.
    """
    proven = {owner for name, owner in owners.items() if not is_listed_title(name)}
    found = [
        paper
        for paper in papers
        if not matching.have_conflicting_identifiers(paper, draft, "arxiv")
        and (paper.id in proven or matching.may_be_same(paper, draft))
    ]
    if not found:
        return None
    same = found[:1]
    if found[0].removed_at is None:
        for paper in found[1:]:
            is_present = paper.removed_at is None
            if is_present and all(matching.may_merge(paper, other) for other in same):
                same.append(paper)
    first, *others = sorted(same, key=lambda paper: paper.id)
    if matching.is_doubtful(first, draft):
        return Classification(Verdict.POSSIBLE_DUPLICATE, first)
    if first.removed_at is not None:
        return Classification(Verdict.REMOVED, first)
    return Classification(Verdict.KNOWN, first, tuple(others))


def by_list_title(draft: PaperDraft, papers: Sequence[Paper]) -> Classification | None:
    """Classifies a draft by the only paper whose title in an earlier list is a word off."""
    same = [paper for paper in papers if matching.differs_by_one_word(paper, draft)]
    if len(same) != 1:
        return None
    verdict = Verdict.REMOVED if same[0].removed_at is not None else Verdict.KNOWN
    return Classification(verdict, same[0])


def by_title(draft: PaperDraft, papers: Sequence[Paper]) -> Classification | None:
    """Classifies a draft by the papers with its title: compatible authors, a year within one."""
    for paper in papers:
        if matching.is_similar(paper, draft):
            return Classification(Verdict.POSSIBLE_DUPLICATE, paper)
    return None


def by_removed_title(draft: PaperDraft, papers: Sequence[Paper]) -> Classification | None:
    """Classifies a draft by the removed papers with its title."""
    for paper in papers:
        if matching.may_be_same(paper, draft):
            return Classification(Verdict.POSSIBLY_REMOVED, paper)
    return None
