"""How values are written: numbers and amounts in either locale, dates, currencies, yes and no."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

DecimalMark = Literal[",", "."]
DayOrder = Literal["dmy", "mdy"]

_SYMBOLS = {
    "€": "EUR",
    "£": "GBP",
    "$": "USD",
    "¥": "JPY",
    "₹": "INR",
    "zł": "PLN",
    "Kč": "CZK",
    "Fr.": "CHF",
}
_CODES = (
    "EUR USD GBP CHF JPY CNY INR PLN CZK HUF SEK NOK DKK RON BGN TRY AUD CAD NZD SGD HKD ZAR BRL MXN AED ILS"
)
AMBIGUOUS_SYMBOLS = frozenset({"$", "¥"})
_CURRENCY = re.compile(
    r"(?<![A-Za-z])(?:" + _CODES.replace(" ", "|") + r"|Euro|euros?|US\$)(?![A-Za-z])|[€£$¥₹]|zł|Kč|Fr\."
)
_NUMBER = re.compile(
    r"""(?<![\w.,/'’-])(?!(?<=\d\s)(?<![.,]\d\d\s)\d{3}(?!\d))
    (?P<open>\()?(?P<sign>[-+−–]\s?)?
    (?P<before>(?:[€£$¥]|[A-Z]{3}\b|Fr\.)\s?)?(?P<sign2>[-−])?
    (?P<digits>\d{1,3}(?:[.,'’]\d{3}){1,12}(?:[.,]\d{1,6})?|\d{1,40}(?:[.,]\d{1,6})?)
    (?P<dashes>[.,][-–—]{1,2})?
    (?P<minus>-(?!\w))?(?P<close>\))?
    (?![\d]|[.,'’/:-]\d|\s?%)""",
    re.VERBOSE,
)
_SPACED = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")


class NumberFound(NamedTuple):
    """A number in a text: where, its value, and whether its separator could be read two ways."""

    start: int
    end: int
    value: Decimal
    decimals: int
    ambiguous: bool


class DateFound(NamedTuple):
    """A date in a text: where, its value, and the other reading if day and month could be swapped."""

    start: int
    end: int
    value: date
    other: date | None


class CurrencyFound(NamedTuple):
    """A currency in a text: where, its ISO code, and whether the sign stands for several currencies."""

    start: int
    end: int
    code: str
    ambiguous: bool


def decimal_mark_of(texts: Iterable[str]) -> DecimalMark | None:
    """Return the decimal sign that a document uses, told by the numbers that can be read in one way only."""
    votes = {",": 0, ".": 0}
    for text in texts:
        for match in _NUMBER.finditer(text):
            mark = _clear_mark(match["digits"])
            if mark is not None:
                votes[mark] += 1
    if votes[","] == votes["."]:
        return None
    return "," if votes[","] > votes["."] else "."


def _clear_mark(digits: str) -> DecimalMark | None:
    signs = [sign for sign in digits if sign in ".,"]
    if not signs:
        return None
    last = signs[-1]
    if len(set(signs)) == 2:
        return _mark(last)
    tail = len(digits) - digits.rindex(last) - 1
    if len(signs) > 1:
        return _mark("," if last == "." else ".") if tail == 3 else None
    return _mark(last) if tail == 2 else None


def _mark(sign: str) -> DecimalMark:
    return "," if sign == "," else "."


def numbers_in(text: str, mark: DecimalMark | None) -> Iterator[NumberFound]:
    """Yield the numbers of a text; percentages, dates and parts of words are not numbers."""
    for match in _NUMBER.finditer(text):
        value, decimals, ambiguous = _value(match["digits"], mark)
        negative = match["sign"] and match["sign"].strip() in "-−–"
        negative = negative or match["sign2"] or match["minus"] or (match["open"] and match["close"])
        yield NumberFound(match.start(), match.end(), -value if negative else value, decimals, ambiguous)


def whole_number(text: str, mark: DecimalMark | None) -> NumberFound | None:
    """Return the number that the whole text is, apart from a currency or unit beside it."""
    bare = _CURRENCY.sub(" ", text).strip()
    bare = _SPACED.sub("", bare)
    found = next(numbers_in(bare, mark), None)
    if found is None or bare[: found.start].strip() or re.search(r"\d", bare[found.end :]):
        return None
    return NumberFound(0, len(text), found.value, found.decimals, found.ambiguous)


def _value(digits: str, mark: DecimalMark | None) -> tuple[Decimal, int, bool]:
    plain = digits.replace("'", "").replace("’", "")
    signs = [sign for sign in plain if sign in ".,"]
    if not signs:
        return Decimal(plain), 0, False
    last = signs[-1]
    tail = len(plain) - plain.rindex(last) - 1
    other = "," if last == "." else "."
    if len(set(signs)) == 1 and (
        len(signs) > 1 or (tail == 3 and mark != last and not plain.startswith("0"))
    ):
        return Decimal(plain.replace(last, "")), 0, len(signs) == 1 and mark is None
    exact = plain.replace(other, "").replace(last, ".")
    return Decimal(exact), tail, False


def currencies_in(text: str) -> Iterator[CurrencyFound]:
    """Yield the currencies that a text names by code, word or sign."""
    for match in _CURRENCY.finditer(text):
        sign = match.group()
        if sign == "US$":
            code = "USD"
        else:
            code = "EUR" if sign.lower().startswith("euro") else _SYMBOLS.get(sign, sign)
        yield CurrencyFound(match.start(), match.end(), code, sign in AMBIGUOUS_SYMBOLS)


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jän jänner", "february feb februar", "march mar märz mrz maerz", "april apr",
            "may mai", "june jun juni", "july jul juli", "august aug", "september sep sept", "october oct oktober okt",
            "november nov", "december dec dezember dez",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATES = (
    re.compile(r"(?<![\w.-])(?P<y>(?:19|20)\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?![\w-]|[./]\d)"),
    re.compile(
        r"(?<![\w./-])(?P<a>\d{1,2})(?P<s>[./-])\s?(?P<b>\d{1,2})(?P=s)\s?(?P<y>\d{4}|\d\d)(?![\w/-]|\.\d)"
    ),
    re.compile(
        rf"(?<![\w.])(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?[\s-]*(?:of\s)?(?P<n>{_MONTH})\.?,?[\s-]+(?P<y>\d{{4}}|\d\d)(?!\w)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<!\w)(?P<n>{_MONTH})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})(?!\w)",
        re.IGNORECASE,
    ),
)


def day_order_of(texts: Iterable[str]) -> DayOrder | None:
    """Return whether a document writes day or month first with slashes, told by dates that are clear."""
    first = second = 0
    for text in texts:
        for match in _DATES[1].finditer(text):
            if match["s"] != ".":
                first += int(match["a"]) > 12
                second += int(match["b"]) > 12
    if first == second:
        return None
    return "dmy" if first > second else "mdy"


def dates_in(text: str, order: DayOrder | None) -> list[DateFound]:
    """Return the dates of a text in order of place; impossible ones (31.02.) are no dates."""
    found = [hit for pattern in _DATES for match in pattern.finditer(text) if (hit := _date(match, order))]
    found.sort(key=lambda hit: (hit.start, -hit.end))
    kept: list[DateFound] = []
    for hit in found:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept


def _date(match: re.Match[str], order: DayOrder | None) -> DateFound | None:
    parts = match.groupdict()
    year = int(parts["y"])
    year = year + 2000 if year < 100 else year
    if "a" not in parts:
        month = int(parts["m"]) if "m" in parts else _MONTHS[parts["n"].lower()]
        value, other = _real_date(year, month, int(parts["d"])), None
    else:
        first, second = int(parts["a"]), int(parts["b"])
        dmy, mdy = _real_date(year, second, first), _real_date(year, first, second)
        if parts["s"] == ".":
            mdy = None
        value, other = (mdy, dmy) if order == "mdy" else (dmy, mdy)
        value, other = (value, other) if value else (other, None)
        if order is not None or value == other:
            other = None
    return DateFound(match.start(), match.end(), value, other) if value else None


def _real_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_YES = frozenset({"yes", "y", "ja", "j", "true", "wahr", "x", "✓", "✔", "☑", "☒"})
_NO = frozenset({"no", "n", "nein", "false", "falsch", "☐"})


def boolean_of(text: str) -> bool | None:
    """Return yes or no in German or English (also ticked boxes), or None."""
    word = text.strip(" .:;()[]").lower()
    if word in _YES:
        return True
    return False if word in _NO else None
