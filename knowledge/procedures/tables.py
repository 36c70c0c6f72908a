"""Tables of steps: a column of activities with their people and times, a RACI matrix, or one column for each role."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from flowmaster.knowledge.procedures.actions import Actions
from flowmaster.knowledge.procedures.blocks import Block, Cell
from flowmaster.knowledge.procedures.candidates import Beside, Choice, Node, Step
from flowmaster.knowledge.procedures.conditions import condition_of
from flowmaster.knowledge.procedures.desk import Desk, source_of
from flowmaster.knowledge.procedures.sentences import Said
from flowmaster.knowledge.procedures.statements import SENTENCE_LENGTH_MAX, Statements

HEADER_ROWS_MAX = 8
_RACI = re.compile(r"(?:[RACISDEMVZ](?:\s*[/,+&]\s*|\s*)?){1,4}", re.IGNORECASE)
_LETTERS: dict[str, str] = {"D": "R", "V": "R", "E": "A", "M": "C", "Z": "A"}
"""Letters of German matrices: D (Durchführung) and V do it, E (Entscheidung) and Z decide, M (Mitwirkung) helps."""
_CONDITIONAL = re.compile(
    r"^(?:only\s+)?(?:if|when|in\s+case\s+(?:of|that)|nur\s+wenn|wenn|falls|sofern|bei)\s+", re.IGNORECASE
)
_NEXT = re.compile(r"\d{1,3}(?:\.\d+)*")


class _Header(NamedTuple):
    row: int
    columns: dict[int, str]
    """Column and what it holds: step, role, deadline, ..."""


def read_table(block: Block, desk: Desk, say: Statements) -> list[Node]:
    """Return the steps of a table; none if it is no table of steps."""
    header = _header(block, desk)
    matrix = _matrix_columns(block, header)
    if matrix:
        return _raci(block, header, matrix, desk)
    if header is not None and "step" in header.columns.values():
        return _rows(block, header, desk)
    return _lanes(block, desk, say)


def _header(block: Block, desk: Desk) -> _Header | None:
    """Return the row whose cells are titles of columns."""
    best: _Header | None = None
    for number, row in enumerate(block.rows[:HEADER_ROWS_MAX]):
        columns: dict[int, str] = {}
        for at, cell in enumerate(row):
            kind = _kind_of(cell.text, desk)
            if kind and (kind not in columns.values() or kind == "note"):
                columns[at] = kind
        if "step" in columns.values() and (best is None or len(columns) > len(best.columns)):
            best = _Header(number, columns)
    return best


def _kind_of(title: str, desk: Desk) -> str:
    plain = " ".join(title.casefold().split()).strip(" :*")
    words = re.split(r"\s*[/(]\s*", plain)
    return desk.language.columns.get(plain) or desk.language.columns.get(words[0].strip(), "")


def _matrix_columns(block: Block, header: _Header | None) -> dict[int, str]:
    """Return the columns of a matrix of responsibilities with their roles: most cells are one of its letters."""
    at = header.row if header is not None else 0
    if len(block.rows) < at + 2:
        return {}
    titles = block.rows[at]
    taken = {
        column
        for column, kind in (header.columns.items() if header is not None else ())
        if kind in ("step", "number")
    }
    found: dict[int, str] = {}
    for column, title in enumerate(titles):
        cells = [row[column].text for row in block.rows[at + 1 :] if column < len(row) and row[column].text]
        matching = sum(bool(_RACI.fullmatch(text.strip())) for text in cells)
        if column not in taken and title.text and cells and matching == len(cells):
            found[column] = title.text
    return found if len(found) >= 2 else {}


def _raci(block: Block, header: _Header | None, matrix: dict[int, str], desk: Desk) -> list[Node]:
    at = header.row if header is not None else 0
    columns = dict(header.columns) if header is not None else {}
    step_at = next((column for column, kind in columns.items() if kind == "step"), None)
    if step_at is None:
        step_at = next((column for column in range(len(block.rows[at])) if column not in matrix), None)
    if step_at is None:
        return []
    nodes: list[Node] = []
    for row in block.rows[at + 1 :]:
        if step_at >= len(row) or not row[step_at].text:
            continue
        step = _step_of(row[step_at], row, desk)
        if step is None:
            continue
        _share(step, row, matrix, desk)
        for column, kind in columns.items():
            if (
                kind in ("deadline", "system", "document", "note")
                and column < len(row)
                and column not in matrix
            ):
                _fill(step, kind, row[column], block.rows[at][column].text, desk)
        nodes.append(step)
    return nodes


def _share(step: Step, row: Sequence[Cell], matrix: dict[int, str], desk: Desk) -> None:
    """Read who is responsible, accountable, consulted and informed."""
    held: dict[str, list[str]] = {}
    for column, role in matrix.items():
        letters = row[column].text.upper() if column < len(row) else ""
        for letter in re.findall(r"[A-Z]", letters):
            held.setdefault(_LETTERS.get(letter, letter), []).append(role)
    doers = held.get("R") or held.get("A") or []
    step.roles = [role for role in (desk.roles.add(each) for each in doers) if role]
    deciding = [role for role in held.get("A", []) if role not in doers]
    step.escalate = desk.roles.add(deciding[0]) if deciding else ""
    for letter, word in (("A", "Accountable"), ("C", "Consulted"), ("I", "Informed"), ("S", "Supports")):
        named = deciding if letter == "A" else held.get(letter, [])
        if named:
            step.notes.append(f"{word}: {', '.join(dict.fromkeys(named))}")
    if not step.roles:
        desk.doubt(row[0].where, f"Who is responsible for {step.name!r}? Its row names nobody.", "0.4")


def _rows(block: Block, header: _Header, desk: Desk) -> list[Node]:
    step_at = next(column for column, kind in header.columns.items() if kind == "step")
    number_at = next((column for column, kind in header.columns.items() if kind == "number"), None)
    if number_at is None and block.rows[header.row + 1 :] and _numbers(block, header, step_at):
        number_at, step_at = step_at, _longest(block, header)
    nodes: list[Node] = []
    for row in block.rows[header.row + 1 :]:
        step = _step_of(row[step_at], row, desk) if step_at < len(row) and row[step_at].text else None
        if step is None:
            continue
        nodes.append(_placed(step, row, block, header, (step_at, number_at), desk))
    return nodes


def _placed(
    step: Step, row: Sequence[Cell], block: Block, header: _Header, at: tuple[int, int | None], desk: Desk
) -> Node:
    """Fill a step from the other columns of its row, and put it under its condition."""
    step_at, number_at = at
    made: Node = step
    for column, kind in header.columns.items():
        if (
            column >= len(row)
            or column in (step_at, number_at)
            or not row[column].text
            or row[column].text in ("-", "–")
        ):
            continue
        cell = row[column]
        if kind == "condition":
            condition = condition_of(_CONDITIONAL.sub("", cell.text), desk.language.name)
            made = Choice(
                condition=condition,
                source=source_of(cell.where, cell.text, condition.confidence, condition.rule),
                then=[step],
            )
            if condition.is_open:
                desk.doubt(cell.where, f"When exactly does this hold: {cell.text[:120]!r}?", "0.35")
        elif kind == "next" and _NEXT.search(cell.text):
            step.notes.append(f"{block.rows[header.row][column].text}: {cell.text}")
            desk.doubt(
                cell.where,
                f"Does {step.name!r} go on at {cell.text[:60]!r}? The draft takes the rows in their order.",
                "0.5",
            )
        else:
            _fill(step, kind, cell, block.rows[header.row][column].text, desk)
    number = row[number_at].text.strip(" .") if number_at is not None and number_at < len(row) else ""
    desk.mark(number, [], step)
    return made


def _fill(step: Step, kind: str, cell: Cell, title: str, desk: Desk) -> None:
    if cell.text and kind not in ("number", "step"):
        Actions(desk).fill(step, kind, cell.text, Said(f"{title}: {cell.text}", cell.where))


def _step_of(cell: Cell, row: Sequence[Cell], desk: Desk) -> Step | None:
    """Read the cell of a step; its role may stand inside it."""
    desk.work.step()
    if len(cell.text) > SENTENCE_LENGTH_MAX:
        desk.leave(cell.where, cell.text, "too long for one step")
        return None
    held: list[Node] = []
    quote = " | ".join(each.text for each in row if each.text)
    said = Said(quote or cell.text, cell.where)
    Actions(desk).act(Said(cell.text, cell.where), said, held, rule="row", listed=True)
    step = next((node for node in reversed(held) if isinstance(node, Step)), None)
    if step is not None and step.kind in ("wait", "message", "send"):
        step.kind = "ask" if step.kind != "wait" else "wait"
    return step


def _numbers(block: Block, header: _Header, column: int) -> bool:
    return all(
        re.fullmatch(r"(?:step|schritt)?\s*\d[\d.]*", row[column].text.strip(), re.IGNORECASE)
        for row in block.rows[header.row + 1 :]
        if column < len(row) and row[column].text
    )


def _longest(block: Block, header: _Header) -> int:
    """Return the column with the longest texts among those that are no step numbers."""
    width = max(len(row) for row in block.rows)
    named = next(
        (
            column
            for column, cell in enumerate(block.rows[header.row])
            if header.columns.get(column) in ("step", "note") and not _numbers(block, header, column)
        ),
        None,
    )
    if named is not None:
        return named

    def length(column: int) -> int:
        return sum(len(row[column].text) for row in block.rows[header.row + 1 :] if column < len(row))

    free = [
        column
        for column in range(width)
        if header.columns.get(column, "step") in ("step", "note", "document")
    ]
    return max(free or range(width), key=length)


def _lanes(block: Block, desk: Desk, say: Statements) -> list[Node]:
    """Read a table with one column for each role, whose cells are what that role does."""
    if len(block.rows) < 2:
        return []
    titles = block.rows[0]
    lanes = {
        column: cell.text for column, cell in enumerate(titles) if cell.text and desk.may_be_role(cell.text)
    }
    if len(lanes) < 2:
        return []
    nodes: list[Node] = []
    for row in block.rows[1:]:
        branches: list[list[Node]] = []
        for column, role in lanes.items():
            if column >= len(row) or not row[column].text:
                continue
            held: list[Node] = []
            say.read(Said(row[column].text, row[column].where), held, rule="row", listed=True)
            for node in held:
                if isinstance(node, Step) and node.kind in ("ask", "send") and not node.roles:
                    node.kind, node.roles = "ask", desk.roles.several(role)
            if held:
                branches.append(held)
        if len(branches) == 1:
            nodes.extend(branches[0])
        elif branches:
            nodes.append(Beside(source=source_of(row[0].where, "", "0.7", "lanes"), branches=branches))
    return nodes
