from __future__ import annotations

import string
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.markdown import escape, link
from storage.errors import LabError
from storage.redaction import (
    has_secret_path,
    is_private_address,
    opaque_guid,
    public_url,
    redact_text,
    redact_url,
    redacted_repr,
    site_name,
    url_secrets,
    without_secrets,
)
from tests.support.linear_time import assert_takes_linear_time

SECRET = "CANARY7f3a"
NAMES = st.sampled_from(
    (
        *("token", "access_token", "apiKey", "api_key", "key", "secret", "password", "passwd"),
        *("sig", "X-Amz-Signature", "auth", "authorization", "access", "t%6Fken", "PRIVATE-TOKEN"),
    )
)
# What a query may contain as it is (RFC 3986), apart from the separators of pairs.
VALUES = st.text(string.ascii_letters + string.digits + "-._~!$'()*+,:@/?%", max_size=30)
PASSWORDS = st.text(string.ascii_letters + string.digits + "-._~!$'()*+,;=:%", max_size=30)
SENTENCES = st.sampled_from(
    ["I found no feed at {}. Try again.", "({})", "“{}” isn’t a URL", "{}", "[News]({}), <{}>"]
)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://lab.org/feed?token=abc", "https://lab.org/feed?token=…"),
        ("https://lab.org/feed?q=1&api_key=a#key=b", "https://lab.org/feed?q=1&api_key=…#key=…"),
        ("https://ann:pw@lab.org/feed", "https://…@lab.org/feed"),
        ("https://ann:p/w@lab.org/feed", "https://…@lab.org/feed"),
        ("https://ann@lab.org", "https://…@lab.org"),
        ("lab.org/feed?token=abc", "lab.org/feed?token=…"),
        ("https://lab.org/feed;jsessionid=abc", "https://lab.org/feed;jsessionid=…"),
        ("https://lab.org/r?to=https%3A%2F%2Fe.org%3Ftoken%3Dabc", "https://lab.org/r?to=…"),
        ("https://lab.org/https%3A%2F%2Fe.org%3Ftoken%3Dabc", "https://lab.org/https%3A%2F%2Fe.org%3Ftoken%3D…"),
        # A long random value is a secret whatever its name, as in Reddit's private feeds.
        (f"https://lab.org/.rss?feed={'0a' * 20}&user=ann", "https://lab.org/.rss?feed=…&user=ann"),
    ],
)  # fmt: skip
def test_user_info_and_secret_values_are_hidden(url: str, shown: str) -> None:
    assert redact_url(url) == shown
    assert redact_text(f"See {url}, please.") == f"See {shown}, please."
    assert redact_url(shown) == shown


WEBHOOK = "aB3dE-fGh1jKl2mNo3pQr4sTu5vWx6yZ7aBc8dEf9gHi0jKl_MnOpQrStUvWx1Yz2Ab3"
HEX = "3f9c2ab1d84e5f6079a8b1c2d3e4f506"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://x.org/private/{HEX}/feed.xml", "https://x.org/private/…/feed.xml"),
        (f"https://x.org/{HEX}/feed.xml", "https://x.org/…/feed.xml"),
        (f"https://x.org/feeds/{HEX}.rss", "https://x.org/feeds/…"),
        ("https://x.org/token/a1b2c3d4/rss", "https://x.org/token/…/rss"),
        ("https://x.org/private/550e8400-e29b-41d4-a716-446655440000", "https://x.org/private/…"),
        (
            "https://hooks.slack.com/services/T00000000/B00000000/k3Jx9sdfQASd8fGhTyUiOp4Z",
            "https://hooks.slack.com/services/T00000000/B00000000/…",
        ),
        (
            f"https://discord.com/api/webhooks/812345678901234567/{WEBHOOK}",
            "https://discord.com/api/webhooks/812345678901234567/…",
        ),
        (
            f"https://calendar.google.com/calendar/ical/ann%40lab.org/private-{HEX}/basic.ics",
            "https://calendar.google.com/calendar/ical/ann%40lab.org/…/basic.ics",
        ),
        ("https://c.org/ical/private-abcdef/basic.ics", "https://c.org/ical/…/basic.ics"),
        (f"lab.org/private/{HEX}/feed", "lab.org/private/…/feed"),
        (
            f"https://e.org/?to=https%3A%2F%2Fx.org%2F{HEX}%2Ffeed",
            "https://e.org/?to=https%3A%2F%2Fx.org%2F…%2Ffeed",
        ),
        ("https://x.org/QwErTyUiOpAsDfGhJkLzXcVb/feed", "https://x.org/…/feed"),
    ],
)
def test_secret_segments_of_a_path_are_hidden(url: str, shown: str) -> None:
    assert redact_url(url) == shown
    assert redact_text(f"See {url}, please.") == f"See {shown}, please."
    assert redact_url(shown) == shown
    assert len(url_secrets(url)) == 1 or "?" in url


