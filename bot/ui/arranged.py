"""What moderators arranged otherwise, of feeds and of channels, in words; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.ui.text import escape
from bot.ui.watched import how
from storage.announcements.subscription_settings import options_of
from storage.audit.models import Change

FIELDS = {
    "title": "Title",
    "url": "Address",
    "venue": "Venue",
    "is_reviewed": "A moderator decides each entry",
}


def brief(change: Change) -> str:
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
