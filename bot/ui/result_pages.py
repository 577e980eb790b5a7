"""Pages of search results: a query runs, is saved, and runs again for each page turned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from discord.ui import Button

from bot.interactions import Interaction
from bot.markdown import count, escape, timestamp
from bot.permissions import is_home_server
from bot.ui import buttons, cards
from bot.ui.nothing_found import no_author, no_papers, several_authors
from bot.ui.saved_query import (
    QueryExpired,
    SavedQuery,
    describe_filters,
    describe_search,
    describe_unsearchable,
    load_query,
    unsearchable_words,
)
from storage.authors.errors import AuthorAmbiguous, AuthorNotFound
from storage.errors import LabError
from storage.library import Library
from storage.models import Paper, ResultPage, Sort
from storage.papers.errors import PaperNotFound
from storage.redaction import redact_text
from storage.search.alternatives import drop_filter
from storage.search.engine import SearchResponse
from storage.search.query import Query, parse
from storage.search.stop_words import STOP_WORDS

PAGE_SIZE = 5
_MAX_NAMED = 3  # corrections, abbreviations or phrases that a reply names
_MAX_PAGE = 10**9  # for forged custom ids; keeps offsets within SQLite's integers


@buttons.ResultsPageButton.on_press
async def turn_page(interaction: Interaction, button: buttons.ResultsPageButton) -> None:
    """Runs the query again and replaces the message by the button's page."""
    library = interaction.client.library
    query = await load_query(library, button.query_id)
    layout = await render(
        library,
        query,
        interaction.user.id,
        button.page,
        can_suggest=interaction.client.takes_suggestions,
        shows_accounts=is_home_server(interaction),
    )
    await interaction.response.edit_message(view=layout)


async def render_paper(library: Library, paper: Paper) -> cards.Layout:
    """Returns the full card of a paper with its related papers."""
    related = await library.search.related(paper)
    return cards.Layout(cards.full_card(paper, related, buttons.ReportButton(paper.id)))


async def render(
    library: Library,
    query: SavedQuery,
    owner_id: int,
    page: int = 0,
    *,
    can_suggest: bool = False,
    shows_accounts: bool = False,
) -> cards.Layout:
    """Runs a query and returns one page of its results, counted from 0.

    Only ``owner_id`` can turn the page. A page after the last shows the last. Raises errors that
    lead on if nothing is found; if the user ``can_suggest`` papers, one of them offers that.
    An author's card ``shows_accounts`` of Discord only in the lab's own servers.
    """
    page = min(page, _MAX_PAGE)
    if query.author:
        account = await _find_account(library, query.author) if shows_accounts else None
        return await _render_author(library, query, owner_id, page, account)
    if query.post is not None:
        return await _render_digest(library, query, owner_id, page)
    layout = await _render_search(library, query, owner_id, page)
    if layout is None:
        raise await no_papers(library, query, owner_id, can_suggest=can_suggest)
    return layout


