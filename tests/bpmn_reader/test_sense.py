"""Times, errors, declarations and calls that make no sense are named; those that do are left alone."""

import pytest

from tests.bpmn_reader.models import bpmn, ext, flow, line, node, problems

_ERROR = '<error id="er" name="Refused" errorCode="REFUSED"/><error id="other" errorCode="OTHER"/>'
_DATA = """<fm:data name='amount' input='true'>{"type": "number"}</fm:data>
<fm:data name='customer' input='true'>{"type": "string"}</fm:data>"""


def said(xml: str, *codes: str) -> list[tuple[str, str]]:
    """Return element and message of the problems with some codes."""
    return [(one.element, one.message) for one in problems(xml) if one.code in codes]


def _timer(text: str, kind: str = "timeDuration") -> str:
    return f"<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>"


def _catch(text: str, kind: str = "timeDuration") -> str:
    return bpmn(line(f'<intermediateCatchEvent id="a">{_timer(text, kind)}</intermediateCatchEvent>'))


def _boundary(definition: str, attributes: str = "", host: str = '<task id="a"/>') -> str:
    event = f'<boundaryEvent id="x" attachedToRef="a" {attributes}>{definition}</boundaryEvent>'
    return bpmn(line(host) + event + flow("x", "e"), _ERROR)


_TIMES = ("timer.at_once", "timer.past", "timer.repeat_unused", "deadline.order_odd")


@pytest.mark.parametrize(
    ("xml", "part"),
    [
        (_catch("PT0S"), "due at once"),
        (_catch("-PT1H"), "due at once"),
        (_catch("2026-05-31T23:59:59Z", "timeDate"), "is over: it is 2026-06-01T00:00:00Z"),
        (_catch("R/PT1H", "timeCycle"), "repeats"),
        (_boundary(_timer("R/PT1H", "timeCycle")), "can occur only once"),
        (
            bpmn(line(node("userTask", "<fm:deadline after='PT0S' action='remind'/>"))),
            "A deadline of 'a' is due at once",
        ),
        (
            bpmn(line(node("userTask", "<zeebe:taskSchedule dueDate='2026-01-01T00:00:00Z'/>"))),
            "The due date of 'a'",
        ),
        (
            bpmn(
                line(
                    node(
                        "userTask",
                        "<zeebe:taskSchedule dueDate='P1D'/><fm:deadline after='P2D' action='remind'/>",
                    )
                )
            ),
            "before anybody is reminded",
        ),
        (
            bpmn(
                line(
                    '<intermediateCatchEvent id="a"><messageEventDefinition messageRef="m"/>'
                    f"{_timer('PT0S')}</intermediateCatchEvent>"
                ),
                '<message id="m" name="hello"/>',
            ),
            "due at once",
        ),
    ],
)
def test_a_time_that_makes_no_sense_is_found(xml: str, part: str) -> None:
    ((element, message),) = said(xml, *_TIMES)
    assert element in ("a", "x")
    assert part in message


@pytest.mark.parametrize(
    "xml",
    [
        _catch("PT1S"),
        _catch("=duration(x)"),
        _catch("2026-06-01T00:00:01Z", "timeDate"),
        _catch("nonsense"),
        _boundary(_timer("R/PT1H", "timeCycle"), 'cancelActivity="false"'),
        _boundary(_timer("R3/PT1H", "timeCycle")),
        bpmn(
            line(
                node(
                    "userTask",
                    "<zeebe:taskSchedule dueDate='P2D'/><fm:deadline after='P1D' action='remind'/>",
                )
            )
        ),
        bpmn(
            line(
                node(
                    "userTask",
                    "<zeebe:taskSchedule dueDate='soon'/><fm:deadline after='soon' action='remind'/>",
                )
            )
        ),
        bpmn(
            line(
                node(
                    "userTask", "<zeebe:taskSchedule dueDate='P2D'/><fm:deadline after='=x' action='remind'/>"
                )
            )
        ),
        bpmn(line(node("userTask", "<zeebe:taskSchedule dueDate='2026-07-01T00:00:00Z'/>"))),
        bpmn(
            line(
                node(
                    "userTask",
                    "<zeebe:taskSchedule dueDate='Pnever'/><fm:deadline after='P2D' action='remind'/>",
                )
            )
        ),
    ],
)
def test_a_time_that_makes_sense_is_left_alone(xml: str) -> None:
    assert said(xml, *_TIMES) == []


