"""The audit log as text and cards: what each change did, and values before → after."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from discord.ui import ActionRow, Container, Section, Separator, TextDisplay

from bot.markdown import clip, count, escape, timestamp
from bot.ui import buttons
from bot.ui.feeds import describe_options
from storage.announcements.subscription_settings import options_of
from storage.audit.models import Change, LogPage

Titles = Mapping[int, str]  # of papers, by number

_PAPER_FIELDS = {
    "title": "Title",
    "authors": "Authors",
    "authors_complete": "Author list is complete",
    "venue": "Venue",
    "date": "Date",
    "abstract": "Abstract",
    "note": "Note",
    "identifiers": "Identifiers",
    "links": "Links",
    "tags": "Tags",
    "posted_by": "Posted by",
}
_FEED_FIELDS = {
    "title": "Title",
    "url": "Address",
    "venue": "Venue",
    "is_reviewed": "Entries need review",
}
_PAPER_ACTIONS = {
    "add": "✅ added {}",
    "update": "🧩 updated {}",
    "edit": "✏️ edited {}",
    "tag": "🏷️ changed the tags of {}",
    "remove": "🗑️ removed {}",
    "restore": "♻️ restored {}",
    "merge": "🔗 merged {}",
}
_NAME_ACTIONS = {
    "merge": "🔗 merged a name into **{}**",
    "split": "✂️ split a name from **{}**",
    "rename": "🏷️ renamed an author to **{}**",
}
_REVIEW_OUTCOMES = {
    "declined": "👋 declined {}",
    "removed": "👋 kept {} out of the list, as it was removed before",
}
_MENTION = re.compile(r"<#\d+>")
_CONTEXT = 3  # unchanged words shown around a difference
_MAX_DIFFERENCE = 150  # characters of each side of a difference
_MAX_ENTRY = 640  # characters of one change in the log
_MAX_UNCUT = 60  # characters up to which a value is shown as a whole
_NO_VALUE = "none"


def history(
    page: LogPage, titles: Titles, owner: int, paper_id: int | None = None
) -> Container[Any]:
    """Returns a page of the log, of all changes or of one paper's, with buttons to undo them."""
    heading = "Recent changes"
    if paper_id is not None:
        heading = f"Changes to {_paper(paper_id, titles, 200)}"
    card: Container[Any] = Container(TextDisplay(f"### {heading}"))
    for change in page.changes:
        card.add_item(Separator(visible=True))
        text = entry(change, titles)
        if change.is_undone or change.part_of is not None:
            card.add_item(TextDisplay(text))
        else:
            card.add_item(Section(text, accessory=buttons.UndoButton(change.id)))
    if not page.changes:
        card.add_item(TextDisplay("No changes yet."))
    if page.has_newer or page.has_older:
        card.add_item(_page_buttons(page, owner, paper_id or 0))
    return card


def _page_buttons(page: LogPage, owner: int, paper_id: int) -> ActionRow[Any]:
    numbers = [change.id for change in page.changes] or [0]
    return ActionRow(
        buttons.HistoryPageButton(
            owner, paper_id, numbers[0], is_newer=True, disabled=not page.has_newer
        ),
        buttons.HistoryPageButton(
            owner, paper_id, numbers[-1], is_newer=False, disabled=not page.has_older
        ),
    )


def entry(change: Change, titles: Titles) -> str:
    """Returns a change as the log shows it, with as many of its differences as fit."""
    about = f"-# {escape(change.actor.name, 60)} · {timestamp(change.at, 'f')}"
    if change.part_of is not None:
        about += f" · part of change {change.part_of}"
    if change.is_undone:
        about += " · undone"
    lines = [f"**{change.id}** · {summary(change, titles)}", about]
    found = [line for part in (change, *change.parts) for line in differences(part)]
    for number, line in enumerate(found):
        if sum(map(len, lines)) + len(line) > _MAX_ENTRY:
            lines.append(f"-# and {len(found) - number} more")
            break
        lines.append(line)
    return "\n".join(lines)


def summary(change: Change, titles: Titles) -> str:
    """Returns what a change did, in a few words."""
    if change.action == "import":
        return f"📥 imported a file: {_import_counts(change.after)}"
    if change.action == "review":
        text = _REVIEW_OUTCOMES.get(change.after["outcome"], "🔎 matched {} with the list")
        return text.format(f"**{escape(change.after['title'], 160)}**")
    if change.undoes is not None:
        return f"↩️ undid change {change.undoes}{_undo_target(change, titles)}"
    if change.about is not None:
        return _setting_summary(change)
    if change.name is not None:
        return _NAME_ACTIONS[change.action].format(escape(change.name, 100))
    text = _PAPER_ACTIONS[change.action].format(_paper(change.paper_id or 0, titles, 160))
    if "into" in change.after:
        text += f" into {_paper(change.after['into'], titles, 160)}"
    return text


def plain_summary(change: Change, titles: Titles) -> str:
    """Returns a change's number and summary without Discord's markup, for autocomplete."""
    text = _MENTION.sub("a channel", f"{change.id} · {summary(change, titles)}")
    return clip(text.replace("*", "").replace("\\", ""), 100)


