"""Writes events into a document: what they wait for or throw, with the messages, errors and signals they name."""

from collections.abc import Callable

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import XSI_TYPE, zeebe
from flowmaster.engine.outline.nodes import Trigger
from flowmaster.engine.outline.values import duration_in_words

DEFINITIONS = {
    "after": "timerEventDefinition",
    "at": "timerEventDefinition",
    "every": "timerEventDefinition",
    "message": "messageEventDefinition",
    "signal": "signalEventDefinition",
    "error": "errorEventDefinition",
    "escalation": "escalationEventDefinition",
    "condition": "conditionalEventDefinition",
    "cancel": "cancelEventDefinition",
    "compensate": "compensateEventDefinition",
    "terminate": "terminateEventDefinition",
}
"""The event definition of each trigger word."""

TIMERS = {"after": "timeDuration", "at": "timeDate", "every": "timeCycle"}
CODES = {"error": "errorCode", "escalation": "escalationCode"}


def add_trigger(
    document: BpmnDocument, event: Element, trigger: Trigger, step_id: Callable[[str], str]
) -> None:
    """Add the event definition of a trigger; `step_id` finds the activity that a compensation names."""
    if not trigger.kind:
        return
    if trigger.kind == "bpmn":
        _take_over(event, trigger.value)
        return
    kind = DEFINITIONS[trigger.kind]
    match trigger.kind:
        case "after" | "at" | "every":
            add_expression(event.add(kind), TIMERS[trigger.kind], trigger.value)
        case "message":
            event.add(kind, {"messageRef": message(document, trigger.value, trigger.key).id})
        case "signal":
            event.add(kind, {"signalRef": document.define("signal", trigger.value).id})
        case "error" | "escalation":
            reference = coded(document, trigger.kind, trigger.value).id if trigger.value else None
            event.add(kind, {f"{trigger.kind}Ref": reference})
        case "condition":
            add_expression(event.add(kind), "condition", f"={trigger.value}")
        case "compensate":
            event.add(kind, {"activityRef": step_id(trigger.value) if trigger.value else None})
        case _:
            event.add(kind)


def _take_over(event: Element, xml: str) -> None:
    """Let an event wait for or throw what another one does, which is given as XML."""
    given = event.add_xml(xml)
    for name, text in given.attributes().items():
        if name != "id":
            event.set(name, text)
    for child in given.children():
        child.move_to(event)
    given.remove()


def message(document: BpmnDocument, name: str, key: str) -> Element:
    """Return the message of a name and correlation key, made where it is missing."""
    for found in document.definitions("message"):
        if found.name == name and key_of(found) == key:
            return found
    made = document.root.add(
        "message", {"id": document.new_id(f"message {name.removeprefix('=')}", "message"), "name": name}
    )
    if key:
        made.add_extension(zeebe("subscription"), {"correlationKey": f"={key}"})
    return made


def key_of(message_element: Element) -> str:
    """Return the correlation key of a message, without `=`."""
    subscription = message_element.extension(zeebe("subscription"))
    return "" if subscription is None else subscription.get("correlationKey").removeprefix("=").strip()


def coded(document: BpmnDocument, kind: str, code: str) -> Element:
    """Return the error or escalation of a code, made where it is missing."""
    for found in document.definitions(kind):
        if found.get(CODES[kind]) == code:
            return found
    identifier = document.new_id(f"{kind} {code.removeprefix('=')}", kind)
    return document.root.add(kind, {"id": identifier, "name": code.removeprefix("="), CODES[kind]: code})


def add_expression(parent: Element, kind: str, text: str) -> Element:
    """Add a BPMN expression element with a FEEL text or a literal."""
    return parent.add(kind, {XSI_TYPE: f"{parent.model_prefix}tFormalExpression"}, text=text)


def title_of(trigger: Trigger) -> str:
    """Return what stands at an event that has no title of its own."""
    if trigger.kind == "after":
        return duration_in_words(trigger.value)
    if trigger.kind in ("error", "escalation", "message", "signal", "condition", "at", "every"):
        return trigger.value.removeprefix("=") or f"any {trigger.kind}"
    return "" if trigger.kind == "bpmn" else trigger.kind
