"""The order of what stands side by side, where it counts: ways out of a step, mappings, named parts of a process."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from flowmaster.engine.bpmn.vocabulary import ZEEBE_INPUT, ZEEBE_OUTPUT
from flowmaster.engine.merging.conflict import Side
from flowmaster.engine.merging.parts import Key, Part, Parts, element_key

FLOW: Final = "sequenceFlow"
_TELLING: Final = frozenset({FLOW, ZEEBE_INPUT, ZEEBE_OUTPUT})
"""Kinds whose order tells in what instances do."""


class Row(NamedTuple):
    """Parts that stand in a row: ways out of one source, or parts of one kind in one place."""

    place: Key
    kind: str

    @property
    def tells(self) -> bool:
        """Whether the order tells in what instances do."""
        return self.kind in _TELLING


def rows_of(parts: Parts) -> dict[Row, list[Key]]:
    """Return what stands in rows, by the order of the file."""
    found: dict[Row, list[Key]] = {}
    for part in parts.values():
        row = _row(part)
        if row is not None:
            found.setdefault(row, []).append(part.key)
    return {row: keys for row, keys in found.items() if len(keys) > 1 and row.place in parts}


def _row(part: Part) -> Row | None:
    if part.kind == FLOW:
        return Row(element_key(part.attributes.get("sourceRef", "")), FLOW)
    if part.kind == "lane" or (part.name and not part.is_element):
        return Row(part.parent, part.kind)
    return None


def together(row: Mapping[Side, Sequence[Key]], wanted: Side | None) -> tuple[list[Key], bool]:
    """Return the order of a row in which each side's keys stand, and whether the sides ordered it differently."""
    base, ours, theirs = row["base"], row["ours"], row["theirs"]
    common = set(base) & set(ours) & set(theirs)
    was, one, other = ([key for key in keys if key in common] for keys in (base, ours, theirs))
    clash = one != was and other != was and one != other
    if clash and wanted == "base":
        return _woven(_woven(list(base), ours), theirs), True
    first = theirs if (one == was and other != was) or (clash and wanted == "theirs") else ours
    return _woven(list(first), ours if first is theirs else theirs), clash


def _woven(into: list[Key], others: Sequence[Key]) -> list[Key]:
    """Put keys into a list, each behind the one that it came behind."""
    for number, key in enumerate(others):
        if key not in into:
            before = next((one for one in reversed(others[:number]) if one in into), None)
            into.insert(0 if before is None else into.index(before) + 1, key)
    return into


def moved(order: Sequence[Key], now: Sequence[Key]) -> Iterator[tuple[Key, Key]]:
    """Yield keys with the one that each is to stand behind, if they do not stand in that order already."""
    if list(order) != list(now):
        yield from zip(order[1:], order, strict=False)
