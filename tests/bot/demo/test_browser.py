"""The demo in a real browser, used with keyboard and mouse."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from docs.chromium import LAUNCH

_MESSAGES = "#channel-message-list article"
_PAPERS = 8  # that the demo's website can publish
_TIMEOUT = 60_000  # milliseconds, for busy machines

pytestmark = pytest.mark.skipif(
    LAUNCH["executable_path"] is None, reason="chromium isn't installed"
)


@contextmanager
def running_demo(folder: Path, port: int) -> Iterator[str]:
    """Runs the demo; yields the address that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "bot", "demo", "--port", str(port)],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        found: list[str] = []
        for line in process.stdout:
            found += re.findall(r"http://\S+", line)
            if "Ctrl-C" in line:
                break
        assert found == [f"http://127.0.0.1:{port}"]
        try:
            yield found[0]
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
        assert process.returncode == 0


@pytest.fixture
def address(tmp_path: Path, demo_port: int) -> Iterator[str]:
    with running_demo(tmp_path, demo_port) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**LAUNCH)
        yield browser
        browser.close()


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    """Opens the demo's page."""
    with open_page(address, browser) as page:
        yield page


@contextmanager
def open_page(address: str, browser: Browser) -> Iterator[Page]:
    expect.set_options(timeout=_TIMEOUT)
    context = browser.new_context(viewport={"width": 1100, "height": 1000})
    context.set_default_timeout(_TIMEOUT)
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


def test_a_member_searches_turns_pages_and_reads_announcements(page: Page) -> None:
    messages = page.locator(_MESSAGES)
    welcome = messages.filter(has_text="Welcome! Try these")
    # The bot's picture is there, and a click on a command begins it.
    expect(welcome.locator("img").first).to_be_visible()
    welcome.get_by_role("button", name="/search").click()
    # The page offers what was begun, and then asks for the option; it may take long for both.
    expect(page.get_by_role("option").filter(has_text="Search the lab's papers")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("language model")
    offered = page.get_by_role("option").filter(has_text="BLOOM: A 176B-Parameter")
    expect(offered).to_be_visible()
    # A later answer would open the list again.
    expect(page.get_by_text("OPTIONS MATCHING LANGUAGE MODEL", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    answer = messages.filter(has_text="papers for “language model”")
    expect(answer.get_by_text("Page 1 of 2")).to_be_visible()

    answer.get_by_role("button", name="Next").click()
    expect(answer.get_by_text("Page 2 of 2")).to_be_visible()
    expect(answer).to_contain_text("StarCoder")

    # The website publishes the first paper by itself.
    announced = messages.filter(has_text="📄 New paper")
    expect(announced).to_contain_text("Small Models, Long Memories")
    announced.get_by_role("button", name="Details").click()
    expect(messages.filter(has_text="Small Models, Long Memories")).to_have_count(2)


def test_the_welcome_is_read_from_its_beginning_until_a_paper_is_announced(
    address: str, browser: Browser
) -> None:
    with open_page(address, browser) as page:
        page.set_viewport_size({"width": 1100, "height": 500})
        page.reload()
        expect(page.get_by_role("heading", name="Welcome! Try these")).to_be_in_viewport()
        announced = page.locator(_MESSAGES).filter(has_text="📄 New paper")
        expect(announced.get_by_role("button", name="Details")).to_be_in_viewport()


def test_each_paper_is_announced_once_after_an_outage(page: Page) -> None:
    announced = page.locator(_MESSAGES).filter(has_text="📄 New paper")
    publish = page.get_by_role("button", name="Publish a paper")
    publish.click()
    # A slow machine may have published another one by then, and the button says how many are left.
    expect(publish).not_to_have_text(f"Publish a paper ({_PAPERS} left)")
    expect(publish).to_be_enabled()
    first = _PAPERS - int(re.findall(r"\d+", publish.inner_text())[0])
    expect(announced).to_have_count(first)

    page.get_by_role("button", name="Take Discord down").click()
    for waiting in ("1 announcement is waiting", "2 announcements are waiting"):
        publish.click()
        expect(page.get_by_text(waiting)).to_be_visible()
    expect(announced).to_have_count(first)
    page.get_by_role("button", name="Bring Discord back up").click()
    expect(announced).to_have_count(first + 2)

    page.get_by_role("button", name="Take the feed down").click()
    publish.click()
    expect(publish).to_have_text(f"Publish a paper ({_PAPERS - first - 3} left)")
    expect(announced).to_have_count(first + 2)
    page.get_by_role("button", name="Bring the feed back up").click()
    expect(announced).to_have_count(first + 3)
    titles = {re.search(r"New paper\s+(.+)", text) for text in announced.all_inner_texts()}
    assert len({found[1] for found in titles if found}) == first + 3


def test_a_member_suggests_a_linked_paper_and_hears_what_a_moderator_decided(page: Page) -> None:
    messages = page.locator(_MESSAGES)
    messages.filter(has_text="One of ours?").click(button="right")
    page.get_by_role("menuitem", name="Suggest paper").click()
    thanks = messages.filter(has_text="Thanks! The moderators will review Llemma")
    expect(thanks).to_contain_text("Only you can see this")

    page.get_by_role("link", name="Noor").click()
    page.get_by_role("link", name="# moderators").click()
    asked = messages.filter(has_text="Suggested by Mika")
    asked.get_by_role("button", name="Add", exact=True).click()
    expect(messages.filter(has_text="You added Llemma")).to_be_visible()

    page.get_by_role("link", name="Mika").click()
    page.get_by_role("link", name="@ Direct messages").click()
    expect(messages.filter(has_text="You suggested Llemma")).to_contain_text("Added to the list")


def test_a_page_with_an_open_form_starts_over_when_the_demo_is_restarted(
    browser: Browser, tmp_path: Path, demo_port: int
) -> None:
    with ExitStack() as stack:
        with running_demo(tmp_path, demo_port) as address:
            page = stack.enter_context(open_page(address, browser))
            page.get_by_role("button", name="Publish a paper").click()
            announced = page.locator(_MESSAGES).filter(has_text="📄 New paper").first
            announced.get_by_role("button", name="Report a problem").click()
            expect(page.get_by_role("dialog")).to_be_visible()
        expect(page.get_by_text("The demo stopped. Run make demo again")).to_be_visible()
        with running_demo(tmp_path, demo_port):
            welcome = page.locator(_MESSAGES).filter(has_text="Welcome! Try these")
            expect(welcome).to_be_visible()
            expect(page.get_by_role("dialog")).to_have_count(0)
