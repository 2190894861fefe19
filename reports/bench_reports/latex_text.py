"""Write any text so that LaTeX prints it as it is."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["escape"]

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    '"': r"\textquotedbl{}",
    # After the end of a row these would be its options.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "\N{NO-BREAK SPACE}": "~",
    "\0": "{}",
}
MATHEMATICS = {
    "−": "-", "±": r"\pm", "×": r"\times", "≤": r"\leq", "≥": r"\geq", "≈": r"\approx", "∞": r"\infty",
    "→": r"\rightarrow", "←": r"\leftarrow", "↑": r"\uparrow", "↓": r"\downarrow", "√": r"\surd", "∑": r"\sum",
    "′": "'", "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "θ": r"\theta",
    "λ": r"\lambda", "μ": r"\mu", "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma", "τ": r"\tau", "φ": r"\varphi",
    "χ": r"\chi", "ψ": r"\psi", "ω": r"\omega", "Δ": r"\Delta", "Ω": r"\Omega", "₀": "_0", "₁": "_1", "₂": "_2",
}  # fmt: skip
# Latin letters and punctuation that LaTeX knows by themselves (T1 encoding), beside those of ASCII.
KNOWN = frozenset(chr(code) for code in range(0xA1, 0x17F)) - frozenset("\N{SOFT HYPHEN}ĦħĸĿŀŉŦŧ")
PUNCTUATION = frozenset("–—‘’“”„†‡•…‰‹›€™")
LAST_ASCII = 0x7F
LONGEST_WORD, JOINTS, BREAK = 20, frozenset(".=_/:@,"), r"\allowbreak{}"


def escape(text: object) -> str:
    """Return a text that LaTeX prints as it is, on one line.

    A letter that its fonts lack becomes its base letter, or a question mark.
    """
    # Two hyphens in a row would become a dash.
    line = re.sub("-(?=-)", "-\0", " ".join(str(text).replace("\0", " ").split()))
    return " ".join(_word(word) for word in line.split(" "))


def _word(word: str) -> str:
    letters = [_letter(letter) for letter in word]
    if len(word) <= LONGEST_WORD:
        return "".join(letters)
    # Names and addresses that LaTeX would not break may be broken at their joints.
    return "".join(f"{each}{BREAK}" if letter in JOINTS else each for letter, each in zip(word, letters, strict=True))


@lru_cache(maxsize=1024)
def _letter(letter: str) -> str:
    if letter in SPECIAL:
        return SPECIAL[letter]
    if letter in MATHEMATICS:
        return f"${MATHEMATICS[letter]}$"
    if letter in KNOWN or letter in PUNCTUATION or (letter.isprintable() and ord(letter) < LAST_ASCII):
        return letter
    base = unicodedata.normalize("NFKD", letter)[0]
    return base if base != letter and base.isalnum() and base.isascii() else "?"
