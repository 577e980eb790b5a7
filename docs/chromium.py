"""How the system's Chromium is started, for the screenshots and for tests in a browser."""

from __future__ import annotations

import shutil
from typing import TypedDict


class Launch(TypedDict):
    """Arguments of Playwright's ``launch``."""

    executable_path: str | None
    args: list[str]


LAUNCH = Launch(
    executable_path=shutil.which("chromium"),
    args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
)
