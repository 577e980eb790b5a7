from __future__ import annotations

import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.text import latex
from bot.formats.text.plain_text import (
    from_html,
    from_latex,
    from_markup,
    line,
    read_line,
    read_text,
    tidy,
)


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
        ("costs $5 and $10 in all -- {really}", "costs $5 and $10 in all -- {really}"),
        (r"$x$ for $5", "x for $5"),
        ("a 5% increase, then more", "a 5% increase, then more"),
        ("plain text_with^marks", "plain text_with^marks"),
        (r"the `foo' of ``bar'', 5'' wide", "the `foo' of “bar”, 5'' wide"),
        ("\"as it is'', but 5'' and f''", "\"as it is”, but 5'' and f''"),
        (r"C:\Users\name and \d+", r"C:\Users\name and \d+"),
        (r"he said \"hello\"", 'he said "hello"'),
        (r"e.g.\ at 3\,GHz, but A \ B", r"e.g. at 3 GHz, but A \ B"),
        (r"pages 3--5---or so", "pages 3--5---or so"),
        (r"\emph{pages} 3--5---or so, of~it, ~10", "pages 3–5—or so, of it, ~10"),
        (r"{\bf Bold} https://a.example/~b/c_d--e?f=%20", "Bold https://a.example/~b/c_d--e?f=%20"),
    ],
)
def test_latex_becomes_readable_text(latex: str, text: str) -> None:
    assert line(from_latex(latex)) == text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\textsf{Foo}, \textup{bar\_baz}, \mbox{Q-7}, \textsc{S}", "Foo, bar_baz, Q-7, S"),
        (r"\unheard{a b} \of[1]{c}{d}", "a b [1]c d"),
        (r"we show \ours, and \ours{} is \new\ too", r"we show \ours, and \ours is \new too"),
        (r"\footnote{See here} \cite{roe2020} \ref{x}", "(See here) [roe2020] [x]"),
        (r"\textcolor{red}{red} \href{https://a.example}{code}", "red code (https://a.example)"),
        (
            r"\url{https://a.example/b_c%20} \href{https://d.example}{https://d.example}",
            "https://a.example/b_c%20 https://d.example",
        ),
        (r"\begin{itemize} \item one \item two \end{itemize}", "• one • two"),
        (r"un}opened \alpha, {closed} and {unclosed $", "un}opened α, closed and {unclosed $"),
        (r"\TeX{}nical \LaTeX is \copyright 2020", "TeXnical LaTeX is © 2020"),
        ("a\\\\b\\newline c \\", "a b c \\"),
    ],
)
def test_commands_keep_their_text(latex: str, text: str) -> None:
    assert line(from_latex(latex)) == text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"$\beta_k$, $\ell_q$, $\gamma^n$ and $x_\mathrm{eff}$", "βₖ, ℓ_q, γⁿ and x_eff"),
        (r"45$^\circ$, 45^\circ and 4 $^{\circ}$C", "45°, 45° and 4 °C"),
        (r"$10^{-3}$, $e^{i(x+y)}$, $A^*$, $f^\prime$, $n^{th}$", "10⁻³, e^(i(x+y)), A*, f′, nth"),
        (r"$\frac{a+b}{2}$, $\frac12$, $\sqrt[3]{x}$, $\sqrt{xy}$", "(a+b)/2, 1/2, ³√x, √xy"),
        (r"$\binom{n}{k} \pmod{p}$", "(n choose k) (mod p)"),
        (r"$x\in S$, $x \in S$, $2\log n$, $\max_t f$", "x∈S, x ∈ S, 2 log n, maxₜ f"),
        (r"$2 \Delta t$, $\alpha = 5$, $\mathbb R^3$", "2 Δt, α = 5, R³"),
        (r"$\hat{x}$, $\bar{ab}$, $\not=$, $\vec v$", "x̂, ab, ≠, v⃗"),
        (r"\(a_1\), \[b^2\], $$c_3$$, $ d $ but \(e", r"a₁, b², c₃, d but \(e"),
        (r"$1<q<\infty$ and $c<d$", "1<q<∞ and c<d"),
        (r"$\left( x \right.$ $\bigl|y\bigr|$", "( x |y|"),
        (r"H_{2}O, ^{13}C, \textsuperscript{14}N, S\textsubscript{x}", "H₂O, ¹³C, ¹⁴N, Sₓ"),
        (r"$\text{if a\_b} & \ensuremath{x^2}$ \ensuremath{y_2}", "if a_b x² y₂"),
    ],
)
def test_formulas_become_readable_text(latex: str, text: str) -> None:
    assert line(from_latex(latex)) == text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\v{C} \'{\i} \'\i{} \c{c} \~n \^{o} \H{o} \r{a} \k{a} \=u \.z", "Č í í ç ñ ô ő å ą ū ż"),
        (r"Stra\ss e, \O stby, {\AE}sop, \L{}", "Straße, Østby, Æsop, Ł"),
        (r"na\"ive, \"{U}ber, {\"o}", "naïve, Über, ö"),
        (r"\'5 \^{} \~{}user \v", r"'5 ^ ~user \v"),
    ],
)
def test_accents_are_characters(latex: str, text: str) -> None:
    assert line(from_latex(latex)) == text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"at \SI{7}{\tera\electronvolt} and more", "at 7 TeV and more"),
        (r"\qty{5}{\milli\metre\per\second}, \SI{20}{\celsius}", "5 mm/s, 20 °C"),
        (r"$\SI{3}{\micro\meter\squared}$ of \num{1e5}", "3 μm² of 1e5"),
    ],
)
def test_quantities_have_units(latex: str, text: str) -> None:
    assert line(from_latex(latex)) == text


