"""Conditions of sentences as FEEL, where that is safe: comparisons with numbers, and yes or no about something.

What is compared becomes a number, what is or is not so becomes a yes or no; the text stays beside. Where a condition is
more than that (several of them, a relative clause, a long text) it is one yes or no that people answer, and a question.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from flowmaster.knowledge.procedures.names import variable_of

SURE: Final = Decimal("0.85")
LIKELY: Final = Decimal("0.65")
OPEN: Final = Decimal("0.35")
TEXT_LENGTH_MAX = 500
WORDS_MAX = 8
"""How many words a yes or no may have that is taken as said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition: its text as written, its FEEL, the variable it reads with its type, and how sure that is."""

    text: str
    feel: str
    variable: str
    type: str
    confidence: Decimal
    rule: str
    unit: str = ""

    @property
    def is_open(self) -> bool:
        """Tell whether somebody has to say what the condition means."""
        return self.confidence <= OPEN

    def negated(self) -> str:
        """Return the FEEL of the opposite."""
        inner = re.fullmatch(r"not\((\w+)\)", self.feel)
        return inner[1] if inner is not None else f"not({self.feel})"


_NUMBER = r"(?P<number>\d[\d.,' ]*\d|\d)"
_UNIT = r"\s*(?P<unit>%|€|\$|£|percent|prozent|[A-Za-zÄÖÜäöü]{1,20})?"
_MONEY = r"(?:(?:EUR|USD|GBP|CHF|€|\$|£)\s*)?"
_MORE_EN = r"(?:more|greater|higher|larger|bigger|older|longer)\s+than|above|over|exceeding|in\s+excess\s+of"
_LESS_EN = r"(?:less|lower|smaller|fewer|shorter)\s+than|below|under"
_IS_EN = r"(?:(?:is|are|was|has|have|costs?|amounts?\s+to|lies|falls?|rises?|goes)\s+)?"
_COMPARED_EN = (
    (">", rf"(?:{_IS_EN}(?:{_MORE_EN})|exceeds?|exceeded|surpasses)"),
    ("<=", r"(?:does\s+not\s+exceed|do\s+not\s+exceed|(?:is|are)\s+not\s+(?:more|greater|higher|above|over)(?:\s+than)?|is\s+at\s+most|is\s+up\s+to|up\s+to)"),
    ("<", rf"{_IS_EN}(?:{_LESS_EN})"),
    (">=", r"(?:(?:is|are)\s+at\s+least|reaches|at\s+least|(?:is|are)\s+not\s+(?:less|lower|below|under)(?:\s+than)?)"),
    ("=", r"(?:equals?|is\s+equal\s+to|is\s+exactly)"),
)  # fmt: skip
_MORE_DE = r"(?:mehr|größer|höher|länger|älter|teurer)\s+als|über|oberhalb(?:\s+von)?"
_LESS_DE = r"(?:weniger|kleiner|niedriger|geringer|kürzer)\s+als|unter|unterhalb(?:\s+von)?"
_AT_LEAST_DE, _AT_MOST_DE = r"mindestens|wenigstens|ab", r"höchstens|maximal|bis\s+zu"
_IS_DE = r"(?:\s+(?:liegt|liegen|ist|sind|beträgt|betragen|kostet|kosten|hat|haben|umfasst|dauert|vorliegen|vorliegt))?"
_SUBJECT = r"(?P<subject>[^\d<>=]{2,80}?)"
_ARTICLES = re.compile(
    r"^(?:(?:the|an?|its|his|her|their|this|any|der|die|das|den|dem|des|ein|eine|einem|einen|einer|alle|keine?)\s+)+",
    re.IGNORECASE,
)


def _full(text: str) -> re.Pattern[str]:
    return re.compile(rf"{text}\s*\.?$", re.IGNORECASE)


_ENGLISH = tuple(
    (sign, _full(rf"{_SUBJECT}\s+{words}\s+{_MONEY}{_NUMBER}{_UNIT}")) for sign, words in _COMPARED_EN
)
_ENGLISH_COUNTS = tuple(
    (sign, re.compile(rf"(?:there\s+(?:is|are)\s+)?(?:{words})\s+{_NUMBER}\s+(?P<subject>[^\W\d][\w -]{{2,40}})$", re.IGNORECASE))
    for sign, words in ((">", _MORE_EN), ("<", _LESS_EN), (">=", "at least"), ("<=", "at most"))
)  # fmt: skip
_GERMAN = (
    (
        ">",
        _full(
            rf"{_SUBJECT}\s+{_MONEY}{_NUMBER}{_UNIT}\s+(?:übersteigt|überschreitet|übersteigen|überschreiten)"
        ),
    ),
    ("<", _full(rf"{_SUBJECT}\s+{_MONEY}{_NUMBER}{_UNIT}\s+(?:unterschreitet|unterschreiten)")),
    *(
        (sign, _full(rf"{_SUBJECT}\s+(?:{words})\s+{_MONEY}{_NUMBER}{_UNIT}{_IS_DE}"))
        for sign, words in ((">", _MORE_DE), ("<", _LESS_DE), (">=", _AT_LEAST_DE), ("<=", _AT_MOST_DE))
    ),
)
_GERMAN_TURNED = (
    (">", _full(rf"(?:übersteigt|überschreitet|übersteigen|überschreiten)\s+{_SUBJECT}\s+{_MONEY}{_NUMBER}{_UNIT}")),
    ("<", _full(rf"(?:unterschreitet|unterschreiten)\s+{_SUBJECT}\s+{_MONEY}{_NUMBER}{_UNIT}")),
    *(
        (sign, _full(rf"(?:liegt|liegen|ist|sind|beträgt|betragen|kostet)\s+{_SUBJECT}\s+(?:{words})\s+{_MONEY}{_NUMBER}{_UNIT}"))
        for sign, words in ((">", _MORE_DE), ("<", _LESS_DE), (">=", _AT_LEAST_DE), ("<=", _AT_MOST_DE))
    ),
)  # fmt: skip
_GERMAN_COUNTS = tuple(
    (sign, re.compile(rf"(?:{words})\s+{_NUMBER}\s+(?P<subject>[A-ZÄÖÜ][\w -]{{2,40}}?)(?:\s+(?:vorliegen|bestehen|sind))?$"))
    for sign, words in ((">", r"mehr als|über"), ("<", r"weniger als|unter"), (">=", "mindestens"), ("<=", "höchstens"))
)  # fmt: skip
_TIME_UNITS = re.compile(
    r"(?:business|working|calendar|minutes?|hours?|days?|weeks?|months?|years?|minuten?|stunden?|tagen?|arbeitstagen?|"
    r"werktagen?|wochen?|monaten?|jahren?)$",
    re.IGNORECASE,
)
_MONEY_UNITS = frozenset(
    {
        "eur",
        "usd",
        "gbp",
        "chf",
        "euro",
        "euros",
        "€",
        "$",
        "£",
        "dollar",
        "dollars",
        "%",
        "percent",
        "prozent",
    }
)
_SEVERAL = re.compile(r"\b(?:and|or|und|oder|both|either|sowie|which|who|because|weil)\b|;", re.IGNORECASE)
_PAIR = re.compile(r"\s+(and|or|und|oder)\s+", re.IGNORECASE)
_NOT = re.compile(
    r"\b(?:not|no|never|cannot|nicht|kein|keine|keinen|isn't|aren't|doesn't)\b\s*", re.IGNORECASE
)
_COPULA = re.compile(
    r"\b(?:is|are|was|were|has|have|been|be|does|do|can|ist|sind|wird|werden|wurde|wurden|hat|haben|liegt|liegen|vor)\b\s*",
    re.IGNORECASE,
)
_OPPOSITES: Mapping[str, str] = {
    "rejected": "approved", "declined": "approved", "denied": "approved", "refused": "approved", "disapproved": "approved",
    "incomplete": "complete", "invalid": "valid", "incorrect": "correct", "wrong": "correct", "unavailable": "available",
    "unsuccessful": "successful", "negative": "positive", "inconsistent": "consistent", "unknown": "known",
    "unclear": "clear", "absent": "present", "rejection": "approval", "insufficient": "sufficient",
    "abgelehnt": "genehmigt", "zurückgewiesen": "genehmigt", "unvollständig": "vollständig", "ungültig": "gültig",
    "fehlerhaft": "fehlerfrei", "falsch": "richtig", "negativ": "positiv", "unklar": "klar", "unbekannt": "bekannt",
    "ablehnung": "genehmigung", "inkorrekt": "korrekt", "unzureichend": "ausreichend", "verfügbar": "verfügbar",
    "unplausibel": "plausibel", "unwirtschaftlich": "wirtschaftlich",
}  # fmt: skip
_SAME = {"accepted": "approved", "granted": "approved", "authorised": "approved", "authorized": "approved",
         "akzeptiert": "genehmigt", "bewilligt": "genehmigt", "angenommen": "genehmigt"}  # fmt: skip


def condition_of(text: str, language: str) -> Condition:
    """Return what a condition says."""
    said = " ".join(text.split()).strip(" ,.;:")[:TEXT_LENGTH_MAX]
    compared = _compared(said, language)
    if compared is not None:
        return compared
    pair = _both(said, language)
    if pair is not None:
        return pair
    return _yes_or_no(said)


def _compared(said: str, language: str) -> Condition | None:
    patterns = (
        (*_ENGLISH, *_ENGLISH_COUNTS) if language == "en" else (*_GERMAN_TURNED, *_GERMAN, *_GERMAN_COUNTS)
    )
    for sign, pattern in patterns:
        match = pattern.match(said)
        if match is None or _SEVERAL.search(match["subject"]) or _NOT.search(match["subject"]):
            continue
        number, certain = number_of(match["number"], language)
        if number is None:
            continue
        unit = (match.groupdict().get("unit") or "").strip()
        timed = bool(unit and _TIME_UNITS.match(unit))
        if unit and not timed and unit.lower() not in _MONEY_UNITS and not unit.isalpha():
            continue
        subject = _ARTICLES.sub("", match["subject"].strip())
        variable = variable_of(f"{subject} {unit}" if timed else subject)
        if not variable:
            continue
        return Condition(
            text=said,
            feel=f"{variable} {sign} {number}",
            variable=variable,
            type="number",
            confidence=SURE if certain else LIKELY,
            rule="comparison",
            unit="" if timed else unit,
        )
    return None


def _both(said: str, language: str) -> Condition | None:
    """Read two comparisons of one thing with a number, joined by and, or."""
    parts = _PAIR.split(said)
    if len(parts) != 3:
        return None
    one, other = _compared(parts[0], language), _compared(parts[2], language)
    if one is None or other is None or one.variable != other.variable:
        return None
    word = "and" if parts[1].lower() in ("and", "und") else "or"
    return Condition(
        text=said, feel=f"{one.feel} {word} {other.feel}", variable=one.variable, type="number",
        confidence=LIKELY, rule="comparisons", unit=one.unit,
    )  # fmt: skip


def _yes_or_no(said: str) -> Condition:
    core = _ARTICLES.sub("", said)
    negative = bool(_NOT.search(core))
    words = _COPULA.sub(" ", _NOT.sub(" ", core)).split()
    kept: list[str] = []
    for word in words:
        bare = word.strip(",;:.()\"'").lower()
        if bare in _OPPOSITES and _OPPOSITES[bare] != bare:
            negative = not negative
            bare = _OPPOSITES[bare]
        kept.append(_SAME.get(bare, bare))
    variable = variable_of(
        " ".join(_ARTICLES.sub("", word) or word for word in kept if not _is_article(word))
    )
    if not variable:
        variable = "condition_holds"
    plain = len(said.split()) <= WORDS_MAX and not _SEVERAL.search(said) and not re.search(r"\d", said)
    return Condition(
        text=said, feel=f"not({variable})" if negative else variable, variable=variable, type="boolean",
        confidence=LIKELY if plain else OPEN, rule="yes or no" if plain else "open condition",
    )  # fmt: skip


def _is_article(word: str) -> bool:
    return bool(_ARTICLES.fullmatch(f"{word} "))


def number_of(written: str, language: str) -> tuple[Decimal | None, bool]:
    """Return a number in the way of a language, and whether it cannot be read in another way."""
    text = written.replace(" ", "").replace("'", "")
    thousands, mark = (",", ".") if language == "en" else (".", ",")
    certain = True
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+", text):
        certain = thousands in text and mark not in text
        text = text.replace(".", "").replace(",", "")
    else:
        text = text.replace(thousands, "").replace(mark, ".")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None, False
    return (number, certain) if len(text) <= 30 else (None, False)