def test_waiting_for_a_message_without_a_key_is_a_hint() -> None:
    message = '<message id="m" name="hello"/>'
    keyed = '<message id="m" name="hello"><extensionElements><zeebe:subscription correlationKey="=id"/></extensionElements></message>'
    receive = line('<receiveTask id="a" messageRef="m"/>')
    assert [element for element, _ in said(bpmn(receive, message), "message.key_missing")] == ["a"]
    assert said(bpmn(receive, keyed), "message.key_missing") == []
    start = (
        '<startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent><endEvent id="e"/>'
        + flow("s", "e")
    )
    assert said(bpmn(start, message), "message.key_missing") == []
    inside = f'<subProcess id="es" triggeredByEvent="true">{start.replace("s_e", "q").replace(chr(34) + "s", chr(34) + "t").replace(chr(34) + "e", chr(34) + "f")}</subProcess>'
    assert len(said(bpmn(line() + inside, message), "message.key_missing")) == 1


_CATCH = '<errorEventDefinition errorRef="er"/>'
_THROW = '<endEvent id="i"><errorEventDefinition errorRef="{}"/></endEvent>'


def _group(inner: str) -> str:
    return f'<subProcess id="a"><startEvent id="b"/>{inner}{flow("b", "i")}</subProcess>'


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ('<userTask id="a"/>', True),
        ('<task id="a"/>', True),
        (_group('<endEvent id="i"/>'), True),
        (_group(_THROW.format("other")), True),
        (_group(_THROW.format("er")), False),
        (_group('<serviceTask id="i"/>'), False),
        (_group(node("serviceTask", "<zeebe:taskDefinition type='w'/>").replace('id="a"', 'id="i"')), False),
        (node("serviceTask", "<zeebe:taskDefinition type='w'/>"), False),
        ('<callActivity id="a" calledElement="ship"/>', False),
        ('<serviceTask id="a"/>', False),
    ],
)
def test_an_error_that_nothing_throws_is_found_where_that_can_be_known(host: str, found: bool) -> None:
    assert [element for element, _ in said(_boundary(_CATCH, host=host), "error.never_thrown")] == [
        "x"
    ] * found


def test_every_error_and_computed_codes_are_left_alone() -> None:
    assert said(_boundary("<errorEventDefinition/>"), "error.never_thrown") == []
    lone = '<boundaryEvent id="x" attachedToRef="ghost"><errorEventDefinition errorRef="er"/></boundaryEvent>'
    assert said(bpmn(line() + lone + flow("x", "e"), _ERROR), "error.never_thrown") == []
    computed = _ERROR.replace('"REFUSED"', '"=code"')
    assert said(_boundary(_CATCH).replace(_ERROR, computed), "error.never_thrown") == []


def _handler(code: str) -> str:
    return (
        f'<subProcess id="es" triggeredByEvent="true"><startEvent id="h">{code}</startEvent><endEvent id="k"/>'
        f"{flow('h', 'k')}</subProcess>"
    )


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (line(_group(_THROW.format("er"))), True),
        (line(_group(_THROW.format("er"))) + _handler(_CATCH), False),
        (line(_group(_THROW.format("er"))) + _handler("<errorEventDefinition/>"), False),
        (line(_group(_THROW.format("other"))) + _handler(_CATCH), True),
        (line(_group(_THROW.format("er"))) + _handler(_timer("PT1H")), True),
    ],
)
def test_an_error_that_nothing_catches_is_found(body: str, found: bool) -> None:
    assert [element for element, _ in said(bpmn(body, _ERROR), "error.uncaught")] == ["i"] * found


def test_an_error_that_is_caught_on_the_border_is_caught() -> None:
    xml = _boundary(_CATCH, host=_group(_THROW.format("er")))
    assert said(xml, "error.uncaught", "error.never_thrown") == []


_ROLES = "<fm:role id='clerk' name='Clerk'/><fm:role id='boss' name='Boss'/>"


