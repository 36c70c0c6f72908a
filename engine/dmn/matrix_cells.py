"""The cells of a matrix as people write them, read as FEEL: texts without quotes, dates without `@`, thousands.

A cell that begins with `=` is FEEL as it stands. What could be meant in two ways is refused with the ways.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from flowmaster.engine.feel.builtins.library import BUILTINS
from flowmaster.engine.feel.convert import literal
from flowmaster.engine.values import Json

_QUOTED = re.compile(r'(@?"(?:[^"\\]|\\.)*")')
_NUMBER = re.compile(r"(?<!\w)\d+(?:(?:[.,'’]|[ \u00a0\u202f](?=\d{3}(?!\d)))\d+)*")
_RANGE = re.compile(r"\d\s*[-–—]\s*\d")
_CALL = re.compile(rf"(?:{'|'.join(sorted(map(re.escape, BUILTINS), key=len, reverse=True))})\s*\(")
_NOT = re.compile(r"not\s*\((.*)\)", re.DOTALL)
_SIGNS = str.maketrans({"≤": "<=", "≥": ">=", "≠": "!="})
_DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?"
_SPAN = r"-?P(?=[\dT])[\dYMDTHS.]+"
_MOMENTS = {
    "date": re.compile(rf"(?<!\w){_DATE}(?![\w:])"),
    "time": re.compile(rf"(?<!\w){_TIME}(?!\w)"),
    "date and time": re.compile(rf"(?<!\w){_DATE}T{_TIME}(?!\w)"),
    "days and time duration": re.compile(rf"(?<!\w){_SPAN}(?![\w])"),
    "years and months duration": re.compile(rf"(?<!\w){_SPAN}(?![\w])"),
}
_OTHER_DATE = re.compile(r"\d{1,4}[./]\d{1,2}[./]\d{2,4}|\d{1,2}-\d{1,2}-\d{2,4}(?!\d)")
_TRUTH = {"true": "true", "yes": "true", "false": "false", "no": "false"}


class Unclear(Exception):
    """A cell that could be meant in two ways, or in none; with the next move."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


def feel_of(cell: Json, kind: str, *, answers: bool) -> str:
    """Return a cell of a column of a kind (empty: FEEL as it stands) as FEEL: unary tests, or an answer."""
    if cell is None or (isinstance(cell, str) and cell.strip() in ("", "-")):
        return "null" if answers else "-"
    if not isinstance(cell, str):
        return literal(str(cell)) if kind == "string" and not isinstance(cell, bool) else literal(cell)
    text = cell.strip()
    if text.startswith("="):
        return text[1:].strip()
    if kind == "string":
        return _text(text, answers=answers)
    if kind == "boolean":
        return _TRUTH.get(text.casefold(), text)
    if kind == "number":
        return _outside_quotes(text.translate(_SIGNS), lambda part: _numbers(part, answers=answers))
    if kind in _MOMENTS:
        return _outside_quotes(text.translate(_SIGNS), lambda part: _moments(part, kind))
    return text


def plain_of(feel: str, kind: str, *, answers: bool) -> Json:
    """Return FEEL as people write it in a column of a kind: the shortest form that is read as the same FEEL."""
    for form in _forms(feel, kind):
        try:
            if form != "" and feel_of(form, kind, answers=answers) == feel:
                return form
        except Unclear:
            continue
    return f"={feel}"


def _forms(feel: str, kind: str) -> Iterable[Json]:
    if kind == "boolean" and feel in ("true", "false"):
        yield feel == "true"
    if kind in ("number", "") and re.fullmatch(r"-?\d{1,15}", feel):
        yield int(feel)
    if kind == "string":
        yield re.sub(r'"((?:[^"\\])*)"', r"\1", feel)
    if kind in _MOMENTS:
        yield re.sub(r'@"([^"\\]*)"', r"\1", feel)
    yield feel


