"""Questions with many papers for an answer: asked once, remembered, turned page by page."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from discord.ui import Button

from bot.interactions import Interaction
from bot.markdown import count, escape, timestamp
from bot.ui import buttons, cards
from storage.errors import LabError
from storage.library import Library
from storage.models import Filters, Paper, ResultPage, Sort
from storage.search.query import Query, parse

PAGE_SIZE = 5
_LAST_PAGE = 10**9  # beyond which nobody turned


class Forgotten(LabError):
    """The question behind an old button is not kept any more."""

    def __init__(self) -> None:
        super().__init__("That answer is too old for its buttons to work. Please ask again.")


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """What somebody asked: papers for words, of an author, of a post, or the latest ``count``."""

    words: str = ""
    author: str = ""
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE
    count: int | None = None
    post: int | None = None

    def to_text(self) -> str:
        """The question as the catalogue's notes keep it."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> SavedQuery:
        """Read what `to_text` wrote."""
        values = json.loads(text)
        return cls(
            words=values["words"],
            author=values["author"],
            filters=Filters(**values["filters"]),
            sort=Sort(values["sort"]),
            count=values["count"],
            post=values.get("post"),
        )


@buttons.ResultsPageButton.on_press
async def show_page(interaction: Interaction, button: buttons.ResultsPageButton) -> None:
    """Runs the query again and replaces the message by the page that was asked for."""
    library = interaction.client.library
    question = await load_query(library, button.query_id)
    layout = await answer(library, question, interaction.user.id, button.page)
    await interaction.response.edit_message(view=layout)


async def whole(library: Library, paper: Paper) -> cards.Layout:
    """The whole card of one paper, with what is related to it."""
    return cards.Layout(cards.paper(paper, await library.search.related(paper)))


async def load_query(library: Library, number: int) -> SavedQuery:
    """The question behind a button; raises `Forgotten`."""
    text = await library.bot_state.load_query(number)
    if text is None:
        raise Forgotten
    return SavedQuery.from_text(text)


async def answer(library: Library, question: SavedQuery, owner: int, page: int = 0) -> cards.Layout:
    """One page of the answer to a question, pages counted from 0; ``owner`` may turn it."""
    page = min(page, _LAST_PAGE)
    if question.author:
        return await _answer_author(library, question, owner, page)
    if question.post is not None:
        return await _answer_post(library, question, owner, page)
    query = parse(question.words, question.filters)
    found = await library.search.find(
        query, sort=question.sort, offset=page * PAGE_SIZE, limit=PAGE_SIZE
    )
    shown = found.results
    if page and not shown.papers and shown.total:
        return await answer(library, question, owner, (shown.total - 1) // PAGE_SIZE)
    remark = ""
    if question.count is not None:
        total = min(shown.total, question.count)
        papers = shown.papers[: max(total - shown.offset, 0)]
        shown = replace(shown, papers=papers, total=total)
    if found.searched_for:
        asked, instead = escape(question.words, 100), escape(found.searched_for, 100)
        remark = f"Nothing has “{asked}”; here is what has **{instead}**."
    turning = await _turning(library, question, owner, page, shown)
    return cards.results(
        _heading(question, query, found.searched_for or question.words, shown),
        shown,
        words=(found.searched_for or query.title_key).split(),
        remark=remark,
        turning=turning,
    )


def described(filters: Filters) -> str:
    """Filters in words, fit for Discord: “by Biderman, at ICML, 2021 to 2023”."""
    parts = []
    if filters.author:
        parts.append(f"by {escape(filters.author, 60)}")
    if filters.venue:
        parts.append(f"at {escape(filters.venue, 60)}")
    if filters.tag:
        parts.append(f"tagged {escape(filters.tag, 60)}")
    first, last = filters.first_year, filters.last_year
    if first is not None and first == last:
        parts.append(f"from {first}")
    elif first is not None and last is not None:
        parts.append(f"{first} to {last}")
    elif first is not None:
        parts.append(f"since {first}")
    elif last is not None:
        parts.append(f"until {last}")
    return ", ".join(parts)


async def _answer_author(
    library: Library, question: SavedQuery, owner: int, page: int
) -> cards.Layout:
    someone = await library.authors.get(question.author)
    page = min(page, max(someone.paper_count - 1, 0) // PAGE_SIZE)
    shown = await library.authors.list_papers(someone, offset=page * PAGE_SIZE, limit=PAGE_SIZE)
    return cards.person(someone, shown, await _turning(library, question, owner, page, shown))


async def _answer_post(
    library: Library, question: SavedQuery, owner: int, page: int
) -> cards.Layout:
    post = await library.outbox.post(question.post or 0)
    if post is None:
        raise Forgotten
    begin = page * PAGE_SIZE
    papers = await library.papers.load(post.paper_ids[begin : begin + PAGE_SIZE])
    present = tuple(paper for paper in papers if paper.removed_at is None)
    shown = ResultPage(present, len(post.paper_ids), begin)
    return cards.results(
        f"{count(shown.total, 'paper')} announced {timestamp(post.created_at, 'D')}",
        shown,
        turning=await _turning(library, question, owner, page, shown),
    )


async def _turning(
    library: Library, question: SavedQuery, owner: int, page: int, shown: ResultPage
) -> list[Button[Any]]:
    """The buttons that turn pages; none where everything is on one."""
    pages = -(-shown.total // PAGE_SIZE)
    if pages < 2:
        return []
    query_id = library.bot_state.save_query(question.to_text())
    page_button = partial(buttons.ResultsPageButton, owner, query_id)
    return buttons.page_buttons(page_button, page, pages, has_more=shown.total_is_minimum)


def _heading(question: SavedQuery, query: Query, words: str, shown: ResultPage) -> str:
    limits = described(query.filters)
    found = count(shown.total, "paper") if shown.total else "No paper"
    found = f"More than {found}" if shown.total_is_minimum else found
    if not words:
        return f"{'The latest papers' if question.count is not None else found} {limits}".rstrip()
    options = described(question.filters)
    return f"{found} for “{escape(words, 120)}”" + (f", {options}" if options else "")
