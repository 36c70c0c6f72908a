"""The words of `set` that say what happens beside a step: `within` with `late`, and `on`."""

from collections.abc import Mapping

from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import EVENT_DEFINITION_KINDS, fm, zeebe
from flowmaster.engine.edits.context import Batch
from flowmaster.engine.edits.healing import heal_after
from flowmaster.engine.edits.targets import refused
from flowmaster.engine.outline import values
from flowmaster.engine.outline.nodes import Trigger
from flowmaster.engine.outline.reading_events import handlers, late
from flowmaster.engine.outline.recalling_events import trigger_of
from flowmaster.engine.outline.writing_events import add_trigger
from flowmaster.engine.outline.writing_words import WordWriter
from flowmaster.engine.values import Json

Edit = Mapping[str, Json]


def set_beside(batch: Batch, node: Element, kind: str, edit: Edit, path: str) -> None:
    """Set `within`/`late` and `on`: what stood there before of the same sort goes."""
    writer = writer_of(batch, path)
    if "within" in edit or "late" in edit:
        _set_late(batch, node, kind, edit, path, writer)
    if "on" in edit:
        late_ones = _timers(batch, node)
        for event in batch.document.boundary_events(node):
            found = trigger_of(batch.document, event)
            if event not in late_ones and (found is None or found.kind != "compensate"):
                heal_after(batch, event)
        batch.forget_gone()
        if edit["on"] is not None:
            batch.beside(node, lambda steps: handlers(batch.reading, edit["on"], f"{path}.on", steps), path)


def _set_late(batch: Batch, node: Element, kind: str, edit: Edit, path: str, writer: WordWriter) -> None:
    reading = batch.reading
    timers = _timers(batch, node)
    escalation = next(
        (one for one in node.extensions(fm("deadline")) if one.get("action") == "escalate"), None
    )
    if edit.get("within") is not None:
        after = reading.duration(edit["within"], f"{path}.within")
    elif timers:
        found = trigger_of(batch.document, timers[0])
        after = found.value if found is not None else "PT1H"
    else:
        after = escalation.get("after") if escalation is not None else ""
    where = edit.get("late")
    if "late" not in edit and edit["within"] is not None and (escalation is not None or timers):
        if escalation is not None:
            escalation.set("after", after)
        else:
            _retime(batch, timers[0], after, path)
        return
    for event in timers:
        heal_after(batch, event)
    batch.forget_gone()
    if kind == "ask":
        writer.write(node, "escalate", None)
    if where is None:
        _set_due(batch, node, kind, edit, after, path)
        return
    if not after:
        raise refused(
            f"{path}.late",
            "edit.value_wrong",
            "`late` needs `within`: how long it may take.",
            expected="PT72H",
        )
    if isinstance(where, Mapping) and "escalate" in where:
        if kind != "ask":
            raise refused(
                f"{path}.late",
                "edit.value_wrong",
                "Only an `ask` step can escalate to a role.",
                expected="late: step name or [steps]",
            )
        writer.write(node, "escalate", [[after, reading.role(where["escalate"], f"{path}.late.escalate")]])
        return
    batch.beside(node, lambda steps: (late(reading, after, where, f"{path}.late", steps),), path)


def _set_due(batch: Batch, node: Element, kind: str, edit: Edit, after: str, path: str) -> None:
    """Write `within` without `late`: the due date of a person's step; other steps have none."""
    if "within" not in edit:
        return
    if kind == "ask":
        writer_of(batch, path).write(node, "due", None if edit["within"] is None else after)
    elif edit["within"] is not None:
        raise refused(
            f"{path}.within",
            "edit.value_wrong",
            "`within` needs `late`: where it leads then.",
            expected="late: step name",
        )


def _timers(batch: Batch, node: Element) -> list[Element]:
    """Return the event that `within` and `late` stand for; several after a time are all said under `on`."""
    timed = [
        event
        for event in batch.document.boundary_events(node)
        if (found := trigger_of(batch.document, event)) is not None and found.kind == "after"
    ]
    return timed if len(timed) == 1 and timed[0].extension(zeebe("ioMapping")) is None else []


def _retime(batch: Batch, event: Element, after: str, path: str) -> None:
    before = trigger_of(batch.document, event)
    if before is not None and event.name == values.duration_in_words(before.value):
        event.set("name", values.duration_in_words(after))
    trigger_anew(batch, event, Trigger("after", after), path)


def trigger_anew(batch: Batch, event: Element, found: Trigger, path: str) -> None:
    """Let an event wait for or throw something else."""
    for old in event.children(*EVENT_DEFINITION_KINDS):
        old.remove()
    add_trigger(batch.document, event, found, lambda name: batch.targets.node(name, path).id)


def writer_of(batch: Batch, path: str) -> WordWriter:
    """Return the writer of the words of a batch's document."""
    return WordWriter(batch.document, lambda name: batch.targets.node(name, path).id)
