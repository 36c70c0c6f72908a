"""What Camunda 7, Flowable and Activiti write into models, as far as there is an equivalent.

What has none is kept in the file and reported, so that nobody believes it to work.
"""

from collections.abc import Mapping

from flowmaster.engine.bpmn.element import Element as XmlElement
from flowmaster.engine.bpmn.reading import (
    Reading,
    camunda_attribute,
    camunda_extension,
    camunda_extensions,
    is_camunda,
)
from flowmaster.engine.model import Constant, IoMapping
from flowmaster.engine.values import Json

_READ_ATTRIBUTES = frozenset(
    {
        "assignee",
        "calledElementVersion",
        "candidateGroups",
        "candidateUsers",
        "collection",
        "decisionRef",
        "decisionRefVersion",
        "dueDate",
        "elementVariable",
        "followUpDate",
        "formKey",
        "formRef",
        "priority",
        "resultVariable",
        "resultVariableName",
        "topic",
        "type",
        "versionTag",
    }
)
_HARMLESS_ATTRIBUTES = frozenset(
    {
        "async",
        "asyncAfter",
        "asyncBefore",
        "asyncLeave",
        "autoStoreVariables",
        "calledElementBinding",
        "candidateStarterGroups",
        "candidateStarterUsers",
        "class",
        "decisionRefBinding",
        "delegateExpression",
        "diagramRelationId",
        "exclusive",
        "expression",
        "formFieldValidation",
        "formRefBinding",
        "historyTimeToLive",
        "isStartableInTasklist",
        "jobPriority",
        "mapDecisionResult",
        "sameDeployment",
        "taskPriority",
    }
)
_READ_ELEMENTS = frozenset({"formData", "in", "inputOutput", "out", "properties"})
_CODE = ("class", "delegateExpression", "expression")
_TEXT: Mapping[str, Json] = {"type": "string"}
_TYPES: Mapping[str, Mapping[str, Json]] = {
    "long": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
}


def camunda_mappings(
    reading: Reading, xml: XmlElement
) -> tuple[tuple[IoMapping, ...], tuple[IoMapping, ...]]:
    """Read `inputOutput` with simple values, and `in` and `out` of call activities."""
    inputs: list[IoMapping] = []
    outputs: list[IoMapping] = []
    holder = camunda_extension(xml, "inputOutput")
    for parameter in holder.children() if holder is not None else ():
        mapping = _parameter(reading, xml, parameter)
        if mapping is not None:
            (inputs if parameter.local_name == "inputParameter" else outputs).append(mapping)
    for name, mappings in (("in", inputs), ("out", outputs)):
        for passed in camunda_extensions(xml, name):
            mapping = _passed(reading, xml, passed)
            if mapping is not None:
                mappings.append(mapping)
    return tuple(inputs), tuple(outputs)


def passes_all(xml: XmlElement, name: str) -> bool:
    """Return whether a call activity passes all variables `in` or `out`; plain BPMN does not say, so it does."""
    passed = camunda_extensions(xml, name)
    return not passed or any(one.get("variables") == "all" for one in passed)


def _parameter(reading: Reading, xml: XmlElement, parameter: XmlElement) -> IoMapping | None:
    identifier = reading.id_of(xml)
    if parameter.children():
        inner = ", ".join(f"`{child.local_name}`" for child in parameter.children())
        _report(reading, xml, f"the parameter {parameter.name!r} with {inner}")
        return None
    target = reading.values.path(parameter.name, parameter, identifier, "The name of a parameter")
    source = reading.values.literal_or_feel(parameter.text, parameter, identifier, "A parameter")
    return IoMapping(source or Constant(None), target) if target else None


def _passed(reading: Reading, xml: XmlElement, passed: XmlElement) -> IoMapping | None:
    identifier = reading.id_of(xml)
    written = passed.get("sourceExpression") or passed.get("source")
    if passed.get("businessKey"):
        _report(reading, xml, "a business key for the called process")
    if not written or not passed.get("target"):
        return None
    source = reading.values.feel(written, passed, identifier, "A passed value")
    target = reading.values.path(passed.get("target"), passed, identifier, "The target of a passed value")
    return IoMapping(source, target) if target else None


def camunda_form(xml: XmlElement) -> Json:
    """Return the generated form of a Camunda 7 task as JSON Schema, None where it has none."""
    data = camunda_extension(xml, "formData")
    if data is None:
        return None
    properties: dict[str, Json] = {}
    required: list[Json] = []
    for field in data.children():
        if field.local_name != "formField" or not field.id:
            continue
        properties[field.id] = _field(field)
        if any(rule.name == "required" for holder in field.children() for rule in holder.children()):
            required.append(field.id)
    form: dict[str, Json] = {"type": "object", "properties": properties}
    if required:
        form["required"] = required
    return form


def _field(field: XmlElement) -> Json:
    schema = dict(_TYPES.get(field.get("type"), _TEXT))
    choices: list[Json] = [value.id for value in field.children() if value.local_name == "value" and value.id]
    if choices:
        schema["enum"] = choices
    if field.get("label"):
        schema["title"] = field.get("label")
    return schema


def report_unread(reading: Reading, xml: XmlElement, *, runs: bool = False) -> None:
    """Report the extensions of an element that have no equivalent here; `runs` if its expression was translated."""
    unread = [
        f"`{local}`"
        for name in xml.attributes()
        if is_camunda(name)
        and (local := name.rpartition("}")[2]) not in _READ_ATTRIBUTES | _HARMLESS_ATTRIBUTES
    ]
    unread += [
        f"`{name}`" for name in _CODE if camunda_attribute(xml, name) and not (runs and name == "expression")
    ]
    unread += [
        f"`{extension.local_name}`"
        for extension in xml.extensions()
        if is_camunda(extension.kind) and extension.local_name not in _READ_ELEMENTS
    ]
    if unread:
        _report(reading, xml, ", ".join(dict.fromkeys(unread)))


def _report(reading: Reading, xml: XmlElement, what: str) -> None:
    reading.add(
        "element.extension_ignored",
        xml,
        f"{reading.called(xml)} has {what} of another engine, which has no effect here.",
    )
