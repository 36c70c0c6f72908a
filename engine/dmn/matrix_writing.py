"""A decision table in the compact form written as a matrix of cells that reads back as the same table."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from flowmaster.engine.dmn.matrix import COLUMN_KEYS, TYPES, Header, header_of
from flowmaster.engine.dmn.matrix_cells import plain_of
from flowmaster.engine.errors import did_you_mean
from flowmaster.engine.values import Json

Role = Literal["input", "output", "annotation"]
_MARKS = {"input": "", "output": "=> ", "annotation": "# "}


def table_to_matrix(table: Mapping[str, Any]) -> list[list[Json]]:
    """Return a compact table, as `dmn_to_table` gives it, as rows of cells of equal length."""
    columns: list[tuple[Role, Mapping[str, Any]]] = [
        *(("input", column) for column in table["inputs"]),
        *(("output", column) for column in table["outputs"]),
        *(("annotation", {"name": label}) for label in table.get("annotations", ())),
    ]
    headers: list[Json] = [table["hit"]]
    more: dict[str, list[Json]] = {key: [key] for key in COLUMN_KEYS}
    for number, (role, column) in enumerate(columns, 1):
        text, told = _header(role, column, number)
        headers.append(text)
        for key in COLUMN_KEYS:
            more[key].append(told.get(key))
    head = [[f"@{key}", table[key]] for key in ("decision", "name", "description") if table.get(key)]
    rules = [_row(number, cells, columns) for number, cells in enumerate(table["rules"], 1)]
    rows = [
        *head,
        headers,
        *(row for row in more.values() if any(cell is not None for cell in row[1:])),
        *rules,
    ]
    width = len(headers)
    return [[*row, *[None] * (width - len(row))] for row in rows]


def _header(role: Role, column: Mapping[str, Any], number: int) -> tuple[str, dict[str, Json]]:
    """Return the header of a column, and what stands about it in rows of its own."""
    name, kind = column["name"], column.get("type", "")
    text = f"{_MARKS[role]}{name}" if role == "annotation" else f"{_MARKS[role]}{name}: {kind}".rstrip()
    told: dict[str, Json] = {}
    wanted = Header(role, name, None if role == "annotation" else kind, "")
    if header_of(text) != wanted or text != text.strip() or (kind not in TYPES and did_you_mean(kind, TYPES)):
        text = f"{_MARKS[role]}{role} {number}" + ("" if role == "annotation" else ":")
        told = {"@names": name, "@types": kind or None}
    told["@expressions"] = column.get("expression")
    for key, entry, answers in (("@values", "values", False), ("@defaults", "default", True)):
        if column.get(entry):
            told[key] = plain_of(column[entry], kind, answers=answers)
    return text, told


def _row(number: int, cells: Sequence[str], columns: Sequence[tuple[Role, Mapping[str, Any]]]) -> list[Json]:
    row: list[Json] = [number]
    for cell, (role, column) in zip(cells, columns, strict=True):
        if role == "annotation":
            row.append(cell or None)
        elif cell == ("null" if role == "output" else "-"):
            row.append("-")
        else:
            row.append(plain_of(cell, column.get("type", ""), answers=role == "output"))
    return row
