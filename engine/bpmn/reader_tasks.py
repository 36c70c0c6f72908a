"""What the activities of a model do: work, scripts, decisions, calls."""

from flowmaster.engine.bpmn.element import Element as XmlElement
from flowmaster.engine.bpmn.juel import feel_of_juel
from flowmaster.engine.bpmn.reader_camunda import camunda_mappings, passes_all
from flowmaster.engine.bpmn.reader_events import message_of
from flowmaster.engine.bpmn.reader_jobs import job_of
from flowmaster.engine.bpmn.reader_people import user_task_of
from flowmaster.engine.bpmn.reading import Reading, camunda_attribute, says
from flowmaster.engine.bpmn.vocabulary import (
    ZEEBE_AD_HOC,
    ZEEBE_CALLED_DECISION,
    ZEEBE_CALLED_ELEMENT,
    ZEEBE_INPUT,
    ZEEBE_IO_MAPPING,
    ZEEBE_OUTPUT,
    ZEEBE_SCRIPT,
    fm,
)
from flowmaster.engine.model import (
    Activation,
    AdHoc,
    Call,
    Constant,
    Details,
    EventGateway,
    IoMapping,
    Rule,
    Script,
)

Mappings = tuple[IoMapping, ...]


def node_details(reading: Reading, xml: XmlElement, lane_role: str) -> Details:
    """Read what an activity or gateway does."""
    match xml.kind:
        case "userTask":
            return user_task_of(reading, xml, lane_role)
        case "serviceTask":
            return _service(reading, xml)
        case "sendTask":
            return job_of(reading, xml) or (
                message_of(reading, xml, xml) if says(xml, "messageRef") else None
            )
        case "receiveTask":
            return message_of(reading, xml, xml)
        case "scriptTask":
            return job_of(reading, xml) or _script(reading, xml)
        case "businessRuleTask":
            return job_of(reading, xml) or _rule(reading, xml)
        case "callActivity":
            return _call(reading, xml)
        case "adHocSubProcess":
            return _ad_hoc(reading, xml)
        case "complexGateway":
            condition = xml.child("activationCondition")
            if condition is None or not condition.text:
                return Activation()
            return Activation(
                reading.values.expression(condition, reading.id_of(xml), "The activation condition")
            )
        case "eventBasedGateway":
            return EventGateway(xml.get("eventGatewayType") == "Parallel", xml.is_true("instantiate"))
        case _:
            return None


def mappings_of(reading: Reading, xml: XmlElement) -> tuple[Mappings, Mappings]:
    """Read the input and output mappings of an element."""
    inputs, outputs = camunda_mappings(reading, xml)
    holder = xml.extension(ZEEBE_IO_MAPPING)
    if holder is None:
        return inputs, outputs
    return (
        inputs + _mappings(reading, xml, holder, ZEEBE_INPUT),
        outputs + _mappings(reading, xml, holder, ZEEBE_OUTPUT),
    )


def _mappings(reading: Reading, xml: XmlElement, holder: XmlElement, kind: str) -> Mappings:
    identifier = reading.id_of(xml)
    found = []
    for mapping in holder.children(kind):
        what = f"The {mapping.local_name} mapping to {mapping.get('target')!r}"
        source = reading.values.literal_or_feel(mapping.get("source"), mapping, identifier, what)
        target = reading.values.path(mapping.get("target"), mapping, identifier, "The target of a mapping")
        if target:
            found.append(
                IoMapping(source or Constant(None), target, required=mapping.is_true(fm("required")))
            )
    return tuple(found)


def _service(reading: Reading, xml: XmlElement) -> Details:
    job = job_of(reading, xml)
    if job is not None:
        return job
    expression = feel_of_juel(camunda_attribute(xml, "expression"))
    result = _result(xml)
    if expression and result:
        return Script(reading.values.feel(expression, xml, reading.id_of(xml), "The expression"), result)
    return None


def _script(reading: Reading, xml: XmlElement) -> Script | None:
    identifier = reading.id_of(xml)
    script = xml.extension(ZEEBE_SCRIPT)
    if script is not None and script.get("expression").strip():
        result = script.get("resultVariable").strip()
        expression = reading.values.feel(script.get("expression"), script, identifier, "The script")
    elif "feel" in xml.get("scriptFormat").lower() and xml.text_of("script"):
        result = _result(xml)
        expression = reading.values.feel(xml.text_of("script"), xml, identifier, "The script")
    else:
        return None
    if not result:
        reading.add(
            "rule.result_missing",
            xml,
            f"The result of the script {reading.called(xml)} goes into no variable.",
        )
    return Script(expression, result)


def _result(xml: XmlElement) -> str:
    return camunda_attribute(xml, "resultVariable") or camunda_attribute(xml, "resultVariableName")


def _rule(reading: Reading, xml: XmlElement) -> Rule | None:
    identifier = reading.id_of(xml)
    called = xml.extension(ZEEBE_CALLED_DECISION)
    if called is not None:
        written, result = called.get("decisionId"), called.get("resultVariable").strip()
        version = called.get("versionTag")
    else:
        written, result = camunda_attribute(xml, "decisionRef"), _result(xml)
        version = camunda_attribute(xml, "decisionRefVersion")
    decision = reading.values.literal_or_feel(written, xml, identifier, "The decision")
    if decision is None:
        return None
    if not result:
        reading.add(
            "rule.result_missing",
            xml,
            f"The result of the decision in {reading.called(xml)} goes into no variable.",
        )
    return Rule(decision, result, version)


def _call(reading: Reading, xml: XmlElement) -> Call | None:
    identifier = reading.id_of(xml)
    called = xml.extension(ZEEBE_CALLED_ELEMENT)
    written = called.get("processId") if called is not None else ""
    target = None if written else reading.document.reference(xml, "calledElement")
    if target is not None and target.kind.startswith("global"):
        reading.add(
            "call.global_task", xml, f"{reading.called(xml)} calls the `{target.kind}` {target.id!r}."
        )
        return None
    process = reading.values.literal_or_feel(
        written or xml.get("calledElement").rpartition(":")[2], xml, identifier, "The called process"
    )
    if process is None:
        reading.add(
            "call.target_missing",
            xml,
            f"The call activity {reading.called(xml)} does not say which process it calls.",
        )
        return None
    if called is None:
        version = camunda_attribute(xml, "calledElementVersion")
        return Call(process, version, passes_all(xml, "in"), passes_all(xml, "out"))
    return Call(
        process,
        called.get("versionTag"),
        called.is_true("propagateAllParentVariables", True),
        called.is_true("propagateAllChildVariables", True),
    )


def _ad_hoc(reading: Reading, xml: XmlElement) -> AdHoc:
    identifier = reading.id_of(xml)
    zeebe = xml.extension(ZEEBE_AD_HOC)
    completion = xml.child("completionCondition")

    def written(attribute: str) -> str:
        return zeebe.get(attribute) if zeebe is not None else ""

    return AdHoc(
        active=reading.values.optional_feel(
            written("activeElementsCollection"), xml, identifier, "The collection of active elements"
        ),
        sequential=xml.get("ordering") == "Sequential",
        completion=(
            reading.values.expression(completion, identifier, "The completion condition")
            if completion is not None and completion.text
            else None
        ),
        cancel_remaining=xml.is_true("cancelRemainingInstances", True),
        output_collection=written("outputCollection").strip(),
        output_element=reading.values.optional_feel(
            written("outputElement"), xml, identifier, "The output element"
        ),
        job=job_of(reading, xml),
    )
