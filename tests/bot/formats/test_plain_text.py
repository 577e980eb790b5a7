from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.plain_text import from_html, from_latex, line, tidy


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"a sequence of $T$ items", "a sequence of T items"),
        (r"$\mathcal{O}(T^2)$ memory", "O(T²) memory"),
        (r"$\mathcal{O}(T \log T)$", "O(T log T)"),
        (r"$10\times$ fewer", "10× fewer"),
        ("the ``logit lens'' technique", "the “logit lens” technique"),
        (r"Paulo Andr\'e", "Paulo André"),
        (r"\textbf{bold} and 50\% of $x_{1}$", "bold and 50% of x₁"),
        ("costs $5 and $10 in all", "costs $5 and $10 in all"),
        (r"$x$ for $5", "x for $5"),
        ("a 5% increase, then more", "a 5% increase, then more"),
        ("plain text_with^marks", "plain text_with^marks"),
    ],
)
def test_latex_becomes_readable_text(latex: str, text: str) -> None:
    assert from_latex(latex) == text


@given(st.text(alphabet=st.sampled_from(list("\\${}^_%`'ab 12\n#&~"))))
def test_any_latex_is_read_without_an_error(text: str) -> None:
    assert isinstance(from_latex(text), str)


def test_a_percent_sign_is_not_a_comment() -> None:
    assert from_latex(r"first 10% of $x$ and the rest").endswith("and the rest")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>One <b>two</b></p><p>three<br>four</p>", "One two\n\nthree four"),
        ("a &lt; b &amp; c", "a < b & c"),
        ("<div>x</div>y", "x\n\ny"),
        ("<script>alert(1)</script>text<style>p{}</style>", "text"),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb"),
        ("no markup", "no markup"),
        ("a\u202eb\u200bc", "abc"),
        ("", ""),
    ],
)
def test_html_becomes_readable_text(source: str, text: str) -> None:
    assert from_html(source) == text


@given(st.text())
def test_any_html_is_read_without_an_error(text: str) -> None:
    assert "\x00" not in from_html(f"<p>{text}")


def test_text_is_tidied() -> None:
    assert tidy(" a \n b\n\n\n c\t d ") == "a b\n\nc d"
    assert line(" a \n\n b ") == "a b"
