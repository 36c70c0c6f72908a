"""Loop and multi-instance markers."""

from flowmaster.engine.bpmn.element import Element as XmlElement
from flowmaster.engine.bpmn.reader_events import name_of, trigger_of
from flowmaster.engine.bpmn.reader_values import NULL
from flowmaster.engine.bpmn.reading import Reading, camunda_attribute
from flowmaster.engine.bpmn.vocabulary import (
    EVENT_DEFINITION_KINDS,
    ZEEBE_LOOP_CHARACTERISTICS,
)
from flowmaster.engine.model import ComplexBehaviour, Loop, MultiInstance, StandardLoop, Trigger, Value


def loop_of(reading: Reading, xml: XmlElement) -> Loop | None:
    """Read the loop marker of an activity."""
    standard = xml.child("standardLoopCharacteristics")
    if standard is not None:
        return _standard_loop(reading, standard, xml)
    multi = xml.child("multiInstanceLoopCharacteristics")
    return None if multi is None else _multi_instance(reading, multi, xml)


def _standard_loop(reading: Reading, loop: XmlElement, owner: XmlElement) -> StandardLoop:
    identifier = reading.id_of(owner)
    maximum = (loop.get("loopMaximum") or loop.text_of("loopMaximum")).strip()
    condition = _expression(reading, loop, "loopCondition", identifier)
    limit = int(maximum[:9]) if maximum.isascii() and maximum.isdigit() else None
    if condition is None and limit is None:
        reading.add(
            "loop.condition_missing",
            owner,
            f"The loop of {reading.called(owner)} has no condition and no maximum.",
        )
    return StandardLoop(condition, loop.is_true("testBefore"), limit)


def _multi_instance(reading: Reading, loop: XmlElement, owner: XmlElement) -> MultiInstance:
    identifier = reading.id_of(owner)
    values = reading.values
    zeebe = loop.extension(ZEEBE_LOOP_CHARACTERISTICS)
    collection, item, output = _collection(reading, loop), "", ""
    if zeebe is not None:
        collection = zeebe.get("inputCollection") or collection
        item, output = zeebe.get("inputElement").strip(), zeebe.get("outputCollection").strip()
    output = output or _named(reading, loop, "loopDataOutputRef")
    item = item or camunda_attribute(loop, "elementVariable") or _name_of_child(loop, "inputDataItem")
    cardinality = _expression(reading, loop, "loopCardinality", identifier)
    if cardinality is None and not collection.strip():
        reading.add(
            "loop.number_missing",
            owner,
            f"The multi-instance activity {reading.called(owner)} has no number and no collection.",
        )
    return MultiInstance(
        sequential=loop.is_true("isSequential"),
        cardinality=cardinality,
        collection=values.optional_feel(collection, loop, identifier, "The input collection"),
        item=item,
        output_collection=output,
        output_element=values.optional_feel(
            (zeebe.get("outputElement") if zeebe is not None else "")
            or _name_of_child(loop, "outputDataItem"),
            loop,
            identifier,
            "The output element",
        ),
        completion=_expression(reading, loop, "completionCondition", identifier),
        behavior=loop.get("behavior", "All"),
        event=_thrown(reading, loop, owner),
        complex=_complex(reading, loop, owner),
    )


def _expression(reading: Reading, loop: XmlElement, kind: str, identifier: str) -> Value | None:
    holder = loop.child(kind)
    if holder is None or not holder.text:
        return None
    return reading.values.expression(holder, identifier, f"The {kind}")


def _collection(reading: Reading, loop: XmlElement) -> str:
    """Return the collection as Camunda 7 or plain BPMN names it."""
    return camunda_attribute(loop, "collection") or _named(reading, loop, "loopDataInputRef")


def _named(reading: Reading, loop: XmlElement, reference: str) -> str:
    """Return the name of the data that a reference of plain BPMN points at."""
    identifier = loop.text_of(reference)
    data = reading.document.find(identifier) if identifier else None
    return data.name if data is not None else ""


def _name_of_child(loop: XmlElement, kind: str) -> str:
    child = loop.child(kind)
    return child.name if child is not None else ""


def _thrown(reading: Reading, loop: XmlElement, owner: XmlElement) -> Trigger | None:
    attribute = {"One": "oneBehaviorEventRef", "None": "noneBehaviorEventRef"}.get(loop.get("behavior"))
    if attribute is None:
        return None
    definition = reading.resolve(loop, attribute, owner, *sorted(EVENT_DEFINITION_KINDS))
    return _throw(reading, definition, owner) if definition is not None else None


def _complex(reading: Reading, loop: XmlElement, owner: XmlElement) -> tuple[ComplexBehaviour, ...]:
    found = []
    for behaviour in loop.children("complexBehaviorDefinition"):
        condition = behaviour.child("condition")
        event = behaviour.child("event", "implicitThrowEvent")
        definition = event.child(*EVENT_DEFINITION_KINDS) if event is not None else None
        if definition is None:
            continue
        value = (
            reading.values.expression(
                condition, reading.id_of(owner), "The condition of the complex behavior"
            )
            if condition is not None and condition.text
            else NULL
        )
        found.append(ComplexBehaviour(value, _throw(reading, definition, owner)))
    return tuple(found)


def _throw(reading: Reading, definition: XmlElement, owner: XmlElement) -> Trigger:
    if name_of(definition) in ("signal", "message", "error", "escalation", "conditional", "timer"):
        return trigger_of(reading, owner, definition)
    return Trigger(name_of(definition), None)
