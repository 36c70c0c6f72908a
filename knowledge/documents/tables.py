"""Spreadsheets as data: columns with types, rows as JSON values with exact numbers and ISO dates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from flowmaster.engine.values import Json
from flowmaster.knowledge.documents.formats import (
    DayOrder,
    DecimalMark,
    boolean_of,
    dates_in,
    day_order_of,
    decimal_mark_of,
    whole_number,
)
from flowmaster.knowledge.documents.limits import too_large, unsupported
from flowmaster.knowledge.documents.model import ReadDocument, Sheet
from flowmaster.knowledge.documents.read import read_document
from flowmaster.knowledge.documents.sheets import no_such_sheet
from flowmaster.knowledge.documents.work import Work

ColumnType = Literal["string", "integer", "number", "date", "datetime", "boolean", "empty"]
_HEADER_WITHIN = 20
_CODE = re.compile(r"[+-]?0\d+|\+\d+|\d{16,}")
"""Digits that are no number: 00123, +4912345, and numbers too long to be counted with."""
_FIGURES = re.compile(r"[-+−(]?[\d.,'’ \u00a0]+[)-]?")


@dataclass(frozen=True, slots=True)
class ColumnOfTable:
    """A column: its name, the type of all its values, and whether some are empty."""

    name: str
    type: ColumnType
    empty: bool

    def as_json(self) -> dict[str, Json]:
        """Return the column as a JSON value."""
        return {"name": self.name, "type": self.type, "empty": self.empty}


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, and its rows in their order; `header_row` is 0 where the names are made up."""

    name: str
    columns: tuple[ColumnOfTable, ...]
    rows: tuple[tuple[Json, ...], ...]
    header_row: int

    def records(self) -> list[dict[str, Json]]:
        """Return each row as an object of column name and value, as processes use them."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]


def read_table(data: bytes, filename: str, *, sheet: str = "", work: Work | None = None) -> Table:
    """Read CSV (delimiter, encoding and decimal sign are detected) or a sheet of XLSX as typed columns and rows."""
    work = work or Work()
    return table_of(read_document(data, filename, work), sheet=sheet, work=work)


def table_of(document: ReadDocument, *, sheet: str = "", work: Work) -> Table:
    """Return the sheet of a document as typed columns and rows.

    Empty cells are null; numbers are exact; dates become ISO strings; digits with leading zeros stay text.
    Without `sheet` the first sheet that has content is read.
    """
    name = document.filename
    if document.type == "xlsx":
        sheets = document.sheets
        chosen = next((found for found in sheets if (found.name == sheet if sheet else found.rows)), None)
        if chosen is None:
            raise no_such_sheet(name, sheet, [found.name for found in sheets])
        return _table(chosen, ".", None, name, work)
    if document.type != "csv":
        raise unsupported(name, f"{document.type}, not a table (CSV or XLSX)")
    (only,) = document.sheets
    texts = [cell for row in only.rows for cell in row if isinstance(cell, str)]
    mark = decimal_mark_of(work.each(texts)) or ("," if document.delimiter == ";" else ".")
    order = day_order_of(work.each(texts))
    rows = [[cell or None for cell in row] for row in only.rows]
    return _table(Sheet("", rows), mark, order, name, work)


def _table(sheet: Sheet, mark: DecimalMark, order: DayOrder | None, filename: str, work: Work) -> Table:
    rows = sheet.rows
    width = max((len(row) for row in rows), default=0)
    if width * len(rows) > work.limits.cells_max:
        raise too_large(
            filename,
            limit="cells_max",
            allowed=work.limits.cells_max,
            found=f"{len(rows):,} rows of {width:,} columns are more",
        )
    padded = [[*row, *[None] * (width - len(row))] for row in rows]
    header = _header_row(padded)
    names = _names(padded[header - 1] if header else [None] * width)
    body = [row for row in padded[header:] if any(value is not None for value in row)]
    typed = [_typed([row[place] for row in body], mark, order, work) for place in range(width)]
    columns = tuple(
        ColumnOfTable(names[place], kind, any(value is None for value in values))
        for place, (kind, values) in enumerate(typed)
    )
    found = tuple(tuple(values[row] for _, values in typed) for row in range(len(body)))
    return Table(sheet.name, columns, found, header)


def _header_row(rows: Sequence[Sequence[Json]]) -> int:
    """Return the number (from 1) of the first row that is full of different texts, or 0."""
    width = max((_filled(row) for row in rows[:_HEADER_WITHIN]), default=0)
    for number, row in enumerate(rows[:_HEADER_WITHIN], start=1):
        texts = [value for value in row if value is not None]
        if len(texts) < max(width * 0.6, 1):
            continue
        named = all(isinstance(value, str) and any(letter.isalpha() for letter in value) for value in texts)
        if not named or len(set(map(str, texts))) < len(texts):
            return 0
        return number if any(_is_data(row, later) for later in rows[number:]) or number < len(rows) else 0
    return 0


def _is_data(header: Sequence[Json], row: Sequence[Json]) -> bool:
    return any(not isinstance(value, str) for value in row if value is not None)


def _filled(row: Sequence[Json]) -> int:
    return sum(1 for value in row if value is not None)


def _names(header: Sequence[Json]) -> list[str]:
    names: dict[str, None] = {}
    numbers: dict[str, int] = {}
    for place, value in enumerate(header, start=1):
        wanted = " ".join(str(value).split()) if value is not None else f"column_{place}"
        name = wanted
        while name in names:
            numbers[wanted] = numbers.get(wanted, 1) + 1
            name = f"{wanted}_{numbers[wanted]}"
        names[name] = None
    return list(names)


def _typed(
    values: Sequence[Json], mark: DecimalMark, order: DayOrder | None, work: Work
) -> tuple[ColumnType, list[Json]]:
    present = [value for value in values if value is not None]
    if not present:
        return "empty", list(values)
    for kind in ("boolean", "integer", "number", "date", "datetime"):
        read = _all_as(kind, present, mark, order, work)
        if read is not None:
            taken = iter(read)
            return kind, [None if value is None else next(taken) for value in values]
    return "string", [value if value is None or isinstance(value, str) else _text(value) for value in values]


def _all_as(
    kind: str, values: Sequence[Json], mark: DecimalMark, order: DayOrder | None, work: Work
) -> list[Json] | None:
    """Return all values as of this kind, or None as soon as one is not."""
    read: list[Json] = []
    for value in work.each(values):
        found = _as(kind, value, mark, order)
        if found is None:
            return None
        read.append(found)
    return read


def _as(kind: str, value: Json, mark: DecimalMark, order: DayOrder | None) -> Json:
    match kind:
        case "boolean":
            return _boolean(value)
        case "integer" | "number":
            number = _number(value, mark)
            if number is None or kind == "number":
                return number
            return number if isinstance(number, int) else None
        case "date":
            return _date(value, order)
        case _:
            return _datetime(value)


def _boolean(value: Json) -> bool | None:
    if isinstance(value, bool):
        return value
    return boolean_of(value) if isinstance(value, str) and len(value) > 1 else None


def _number(value: Json, mark: DecimalMark) -> int | Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else value
    if not isinstance(value, str) or _CODE.fullmatch(value) or not _FIGURES.fullmatch(value):
        return None
    found = whole_number(value, mark)
    if found is None:
        return None
    return (
        int(found.value)
        if found.decimals == 0 and found.value == found.value.to_integral_value()
        else found.value
    )


def _date(value: Json, order: DayOrder | None) -> str | None:
    if not isinstance(value, str):
        return None
    found = dates_in(value, order)
    if len(found) != 1 or (found[0].start, found[0].end) != (0, len(value)):
        return None
    return found[0].value.isoformat()


def _datetime(value: Json) -> str | None:
    if not isinstance(value, str) or len(value) < 10:
        return None
    try:
        return (
            datetime.fromisoformat(value).isoformat()
            if "T" in value or " " in value
            else date.fromisoformat(value).isoformat()
        )
    except ValueError:
        return None


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
