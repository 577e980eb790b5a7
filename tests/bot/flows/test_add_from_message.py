"""The longest possible answer to a message with many links."""

from __future__ import annotations

from bot.flows.add_from_message import LinkReview, LinkStatus, PossibleDuplicate
from bot.lookup.references import Reference, extract_references
from storage.models import PaperDraft, PartialDate
from tests.support.papers import make_paper


def test_ten_possible_duplicates_fit_into_one_message() -> None:
    draft = PaperDraft(
        "T" * 400,
        tuple(f"{number:026}x" for number in range(1002)),
        venue="V" * 80,
        date=PartialDate(2024),
        note="N" * 80,
        identifiers=("doi:10.5555/a-paper-of-some-length",),
    )
    paper = make_paper(draft, 654_321)
    links: dict[Reference, LinkStatus] = {
        source: PossibleDuplicate(draft, paper)
        for source in extract_references(
            " ".join(f"https://doi.org/10.5555/{n}" for n in range(10))
        )
    }
    shown = LinkReview(links, hidden=1234).dialog()
    assert str(shown.to_components()).count("may be a duplicate of #654321") == 10
    assert shown.content_length() <= 4000
