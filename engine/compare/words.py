"""Changes in words, for people who know the process and not its file."""

from collections.abc import Iterator, Mapping
from typing import Final

from flowmaster.engine.compare.changes import Change, Compared
from flowmaster.engine.compare.form_words import FORMS, form_sentence
from flowmaster.engine.feel.said import said
from flowmaster.engine.model import Process
from flowmaster.engine.values import Json

ITEMS_TOLD: Final = 4
"""How many items of a list that came or went are told one by one; of more the whole list is shown."""

CALLED_BY: Final = ("message", "target", "name", "code")
"""By which of its parts an item of a list is called."""

SAID_MAX: Final = 120
"""Characters of a value that are shown."""


def worded(change: Change, old: Process, new: Process) -> str:
    """Return one change as a sentence."""
    if not change.element and not change.before:
        return _of_process(change, new)
    name = _name(new, change.element) if change.element else _name(old, change.before)
    if change.kind == "moved":
        return f"{name} {_moved(change, old, new)}."
    match change.kind, change.what:
        case "added", "":
            return f"{_kind(new, change.element)} {name} is new{_behind(new, change.element)}."
        case "removed", "":
            return f"{_kind(old, change.before)} {name} is gone."
        case "renamed", what:
            subject = f"{_kind(new, change.element)} {_name(old, change.before)}"
            return f"{subject} has the {what} {said(change.now)} now (before: {said(change.was)})."
        case "removed", "way":
            return f"No way leads from {name} to {_name(old, str(change.was))} any more."
        case "added", "way":
            return f"A way leads from {name} to {_name(new, str(change.now))} now."
    return f"{name}: {_turned(_aspect(change.what, new), change.was, change.now)}."


def _moved(change: Change, old: Process, new: Process) -> str:
    match change.what:
        case "place":
            return f"comes {_after(new, change.now)} now (before: {_after(old, change.was)})"
        case "scope":
            return f"stands in {_name(new, str(change.now))} now (before: {_name(old, str(change.was))})"
        case "host":
            return f"stands on {_name(new, str(change.now))} now (before: {_name(old, str(change.was))})"
    return f"stands in the {change.what} {said(change.now)} now (before: {said(change.was)})"


def _aspect(what: str, new: Process) -> str:
    for way in ("condition to ", "default to "):
        if what.startswith(way):
            return way + (_name(new, what.removeprefix(way)) if what != way else "the end")
    return what


def summary(compared: Compared) -> str:
    """Return how much has changed, in a sentence."""
    if not compared.changes:
        return "No change: at most the drawing differs, and instances do the same."
    kinds = [one.kind for one in compared.changes]
    told = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    if not any(one.behaves for one in compared.changes):
        return f"Names and words have changed ({told}); instances do the same."
    return f"{len(kinds)} change{'s' * (len(kinds) > 1)}: {told}."


def _of_process(change: Change, new: Process) -> str:
    form = change.what.removeprefix(FORMS)
    if form != change.what and (sentence := form_sentence(form, change.was, change.now, new)):
        return sentence
    if change.kind == "changed":
        return f"The process: {_turned(change.what, change.was, change.now)}."
    return f"The process: {change.what} is {'new' if change.kind == 'added' else 'gone'}."


def _turned(what: str, was: Json, now: Json) -> str:
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        parts = [key for key in dict.fromkeys((*was, *now)) if was.get(key) != now.get(key)]
        if parts and len(parts) <= 2:
            return "; ".join(f"{what} {_turned(part, was.get(part), now.get(part))}" for part in parts)
    if isinstance(was, list) and isinstance(now, list):
        gone, come = [one for one in was if one not in now], [one for one in now if one not in was]
        if 1 <= len(gone) + len(come) <= ITEMS_TOLD:
            return "; ".join(_items(what, gone, come))
    return f"{what} is {_value(now)} (before: {_value(was)})"


def _items(what: str, gone: list[Json], come: list[Json]) -> Iterator[str]:
    """Yield which items of a list came, went, or are otherwise though they are called the same."""
    twins = {called: one for one in gone if (called := _called(one))}
    for one in come:
        called = _called(one)
        was = twins.pop(called, None)
        if isinstance(was, Mapping) and isinstance(one, Mapping):
            yield f"{what} {_turned(said(called), was, one)}"
            gone.remove(was)
        else:
            yield f"{what}: {said(called) if called else _value(one)} is new"
    for one in gone:
        yield f"{what}: {said(called) if (called := _called(one)) else _value(one)} is gone"


def _called(item: Json) -> str:
    """Return what an item of a list is called by: the message of a check, the target of a mapping; empty if by nothing."""
    found = (item.get(key) for key in CALLED_BY) if isinstance(item, Mapping) else ()
    return next((one for one in found if isinstance(one, str) and one), "")


def _value(value: Json) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return "none"
    if isinstance(value, Mapping) and {"after", "action"} <= value.keys():
        return f"{value['action']} after {value['after']}" + (f" to {value['to']}" if value.get("to") else "")
    text = said(value)
    return text if len(text) <= SAID_MAX else f"{text[: SAID_MAX - 3]}..."


def _name(process: Process, key: str) -> str:
    element = process.elements.get(key)
    if element is None:
        return said(key)
    if key == process.id:
        return "the process"
    host = process.elements.get(element.host)
    return said(element.label) if host is None else f"{said(element.label)} on {said(host.label)}"


def kind_in_words(process: Process, key: str) -> str:
    """Return what people call the kind of an element, as `user task`."""
    return spoken_kind(process.elements[key].kind)


def spoken_kind(kind: str) -> str:
    """Return a BPMN kind as people say it: `userTask` as `user task`."""
    return "".join(f" {each.lower()}" if each.isupper() else each for each in kind).strip()


def _kind(process: Process, key: str) -> str:
    return f"The {kind_in_words(process, key)}"


def _after(process: Process, sources: Json) -> str:
    assert isinstance(sources, list)
    if not sources:
        return "first"
    return "after " + " and ".join(_name(process, str(each)) for each in sources)


def _behind(process: Process, key: str) -> str:
    before = [flow.source for flow in process.elements[key].incoming]
    return f", {_after(process, [*before])}" if before else ""
