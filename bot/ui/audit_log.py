"""The audit log as text and cards: what each change did, and values before → after."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from discord.ui import ActionRow, Container, Section, Separator, TextDisplay

from bot.markdown import clip, count, escape, timestamp
from bot.ui import buttons
from bot.ui.differences import (
    NO_VALUE,
    difference,
    differing_fields,
    paper_differences,
)
from bot.ui.feeds import describe_options
from storage.announcements.subscription_settings import options_of
from storage.audit.models import (
    AbbreviationChange,
    Change,
    ChangeAction,
    FeedChange,
    ImportChange,
    LogPage,
    ModeratorsChange,
    NameChange,
    PaperChange,
    PeopleChange,
    PeopleState,
    ReviewChange,
    ReviewKind,
    Settings,
    SettingsChange,
    SubscriptionChange,
)
from storage.models import Outcome
from storage.moderator_settings import SettingKey
from storage.redaction import redact_url

Titles = Mapping[int, str]  # of papers, by number

_FEED_FIELDS = {
    "title": "Title",
    "url": "URL",
    "venue": "Venue",
    "is_reviewed": "Entries need review",
}
_PERSON_FIELDS = {
    "name": "Name",
    "ids": "IDs",
    "foreign_ids": "Other people's IDs",
    "from": "Member from",
    "to": "Member until",
    "categories": "arXiv categories",
    "discord": "Discord member",
    "trust": "Announced without a review",
}
_PAPER_ACTIONS = {
    ChangeAction.ADD: "✅ added {}",
    ChangeAction.UPDATE: "🧩 updated {}",
    ChangeAction.EDIT: "✏️ edited {}",
    ChangeAction.TAG: "🏷️ changed the tags of {}",
    ChangeAction.REMOVE: "🗑️ removed {}",
    ChangeAction.RESTORE: "♻️ restored {}",
    ChangeAction.MERGE: "🔗 merged {}",
}
_NAME_ACTIONS = {
    ChangeAction.MERGE: "🔗 merged a name into **{}**",
    ChangeAction.SPLIT: "✂️ split a name from **{}**",
    ChangeAction.RENAME: "🏷️ renamed an author to **{}**",
}
_REVIEW_OUTCOMES = {
    Outcome.DECLINED: "👋 declined {}",
    Outcome.REMOVED: "👋 skipped {}, which had been removed",
}
_COMPLETION_OUTCOMES = {
    Outcome.UPDATED: "🧩 completed {}",
    Outcome.DECLINED: "🧩 kept {} as it is",
}
_REPORT_OUTCOMES = {
    Outcome.UPDATED: "🚩 marked the report about {} as fixed",
    Outcome.DECLINED: "🚩 dismissed the report about {}",
}
_CLAIM_OUTCOMES = {
    Outcome.UPDATED: "🙋 confirmed that {}",
    Outcome.DECLINED: "🙋 denied that {}",
}
_OUTCOMES_OF_KIND = {
    ReviewKind.REPORT: _REPORT_OUTCOMES,
    ReviewKind.ACCOUNT: _CLAIM_OUTCOMES,
    ReviewKind.COMPLETION: _COMPLETION_OUTCOMES,
}
_MENTION = re.compile(r"<#\d+>")
_MAX_ENTRY = 640  # characters of one change in the log
_MAX_PEOPLE = 5  # whom a change names


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
        if change.is_undone or _whole_id(change) is not None:
            card.add_item(TextDisplay(text))
        else:
            label = "Redo" if change.is_undo else "Undo"
            card.add_item(Section(text, accessory=buttons.UndoButton(change.id, label)))
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
    if (whole_id := _whole_id(change)) is not None:
        about += f" · part of change {whole_id}"
    if change.is_undone:
        about += " · undone"
    lines = [f"**{change.id}** · {summary(change, titles)}", about]
    parts = change.parts if isinstance(change, PaperChange) else ()
    found = [line for part in (change, *parts) for line in differences(part)]
    for number, line in enumerate(found):
        if sum(map(len, lines)) + len(line) > _MAX_ENTRY:
            lines.append(f"-# and {len(found) - number} more")
            break
        lines.append(line)
    return "\n".join(lines)


def _whole_id(change: Change) -> int | None:
    """Returns the change that this one is a part of, or None."""
    return change.part_of if isinstance(change, PaperChange) else None


def summary(change: Change, titles: Titles) -> str:
    """Returns what a change did, in a few words."""
    if change.original_id is not None:
        verb = "↪️ redid" if change.is_redo else "↩️ undid"
        return f"{verb} change {change.original_id}{_undo_target(change, titles)}"
    match change:
        case ImportChange():
            is_review = change.action is ChangeAction.REVIEW
            what = "🔎 decided the held entries of a feed" if is_review else "📥 imported papers"
            return f"{what}: {_import_counts(change.outcomes)}"
        case ReviewChange():
            outcomes = _REVIEW_OUTCOMES
            if change.resolution is not None:
                outcomes = _OUTCOMES_OF_KIND.get(change.resolution.kind, outcomes)
            text = outcomes.get(change.outcome, "🔎 marked {} as already in the list")
            return text.format(f"**{escape(change.title, 160)}**")
        case SettingsChange():
            return _setting_summary(change)
        case NameChange() | PeopleChange():
            return _people_summary(change)
        case PaperChange():
            text = _PAPER_ACTIONS[change.action].format(_paper(change.paper_id, titles, 160))
            if change.merged_into is not None:
                text += f" into {_paper(change.merged_into, titles, 160)}"
            return text
    raise TypeError(change)


def plain_summary(change: Change, titles: Titles) -> str:
    """Returns a change's number and summary without Discord's markup, for autocomplete."""
    text = _MENTION.sub("a channel", f"{change.id} · {summary(change, titles)}")
    return clip(text.replace("*", "").replace("\\", ""), 100)


def _import_counts(outcomes: Mapping[Outcome, int]) -> str:
    counts = {
        Outcome.ADDED: "{:,} added",
        Outcome.UPDATED: "{:,} updated",
        Outcome.RESTORED: "{:,} restored",
        Outcome.UNCHANGED: "{:,} already in the list",
        Outcome.DECLINED: "{:,} declined",
        Outcome.REVIEW: "{:,} left waiting",
    }
    parts = [
        text.format(outcomes[outcome]) for outcome, text in counts.items() if outcomes.get(outcome)
    ]
    if duplicates := outcomes.get(Outcome.DUPLICATE):
        parts.append(f"{count(duplicates, 'possible duplicate')} skipped")
    if removed := outcomes.get(Outcome.REMOVED):
        parts.append(f"{count(removed, 'removed paper')} skipped")
    return ", ".join(parts)


def _undo_target(change: Change, titles: Titles) -> str:
    match change:
        case SettingsChange():
            return f": {_setting_target(change)}"
        case NameChange():
            return f": **{escape(change.name, 100)}**"
        case PeopleChange() if change.action is not ChangeAction.IMPORT:
            return f": {_people_names(change)}"
        case ReviewChange():
            return f": **{escape(change.title, 160)}**"
        case PaperChange():
            return f": {_paper(change.paper_id, titles, 160)}"
    return ""


def _people_summary(change: NameChange | PeopleChange) -> str:
    """Returns what a change to authors' names or the lab's people did."""
    if isinstance(change, NameChange):
        return _NAME_ACTIONS[change.action].format(escape(change.name, 100))
    if change.action is ChangeAction.IMPORT:
        added = sum(one is None for one in change.before.people.values())
        updated = len(change.after.people) - added
        parts = [f"{added:,} added"] * bool(added) + [f"{updated:,} updated"] * bool(updated)
        return f"👥 imported people: {', '.join(parts)}"
    if change.after.is_trusted is not None:
        return (
            "🤝 allowed announcements of certain papers without a review"
            if change.after.is_trusted
            else "🤝 required a review of all papers by the lab's people"
        )
    if change.after.is_watched is not None:
        switched = "on" if change.after.is_watched else "off"
        return f"📡 turned {switched} the search for new papers by the lab's people"
    what = {
        ChangeAction.ADD: "added {} to the lab's people",
        ChangeAction.REMOVE: "removed {} from the lab's people",
    }.get(change.action, "changed the lab's {}")
    return f"👤 {what.format(_people_names(change))}"


def _people_names(change: PeopleChange) -> str:
    """Returns the people whom a change is about, or the setting that is about all of them."""
    if change.after.is_trusted is not None:
        return "announcements without a review"
    if change.after.is_watched is not None:
        return "the search for new papers by the lab's people"
    states = (change.after.people.values(), change.before.people.values())
    names = dict.fromkeys(one["name"] for state in states for one in state if one is not None)
    return ", ".join(f"**{escape(name, 100)}**" for name in list(names)[:_MAX_PEOPLE]) or "people"


def _setting_summary(change: SettingsChange) -> str:
    """Returns what a change to a feed, an abbreviation, announcements or `/setup` did."""
    what = _setting_target(change)
    if isinstance(change, ModeratorsChange):
        return f"🔑 changed {what}"
    if isinstance(change, AbbreviationChange):
        return f"🔤 changed what {what} stands for in searches"
    is_feed = isinstance(change, FeedChange)
    match change.action:
        case ChangeAction.ADD:
            return (
                f"📡 followed the feed {what}" if is_feed else f"📣 started announcements in {what}"
            )
        case ChangeAction.REMOVE:
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


def _pause(settings: Settings) -> object:
    """Returns why a feed is paused, or whether a channel's announcements are."""
    return settings.get("paused_because") or settings.get("is_paused")


