"""Pages of search results: a query runs, is saved, and runs again for each page turned."""

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
_MAX_PAGE = 10**9  # for forged custom ids; keeps offsets within SQLite's integers


class QueryExpired(LabError):
    """The query behind an old button is no longer saved."""

    def __init__(self) -> None:
        super().__init__("These results have expired. Run the command again.")


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query for papers: by words, of an author, of a digest, or the latest ``count``.

    Buttons refer to it by the id of its text, so the text's keys are stable.
    """

    words: str = ""
    author: str = ""
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE
    count: int | None = None
    post: int | None = None

    def to_text(self) -> str:
        """Returns the query as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> SavedQuery:
        """Parses the result of `to_text`."""
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
async def turn_page(interaction: Interaction, button: buttons.ResultsPageButton) -> None:
    """Runs the query again and replaces the message by the button's page."""
    library = interaction.client.library
    query = await load_query(library, button.query_id)
    layout = await render(library, query, interaction.user.id, button.page)
    await interaction.response.edit_message(view=layout)


async def load_query(library: Library, query_id: int) -> SavedQuery:
    """Returns the saved query of a button; raises `QueryExpired`."""
    text = await library.bot_state.load_query(query_id)
    if text is None:
        raise QueryExpired
    return SavedQuery.from_text(text)


async def render_paper(library: Library, paper: Paper) -> cards.Layout:
    """Returns the full card of a paper with its related papers."""
    return cards.Layout(cards.full_card(paper, await library.search.related(paper)))


async def render(library: Library, query: SavedQuery, owner_id: int, page: int = 0) -> cards.Layout:
    """Runs a query and returns one page of its results, counted from 0.

    Only ``owner_id`` can turn the page. A page after the last shows the last.
    """
    page = min(page, _MAX_PAGE)
    if query.author:
        return await _render_author(library, query, owner_id, page)
    if query.post is not None:
        return await _render_digest(library, query, owner_id, page)
    return await _render_search(library, query, owner_id, page)


def describe_filters(filters: Filters) -> str:
    """Returns filters in words, escaped: “by Biderman, at ICML, from 2021 to 2023”."""
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
        parts.append(f"from {first} to {last}")
    elif first is not None:
        parts.append(f"since {first}")
    elif last is not None:
        parts.append(f"up to {last}")
    return ", ".join(parts)


async def _render_search(
    library: Library, query: SavedQuery, owner_id: int, page: int
) -> cards.Layout:
    parsed = parse(query.words, query.filters)
    found = await library.search.find(
        parsed, sort=query.sort, offset=page * PAGE_SIZE, limit=PAGE_SIZE
    )
    results = found.results
    if page and not results.papers and results.total:
        return await render(library, query, owner_id, (results.total - 1) // PAGE_SIZE)
    if query.count is not None:
        total = min(results.total, query.count)
        papers = results.papers[: max(total - results.offset, 0)]
        results = replace(results, papers=papers, total=total)
    remark = ""
    if found.searched_for:
        remark = (
            f"No results for “{escape(query.words, 100)}”. "
            f"Showing results for **{escape(found.searched_for, 100)}** instead."
        )
    return cards.results_page(
        _heading(query, parsed, found.searched_for or query.words, results),
        results,
        words=(found.searched_for or parsed.title_key).split(),
        remark=remark,
        page_buttons=_page_buttons(library, query, owner_id, page, results),
    )


async def _render_author(
    library: Library, query: SavedQuery, owner_id: int, page: int
) -> cards.Layout:
    author = await library.authors.get(query.author)
    page = min(page, max(author.paper_count - 1, 0) // PAGE_SIZE)
    results = await library.authors.list_papers(author, offset=page * PAGE_SIZE, limit=PAGE_SIZE)
    return cards.author_page(
        author, results, _page_buttons(library, query, owner_id, page, results)
    )


async def _render_digest(
    library: Library, query: SavedQuery, owner_id: int, page: int
) -> cards.Layout:
    post = await library.outbox.find_post(query.post or 0)
    if post is None:
        raise QueryExpired
    offset = page * PAGE_SIZE
    papers = await library.papers.load(post.paper_ids[offset : offset + PAGE_SIZE])
    listed = tuple(paper for paper in papers if paper.removed_at is None)
    results = ResultPage(listed, len(post.paper_ids), offset)
    return cards.results_page(
        f"{count(results.total, 'paper')} announced {timestamp(post.created_at, 'D')}",
        results,
        page_buttons=_page_buttons(library, query, owner_id, page, results),
    )


def _page_buttons(
    library: Library, query: SavedQuery, owner_id: int, page: int, results: ResultPage
) -> list[Button[Any]]:
    """Saves the query and returns the buttons that turn its pages; none if there is one page."""
    pages = -(-results.total // PAGE_SIZE)
    if pages < 2:
        return []
    query_id = library.bot_state.save_query(query.to_text())
    page_button = partial(buttons.ResultsPageButton, owner_id, query_id)
    return buttons.page_buttons(page_button, page, pages, has_more=results.total_is_minimum)


def _heading(query: SavedQuery, parsed: Query, words: str, results: ResultPage) -> str:
    total = count(results.total, "paper") if results.total else "No papers"
    if results.total_is_minimum:
        total = f"More than {total}"
    if not words:
        subject = "Latest papers" if query.count is not None and results.total else total
        return f"{subject} {describe_filters(parsed.filters)}".rstrip()
    heading = f"{total} for “{escape(words, 120)}”"
    options = describe_filters(query.filters)
    return f"{heading}, {options}" if options else heading
