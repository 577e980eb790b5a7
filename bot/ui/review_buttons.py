"""Buttons with which moderators decide what waits for them, on its cards and in the queue."""

from __future__ import annotations

from typing import ClassVar, TypedDict

from discord import ButtonStyle

from bot.ui.lab_button import LabButton
from storage.audit.models import ReviewKind
from storage.review.models import Decision


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
