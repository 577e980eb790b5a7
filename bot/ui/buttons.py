"""The bot's buttons, by their custom ids. Screens draw them; see `bot.ui.lab_button`.

This module must not import cogs or flows, which register what a press does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypedDict

from discord import ButtonStyle
from discord.ui import Button

from bot.ui.lab_button import LabButton
from storage.audit.models import ReviewKind
from storage.review.models import Decision


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


class ClaimButton(LabButton, template="claim:{claim_id}:{is_accepted:flag}"):
    """Confirms that a member is one of the lab's people, or says that they aren't."""

    def __init__(self, claim_id: int, *, is_accepted: bool, keys: str = "") -> None:
        self.claim_id = claim_id
        self.is_accepted = is_accepted
        super().__init__(**_claim_look(is_accepted=is_accepted), keys=keys)


class DecidedClaimButton(LabButton, template="claim:{claim_id}:-"):
    """Takes the place of a `ClaimButton` once the claim is decided."""

    def __init__(self, claim_id: int) -> None:
        self.claim_id = claim_id
        super().__init__("Reviewed", disabled=True)


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


class DecisionButton(LabButton):
    """Decides about an entry or a suggestion that waits for a moderator, on its card."""

    kind: ClassVar[ReviewKind]

    def __init__(
        self,
        item_id: int,
        decision: Decision,
        *,
        is_duplicate: bool = False,
        opens_form: bool = False,
        keys: str = "",
    ) -> None:
        self.item_id = item_id
        self.decision = decision
        super().__init__(
            **_decision_look(decision, is_duplicate=is_duplicate, opens_form=opens_form), keys=keys
        )


class ReviewButton(DecisionButton, template="review:{item_id:entry_id}:{decision:decision}"):
    """Decides about an entry of a feed."""

    kind = ReviewKind.ENTRY


class SuggestionButton(
    DecisionButton, template="suggestion:{item_id:suggestion_id}:{decision:decision}"
):
    """Decides about a paper that a member suggested."""

    kind = ReviewKind.SUGGESTION


class OldDuplicateButton(DecisionButton, template="settle:{item_id:entry_id}:{decision:decision}"):
    """The `ReviewButton` of a possible duplicate in earlier versions; never drawn any more."""

    kind = ReviewKind.ENTRY


class _ReviewedButton(LabButton):
    """Takes the place of the buttons that decide, so that the message is still recognized."""

    def __init__(self, item_id: int) -> None:
        self.item_id = item_id
        super().__init__("Reviewed", disabled=True)


class ReviewedButton(_ReviewedButton, template="review:{item_id:entry_id}:-"):
    """Takes the place of `ReviewButton`s once the entry is decided."""


class ReviewedSuggestionButton(_ReviewedButton, template="suggestion:{item_id:suggestion_id}:-"):
    """Takes the place of `SuggestionButton`s once the suggestion is decided."""


class MySuggestionsButton(LabButton, template="suggested:{post_id}", needs=()):
    """Shows a member their suggestions, under the message that one was decided."""

    def __init__(self, post_id: int, *, keys: str = "") -> None:
        self.post_id = post_id
        super().__init__("My suggestions", keys=keys)


class FixReportButton(LabButton, template="fix:{report_id}"):
    """Opens the form that edits the paper of a report, for moderators."""

    def __init__(self, report_id: int) -> None:
        self.report_id = report_id
        super().__init__("Edit paper", style=ButtonStyle.primary)


class ResolveReportButton(LabButton, template="report:{report_id}:{is_fixed:flag}"):
    """Marks a report as fixed, or dismisses it."""

    def __init__(self, report_id: int, *, is_fixed: bool, keys: str = "") -> None:
        self.report_id = report_id
        self.is_fixed = is_fixed
        super().__init__("Mark as fixed" if is_fixed else "Dismiss", keys=keys)


class DecidedReportButton(LabButton, template="report:{report_id}:-"):
    """Takes the place of a `ResolveReportButton` once the report is resolved."""

    def __init__(self, report_id: int) -> None:
        self.report_id = report_id
        super().__init__("Reviewed", disabled=True)


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


class QueuePageButton(LabButton, template="queue:{owner_id}:{page}"):
    """Shows a page, counted from 0, of what awaits review."""

    def __init__(
        self, owner_id: int, page: int, label: str = "", *, disabled: bool = False
    ) -> None:
        self.owner_id = owner_id
        self.page = max(page, 0)
        super().__init__(label, disabled=disabled)


class QueueDecisionButton(LabButton):
    """Decides about an item on a page of the review queue, which is drawn again."""

    kind: ClassVar[ReviewKind]

    def __init__(
        self,
        owner_id: int,
        page: int,
        item_id: int,
        decision: Decision,
        *,
        is_duplicate: bool = False,
        opens_form: bool = False,
    ) -> None:
        self.owner_id = owner_id
        self.page = page
        self.item_id = item_id
        self.decision = decision
        super().__init__(
            **_decision_look(decision, is_duplicate=is_duplicate, opens_form=opens_form)
        )


class QueueEntryButton(
    QueueDecisionButton,
    template="decide:{owner_id}:{page}:0:{item_id:entry_id}:{decision:decision}",
):
    """Decides about an entry of a feed in the review queue."""

    kind = ReviewKind.ENTRY


class QueueSuggestionButton(
    QueueDecisionButton,
    template="decide:{owner_id}:{page}:1:{item_id:suggestion_id}:{decision:decision}",
):
    """Decides about a suggestion in the review queue."""

    kind = ReviewKind.SUGGESTION


class QueueFixButton(LabButton, template="amend:{owner_id}:{page}:{report_id}"):
    """Opens the form that edits the paper of a report, on a page of the review queue."""

    def __init__(self, owner_id: int, page: int, report_id: int) -> None:
        self.owner_id = owner_id
        self.page = page
        self.report_id = report_id
        super().__init__("Edit paper", style=ButtonStyle.primary)


class QueueReportButton(
    LabButton, template="resolve:{owner_id}:{page}:{report_id}:{is_fixed:flag}"
):
    """Resolves a report on a page of the review queue, which is drawn again."""

    def __init__(self, owner_id: int, page: int, report_id: int, *, is_fixed: bool) -> None:
        self.owner_id = owner_id
        self.page = page
        self.report_id = report_id
        self.is_fixed = is_fixed
        super().__init__("Mark as fixed" if is_fixed else "Dismiss")


class QueueClaimButton(LabButton, template="vouch:{owner_id}:{page}:{claim_id}:{is_accepted:flag}"):
    """Decides a claim on a page of the review queue, which is drawn again."""

    def __init__(self, owner_id: int, page: int, claim_id: int, *, is_accepted: bool) -> None:
        self.owner_id = owner_id
        self.page = page
        self.claim_id = claim_id
        self.is_accepted = is_accepted
        super().__init__(**_claim_look(is_accepted=is_accepted))


class QueueProposalButton(
    LabButton,
    template="complete:{owner_id}:{page}:{proposal_id}:{fingerprint}:{is_accepted:flag}",
):
    """Accepts an uncertain completion on a page of the review queue, or keeps the paper as it is.

    The ``fingerprint`` is that of the proposal which the page shows.
    """

    def __init__(
        self, owner_id: int, page: int, proposal_id: int, fingerprint: int, *, is_accepted: bool
    ) -> None:
        self.owner_id = owner_id
        self.page = page
        self.proposal_id = proposal_id
        self.fingerprint = fingerprint
        self.is_accepted = is_accepted
        super().__init__(
            "Accept" if is_accepted else "Keep as it is",
            style=ButtonStyle.success if is_accepted else ButtonStyle.secondary,
        )


class QueueUndoButton(LabButton, template="unqueue:{owner_id}:{page}:{change_id}"):
    """Undoes a decision on a page of the review queue, which is drawn again."""

    def __init__(self, owner_id: int, page: int, change_id: int, label: str = "Undo") -> None:
        self.owner_id = owner_id
        self.page = page
        self.change_id = change_id
        super().__init__(label, emoji="↩️")


class OpenReviewButton(LabButton):
    """Shows everything about an item of the review queue."""

    kind: ClassVar[ReviewKind]

    def __init__(self, item_id: int) -> None:
        self.item_id = item_id
        super().__init__("Open")


class OpenEntryButton(OpenReviewButton, template="waiting:0:{item_id:entry_id}"):
    """Shows everything about an entry that waits."""

    kind = ReviewKind.ENTRY


class OpenSuggestionButton(OpenReviewButton, template="waiting:1:{item_id:suggestion_id}"):
    """Shows everything about a suggestion that waits."""

    kind = ReviewKind.SUGGESTION


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


class _Look(TypedDict):
    label: str
    style: ButtonStyle


def _claim_look(*, is_accepted: bool) -> _Look:
    if is_accepted:
        return {"label": "Confirm", "style": ButtonStyle.success}
    return {"label": "No", "style": ButtonStyle.secondary}


def _decision_look(decision: Decision, *, is_duplicate: bool, opens_form: bool) -> _Look:
    match decision:
        case Decision.ADD:
            label = "Add as new" if is_duplicate else "Add"
            return {"label": label + "…" * opens_form, "style": ButtonStyle.success}
        case Decision.SAME:
            return {"label": "Same paper", "style": ButtonStyle.primary}
        case Decision.DECLINE:
            return {"label": "Not ours", "style": ButtonStyle.secondary}