_WORDS = st.text(alphabet="abcXYZ123äßλ", min_size=1, max_size=6)
_COMMANDS = st.sampled_from(
    [
        "texttt",
        "textsf",
        "mbox",
        "emph",
        "unknown",
        "footnote",
        "cite",
        "mathrm",
        "underline",
        "foo",
    ]
)
_LATEX = st.recursive(
    _WORDS | st.sampled_from([" ", "~", r"\,", r"\-", r"\ ", "--", "``", "''", "{}", r"\&", r"\_"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        inner.map("{{{}}}".format),
        st.builds(r"\{}{{{}}}".format, _COMMANDS, inner),
        st.builds(r"\unknown{{{}}}{{{}}}".format, inner, inner),
        st.builds(r"\frac{{{}}}{{{}}}".format, inner, inner),
        st.builds("${}_{{{}}}^{{{}}}$".format, _WORDS, _WORDS, _WORDS),
        # A link whose text is its address, as a link in it may become, is shown once.
        st.builds(r"\href{{https://x.example}}{{{}}}".format, _WORDS),
        st.builds(r"\{}{{{}}}".format, st.sampled_from(["'", "`", "c", "v", "^"]), inner),
    ),
)


def letters(text: str) -> Counter[str]:
    """Returns the letters and digits of a text without their accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return Counter(char for char in decomposed if char.isalnum())


def letters_outside_commands(source: str) -> Counter[str]:
    """Returns the letters and digits in LaTeX that aren't in the name of a command."""
    pieces = source.split("\\")
    kept = [piece.lstrip("abcdefghijklmnopqrstuvwxyz") for piece in pieces[1:]]
    return letters("".join([pieces[0], *kept]))


@given(_LATEX)
def test_no_letter_outside_the_names_of_commands_is_lost(source: str) -> None:
    for text in (from_latex(source), latex.unescape(source), read_text(source)):
        assert letters_outside_commands(source) <= letters(text)


@given(st.text(alphabet=st.sampled_from(list("\\${}^_%`'ab 12\n#&~()[]-<>/;"))))
def test_no_letter_of_any_text_is_lost(source: str) -> None:
    expected = letters_outside_commands(source)
    assert expected <= letters(from_latex(source))


def test_a_percent_sign_is_not_a_comment() -> None:
    assert from_latex(r"first 10% of $x$ and the rest").endswith("and the rest")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>One <b>two</b></p><p>three<br>four</p>", "One two\n\nthree four"),
        ("a &lt; b &amp; c &amp;amp; d", "a < b & c & d"),
        ("<div>x</div>y", "x\n\ny"),
        ("<script>alert(1)</script>text<style>p{}</style>", "text"),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("no markup", "no markup"),
        ("a\u202eb\u200bc", "abc"),
        ("x<y and k<n", "x<y and k<n"),
        ("a List<String> of <my-tag>z</my-tag> <o:p>y <foo>x</foo>", "a List<String> of z y x"),
        (
            "<b>unclosed <!-- comment --><![CDATA[a<b]]> <!-- no comment",
            "unclosed a<b <!-- no comment",
        ),
        ('<a href="x"class="y">a</a> <input disabled>b<?xml version="1.0"?>', "a b"),
        ("<q>a</q> <sup><a>[1]</a></sup> <sub></sub></sub>", "“a” [1]"),
        ('<p><img class="latex" alt="x^2 &lt; y"><img alt="a dog"></p>', "$x^2 < y$"),
        ("", ""),
    ],
)
def test_html_becomes_readable_text(source: str, text: str) -> None:
    assert from_html(source) == text


