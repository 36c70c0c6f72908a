"""What differs between two decision tables in the compact form: columns, hit policy, and rules row by row."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from flowmaster.engine.values import Json

Change = dict[str, Json]
Row = tuple[str, ...]
Pair = tuple[int | None, int | None]


def table_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Return the differences, those of the whole table first; rules count from 1."""
    changes: list[Change] = [
        {"what": key, "change": "changed", "old": old.get(key), "new": new.get(key)}
        for key in ("name", "hit", "description")
        if old.get(key) != new.get(key)
    ]
    for key in ("inputs", "outputs"):
        changes += _column_changes(key[:-1], old[key], new[key])
    return changes + _rule_changes(_rows(old, new), _rows(new, new))


def rule_counterparts(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[int, int | None]:
    """Return for each rule of the old table the number of the same or changed rule in the new one, None if it is gone."""
    pairs = _aligned(_rows(old, new), _rows(new, new))
    return {one + 1: None if other is None else other + 1 for one, other in pairs if one is not None}


def _column_changes(
    what: str, old: Sequence[Mapping[str, Json]], new: Sequence[Mapping[str, Json]]
) -> list[Change]:
    before = {str(column["name"]): dict(column) for column in old}
    after = {str(column["name"]): dict(column) for column in new}
    changes: list[Change] = []
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        if one != other:
            change = "added" if one is None else "removed" if other is None else "changed"
            changes.append({"what": what, "name": name, "change": change} | _sides(one, other))
    return changes


def _rows(table: Mapping[str, Any], like: Mapping[str, Any]) -> list[Row]:
    """Return the rules with their cells in the order of the columns of another table, those it lacks at the end."""
    names = [*_names(table)]
    order = [
        *(name for name in _names(like) if name in names),
        *(name for name in names if name not in _names(like)),
    ]
    return [
        tuple(f"{name}: {cells[name]}" for name in order)
        for cells in (dict(zip(names, map(str, row), strict=False)) for row in table["rules"])
    ]


def _names(table: Mapping[str, Any]) -> list[str]:
    named = [("in", column["name"]) for column in table["inputs"]] + [
        ("out", column["name"]) for column in table["outputs"]
    ]
    named += [("note", label) for label in table.get("annotations", ())]
    return [f"{'' if kind == 'in' else '=> ' if kind == 'out' else '# '}{name}" for kind, name in named]


def _rule_changes(old: Sequence[Row], new: Sequence[Row]) -> list[Change]:
    changes: list[Change] = []
    for one, other in _aligned(old, new):
        before = None if one is None else list(old[one])
        after = None if other is None else list(new[other])
        if before == after:
            continue
        change = "added" if one is None else "removed" if other is None else "changed"
        told: Change = {"what": "rule", "change": change}
        if one is not None:
            told["rule_before"] = one + 1
        if other is not None:
            told["rule"] = other + 1
        changes.append(told | _sides(before, after))
    return changes


def _aligned(old: Sequence[Row], new: Sequence[Row]) -> list[Pair]:
    """Pair the rows of both tables in their order; a row without a counterpart stands with null."""
    pairs: list[Pair] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += zip(range(a, b), range(c, d), strict=True)
        else:
            pairs += _paired(range(a, b), range(c, d), old, new)
    return pairs


def _paired(old_rows: range, new_rows: range, old: Sequence[Row], new: Sequence[Row]) -> list[Pair]:
    """Pair the rows of a replaced stretch that share at least half of their cells, in their order."""
    pairs: list[Pair] = []
    free = list(new_rows)
    for one in old_rows:
        likeness = [
            (len(set(old[one]) & set(new[other])) / max(len(new[other]), 1), -other) for other in free
        ]
        best, place = max(likeness, default=(0.0, 0))
        if best >= 0.5:
            other = -place
            pairs += [(None, skipped) for skipped in free if skipped < other]
            free = [row for row in free if row > other]
            pairs.append((one, other))
        else:
            pairs.append((one, None))
    return pairs + [(None, other) for other in free]


def _sides(old: Json, new: Json) -> Change:
    sides: Change = {}
    if old is not None:
        sides["old"] = old
    if new is not None:
        sides["new"] = new
    return sides