@pytest.mark.parametrize(
    ("task", "unused"),
    [
        ("<zeebe:assignmentDefinition candidateGroups='clerk'/>", ["boss"]),
        ("<zeebe:assignmentDefinition candidateGroups='Clerk, boss'/>", []),
        ("<zeebe:assignmentDefinition candidateGroups='=x'/>", []),
        (
            "<zeebe:assignmentDefinition candidateGroups='clerk'/><fm:deadline after='P1D' action='escalate' to='boss'/>",
            [],
        ),
    ],
)
def test_a_role_that_has_nothing_to_do_is_found(task: str, unused: list[str]) -> None:
    found = said(bpmn(ext(_ROLES) + line(node("userTask", task))), "role.unused")
    assert [message.split("'")[1] for _, message in found] == unused


def _script(expression: str, result: str = "x") -> str:
    return node("scriptTask", f"<zeebe:script expression='{expression}' resultVariable='{result}'/>")


@pytest.mark.parametrize(
    ("body", "unused"),
    [
        (_script("=amount"), ["customer"]),
        (_script("=1", "customer"), ["amount"]),
        (_script("=amout"), []),
        (node("serviceTask", "<zeebe:taskDefinition type='w'/>"), []),
        (node("callActivity", "<zeebe:calledElement processId='ship'/>"), []),
        (node("businessRuleTask", "<zeebe:calledDecision decisionId='ghost' resultVariable='r'/>"), []),
        (node("businessRuleTask", "<zeebe:calledDecision decisionId='price' resultVariable='r'/>"), []),
        (
            node(
                "task",
                "<zeebe:ioMapping><zeebe:output source='=amount' target='customer'/></zeebe:ioMapping>",
            ),
            [],
        ),
    ],
)
def test_a_variable_that_nothing_uses_is_found(body: str, unused: list[str]) -> None:
    found = said(bpmn(ext(_DATA) + line(body)), "data.unused")
    assert [message.split("'")[1] for _, message in found] == unused


def _form(fields: str, task: str) -> str:
    form = (
        f'<zeebe:userTaskForm id=\'f\'>{{"type": "object", "properties": {{{fields}}}}}</zeebe:userTaskForm>'
    )
    return bpmn(ext(_DATA + form) + line(node("userTask", f"<zeebe:formDefinition formId='f'/>{task}")))


def test_a_form_that_asks_for_another_type_is_found() -> None:
    text = '"amount": {"type": "string"}, "customer": {"type": "string"}, "free": {"type": "string"}'
    ((element, message),) = said(_form(text, ""), "task.form_type_wrong")
    assert (element, message) == (
        "a",
        "The form of 'a' asks for 'amount' as a text; it goes into 'amount', which is declared as a number.",
    )
    mapped = (
        "<zeebe:ioMapping><zeebe:output source='=free' target='amount'/><zeebe:output source='=customer' target='customer'/>"
        "<zeebe:output source='=free' target='other.part'/><zeebe:output source='=1' target='amount'/></zeebe:ioMapping>"
    )
    assert [element for element, _ in said(_form(text, mapped), "task.form_type_wrong")] == ["a"]


_CALLS = (
    "rule.input_missing",
    "call.input_missing",
    "call.input_type_wrong",
    "rule.input_type_wrong",
    "variable.field_unknown",
)


def _rule(inputs: str = "", process: str = _DATA, result: str = "r") -> str:
    mapping = f"<zeebe:ioMapping>{inputs}</zeebe:ioMapping>" if inputs else ""
    task = node(
        "businessRuleTask", f"<zeebe:calledDecision decisionId='price' resultVariable='{result}'/>{mapping}"
    )
    after = "<scriptTask id='t'><extensionElements><zeebe:script expression='=r.nett' resultVariable='n'/></extensionElements></scriptTask>"
    return bpmn(ext(process) + line(task, after.replace("'t'", '"t"', 1)))


def test_a_decision_is_given_what_it_asks_for() -> None:
    found = said(_rule(), *_CALLS)
    assert found == [("t", "The script of 't': `r` has no field 'nett'. Did you mean 'net'?")]
    ((element, message),) = said(_rule(process=_DATA.split("\n", maxsplit=1)[0]), "rule.input_missing")
    assert element == "a"
    assert "asks for 'customer', which the process neither declares nor sets" in message
    typed = _rule("<zeebe:input source='=customer' target='amount'/>")
    ((_, message),) = said(typed, "rule.input_type_wrong")
    assert message == "'a' hands the decision 'price' a text as 'amount', which is a number there."
    part = _rule("<zeebe:input source='=amount' target='amount.part'/>")
    assert said(part, "rule.input_type_wrong") == []