def _setting_target(change: SettingsChange) -> str:
    if isinstance(change, SubscriptionChange):
        return f"<#{change.channel_id}>"
    if isinstance(change, ModeratorsChange):
        is_channel = SettingKey.CHANNEL in change.changed_settings
        return "the moderators' channel" if is_channel else "the moderators' roles"
    if isinstance(change, AbbreviationChange):
        return f"“{escape(str(change.before['short']), 60)}”"
    settings = change.after or change.before
    return f"**{escape(str(settings.get('title') or 'a feed'), 160)}**"


def _mentions(key: str, setting: Settings | None) -> str:
    """Returns the roles or the channel of a recorded setting as mentions."""
    if setting is None:
        return "from `.env`"
    mark = "#" if key == SettingKey.CHANNEL else "@&"
    mentions = [f"<{mark}{one}>" for one in json.loads(setting["ids"])]
    return ", ".join(mentions) or ("from `.env`" if key == SettingKey.CHANNEL else NO_VALUE)


def _paper(paper_id: int, titles: Titles, limit: int) -> str:
    return f"**{escape(titles.get(paper_id, '') or 'a paper', limit)}** (#{paper_id})"


def differences(change: Change) -> list[str]:
    """Returns a line “field: before → after” for each value that a change changed."""
    if isinstance(change, SettingsChange):
        return _setting_differences(change) if change.action is ChangeAction.EDIT else []
    if isinstance(change, PeopleChange):
        return _people_differences(change) if change.action is ChangeAction.EDIT else []
    if not isinstance(change, PaperChange) or change.action is ChangeAction.MERGE:
        return []
    before, after = change.before, change.after
    if before is None or after is None:
        return []
    lines = [f"{label}: {values}" for label, values in paper_differences(before, after).items()]
    if before.is_removed != after.is_removed:
        lines.append("Removed from the list" if after.is_removed else "Restored to the list")
    return lines


