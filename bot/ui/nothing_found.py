"""Private answers to queries that find nothing: what else to try, and buttons that lead on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from discord.ui import ActionRow, Button, Container, Separator, TextDisplay

from bot.errors import ErrorWithView
from bot.markdown import clip, count, escape, join_and, join_or
from bot.ui import cards
from bot.ui.author_menu import author_menu
from bot.ui.buttons import ResultsPageButton, SuggestButton
from bot.ui.saved_query import SavedQuery, describe_filters, describe_search, unsearchable_words
from storage.authors.errors import AuthorNotFound
from storage.errors import LabError
from storage.library import Library
from storage.models import AuthorMatches
from storage.redaction import redact_text
from storage.search.engine import Alternative
from storage.search.query import parse, without_filters

_MAX_LABEL = 80  # characters of a button
_MAX_BUTTONS = 5  # in a row
_MAX_NAMED = 3  # words that no paper has


class NothingFound(ErrorWithView):
    """Nothing matches a query; the message says what was searched, and what to try."""


async def no_papers(
    library: Library, query: SavedQuery, owner_id: int, *, can_suggest: bool = False
) -> LabError:
    """Returns the error for a query that finds no papers.

    Its message has the nearest papers, and buttons to search for something else. If the user
    ``can_suggest`` papers, it has one for that, too.
    """
    parsed = parse(query.words, query.filters)
    is_searchable = not unsearchable_words(query.words, parsed)
    words = without_filters(query.words) if is_searchable else ""
    searched = describe_search(words, parsed.filters)
    if not searched:
        return LabError("The list has no papers yet.")
    heading = f"No papers {searched}"
    alternatives: tuple[Alternative, ...] = ()
    if not query.is_reference:
        alternatives = await library.search.alternatives(query.words, query.filters)
    card = _card(f"### {heading}")
    if query.is_reference:
        card.add_item(TextDisplay("That paper isn't in the list."))
    elif alternatives:
        _add_alternatives(card, library, query, owner_id, alternatives)
    elif words:
        card.add_item(TextDisplay(_tip(await library.search.unknown_words(parsed))))
    if words and can_suggest:
        query_id = library.bot_state.save_query(query.to_text())
        card.add_item(ActionRow(SuggestButton(query_id)))
    return NothingFound(f"{heading}.", cards.Layout(card))


def no_author(library: Library, error: AuthorNotFound, owner_id: int) -> LabError:
    """Returns the error for a name that nobody has, with buttons for similar ones if there are."""
    if not error.similar:
        return error
    text = f"I couldn't find an author called “{escape(redact_text(error.name), 100)}”."
    labels = [f"Did you mean {name}?" for name in error.similar]
    if len(labels) > 1:
        text += " Did you mean one of these?"
        labels = list(error.similar)
    row: ActionRow[Any] = ActionRow()
    for name, label in zip(error.similar, labels, strict=True):
        row.add_item(_query_button(library, SavedQuery(author=name), owner_id, label))
    return NothingFound(str(error), cards.Layout(cards.text_card(text, row)))


def several_authors(error: LabError, name: str, matches: AuthorMatches) -> LabError:
    """Returns the error for a name that several people have, with a menu of them."""
    shown = escape(redact_text(name), 100)
    more = "more than " if matches.total_is_minimum else ""
    text = f"“{shown}” could be {more}{matches.total:,} people. Which one do you mean?"
    if hidden := matches.total - len(matches.people):
        others = "the other one" if hidden == 1 else f"one of the other {hidden:,}"
        text += (
            f"\n-# These are the {len(matches.people)} with the most papers. To find {others}, "
            "enter a full name."
        )
    menu = author_menu(
        "Choose a person",
        [
            (
                person.lookup,
                f"{count(person.paper_count, 'paper')} · {person.details}"
                if person.details
                else cards.papers_and_years(person.paper_count, person.years),
            )
            for person in matches.people
        ],
    )
    return NothingFound(str(error), cards.Layout(cards.text_card(text, *menu)))


def _tip(unknown_words: Sequence[str]) -> str:
    if not unknown_words:
        return "Try other words, or fewer."
    shown = [f"“{escape(redact_text(word), 40)}”" for word in unknown_words[:_MAX_NAMED]]
    return f"No paper mentions {join_or(shown)}. Check the spelling, or try other words."


def _card(heading: str) -> Container[Any]:
    return Container(TextDisplay(heading), accent_colour=cards.NEUTRAL)


def _add_alternatives(
    card: Container[Any],
    library: Library,
    query: SavedQuery,
    owner_id: int,
    alternatives: tuple[Alternative, ...],
) -> None:
    """Adds the nearest papers, and a button for each alternative."""
    first = alternatives[0]
    proposal = first.proposal
    how = describe_filters(proposal.filters)  # with another author, venue or tag
    if proposal.dropped:
        how = f"without the {join_and(proposal.dropped)}"
    elif proposal.corrections:
        how = f"for “{escape(proposal.replaced, 80)}”"
    card.add_item(TextDisplay(f"**Closest papers** ({how})"))
    cards.add_papers(card, first.found.results.papers)
    card.add_item(Separator(visible=False))
    row: ActionRow[Any] = ActionRow()
    for one in alternatives[:_MAX_BUTTONS]:
        other = SavedQuery(
            one.proposal.text, filters=one.proposal.filters, sort=query.sort, count=query.count
        )
        row.add_item(_query_button(library, other, owner_id, _label(one)))
    card.add_item(row)


def _label(alternative: Alternative) -> str:
    proposal, found = alternative.proposal, alternative.found
    if proposal.corrections:
        return f"Did you mean “{proposal.replaced}”?"
    if proposal.replaced:
        return f"Did you mean {proposal.replaced}?"
    label = f"Without the {join_and(proposal.dropped)}"
    if not found.complete:
        return label
    more = "more than " if found.results.total_is_minimum else ""
    return f"{label} ({more}{count(found.complete, 'paper')})"


def _query_button(library: Library, query: SavedQuery, owner_id: int, label: str) -> Button[Any]:
    """Returns a button that shows the results of a query in place of its message."""
    query_id = library.bot_state.save_query(query.to_text())
    return ResultsPageButton(owner_id, query_id, 0, clip(label, _MAX_LABEL))
