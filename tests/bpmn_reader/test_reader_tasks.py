"""Work of people, workers, scripts, decisions and calls as zeebe and plain BPMN write it."""

import pytest

from flowmaster.engine.model import (
    Call,
    Constant,
    Deadline,
    Error,
    Escalation,
    Exclusion,
    Job,
    Message,
    Rule,
    Script,
    Signal,
    Timer,
    Triggers,
    UserTask,
    Value,
)
from tests.bpmn_reader.models import bpmn, codes, element, ext, flow, line, node, problems

MESSAGE = (
    '<message id="m" name="paid"><extensionElements><zeebe:subscription correlationKey="=order.id"/>'
    "</extensionElements></message>"
)


def human(extensions: str, process: str = "", inner: str = "") -> UserTask:
    """Read a user task with extensions, children and process extensions."""
    task = f'<userTask id="a">{ext(extensions)}{inner}</userTask>'
    found = element(bpmn(process + line(task)), "a").details
    assert isinstance(found, UserTask)
    return found


def given(value: Value | None, **variables: object) -> object:
    """Evaluate a value that must be there."""
    assert value is not None
    return value.value(variables)


def test_candidates_are_a_list_with_commas_or_feel() -> None:
    task = human("<zeebe:assignmentDefinition candidateGroups='clerk, cfo' candidateUsers='=people'/>")
    assert given(task.roles) == ["clerk", "cfo"]
    assert given(task.users, people=["ann"]) == ["ann"]
    assert task.assignee is None


def test_an_assignee_is_a_name_or_feel() -> None:
    assert given(human("<zeebe:assignmentDefinition assignee='ann'/>").assignee) == "ann"
    assert given(human("<zeebe:assignmentDefinition assignee='=boss'/>").assignee, boss="bob") == "bob"


def test_dates_priority_and_form_are_read() -> None:
    task = human(
        "<zeebe:taskSchedule dueDate='2027-01-31T12:00:00Z' followUpDate='=soon'/>"
        "<zeebe:priorityDefinition priority='80'/><zeebe:formDefinition formId='approval'/>"
    )
    assert given(task.due) == "2027-01-31T12:00:00Z"
    assert given(task.follow_up, soon="x") == "x"
    assert given(task.priority) == 80
    assert task.form == "approval"


def test_an_embedded_form_is_found_in_the_process() -> None:
    form = ext(
        '<zeebe:userTaskForm id="f">{"components": [{"key": "ok", "type": "checkbox"}]}</zeebe:userTaskForm>'
    )
    file = bpmn(form + line(node("userTask", "<zeebe:formDefinition formKey='camunda-forms:bpmn:f'/>")))
    assert "task.form_unknown" not in codes(file)
    assert "task.form_missing" not in codes(file)


def test_without_candidates_the_lane_is_the_role_by_the_id_that_declares_it() -> None:
    lanes = '<laneSet id="ls"><lane id="l" name="Clerks"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    assert given(human("", lanes).roles) == ["Clerks"]
    assert given(human("", ext('<fm:role id="clerk" name="Clerks"/>') + lanes).roles) == ["clerk"]
    named = human("<zeebe:assignmentDefinition candidateUsers='ann'/>", lanes)
    assert named.roles is None


def test_performers_of_plain_bpmn_are_read() -> None:
    owner = "<potentialOwner><resourceAssignmentExpression><formalExpression>group(clerk), cfo</formalExpression></resourceAssignmentExpression></potentialOwner>"
    assert given(human("", inner=owner).roles) == ["clerk", "cfo"]
    boss = "<humanPerformer><resourceAssignmentExpression><formalExpression>=boss</formalExpression></resourceAssignmentExpression></humanPerformer>"
    assert given(human("", inner=boss).assignee, boss="bob") == "bob"
    task = '<userTask id="a"><potentialOwner><resourceRef>r</resourceRef></potentialOwner></userTask>'
    found = element(bpmn(line(task), '<resource id="r" name="Clerks"/>'), "a").details
    assert isinstance(found, UserTask)
    assert given(found.roles) == ["Clerks"]


