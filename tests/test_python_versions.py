"""What works in some releases of the Python versions that the project supports, but not in all."""

from __future__ import annotations

import re

from tests.support.paths import ROOT

# In Python before 3.11.5, such as Debian 12's 3.11.2, a possessive group that has to try
# alternatives may not match: https://github.com/python/cpython/issues/106052
_POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{\{?\d*,?\d*\}?\})\+|\(\?>")


def test_no_group_of_a_pattern_is_possessive() -> None:
    assert _POSSESSIVE_GROUP.search(r"(?:a|b)*+")
    assert _POSSESSIVE_GROUP.search("(a|b){{0,3}}+")
    files = [
        file for folder in ("bot", "cogs", "storage") for file in (ROOT / folder).rglob("*.py")
    ]
    lines = [(file, line) for file in files for line in file.read_text("utf-8").splitlines()]
    assert [one for one in lines if _POSSESSIVE_GROUP.search(one[1])] == []
    assert len(files) > 100
