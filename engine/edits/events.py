"""The operation that changes events and waits: what they wait for or throw, and what happens while a message is awaited."""

from collections.abc import Mapping

from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.edits.beside import set_beside, trigger_anew, writer_of
from flowmaster.engine.edits.context import Batch
from flowmaster.engine.edits.forms import FORMS
from flowmaster.engine.edits.steps import set_when
from flowmaster.engine.edits.targets import known_words, refused
from flowmaster.engine.outline import values
from flowmaster.engine.outline.nodes import Trigger
from flowmaster.engine.outline.reading_events import kept_open, trigger
from flowmaster.engine.outline.reading_waits import BESIDE, OTHER_WAITS
from flowmaster.engine.outline.reading_words import word
from flowmaster.engine.outline.recalling_events import trigger_of
from flowmaster.engine.outline.recalling_words import WordReader
from flowmaster.engine.values import Json

Edit = Mapping[str, Json]
_MORE = {
    "intermediateCatchEvent": ("with", "when", *BESIDE),
    "boundaryEvent": ("keep",),
    "endEvent": ("terminate",),
}
_TIMES = ("after", "at", "every", "message", "signal", "condition")


def is_wait(batch: Batch, node: Element) -> bool:
    """Return whether a node is a wait of the outline: an event, or a task with handlers beside it."""
    if node.kind == "receiveTask":
        reader = WordReader(batch.document, batch.process, batch.lane_role)
        return reader.recall(node).kind == "wait"
    return node.kind == "intermediateCatchEvent"


def set_wait(batch: Batch, node: Element, edit: Edit, path: str) -> None:
    """Change a wait; one for a message is a task as long as something may happen beside it, else an event."""
    before, document = node.kind, batch.document
    if before == "receiveTask":
        _become_event(node)
    set_event(batch, node, {key: value for key, value in edit.items() if key not in BESIDE}, path)
    beside = [key for key in BESIDE if edit.get(key) is not None]
    held = bool(beside) or bool(document.boundary_events(node)) and not edit.keys() & set(BESIDE)
    found = trigger_of(document, node)
    if held and (found is None or found.kind != "message"):
        raise refused(
            f"{path}.{beside[0]}" if beside else path,
            "edit.value_wrong",
            f"Only a wait for a message has handlers, and {node.title!r} waits for something else.",
            expected="{wait: {message: name}, within: P30D, late: [steps]}",
            fix=OTHER_WAITS,
        )
    if beside and any(one.kind == "eventBasedGateway" for one in _sources(batch, node)):
        raise refused(
            f"{path}.{beside[0]}",
            "edit.place_wrong",
            f"{node.title!r} begins a way of `first`, so that it has no handlers of its own.",
            fix="What ends the wait is another way of `first`; what happens beside it stands at a group around: "
            f"wrap: {node.title}, in: a new name.",
        )
    set_beside(batch, node, "wait", edit, path)
    if document.boundary_events(node):
        _become_task(node)
    if node.kind != before:
        batch.made.append(node.id)


def _become_event(node: Element) -> None:
    node.become("intermediateCatchEvent")
    node.add("messageEventDefinition", {"messageRef": node.get("messageRef")})
    node.set("messageRef", None)


def _become_task(node: Element) -> None:
    definition = node.child("messageEventDefinition")
    assert definition is not None, "only a wait for a message has handlers"
    node.become("receiveTask")
    node.set("messageRef", definition.get("messageRef"))
    definition.remove()


def _sources(batch: Batch, node: Element) -> list[Element]:
    return [batch.document.element(flow.get("sourceRef")) for flow in batch.document.incoming(node)]


def _refuse_inputs(edit: Edit, path: str) -> None:
    """Show where to change what a start needs, which belongs to the process."""
    for wrong in ("needs", "checks"):
        if wrong in edit:
            raise refused(
                f"{path}.{wrong}",
                "edit.word_unknown",
                f"{wrong!r} of the start is an edit of its own.",
                fix=f"Write it like {FORMS['set_start']}.",
            )


def set_event(batch: Batch, node: Element, edit: Edit, path: str) -> None:
    """Change what an event waits for or throws, with the words of triggers."""
    if node.kind == "startEvent":
        _refuse_inputs(edit, path)
    own = ("wait",) if node.kind == "intermediateCatchEvent" else ("end",) if node.kind == "endEvent" else ()
    more = _MORE.get(node.kind, ())
    known_words(
        edit,
        ("set", *own, *_TIMES, "error", "escalation", "key", "title", "into", "about", *more),
        path,
    )
    given: dict[str, Json] = {
        key: edit[key] for key in (*_TIMES, "error", "escalation", "key") if key in edit
    }
    for word_ in own:
        if word_ in edit:
            given |= _said_of_event(batch, node, word_, edit[word_], f"{path}.{word_}")
    if given:
        allowed = (*_TIMES, "error", "escalation", "terminate", "cancel", "compensate")
        before = trigger_of(batch.document, node)
        if before is not None and before.kind == "message" and set(given) == {"key"}:
            given["message"] = before.value
        found = trigger(batch.reading, given, path, allowed)
        if before is not None and found.kind == "message" and not found.key and "key" not in given:
            found = Trigger(found.kind, found.value, before.key)
        trigger_anew(batch, node, found, path)
    if "terminate" in edit:
        _set_terminate(batch, node, edit["terminate"], path)
    writer = writer_of(batch, path)
    for key in ("title", "with", "into", "about"):
        if key in edit:
            value = edit[key]
            writer.write(
                node, key, None if value is None else word(batch.reading, key, value, f"{path}.{key}")
            )
    if "when" in edit:
        set_when(batch, node, edit["when"], path)
    if "keep" in edit:
        kept = kept_open(batch.reading, edit["keep"], trigger_of(batch.document, node), f"{path}.keep")
        node.set("cancelActivity", "false" if kept else None)


def _set_terminate(batch: Batch, node: Element, value: Json, path: str) -> None:
    """Let an end stop all else in its scope, or no longer."""
    if value is not None and batch.reading.flag(value, f"{path}.terminate"):
        trigger_anew(batch, node, Trigger("terminate"), path)
        return
    for old in node.children("terminateEventDefinition"):
        old.remove()


def _said_of_event(batch: Batch, node: Element, name: str, value: Json, path: str) -> Mapping[str, Json]:
    """Return the trigger words of `wait` or `end`; the text behind `end` is its name, true stands for none."""
    if isinstance(value, Mapping):
        return value
    if name == "end":
        node.set("name", None if value is True else batch.reading.text(value, path, "The name of an end"))
        return {}
    text = value if isinstance(value, str) else ""
    if values.duration(text):
        return {"after": text}
    if values.date(text):
        return {"at": text}
    batch.reading.wrong(
        path, "It is not said what is waited for.", expected="P14D, a date or {message: name}"
    )
    return {}


def text_or_none(batch: Batch, value: Json, path: str) -> str | None:
    """Return a title, None where it is taken away."""
    return None if value is None else batch.reading.text(value, path, "A title")
