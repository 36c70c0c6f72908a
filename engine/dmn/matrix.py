"""Decision tables as matrices of cells, the way people keep them in CSV files and workbooks: read into the compact form.

A row of headers tells the columns: `name` or `name: type` an input, `=> name: type` an output (without any, the last
column is the output), `# label` an annotation, `name >=` and `name <` the ends of an interval. A first column headed
`rule`, `#` or a hit policy numbers the rows. Above the headers may stand rows `@decision`, `@name`, `@description` and
`@hit`, below them rows `@names`, `@types`, `@expressions`, `@values` and `@defaults` that tell more about the columns.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from flowmaster.engine.dmn.compact import HITS, name_set
from flowmaster.engine.dmn.matrix_cells import Unclear, feel_of, kind_of_cells
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.feel.expression import compile_expression, compile_unary_tests
from flowmaster.engine.feel.lexer import FeelSyntaxError
from flowmaster.engine.values import Json

Grid = Sequence[Sequence[Json]]
HEAD_KEYS = ("@decision", "@name", "@description", "@hit")
COLUMN_KEYS = ("@names", "@types", "@expressions", "@values", "@defaults")
NUMBERING = ("rule", "rules", "#", "no", "no.", "nr", "nr.")
TYPES = (
    "string",
    "number",
    "boolean",
    "date",
    "time",
    "date and time",
    "days and time duration",
    "years and months duration",
    "Any",
)
_SAME = {
    "text": "string",
    "integer": "number",
    "decimal": "number",
    "bool": "boolean",
    "datetime": "date and time",
    "dateTime": "date and time",
}
_HEADER = re.compile(
    r"(?P<out>(?:=>|->|→)\s*)?(?P<name>.*?)\s*(?P<end>>=|<=|≥|≤|>|<)?\s*(?::(?P<type>[^:]*))?", re.DOTALL
)
_ENDS: dict[str, str] = {"≥": ">=", "≤": "<="}


class Header(NamedTuple):
    """What one header says; `type` is None where it says nothing of it, `end` the side of an interval."""

    role: Literal["input", "output", "annotation"]
    name: str
    type: str | None
    end: str


@dataclass(slots=True)
class Column:
    """A column of the matrix under reading; `places` are two for an interval."""

    header: Header
    places: list[tuple[int, str]]
    name: str
    type: str = ""
    expression: str = ""
    values: str = ""
    default: str = ""

    def entry(self) -> dict[str, Json]:
        """Return the column of the compact form."""
        told = {
            "name": self.name,
            "expression": self.expression if self.expression != self.name else "",
            "type": self.type,
            "values": self.values,
            "default": self.default,
        }
        return {key: value for key, value in told.items() if value}


def header_of(text: str) -> Header:
    """Read a header."""
    if text.startswith("#"):
        return Header("annotation", text[1:].strip(), None, "")
    found = _HEADER.fullmatch(text)
    assert found is not None
    kind = found["type"]
    if kind is not None:
        kind = _SAME.get(kind.strip(), kind.strip())
    end = found["end"] or ""
    return Header("output" if found["out"] else "input", found["name"].strip(), kind, _ENDS.get(end, end))


def matrix_to_table(grid: Grid, *, decision: str = "", name: str = "", hit: str = "") -> dict[str, Json]:
    """Return a matrix in the compact form, or refuse it with the row, the column and the fix."""
    return _Reader(grid, {"@decision": decision, "@name": name, "@hit": hit}).table()


class _Reader:
    def __init__(self, grid: Grid, given: Mapping[str, str]) -> None:
        self.grid = [[_stripped(cell) for cell in row] for row in grid]
        self.head = dict.fromkeys(HEAD_KEYS, "")
        self.titles: list[str] = []
        self.at = self._head()
        self.head |= {key: value for key, value in given.items() if value}
        self.headers = ["" if cell is None else str(cell) for cell in self.grid[self.at]]
        while self.headers and not self.headers[-1]:
            self.headers.pop()
        self.body = [
            (number, row)
            for number, row in enumerate(self.grid[self.at + 1 :], self.at + 2)
            if any(cell is not None for cell in row)
        ]
        self.numbered = self._is_numbered()
        self.more = {key: self._more(key) for key in COLUMN_KEYS}
        self.body = [(number, row) for number, row in self.body if not self._key(row)]
        self.columns = self._columns()
        cells = [column for column in self.columns if column.header.role != "annotation"]
        self.known = name_set(column.name for column in cells if column.header.role == "input")
        for column in cells:
            self._complete(column, [each.name for each in cells])

    def _head(self) -> int:
        """Read the rows above the headers and return where those stand."""
        for place, row in enumerate(self.grid):
            filled = [cell for cell in row if cell is not None]
            first = str(filled[0]) if filled else ""
            if first.startswith("@"):
                if first not in HEAD_KEYS:
                    fix = "Name one of them, or leave the row out."
                    raise self._refuse(
                        place + 1, "", f"There is no entry {first!r}.{did_you_mean(first, HEAD_KEYS)}", fix
                    )
                self.head[first] = " ".join(map(str, filled[1:]))
            elif len(filled) == 1 and self._goes_on(place):
                self.titles.append(first)
            elif filled:
                return place
        raise self._refuse(1, "", "The matrix has no row of headers.", "Begin with the names of the columns.")

    def _goes_on(self, place: int) -> bool:
        """Whether a later row is wider, so that a lonely cell is a title."""
        return any(sum(cell is not None for cell in row) > 1 for row in self.grid[place + 1 : place + 20])

    def _is_numbered(self) -> bool:
        """Whether the first column numbers the rows; what else it holds becomes an annotation."""
        first = self.headers[0]
        cells = [row[0] for _, row in self.body if row and row[0] is not None and not self._key(row)]
        counted = all(str(cell).isdigit() for cell in cells)
        if first.casefold() in NUMBERING:
            if not counted:
                self.headers[0] = "# rule"
            return counted
        if (first in HITS or not first) and counted:
            self.head["@hit"] = self.head["@hit"] or first
            return True
        return False

    def _key(self, row: Sequence[Json]) -> str:
        return row[0] if row and isinstance(row[0], str) and row[0] in COLUMN_KEYS else ""

    def _more(self, key: str) -> list[Json]:
        return next((list(row) for _, row in self.body if self._key(row) == key), [])

    def _told(self, key: str, place: int) -> Json:
        row = self.more[key]
        return row[place] if place < len(row) else None

    def _columns(self) -> list[Column]:
        columns: list[Column] = []
        for place, text in enumerate(self.headers):
            if place == 0 and self.numbered:
                continue
            header = header_of(text)
            if not header.name and header.role != "annotation":
                raise self._refuse(self.at + 1, place, "The column has no header.", "Name the column.")
            other = next((column for column in columns if _pairs(column, header)), None)
            if other is not None:
                other.places.append((place, header.end))
                continue
            name = self._told("@names", place)
            columns.append(Column(header, [(place, header.end)], header.name if name is None else str(name)))
        answers = [column for column in columns if column.header.role != "annotation"]
        if answers and not any(column.header.role == "output" for column in columns):
            answers[-1].header = answers[-1].header._replace(role="output")
        return columns

    def _complete(self, column: Column, names: Sequence[str]) -> None:
        place = column.places[0][0]
        told = self._told("@types", place)
        if told is not None:
            column.type = str(told)
        elif column.header.type is not None:
            column.type = column.header.type
            near = did_you_mean(column.type, TYPES) if column.type not in TYPES else ""
            if near:
                message = f"There is no type {column.type!r}.{near}"
                raise self._refuse(self.at + 1, place, message, f"Use one of: {', '.join(TYPES)}.")
        else:
            cells = (self._cell(row, at) for _, row in self.body for at, _ in column.places)
            column.type = kind_of_cells(cells, names)
        answers = column.header.role == "output"
        expression = self._told("@expressions", place)
        column.expression = "" if expression is None else str(expression)
        for key, of_answers in (("@values", False), ("@defaults", True)):
            told = self._told(key, place)
            if told is not None and (answers or not of_answers):
                feel = self._feel(self.at + 1, place, told, column.type, answers=of_answers)
                if of_answers:
                    column.default = feel
                else:
                    column.values = feel

    def table(self) -> dict[str, Json]:
        """Return the compact form."""
        by_role = {
            role: [column for column in self.columns if column.header.role == role]
            for role in ("input", "output", "annotation")
        }
        rules: list[Json] = [
            [self._entry(number, row, column) for role in by_role.values() for column in role]
            for number, row in self.body
            if self._fits(number, row)
        ]
        description = self.head["@description"] or " ".join(self.titles[1:])
        table: dict[str, Json] = {
            "decision": self.head["@decision"],
            "name": self.head["@name"] or (self.titles[0] if self.titles else ""),
            "hit": self.head["@hit"],
            "inputs": [column.entry() for column in by_role["input"]],
            "outputs": [column.entry() for column in by_role["output"]],
            "rules": rules,
        }
        if by_role["annotation"]:
            table["annotations"] = [column.name for column in by_role["annotation"]]
        if description:
            table["description"] = description
        return {key: value for key, value in table.items() if value != ""}

    def _fits(self, number: int, row: Sequence[Json]) -> bool:
        """Refuse a row that is longer than the headers; say whether a row has more than its number."""
        for place in range(len(self.headers), len(row)):
            if row[place] is not None:
                raise self._refuse(
                    number,
                    "",
                    f"The row has a cell behind the last header: {row[place]!r}.",
                    "Give it a header, or take it out.",
                )
        return any(cell is not None for cell in row[1 if self.numbered else 0 :])

    def _cell(self, row: Sequence[Json], place: int) -> Json:
        return row[place] if place < len(row) else None

    def _entry(self, number: int, row: Sequence[Json], column: Column) -> Json:
        place = column.places[0][0]
        cell = self._cell(row, place)
        if column.header.role == "annotation":
            return "" if cell is None else str(cell)
        if any(end for _, end in column.places):
            return self._interval(number, row, column)
        return self._feel(number, place, cell, column.type, answers=column.header.role == "output")

    def _interval(self, number: int, row: Sequence[Json], column: Column) -> str:
        ends: dict[str, tuple[str, str]] = {}
        for place, end in column.places:
            text = self._feel(number, place, self._cell(row, place), column.type, answers=True)
            if text != "null":
                ends[end[0]] = (end, text)
        low, high = ends.get(">"), ends.get("<")
        if low and high:
            return f"{'[' if '=' in low[0] else '('}{low[1]}..{high[1]}{']' if '=' in high[0] else ')'}"
        one = low or high
        return f"{one[0]} {one[1]}" if one else "-"

    def _feel(self, number: int, place: int, cell: Json, kind: str, *, answers: bool) -> str:
        try:
            text = feel_of(cell, kind, answers=answers)
            if answers:
                compile_expression(text, names=self.known)
            elif text != "-":
                compile_unary_tests(text, names=self.known)
        except Unclear as error:
            raise self._refuse(number, place, f"{error.message}.", error.fix) from None
        except FeelSyntaxError as error:
            fix = "Write FEEL, or plain text in a column of type string."
            raise self._refuse(
                number, place, f"{cell!r} is no {kind or 'FEEL'}: {error.message}", fix
            ) from None
        return text

    def _refuse(self, row: int, place: int | str, message: str, fix: str) -> FlowMasterError:
        column = place if isinstance(place, str) else (self.headers[place] or f"column {place + 1}")
        where = f"Row {row}, column {column!r}" if column else f"Row {row}"
        path = f"row {row}, {column}" if column else f"row {row}"
        return FlowMasterError("table.cell_unclear", f"{where}: {message}", path=path, fix=fix, status=422)


def _pairs(column: Column, header: Header) -> bool:
    """Whether a header is the other end of an interval."""
    ends = [end[0] for _, end in column.places if end]
    return bool(header.end and ends) and column.header.name == header.name and header.end[0] not in ends


def _stripped(cell: Json) -> Json:
    return (cell.strip() or None) if isinstance(cell, str) else cell
