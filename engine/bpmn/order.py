"""The order in which the BPMN schema wants the children of an element (BPMN 2.0.2, Semantic.xsd)."""

from flowmaster.engine.bpmn.vocabulary import (
    EVENT_DEFINITION_KINDS,
    FLOW_NODE_KINDS,
    LOOP_KINDS,
    ROOT_KINDS,
)

_GROUPS: tuple[frozenset[str] | set[str], ...] = (
    {"documentation"},
    {"extensionElements"},
    {"import"},
    {"extension"},
    {"auditing", "monitoring", "categoryValueRef"},
    {"supportedInterfaceRef", "interfaceRef", "partitionElement", "implementationRef"},
    {"incoming"},
    {"outgoing"},
    {"ioSpecification", "endPointRef", "participantMultiplicity", "dataState"},
    {"ioBinding"},
    {"property"},
    {"dataInput"},
    {"dataOutput"},
    {"dataInputAssociation"},
    {"dataOutputAssociation"},
    {"inputSet"},
    {"outputSet"},
    {"resourceRole", "performer", "humanPerformer", "potentialOwner"},
    set(LOOP_KINDS),
    {"laneSet"},
    {"lane", "participant", "flowNodeRef"},
    {"childLaneSet", "messageFlow"},
    set(EVENT_DEFINITION_KINDS) | {"eventDefinitionRef"},
    set(FLOW_NODE_KINDS) | {"sequenceFlow", "dataObjectReference", "dataStoreReference", "dataObject"},
    {"textAnnotation", "group", "association"},
    {"correlationSubscription"},
    {"loopCardinality", "loopMaximum", "loopCondition"},
    {"loopDataInputRef"},
    {"loopDataOutputRef"},
    {"inputDataItem"},
    {"outputDataItem"},
    {"complexBehaviorDefinition"},
    {"conditionExpression", "activationCondition", "completionCondition", "rendering", "script", "text"},
    {"sourceRef"},
    {"targetRef"},
    {"transformation"},
    {"assignment"},
    {"resourceRef"},
    {"resourceParameterBinding", "resourceAssignmentExpression"},
    set(ROOT_KINDS) - EVENT_DEFINITION_KINDS,
    {"relationship"},
)
_RANKS = {kind: rank for rank, group in enumerate(_GROUPS) for kind in group}
_LAST = len(_GROUPS)
_PROCESS_TAIL = {"resourceRole", "performer", "humanPerformer", "potentialOwner"}


def rank(parent_kind: str, kind: str) -> int:
    """Return where `kind` stands among the children of `parent_kind`; equal ranks keep their given order."""
    if parent_kind == "process" and kind in _PROCESS_TAIL:
        return _RANKS["correlationSubscription"]
    if kind.endswith("}BPMNDiagram"):
        return _RANKS["relationship"]
    return _RANKS.get(kind, _LAST)
