"""The BPMN element of each kind of step."""

from flowmaster.engine.outline.nodes import Step

ACTIVITIES = {
    "ask": "userTask",
    "call": "serviceTask",
    "agent": "serviceTask",
    "rule": "businessRuleTask",
    "set": "scriptTask",
    "run": "callActivity",
    "send": "sendTask",
    "group": "subProcess",
    "wait": "intermediateCatchEvent",
    "throw": "intermediateThrowEvent",
}


def element_of(step: Step) -> str:
    """Return which element a step becomes; a wait is a task where something may happen beside it (BPMN 2.0.2, 10.3.3)."""
    match step.kind:
        case "group" if step.words.get("transaction"):
            return "transaction"
        case "send" if step.trigger.kind != "message":
            return "intermediateThrowEvent"
        case "wait" if step.handlers and step.trigger.kind == "message":
            return "receiveTask"
        case kind:
            return ACTIVITIES[kind]