def test_exclusions_and_deadlines_are_read() -> None:
    task = human(
        "<fm:exclude person='=requester'/><fm:exclude step='a'/>"
        "<fm:deadline after='PT48H' action='remind'/><fm:deadline after='PT72H' action='escalate' to='cfo'/>"
    )
    assert given(task.exclusions[0].person, requester="ann") == "ann"
    assert task.exclusions[1] == Exclusion(None, "a")
    assert task.deadlines == (
        Deadline(Constant("PT48H"), "remind"),
        Deadline(Constant("PT72H"), "escalate", Constant("cfo")),
    )


def test_a_job_has_type_retries_headers_and_wait() -> None:
    work = (
        "<zeebe:taskDefinition type='bank' retries='5'/><fm:retry wait='PT5M'/>"
        "<zeebe:taskHeaders><zeebe:header key='url' value='/pay'/></zeebe:taskHeaders>"
    )
    job = element(bpmn(line(node("serviceTask", work))), "a").details
    assert job == Job(Constant("bank"), Constant(5), {"url": "/pay"}, Constant("PT5M"))


def test_a_job_type_may_be_feel_and_retries_too() -> None:
    work = "<zeebe:taskDefinition type='=&quot;bank-&quot; + country' retries='=n'/>"
    job = element(bpmn(line(node("sendTask", work))), "a").details
    assert isinstance(job, Job)
    assert given(job.type, country="DE") == "bank-DE"
    assert given(job.retries, n=2) == 2


def test_an_agent_step_is_a_job_of_type_agent_unless_it_names_one() -> None:
    plain = element(bpmn(line(node("serviceTask", "<fm:agent model='small'/>"))), "a").details
    assert isinstance(plain, Job)
    assert (given(plain.type), plain.agent) == ("agent", {"model": "small"})
    named = node("serviceTask", "<fm:agent/><zeebe:taskDefinition type='classify'/>")
    found = element(bpmn(line(named)), "a").details
    assert isinstance(found, Job)
    assert given(found.type) == "classify"


def test_scripts_are_feel_with_or_without_sign() -> None:
    script = element(
        bpmn(line(node("scriptTask", "<zeebe:script expression='n + 1' resultVariable='n'/>"))), "a"
    )
    assert isinstance(script.details, Script)
    assert given(script.details.expression, n=1) == 2
    assert script.details.result == "n"


def test_a_plain_script_in_feel_runs_and_one_in_another_language_does_not() -> None:
    feel = '<scriptTask id="a" scriptFormat="FEEL" camunda:resultVariable="n"><script>1 + 1</script></scriptTask>'
    assert isinstance(element(bpmn(line(feel)), "a").details, Script)
    other = '<scriptTask id="a" scriptFormat="groovy" camunda:resultVariable="n"><script>1 + 1</script></scriptTask>'
    assert element(bpmn(line(other)), "a").details is None
    assert "script.missing" in codes(bpmn(line(other)))


def test_decisions_and_calls_are_read() -> None:
    rule = node(
        "businessRuleTask", "<zeebe:calledDecision decisionId='level' resultVariable='r' versionTag='v2'/>"
    )
    assert element(bpmn(line(rule)), "a").details == Rule(Constant("level"), "r", "v2")
    call = node("callActivity", "<zeebe:calledElement processId='child' propagateAllChildVariables='false'/>")
    assert element(bpmn(line(call)), "a").details == Call(Constant("child"), return_all=False)
    plain = '<callActivity id="a" calledElement="ns:child"/>'
    assert element(bpmn(line(plain)), "a").details == Call(Constant("child"))


def test_a_process_may_call_itself() -> None:
    assert "call.process_unknown" not in codes(bpmn(line('<callActivity id="a" calledElement="p"/>')))


def test_messages_carry_name_and_key() -> None:
    details = element(bpmn(line('<receiveTask id="a" messageRef="m"/>'), MESSAGE), "a").details
    assert isinstance(details, Message)
    assert given(details.name) == "paid"
    assert given(details.key, order={"id": 7}) == 7


