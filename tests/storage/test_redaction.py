from __future__ import annotations

import string
import time
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.markdown import escape, link
from storage.errors import LabError
from storage.redaction import (
    opaque_guid,
    redact_text,
    redact_url,
    redacted_repr,
    site_name,
    url_secrets,
    without_secrets,
)

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
    "part", ["?a=%41", "?a=", "//", "//a:", "//a@", "?token=", "?", "%3F", "%3Ftoken%3D", "//:@"]
)
def test_long_hostile_text_is_redacted_quickly(part: str) -> None:
    start = time.perf_counter()
    redact_text(part * 50_000)
    redact_url(part * 50_000)
    assert time.perf_counter() - start < 5


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