def _setting_differences(change: SettingsChange) -> list[str]:
    before, after = change.before, change.after
    if isinstance(change, ModeratorsChange):
        return [
            f"{_mentions(name, before[name])} → {_mentions(name, after[name])}"
            for name in change.changed_settings
        ]
    if isinstance(change, AbbreviationChange):
        return [f"{_long_form(before)} → {_long_form(after)}"]
    if isinstance(change, SubscriptionChange):
        old, new = _announced(before), _announced(after)
        return [f"{old} → {new}"] if old != new else []
    return [
        f"{label}: {_setting_difference(before.get(name), after.get(name))}"
        for name, label in _FEED_FIELDS.items()
        if before.get(name) != after.get(name)
    ]


def _people_differences(change: PeopleChange) -> list[str]:
    lines = []
    for number, after in change.after.people.items():
        before = change.before.people.get(number)
        if before is not None and after is not None and change.after.is_trusted is None:
            lines += [
                f"{label}: {difference(_person_value(before, name), _person_value(after, name))}"
                for name, label in _PERSON_FIELDS.items()
                if before[name] != after[name]
            ]
    old, new = _other_names(change.before), _other_names(change.after)
    return [*lines, *([f"Other names: {difference(old, new)}"] if old != new else [])]


def _person_value(person: Settings, name: str) -> object:
    value = person[name]
    return tuple(value) if isinstance(value, list) else value


def _other_names(state: PeopleState) -> tuple[str, ...]:
    """Returns the names in a state that are somebody's other names and may be shown."""
    return tuple(
        name
        for name, decision in sorted(state.names.items())
        if decision is not None and decision.person not in {None, name} and not decision.is_former
    )


def _long_form(settings: Settings) -> str:
    """Returns what a recorded decision says that an abbreviation stands for."""
    long = settings["long"]
    if long is None:
        return "what papers say"
    return f"“{escape(long, 160)}”" if long else "nothing"


def _setting_difference(before: object, after: object) -> str:
    old, new = (redact_url(one) if isinstance(one, str) else one for one in (before, after))
    return difference(old, new)


def _announced(settings: Settings) -> str:
    """Returns what a channel's recorded settings announce, and when."""
    return describe_options(options_of(settings)) or "all papers, immediately"


def changed_fields(change: Change) -> list[str]:
    """Returns the fields of a paper that a change changed."""
    if not isinstance(change, PaperChange) or change.before is None or change.after is None:
        return []
    return differing_fields(change.before, change.after)