@pytest.mark.parametrize(
    "text",
    [
        "Flows for a<b and $1<p<\\infty$",
        "if a<b and c>d",
        "x<p>y, k<n>m, a <- b <-> c <= d << e",
        "write to <ann@lab.example> or <https://lab.example>",
        "the <script> element and a <b> tag",
        "https://lab.example/?a=1&copy=2&lt=3 and R&D &unknown;",
        "First.\n\nSecond <x>.",
    ],
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert from_markup(text) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<i>E. coli</i> in CO<sub>2</sub> at 10<sup>&#8722;3</sup>", "E. coli in CO₂ at 10⁻³"),
        ("the 1<sup>st</sup> T<sub>eff</sub> of x<sup>*</sup>", "the 1st T_eff of x*"),
        ("&lt;i&gt;Twice&lt;/i&gt; escaped", "Twice escaped"),
        ("&amp;lt;b&amp;gt;Thrice&amp;lt;/b&amp;gt; &amp;amp; more", "Thrice & more"),
        ("A <b>mix</b> of k<n, <x>, <title> and <i>", "A mix of k<n, <x>, <title> and <i>"),
        ("<p>One</p><blockquote>two</div> <em>t", "One\n\ntwo\n\nt"),
        ("Caf&eacute; &#x2013; &hellip; AT&amp;T", "Café – … AT&T"),
        ("One\n\nTwo <scp>Three</scp>", "One\n\nTwo Three"),
        ("<p>a <jats:italic>b</jats:italic></p><jats:p>c</jats:p>", "a b\n\nc"),
        ("Cells <script>x()</script>and <object>y</object>more", "Cells and more"),
    ],
)
def test_known_tags_become_text(source: str, text: str) -> None:
    assert from_markup(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "<msub> <mi>x</mi> <mn>2</mn> </msub><mo>+</mo><msup><mi>y</mi><mi>n</mi></msup>",
            "x₂+yⁿ",
        ),
        ("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>", "xᵢ²"),
        ("<munder><mi>lim</mi><mi>t</mi></munder><mspace/><mi>x</mi>", "limₜ x"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "(a+b)/2"),
        ("<msqrt><mn>2</mn></msqrt><mroot><mi>x</mi><mn>3</mn></mroot>", "√2³√x"),
        ("<mover><mi>x</mi><mo>¯</mo></mover><mover><mi>y</mi><mi>k</mi></mover>", "x̄y^k"),
        ("<mn>2</mn><mi>log</mi><mi>n</mi><mtext> if</mtext>", "2 log n if"),
        (
            "<mfenced><mi>a</mi><mi>b</mi></mfenced><msub><mrow/><mn>6</mn></msub><mi>C</mi>",
            "(a, b)₆C",
        ),
        ("<semantics><mi>z</mi><annotation>z</annotation></semantics>", "z"),
    ],
)
def test_mathml_becomes_readable_text(source: str, text: str) -> None:
    prefixed = source.replace("</", "\0").replace("<", "<mml:").replace("\0", "</mml:")
    assert from_markup(f"<mml:math>{prefixed}</mml:math>") == text


def test_a_formula_in_a_latex_document_is_read() -> None:
    source = (
        r"For <tex-math>\documentclass{minimal}\begin{document}$$x^2$$\end{document}</tex-math>"
        r" and <tex>y_1</tex> <mspace/>it holds."
    )
    assert read_line(source) == "For x² and y₁ it holds."


@given(st.text())
def test_any_html_is_read_without_an_error(text: str) -> None:
    assert "\x00" not in from_html(f"<p>{text}")


_PROSE = st.text(alphabet="ab <>/=\"'&;pib-!", max_size=40)


@given(_PROSE)
def test_no_letter_outside_of_tags_is_lost(text: str) -> None:
    kept = letters(from_markup(text))
    assert letters(text.replace("<", " <").split("<")[0].split("&")[0]) <= kept
    if not ("</" in text or "/>" in text or "=" in text or "<!" in text or text.startswith("<")):
        assert letters(text) - letters("amplt") <= kept


def test_text_is_tidied() -> None:
    assert tidy(" a \n b\n\n\n c\t d ") == "a b\n\nc d"
    assert line(" a \n\n b ") == "a b"