@pytest.mark.parametrize(
    "url",
    [
        "https://arxiv.org/abs/2302.12433v2",
        "https://arxiv.org/abs/math.GT/0309136",
        "https://rss.arxiv.org/rss/cs.CL+cs.LG+stat.ML",
        "https://doi.org/10.1038/s41586-021-03819-2",
        "https://doi.org/10.1016/j.artint.2023.103919a1b2c3d4e5f6g7h8",
        "https://zenodo.org/records/8123456/files/paper.pdf",
        "https://zenodo.org/api/files/550e8400-e29b-41d4-a716-446655440000/a.pdf",
        "https://data.org/550e8400-e29b-41d4-a716-446655440000",
        f"https://proceedings.neurips.cc/paper_files/paper/2017/hash/{HEX}-Abstract.html",
        f"https://proceedings.neurips.cc/paper_files/paper/2017/file/{HEX}-Paper.pdf",
        f"https://pdfs.semanticscholar.org/4e88/{HEX}.pdf",
        f"https://github.com/lab/code/commit/{HEX}12345678",
        "https://www.biorxiv.org/content/10.1101/2022.11.20.517210v1.full",
        "https://aclanthology.org/2023.findings-emnlp.1048/",
        "https://lab.org/2023/12/attention-is-all-you-need-2017-revisited-v2",
        "https://lab.org/blog/TransformersForPeopleWhoKnowJavaScript",
        "https://lab.org/private/letters/feed.xml",
        "https://lab.org/key/questions-of-the-day",
        "https://www.sciencedirect.com/science/article/pii/S0004370223001234",
        "https://ui.adsabs.harvard.edu/abs/2023arXiv230412345S/abstract",
        "https://www.youtube.com/feeds/videos.xml?channel_id=UC1",
        "https://medium.com/feed/@lab",
    ],
)
def test_numbers_of_papers_and_words_in_a_path_are_shown(url: str) -> None:
    assert redact_url(url) == redact_text(url) == url
    assert url_secrets(url) == frozenset()


def test_a_link_that_is_no_url_keeps_its_text_but_may_be_private() -> None:
    broken = f"https://[x.org/private/{HEX}/feed.xml"
    assert public_url(broken) == broken
    assert is_private_address(broken)


@pytest.mark.parametrize(
    ("url", "is_private"),
    [
        (f"https://x.org/private/{HEX}/feed.xml", True),
        (f"https://x.org/{HEX}/Feed.XML", True),
        ("https://x.org/token/a1b2c3d4/paper", True),
        ("https://c.org/ical/private-abcdef/basic.ics", True),
        ("https://hooks.slack.com/services/T00000000/B00000000/k3Jx9sdfQASd8fGhTyUiOp4Z", True),
        (f"https://discord.com/api/webhooks/812345678901234567/{WEBHOOK}", True),
        ("https://docs.google.com/document/d/1aB2cD3eF4gH5iJ6kL7mN8oP9qR0sT1uV2wX3yZ4/edit", False),
        (f"https://cdn.lab.org/{HEX}/paper", False),
    ],
)
def test_links_with_secret_paths_are_private_if_they_cannot_be_a_papers(
    url: str, *, is_private: bool
) -> None:
    assert has_secret_path(url)
    assert is_private_address(url) is is_private
    assert not has_secret_path(redact_url(url))


def test_a_link_that_contains_its_feeds_secret_path_is_dropped() -> None:
    secrets = url_secrets(f"https://x.org/private/{HEX}/feed.xml")
    assert without_secrets(f"https://x.org/private/{HEX}/1", secrets) == ""
    assert without_secrets("https://x.org/posts/1", secrets) == "https://x.org/posts/1"


@pytest.mark.parametrize(
    "url",
    [
        "https://lab.org:8443/feed?author=Lee&keywords=ferns&id=12&accession=9",
        "https://medium.com/@lab/feed",
        "https://lab.org:80/@lab",
        "https://openreview.net/forum?id=pZ1ENm2AB9",
        "https://lab.org/feed?token=",
        "https://lab.org/#section",
        "mailto:ann@lab.org",
        "nonsense",
        "",
    ],
)
def test_urls_without_secrets_are_shown_whole(url: str) -> None:
    assert redact_url(url) == redact_text(url) == url
    assert url_secrets(url) == frozenset()


