"""Models of Camunda 7, Flowable and Activiti: what has an equivalent runs, the rest is reported."""

import pytest

from flowmaster.engine.bpmn.juel import feel_of_juel
from flowmaster.engine.model import Call, Constant, Job, MultiInstance, Rule, Script, UserTask
from tests.bpmn_reader.models import bpmn, codes, element, ext, line, node, problems, read


@pytest.mark.parametrize(
    ("juel", "feel"),
    [
        ("${amount > 100}", "amount > 100"),
        ("${ok == 'yes' && !late}", 'ok = "yes" and not(late)'),
        ("#{order.total ge 10 or (vip)}", "order.total >= 10 or ( vip )"),
        ('${x != "a"}', 'x != "a"'),
        ("${true}", "true"),
    ],
)
def test_simple_expressions_become_feel(juel: str, feel: str) -> None:
    assert feel_of_juel(juel) == feel


@pytest.mark.parametrize(
    "juel",
    [
        "${bean.check(x)}",
        "${a ? b : c}",
        "${empty x}",
        "${not x}",
        "Hello ${name}",
        "${}",
        "${x % 2}",
        "${f (x)}",
        "plain",
    ],
)
def test_involved_expressions_are_left_alone(juel: str) -> None:
    assert feel_of_juel(juel) is None


def test_people_dates_and_forms_are_read() -> None:
    task = (
        '<userTask id="a" camunda:assignee="${boss}" camunda:candidateGroups="clerk,cfo" camunda:priority="20" '
        'camunda:dueDate="2027-01-31T12:00:00Z" camunda:formKey="embedded:app:form.html"/>'
    )
    found = element(bpmn(line(task)), "a").details
    assert isinstance(found, UserTask)
    assert found.assignee is not None
    assert found.assignee.value({"boss": "bob"}) == "bob"
    assert found.roles == Constant(["clerk", "cfo"])
    assert found.priority == Constant(20)
    assert found.form == "embedded:app:form.html"


def test_a_generated_form_becomes_a_schema() -> None:
    fields = (
        "<camunda:formData><camunda:formField id='ok' label='Fine?' type='boolean'/>"
        "<camunda:formField id='level' type='enum'><camunda:value id='low' name='Low'/></camunda:formField>"
        "<camunda:formField id='day' type='date'><camunda:validation><camunda:constraint name='required'/>"
        "</camunda:validation></camunda:formField></camunda:formData>"
    )
    process = read(bpmn(line(node("userTask", fields)))).process
    details = process.elements["a"].details
    assert isinstance(details, UserTask)
    assert process.forms[details.form] == {
        "type": "object",
        "properties": {
            "ok": {"type": "boolean", "title": "Fine?"},
            "level": {"type": "string", "enum": ["low"]},
            "day": {"type": "string", "format": "date"},
        },
        "required": ["day"],
    }


def test_external_tasks_decisions_and_expressions_run() -> None:
    topic = '<serviceTask id="a" camunda:type="external" camunda:topic="pay"/>'
    job = element(bpmn(line(topic)), "a").details
    assert isinstance(job, Job)
    assert job.type == Constant("pay")
    rule = '<businessRuleTask id="a" camunda:decisionRef="level" camunda:resultVariable="r"/>'
    assert element(bpmn(line(rule)), "a").details == Rule(Constant("level"), "r")
    script = '<serviceTask id="a" camunda:expression="${a + b}" camunda:resultVariable="c"/>'
    details = element(bpmn(line(script)), "a").details
    assert isinstance(details, Script)
    assert details.expression.value({"a": 1, "b": 2}) == 3
    assert "element.extension_ignored" not in codes(bpmn(line(script)))


def test_mappings_and_passed_variables_are_read() -> None:
    mapping = (
        "<camunda:inputOutput><camunda:inputParameter name='x'>${y}</camunda:inputParameter>"
        "<camunda:outputParameter name='z'>done</camunda:outputParameter></camunda:inputOutput>"
    )
    found = element(bpmn(line(node("task", mapping))), "a")
    assert found.inputs[0].source.value({"y": 5}) == 5
    assert found.outputs[0].source.value({}) == "done"
    call = (
        '<callActivity id="a" calledElement="child">'
        + ext("<camunda:in source='x' target='y'/><camunda:out variables='all'/>")
        + "</callActivity>"
    )
    found = element(bpmn(line(call)), "a")
    assert found.details == Call(Constant("child"), pass_all=False, return_all=True)
    assert found.inputs[0].target == ("y",)


def test_collections_are_read() -> None:
    marker = '<task id="a"><multiInstanceLoopCharacteristics camunda:collection="xs" camunda:elementVariable="x"/></task>'
    loop = element(bpmn(line(marker)), "a").loop
    assert isinstance(loop, MultiInstance)
    assert loop.collection is not None
    assert (loop.collection.text, loop.item) == ("xs", "x")


@pytest.mark.parametrize(
    ("kind", "attributes", "extensions", "told"),
    [
        ("serviceTask", 'camunda:class="com.acme.Pay"', "", "`class`"),
        ("serviceTask", 'camunda:expression="${bean.pay()}"', "", "`expression`"),
        ("task", "", "<camunda:executionListener event='start'/>", "`executionListener`"),
        (
            "task",
            "",
            "<camunda:inputOutput><camunda:inputParameter name='x'><camunda:map/></camunda:inputParameter></camunda:inputOutput>",
            "`map`",
        ),
        ("callActivity", 'calledElement="p"', "<camunda:in businessKey='${key}'/>", "business key"),
        ("startEvent", 'camunda:initiator="who"', "", "`initiator`"),
    ],
)
def test_what_has_no_equivalent_is_reported(kind: str, attributes: str, extensions: str, told: str) -> None:
    found = [
        one
        for one in problems(bpmn(line() + node(kind, extensions, attributes)))
        if one.code == "element.extension_ignored"
    ]
    assert len(found) == 1
    assert told in found[0].message
    assert found[0].element == "a"


def test_what_makes_no_difference_is_not_reported() -> None:
    task = node("task", "<camunda:properties/>", 'camunda:asyncBefore="true" camunda:exclusive="false"')
    assert codes(bpmn(line(task))) == []


def test_an_expression_of_a_foreign_language_runs_into_an_incident_and_not_wrong() -> None:
    flows = '<exclusiveGateway id="g" default="g_e"/>'
    body = (
        line(flows)
        + '<task id="b"/><sequenceFlow id="g_b" sourceRef="g" targetRef="b"><conditionExpression language="javascript">this.x &lt; 2</conditionExpression></sequenceFlow>'
    )
    gateway = element(bpmn(body), "g")
    assert gateway.outgoing[1].condition is not None
    assert gateway.outgoing[1].condition.value({"this": {"x": 1}}) is None
    assert "expression.language_unknown" in codes(bpmn(body))


def test_a_file_that_says_xpath_may_hold_feel() -> None:
    xpath = 'expressionLanguage="http://www.w3.org/1999/XPath"'
    body = (
        line('<exclusiveGateway id="g" default="g_e"/>')
        + '<task id="b"/><sequenceFlow id="g_b" sourceRef="g" targetRef="b"><conditionExpression>TEXT</conditionExpression></sequenceFlow>'
    )
    assert "expression.language_unknown" not in codes(bpmn(body.replace("TEXT", "x = 1"), attributes=xpath))
    assert "expression.language_unknown" in codes(
        bpmn(body.replace("TEXT", "bpmn:get('x') = 'a'"), attributes=xpath)
    )
    assert "feel.syntax" in codes(bpmn(body.replace("TEXT", "=bpmn:get('x')"), attributes=xpath))
