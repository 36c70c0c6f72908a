"""Merges the parts of two states that come from one.

What one side alone changed is taken, and what both changed alike is taken once. Everything else is a conflict: a part
that both changed differently, an element that one removed and the other changed or came to use, elements that both
added under one id. A conflict that nothing resolves keeps what is there, so that the merge can be looked at.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from flowmaster.engine.bpmn.references import REFERENCE_CHILDREN
from flowmaster.engine.merging.conflict import (
    EVERY,
    OTHER,
    SIDES,
    Conflict,
    Difference,
    Resolve,
    Side,
    States,
    Value,
)
from flowmaster.engine.merging.orders import Row, rows_of, together
from flowmaster.engine.merging.parts import ROOT, Key, Part, Parts, element_key, refers_by, refers_to

_FIXPOINT_MAX: Final = 10_000
"""Turns after which settling what hangs together would be broken; each brings one element back."""

_STAYING: Final = frozenset(
    {"message", "signal", "error", "escalation", "itemDefinition", "lane", "laneSet", "dataStore"}
)
"""Elements that harm nobody: they stay where the other side came to use them."""

_LEADING: Final = frozenset({"sourceRef", "targetRef", "attachedToRef", "dataObjectRef"})
"""References without which an element cannot be."""

Values: TypeAlias = Callable[[Value, Value], tuple[Value, Value, Value]]
"""Makes the three values of a difference out of two."""

_GONE: Final = "gone"
_BOTH: Final = "both"


@dataclass(slots=True)
class Merged:
    """The parts of a merge and their orders; the conflicts by their keys, those that are resolved too.

    `kept` was removed by one side and stays because the other came to use it. `dropped` went with what a conflict took.
    """

    parts: Parts = field(default_factory=dict)
    orders: dict[Row, list[Key]] = field(default_factory=dict)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def is_as(self, parts: Parts) -> bool:
        """Return whether it came to what one side is."""
        return self.parts == parts and self.orders == rows_of(parts)


def merge_parts(states: States, resolve: Resolve) -> Merged:
    """Merge two states of one base; `resolve` says by the keys of conflicts which side is taken."""
    return _Merging(states, resolve).run()


class _Merging:
    """One merge, under way."""

    def __init__(self, states: States, resolve: Resolve) -> None:
        self._states = states
        self._resolve = resolve
        self._owned = {side: _by_owner(states.of(side)) for side in SIDES}
        self._owners = list(dict.fromkeys(owner for side in SIDES for owner in self._owned[side]))
        self._fates: dict[str, str] = {}
        self._parents: dict[Key, Side] = {}
        self._forced: dict[Key, Side] = {}
        self._lasting: dict[str, Conflict] = {}
        self._done = Merged()

    def run(self) -> Merged:
        """Settle which elements there are, then their parts, then their orders."""
        for owner in self._owners:
            self._fates[owner] = self._fate(owner)
        for _ in range(_FIXPOINT_MAX):
            self._build()
            if not (self._bring_back() or self._break_circles()):
                break
        self._drop()
        self._order()
        return self._done

    # Which elements there are

    def _fate(self, owner: str) -> str:
        there = [side for side in SIDES if owner in self._owned[side]]
        if "base" not in there:
            return self._fate_of_new(owner) if len(there) == 2 else there[0]
        if len(there) == 3:
            return _BOTH
        if len(there) == 1:
            return _GONE
        side = there[1]
        if self._owned[side][owner] == self._owned["base"][owner]:
            return _GONE
        conflict = Conflict(owner, owner, "removed", by=OTHER[side])
        self._lasting[owner] = conflict
        self._note_changes(conflict, side)
        return self._decided(conflict, side)

    def _fate_of_new(self, owner: str) -> str:
        one, other = self._owned["ours"][owner], self._owned["theirs"][owner]
        clashing = any(_clash(one[key], other[key]) for key in one if key in other)
        if not clashing or self._wanted(owner) != "base":
            return _BOTH
        self._lasting[owner] = conflict = Conflict(owner, owner, "added")
        self._note(conflict, one, other, lambda before, after: (None, before, after))
        return _GONE

    def _note_changes(self, conflict: Conflict, side: Side) -> None:
        """Note what a side changed of an element that the other one removed."""
        was, now = self._owned["base"].get(conflict.element, {}), self._owned[side].get(conflict.element, {})
        is_ours = side == "ours"
        self._note(
            conflict, was, now, lambda old, new: (old, new if is_ours else None, None if is_ours else new)
        )

    def _note(self, conflict: Conflict, was: Parts, now: Parts, values: Values) -> None:
        """Note what differs between two states of an element."""
        for key in dict.fromkeys((*was, *now)):
            old, new = _fields(was.get(key)), _fields(now.get(key))
            for name in dict.fromkeys((*old, *new)):
                if old.get(name) != new.get(name):
                    found = values(old.get(name), new.get(name))
                    conflict.differences[key, name] = Difference(key, name, *found)

    def _decided(self, conflict: Conflict, side: Side) -> str:
        wanted = self._wanted(conflict.key)
        if wanted is None:
            return side
        return _GONE if wanted == conflict.by else wanted

    def _wanted(self, key: str) -> Side | None:
        return self._resolve.get(key) or self._resolve.get(EVERY)

    # What they hold

    def _build(self) -> None:
        self._done.parts = {}
        self._done.conflicts = dict(self._lasting)
        for owner in self._owners:
            fate = self._fates[owner]
            if fate == _BOTH:
                self._merge_owner(owner)
            elif fate != _GONE:
                side = next(each for each in SIDES if each == fate)
                self._done.parts.update(self._owned[side].get(owner, {}))
        for key, side in self._parents.items():
            part, like = self._done.parts.get(key), self._states.of(side).get(key)
            if part is not None and like is not None:
                self._done.parts[key] = replace(part, parent=like.parent)

    def _merge_owner(self, owner: str) -> None:
        base, ours, theirs = (self._owned[side].get(owner, {}) for side in SIDES)
        taken: dict[Key, str] = {}
        for key in dict.fromkeys((*base, *ours, *theirs)):
            was, one, other = base.get(key), ours.get(key), theirs.get(key)
            around = next(each.parent for each in (one, other, was) if each is not None)
            whole = taken.get(around, "")
            if not whole and one is not None and other is not None:
                made = self._merge_part(was, one, other)
                if was is None and _clash(one, other) and self._wanted(self._key_of(one)) == "base":
                    taken[key] = _GONE
                else:
                    self._done.parts[key] = made
                continue
            fate = taken[key] = whole or self._forced.get(key, "") or self._part_fate(key, was, one, other)
            part = {"base": was, "ours": one, "theirs": other}.get(fate)
            if part is not None:
                self._done.parts[key] = part

    def _part_fate(self, key: Key, was: Part | None, one: Part | None, other: Part | None) -> str:
        """Return which side has a part that only one of them has, or that it is gone."""
        side: Side = "ours" if one is not None else "theirs"
        there = one or other
        if there is None:
            return _GONE
        if was is None:
            return side
        if self._within(side, there) == self._within("base", there):
            return _GONE
        name = self._key_of(there)
        conflict = self._done.conflicts.setdefault(
            name, Conflict(name, there.owner, "changed", by=OTHER[side])
        )
        told: dict[Side, Value] = {side: self._told(side, there)}
        conflict.differences[key, ""] = Difference(
            key, "", self._told("base", there), told.get("ours"), told.get("theirs")
        )
        return self._decided(Conflict(name, there.owner, "changed", by=OTHER[side]), side)

    def _within(self, side: Side, part: Part) -> Parts:
        """Return a part of a side with all that stands in it and has no id of its own."""
        every, inside = self._owned[side].get(part.owner, {}), f"{part.key}/"
        return {key: one for key, one in every.items() if key == part.key or key.startswith(inside)}

    def _told(self, side: Side, like: Part) -> Value:
        """Return the content of a part with all inside, for the eye."""
        values: list[str] = []
        for part in self._within(side, like).values():
            values += [f"{name}={value}" for name, value in part.attributes.items()]
            values += [part.text] if part.text else []
            values += [str(each) for each in part.atom] if part.kind == "scenario" else []
        return ", ".join(values)

    def _merge_part(self, was: Part | None, one: Part, other: Part) -> Part:
        if one == other:
            return one
        old, mine, theirs = _fields(was), one.fields(), other.fields()
        taken: dict[str, tuple[Value, Side]] = {}
        for name in dict.fromkeys((*old, *mine, *theirs)):
            before, first, second = old.get(name), mine.get(name), theirs.get(name)
            if first == second or second == before:
                taken[name] = first, "ours"
            elif first == before:
                taken[name] = second, "theirs"
            else:
                side = self._clash(was, one, Difference(one.key, name, before, first, second))
                taken[name] = {"base": before, "ours": first, "theirs": second}[side], side
        sources: dict[Side, Part | None] = {"base": was, "ours": one, "theirs": other}
        return _made(one, taken, sources)

    def _clash(self, was: Part | None, one: Part, difference: Difference) -> Side:
        """Note a part that both sides changed differently, and return the side that is taken."""
        name = self._key_of(one)
        is_new = name == one.owner and one.owner not in self._owned["base"]
        kind: Literal["added", "changed"] = "added" if is_new else "changed"
        conflict = self._done.conflicts.setdefault(name, Conflict(name, one.owner, kind))
        conflict.differences[difference.part, difference.field] = difference
        wanted = self._wanted(name) or "ours"
        if wanted == "base" and difference.base is None and difference.field in ("kind", "parent"):
            return "ours"
        return wanted

    def _key_of(self, part: Part) -> str:
        """Return what a conflict of a part goes by: its element, or its name if it is a named part of a process."""
        named = ""
        up: Part | None = part
        while up is not None and not up.is_element and up.key != ROOT:
            named = f"{up.kind.rpartition('}')[2]}:{up.name}" if up.name else named
            up = next((found for side in SIDES if (found := self._states.of(side).get(up.parent))), None)
        if up is None or up.key == ROOT:
            return named or "definitions"
        return named if named and up.kind == "process" else up.owner

    # What hangs together

    def _bring_back(self) -> bool:
        """Bring back what one side removed and the other came to use, unless the conflict is resolved otherwise."""
        is_changed = self._hold()
        for target, user in list(self._dangling()):
            if self._fates.get(target) != _GONE:
                continue
            there: list[Side] = [side for side in ("ours", "theirs") if target in self._owned[side]]
            part = self._states.base.get(element_key(target))
            if len(there) != 1 or part is None:
                continue
            if part.kind in _STAYING:
                self._done.kept.append(target)
                self._fates[target] = there[0]
                is_changed = True
                continue
            conflict = self._lasting.setdefault(
                target, Conflict(target, target, "removed", by=OTHER[there[0]])
            )
            conflict.used_by[user] = None
            self._done.conflicts[target] = conflict
            self._fates[target] = self._decided(conflict, there[0])
            is_changed = is_changed or self._fates[target] != _GONE
        return is_changed

    def _hold(self) -> bool:
        """Keep what has no id and was removed by one side, where the other one has put an element into it."""
        found: dict[Key, Side] = {}
        for part in self._done.parts.values():
            owner = part.parent.removeprefix("#").partition("/")[0]
            if part.parent in self._done.parts or "/" not in part.parent or self._fates.get(owner) != _BOTH:
                continue
            for side in SIDES:
                if part.parent in self._states.of(side):
                    found[part.parent] = side
        new = found.keys() - self._forced.keys()
        self._forced.update(found)
        return bool(new)

    def _dangling(self) -> Iterator[tuple[str, str]]:
        """Yield the ids that parts refer to, or stand in, and that are not there, each with the element that does so."""
        parts = self._done.parts
        for part in parts.values():
            for target in refers_to(part):
                if element_key(target) not in parts:
                    yield target, part.owner
            if part.key != ROOT and part.parent not in parts:
                yield part.parent.removeprefix("#").partition("/")[0], part.owner

    def _break_circles(self) -> bool:
        """Let elements that would stand in each other stand where they do on one side."""
        parts = self._done.parts
        for part in parts.values():
            if not part.is_element:
                continue
            circle: dict[Key, None] = {}
            key = part.key
            while key in parts and key != ROOT and key not in circle:
                circle[key] = None
                key = parts[key].parent
            if key not in circle:
                continue
            around = [one for one in circle if parts[one].is_element]
            self._parents.update(self._stand(around))
            return True
        return False

    def _stand(self, circle: list[Key]) -> dict[Key, Side]:
        forced = any(key in self._parents for key in circle)
        found: dict[Key, Side] = {}
        for key in circle:
            each = {side: self._states.of(side).get(key) for side in SIDES}
            values = [part.parent if part else None for part in each.values()]
            owner = key.removeprefix("#")
            if len(set(values)) > 1:
                conflict = self._lasting.setdefault(owner, Conflict(owner, owner, "changed"))
                conflict.differences[key, "parent"] = Difference(key, "parent", *values)
            wanted = self._wanted(owner) or "ours"
            found[key] = "ours" if forced or each[wanted] is None else wanted
        return found

    def _drop(self) -> None:
        """Drop what cannot be without what is gone, and references to it."""
        parts = self._done.parts
        known = {owner for side in SIDES for owner in self._owned[side]}

        def is_gone(target: str) -> bool:
            return target in known and element_key(target) not in parts

        while True:
            lost = [part for part in parts.values() if _is_lost(part, parts, is_gone)]
            for part in lost:
                del parts[part.key]
                if part.is_element:
                    self._done.dropped.append(part.owner)
            if not lost:
                break
        for key, part in list(parts.items()):
            gone = {
                name for name, value in part.attributes.items() if refers_by(name) and is_gone(_plain(value))
            }
            lanes = tuple(lane for lane in part.lanes if not is_gone(lane))
            if gone or lanes != part.lanes:
                kept = {name: value for name, value in part.attributes.items() if name not in gone}
                parts[key] = replace(part, attributes=kept, lanes=lanes)

    # In which order

    def _order(self) -> None:
        rows = {side: rows_of(self._states.of(side)) for side in SIDES}
        for row, now in rows_of(self._done.parts).items():
            each = {side: [key for key in rows[side].get(row, ()) if key in now] for side in SIDES}
            each["ours"] += [key for key in now if key not in each["ours"] and key not in each["theirs"]]
            name = self._row_key(row)
            order, is_clash = together(each, self._wanted(name))
            self._done.orders[row] = [key for key in order if key in now]
            if is_clash and row.tells:
                owner = self._done.parts[row.place].owner
                conflict = self._done.conflicts.setdefault(name, Conflict(name, owner, "changed"))
                told = [", ".join(key.removeprefix("#") for key in each[side]) for side in SIDES]
                conflict.differences[row.place, f"order {row.kind}"] = Difference(
                    row.place, f"order {row.kind}", *told
                )

    def _row_key(self, row: Row) -> str:
        return self._key_of(self._done.parts[row.place])


def _by_owner(parts: Parts) -> dict[str, Parts]:
    found: dict[str, Parts] = {}
    for part in parts.values():
        found.setdefault(part.owner, {})[part.key] = part
    return found


def _fields(part: Part | None) -> Mapping[str, Value]:
    return {} if part is None else part.fields()


def _clash(one: Part, other: Part) -> bool:
    """Return whether two new parts cannot be one: both say something of the same thing, and not the same."""
    mine, theirs = one.fields(), other.fields()
    return any(name in theirs and theirs[name] != value for name, value in mine.items())


def _made(like: Part, taken: Mapping[str, tuple[Value, Side]], each: Mapping[Side, Part | None]) -> Part:
    """Return the part that is made of what was taken of each side."""
    values = {name: value for name, (value, _) in taken.items() if value is not None}
    attributes = {name[1:]: str(value) for name, value in values.items() if name.startswith("@")}
    sources = each[taken["atom"][1] if "atom" in taken else "ours"] or like
    lanes = values.get("lanes", ())
    atom = values.get("atom", ())
    assert isinstance(lanes, tuple)
    assert isinstance(atom, tuple)
    return replace(
        like,
        kind=str(values["kind"]),
        parent=str(values["parent"]),
        attributes=attributes,
        text=str(values.get("text", "")),
        lanes=tuple(str(lane) for lane in lanes),
        atom=atom,
        sources=sources.sources,
    )


def _is_lost(part: Part, parts: Parts, is_gone: Callable[[str], bool]) -> bool:
    """Return whether a part cannot be in what is left: what it stands in, leads to or is attached to is gone."""
    if part.key != ROOT and part.parent not in parts:
        return True
    if any(is_gone(_plain(part.attributes[name])) for name in _LEADING if name in part.attributes):
        return True
    return part.kind in REFERENCE_CHILDREN and bool(part.text) and is_gone(_plain(part.text))


def _plain(reference: str) -> str:
    return reference.rpartition(":")[2]
