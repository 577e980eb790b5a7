"""The bot's buttons, by their custom ids. Screens draw them; see `bot.ui.lab_button`.

This module must not import cogs or flows, which register what a press does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from discord import ButtonStyle
from discord.ui import Button

from bot.ui.lab_button import LabButton


class HelpButton(LabButton, template="help:{topic_id}"):
    """Shows the commands of a topic."""

    def __init__(
        self,
        topic_id: int,
        title: str = "Help",
        emoji: str | None = None,
        *,
        is_current: bool = False,
    ) -> None:
        self.topic_id = topic_id
        style = ButtonStyle.primary if is_current else ButtonStyle.secondary
        super().__init__(title, style=style, emoji=emoji)


class PaperButton(LabButton, template="paper:{paper_id}"):
    """Shows a paper's full card."""

    def __init__(self, paper_id: int, label: str = "Open") -> None:
        self.paper_id = paper_id
        super().__init__(label)


class AnnouncedPaperButton(LabButton, template="announced:{paper_id}"):
    """Shows the card of an announced paper; its id also marks the message as an announcement.

    Its keys are those of the paper and, in a digest, of papers that have no button of their own.
    """

    def __init__(
        self, paper_id: int, label: str = "Details", *, disabled: bool = False, keys: str = ""
    ) -> None:
        self.paper_id = paper_id
        super().__init__(label, disabled=disabled, keys=keys)


class OldAnnouncedPaperButton(
    LabButton, template="announced:{post_id}:{paper_id}", needs=("paper_id",)
):
    """The `AnnouncedPaperButton` of earlier versions; never drawn any more."""

    def __init__(self, post_id: int, paper_id: int) -> None:
        self.post_id = post_id
        self.paper_id = paper_id
        super().__init__("Details")


class CiteButton(LabButton, template="cite:{paper_id}"):
    """Shows how to cite a paper."""

    def __init__(self, paper_id: int) -> None:
        self.paper_id = paper_id
        super().__init__("Cite")


class BibButton(LabButton, template="bib:{paper_id}"):
    """Sends a paper as a .bib file."""

    def __init__(self, paper_id: int) -> None:
        self.paper_id = paper_id
        super().__init__("Download .bib")


class ReportButton(LabButton, template="correct:{paper_id}"):
    """Opens the form to report a problem with a paper; for moderators, the one to edit it."""

    def __init__(self, paper_id: int) -> None:
        self.paper_id = paper_id
        super().__init__("Report a problem")


class RemoveButton(LabButton, template="remove:{owner_id}:{paper_id}"):
    """Confirms that a paper is to be removed."""

    def __init__(self, owner_id: int, paper_id: int) -> None:
        self.owner_id = owner_id
        self.paper_id = paper_id
        super().__init__("Remove", style=ButtonStyle.danger)


class KeepButton(LabButton, template="keep:{owner_id}:{paper_id}"):
    """Cancels the removal of a paper."""

    def __init__(self, owner_id: int, paper_id: int) -> None:
        self.owner_id = owner_id
        self.paper_id = paper_id
        super().__init__("Cancel")


class DownloadDataButton(LabButton, template="mydata:{owner_id}"):
    """Sends somebody everything that is stored about them."""

    def __init__(self, owner_id: int) -> None:
        self.owner_id = owner_id
        super().__init__("Download my data")


class AskDeletionButton(LabButton, template="forgetme:{owner_id}"):
    """Asks somebody to confirm that what is stored about them is to be deleted."""

    def __init__(self, owner_id: int) -> None:
        self.owner_id = owner_id
        super().__init__("Delete my data", style=ButtonStyle.danger)


class DeleteDataButton(LabButton, template="forgotten:{owner_id}"):
    """Confirms that what is stored about somebody is to be deleted."""

    def __init__(self, owner_id: int) -> None:
        self.owner_id = owner_id
        super().__init__("Delete permanently", style=ButtonStyle.danger)


class KeepDataButton(LabButton, template="keepdata:{owner_id}"):
    """Cancels the deletion, and shows again what is stored."""

    def __init__(self, owner_id: int) -> None:
        self.owner_id = owner_id
        super().__init__("Cancel")


class UndoButton(LabButton, template="undo:{change_id}"):
    """Undoes a recorded change."""

    def __init__(self, change_id: int, label: str = "Undo") -> None:
        self.change_id = change_id
        super().__init__(label, emoji="↩️")


class HistoryPageButton(
    LabButton, template="log:{owner_id}:{paper_id}:{is_newer:flag}:{change_id}"
):
    """Shows the changes older or newer than one, of a paper or (with 0) of all papers."""

    def __init__(
        self,
        owner_id: int,
        paper_id: int,
        change_id: int,
        *,
        is_newer: bool,
        disabled: bool = False,
    ) -> None:
        self.owner_id = owner_id
        self.paper_id = paper_id
        self.is_newer = is_newer
        self.change_id = change_id
        super().__init__("◀ Newer" if is_newer else "Older ▶", disabled=disabled)