@pytest.mark.parametrize(
    ("task", "codes"),
    [
        ("<zeebe:calledElement processId='ship'/>", ["call.input_missing"]),
        (
            "<zeebe:calledElement processId='ship'/><zeebe:ioMapping><zeebe:input source='=amount' target='order'/>"
            "</zeebe:ioMapping>",
            [],
        ),
        (
            "<zeebe:calledElement processId='ship'/><zeebe:ioMapping><zeebe:input source='=customer' target='order'/>"
            "</zeebe:ioMapping>",
            ["call.input_type_wrong"],
        ),
        (
            "<zeebe:calledElement processId='ship' propagateAllParentVariables='false'/><zeebe:ioMapping>"
            "<zeebe:input source='=amount' target='ordr'/></zeebe:ioMapping>",
            ["call.input_missing"],
        ),
        ("<zeebe:calledElement processId='bill'/>", []),
        ("<zeebe:calledElement processId='=x'/>", []),
        ("<zeebe:calledElement processId='other'/>", []),
    ],
)
def test_a_called_process_is_given_what_it_needs(task: str, codes: list[str]) -> None:
    xml = bpmn(ext(_DATA) + line(node("callActivity", task)))
    assert [one.code for one in problems(xml) if one.code in _CALLS] == codes


def test_names_in_scenarios_are_looked_for_wherever_they_stand() -> None:
    told = """[5, {"name": "x", "answers": {"a": {}, "ghost": {}}, "expect": {"skips": "shadow"}}]"""
    xml = bpmn(ext(f"<fm:scenarios>{told}</fm:scenarios>") + line('<userTask id="a"/>'))
    assert [message for _, message in said(xml, "scenario.step_unknown")] == [
        "Scenario 'x', `answers`: no step is called 'ghost'.",
        "Scenario 'x', `expect.skips`: no step is called 'shadow'.",
    ]


def test_a_role_that_only_a_scenario_names_is_used() -> None:
    own = _ROLES + """<fm:scenarios>[{"name": "x", "answers": {"a": {"by": "boss"}}}]</fm:scenarios>"""
    task = node("userTask", "<zeebe:assignmentDefinition candidateGroups='clerk'/>")
    assert said(bpmn(ext(own) + line(task)), "role.unused") == []


def test_forms_that_disagree_leave_the_type_of_a_variable_open() -> None:
    forms = (
        '<zeebe:userTaskForm id=\'f\'>{"type": "object", "properties": {"x": {"type": "string"}}}</zeebe:userTaskForm>'
        '<zeebe:userTaskForm id=\'g\'>{"type": "object", "properties": {"x": {"type": "number"}}}</zeebe:userTaskForm>'
    )
    first = node("userTask", "<zeebe:formDefinition formId='f'/>")
    second = node("userTask", "<zeebe:formDefinition formId='g'/>").replace('id="a"', 'id="b"')
    script = _script("=x + 1", "y").replace('id="a"', 'id="c"')
    assert said(bpmn(ext(forms) + line(first, script)), "expression.type_wrong") != []
    assert said(bpmn(ext(forms) + line(first, second, script)), "expression.type_wrong") == []


def test_a_role_is_not_corrected_beside_another_one_that_is_unknown() -> None:
    task = node("userTask", "<zeebe:assignmentDefinition candidateGroups='clark, nobody'/>")
    found = [one for one in problems(bpmn(ext(_ROLES) + line(task))) if one.code == "task.role_unknown"]
    assert [one.fix_edit for one in found] == [None, None]


@pytest.mark.parametrize(
    ("kind", "event"),
    [("taskListener", "completing"), ("executionListener", "start"), ("executionListener", "end")],
)
def test_a_listener_without_a_job_type_is_told(kind: str, event: str) -> None:
    holder = f"zeebe:{kind}s"
    listener = f'<{holder}><zeebe:{kind} eventType="{event}"{{}}/></{holder}>'
    untyped, typed = (
        line(node("userTask", "<zeebe:userTask/>" + listener.format(one))) for one in ("", ' type="x"')
    )
    assert said(bpmn(typed), "job.type_missing") == []
    ((where, text),) = said(bpmn(untyped), "job.type_missing")
    assert (where, f"to {event!r} of 'a' names no job type" in text) == ("a", True)
