"""Rarely met corners of models: each is read or told, none is passed over."""

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.problem import Problem
from flowmaster.engine.model import ComplexBehaviour, MultiInstance, Signal, Trigger, UserTask
from tests.bpmn_reader.models import bpmn, codes, condition, element, ext, flow, line, node, problems, read


def test_a_timer_with_two_times_is_malformed() -> None:
    event = (
        '<intermediateCatchEvent id="a"><timerEventDefinition><timeDuration>PT1H</timeDuration>'
        "<timeCycle>R/PT1H</timeCycle></timerEventDefinition></intermediateCatchEvent>"
    )
    assert "timer.malformed" in codes(bpmn(line(event)))


def test_a_timer_among_several_triggers_is_checked_too() -> None:
    event = (
        '<intermediateCatchEvent id="a"><timerEventDefinition><timeDuration>soon</timeDuration></timerEventDefinition>'
        '<signalEventDefinition signalRef="x"/></intermediateCatchEvent>'
    )
    assert "timer.malformed" in codes(bpmn(line(event), '<signal id="x" name="x"/>'))


def test_a_signal_without_name_is_told() -> None:
    event = '<intermediateCatchEvent id="a"><signalEventDefinition signalRef="x"/></intermediateCatchEvent>'
    assert "signal.missing" in codes(bpmn(line(event), '<signal id="x"/>'))


def test_a_flow_into_another_process_crosses_a_border() -> None:
    file = bpmn(line('<task id="a"/>') + flow("a", "b"))
    file = file.replace("</definitions>", '<process id="q"><task id="b"/></process></definitions>')
    assert "flow.crosses_scope" in codes(file)


def test_what_multi_instance_throws_is_read() -> None:
    marker = (
        '<task id="a"><multiInstanceLoopCharacteristics behavior="{}" {}><loopCardinality>3</loopCardinality>{}'
        "</multiInstanceLoopCharacteristics></task>"
    )
    root = '<signal id="x" name="enough"/><signalEventDefinition id="d" signalRef="x"/>'

    def loop(behavior: str, attribute: str = "", inner: str = "") -> MultiInstance:
        found = element(bpmn(line(marker.format(behavior, attribute, inner)), root), "a").loop
        assert isinstance(found, MultiInstance)
        return found

    one = loop("One", 'oneBehaviorEventRef="d"').event
    assert isinstance(one, Trigger)
    assert isinstance(one.details, Signal)
    definition = "<complexBehaviorDefinition>{}<event>{}</event></complexBehaviorDefinition>"
    signal = '<signalEventDefinition signalRef="x"/>'
    complex_one = loop("Complex", "", definition.format("<condition>=true</condition>", signal)).complex
    assert [behaviour.condition.value({}) for behaviour in complex_one] == [True]
    unconditioned = loop("Complex", "", definition.format("", "<compensateEventDefinition/>")).complex
    assert [behaviour.condition.value({}) for behaviour in unconditioned] == [None]
    assert isinstance(unconditioned[0], ComplexBehaviour)
    assert unconditioned[0].event == Trigger("compensate", None)
    assert loop("Complex", "", definition.format("", "")).complex == ()


def test_a_deadline_without_time_is_told_and_one_in_feel_is_left_to_run_time() -> None:
    assert "deadline.after_malformed" in codes(bpmn(line(node("userTask", "<fm:deadline action='remind'/>"))))
    by_feel = node("userTask", "<fm:deadline after='=wait' action='remind'/>")
    assert "deadline.after_malformed" not in codes(bpmn(line(by_feel)))


def test_a_performer_that_says_nothing_is_nobody() -> None:
    task = '<userTask id="a"><potentialOwner/></userTask>'
    found = element(bpmn(line(task)), "a").details
    assert isinstance(found, UserTask)
    assert found.roles is None


def test_a_decision_without_id_is_none() -> None:
    task = node("businessRuleTask", "<zeebe:calledDecision resultVariable='r'/>")
    assert "rule.decision_missing" in codes(bpmn(line(task)))


def test_targets_and_forms_that_exist_are_fine() -> None:
    body = line(
        node("businessRuleTask", "<zeebe:calledDecision decisionId='d' resultVariable='r'/>"),
        '<callActivity id="b" calledElement="q"/>',
        '<userTask id="c"><extensionElements><zeebe:formDefinition formId="f"/></extensionElements></userTask>',
    )
    found = check_process(
        read(bpmn(body)),
        has_process=lambda key: key == "q",
        has_decision=lambda key: key == "d",
        has_form=lambda key: key == "f",
    )
    assert {problem.code for problem in found} == {"task.performer_missing"}


