"""Any drafts (a Hypothesis strategy), and papers made of drafts without a library."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from bot.formats.text import plain_text
from storage.models import (
    Link,
    LinkKind,
    Origin,
    Paper,
    PaperDraft,
    PartialDate,
    Provenance,
    details_of,
)
from storage.publication import TEXT_DETAILS, EntryType, Publication, normalize
from tests.support.library import MODERATOR

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
_TEXTS = st.text(
    st.one_of(
        st.sampled_from(" aZ09-–'’`\"{}\\$%&#_^~,;:=+@/|()[]<>*"),
        st.characters(blacklist_categories=["Cs", "Cn", "Co"]),
    ),
    max_size=30,
)
# The library stores tidy text: single spaces, nothing invisible.
LINES = _TEXTS.map(plain_text.line)
TITLES = LINES.filter(bool)
_PARAGRAPHS = st.lists(LINES, max_size=3).map(lambda parts: plain_text.tidy("\n\n".join(parts)))
_NAMES = TITLES | st.sampled_from(
    [
        "Ada Lovelace",
        "Biderman",
        "Biderman, Stella",
        "Wei Wang 0001",
        "王伟 0002",
        "Rogier Van der Sluijs",
        "others",
        "J. R. R. Tolkien",
        "Barnes and Noble",
        "Martin Luther King Jr.",
        "李 白",
        "and",
    ]
)
_YEARS, _MONTHS, _DAYS = st.integers(1500, 2099), st.integers(1, 12), st.integers(1, 28)
_DATES = st.one_of(
    st.none(),
    st.builds(PartialDate, _YEARS),
    st.builds(PartialDate, _YEARS, _MONTHS),
    st.builds(PartialDate, _YEARS, _MONTHS, _DAYS),
)
_URLS = st.one_of(
    st.sampled_from(
        [
            "https://example.org/a_b?c=%7E&d#e",
            "https://arxiv.org/abs/2302.12433",
            "https://doi.org/10.1000/x_(1)",
            "http://example.org/{a}~b",
            "https://l.example/p.pdf",
        ]
    ),
    st.from_regex(r"https://[a-z]{1,9}\.org/[!-~]{0,20}", fullmatch=True),
)
_IDENTIFIERS = st.one_of(
    st.sampled_from(
        [
            "arxiv:2302.12433",
            "arxiv:math/0309136",
            "doi:10.1000/x_(1)",
            "doi:10.1101/a;b",
            "listed:acountofwords",
            "url:example.org/a_b?c=%7E&d",
            "guid:lab.example/feed#a b; c",
        ]
    ),
    TITLES.map(lambda text: f"guid:lab.example#{text}"),
)


def drafts() -> st.SearchStrategy[PaperDraft]:
    """Returns a strategy for any drafts that the library accepts."""
    return st.builds(
        PaperDraft,
        title=TITLES,
        authors=st.lists(_NAMES, max_size=4).map(tuple),
        authors_complete=st.booleans(),
        abstract=_PARAGRAPHS,
        venue=st.one_of(
            LINES, st.sampled_from(["ICML", "arXiv", "ArXiv", "Journal of Things", "CoRR", "TMLR"])
        ),
        date=_DATES,
        identifiers=st.lists(_IDENTIFIERS, unique=True, max_size=3).map(tuple),
        links=st.lists(
            st.builds(Link, st.sampled_from(LinkKind), _URLS), unique=True, max_size=3
        ).map(tuple),
        note=st.one_of(LINES, st.sampled_from(["Oral", "Best Paper"])),
        tags=st.lists(TITLES, unique=True, max_size=3).map(lambda tags: tuple(sorted(tags))),
        posted_by=LINES,
        publication=publications(),
    )


def publications() -> st.SearchStrategy[Publication]:
    """Returns a strategy for any publication details."""
    details = {name: st.one_of(st.just(""), LINES) for name in TEXT_DETAILS}
    return st.builds(
        Publication,
        entry_type=st.none() | st.sampled_from(EntryType),
        editors=st.lists(_NAMES, unique=True, max_size=2).map(tuple),
        **details,
    ).map(normalize)


def make_paper(draft: PaperDraft, number: int = 1) -> Paper:
    """Returns the paper that a draft would become."""
    provenance = Provenance(Origin.IMPORT, AT, MODERATOR)
    return Paper(**details_of(draft), id=number, provenance=provenance)


def plain_drafts() -> st.SearchStrategy[PaperDraft]:
    """Returns a strategy for drafts that reference managers can represent: plain words and names.

    Their formats have no room for several paragraphs, and none for a paper without a type.
    """
    words = st.text("abcdfghijklmpqrstuvwxyzäøñλ", min_size=3, max_size=8)
    lines = st.lists(words, min_size=2, max_size=4).map(lambda parts: " ".join(parts).capitalize())
    people = st.builds(lambda one, other: f"{one.title()} {other.title()}", words, words)
    numbers = st.integers(1, 999).map(str)
    text = st.one_of(st.just(""), lines)
    publication = st.builds(
        Publication,
        entry_type=st.sampled_from(
            [
                *(EntryType.ARTICLE, EntryType.INPROCEEDINGS, EntryType.INCOLLECTION),
                *(EntryType.PHDTHESIS, EntryType.MASTERSTHESIS, EntryType.TECHREPORT),
            ]
        ),
        volume=st.one_of(st.just(""), numbers),
        number=st.one_of(st.just(""), numbers),
        pages=st.one_of(st.just(""), numbers, st.tuples(numbers, numbers).map("–".join)),
        publisher=text,
        publisher_place=text,
        editors=st.lists(people, unique=True, max_size=2).map(tuple),
        series=text,
        edition=text,
        isbn=st.sampled_from(["", "978-3-16-148410-0"]),
        issn=st.sampled_from(["", "1234-567X"]),
    )
    return st.builds(
        PaperDraft,
        title=lines,
        authors=st.lists(people, unique=True, min_size=1, max_size=4).map(tuple),
        authors_complete=st.booleans(),
        abstract=text,
        venue=lines,
        date=_DATES,
        identifiers=st.sampled_from([(), ("doi:10.1000/x_1",)]),
        note=text,
        tags=st.lists(words, unique=True, max_size=3).map(lambda tags: tuple(sorted(tags))),
        publication=publication,
    )
