"""Reads waits: what is waited for, and what may happen meanwhile."""

from collections.abc import Mapping

from flowmaster.engine.outline import values
from flowmaster.engine.outline.nodes import Node, Step, Trigger
from flowmaster.engine.outline.reading import Reading, shown
from flowmaster.engine.outline.reading_events import trigger
from flowmaster.engine.outline.vocabulary import BLOCKS
from flowmaster.engine.values import Json

BESIDE = ("within", "late", "on")
"""Words that say what happens while a step is open."""
OTHER_WAITS = (
    "Let the first of several events win: first: [[{wait: ...}, ...], [{wait: P30D}, ...]]; what shall happen beside it "
    "stands at a group: {group: [{wait: ...}], on: [...]}."
)
"""What may happen beside a wait that is none for a message."""
_WAITS = ("after", "at", "message", "signal", "condition")


def lifted(body: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return a wait whose words stand inside of what is waited for as if they stood beside it."""
    inside = body["wait"]
    if not isinstance(inside, Mapping):
        return body
    moved = {key: inside[key] for key in ("into", *BESIDE) if key in inside and key not in body}
    left = {key: value for key, value in inside.items() if key not in moved}
    return {**body, "wait": left, **moved} if moved else body


def awaited(reading: Reading, body: Mapping[str, Json], at: str) -> Trigger:
    """Read what a wait waits for; only a message may have handlers beside it, since it alone is a task of BPMN."""
    found = _keyed(reading, _waited(reading, body["wait"], f"{at}.wait"), body, at)
    beside = [key for key in BESIDE if body.get(key) is not None]
    if beside and found.kind not in ("message", ""):
        reading.wrong(
            f"{at}.{beside[0]}",
            f"Only a wait for a message has `{beside[0]}`; this one waits for a {_called(found)}.",
            expected="{wait: {message: name}, within: P30D, late: [steps]}",
            fix=OTHER_WAITS,
        )
    return found


def begins_race(reading: Reading, branch: tuple[Node, ...], path: str) -> None:
    """Check that a branch of `first` begins with a wait that nothing else ends."""
    first = branch[0] if branch else None
    if not isinstance(first, Step) or first.kind not in ("wait", "bpmn") or first.when:
        reading.wrong(path, "Each branch of `first` begins with a `wait`.", expected=BLOCKS["first"])
    elif first.kind == "wait" and first.handlers:
        reading.wrong(
            path,
            f"{first.name!r} begins a branch of `first`, so that it has no handlers of its own.",
            expected=BLOCKS["first"],
            fix="What ends the wait is another branch: [{wait: P30D}, ...]; what happens beside it stands at a group "
            "around the `first`: {group: [{first: [...]}], on: [{after: P14D, keep: true, then: [...]}]}.",
        )


def _waited(reading: Reading, value: Json, path: str) -> Trigger:
    if isinstance(value, Mapping):
        known = (*_WAITS, "for", "until", "key")
        reading.unknown_words(value, known, path)
        return trigger(reading, value, path, _WAITS)
    text = value.strip() if isinstance(value, str) else ""
    if text.startswith("=") or values.duration(text):
        return Trigger("after", reading.duration(text, path))
    if values.date(text):
        return Trigger("at", text)
    reading.wrong(
        path,
        f"{shown(value)} does not say what is waited for.",
        expected="P14D, a date, {until: =date}, {after: =duration}, {message: name, key: expression}, "
        "{signal: name} or {condition: expression}",
    )
    return Trigger()


def _keyed(reading: Reading, found: Trigger, body: Mapping[str, Json], at: str) -> Trigger:
    """Take the key of a message also where it stands beside `wait`."""
    if body.get("key") is None:
        return found
    if found.kind != "message":
        reading.wrong(f"{at}.key", "Only a message has a key.", fix="Leave `key` out.")
    return Trigger(found.kind, found.value, found.key or reading.feel(body["key"], f"{at}.key"))


def _called(found: Trigger) -> str:
    return "time" if found.kind in ("after", "at") else found.kind
