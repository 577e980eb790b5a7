from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.names.initials_index import InitialsIndex
from storage.names.matching import abbreviate, are_compatible
from storage.names.parser import parse_name

_GIVEN = st.lists(
    st.sampled_from(["Jane", "Jörg", "Mary-Ann", "Kassa", "J.", "A.", "M.", "Ö.", "JM"]),
    min_size=1,
    max_size=8,
)
_SHORT = st.lists(st.sampled_from(["J.", "Ö.", "A.", "M.", "K."]), max_size=8)
_FAMILY = st.sampled_from(
    ["Woldu", "Kassa Woldu", "van Woldu", "de la Woldu", "Müller", "Mueller Jr.", "A Woldu"]
)


@given(st.lists(st.tuples(_GIVEN, _FAMILY), max_size=6), _SHORT, _FAMILY, st.booleans())
def test_every_compatible_name_is_found(
    full: list[tuple[list[str], str]],
    initials: list[str],
    family: str,
    is_exact: bool,  # noqa: FBT001
) -> None:
    names = [parse_name(" ".join([*words, end])) for words, end in full]
    names = [name if is_exact else abbreviate(name) for name in names if name.is_full]
    index = InitialsIndex()
    for name in names:
        index.add(name.spellings)
    for text in (" ".join([*initials, family]), f"{family}, {' '.join(initials)}"):
        short = parse_name(text)
        if not short.is_full:
            found = list(index.find(short))
            compatible = [name.spellings for name in names if are_compatible(name, short)]
            assert [one for one in compatible if one not in found] == []


def test_a_name_with_other_initials_is_not_compared() -> None:
    index = InitialsIndex()
    for name in ("Jane Quinn Lee", "Jane Lee", "Jo Ann Mary Lee", "Bo Ann Lee"):
        index.add(parse_name(name).spellings)
    found = {one[0].given for one in index.find(parse_name("J. A. Lee"))}
    assert found == {("jane",), ("jo", "ann", "mary")}
