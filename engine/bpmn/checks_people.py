"""User tasks: somebody does them, with a form, and their exclusions and deadlines make sense."""

from collections.abc import Callable, Sequence

from flowmaster.engine.bpmn import fixes
from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import Constant, Element, Process, UserTask, Value
from flowmaster.engine.timers import Calendars, instant, later
from flowmaster.engine.values import Json

Lookup = Callable[[str], bool]


def check_people(process: Process, findings: Findings, forms: Lookup | None) -> None:
    """Check every user task of a process."""
    for element in process.elements.values():
        task = element.details
        if isinstance(task, UserTask):
            _check_performer(process, element, task, findings)
            _check_form(process, element, task, findings, forms)
            _check_exclusions(process, element, task, findings)
            _check_deadlines(element, task, findings, process.calendars)
            for what, moment in (("due", task.due), ("follow-up", task.follow_up)):
                _check_moment(element, what, moment, findings, process.calendars)


def _check_performer(process: Process, element: Element, task: UserTask, findings: Findings) -> None:
    if task.assignee is None and task.roles is None and task.users is None:
        known = ", ".join(repr(role) for role in process.roles)
        findings.add(
            "task.performer_missing",
            element.id,
            f"Nobody is named who does {named(element)}.",
            line=element.line,
            fix=f"Name one of the roles {known}: `ask: {next(iter(process.roles))}`." if known else "",
            fix_edit=fixes.set_word(element.id, "ask", next(iter(process.roles)))
            if len(process.roles) == 1
            else None,
        )
    if not process.roles or not isinstance(task.roles, Constant) or not isinstance(task.roles.content, list):
        return
    known_roles = [*process.roles, *process.roles.values()]
    for role in task.roles.content:
        if isinstance(role, str) and role not in known_roles:
            findings.add(
                "task.role_unknown",
                element.id,
                f"{named(element)} is for {role!r}, which is no declared role."
                + findings.near(role, list(process.roles)),
                line=element.line,
                fix_edit=_other_roles(process, element, task.roles.content, role),
            )


def _other_roles(process: Process, element: Element, roles: Sequence[Json], wrong: str) -> fixes.Edit | None:
    """Return the edit that names the role that is meant, if only one can be."""
    meant = fixes.nearest(wrong, list(process.roles))
    if not meant or any(role != wrong and role not in process.roles for role in roles):
        return None
    named_ = [meant if role == wrong else role for role in roles]
    return fixes.set_word(element.id, "ask", named_[0] if len(named_) == 1 else list(named_))


def _other_exclusions(element: Element, task: UserTask, wrong: str, meant: str) -> fixes.Edit | None:
    """Return the edit that excludes who did the step that is meant, if only one can be."""
    if not meant:
        return None
    excluded: list[Json] = []
    for one in task.exclusions:
        person = one.person.text if one.person is not None else ""
        excluded.append(
            f"={person.removeprefix('=')}" if person else meant if one.step == wrong else one.step
        )
    return fixes.set_word(element.id, "not", excluded)


def _check_form(
    process: Process, element: Element, task: UserTask, findings: Findings, forms: Lookup | None
) -> None:
    if not task.form:
        if not (process.data and element.outputs):
            findings.add("task.form_missing", element.id, f"{named(element)} has no form.", line=element.line)
    elif task.form not in process.forms and forms is not None and not forms(task.form):
        findings.add(
            "task.form_unknown",
            element.id,
            f"{named(element)} uses the form {task.form!r}, which does not exist."
            + findings.near(task.form, list(process.forms)),
            line=element.line,
            fix_edit=fixes.set_word(element.id, "form", form)
            if (form := fixes.nearest(task.form, list(process.forms)))
            else None,
        )


def _check_exclusions(process: Process, element: Element, task: UserTask, findings: Findings) -> None:
    for exclusion in task.exclusions:
        step = process.elements.get(exclusion.step)
        if exclusion.step and (step is None or not isinstance(step.details, UserTask)):
            human = [one.id for one in process.elements.values() if isinstance(one.details, UserTask)]
            findings.add(
                "exclusion.step_unknown",
                element.id,
                f"{named(element)} excludes who did {exclusion.step!r}, which is no human step here."
                + findings.near(exclusion.step, human),
                line=element.line,
                fix_edit=_other_exclusions(
                    element, task, exclusion.step, fixes.nearest(exclusion.step, human)
                ),
            )


def _check_deadlines(element: Element, task: UserTask, findings: Findings, calendars: Calendars) -> None:
    due: dict[str, list[int]] = {"remind": [], "escalate": []}
    for deadline in task.deadlines:
        text = _literal(deadline.after)
        if not text:
            continue
        try:
            due[deadline.action].append(later(0, text, calendars))
        except FlowMasterError as error:
            findings.add(
                "deadline.after_malformed",
                element.id,
                f"A deadline of {named(element)}: {error.message}",
                line=element.line,
            )
    if due["remind"] and due["escalate"] and min(due["escalate"]) <= min(due["remind"]):
        findings.add(
            "deadline.order_odd",
            element.id,
            f"{named(element)} is escalated before anybody is reminded of it.",
            line=element.line,
        )


def _check_moment(
    element: Element, what: str, value: Value | None, findings: Findings, calendars: Calendars
) -> None:
    text = _literal(value)
    if not text:
        return
    try:
        later(0, text, calendars) if text.startswith("P") else instant(text)
    except FlowMasterError as error:
        findings.add(
            "task.due_malformed",
            element.id,
            f"The {what} date of {named(element)}: {error.message}",
            line=element.line,
        )


def _literal(value: Value | None) -> str:
    return value.content if isinstance(value, Constant) and isinstance(value.content, str) else ""
