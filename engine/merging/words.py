"""Conflicts in words: which element or part it is, and what it is in the state before and on each side."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from flowmaster.engine.bpmn.references import REFERENCE_ATTRIBUTES
from flowmaster.engine.feel.said import said
from flowmaster.engine.merging.conflict import OTHER, SIDES, Conflict, Difference, Side, States, Value
from flowmaster.engine.merging.parts import ROOT, Part, Struct, element_key

VALUE_MAX: Final = 100
"""Characters of a value that are told."""

PARTS_MAX: Final = 6
"""Parts of one conflict that are told."""

_GONE: Final = "removed"
_WAYS: Final = frozenset({"sequenceFlow", "messageFlow", "association"})

_WORDS: Final[Mapping[tuple[str, str], str]] = {
    ("conditionExpression", "text"): "condition",
    ("sequenceFlow", "@targetRef"): "where it leads",
    ("sequenceFlow", "@sourceRef"): "where it begins",
    ("assignmentDefinition", "@candidateGroups"): "roles",
    ("assignmentDefinition", "@assignee"): "person",
    ("taskDefinition", "@type"): "job type",
    ("taskDefinition", "@retries"): "retries",
    ("calledDecision", "@decisionId"): "rule",
    ("calledDecision", "@resultVariable"): "result",
    ("calledElement", "@processId"): "called process",
    ("formDefinition", "@formId"): "form",
    ("documentation", "text"): "documentation",
    ("timeDuration", "text"): "time",
    ("timeDate", "text"): "time",
    ("timeCycle", "text"): "time",
    ("script", "@expression"): "expression",
    ("deadline", "@after"): "time until it is due",
    ("deadline", "@to"): "escalated to",
}
_FIELDS: Final[Mapping[str, str]] = {
    "lanes": "lane",
    "parent": "place",
    "kind": "kind",
    "@name": "name",
    "@default": "default way",
    "@attachedToRef": "where it is attached",
    "order sequenceFlow": "order of its ways",
}


class Told(NamedTuple):
    """A conflict in words; `key` is what resolves it."""

    key: str
    text: str
    base: str
    ours: str
    theirs: str


class Names(NamedTuple):
    """What the two sides are called."""

    ours: str
    theirs: str

    def of(self, side: Side) -> str:
        """Return the name of a side."""
        return self.ours if side == "ours" else self.theirs


def told(conflict: Conflict, states: States, names: Names) -> Told:
    """Return a conflict in words."""
    what = _label(conflict, states)
    each = {side: _side(conflict, states, side) for side in SIDES}
    if conflict.kind == "removed":
        other = OTHER[conflict.by]
        each[conflict.by], each["base"] = _GONE, each["base"] or "there"
        done = ", ".join(_aspects(conflict, states))
        used = ", ".join(element_words(one, states) for one in list(conflict.used_by)[:PARTS_MAX])
        reasons = [f"changes {done}"] if done else []
        reasons += [f"uses it: {used}"] if used else []
        each[other] = "; ".join(filter(None, (each[other], f"used by {used}" if used else "")))
        text = (
            f"{what} is removed in {names.of(conflict.by)}, while {names.of(other)} {' and '.join(reasons)}."
        )
        return Told(conflict.key, text, each["base"], each["ours"], each["theirs"])
    verb = "is new in both and differs in" if conflict.kind == "added" else "is changed in both:"
    text = f"{what} {verb} {', '.join(_aspects(conflict, states))}."
    return Told(conflict.key, text, each["base"], each["ours"], each["theirs"])


def element_words(identifier: str, states: States) -> str:
    """Return what people call an element: its kind and name, or the steps that a way joins."""
    part = _element(identifier, states)
    if part is None:
        return said(identifier)
    if part.kind in _WAYS:
        ends = [_name(part.attributes.get(end, ""), states) for end in ("sourceRef", "targetRef")]
        return f"the way from {ends[0]} to {ends[1]}"
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", part.kind).lower()
    return f"the {kind} {_name(identifier, states)}"


def _label(conflict: Conflict, states: States) -> str:
    if ":" in conflict.key:
        kind, _, name = conflict.key.partition(":")
        return f"The {kind} {said(name)}"
    if not conflict.element:
        return "The file"
    words = element_words(conflict.element, states)
    return f"{words[0].upper()}{words[1:]}"


def _name(identifier: str, states: States) -> str:
    part = _element(identifier, states)
    return said((part.attributes.get("name", "") if part is not None else "") or identifier, VALUE_MAX)


def _element(identifier: str, states: States) -> Part | None:
    key = element_key(identifier)
    return states.ours.get(key) or states.theirs.get(key) or states.base.get(key)


def _aspects(conflict: Conflict, states: States) -> list[str]:
    found = dict.fromkeys(_aspect(one, states) for one in conflict.differences.values())
    more = len(found) - PARTS_MAX
    return [*list(found)[:PARTS_MAX], *([f"{more} more"] if more > 0 else [])]


def _aspect(difference: Difference, states: States) -> str:
    part = next(
        (found for side in SIDES if (found := states.of(side).get(difference.part)) is not None), None
    )
    if part is None:
        return difference.field.removeprefix("@")
    kind = part.kind.rpartition("}")[2]
    if part.is_element or part.key == ROOT or difference.field.startswith("order"):
        return _FIELDS.get(
            difference.field, _WORDS.get((kind, difference.field), difference.field.lstrip("@"))
        )
    known = _WORDS.get((kind, difference.field))
    if known:
        return known
    words = {"input": "input", "output": "result"}.get(
        kind, re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()
    )
    field = difference.field.removeprefix("@") if difference.field.startswith("@") else ""
    shown = "" if kind in ("input", "output") or field == "name" else field
    return " ".join(filter(None, (words, part.name, shown)))


def _side(conflict: Conflict, states: States, side: Side) -> str:
    """Return what of a conflict one side says."""
    found: dict[str, str] = {}
    for one in list(conflict.differences.values()):
        value = {"base": one.base, "ours": one.ours, "theirs": one.theirs}[side]
        found.setdefault(_aspect(one, states), _value(one.field, value, states))
    return "; ".join(f"{what}: {value}" for what, value in list(found.items())[:PARTS_MAX])


def _value(field: str, value: Value, states: States) -> str:
    if value is None or value in ("", ()):
        return "none"
    if field == "lanes" and isinstance(value, tuple):
        return ", ".join(_name(str(one), states) for one in value)
    if field == "parent":
        return element_words(str(value).removeprefix("#").partition("/")[0], states) if value else "the file"
    if field.removeprefix("@") in REFERENCE_ATTRIBUTES:
        return _name(str(value), states)
    if isinstance(value, tuple):
        return said(_content(value), VALUE_MAX)
    return said(value, VALUE_MAX)


def _content(content: Struct) -> str:
    """Return what a part says that is taken as a whole."""
    words: list[str] = []
    for one in content:
        if isinstance(one, str):
            words.append(one.rpartition("}")[2] if one.startswith("{") and "}" in one else one)
        else:
            words.append(_content(one))
    return " ".join(filter(None, words))
