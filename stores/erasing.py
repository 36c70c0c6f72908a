"""What erasing does to recorded text: values become null, texts `[erased]`, and everything keeps its form.

Only the fields that people and systems fill are touched (variables, inputs, messages, notes, comments, keys, persons);
ids of elements, kinds and numbers stay, so that an erased history still replays to the erased state. Hard rule: a
field of an event, wait or state that may hold what somebody said stands in the tables below.
"""

import re
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import Any, Final, Protocol

from flowmaster.engine.values import Json
from flowmaster.stores.codec import dump, load

MARK: Final = "[erased]"
"""What stands in place of an erased text."""


class Eraser(Protocol):
    """Says what is left of a value, a text and the name of a person."""

    def value(self, value: Any) -> Json:
        """Return what is left of free JSON."""
        ...

    def text(self, text: str) -> str:
        """Return what is left of a text."""
        ...

    def person(self, person: str) -> str:
        """Return what is left of the name of a person."""
        ...


class AllValues:
    """Erases all values and texts; who did what stays on record, and under which name a value stood."""

    def value(self, value: Any) -> Json:
        """Return names without their values, lists without their entries, nothing of anything else."""
        if isinstance(value, dict):
            return dict.fromkeys(value)
        return [None] * len(value) if isinstance(value, list) else None

    def text(self, text: str) -> str:
        """Return the mark of a text."""
        return text and MARK

    def person(self, person: str) -> str:
        """Leave a person."""
        return person


