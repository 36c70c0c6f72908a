"""The words of BPMN files: namespaces, qualified names, and the kinds of elements by family.

Elements and attributes of the BPMN model namespace go by their local name (`userTask`, `name`); all others by
their qualified name `{namespace}local`, which `zeebe`, `fm` and the constants here spell.
"""

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
FLOWABLE = "http://flowable.org/bpmn"
ACTIVITI = "http://activiti.org/bpmn"
MODELER = "http://camunda.org/schema/modeler/1.0"
FM = "https://flowmaster.dev/bpmn/1.0"
BIOC = "http://bpmn.io/schema/bpmn/biocolor/1.0"
COLOR = "http://www.omg.org/spec/BPMN/non-normative/color/1.0"

PREFIXES = {
    MODEL: "bpmn",
    BPMNDI: "bpmndi",
    DC: "dc",
    DI: "di",
    XSI: "xsi",
    ZEEBE: "zeebe",
    CAMUNDA: "camunda",
    FLOWABLE: "flowable",
    ACTIVITI: "activiti",
    MODELER: "modeler",
    FM: "fm",
    BIOC: "bioc",
    COLOR: "color",
}
"""The prefix that a namespace gets where a document does not declare one."""


def zeebe(local: str) -> str:
    """Return the qualified name of a word of the zeebe vocabulary: `{http://camunda.org/…}taskDefinition`."""
    return f"{{{ZEEBE}}}{local}"


def fm(local: str) -> str:
    """Return the qualified name of a word of FlowMaster's own vocabulary."""
    return f"{{{FM}}}{local}"


ZEEBE_TASK_DEFINITION = zeebe("taskDefinition")
ZEEBE_TASK_HEADERS = zeebe("taskHeaders")
ZEEBE_HEADER = zeebe("header")
ZEEBE_IO_MAPPING = zeebe("ioMapping")
ZEEBE_INPUT = zeebe("input")
ZEEBE_OUTPUT = zeebe("output")
ZEEBE_ASSIGNMENT_DEFINITION = zeebe("assignmentDefinition")
ZEEBE_TASK_SCHEDULE = zeebe("taskSchedule")
ZEEBE_PRIORITY_DEFINITION = zeebe("priorityDefinition")
ZEEBE_FORM_DEFINITION = zeebe("formDefinition")
ZEEBE_USER_TASK = zeebe("userTask")
ZEEBE_USER_TASK_FORM = zeebe("userTaskForm")
ZEEBE_CALLED_ELEMENT = zeebe("calledElement")
ZEEBE_CALLED_DECISION = zeebe("calledDecision")
ZEEBE_SCRIPT = zeebe("script")
ZEEBE_SUBSCRIPTION = zeebe("subscription")
ZEEBE_LOOP_CHARACTERISTICS = zeebe("loopCharacteristics")
ZEEBE_PROPERTIES = zeebe("properties")
ZEEBE_PROPERTY = zeebe("property")
ZEEBE_EXECUTION_LISTENERS = zeebe("executionListeners")
ZEEBE_EXECUTION_LISTENER = zeebe("executionListener")
ZEEBE_TASK_LISTENERS = zeebe("taskListeners")
ZEEBE_TASK_LISTENER = zeebe("taskListener")
ZEEBE_AD_HOC = zeebe("adHoc")
ZEEBE_VERSION_TAG = zeebe("versionTag")

XSI_TYPE = f"{{{XSI}}}type"
DIAGRAM = f"{{{BPMNDI}}}BPMNDiagram"
PLANE = f"{{{BPMNDI}}}BPMNPlane"
SHAPE = f"{{{BPMNDI}}}BPMNShape"
EDGE = f"{{{BPMNDI}}}BPMNEdge"
LABEL = f"{{{BPMNDI}}}BPMNLabel"
BOUNDS = f"{{{DC}}}Bounds"
WAYPOINT = f"{{{DI}}}waypoint"

TASK_KINDS = frozenset(
    {
        "task",
        "userTask",
        "manualTask",
        "serviceTask",
        "scriptTask",
        "businessRuleTask",
        "sendTask",
        "receiveTask",
    }
)
SUB_PROCESS_KINDS = frozenset({"subProcess", "transaction", "adHocSubProcess"})
ACTIVITY_KINDS = TASK_KINDS | SUB_PROCESS_KINDS | {"callActivity"}
CATCH_EVENT_KINDS = frozenset({"startEvent", "intermediateCatchEvent", "boundaryEvent"})
THROW_EVENT_KINDS = frozenset({"endEvent", "intermediateThrowEvent"})
EVENT_KINDS = CATCH_EVENT_KINDS | THROW_EVENT_KINDS
SENDING_KINDS = THROW_EVENT_KINDS | {"sendTask"}
"""What may send a message or signal."""
WAITING_KINDS = frozenset(
    {"userTask", "manualTask", "receiveTask", "intermediateCatchEvent", "eventBasedGateway"}
)
"""What holds up who comes there, until a person acts or an event happens."""
GATEWAY_KINDS = frozenset(
    {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"}
)
FLOW_NODE_KINDS = ACTIVITY_KINDS | EVENT_KINDS | GATEWAY_KINDS
SCOPE_KINDS = SUB_PROCESS_KINDS | {"process"}
"""The elements that hold flow nodes of their own."""

EVENT_DEFINITION_KINDS = frozenset(
    {
        "cancelEventDefinition",
        "compensateEventDefinition",
        "conditionalEventDefinition",
        "errorEventDefinition",
        "escalationEventDefinition",
        "linkEventDefinition",
        "messageEventDefinition",
        "signalEventDefinition",
        "terminateEventDefinition",
        "timerEventDefinition",
    }
)
LOOP_KINDS = frozenset({"standardLoopCharacteristics", "multiInstanceLoopCharacteristics"})
DATA_ASSOCIATION_KINDS = ("dataInputAssociation", "dataOutputAssociation")
DATA_KINDS = frozenset({"dataObjectReference", "dataStoreReference", "dataObject", "dataInput", "dataOutput"})
ARTIFACT_KINDS = frozenset({"textAnnotation", "group", "association"})
ROOT_KINDS = frozenset(
    {
        "category",
        "collaboration",
        "choreography",
        "globalChoreographyTask",
        "globalConversation",
        "conversation",
        "correlationProperty",
        "dataStore",
        "endPoint",
        "error",
        "escalation",
        "eventDefinition",
        "globalBusinessRuleTask",
        "globalManualTask",
        "globalScriptTask",
        "globalTask",
        "globalUserTask",
        "interface",
        "itemDefinition",
        "message",
        "partnerEntity",
        "partnerRole",
        "process",
        "resource",
        "signal",
    }
)

INTERNAL = "internal"
"""People of the house: the kind of an `fm:role` that names none."""
ROLE_KINDS = (INTERNAL, "affiliated", "third_party", "machine", "agent")
"""What an `fm:role` can stand for; `affiliated` are people of an organisation that belongs to the house."""
