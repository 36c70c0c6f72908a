"""A matrix of cells as CSV text and back: the separating sign is found, and told where it could be mistaken."""

import csv
import io
import re
from collections.abc import Sequence

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json

SIGNS = (",", ";", "\t", "|")
_SEPARATOR = re.compile(r'sep=([^"\s]|\t)\r?\n', re.IGNORECASE)


def read_csv(text: str) -> list[list[Json]]:
    """Return the rows of a CSV text; empty cells are null."""
    text = text.removeprefix("\ufeff")
    told = _SEPARATOR.match(text)
    if told is not None:
        return _rows(text[told.end() :], told[1])
    found = [(_evenness(rows), rows) for rows in (_rows(text, sign) for sign in SIGNS)]
    return max(found, key=lambda each: each[0])[1]


def write_csv(grid: Sequence[Sequence[Json]]) -> str:
    """Return rows as CSV text that reads back as the same rows."""
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows([[_text(cell) for cell in row] for row in grid])
    text = written.getvalue()
    expected: list[list[Json]] = [[_text(cell).strip() or None for cell in row] for row in grid]
    return text if read_csv(text) == expected else f"sep=,\n{text}"


def _rows(text: str, sign: str) -> list[list[Json]]:
    try:
        read = list(csv.reader(io.StringIO(text, newline=""), delimiter=sign))
    except csv.Error as error:
        raise FlowMasterError(
            "table.csv_broken",
            f"The CSV text cannot be read: {error}.",
            fix="Save it again as CSV.",
            status=422,
        ) from None
    return [[cell.strip() or None for cell in row] for row in read]


def _evenness(rows: Sequence[Sequence[Json]]) -> tuple[int, int]:
    """Return how many rows are as wide as the first one that is no title and tells nothing by `@`, and how wide."""
    for row in rows:
        filled = [cell for cell in row if cell is not None]
        if len(filled) > 1 and not str(filled[0]).startswith("@"):
            return sum(len(each) == len(row) for each in rows), len(row)
    return 0, 1


def _text(cell: Json) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else str(cell)
