"""What a run of words says when it is read as a given type: every reading knows the characters it came from."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flowmaster.engine.values import Json
from flowmaster.knowledge.documents.checkdigits import Found, ibans_in, vat_ids_in
from flowmaster.knowledge.documents.formats import (
    DateFound,
    DayOrder,
    DecimalMark,
    boolean_of,
    currencies_in,
    dates_in,
    numbers_in,
    whole_number,
)
from flowmaster.knowledge.documents.layout import Run
from flowmaster.knowledge.documents.schema import FieldSpec, mask_expression


@dataclass(frozen=True, slots=True)
class Customs:
    """How this document writes: its decimal sign and the order of day and month, where it shows them."""

    mark: DecimalMark | None
    order: DayOrder | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A value read from part of a text, and how good its form is."""

    value: Json
    start: int
    end: int
    form: str = "plain"
    """`plain`, `formatted` (a form that chance seldom makes), `valid`, `invalid` (check digits), `ambiguous`."""
    other: Json = None
    """The other reading of the same characters, where there is one."""


_IDENTIFIER = re.compile(r"^[A-Za-z0-9ÄÖÜäöü][\w./\-–+]*$")
_BASE = re.compile(r"(?:(?<!\w)(?:auf|aus|on)|%\s*(?:von|of))\s*(?:€|£|\$|[A-Z]{3})?\s*$")
"""What stands before the amount that a rate is applied to: `19 % auf 1.000,00` is not the tax."""
_BASE_LENGTH_MAX = 16
_SHORT_PREFIX = re.compile(r"^[A-ZÄÖÜ]{1,5}[.-]?$")
_SKIPPED = frozenset({"nr", "nr.", "no", "no.", "nummer", "number", ":", "-", "–", "vom", "lautet", "is"})
_STOP_AFTER_NAME = re.compile(r"\s[·•|]\s|\s{2,}| [–—] | - ")


def read(run: Run, spec: FieldSpec, customs: Customs) -> Reading | None:
    """Read the value of a field from the words that stand where its value should."""
    if spec.pattern:
        match = re.search(rf"(?<!\w){mask_expression(spec.pattern)}(?!\w)", run.text)
        if match is None or not match.group().strip():
            return None
        inner = _typed(match.group(), spec, customs)
        value = inner.value if inner is not None and spec.type != "string" else match.group()
        return Reading(value, match.start(), match.end(), "formatted")
    if spec.type == "string":
        return _string(run, spec, customs)
    return _typed(run.text, spec, customs)


def _typed(text: str, spec: FieldSpec, customs: Customs) -> Reading | None:
    match spec.type:
        case "amount":
            return _amount(text, customs)
        case "number" | "integer":
            return _number(text, customs, integer=spec.type == "integer")
        case "date":
            found = dates_in(text, customs.order)
            return _date(found[0]) if found else None
        case "iban":
            return _checked(ibans_in(text))
        case "vat_id":
            return _checked(vat_ids_in(text))
        case "currency":
            first = next(currencies_in(text), None)
            if first is None:
                return None
            return Reading(
                first.code, first.start, first.end, "ambiguous" if first.ambiguous else "formatted"
            )
        case "boolean":
            return _boolean(text)
        case _:
            return None


def _date(found: DateFound) -> Reading:
    other = found.other.isoformat() if found.other else None
    form = "ambiguous" if other else "formatted"
    return Reading(found.value.isoformat(), found.start, found.end, form, other)


def _checked(found: Iterator[Found]) -> Reading | None:
    hits = list(found)
    if not hits:
        return None
    best = next((hit for hit in hits if hit.verdict == "valid"), hits[0])
    form = {"valid": "valid", "invalid": "invalid", "unchecked": "formatted"}[best.verdict]
    return Reading(best.value, best.start, best.end, form)


def _amount(text: str, customs: Customs) -> Reading | None:
    whole = whole_number(text, customs.mark)
    if whole is not None:
        form = "ambiguous" if whole.ambiguous else "formatted" if whole.decimals == 2 else "plain"
        return Reading(whole.value, 0, len(text), form)
    currencies = [found.start for found in currencies_in(text)]
    money = [
        number
        for number in numbers_in(text, customs.mark)
        if (number.decimals == 2 or _has_currency(currencies, number.start, number.end))
        and not _BASE.search(text, max(number.start - _BASE_LENGTH_MAX, 0), number.start)
    ]
    if not money:
        return None
    last = money[-1]
    return Reading(last.value, last.start, last.end, "ambiguous" if last.ambiguous else "formatted")


def _has_currency(currencies: Sequence[int], start: int, end: int) -> bool:
    place = bisect_left(currencies, start - 5)
    return place < len(currencies) and currencies[place] <= end + 1


def _number(text: str, customs: Customs, *, integer: bool) -> Reading | None:
    found = next(numbers_in(text, customs.mark), None)
    if found is None:
        return None
    value = found.value
    if value == value.to_integral_value() and (integer or found.decimals == 0):
        return Reading(int(value), found.start, found.end, "ambiguous" if found.ambiguous else "plain")
    return (
        None
        if integer
        else Reading(value, found.start, found.end, "ambiguous" if found.ambiguous else "plain")
    )


def _boolean(text: str) -> Reading | None:
    for match in re.finditer(r"\S+", text):
        value = boolean_of(match.group())
        if value is not None:
            return Reading(value, match.start(), match.end())
    return None


def _string(run: Run, spec: FieldSpec, customs: Customs) -> Reading | None:
    if spec.shape == "identifier":
        return _identifier(run, customs)
    text = run.text
    if spec.shape == "name":
        cut = _STOP_AFTER_NAME.search(text)
        end = cut.start() if cut else len(text)
        name = text[:end].rstrip(" ,;:")
        return Reading(name, 0, len(name)) if sum(letter.isalpha() for letter in name) > 1 else None
    shown = text.strip()
    return Reading(shown, 0, len(text)) if shown else None


def _identifier(run: Run, customs: Customs) -> Reading | None:
    first = 0
    while first < len(run.words) and run.words[first].text.lower().rstrip(":") in _SKIPPED:
        first += 1
    last = first
    while last < len(run.words) and last - first < 4 and _continues(run, first, last, customs):
        last += 1
    while last > first and not any(letter.isdigit() for letter in run.words[last - 1].text):
        last -= 1
    if last == first:
        return None
    start = run.starts[first]
    end = run.starts[last - 1] + len(run.words[last - 1].text)
    text = run.text[start:end].strip(" ,;:.").rstrip("/-")
    if dates_in(text, customs.order) and re.fullmatch(r"[\d./-]+", text):
        return None
    return Reading(text, start, end, "plain")


def _continues(run: Run, first: int, index: int, customs: Customs) -> bool:
    text = run.words[index].text.rstrip(",;:")
    if not text or not _IDENTIFIER.match(text) or (dates_in(text, customs.order) and "." in text):
        return False
    if index == first:
        return any(letter.isdigit() for letter in text) or bool(_SHORT_PREFIX.match(text))
    before = run.words[index - 1]
    if before.text.endswith((",", ";")):
        return False
    close = run.words[index].box.x0 - before.box.x1 < 0.6 * max(before.size, 1) or before.size == 1.0
    return close and (bool(_SHORT_PREFIX.match(before.text)) or (text.isdigit() and before.text.isdigit()))