def test_a_message_throw_with_a_job_type_is_a_job() -> None:
    throw = (
        f'<intermediateThrowEvent id="a">{ext("<zeebe:taskDefinition type=" + repr("mail") + "/>")}'
        "<messageEventDefinition messageRef='m'/></intermediateThrowEvent>"
    )
    assert isinstance(element(bpmn(line(throw), MESSAGE), "a").details, Job)


@pytest.mark.parametrize(
    ("time", "kind"), [("timeDuration", "duration"), ("timeDate", "date"), ("timeCycle", "cycle")]
)
def test_timers_are_read_by_kind(time: str, kind: str) -> None:
    event = f'<intermediateCatchEvent id="a"><timerEventDefinition><{time}>=x</{time}></timerEventDefinition></intermediateCatchEvent>'
    details = element(bpmn(line(event)), "a").details
    assert isinstance(details, Timer)
    assert details.kind == kind


@pytest.mark.parametrize(
    ("time", "text", "is_good"),
    [
        ("timeDuration", "P1DT2H", True),
        ("timeDuration", "1 day", False),
        ("timeDate", "2027-01-31T12:00:00+01:00", True),
        ("timeDate", "31.01.2027", False),
        ("timeCycle", "R3/PT10M", True),
        ("timeCycle", "0 0 9 * * *", True),
        ("timeCycle", "every day", False),
    ],
)
def test_literal_times_are_checked(time: str, text: str, is_good: bool) -> None:
    event = f'<intermediateCatchEvent id="a"><timerEventDefinition><{time}>{text}</{time}></timerEventDefinition></intermediateCatchEvent>'
    assert ("timer.malformed" in codes(bpmn(line(event)))) is not is_good


def test_errors_signals_and_escalations_are_resolved() -> None:
    root = (
        '<error id="er" name="Bank" errorCode="BANK"/><signal id="si" name="stop"/>'
        '<escalation id="es" escalationCode="LATE"/>'
    )

    def details(definition: str) -> object:
        event = f'<endEvent id="x"><{definition}/></endEvent>'
        return element(bpmn(line('<task id="a"/>') + event + flow("a", "x"), root), "x").details

    assert details('errorEventDefinition errorRef="er"') == Error(Constant("BANK"))
    assert details('signalEventDefinition signalRef="si"') == Signal(Constant("stop"))
    assert details('escalationEventDefinition escalationRef="es"') == Escalation(Constant("LATE"))


def test_an_error_boundary_without_reference_catches_all() -> None:
    body = (
        line('<task id="a"/>')
        + '<boundaryEvent id="x" attachedToRef="a"><errorEventDefinition/></boundaryEvent>'
    )
    assert element(bpmn(body), "x").details == Error()
    assert "error.missing" not in codes(bpmn(body))


def test_events_with_several_definitions_keep_all_of_them() -> None:
    event = (
        '<intermediateCatchEvent id="a" parallelMultiple="true"><messageEventDefinition messageRef="m"/>'
        "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>"
    )
    found = element(bpmn(line(event), MESSAGE), "a")
    assert found.family == "intermediateCatchEvent/parallelMultiple"
    assert isinstance(found.details, Triggers)
    assert [trigger.definition for trigger in found.details.all] == ["timer", "message"] or [
        trigger.definition for trigger in found.details.all
    ] == ["message", "timer"]


def test_a_shared_event_definition_counts_as_its_own() -> None:
    root = '<timerEventDefinition id="t"><timeDuration>PT1S</timeDuration></timerEventDefinition>'
    event = (
        '<intermediateCatchEvent id="a"><eventDefinitionRef>t</eventDefinitionRef></intermediateCatchEvent>'
    )
    assert element(bpmn(line(event), root), "a").family == "intermediateCatchEvent/timer"


def test_a_problem_names_the_line_and_the_column_of_the_expression() -> None:
    file = bpmn(line(node("scriptTask", "<zeebe:script expression='=1 +* 2' resultVariable='n'/>")))
    found = problems(file)[0]
    assert (found.code, found.element, found.line) == ("feel.syntax", "a", 4)
    assert "column 4" in found.message
