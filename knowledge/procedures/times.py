"""Times in sentences, English and German: deadlines, waits and what is done after a while."""

import re
from dataclasses import dataclass, replace

_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "fourteen": 14, "twenty": 20, "thirty": 30,
    "ein": 1, "eine": 1, "einem": 1, "einer": 1, "einen": 1, "eines": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5,
    "sechs": 6, "sieben": 7, "acht": 8, "neun": 9, "zehn": 10, "zwölf": 12, "vierzehn": 14, "zwanzig": 20,
    "dreißig": 30,
}  # fmt: skip
_NUMBER = rf"(?P<number>\d{{1,4}}|{'|'.join(_NUMBERS)})"
_UNIT_EN = r"(?:(?P<kind>business|working|calendar|bank)\s+)?(?P<unit>minute|hour|day|week|month|year)s?"
_UNIT_DE = (
    r"(?P<kind>Arbeits|Werk|Kalender|Bank)?(?P<unit>minute|stunde|tag|woche|monat|jahr)(?:en|es|s|e|n)?"
)
_TAIL_EN = (
    r"(?:\s+(?:of|after|from|upon)\s+(?:the\s+)?(?:receipt|receiving|arrival|submission|notification)\b)?"
)
_TAIL_DE = r"(?:\s+(?:nach|ab|seit)\s+(?:dem\s+|der\s+)?(?:Eingang|Erhalt|Zugang|Antragstellung|Meldung)\b)?"
_CODES = {
    "minute": ("PT", "M"), "hour": ("PT", "H"), "day": ("P", "D"), "week": ("P", "W"), "month": ("P", "M"),
    "year": ("P", "Y"), "stunde": ("PT", "H"), "tag": ("P", "D"), "woche": ("P", "W"), "monat": ("P", "M"),
    "jahr": ("P", "Y"),
}  # fmt: skip


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_SPAN = {"en": rf"{_NUMBER}[\s-]+{_UNIT_EN}\b", "de": rf"{_NUMBER}\s+{_UNIT_DE}\b"}
_DURATION = {language: _pattern(rf"\b{span}") for language, span in _SPAN.items()}
_WITHIN = {
    "en": _pattern(
        rf",?\s*\b(?:within|in\s+(?:no\s+more|less)\s+than|(?:no|not)\s+later\s+than|at\s+the\s+latest\s+(?:after|within))\s+"
        rf"(?:the\s+(?:next|following)\s+|a\s+maximum\s+of\s+|max(?:imum|\.)?\s+)?{_SPAN['en']}{_TAIL_EN}"
    ),
    "de": _pattern(
        rf",?\s*\b(?:innerhalb(?:\s+von)?|binnen|spätestens(?:\s+(?:nach|innerhalb\s+von|in|binnen))?|in\s+maximal)\s+"
        rf"(?:der\s+nächsten\s+|maximal\s+|max\.\s+)?{_SPAN['de']}{_TAIL_DE}"
    ),
}
_WAIT = {
    "en": _pattern(rf"\bwaits?\s+(?:for\s+)?(?:another\s+)?{_SPAN['en']}"),
    "de": _pattern(
        rf"\b(?:wartet|warte|warten\s+Sie)\s+(?:weitere\s+|man\s+)?{_SPAN['de']}|"
        rf"\b{_SPAN['de'].replace('<number>', '<number2>').replace('<kind>', '<kind2>').replace('<unit>', '<unit2>')}"
        r"\s+(?:ab)?(?:zu)?warten\b"
    ),
}
_AFTER = {
    "en": _pattern(rf",?\s*\b(?:after\s+(?:another\s+)?{_SPAN['en']})(?:\s+have\s+passed)?,?"),
    "de": _pattern(rf",?\s*\b(?:nach\s+(?:weiteren\s+|Ablauf\s+von\s+)?{_SPAN['de']}),?"),
}


@dataclass(frozen=True, slots=True)
class Times:
    """What a sentence says of time, as ISO 8601 durations, and the sentence without it."""

    text: str
    within: str = ""
    after: str = ""
    wait: str = ""
    working: bool = False
    span: str = ""
    """The words of the time that was found last."""


def times_in(text: str, language: str) -> Times:
    """Find a deadline, a wait and a time after which something is done."""
    found = Times(text)
    for field, patterns in (("wait", _WAIT), ("within", _WITHIN), ("after", _AFTER)):
        match = patterns[language].search(found.text)
        if match is None:
            continue
        code, working = _code(match)
        if code:
            rest = f"{found.text[: match.start()]} {found.text[match.end() :]}"
            found = replace(
                found,
                **{field: code},
                text=" ".join(rest.split()).replace(" .", ".").replace(" ,", ","),
                working=found.working or working,
                span=_span(match, language),
            )
    return found


def _span(match: re.Match[str], language: str) -> str:
    found = _DURATION[language].search(match[0])
    return found[0] if found is not None else match[0].strip()


def duration_of(text: str, language: str) -> tuple[str, bool]:
    """Return the duration that a short text such as `5 working days` says, and whether it is working time."""
    match = _DURATION[language].search(text) or _DURATION["de" if language == "en" else "en"].search(text)
    return _code(match) if match is not None else ("", False)


def _code(match: re.Match[str]) -> tuple[str, bool]:
    groups = match.groupdict()
    number = (groups["number"] or groups.get("number2") or "").lower()
    unit = (groups["unit"] or groups.get("unit2") or "").lower()
    kind = (groups["kind"] or groups.get("kind2") or "").lower()
    count = _NUMBERS.get(number) or (int(number) if number.isdecimal() else 0)
    if not count or unit not in _CODES:
        return "", False
    before, after = _CODES[unit]
    return f"{before}{count}{after}", kind in ("business", "working", "arbeits", "werk", "bank")