def test_calls_by_expression_are_left_to_run_time() -> None:
    call = node("callActivity", "<zeebe:calledElement processId='=which'/>")
    rule = node("businessRuleTask", "<zeebe:calledDecision decisionId='=which' resultVariable='r'/>")
    for body in (call, rule):
        assert not {"call.process_unknown", "rule.decision_unknown"} & set(codes(bpmn(line(body))))


def test_exclusions_of_human_steps_and_dates_of_all_kinds_are_fine() -> None:
    task = node(
        "userTask",
        "<fm:exclude step='a'/><zeebe:taskSchedule dueDate='P3D' followUpDate='2027-01-31T12:00:00Z'/>"
        "<fm:deadline after='PT48H' action='remind'/><fm:deadline after='PT72H' action='escalate' to='cfo'/>",
    )
    assert {problem.code for problem in problems(bpmn(line(task)))} == {
        "task.performer_missing",
        "task.form_missing",
    }


def test_a_task_whose_result_goes_into_declared_data_needs_no_form() -> None:
    data = ext('<fm:data name="approved">{"type": "boolean"}</fm:data>')
    task = node(
        "userTask",
        "<zeebe:assignmentDefinition assignee='ann'/><zeebe:ioMapping>"
        "<zeebe:output source='=approved' target='approved'/></zeebe:ioMapping>",
    )
    assert codes(bpmn(data + line(task))) == []


def test_conditions_of_tasks_need_a_default_too() -> None:
    body = line('<task id="a"/>').replace('targetRef="e"></', f'targetRef="e">{condition("=x")}</')
    assert "gateway.default_missing" in codes(bpmn(body))


def test_several_flows_without_condition_are_told_at_their_gateway() -> None:
    body = line('<exclusiveGateway id="g"/>', '<task id="a"/>') + flow("g", "e")
    found = next(problem for problem in problems(bpmn(body)) if problem.code == "flow.condition_missing")
    assert found.element == "g"
    assert "'g_a', 'g_e'" in found.message


def test_a_form_without_fields_gives_no_names() -> None:
    form = '<zeebe:userTaskForm id="f">{"properties": 3, "components": "none"}</zeebe:userTaskForm>'
    assert codes(bpmn(ext(form) + line())) == []


def test_a_problem_without_fix_and_line_shows_neither() -> None:
    shown = Problem("a.b", "x", "hint", "Look.").body()
    assert shown == {"code": "a.b", "element": "x", "severity": "hint", "message": "Look."}


def test_camunda_forms_without_required_fields_and_fields_without_id_are_read() -> None:
    form = "<camunda:formData><camunda:formField label='lost'/><camunda:formField id='x'/></camunda:formData>"
    process = read(bpmn(line(node("userTask", form)))).process
    assert process.forms == {"a_form": {"type": "object", "properties": {"x": {"type": "string"}}}}


def test_names_in_input_checks_must_be_known() -> None:
    own = '<fm:data name="amount">{"type": "number"}</fm:data><fm:check message="Too much.">=amuont &lt; 5</fm:check>'
    found = problems(bpmn(ext(own) + line()))
    assert [(problem.code, problem.element) for problem in found] == [("variable.unknown", "p")]


def test_a_decision_without_result_variable_is_told() -> None:
    task = node("businessRuleTask", "<zeebe:calledDecision decisionId='d'/>")
    assert "rule.result_missing" in codes(bpmn(line(task)))


def test_an_association_to_nothing_is_passed_over() -> None:
    body = (
        line('<task id="a"/>')
        + '<boundaryEvent id="x" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
        + '<association id="as" sourceRef="x" targetRef="ghost"/>'
    )
    assert "compensation.handler_missing" in codes(bpmn(body))


def test_a_handler_in_another_process_is_none() -> None:
    body = (
        line('<task id="a"/>')
        + '<boundaryEvent id="x" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
        + '<association id="as" sourceRef="x" targetRef="undo"/>'
    )
    other = '<process id="q"><task id="undo" isForCompensation="true"/></process></definitions>'
    assert "compensation.handler_missing" in codes(bpmn(body).replace("</definitions>", other))
