"""Reads events of a document back into triggers."""

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import EVENT_DEFINITION_KINDS
from flowmaster.engine.outline.nodes import Trigger
from flowmaster.engine.outline.raw import raw_event
from flowmaster.engine.outline.writing_events import CODES, TIMERS, key_of

_TIMER_WORDS = {kind: word for word, kind in TIMERS.items()}


def trigger_of(document: BpmnDocument, event: Element) -> Trigger | None:
    """Return what an event waits for or throws; None where the outline has no word for it."""
    definitions = event.children(*EVENT_DEFINITION_KINDS)
    if event.children("eventDefinitionRef") or len(definitions) > 1 or event.is_true("parallelMultiple"):
        return None
    if not definitions:
        return Trigger()
    return _defined(document, definitions[0])


def trigger_or_xml(document: BpmnDocument, event: Element) -> Trigger:
    """Return what an event waits for or throws, as XML where the outline has no word for it."""
    return trigger_of(document, event) or Trigger("bpmn", raw_event(event))


def message_of(document: BpmnDocument, holder: Element) -> Trigger | None:
    """Return the message that an event definition or task names; None where it names none."""
    found = document.reference(holder, "messageRef")
    if found is None or not found.name:
        return None
    return Trigger("message", found.name, key_of(found))


def _defined(document: BpmnDocument, definition: Element) -> Trigger | None:
    match definition.kind:
        case "timerEventDefinition":
            for kind, word in _TIMER_WORDS.items():
                if definition.text_of(kind):
                    return Trigger(word, definition.text_of(kind))
            return None
        case "messageEventDefinition":
            return message_of(document, definition)
        case "signalEventDefinition":
            found = document.reference(definition, "signalRef")
            return Trigger("signal", found.name) if found is not None and found.name else None
        case "errorEventDefinition":
            return _coded(document, definition, "error")
        case "escalationEventDefinition":
            return _coded(document, definition, "escalation")
        case "conditionalEventDefinition":
            text = definition.text_of("condition").removeprefix("=").strip()
            return Trigger("condition", text) if text else None
        case "compensateEventDefinition" if definition.is_true("waitForCompletion", True):
            return Trigger("compensate", definition.get("activityRef"))
        case "cancelEventDefinition":
            return Trigger("cancel")
        case "terminateEventDefinition":
            return Trigger("terminate")
        case _:
            return None


def _coded(document: BpmnDocument, definition: Element, kind: str) -> Trigger | None:
    if not definition.get(f"{kind}Ref"):
        return Trigger(kind)
    found = document.reference(definition, f"{kind}Ref")
    if found is None:
        return None
    return Trigger(kind, found.get(CODES[kind]) or found.name or found.id)
