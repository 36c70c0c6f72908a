"""Mutations of the examples: one thing of an outline or of a decision changed, in every place where that can be done."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from examples.load import examples, outlines, rule_files
from flowmaster.tools.outline_text import read_outline_text
from tests.house.tree import ROOT

KINDS = ("boundary", "swapped", "removed", "timer", "role", "row")
PROCESSES = {
    file.stem if file.stem != "process" else name: file
    for name in examples()
    for file in outlines(ROOT / "examples" / name)
}
"""The processes of the examples, those that they call included, with their outlines."""

Outline = dict[str, Any]
Place = tuple[str | int, ...]


class Mutation(NamedTuple):
    """A changed outline, or the changed content of a decision as `rule_save` takes it; `about` the cause must name."""

    process: str
    kind: str
    key: str
    about: tuple[str, ...]
    outline: Outline | None = None
    decision: str = ""
    content: Any = None


class Step(NamedTuple):
    """A step of an outline: where its body stands, where it stands itself in a list, and its name."""

    place: Place
    item: Place
    name: str
    body: Outline


def mutations() -> list[Mutation]:
    """Return all mutations of the examples."""
    return [each for process in PROCESSES for kind in KINDS for each in of_kind(process, kind)]


def drawn(seed: int) -> Iterator[Mutation]:
    """Give the mutations of all examples and kinds in turn; the same seed draws the same ones."""
    draw = Random(seed)
    every = {(process, kind): list(of_kind(process, kind)) for process in PROCESSES for kind in KINDS}
    for spots in every.values():
        draw.shuffle(spots)
    order = [(process, kind) for kind in KINDS for process in PROCESSES]
    draw.shuffle(order)
    while any(every.values()):
        for key in order:
            if every[key]:
                yield every[key].pop()


def outline_of(process: str) -> Outline:
    """Return the outline of a process."""
    outline = read_outline_text(PROCESSES[process].read_text(encoding="utf-8")).value
    assert isinstance(outline, dict)
    return outline


def example_of(process: str) -> str:
    """Return the example that a process belongs to."""
    return PROCESSES[process].relative_to(ROOT / "examples").parts[0]


def rules_of(process: str) -> Iterator[Path]:
    """Give the files of the decisions that a process asks."""
    text = PROCESSES[process].read_text(encoding="utf-8")
    for file in rule_files(ROOT / "examples" / example_of(process)):
        if re.search(rf"\brule: {file.stem}\b", text):
            yield file


def of_kind(process: str, kind: str) -> Iterator[Mutation]:
    """Give the mutations of one kind of one process."""
    if kind == "row":
        for file in rules_of(process):
            text = file.read_text(encoding="utf-8")
            for key, row, content in _DECISIONS[file.suffix](text):
                yield Mutation(
                    process, kind, f"{file.stem} {key}", (f"row {row}",), decision=file.stem, content=content
                )
        return
    outline = outline_of(process)
    for step in _steps(outline["steps"], ("steps",)):
        for key, about, changed in _OF_STEPS[kind](outline, step):
            yield Mutation(process, kind, f"{step.name} {key}".strip(), tuple(filter(None, about)), changed)
    if kind == "boundary":
        for words, text in outline["start"].get("checks", {}).items():
            for moved in _moved(text):
                changed = with_at(outline, ("start", "checks", words), moved)
                yield Mutation(process, kind, f"start {moved}", (words,), changed)


Told = Iterator[tuple[str, tuple[str, ...], Outline]]


def _boundary(outline: Outline, step: Step) -> Told:
    for word in ("if", "when"):
        text = step.body.get(word)
        for moved in _moved(text) if isinstance(text, str) else ():
            yield f"{word} {moved}", (moved,), with_at(outline, (*step.place, word), moved)
    for words, text in (
        step.body.get("checks", {}).items() if isinstance(step.body.get("checks"), dict) else ()
    ):
        for moved in _moved(text):
            yield f"check {moved}", (step.name,), with_at(outline, (*step.place, "checks", words), moved)


def _swapped(outline: Outline, step: Step) -> Told:
    for word in ("if", "when"):
        if isinstance(text := step.body.get(word), str):
            yield (
                f"{word} not({text})",
                (f"not({text})",),
                with_at(outline, (*step.place, word), f"not({text})"),
            )


def _removed(outline: Outline, step: Step) -> Told:
    if step.item and step.body != {"else": []}:
        changed = deepcopy(outline)
        del at(changed, step.item[:-1])[step.item[-1]]
        names = [name for each in _steps(step.body, step.place, (), step.name) for name in _names(each)]
        yield f"{'.'.join(map(str, step.item))} {names[0] if names else ''}".strip(), tuple(names), changed


def _names(step: Step) -> Iterator[str]:
    """Give what a cause may call a step: its name, its condition, its end; a way has none."""
    end = step.body.get("end")
    for each in (step.name, *(step.body.get(word) for word in ("name", "title", "if", "end"))):
        if isinstance(each, str) and each:
            yield each
    if isinstance(end, dict):
        yield str(end["name"])
    if found := re.fullmatch(r"P(\d+)D", str(step.body.get("after", ""))):
        yield f"{found.group(1)} days"


def _timer(outline: Outline, step: Step) -> Told:
    for word in ("remind", "within", "wait", "after", "due", "at", "escalate"):
        value = step.body.get(word)
        entries: list[tuple[Place, Any]] = [((word,), value)]
        if isinstance(value, list):
            entries = [((word, number), each) for number, each in enumerate(value)]
        for where, text in entries:
            for later in _later(text):
                yield f"{word} {later}", _called(step), with_at(outline, (*step.place, *where), later)
    if isinstance(step.body.get("escalate"), dict):
        for text, whom in step.body["escalate"].items():
            for later in _later(text):
                yield (
                    f"escalate {later}",
                    (step.name,),
                    with_at(outline, (*step.place, "escalate"), {later: whom}),
                )
    if isinstance(step.body.get("retry"), dict):
        times, wait = step.body["retry"]["times"], step.body["retry"]["wait"]
        yield "retry times", (step.name,), with_at(outline, (*step.place, "retry", "times"), times + 1)
        for later in _later(wait):
            yield f"retry {later}", (step.name,), with_at(outline, (*step.place, "retry", "wait"), later)


def _called(step: Step) -> tuple[str, ...]:
    """Return what a cause may call a step: by its name or its title."""
    return tuple(each for each in (step.name, step.body.get("title")) if each)


def _role(outline: Outline, step: Step) -> Told:
    roles = list(outline["roles"])
    for where, role in (
        (("ask",), step.body.get("ask")),
        (("late", "escalate"), at(step.body, ("late", "escalate"))),
    ):
        if isinstance(role, str) and role in roles:
            other = roles[(roles.index(role) + 1) % len(roles)]
            yield f"{where[-1]} {other}", (step.name,), with_at(outline, (*step.place, *where), other)
    excluded = step.body.get("not")
    if isinstance(excluded, list):
        for each in excluded:
            left = [one for one in excluded if one != each]
            yield f"not without {each}", (step.name,), with_at(outline, (*step.place, "not"), left)
    elif isinstance(excluded, str):
        changed = deepcopy(outline)
        del at(changed, step.place)["not"]
        yield "not dropped", (step.name,), changed


_OF_STEPS: dict[str, Callable[[Outline, Step], Told]] = {
    "boundary": _boundary,
    "swapped": _swapped,
    "removed": _removed,
    "timer": _timer,
    "role": _role,
}

_RELATIONS = {"<=": "<", ">=": ">", "<": "<=", ">": ">="}


def _moved(text: str) -> Iterator[str]:
    """Give an expression with each of its limits moved: a number up or down by one, a comparison with or without its limit."""
    for found in re.finditer(r"(?<![\w.])\d+(?![\w.])", text):
        for by in (1, -1):
            yield f"{text[: found.start()]}{int(found.group()) + by}{text[found.end() :]}"
    for found in re.finditer(r"[<>]=?", text):
        yield f"{text[: found.start()]}{_RELATIONS[found.group()]}{text[found.end() :]}"
    for found in re.finditer(r'"P(\d+)[YMDW]"', text):
        yield text.replace(found.group(1), str(int(found.group(1)) + 1))


def _later(text: object) -> Iterator[str]:
    """Give a duration that is longer by one, or an expression that is later by an hour."""
    if not isinstance(text, str):
        return
    if found := re.fullmatch(r"P(?:T?)(\d+)([DHMY])", text):
        yield text.replace(found.group(1), str(int(found.group(1)) + 1))
    elif text.startswith("="):
        yield f'{text} + duration("PT1H")'


def _steps(part: Any, place: Place, item: Place = (), name: str = "") -> Iterator[Step]:
    """Give each step of lists of steps at any depth."""
    if isinstance(part, list):
        for number, each in enumerate(part):
            here = (*place, number)
            if isinstance(each, dict) and len(each) == 1 and isinstance(next(iter(each.values())), dict):
                inner = next(iter(each))
                yield from _steps(each[inner], (*here, inner), here, inner)
            elif isinstance(each, dict):
                yield from _steps(each, here, here, str(each.get("name", each.get("title", ""))))
            else:
                yield from _steps(each, here)
    elif isinstance(part, dict):
        yield Step(place, item, name, part)
        for word in ("then", "else", "choose", "any", "group", "all", "first", "on", "late", "steps"):
            inner_part = part.get(word)
            if isinstance(inner_part, list):
                yield from _steps(inner_part, (*place, word))
            elif word == "on" and isinstance(inner_part, dict):
                for code, each in inner_part.items():
                    if isinstance(each, dict):
                        yield from _steps(each, (*place, word, code), (), str(each.get("title", code)))
            elif word == "late" and isinstance(inner_part, dict) and "then" in inner_part:
                yield from _steps(inner_part, (*place, word), (), name)


def at(whole: Any, place: Place) -> Any:
    """Return what stands at a place, nothing where nothing does."""
    for step in place:
        try:
            whole = whole[step]
        except (KeyError, IndexError, TypeError):
            return None
    return whole


def with_at(whole: Outline, place: Place, value: Any) -> Outline:
    """Return an outline with a value put at a place."""
    changed = deepcopy(whole)
    at(changed, place[:-1])[place[-1]] = value
    return changed


Rows = list[list[str]]
Decisions = Iterator[tuple[str, int, Any]]


def _of_json(text: str) -> Decisions:
    table = json.loads(text)
    for key, row, rows in _of_rows(table["rules"], len(table["inputs"]), len(table["outputs"])):
        yield key, row, {"table": {**table, "rules": rows}}


def _of_csv(text: str) -> Decisions:
    lines = list(csv.reader(io.StringIO(text), delimiter=";"))
    head = next(place for place, line in enumerate(lines) if line[0] in ("U", "F", "A", "P", "C", "R", "O"))
    first = next(place for place in range(head + 1, len(lines)) if not lines[place][0].startswith("@"))
    inputs = sum(1 for cell in lines[head][1:] if not cell.startswith(("=>", "#")))
    outputs = sum(1 for cell in lines[head] if cell.startswith("=>"))
    for key, row, rows in _of_rows([line[1:] for line in lines[first:]], inputs, outputs):
        out = io.StringIO()
        numbered = [[str(number), *each] for number, each in enumerate(rows, 1)]
        csv.writer(out, delimiter=";", lineterminator="\n").writerows([*lines[:first], *numbered])
        yield key, row, {"table": out.getvalue()}


def _of_dmn(text: str) -> Decisions:
    for table in re.finditer(r'<decisionTable id="(\w+)_table".*?</decisionTable>', text, re.DOTALL):
        rules = list(re.finditer(r"<rule id.*?</rule>\s*", table.group(), re.DOTALL))
        cells = [
            re.findall(r"<(?:input|output)Entry[^>]*><text>(.*?)</text>", rule.group()) for rule in rules
        ]
        plain = [[_unescaped(cell) for cell in row] for row in cells]
        inputs = rules[0].group().count("<inputEntry")
        for key, row, rows in _of_rows(plain, inputs, len(plain[0]) - inputs):
            own = rules[row - 1].group()
            changed = "" if len(rows) < len(plain) else _with_entries(own, rows[row - 1])
            body = table.group().replace(own, changed)
            yield f"{table.group(1)} {key}", row, {"dmn": text.replace(table.group(), body)}


def _with_entries(rule: str, cells: list[str]) -> str:
    """Return a rule of a DMN file with other texts in its entries."""
    entries = iter(cells)

    def put(found: re.Match[str]) -> str:
        return found.group(1) + _escaped(next(entries)) + found.group(3)

    return re.sub(r"(<(?:input|output)Entry[^>]*><text>)(.*?)(</text>)", put, rule)


_DECISIONS: dict[str, Callable[[str], Decisions]] = {".json": _of_json, ".csv": _of_csv, ".dmn": _of_dmn}


def _of_rows(rows: Rows, inputs: int, outputs: int) -> Iterator[tuple[str, int, Rows]]:
    """Give a key, the number of a row and all rows, with one cell of that row changed, or without that row."""
    for number, cells in enumerate(rows):
        for column, cell in enumerate(cells[: inputs + outputs]):
            others = [row[column] for row in rows if row[column] not in (cell, "", "-")]
            for changed in _cells(cell, others, is_output=column >= inputs):
                yield (
                    f"row {number + 1}: {cell} becomes {changed}",
                    number + 1,
                    _with_cell(rows, number, column, changed),
                )
        if len(rows) > 1:
            yield f"row {number + 1} removed", number + 1, [*rows[:number], *rows[number + 1 :]]


def _cells(cell: str, others: list[str], *, is_output: bool) -> Iterator[str]:
    """Give what a cell may be changed to: limits that are moved, or what stands elsewhere in its column."""
    if re.search(r"\d", cell) and not re.search(r"[A-Za-z]", cell):
        found = list(re.finditer(r"\d+(?:\.\d+)?", cell))[-1]
        step = 1 if "." not in found.group() else 0.1
        yield f"{cell[: found.start()]}{float(found.group()) + step:g}{cell[found.end() :]}"
        if cell.startswith(("<", ">")):
            relation = re.match(r"[<>]=?", cell)
            assert relation is not None
            yield _RELATIONS[relation.group()] + cell[relation.end() :]
        elif cell.startswith(("(", "[")):
            yield ("[" if cell[0] == "(" else "(") + cell[1:]
    elif cell in ("true", "false"):
        yield "false" if cell == "true" else "true"
    elif cell in ("yes", "no"):
        yield "no" if cell == "yes" else "yes"
    elif others and (is_output or cell != "-"):
        yield others[0]


def _with_cell(rows: Rows, row: int, column: int, cell: str) -> Rows:
    changed = deepcopy(rows)
    changed[row][column] = cell
    return changed


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