def kind_of_cells(cells: Iterable[Json], names: Sequence[str]) -> str:
    """Return the type that all cells of a column without one have in common; empty when they show none."""
    shown = [cell for cell in cells if cell is not None and str(cell).strip() not in ("", "-")]
    present = [cell for cell in shown if not str(cell).strip().startswith("=")]
    texts = [cell.strip() for cell in present if isinstance(cell, str)]
    if not present:
        return ""
    if all(isinstance(cell, bool) for cell in present) or (
        len(texts) == len(present) and all(text.casefold() in ("true", "false") for text in texts)
    ):
        return "boolean"
    if any(isinstance(cell, bool) for cell in present):
        return ""
    known = sorted((name for name in names if name), key=len, reverse=True)
    if all(isinstance(cell, int | Decimal) or _is_number(str(cell), known) for cell in present) and re.search(
        r"\d", " ".join(map(str, present))
    ):
        return "number"
    for kind in ("date and time", "date"):
        if len(texts) == len(present) and all(_is_moment(text, kind) for text in texts):
            return kind
    return (
        ""
        if any(_CALL.match(_QUOTED.sub("", text)) and not _NOT.fullmatch(text) for text in texts)
        else "string"
    )


def _is_number(text: str, names: Sequence[str]) -> bool:
    for name in names:
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "0", text)
    if any(re.match(r"0\d", token) for token in _NUMBER.findall(text)):
        return False
    inner = _NOT.fullmatch(text.strip())
    left = _NUMBER.sub("0", inner[1] if inner else text)
    return re.fullmatch(r"[0\s<>=!≤≥≠\[\]().,+*/–—-]+", left) is not None and "0" in left


def _is_moment(text: str, kind: str) -> bool:
    bare = re.sub(r'@?"([^"]*)"', r"\1", text)
    left = _MOMENTS[kind].sub("0", bare)
    return re.fullmatch(r"(?:not\()?[0\s<>=!≤≥\[\](.,]+\)?", left) is not None and "0" in left


def _outside_quotes(text: str, read: Callable[[str], str]) -> str:
    parts = _QUOTED.split(text)
    return "".join(part if place % 2 else read(part) for place, part in enumerate(parts))


def _text(text: str, *, answers: bool) -> str:
    inner = _NOT.fullmatch(text)
    if inner is not None and '"' not in text and not answers:
        return f"not({_text(inner[1], answers=False)})"
    if '"' in text or text == "null" or _CALL.search(text):
        return text
    if answers:
        return literal(text)
    return ", ".join(literal(part.strip()) for part in text.split(",") if part.strip()) or "-"


def _moments(text: str, kind: str) -> str:
    other = _OTHER_DATE.search(text)
    if other is not None and not _MOMENTS[kind].search(text):
        raise Unclear(
            f"{other[0]!r} may be read in several ways", "Write the year, month and day: 2026-12-31."
        )
    return _MOMENTS[kind].sub(lambda found: f'@"{_whole(found[0])}"', text)


def _whole(moment: str) -> str:
    """Return a time with its seconds."""
    return re.sub(r"(^|T)(\d\d:\d\d)(?!:|\d)", r"\1\2:00", moment)


def _numbers(text: str, *, answers: bool) -> str:
    if not answers and _RANGE.search(text):
        raise Unclear(f"{text.strip()!r} may be a range or a difference", "Write a range as [1000..5000].")
    return _NUMBER.sub(lambda found: _number(found[0]), text)


def _number(token: str) -> str:
    """Return a number in the form of FEEL: no signs between thousands, a point before the fraction."""
    signs = re.sub(r"\d", "", token)
    groups = re.split(r"\D", token)
    bare = "".join(groups)
    if not signs:
        return token
    if signs == ".":
        if len(groups[1]) == 3 and len(groups[0]) <= 3 and not groups[0].startswith("0"):
            raise _unclear(token, bare, f"{groups[0]}.{groups[1].rstrip('0') or '0'}")
        return token
    grouped = len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    if len(set(signs)) == 1 and signs[0] != ",":
        if grouped:
            return bare
        raise _unclear(token, bare, token)
    if set(signs) == {","}:
        if grouped or len(signs) == 1:
            raise _unclear(token, bare if grouped else f"{groups[0]}.{groups[1]}", ", ".join(groups))
        return token
    *thousands, fraction = groups
    last = signs[-1]
    regular = all(len(group) == 3 for group in thousands[1:]) and len(set(signs[:-1])) == 1 and last in ".,"
    if not regular or last in signs[:-1] or (signs[0] == "," and not thousands[1].startswith("0")):
        raise _unclear(token, f"{''.join(thousands)}.{fraction}", ", ".join(groups))
    return f"{''.join(thousands)}.{fraction}"


def _unclear(token: str, one: str, other: str) -> Unclear:
    return Unclear(
        f"{token!r} may be read in several ways", f"Write {one} or {other}, with no sign between thousands."
    )
