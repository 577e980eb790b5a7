"""The demo in a real browser, used with keyboard and mouse."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

_BROWSER = shutil.which("chromium")
_TIMEOUT = 60_000  # milliseconds, for busy machines

pytestmark = pytest.mark.skipif(_BROWSER is None, reason="chromium isn't installed")


@pytest.fixture
def addresses(tmp_path: Path, unused_tcp_port: int) -> Iterator[tuple[str, str]]:
    """Runs the demo; yields the addresses of its page and of its website."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "bot", "demo", "--port", str(unused_tcp_port)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    found: list[str] = []
    for line in process.stdout:
        found += re.findall(r"http://\S+", line)
        if "Ctrl-C" in line:
            break
    yield found[0], found[1]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_BROWSER,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        opened = browser.new_context(viewport={"width": 1100, "height": 1000}).new_page()
        opened.set_default_timeout(_TIMEOUT)
        expect.set_options(timeout=_TIMEOUT)
        yield opened
        browser.close()


def test_searching_paging_and_announcements_work_in_the_browser(
    addresses: tuple[str, str], page: Page
) -> None:
    lab, site = addresses
    page.goto(lab)
    messages = page.locator("#channel-message-list article")
    expect(messages.first).to_contain_text("Now announcing new papers")

    page.get_by_role("textbox", name="Message", exact=True).click()
    page.keyboard.type("/search")
    page.keyboard.press("Enter")
    page.keyboard.type("language model")
    offered = page.get_by_role("option").filter(has_text="BLOOM: A 176B-Parameter")
    expect(offered).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    answer = messages.filter(has_text="papers for “language model”")
    expect(answer.get_by_text("Page 1 of 2")).to_be_visible()

    answer.get_by_role("button", name="Next").click()
    expect(answer.get_by_text("Page 2 of 2")).to_be_visible()
    expect(answer).to_contain_text("StarCoder")

    # The website publishes the first paper by itself, and the second one at the press of a button.
    announced = messages.filter(has_text="New paper")
    expect(announced.filter(has_text="Small Models, Long Memories")).to_be_visible()
    other = page.context.new_page()
    other.goto(site)
    other.get_by_role("button", name="Publish a paper").click()
    title = other.locator("li").first.inner_text().splitlines()[0]
    expect(announced.filter(has_text=title)).to_be_visible()
    announced.filter(has_text=title).get_by_role("button", name="Details").click()
    expect(messages.filter(has_text=title)).to_have_count(2)
