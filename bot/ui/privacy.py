"""What is stored about a member, as text for Discord and the shell, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bot.markdown import count, escape, join_and
from storage.models import FORMER_MEMBER
from storage.privacy.inventory import RECORD_NAMES
from storage.privacy.personal_data import Overview, PersonalData
from storage.timestamps import to_iso

# What there is one of, and what is said after it, by the name in an `Overview`.
_PHRASES = {
    "suggestions": ("paper", "suggested, with notes"),
    "reports": ("problem", "reported, with notes"),
    "account_claims": ("claim", "to be one of the lab's people"),
    "account_changes": ("change", "by others that linked, changed or unlinked your account"),
    "direct_messages": ("direct message", "with an answer from the moderators"),
    "changes": ("change", "to the list, its feeds or settings"),
    "decisions": ("decision", "about what was waiting for moderators"),
    "papers": ("paper", "added"),
    "feeds": ("feed", "followed"),
    "subscriptions": ("channel", "set up for announcements"),
    "moderator_settings": ("moderation setting", "chosen"),
}
_NOT_STORED = (
    "Searches aren't stored with your name. If a command of yours is refused or fails, your ID is "
    "in the log of whoever runs this bot."
)
_OF_LAB = "one of the lab's people"
_SNOWFLAKES = ("guild_id", "channel_id")  # more digits than JavaScript's numbers have


def overview_lines(overview: Overview) -> Iterator[tuple[str, str]]:
    """Yields what is stored about a member: how much, such as “3 papers”, and of what."""
    counts = _with_decisions(overview.counts)
    for name, (noun, rest) in _PHRASES.items():
        if number := counts.get(name):
            yield count(number, noun), rest


def describe(overview: Overview, backup_keep: int) -> str:
    """Returns what is stored about the member who asks."""
    if overview.is_empty:
        return f"### 🔒 I store nothing about you\n{_NOT_STORED}"
    lines = ["### 🔒 What I store about you"]
    if overview.person is not None:
        lines.append(f"- Your account is linked to **{escape(overview.person, 100)}**, {_OF_LAB}.")
    lines += [f"- **{number}** {what}" for number, what in overview_lines(overview)]
    kept = "Moderators see your name with it. I keep it until you delete it."
    return "\n".join([*lines, "", f"{kept} {backups_note(backup_keep)}", f"-# {_NOT_STORED}"])


def ask_to_confirm(overview: Overview, backup_keep: int) -> str:
    """Returns what goes and what stays if a member deletes their data."""
    gone = ["your ID", "your name", "your notes"]
    kept = ["messages that I've already sent; only the moderators' cards are updated."]
    if overview.person is not None:
        name = escape(overview.person, 100)
        gone.append(f"the link from your account to **{name}**")
        kept.append(
            f"What the lab knows about **{name}**, such as names and IDs. Ask a moderator to "
            "change that."
        )
    if "changes" in overview.counts:
        kept.append("You can still moderate, but `/curate undo` won't find your past changes.")
    if "account_claims" in overview.counts:
        gone.append("claims that are waiting for a moderator")
    if "direct_messages" in overview.counts:
        gone.append("answers that I haven't sent yet")
    anonymous = (
        "the papers and problems that you sent, and the list's history. It says "
        f"“{FORMER_MEMBER.name}” where it says your name now, so that moderators can still undo "
        "changes."
    )
    pause = (
        "For a day afterwards, you can't suggest papers, report problems or claim to be one of the "
        "lab's people, because I'll have forgotten how much you've sent."
    )
    lines = (
        "### 🗑️ Delete your data?",
        f"- **Permanently deleted:** {join_and(gone)}.",
        f"- **Kept without your name:** {anonymous}",
        f"- **Not changed:** {' '.join(kept)}",
        f"- {backups_note(backup_keep)} If one is restored, your data is deleted from it again.",
        f"-# {pause}",
    )
    return "\n".join(lines)


def describe_deletion(backup_keep: int) -> str:
    """Returns what a member is told once their data is deleted."""
    return f"🗑️ **Your data is deleted.** {backups_note(backup_keep)}"


def backups_note(backup_keep: int) -> str:
    """Returns how long backups have what is deleted."""
    if not backup_keep:
        return "Backups have it until whoever runs this bot deletes them."
    nightly = "nightly one is" if backup_keep == 1 else f"{backup_keep:,} nightly ones are"
    return (
        f"Backups have it until they're deleted: the newest {nightly} kept, and those from before "
        "an upgrade or made by hand stay longer."
    )


def data_json(data: PersonalData, now: datetime) -> dict[str, Any]:
    """Returns everything that is stored about a member, as values for JSON."""
    return {
        "discord_id": str(data.member_id),
        "names": [*data.names],
        "written_at": to_iso(now),
        "person": data.person,
        "direct_messages": data.direct_messages,
        **{
            name: [_with_text_ids(record) for record in data.records.get(name, ())]
            for name in RECORD_NAMES
        },
    }


def overview_json(member_id: int, overview: Overview) -> dict[str, Any]:
    """Returns how much is stored about a member, as values for JSON."""
    names = ("direct_messages", *RECORD_NAMES)
    return {
        "discord_id": str(member_id),
        "person": overview.person,
        **{name: overview.counts.get(name, 0) for name in names},
    }


def _with_text_ids(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: str(value) if name in _SNOWFLAKES and value is not None else value
        for name, value in record.items()
    }


def _with_decisions(counts: Mapping[str, int]) -> dict[str, int]:
    """Returns the numbers with all decisions taken together."""
    decided = sum(number for name, number in counts.items() if name.startswith("decided_"))
    return {**counts, "decisions": decided}
