"""Reads the steps that the documents tell, so that tests can run them."""

from __future__ import annotations

import re
import textwrap

from tests.support.paths import ROOT


def blocks(page: str, heading: str) -> list[str]:
    """Returns the blocks of code under a heading of a page, such as “backups”."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"(?ms)^ *```(?:console)?\n(.*?)^ *```$", section)
    assert found, (page, heading)
    return [textwrap.dedent(one) for one in found]


def steps(page: str, heading: str) -> list[str]:
    """Returns the commands of Lab Herald under a heading, without `lab-herald`, but not `run`."""
    commands = re.findall(r"(?m)^lab-herald (.+)$", "".join(blocks(page, heading)))
    assert commands
    return [command for command in commands if command != "run"]
