"""Mutations of the examples: one thing of an outline or of a rule's table changed, drawn from a seed."""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any, NamedTuple

from examples.load import rule_files
from flowmaster.tools.outline_text import read_outline_text
from tests.house.tree import ROOT

KINDS = ("boundary", "swapped", "removed", "timer", "role", "row")
EXAMPLES = ("employee-onboarding", "invoice-to-pay", "loan-origination")

_DURATION = re.compile(r"^P(?:T?)(\d+)([DHM])$")
_WORDS = frozenset({"title", "about", "name"})


class Mutation(NamedTuple):
    """A changed outline, or a changed table of a decision; `about` is what the cause must name."""

    example: str
    kind: str
    about: str
    outline: dict[str, Any] | None = None
    decision: str = ""
    table: dict[str, Any] | None = None


Spot = tuple[str, Callable[[dict[str, Any]], None]]


def outline_of(example: str) -> dict[str, Any]:
    """Return the outline of an example."""
    text = (ROOT / "examples" / example / "process.yaml").read_text(encoding="utf-8")
    outline = read_outline_text(text).value
    assert isinstance(outline, dict)
    return outline


def mutations(seed: int, count: int) -> list[Mutation]:
    """Return so many mutations of all examples and kinds in turn; the same seed draws the same ones."""
    draw = Random(seed)
    found: list[Mutation] = []
    every = {(example, kind): list(_all(example, kind)) for example in EXAMPLES for kind in KINDS}
    for spots in every.values():
        draw.shuffle(spots)
    order = [(example, kind) for kind in KINDS for example in EXAMPLES]
    draw.shuffle(order)
    while len(found) < count and any(every.values()):
        for key in order:
            if every[key] and len(found) < count:
                found.append(every[key].pop())
    return found


def _all(example: str, kind: str) -> Iterator[Mutation]:
    if kind == "row":
        yield from _rows(example)
        return
    for number, (about, _) in enumerate(_spots(outline_of(example), kind)):
        outline = outline_of(example)
        list(_spots(outline, kind))[number][1](outline)
        yield Mutation(example, kind, about, outline)


def _rows(example: str) -> Iterator[Mutation]:
    for file in rule_files(ROOT / "examples" / example):
        if file.suffix != ".json":
            continue
        table = json.loads(file.read_text(encoding="utf-8"))
        inputs = len(table["inputs"])
        for row, cells in enumerate(table["rules"]):
            for column, cell in enumerate(cells[:inputs]):
                if isinstance(cell, str) and re.search(r"\d", cell) and '"' not in cell:
                    changed = deepcopy(table)
                    changed["rules"][row][column] = _moved(cell)
                    yield Mutation(example, "row", file.stem, decision=file.stem, table=changed)
            if cells[inputs] in ("true", "false"):
                changed = deepcopy(table)
                changed["rules"][row][inputs] = "false" if cells[inputs] == "true" else "true"
                yield Mutation(example, "row", file.stem, decision=file.stem, table=changed)


def _moved(text: str) -> str:
    """Return a text with its last number moved by one."""
    numbers = list(re.finditer(r"\d+", text))
    last = numbers[-1]
    return f"{text[: last.start()]}{int(last.group()) + 1}{text[last.end() :]}"


def _spots(outline: dict[str, Any], kind: str) -> list[Spot]:
    """Return where an outline can be changed in this way, and what changes it."""
    roles = list(outline["roles"])
    found: list[Spot] = []
    for name, step, siblings, place in _steps(outline["steps"]):
        match kind:
            case "removed" if name and not _aimed(outline, name) and "end" not in step and len(siblings) > 1:
                found.append((name, _removal(siblings, place)))
            case "role" if step.get("ask") in roles:
                other = roles[(roles.index(step["ask"]) + 1) % len(roles)]
                found.append((name, _setting(step, "ask", other)))
            case "timer":
                for word in ("remind", "within", "wait"):
                    value = step.get(word)
                    if isinstance(value, str) and (match := _DURATION.match(value)):
                        later = value.replace(match.group(1), str(int(match.group(1)) + 1))
                        found.append((name, _setting(step, word, later)))
            case "boundary" | "swapped":
                for word in ("if", "when"):
                    text = step.get(word)
                    if not isinstance(text, str):
                        continue
                    if kind == "swapped":
                        found.append((text, _setting(step, word, f"not({text})")))
                    elif re.search(r"[<>]=? ?\d", text):
                        found.append((text, _setting(step, word, _moved(text))))
                    elif re.search(r" > ", text):
                        found.append((text, _setting(step, word, text.replace(" > ", " >= "))))
            case _:
                continue
    return found


def _setting(step: dict[str, Any], word: str, value: str) -> Callable[[dict[str, Any]], None]:
    def change(outline: dict[str, Any]) -> None:
        step[word] = value

    return change


def _removal(siblings: list[Any], place: int) -> Callable[[dict[str, Any]], None]:
    def change(outline: dict[str, Any]) -> None:
        del siblings[place]

    return change


def _aimed(outline: dict[str, Any], name: str) -> bool:
    """Tell whether something else of an outline goes to a step or names it."""
    rest = {word: part for word, part in outline.items() if word != "scenarios"}
    text = json.dumps(rest, default=str)
    return text.count(f'"{name}"') > 1


def _steps(part: Any, depth: int = 0) -> Iterator[tuple[str, dict[str, Any], list[Any], int]]:
    """Give each step of lists of steps at any depth: its name, its body, the list that it stands in, and where."""
    if isinstance(part, list):
        for place, item in enumerate(part):
            if isinstance(item, dict):
                named = len(item) == 1 and isinstance(next(iter(item.values())), dict)
                name, body = next(iter(item.items())) if named else (str(item.get("name", "")), item)
                yield name if named else "", body, part, place
                yield from _steps(body, depth + 1)
            else:
                yield from _steps(item, depth + 1)
    elif isinstance(part, dict):
        for word, value in part.items():
            if word not in ("form", "with", "into", "checks", "set", *_WORDS):
                yield from _steps(value, depth + 1)