def _import_counts(outcomes: Mapping[str, int]) -> str:
    counts = {
        "added": "{:,} added",
        "updated": "{:,} updated",
        "restored": "{:,} restored",
        "unchanged": "{:,} already in the list",
    }
    parts = [text.format(outcomes[name]) for name, text in counts.items() if outcomes.get(name)]
    if duplicates := outcomes.get("duplicate"):
        parts.append(f"{count(duplicates, 'possible duplicate')} skipped")
    if removed := outcomes.get("removed"):
        parts.append(f"{count(removed, 'removed paper')} skipped")
    return ", ".join(parts)


def _undo_target(change: Change, titles: Titles) -> str:
    if change.about is not None:
        return f": {_feed_or_channel(change)}"
    if change.name is not None:
        return f": **{escape(change.name, 100)}**"
    return f": {_paper(change.paper_id, titles, 160)}" if change.paper_id is not None else ""


def _setting_summary(change: Change) -> str:
    """Returns what a change to a feed or to a channel's announcements did."""
    what = _feed_or_channel(change)
    is_feed = change.about is not None and change.about.feed_id is not None
    match change.action:
        case "add":
            return (
                f"📡 followed the feed {what}" if is_feed else f"📣 started announcements in {what}"
            )
        case "remove":
            return (
                f"🗑️ unfollowed the feed {what}"
                if is_feed
                else f"🔕 stopped announcements in {what}"
            )
    what = f"the feed {what}" if is_feed else f"announcements in {what}"
    paused = _pause(change.after)
    if paused != _pause(change.before):
        return f"⏸️ paused {what}" if paused else f"▶️ resumed {what}"
    return f"✏️ changed {what}"


def _pause(values: Mapping[str, Any]) -> object:
    """Returns why a feed is paused, or whether a channel's announcements are."""
    return values.get("paused_because") or values.get("is_paused")


def _feed_or_channel(change: Change) -> str:
    if change.about is not None and change.about.channel_id is not None:
        return f"<#{change.about.channel_id}>"
    values = change.after or change.before
    return f"**{escape(values.get('title') or values.get('url') or 'a feed', 160)}**"


def _paper(paper_id: int, titles: Titles, limit: int) -> str:
    return f"**{escape(titles.get(paper_id, '') or 'a paper', limit)}** (#{paper_id})"


def differences(change: Change) -> list[str]:
    """Returns a line “field: before → after” for each value that a change changed."""
    before, after = change.before, change.after
    if change.about is not None:
        return _setting_differences(change) if change.action == "edit" else []
    if not before or change.name is not None or change.action == "merge":
        return []
    lines = [
        f"{_PAPER_FIELDS[name]}: {difference(before[name], after[name])}"
        for name in changed_fields(change)
    ]
    if before["removed"] != after["removed"]:
        lines.append("Removed from the list" if after["removed"] else "Restored to the list")
    return lines


def _setting_differences(change: Change) -> list[str]:
    before, after = change.before, change.after
    if change.about is not None and change.about.channel_id is not None:
        old, new = _announced(before), _announced(after)
        return [f"{old} → {new}"] if old != new else []
    return [
        f"{label}: {difference(before.get(name), after.get(name))}"
        for name, label in _FEED_FIELDS.items()
        if before.get(name) != after.get(name)
    ]


def _announced(values: Mapping[str, Any]) -> str:
    """Returns what a channel's recorded settings announce, and when."""
    return describe_options(options_of(values)) or "everything, immediately"


def changed_fields(change: Change) -> list[str]:
    """Returns the fields of a paper that a change changed."""
    if not (change.before and change.after):
        return []
    return differing_fields(change.before, change.after)


def differing_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Returns the fields in which two snapshots of a paper differ."""
    return [name for name in _PAPER_FIELDS if before.get(name) != after.get(name)]


def field_name(name: str) -> str:
    """Returns the label of a paper's field."""
    return _PAPER_FIELDS[name]


def difference(before: object, after: object) -> str:
    """Returns “before → after”; long values are cut to what differs, with a few words around it."""
    old, new = _words(before), _words(after)
    start = _common_prefix(old, new)
    end = _common_prefix(old[start:][::-1], new[start:][::-1])
    return f"{_excerpt(old, start, end)} → {_excerpt(new, start, end)}"


def format_value(value: object, limit: int) -> str:
    """Returns a recorded value as escaped text."""
    return escape(plain_value(value), limit) or _NO_VALUE


def plain_value(value: object) -> str:
    """Returns a recorded value as plain text; empty if it has none."""
    return " ".join(_words(value))


def _words(value: object) -> list[str]:
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, list):  # of texts, or of links as [kind, address]
        return ", ".join(one[1] if isinstance(one, list) else str(one) for one in value).split()
    return str(value or "").split()


def _common_prefix(one: Sequence[str], other: Sequence[str]) -> int:
    """Returns how many words two lists have in common at their start."""
    pairs = zip(one, other, strict=False)
    return next(
        (number for number, (left, right) in enumerate(pairs) if left != right),
        min(len(one), len(other)),
    )


def _excerpt(words: Sequence[str], start: int, end: int) -> str:
    """Returns words without the first ``start`` and the last ``end`` ones, save some context."""
    if len(" ".join(words)) <= _MAX_UNCUT:
        return escape(" ".join(words), _MAX_DIFFERENCE) or _NO_VALUE
    first, last = max(start - _CONTEXT, 0), len(words) - max(end - _CONTEXT, 0)
    text = escape(" ".join(words[first:last]), _MAX_DIFFERENCE)
    return f"{'…' if first else ''}{text}{'…' if last < len(words) else ''}" or _NO_VALUE
