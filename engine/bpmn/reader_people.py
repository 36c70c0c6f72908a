"""User tasks: who may do them, by when, with which form, and who may not."""

from flowmaster.engine.bpmn.element import Element as XmlElement
from flowmaster.engine.bpmn.reader_camunda import camunda_form
from flowmaster.engine.bpmn.reader_jobs import task_listeners_of
from flowmaster.engine.bpmn.reader_own import checks_of
from flowmaster.engine.bpmn.reading import Reading, camunda_attribute
from flowmaster.engine.bpmn.vocabulary import (
    ZEEBE_ASSIGNMENT_DEFINITION,
    ZEEBE_FORM_DEFINITION,
    ZEEBE_PRIORITY_DEFINITION,
    ZEEBE_TASK_SCHEDULE,
    fm,
)
from flowmaster.engine.model import Constant, Deadline, Exclusion, UserTask, Value

_EXCLUDE = fm("exclude")
_DEADLINE = fm("deadline")
_ACTIONS = ("remind", "escalate")
_EMBEDDED = "camunda-forms:bpmn:"


def user_task_of(reading: Reading, xml: XmlElement, lane_role: str) -> UserTask:
    """Read a user task; where it names neither groups nor users, `lane_role` is its role."""
    identifier = reading.id_of(xml)

    def written(zeebe_name: str, attribute: str, camunda_name: str) -> str:
        extension = xml.extension(zeebe_name)
        own = extension.get(attribute) if extension is not None else ""
        return own or camunda_attribute(xml, camunda_name)

    def value(zeebe_name: str, attribute: str, camunda_name: str, what: str) -> Value | None:
        return reading.values.literal_or_feel(
            written(zeebe_name, attribute, camunda_name), xml, identifier, what
        )

    assignment = ZEEBE_ASSIGNMENT_DEFINITION
    roles = _several(value(assignment, "candidateGroups", "candidateGroups", "The candidate groups"))
    users = _several(value(assignment, "candidateUsers", "candidateUsers", "The candidate users"))
    if roles is None and users is None:
        roles = _owners(reading, xml, "potentialOwner") or (Constant([lane_role]) if lane_role else None)
    return UserTask(
        assignee=value(assignment, "assignee", "assignee", "The assignee")
        or _first(_owners(reading, xml, "humanPerformer", "performer")),
        roles=roles,
        users=users,
        due=value(ZEEBE_TASK_SCHEDULE, "dueDate", "dueDate", "The due date"),
        follow_up=value(ZEEBE_TASK_SCHEDULE, "followUpDate", "followUpDate", "The follow-up date"),
        priority=_priority(reading, xml, written(ZEEBE_PRIORITY_DEFINITION, "priority", "priority")),
        form=_form(reading, xml),
        exclusions=_exclusions(reading, xml),
        deadlines=_deadlines(reading, xml),
        checks=checks_of(reading, xml),
        listeners=task_listeners_of(reading, xml),
    )


def _several(value: Value | None) -> Value | None:
    """Turn a literal list with commas into a list."""
    if not isinstance(value, Constant) or not isinstance(value.content, str):
        return value
    names = [name.strip() for name in value.content.split(",") if name.strip()]
    return Constant(names) if names else None


def _first(value: Value | None) -> Value | None:
    if isinstance(value, Constant) and isinstance(value.content, list):
        return Constant(value.content[0])
    return value


def _owners(reading: Reading, xml: XmlElement, *kinds: str) -> Value | None:
    """Read performers as plain BPMN writes them: a resource, or an expression that names it."""
    names: list[str] = []
    for owner in xml.children(*kinds):
        resource = reading.document.find(owner.text_of("resourceRef")) if owner.child("resourceRef") else None
        assignment = owner.child("resourceAssignmentExpression")
        expression = assignment.child("formalExpression", "expression") if assignment is not None else None
        if resource is not None and resource.title:
            names.append(resource.title)
        elif expression is not None and expression.text:
            names.extend(_named(expression.text))
    if len(names) == 1 and names[0].startswith(("=", "${", "#{")):
        return reading.values.feel(names[0], xml, reading.id_of(xml), "The performer")
    return Constant(names) if names else None


def _named(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")] if not text.startswith(("=", "${", "#{")) else [text]
    return [
        part.removeprefix("group(").removeprefix("user(").removesuffix(")").strip() for part in parts if part
    ]


def _priority(reading: Reading, xml: XmlElement, written: str) -> Value | None:
    written = written.strip()
    if written.isascii() and written.isdigit():
        return Constant(int(written[:9]))
    if written and not written.startswith(("=", "${")):
        reading.add(
            "task.priority_malformed",
            xml,
            f"The priority of {reading.called(xml)} is {written!r}, not a number.",
        )
        return None
    return reading.values.literal_or_feel(written, xml, reading.id_of(xml), "The priority")


def _form(reading: Reading, xml: XmlElement) -> str:
    definition = xml.extension(ZEEBE_FORM_DEFINITION)
    if definition is not None:
        key = definition.get("formKey") or definition.get("externalReference")
        return definition.get("formId") or key.removeprefix(_EMBEDDED)
    embedded = camunda_form(xml)
    if embedded is not None:
        name = f"{reading.id_of(xml)}_form"
        reading.forms[name] = embedded
        return name
    return camunda_attribute(xml, "formRef") or camunda_attribute(xml, "formKey").removeprefix(_EMBEDDED)


def _exclusions(reading: Reading, xml: XmlElement) -> tuple[Exclusion, ...]:
    found = []
    for exclude in xml.extensions(_EXCLUDE):
        person = reading.values.literal_or_feel(
            exclude.get("person"), exclude, reading.id_of(xml), "The excluded person"
        )
        step = exclude.get("step").strip()
        if person is None and not step:
            reading.add("exclusion.empty", xml, f"An exclusion of {reading.called(xml)} names nobody.")
        else:
            found.append(Exclusion(person, step))
    return tuple(found)


def _deadlines(reading: Reading, xml: XmlElement) -> tuple[Deadline, ...]:
    found = []
    identifier = reading.id_of(xml)
    for deadline in xml.extensions(_DEADLINE):
        after = reading.values.literal_or_feel(
            deadline.get("after"), deadline, identifier, "The time of the deadline"
        )
        action = deadline.get("action").strip()
        to = reading.values.literal_or_feel(
            deadline.get("to"), deadline, identifier, "The receiver of the deadline"
        )
        if action not in _ACTIONS:
            reading.add(
                "deadline.action_unknown",
                xml,
                f"A deadline of {reading.called(xml)} has the action {action!r}.",
            )
        elif after is None:
            reading.add(
                "deadline.after_malformed",
                xml,
                f"A deadline of {reading.called(xml)} has no time in `after`.",
            )
        else:
            if action == "escalate" and to is None:
                reading.add(
                    "deadline.to_missing", xml, f"An escalation of {reading.called(xml)} goes to nobody."
                )
            found.append(Deadline(after, action, to))
    return tuple(found)
