"""The numbers and signs that entries of lists and headings begin with: `1.`, `2.3`, `b)`, `Step 4:`, `-`."""

import re
from typing import NamedTuple

_STEP = r"(?:step|schritt|phase|stage|teilschritt|arbeitsschritt)\s+"
_NUMBER = re.compile(
    rf"(?P<step>{_STEP})?(?P<number>\d{{1,3}}(?:\.\d{{1,3}}){{0,4}})"
    r"(?P<sign>\.?\)|\.(?=\s|[^\W\d])|:|\s*[-–—:](?=\s)|(?=\s))\s*(?=\S)",
    re.IGNORECASE,
)
_LETTER = re.compile(r"(?:\((?P<inner>[A-Za-z]|\d{1,2})\)|(?P<letter>[A-Za-z])[.)])\s+(?=\S)")
_BULLET = re.compile(r"(?:[-*+•◦▪●○■□►‣–—·]|\[[ xX]?\])\s+(?=\S)|[•◦▪●■►‣]\s*(?=\S)")
_BOX = re.compile(r"\[[ xX]?\]\s+")
_UNITS = re.compile(
    r"(?:working|business|calendar|minutes?|hours?|days?|weeks?|months?|years?|%|percent|prozent|euros?|eur|usd|"
    r"werktag|arbeitstag|kalendertag|minute|stunde|tag|woche|monat|jahr|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|"
    r"januar|februar|märz|mai|juni|juli|oktober|dezember)",
    re.IGNORECASE,
)
_BARE_WORDS_MAX = 9


class Marked(NamedTuple):
    """What a line begins with, and the rest: `kind` is number, step, bare (a number without a sign), letter, bullet or none."""

    kind: str
    mark: str
    rest: str


def marked(text: str) -> Marked:
    """Part a line into its mark and its text."""
    bullet = _BULLET.match(text)
    if bullet is not None:
        inner = marked(text[bullet.end() :]) if bullet[0].strip() in ("-", "*", "+", "•") else None
        if inner is not None and inner.kind in ("number", "step"):
            return inner
        rest = text[bullet.end() :]
        return Marked("bullet", "-", rest[_BOX.match(rest).end() :] if _BOX.match(rest) else rest)  # type: ignore[union-attr]
    found = _NUMBER.match(text)
    if found is not None:
        rest, sign = text[found.end() :], found["sign"].strip()
        if found["step"]:
            return Marked("step", found["number"], rest)
        if sign and not (sign == "." and found["number"].count(".") == 0 and _UNITS.match(rest)):
            return Marked("number", found["number"], rest)
        if _is_bare(rest):
            return Marked("bare", found["number"], rest)
    letter = _LETTER.match(text)
    if letter is not None:
        return Marked("letter", (letter["inner"] or letter["letter"]).lower(), text[letter.end() :])
    return Marked("none", "", text)


def _is_bare(rest: str) -> bool:
    """Tell whether a number without a sign numbers a heading: few words, the first one large, no sentence."""
    return (
        rest[:1].isupper()
        and len(rest.split()) <= _BARE_WORDS_MAX
        and not rest.rstrip().endswith((".", ";", ","))
        and not _UNITS.match(rest)
    )
