"""The LaTeX commands that have a meaning of their own; the only importer of pylatexenc.

pylatexenc knows the symbols. Its own conversion isn't used, because it drops whatever it doesn't
know, with its arguments.
"""

from __future__ import annotations

from functools import cache

from pylatexenc.latex2text import get_default_latex_context_db

ACCENTS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "u": "\u0306",
    "v": "\u030c",
    "H": "\u030b",
    "c": "\u0327",
    "d": "\u0323",
    "b": "\u0331",
    "r": "\u030a",
    "k": "\u0328",
    "h": "\u0309",
    "G": "\u030f",
    "acute": "\u0301",
    "grave": "\u0300",
    "hat": "\u0302",
    "widehat": "\u0302",
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "bar": "\u0304",
    "overline": "\u0304",
    "dot": "\u0307",
    "ddot": "\u0308",
    "breve": "\u0306",
    "check": "\u030c",
    "vec": "\u20d7",
    "mathring": "\u030a",
    "not": "\u0338",
}
SPACES = frozenset(" \n\t,;:>") | {"quad", "qquad", "enspace", "enskip", "thinspace", "space"}
SILENT = frozenset(
    {"!", "-", "/", "@", "bf", "it", "rm", "sf", "tt", "sc", "sl", "em", "cal", "bfseries"}
    | {"itshape", "rmfamily", "sffamily", "ttfamily", "scshape", "slshape", "upshape", "mdseries"}
    | {"normalfont", "boldmath", "unboldmath", "tiny", "scriptsize", "footnotesize", "small"}
    | {"normalsize", "large", "Large", "LARGE", "huge", "Huge", "displaystyle", "textstyle"}
    | {"scriptstyle", "scriptscriptstyle", "limits", "nolimits", "left", "right", "middle", "big"}
    | {"Big", "bigg", "Bigg", "bigl", "Bigl", "biggl", "Biggl", "bigr", "Bigr", "biggr", "Biggr"}
    | {"centering", "noindent", "indent", "protect", "relax", "null", "xspace", "nonumber", "notag"}
    | {"allowbreak", "nobreak", "nolinebreak", "ignorespaces", "leavevmode", "hfill", "vfill"}
    | {
        "negthinspace",
        "textcompwordmark",
        "cyrchar",
        "smallskip",
        "medskip",
        "bigskip",
        "maketitle",
    }
)
# Commands whose arguments are settings: how many, and how many texts follow.
SETTINGS = {
    "textcolor": (1, 1),
    "colorbox": (1, 1),
    "fcolorbox": (2, 1),
    "color": (1, 0),
    "hspace": (1, 0),
    "vspace": (1, 0),
    "label": (1, 0),
    "fontsize": (2, 0),
    "noopsort": (1, 0),
    "selectlanguage": (1, 0),
    "foreignlanguage": (1, 1),
    "phantom": (1, 0),
    "raisebox": (1, 1),
    "texorpdfstring": (1, 1),
}
# Commands that change how their argument looks, which may be a single letter: ``\mathbb R``.
FONTS = frozenset(
    {"emph", "mbox", "hbox", "bm", "bold", "boldsymbol", "pmb", "underline", "operatorname"}
)
FRACTIONS = frozenset({"frac", "dfrac", "tfrac", "cfrac", "nicefrac", "sfrac", "textfrac"})
BINOMIALS = frozenset({"binom", "dbinom", "tbinom"})
REFERENCES = frozenset(
    {"cite", "citep", "citet", "citealp", "citealt", "citeauthor", "citeyear", "parencite"}
    | {"textcite", "autocite", "ref", "eqref", "autoref", "cref", "Cref", "pageref"}
)
NOTES = frozenset({"footnote", "thanks", "footnotetext"})
BREAKS = {"\\": "\n", "newline": "\n", "linebreak": "\n", "par": "\n\n", "item": "\n\n• "}
# Letters of words, after which LaTeX ignores a space: ``Stra\ss e``.
LETTERS = frozenset(
    {"aa", "AA", "ae", "AE", "oe", "OE", "o", "O", "l", "L", "ss", "SS", "i", "j", "dh", "DH"}
    | {"th", "TH", "dj", "DJ", "ng", "NG", "ij", "IJ"}
)
_MATH_SIGNS = {
    "plus": "+",
    "minus": "-",
    "hyphen": "-",
    "colon": ":",
    "semicolon": ";",
    "comma": ",",
    "period": ".",
    "slash": "/",
    "question": "?",
    "exclam": "!",
    "percent": "%",
    "dollar": "$",
    "ampersand": "&",
    "atsign": "@",
    "underscore": "_",
    "octothorpe": "#",
    "equal": "=",
    "section": "§",
    "sterling": "£",
    "yen": "¥",
    "ellipsis": "…",
}
# Units of siunitx, which stand in the arguments of ``\\SI`` and ``\\qty``.
_UNITS = {
    "tera": "T",
    "giga": "G",
    "mega": "M",
    "kilo": "k",
    "hecto": "h",
    "deci": "d",
    "centi": "c",
    "milli": "m",
    "micro": "μ",
    "nano": "n",
    "pico": "p",
    "femto": "f",
    "metre": "m",
    "meter": "m",
    "gram": "g",
    "kilogram": "kg",
    "second": "s",
    "minute": "min",
    "hour": "h",
    "kelvin": "K",
    "degreeCelsius": "°C",
    "ampere": "A",
    "mole": "mol",
    "hertz": "Hz",
    "newton": "N",
    "pascal": "Pa",
    "joule": "J",
    "watt": "W",
    "volt": "V",
    "ohm": "Ω",
    "tesla": "T",
    "litre": "L",
    "liter": "L",
    "electronvolt": "eV",
    "angstrom": "Å",
    "decibel": "dB",
    "per": "/",
    "squared": "²",
    "cubed": "³",
}
_OTHERS = {
    "&": "&",
    "%": "%",
    "$": "$",
    "#": "#",
    "_": "_",
    "{": "{",
    "}": "}",
    "|": "‖",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "BibTeX": "BibTeX",
    "LaTeXe": "LaTeX2e",
    "XeTeX": "XeTeX",
    "less": "<",
    "greater": ">",
    "lt": "<",
    "gt": ">",
    "equal": "=",
    "plus": "+",
    "ne": "≠",
    "lbrack": "[",
    "rbrack": "]",
    "lparen": "(",
    "rparen": ")",
    "slash": "/",
    "colon": ":",
    "S": "§",
    "P": "¶",
    "ddag": "‡",
    "ddagger": "‡",
    "copyright": "©",
    "pounds": "£",
    "euro": "€",
    "registered": "®",
    "trademark": "™",
    "checkmark": "✓",
    "cmark": "✓",
    "xmark": "✗",
    "degree": "°",
    "degrees": "°",
    "arcdeg": "°",
    "textdegree": "°",
    "celsius": "°C",
    "textcelsius": "°C",
    "arcmin": "′",
    "arcsec": "″",
    "micron": "μm",
    "micro": "μ",
    "ohm": "Ω",
    "percent": "%",
    "over": "/",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textbardbl": "‖",
    "SS": "SS",
    "textunderscore": "_",
    "textbraceleft": "{",
    "textbraceright": "}",
    "textquotedbl": '"',
    "textasciicircum": "^",
    "textasciitilde": "~",
    "texttildelow": "~",
    "textdollar": "$",
    "textperiodcentered": "·",
    "textbackslash": "\\",
    "textquotesingle": "'",
    "eth": "ð",
    "textasteriskcentered": "*",
    "textleftarrow": "←",
    "diamond": "⋄",
    "Diamond": "◇",
    "iff": "⇔",
    "implies": "⟹",
    "impliedby": "⟸",
    "gets": "←",
    "land": "∧",
    "lor": "∨",
    "neg": "¬",
    "Re": "Re",
    "Im": "Im",
    "imath": "ı",
    "jmath": "ȷ",
    "hdots": "…",
    "Box": "□",
    "owns": "∋",
    "models": "⊨",
    "vDash": "⊨",
    "lbrace": "{",
    "rbrace": "}",
    "bmod": "mod",
    "mod": "mod",
    "prime": "′",
}
_OPERATORS = frozenset(
    {"arccos", "arcsin", "arctan", "arg", "argmax", "argmin", "cos", "cosh", "cot", "coth", "csc"}
    | {"deg", "det", "dim", "erf", "exp", "gcd", "hom", "inf", "ker", "lg", "lim", "liminf"}
    | {"limsup", "ln", "log", "max", "min", "mod", "Pr", "sec", "sin", "sinh", "softmax", "sup"}
    | {"tan", "tanh", "tr", "Tr"}
)
_GREEK = frozenset(
    {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"}
    | {"lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi"}
    | {"omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega"}
)


@cache
def symbols() -> dict[str, str]:
    """Returns the text of each command that stands for a symbol, a letter or a word."""
    database = get_default_latex_context_db()
    found = dict(_UNITS)
    for category in database.categories():
        for spec in database.iter_macro_specs([category]):
            text = spec.simplify_repl
            if isinstance(text, str) and text and "%" not in text:
                found.setdefault(spec.macroname, text)
    for prefix in ("up", "text"):  # of upright letters
        found |= {f"{prefix}{name}": found[name] for name in _GREEK}
    found |= {f"math{name}": sign for name, sign in _MATH_SIGNS.items()}
    found |= {name: name for name in _OPERATORS}
    found |= _OTHERS
    del found["today"]
    return found
