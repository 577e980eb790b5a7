"""The texts of `/setup check` and `/setup why`."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.markdown import escape, escape_prose, split_messages
from bot.operations.findings import Finding, Level, has_problems

_MARKS = {Level.PROBLEM: "❌", Level.WARNING: "⚠️", Level.OK: "✅"}


def describe_findings(findings: Sequence[Finding]) -> str:
    """Returns what a check found, the worst first, as much of it as fits in a message."""
    order = list(_MARKS)
    heading = "There's something to fix" if has_problems(findings) else "The bot is set up"
    lines = [
        f"{_MARKS[finding.level]} {escape_prose(finding.text, 600)}"
        for finding in sorted(findings, key=lambda one: order.index(one.level))
    ]
    return split_messages([f"### {heading}", *lines], max_messages=1, noun="finding")[0]


def describe_access(
    member: discord.Member, command: str, channel_id: int, reasons: Sequence[str]
) -> str:
    """Returns whether a member can use a command in a channel, and why not.

    The reasons are already escaped.
    """
    name = escape(member.display_name, 80)
    what = f"use `/{command}` in <#{channel_id}>"
    if not reasons:
        return (
            f"✅ **{name}** can {what}. If Discord doesn't show it to them, restarting Discord may "
            "help."
        )
    return "\n".join([f"🔒 **{name}** can't {what}:", *(f"- {one}" for one in reasons)])
