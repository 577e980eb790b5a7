"""The change log as people read it: who, when, and each field before → after; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from discord.ui import ActionRow, Container, Section, Separator, TextDisplay

from bot.markdown import clip, escape, moment
from bot.ui import buttons
from bot.ui.feeds import how
from storage.announcements.subscription_settings import options_of
from storage.audit.models import Change, LogPage

Titles = Mapping[int, str]

_FIELDS = {
    "title": "Title",
    "authors": "Authors",
    "authors_complete": "Authors are all named",
    "venue": "Venue",
    "date": "Date",
    "abstract": "Abstract",
    "note": "Note",
    "identifiers": "Identifiers",
    "links": "Links",
    "tags": "Tags",
    "posted_by": "Posted by",
}
_DONE = {
    "add": "✅ added",
    "update": "🧩 completed",
    "edit": "✏️ corrected",
    "tag": "🏷️ tagged",
    "remove": "🗑️ removed",
    "restore": "♻️ put back",
    "merge": "🔗 made a part of another:",
}
_DECIDED = {
    "merge": "🔗 joined names as **{}**",
    "split": "✂️ parted a name from **{}**",
    "rename": "🏷️ gave a person the name **{}**",
}
_CAME_TO = {
    "added": "added",
    "updated": "completed",
    "restored": "put back",
    "unchanged": "known already",
    "duplicate": "left out as possible duplicates",
    "removed": "left out as removed",
}
_MENTION = re.compile(r"<#\d+>")
_AROUND = 3  # words that stand around what differs
_MOST = 150  # characters of one side of a difference
_ROOM = 640  # characters of one change in the log
_WHOLE = 60  # characters up to which a text is shown whole


def log(shown: LogPage, titles: Titles, owner: int, paper_id: int | None = None) -> Container[Any]:
    """A page of the log, of all or of one paper; what stands has a button that undoes it."""
    heading = "What was changed"
    if paper_id is not None:
        heading += f" of {_paper(paper_id, titles, 200)}"
    card: Container[Any] = Container(TextDisplay(f"### {heading}"))
    for change in shown.changes:
        card.add_item(Separator(visible=True))
        text = entry(change, titles)
        if change.is_undone or change.part_of is not None:
            card.add_item(TextDisplay(text))
        else:
            card.add_item(Section(text, accessory=buttons.UndoButton(change.id)))
    if not shown.changes:
        card.add_item(TextDisplay("Nothing yet."))
    turning = [
        buttons.HistoryPageButton(
            owner, paper_id or 0, edge, is_newer=is_newer, disabled=not has_more
        )
        for is_newer, has_more, edge in _edges(shown)
    ]
    if shown.has_newer or shown.has_older:
        card.add_item(ActionRow(*turning))
    return card


def _edges(shown: LogPage) -> Iterator[tuple[bool, bool, int]]:
    numbers = [change.id for change in shown.changes] or [0]
    yield True, shown.has_newer, numbers[0]
    yield False, shown.has_older, numbers[-1]


def entry(change: Change, titles: Titles) -> str:
    """One change as the log shows it, with all that changed as far as there is room."""
    undone = " · undone" if change.is_undone else ""
    part = f" · part of change {change.part_of}" if change.part_of is not None else ""
    who = f"-# {escape(change.actor.name, 60)} · {moment(change.at, 'f')}{part}{undone}"
    lines = [f"**{change.id}** · {brief(change, titles)}", who]
    found = [text for one in (change, *change.parts) for text in differences(one)]
    for number, line in enumerate(found):
        if sum(map(len, lines)) + len(line) > _ROOM:
            lines.append(f"-# and {len(found) - number} more")
            break
        lines.append(line)
    return "\n".join(lines)


def brief(change: Change, titles: Titles) -> str:
    """What a change did, in a few words fit for Discord."""
    if change.action == "import":
        counts = [
            f"{change.after[outcome]:,} {words}"
            for outcome, words in _CAME_TO.items()
            if change.after.get(outcome)
        ]
        return f"📥 imported: {', '.join(counts)}"
    if change.action == "review":
        title = f"**{escape(change.after['title'], 160)}**"
        is_out = change.after["outcome"] == "declined"
        return f"👋 left out {title}" if is_out else f"🔎 knew {title}"
    if change.about is not None:
        return setting_summary(change)
    paper = _paper(change.paper_id, titles, 160) if change.paper_id is not None else ""
    if change.undoes is not None:
        return f"↩️ undid change {change.undoes} {paper}".rstrip()
    if change.name is not None:
        return _DECIDED[change.action].format(escape(change.name, 100))
    into = f" → {_paper(change.after['into'], titles, 160)}" if "into" in change.after else ""
    return f"{_DONE[change.action]} {paper}{into}"


def plain(change: Change, titles: Titles) -> str:
    """The same as plain text, for a suggestion."""
    text = _MENTION.sub("a channel", f"{change.id} · {brief(change, titles)}")
    return clip(text.replace("*", "").replace("\\", ""), 100)


def differences(change: Change) -> list[str]:
    """What a change to a paper changed, a line for each field."""
    before, after = change.before, change.after
    if change.about is not None:
        return _setting_differences(change) if change.action == "edit" else []
    if not before or change.name is not None or change.action == "merge":
        return []
    lines = [
        f"{_FIELDS[name]}: {difference(before[name], after[name])}" for name in changed(change)
    ]
    if before["removed"] != after["removed"]:
        lines.append("Taken out of the list" if after["removed"] else "In the list again")
    return lines


def _setting_differences(change: Change) -> list[str]:
    """What of a feed is otherwise, or what its channel heard and hears now."""
    before, after = change.before, change.after
    if change.about is not None and change.about.channel_id is not None:
        old, new = heard(before), heard(after)
        return [f"{old} → {new}"] if old != new else []
    return [
        f"{said}: {difference(before.get(name), after.get(name))}"
        for name, said in _SETTING_FIELDS.items()
        if before.get(name) != after.get(name)
    ]


def changed(change: Change) -> list[str]:
    """The fields that a change to a paper changed."""
    return differing(change.before, change.after) if change.before and change.after else []


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The fields in which what is said of a paper differs."""
    return [name for name in _FIELDS if before.get(name) != after.get(name)]


