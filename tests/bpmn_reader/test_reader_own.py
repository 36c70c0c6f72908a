"""What FlowMaster's own namespace says about a process: data, checks, roles, scenarios; and how strict that makes us."""

from decimal import Decimal

from flowmaster.engine.model import Constant
from tests.bpmn_reader.models import bpmn, codes, condition, ext, flow, line, node, problems, read

DATA = (
    '<fm:data name="amount" input="true" required="true">{"type": "number", "minimum": 0.5}</fm:data>'
    '<fm:data name="approved">{"type": "boolean"}</fm:data>'
)


def gateway(text: str) -> str:
    """Return a process with a choice and a default."""
    return (
        '<startEvent id="s"/><exclusiveGateway id="g" default="g_e"/><task id="a"/><endEvent id="e"/>'
        + flow("s", "g")
        + flow("g", "a", condition(text))
        + flow("g", "e")
        + flow("a", "e")
    )


def test_data_checks_roles_and_scenarios_are_read() -> None:
    own = (
        DATA
        + '<fm:check message="Amounts are positive." path="amount">=amount &gt; 0</fm:check>'
        + '<fm:role id="clerk" name="Accounts payable"/><fm:scenarios>[{"name": "small", "given": 1.5}]</fm:scenarios>'
    )
    process = read(bpmn(ext(own) + line())).process
    assert [(item.name, item.input, item.required) for item in process.data] == [
        ("amount", True, True),
        ("approved", False, False),
    ]
    assert process.data[0].schema == {"type": "number", "minimum": Decimal("0.5")}
    assert process.checks[0].condition.value({"amount": 1}) is True
    assert (process.checks[0].message, process.checks[0].path) == ("Amounts are positive.", "amount")
    assert process.roles == {"clerk": "Accounts payable"}
    assert process.scenarios == ({"name": "small", "given": Decimal("1.5")},)


def test_a_version_tag_is_read() -> None:
    assert read(bpmn(ext('<zeebe:versionTag value="v1"/>') + line())).process.version_tag == "v1"


def test_names_with_blanks_are_known_once_declared() -> None:
    own = ext('<fm:data name="net amount">{}</fm:data>')
    assert codes(bpmn(own + gateway("=net amount &gt; 3"))) == []


def test_an_undeclared_variable_is_an_error_beside_declared_ones_and_the_near_name_is_told() -> None:
    found = problems(bpmn(ext(DATA) + gateway("=ammount &gt; 3")))
    assert [(problem.code, problem.severity) for problem in found] == [("variable.unknown", "error")]
    assert "'amount'" in found[0].message
    foreign = problems(bpmn(gateway("=ammount &gt; 3")))
    assert [(problem.code, problem.severity) for problem in foreign] == [("variable.unknown", "warning")]


def test_what_steps_set_is_known() -> None:
    script = node("scriptTask", "<zeebe:script expression='=1' resultVariable='n'/>")
    body = script + line('<exclusiveGateway id="g" default="g_e"/>') + flow("s", "a") + flow("a", "g")
    body += flow("g", "a", condition("=n &gt; 1"))
    assert "variable.unknown" not in codes(bpmn(ext(DATA) + body))


def test_a_variable_that_is_read_in_many_places_is_named_once() -> None:
    found = problems(
        bpmn(gateway("=x &gt; 3") + '<task id="b" default="b_a"/>' + flow("b", "a", condition("=x")))
    )
    told = [problem for problem in found if problem.code == "variable.unknown"]
    assert len(told) == 1


def test_fields_of_forms_are_known() -> None:
    form = '<zeebe:userTaskForm id="f">{"components": [{"key": "ok"}, {"components": [{"key": "why.text"}]}, 1]}</zeebe:userTaskForm>'
    schema = '<zeebe:userTaskForm id="h">{"properties": {"level": {}, "free": true}}</zeebe:userTaskForm>'
    assert "variable.unknown" not in codes(
        bpmn(ext(form + schema) + gateway('=ok and why.text != "" or level > 1 or free'))
    )


def test_what_workers_and_people_give_may_be_mapped_out() -> None:
    mapping = "<zeebe:taskDefinition type='w'/><zeebe:ioMapping><zeebe:output source='=body.total' target='approved'/></zeebe:ioMapping>"
    assert codes(bpmn(ext(DATA) + line(node("serviceTask", mapping)))) == []


def test_loop_variables_are_known_inside() -> None:
    marker = (
        '<task id="a"><multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics '
        'inputCollection="=[1]" inputElement="x" outputCollection="ys" outputElement="=x + loopCounter"/>'
        "</extensionElements></multiInstanceLoopCharacteristics></task>"
    )
    assert "variable.unknown" not in codes(bpmn(ext(DATA) + line(marker)))


def test_a_gateway_without_default_is_an_error_beside_declared_data() -> None:
    body = (
        '<startEvent id="s"/><exclusiveGateway id="g"/><task id="a"/><task id="b"/><endEvent id="e"/>'
        + flow("s", "g")
        + flow("g", "a", condition("=amount &gt; 1"))
        + flow("g", "b", condition("=amount &lt; 1"))
        + flow("a", "e")
        + flow("b", "e")
    )
    severities = {problem.code: problem.severity for problem in problems(bpmn(ext(DATA) + body))}
    assert severities["gateway.default_missing"] == "error"
    severities = {problem.code: problem.severity for problem in problems(bpmn(body))}
    assert severities["gateway.default_missing"] == "warning"


def test_a_condition_that_always_holds_needs_no_default() -> None:
    body = (
        '<startEvent id="s"/><inclusiveGateway id="g"/><task id="a"/><endEvent id="e"/>'
        + flow("s", "g")
        + flow("g", "a", condition("=true"))
        + flow("g", "e", condition("=x"))
        + flow("a", "e")
    )
    assert "gateway.default_missing" not in codes(bpmn(body))


def test_roles_are_checked_by_id_and_by_name() -> None:
    roles = ext('<fm:role id="clerk" name="Accounts payable"/>')
    for good in ("clerk", "Accounts payable"):
        task = node("userTask", f"<zeebe:assignmentDefinition candidateGroups='{good}'/>")
        assert "task.role_unknown" not in codes(bpmn(roles + line(task)))
    task = node("userTask", "<zeebe:assignmentDefinition candidateGroups='clerks'/>")
    found = next(
        problem for problem in problems(bpmn(roles + line(task))) if problem.code == "task.role_unknown"
    )
    assert "'clerk'" in found.message


def test_problems_have_the_form_that_doors_show() -> None:
    found = problems(bpmn(line('<task id="a"/>') + flow("a", "s")))[0]
    body = found.body()
    assert body["code"] == "start.has_incoming"
    assert body["severity"] == "error"
    assert body["fix_edit"] == found.fix_edit
    assert list(body)[:4] == ["code", "element", "severity", "message"]


def test_errors_come_first() -> None:
    found = problems(bpmn(line('<serviceTask id="a"/>') + flow("a", "s")))
    assert [problem.severity for problem in found] == sorted(problem.severity for problem in found)
    assert found[0].severity == "error"


def test_bad_json_of_a_form_is_located() -> None:
    file = bpmn(ext("<zeebe:userTaskForm id='f'>[NaN]</zeebe:userTaskForm>") + line())
    assert [(problem.code, problem.line) for problem in problems(file)] == [("form.malformed", 4)]


def test_a_constant_reads_nothing() -> None:
    assert Constant("x").names == frozenset()
    assert Constant(3).text == "3"