@given(SENTENCES, NAMES, VALUES, VALUES)
@example("{}", "token", "", "")
def test_a_secret_value_is_never_shown(sentence: str, name: str, before: str, after: str) -> None:
    url = f"https://lab.org/feed?page=2&{name}={before}{SECRET}{after}"
    nested = f"https://e.org/?to={quote(quote(url, safe=''), safe='')}"
    for one in (url, f"{url}&x=1", f"lab.org/?{name}={before}{SECRET}#top", nested):
        assert SECRET not in redact_url(one)
        for text in (
            sentence.format(one, one),
            escape(one),
            link("Feed", one, 500),
            f"{{{one!r}}}",
        ):
            assert SECRET not in redact_text(text)


@given(SENTENCES, PASSWORDS, PASSWORDS)
def test_user_info_is_never_shown(sentence: str, before: str, after: str) -> None:
    for one in (
        f"https://{before}{SECRET}{after}@lab.org/feed",
        f"https://ann:{before}{SECRET}{after}@lab.org:80/feed?x=@y",
    ):
        assert SECRET not in redact_url(one)
        assert SECRET not in redact_text(sentence.format(one, one))


@given(st.text())
def test_any_text_can_be_redacted_and_stays_redacted(text: str) -> None:
    for redact in (redact_text, redact_url):
        assert redact(redact(text)) == redact(text)
    without_secrets(text, url_secrets(text))
    assert site_name(text)


@pytest.mark.parametrize(
    "part",
    [
        "?a=%41",
        "?a=",
        "//",
        "//a:",
        "//a@",
        "?token=",
        "?",
        "/",
        "/a1b2c3d4e5",
        "/private",
        "private-",
        "-a1",
        "%2F",
        "%3F",
        "%3Ftoken%3D",
        "//:@",
    ],
)
def test_long_hostile_text_takes_linear_time(part: str) -> None:
    assert_takes_linear_time(lambda size: redact_text(part * size), 20_000)
    assert_takes_linear_time(lambda size: redact_url(part * size), 20_000)


def test_every_error_hides_the_secrets_that_it_names() -> None:
    class Odd(LabError):
        """An error with a sentence of its own."""

    error = Odd(f"I can't read https://ann:{SECRET}@lab.org/?token={SECRET}.")
    assert str(error) == "I can't read https://…@lab.org/?token=…."
    assert SECRET not in repr(error)


def test_a_record_hides_secrets_in_its_repr_only() -> None:
    @redacted_repr
    @dataclass(frozen=True, slots=True)
    class Record:
        url: str
        title: str

    record = Record(f"https://lab.org/?token={SECRET}", "News")
    assert "Record(url='https://lab.org/?token=…', title='News')" in repr(record)
    assert SECRET in record.url


def test_the_secrets_of_a_feed_are_taken_out_of_its_links() -> None:
    secrets = url_secrets(f"https://lab.org/feed?token={SECRET}%2B&page=2")
    assert secrets == {f"{SECRET}+"}
    for url, clean in (
        (f"https://lab.org/1?token={SECRET}%2B&x=1", "https://lab.org/1?x=1"),
        (f"https://lab.org/1?t={SECRET}%2B", "https://lab.org/1"),
        (f"https://ann:pw@lab.org/1#t={SECRET}%2B", "https://lab.org/1"),
        ("https://lab.org/1?key=2&token=other", "https://lab.org/1?key=2&token=other"),
        ("https://lab.org/1?", "https://lab.org/1?"),
        ("https://[half", "https://[half"),
    ):
        assert without_secrets(url, secrets) == clean
    # A short value may well be part of another address.
    assert url_secrets("https://lab.org/feed?key=1") == frozenset()


def test_a_feed_without_a_title_is_named_after_its_site() -> None:
    assert site_name(f"https://www.lab.org/{SECRET}/feed?token={SECRET}") == "lab.org"
    assert site_name("https://[half") == site_name("nonsense") == "Untitled feed"


def test_guids_are_hashed_once_and_always_alike() -> None:
    hashed = opaque_guid("guid:lab.org/feed#1")
    # Databases and exported files contain such hashes.
    assert hashed == "guid:23cbbc4c5fc6b3d540dd2b5700838a09"
    assert opaque_guid(hashed) == hashed
    assert opaque_guid("doi:10.1/x") == "doi:10.1/x"
    assert len({opaque_guid(f"guid:{feed}#1") for feed in "ab"}) == 2
    assert opaque_guid("guid:\ud800#1")
