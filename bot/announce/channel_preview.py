"""Shows how new papers will be announced in a channel, without posting or recording anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import discord
from discord.ui import TextDisplay

from bot.announce.render import Message, load_context
from bot.markdown import clip, count, escape, time_ahead
from bot.ui import cards
from bot.ui.buttons import DigestButton
from bot.ui.feeds import describe_digest
from bot.ui.lab_button import LabButton
from storage.announcements.digest_schedule import Frequency
from storage.announcements.models import Post, PostKind, PostState, Subscription
from storage.announcements.subscriptions import MAX_SEARCHED
from storage.library import Library
from storage.models import Actor, Origin, Paper, PartialDate, Provenance
from storage.people.evidence import Lab

_DIGEST_SIZE = 3  # papers of a digest in a preview
_MAX_FILTERS = 120  # characters of the filters that are shown


async def preview_channel(
    library: Library,
    subscription: Subscription,
    channel: discord.TextChannel | discord.Thread | discord.ForumChannel,
    now: datetime,
) -> cards.Layout:
    """Returns a message like the channel's next one, under a description of how it is posted.

    It shows the newest papers that pass the channel's filters, or examples if there are none.
    """
    is_digest = subscription.options.digest.frequency is not Frequency.OFF
    found = await library.subscriptions.newest_matches(
        subscription.options.filters, _DIGEST_SIZE if is_digest else 1
    )
    papers = found or _examples(now)[: 2 if is_digest else 1]
    message = await _render(library, subscription, papers, now)
    for number, button in enumerate(message.layout.walk_children()):
        if isinstance(button, LabButton) and (not found or isinstance(button, DigestButton)):
            button.disabled = True
            button.custom_id = f"preview {number}"  # examples have no number
    lines = [f"### 👀 Preview of {channel.mention}"]
    if not found:
        lines.append(await _explain_examples(library, papers))
    elif is_digest and len(found) == 1:
        lines.append(
            "⚠️ Only one paper in the list would be announced here. A digest of one paper looks "
            "like this."
        )
    lines += _describe(subscription, channel, message)
    lines.append("-# Only you can see this. Nothing has been posted, and nobody is mentioned.")
    return cards.Layout(TextDisplay("\n".join(lines)), *message.layout.children)


async def _render(
    library: Library,
    subscription: Subscription,
    papers: Sequence[Paper],
    now: datetime,
) -> Message:
    """Renders papers as the dispatcher would, from a post that isn't in the outbox."""
    kind = PostKind.DIGEST if len(papers) > 1 else PostKind.PAPER  # as in a digest of one
    post = Post(0, subscription.channel_id, kind, PostState.WAITING, 0, now)
    context = await load_context(library, [post], Lab())
    context = replace(context, papers={paper.id: paper for paper in papers})
    message = context.render(replace(post, paper_ids=tuple(paper.id for paper in papers)))
    if message is None:
        raise ValueError("no papers to render")
    return message


async def _explain_examples(library: Library, examples: Sequence[Paper]) -> str:
    """Returns why the preview shows example papers."""
    total = await library.papers.count()
    instead = "this is an example" if len(examples) == 1 else "these are examples"
    if not total:
        return f"⚠️ The list is empty, so {instead}."
    where = "in the list" if total <= MAX_SEARCHED else f"of the newest {MAX_SEARCHED:,}"
    return f"⚠️ No paper {where} matches this channel's filters, so {instead}."


def _describe(
    subscription: Subscription,
    channel: discord.TextChannel | discord.Thread | discord.ForumChannel,
    message: Message,
) -> list[str]:
    """Returns how and when the message is posted, a line for each option of the channel."""
    options = subscription.options
    name = escape(message.thread_name, 150)
    lines = []
    if options.digest.frequency is Frequency.OFF:
        lines.append("📄 Each new paper gets a message of its own.")
    else:
        line = f"📚 New papers are collected for a {describe_digest(options.digest)}."
        if subscription.next_digest_at:
            line += f" Next one {time_ahead(subscription.next_digest_at)}."
        lines.append(line)
    if options.filters.conditions:
        conditions = clip(str(options.filters), _MAX_FILTERS).replace("`", "'")
        lines.append(f"🔎 Only papers matching `{conditions}`.")
    if isinstance(channel, discord.ForumChannel):
        tag = channel.get_tag(options.tag_id or 0)
        tagged = f" with the tag **{escape(tag.name, 60)}**" if tag else ""
        lines.append(f"📝 It becomes a forum post called **{name}**{tagged}.")
    if options.has_thread:
        lines.append(f"🧵 A discussion thread called **{name}** starts under it.")
    if options.publishes:
        lines.append("📢 It's published to the servers that follow this channel.")
    if subscription.is_paused:
        queued = count(subscription.waiting, "paper")
        lines.append(f"⏸️ Announcements here are paused, with {queued} in the queue.")
    return lines


def _examples(now: datetime) -> list[Paper]:
    """Returns made-up papers, newest first; their ids aren't shown."""
    provenance = Provenance(Origin.MODERATOR, now, Actor("preview", "a preview"))
    first = Paper(
        id=0,
        provenance=provenance,
        title="An Example of a Paper",
        authors=("Ada Example", "Ben Example"),
        venue="Example Conference",
        date=PartialDate(now.year),
        abstract="This is where the paper's abstract would be.",
    )
    return [first, replace(first, id=-1, title="Another Example of a Paper")]