class ValuesUnder:
    """Erases what stands under one of some names, however deep."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)

    def value(self, value: Any) -> Json:
        """Return the value without what stands under the names."""
        if isinstance(value, list):
            return [self.value(each) for each in value]
        if isinstance(value, dict):
            return {name: None if name in self._names else self.value(each) for name, each in value.items()}
        return value  # type: ignore[no-any-return]  # a JSON scalar

    def text(self, text: str) -> str:
        """Leave a text: it stands under no name."""
        return text

    def person(self, person: str) -> str:
        """Leave a person."""
        return person


class Holding:
    """Erases whatever holds one of some texts, ignoring case: values, names of values, texts and persons."""

    def __init__(self, texts: Collection[str]) -> None:
        self._texts = frozenset(text.casefold() for text in texts)

    def holds(self, text: str) -> bool:
        """Whether a text holds one of those to erase."""
        folded = text.casefold()
        return any(each in folded for each in self._texts)

    def value(self, value: Any) -> Json:
        """Return the value without what holds one of the texts; a number is met as a whole."""
        if isinstance(value, str):
            return None if self.holds(value) else value
        if isinstance(value, list):
            return [self.value(each) for each in value]
        if isinstance(value, dict):
            return self._named(value)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return None if str(value) in self._texts else value
        return value  # type: ignore[no-any-return]  # a JSON scalar

    def _named(self, value: dict[str, Any]) -> Json:
        left: dict[str, Json] = {}
        for name, each in value.items():
            if not self.holds(name):
                left[name] = self.value(each)
                continue
            number = sum(known.startswith(MARK) for known in left)
            left[MARK if not number else f"{MARK} {number + 1}"] = None
        return left

    def text(self, text: str) -> str:
        """Return the mark of a text that holds one of those to erase."""
        return MARK if self.holds(text) else text

    def person(self, person: str) -> str:
        """Return the mark of a person whose name holds one of the texts."""
        return self.text(person)


ALL_VALUES: Final = AllValues()


def eraser_of(names: Collection[str] | None) -> Eraser:
    """Return what erases the values under some names, or all there are."""
    return ALL_VALUES if names is None else ValuesUnder(names)


def erase_values(events: str, names: Collection[str] | None) -> str:
    """Return recorded events with values blanked: those under `names` wherever they stand, or all there are."""
    return erase_events(events, eraser_of(names))


def erase_events(events: str, eraser: Eraser) -> str:
    """Return the recorded events of a step as the eraser leaves them."""
    recorded = load(events)
    for event in recorded:
        if event[0] == "lb" and event[3] < 0:
            continue  # An ad-hoc sub-process lists activities, not values.
        _erase_fields(event, _EVENTS.get(event[0], ()), eraser)
    return dump(recorded).decode()


def erase_wait(wait: str, eraser: Eraser) -> str:
    """Return a recorded wait as the eraser leaves it."""
    return dump(_wait(load(wait), eraser)).decode()


def erase_body(body: str, eraser: Eraser) -> str:
    """Return the recorded state of an instance as the eraser leaves it."""
    fields = load(body)
    fields[1] = _nodes(fields[1], eraser)
    if len(fields) > 2:
        fields[2] = _incidents(fields[2], eraser)
        fields[3] = {step: _people(found, eraser) for step, found in fields[3].items()}
    return dump(fields).decode()


def erase_json(text: str, eraser: Eraser) -> str:
    """Return free JSON as the eraser leaves it."""
    return dump(eraser.value(load(text))).decode()


def spellings(texts: Collection[str]) -> list[str]:
    """Return texts as they may stand in stored bytes: plain, and inside JSON text, once or twice."""
    found: dict[str, None] = {}
    for text in texts:
        once = dump(text).decode()[1:-1]
        twice = dump(once).decode()[1:-1]
        found.update(dict.fromkeys((text, once, twice)))
    return list(found)


def erased_list(value: Json, entry: str) -> Json:
    """Return a list without an entry, nothing once it is empty; anything else as it is, its text blanked."""
    if isinstance(value, list):
        return [each for each in value if each != entry] or None
    return Holding([entry]).value(value)


def plain_text(text: str, texts: Collection[str]) -> str:
    """Return a text, such as that of a model, with the mark in place of each of some texts."""
    for each in sorted(spellings(texts), key=len, reverse=True):
        text = re.sub(re.escape(each), MARK, text, flags=re.IGNORECASE)
    return text


_Field = Callable[[Any, Eraser], Any]


def _erase_fields(fields: list[Any], table: Sequence[tuple[int, _Field]], eraser: Eraser) -> None:
    for place, erase in table:
        if place < len(fields) and fields[place] is not None:
            fields[place] = erase(fields[place], eraser)


def _value(value: Any, eraser: Eraser) -> Any:
    return eraser.value(value)


def _outcome(value: Any, eraser: Eraser) -> Any:
    """Erase the outcome of a decision or turn, of which nothing stays where all values go."""
    return None if isinstance(eraser, AllValues) else eraser.value(value)


def _rules(value: Any, eraser: Eraser) -> Any:
    """Erase what matched rules were asked and answered; where all values go, which rules those were stays."""
    if not isinstance(eraser, AllValues):
        return eraser.value(value)
    return [_rule(each, eraser) for each in value]


def _rule(rule: Any, eraser: Eraser) -> Any:
    if not isinstance(rule, dict):
        return rule
    return {
        name: eraser.value(each) if isinstance(each, dict | list) else each for name, each in rule.items()
    }


def _text(text: Any, eraser: Eraser) -> Any:
    return eraser.text(text)


def _person(person: Any, eraser: Eraser) -> Any:
    return eraser.person(person)


def _people(found: Any, eraser: Eraser) -> Any:
    return eraser.person(found) if isinstance(found, str) else [eraser.person(each) for each in found]


def _wait(wait: list[Any], eraser: Eraser) -> list[Any]:
    if wait[0] == "e" and wait[5] not in ("message", "signal"):
        return wait  # The key of a condition says whether it holds.
    _erase_fields(wait, _WAITS.get(wait[0], ()), eraser)
    return wait


def _asked(asked: list[Any], eraser: Eraser) -> list[Any]:
    _erase_fields(asked, _ASKED, eraser)
    return asked


def _node(node: list[Any], eraser: Eraser) -> list[Any]:
    _erase_fields(node, _NODE, eraser)
    return node


def _nodes(nodes: list[Any], eraser: Eraser) -> list[Any]:
    return [_node(node, eraser) for node in nodes]


def _waits(waits: list[Any], eraser: Eraser) -> list[Any]:
    return [_wait(wait, eraser) for wait in waits]


def _turns(turns: list[Any], eraser: Eraser) -> list[Any]:
    if turns[0] >= 0:
        _erase_fields(turns, ((4, _value), (5, _value)), eraser)
    return turns


def _done(entries: list[Any], eraser: Eraser) -> list[Any]:
    for entry in entries:
        _erase_fields(entry, ((1, _value), (2, _done)), eraser)
    return entries


def _incidents(incidents: list[Any], eraser: Eraser) -> list[Any]:
    for incident in incidents:
        _erase_fields(incident, ((5, _text),), eraser)
    return incidents


def _performers(performers: list[Any], eraser: Eraser) -> list[Any]:
    return [[step, _people(found, eraser)] for step, found in performers]


_ASKED: Final = ((1, _person), (3, _people), (4, _text), (5, _value), (6, _value))
_NODE: Final = ((4, _value), (7, _turns), (8, _done), (9, _done))
_WAITS: Final[dict[str, tuple[tuple[int, _Field], ...]]] = {
    "t": ((6, _person), (7, _people), (8, _people), (9, _people), (13, _value), (15, _asked)),
    "e": ((7, _text),),
}
_EVENTS: Final[dict[str, tuple[tuple[int, _Field], ...]]] = {
    "is": ((4, _text), (7, _value)),
    "vs": ((3, _value),),
    "wo": ((1, _wait),),
    "wc": ((4, _value),),
    "tc": ((1, _wait), (3, _value)),
    "tp": ((3, _person),),
    "jf": ((1, _wait), (2, _text)),
    "cs": ((1, _wait),),
    "dm": ((5, _value), (6, _rules), (7, _outcome)),
    "ms": ((3, _text), (4, _value)),
    "et": ((3, _text),),
    "cr": ((5, _value),),
    "ir": ((6, _text),),
    "ip": ((1, _text),),
    "iu": ((1, _text),),
    "ie": ((3, _text),),
    "jr": ((1, _wait),),
    "ss": ((3, _value),),
    "es": ((4, _value),),
    "lb": ((4, _value),),
    "lc": ((4, _outcome),),
    "cn": ((1, _wait),),
    "fk": ((4, _text), (10, _nodes), (11, _waits), (12, _incidents), (13, _performers)),
}
"""Where the events hold what people and systems said, by their codes; the code itself is the field 0."""