def field_name(name: str) -> str:
    """What people call a field."""
    return _FIELDS[name]


def difference(before: object, after: object) -> str:
    """A value and what it became; of long ones what differs, with some words around it."""
    old, new = _words(before), _words(after)
    begin = _common(old, new)
    end = _common(old[begin:][::-1], new[begin:][::-1])
    return f"{_part(old, begin, end)} → {_part(new, begin, end)}"


def value(said: object, limit: int) -> str:
    """A value in words, fit for Discord."""
    return escape(plain_value(said), limit) or "nothing"


def plain_value(said: object) -> str:
    """A value in words, as plain text; empty where there is none."""
    return " ".join(_words(said))


def _words(said: object) -> list[str]:
    if isinstance(said, bool):
        return ["yes" if said else "no"]
    if isinstance(said, list):
        return ", ".join(one[1] if isinstance(one, list) else str(one) for one in said).split()
    return str(said or "").split()


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words both begin with."""
    pairs = zip(one, other, strict=False)
    return next(
        (place for place, (mine, theirs) in enumerate(pairs) if mine != theirs),
        min(len(one), len(other)),
    )


def _part(words: Sequence[str], begin: int, end: int) -> str:
    """Words without those that both sides have at their beginning and at their end."""
    if len(" ".join(words)) <= _WHOLE:
        return escape(" ".join(words), _MOST) or "nothing"
    first, last = max(begin - _AROUND, 0), len(words) - max(end - _AROUND, 0)
    text = escape(" ".join(words[first:last]), _MOST)
    return f"{'…' if first else ''}{text}{'…' if last < len(words) else ''}" or "nothing"


def _paper(paper_id: int, titles: Titles, limit: int) -> str:
    return f"**{escape(titles.get(paper_id, '') or 'a paper', limit)}** (#{paper_id})"


_SETTING_FIELDS = {
    "title": "Title",
    "url": "Address",
    "venue": "Venue",
    "is_reviewed": "A moderator decides each entry",
}


def setting_summary(change: Change) -> str:
    """What a change to a feed or a channel did, in a few words fit for Discord."""
    what = subject(change)
    if change.undoes is not None:
        return f"↩️ undid change {change.undoes} {what}"
    is_feed = change.about is not None and change.about.feed_id is not None
    match change.action:
        case "add":
            return f"📡 began to read {what}" if is_feed else f"📣 began to announce in {what}"
        case "remove":
            return f"🗑️ stopped reading {what}" if is_feed else f"🔕 stopped announcing in {what}"
    paused = change.after.get("paused_because") or change.after.get("is_paused")
    if paused != (change.before.get("paused_because") or change.before.get("is_paused")):
        return f"⏸️ paused {what}" if paused else f"▶️ resumed {what}"
    return f"✏️ changed how I read {what}" if is_feed else f"✏️ changed what is announced in {what}"


def heard(values: Mapping[str, Any]) -> str:
    """What a channel hears and how, by the values that are kept of it."""
    return how(options_of(values)) or "everything, at once"


def subject(change: Change) -> str:
    """The feed or the channel that a change is about."""
    if change.about is not None and change.about.channel_id is not None:
        return f"<#{change.about.channel_id}>"
    said = change.after or change.before
    return f"**{escape(said.get('title') or said.get('url') or 'a feed', 160)}**"