class ResultsPageButton(LabButton, template="page:{owner_id}:{query_id}:{page}"):
    """Shows a page, counted from 0, of the results of a saved query."""

    def __init__(
        self, owner_id: int, query_id: int, page: int, label: str = "", *, disabled: bool = False
    ) -> None:
        self.owner_id = owner_id
        self.query_id = query_id
        self.page = max(page, 0)
        super().__init__(label, disabled=disabled)


class SuggestButton(LabButton, template="suggest:{query_id}"):
    """Opens the form to suggest a paper, with the words of a saved query."""

    def __init__(self, query_id: int) -> None:
        self.query_id = query_id
        super().__init__("Suggest this paper", emoji="💡")


class AnotherButton(LabButton, template="another:{owner_id}:{query_id}"):
    """Shows another random paper that matches the same filters."""

    def __init__(self, owner_id: int, query_id: int) -> None:
        self.owner_id = owner_id
        self.query_id = query_id
        super().__init__("Another one", style=ButtonStyle.primary, emoji="🎲")


class DigestButton(LabButton, template="digest:{post_id}"):
    """Shows all papers of a digest, page by page."""

    def __init__(self, post_id: int, total: int = 0) -> None:
        self.post_id = post_id
        super().__init__(f"Show all {total:,}")


class FeedsButton(LabButton, template="feeds:{post_id}", needs=()):
    """Lists the feeds, under a notice to moderators."""

    def __init__(self, post_id: int, *, keys: str = "") -> None:
        self.post_id = post_id
        super().__init__("Feeds", keys=keys)


class RetryRefusedButton(LabButton, template="retry:{channel_id}"):
    """Sends what Discord refused in a channel again."""

    def __init__(self, channel_id: int, name: str = "") -> None:
        self.channel_id = channel_id
        super().__init__(f"Retry in #{name}"[:80], emoji="🔁")


class RetryPostButton(LabButton, template="resend:{post_id}"):
    """Sends or updates one message again that was set aside, under the notice of that."""

    def __init__(self, post_id: int) -> None:
        self.post_id = post_id
        super().__init__("Retry", emoji="🔁")


class HeldEntriesButton(LabButton, template="held:{feed_id}:{add:flag}"):
    """Adds or declines all entries that are held of a feed."""

    def __init__(self, feed_id: int, *, add: bool) -> None:
        self.feed_id = feed_id
        self.add = add
        super().__init__(
            "Add all" if add else "Decline all",
            style=ButtonStyle.success if add else ButtonStyle.secondary,
        )


class OpenQueueButton(LabButton, template="reviews:{feed_id}"):
    """Shows what awaits review, privately, under the notice of a feed's held entries."""

    def __init__(self, feed_id: int) -> None:
        self.feed_id = feed_id
        super().__init__("Review one by one")


def held_buttons(feed_id: int) -> list[Button[Any]]:
    """Returns the buttons that decide a feed's held entries."""
    all_buttons = [HeldEntriesButton(feed_id, add=add) for add in (True, False)]
    return [*all_buttons, OpenQueueButton(feed_id)]


class MySuggestionsButton(LabButton, template="suggested:{post_id}", needs=()):
    """Shows a member their suggestions, under the message that one was decided."""

    def __init__(self, post_id: int, *, keys: str = "") -> None:
        self.post_id = post_id
        super().__init__("My suggestions", keys=keys)


class ReportedPaperButton(
    LabButton, template="reported:{report_id}:{paper_id}", needs=("paper_id",)
):
    """Shows a paper's card, under the message that a report about the paper was resolved."""

    def __init__(
        self, report_id: int, paper_id: int, *, disabled: bool = False, keys: str = ""
    ) -> None:
        self.report_id = report_id
        self.paper_id = paper_id
        super().__init__("Open", disabled=disabled, keys=keys)


def page_buttons(
    page_button: Callable[..., LabButton], page: int, pages: int, *, has_more: bool = False
) -> list[Button[Any]]:
    """Returns Previous and Next for page ``page`` (counted from 0), around a label with its number.

    ``page_button`` takes a page, a label and ``disabled``. If ``has_more``, there are at least as
    many ``pages``.
    """
    number = f"Page {page + 1:,} of {pages:,}{'+' if has_more else ''}"
    return [
        page_button(page - 1, "◀ Previous", disabled=page == 0),
        page_button(page + 1, "Next ▶", disabled=page + 1 >= pages),
        Button(label=number, disabled=True, custom_id="page"),
    ]