async def _render_search(
    library: Library, query: SavedQuery, owner_id: int, page: int
) -> cards.Layout | None:
    """Returns a page of the papers that match, or None if there are none."""
    if query.is_reference:
        try:
            return await render_paper(library, await library.papers.get_by_text(query.words))
        except PaperNotFound:
            return None
    parsed = parse(query.words, query.filters)
    found = await library.search.find(
        parsed, sort=query.sort, offset=page * PAGE_SIZE, limit=PAGE_SIZE
    )
    results = found.results
    if page and not results.papers and results.total:
        return await _render_search(library, query, owner_id, (results.total - 1) // PAGE_SIZE)
    if query.count is not None:
        total = min(results.total, query.count)
        papers = results.papers[: max(total - results.offset, 0)]
        results = replace(results, papers=papers, total=total, total_is_minimum=False)
    if not results.total:
        return None
    words = (found.searched_for or parsed.title_key).split()
    return cards.results_page(
        _heading(query, parsed, found, results),
        results,
        words=[word for word in words if word not in STOP_WORDS] or words,
        remark="\n".join(_remarks(query, parsed, found)),
        complete=found.complete,
        full_dates=query.sort in {Sort.NEWEST, Sort.OLDEST},
        page_buttons=_page_buttons(library, query, owner_id, page, results),
        condition_buttons=_condition_buttons(library, query, owner_id),
    )


async def interpret(library: Library, query: SavedQuery) -> SavedQuery:
    """Returns a query with the filters and the order that its words ask for."""
    if query.is_reference:
        return query
    read = await library.search.interpret(query.words, query.filters, query.sort)
    return replace(
        query, words=read.text, filters=read.filters, sort=read.sort, conditions=read.conditions
    )


def _remarks(query: SavedQuery, parsed: Query, found: SearchResponse) -> Iterator[str]:
    """Yields sentences that say what was searched instead of, or besides, the words of a query."""
    if unsearchable := unsearchable_words(query.words, parsed):
        yield describe_unsearchable(unsearchable)
    if found.searched_for:
        yield (
            f"No results for “{escape(redact_text(query.words), 100)}”. "
            f"Showing results for **{escape(redact_text(found.searched_for), 100)}** instead."
        )
    elif found.corrections:
        words = ", ".join(
            f"**{escape(new, 30)}** instead of “{escape(old, 30)}”"
            for old, new in found.corrections[:_MAX_NAMED]
        )
        yield f"Searched for {words}."
    if found.also_searched:
        forms = ", ".join(f"*{escape(one, 60)}*" for one in found.also_searched[:_MAX_NAMED])
        yield f"-# Also searched for {forms}."
    if "order" in query.conditions:
        yield "-# The newest papers come first."
    if found.missing_phrases:
        phrases = ", ".join(f"“{escape(one, 60)}”" for one in found.missing_phrases[:_MAX_NAMED])
        yield f"-# No paper has {phrases}, so I searched for the words separately."


async def _find_account(library: Library, name: str) -> int | None:
    """Returns the Discord account of the one person of the lab with a name, or None."""
    try:
        return (await library.people.find(name)).discord_id
    except LabError:
        return None


async def _render_author(
    library: Library, query: SavedQuery, owner_id: int, page: int, account: int | None
) -> cards.Layout:
    try:
        author = await library.authors.get(query.author)
    except AuthorNotFound as error:
        raise no_author(library, error, owner_id) from None
    except AuthorAmbiguous as error:
        matches = await library.authors.list_matches(query.author)
        raise several_authors(error, query.author, matches) from None
    if not author.paper_count:  # one of the lab's people
        raise LabError(f"The list has no papers by {author.name} yet.")
    page = min(page, (author.paper_count - 1) // PAGE_SIZE)
    results = await library.authors.list_papers(author, offset=page * PAGE_SIZE, limit=PAGE_SIZE)
    return cards.author_page(
        author, results, _page_buttons(library, query, owner_id, page, results), account
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


def _condition_buttons(library: Library, query: SavedQuery, owner_id: int) -> Iterator[Button[Any]]:
    """Yields a button to drop each condition that was read from the question."""
    for name in query.conditions:
        others = replace(query, conditions=tuple(one for one in query.conditions if one != name))
        if name == "order":
            label, other = "Best matches first", replace(others, sort=Sort.RELEVANCE)
        else:
            label = f"Without the {name}"
            other = replace(others, filters=drop_filter(query.filters, name))
        query_id = library.bot_state.save_query(other.to_text())
        yield buttons.ResultsPageButton(owner_id, query_id, 0, label)


def _heading(query: SavedQuery, parsed: Query, found: SearchResponse, results: ResultPage) -> str:
    words = found.searched_for or query.words
    total = count(results.total, "paper") if results.total else "No papers"
    if results.total_is_minimum:
        total = f"More than {total}"
    if not words or unsearchable_words(words, parsed):
        subject = "Latest papers" if query.count is not None and results.total else total
        return f"{subject} {describe_filters(parsed.filters)}".rstrip()
    if found.complete < results.total:
        total = count(found.complete, "paper") if found.complete else "Papers"
    return f"{total} {describe_search(words, query.filters)}"
