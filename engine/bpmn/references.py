"""Which attributes and children of BPMN elements refer to other elements by id."""

from collections.abc import Container, Iterator

from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import EDGE, PLANE, SHAPE

REFERENCE_ATTRIBUTES = (
    "activityRef",
    "attachedToRef",
    "calledElement",
    "categoryValueRef",
    "choreographyActivityShape",
    "correlationPropertyRef",
    "dataObjectRef",
    "dataStoreRef",
    "default",
    "errorRef",
    "escalationRef",
    "itemSubjectRef",
    "messageRef",
    "noneBehaviorEventRef",
    "oneBehaviorEventRef",
    "operationRef",
    "processRef",
    "signalRef",
    "sourceRef",
    "targetRef",
)
REFERENCE_CHILDREN = (
    "categoryValueRef",
    "dataInputRefs",
    "dataOutputRefs",
    "errorRef",
    "eventDefinitionRef",
    "flowNodeRef",
    "inMessageRef",
    "incoming",
    "inputSetRefs",
    "interfaceRef",
    "loopDataInputRef",
    "loopDataOutputRef",
    "messageFlowRef",
    "optionalInputRefs",
    "optionalOutputRefs",
    "outMessageRef",
    "outgoing",
    "outputSetRefs",
    "participantRef",
    "resourceRef",
    "sourceRef",
    "supportedInterfaceRef",
    "targetRef",
    "whileExecutingInputRefs",
    "whileExecutingOutputRefs",
)
_DRAWN = (SHAPE, EDGE, PLANE)


def referring_attributes(root: Element, ids: Container[str]) -> Iterator[tuple[Element, str]]:
    """Yield each element with the attribute by which it refers to one of `ids`."""
    for element in list(root.descendants()):
        if element.kind in _DRAWN:
            if _plain(element.get("bpmnElement")) in ids:
                yield element, "bpmnElement"
        elif not element.kind.startswith("{"):
            for attribute in REFERENCE_ATTRIBUTES:
                if _plain(element.get(attribute)) in ids:
                    yield element, attribute


def reference_children(root: Element, ids: Container[str]) -> Iterator[Element]:
    """Yield the child elements whose text refers to one of `ids`."""
    for element in list(root.descendants(*REFERENCE_CHILDREN)):
        if _plain(element.text) in ids:
            yield element


def _plain(reference: str) -> str:
    return reference.rpartition(":")[2]
