"""Nodes, flows, scopes and markers of a model arrive in the executable graph."""

import pytest

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import (
    Activation,
    AdHoc,
    Compensation,
    EventGateway,
    Link,
    MultiInstance,
    StandardLoop,
)
from tests.bpmn_reader.models import bpmn, condition, element, ext, flow, line, node, problems, read

TIMER = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"


def test_a_process_stands_under_its_own_id_with_its_start() -> None:
    process = read(bpmn(line('<task id="a" name=" Do\n it "/>'))).process
    assert process.root.family == "process"
    assert process.root.starts == ("s",)
    assert process.elements["a"].name == "Do it"
    assert process.root.line == 3
    assert [found.id for found in process.elements["a"].outgoing] == ["a_e"]
    assert [found.source for found in process.elements["e"].incoming] == ["a"]


def test_a_process_without_start_event_begins_at_what_nothing_leads_to() -> None:
    body = '<task id="a"/><task id="b"/><task id="h" isForCompensation="true"/>' + flow("a", "b")
    assert read(bpmn(body)).process.root.starts == ("a",)


def test_message_and_timer_starts_are_no_plain_starts() -> None:
    body = line() + f'<startEvent id="t">{TIMER}</startEvent>' + flow("t", "e")
    assert read(bpmn(body)).process.root.starts == ("s",)


def test_flow_ends_need_no_incoming_and_outgoing_children_and_may_have_a_prefix() -> None:
    body = line('<task id="a"/>').replace('sourceRef="a"', 'sourceRef="p:a"')
    assert problems(bpmn(body)) == ()


def test_inner_elements_know_their_scope_and_boundaries_their_host() -> None:
    inner = '<startEvent id="i"/><endEvent id="j"/>' + flow("i", "j")
    body = (
        line(f'<subProcess id="sub">{inner}</subProcess>')
        + f'<boundaryEvent id="x" attachedToRef="sub" cancelActivity="false">{TIMER}</boundaryEvent>'
        + flow("x", "e")
    )
    elements = read(bpmn(body)).process.elements
    assert elements["i"].scope == "sub"
    assert elements["sub"].starts == ("i",)
    assert elements["x"].host == "sub"
    assert not elements["x"].interrupting
    assert [found.id for found in elements["sub"].boundaries] == ["x"]


def test_the_default_flow_loses_its_condition_and_others_keep_theirs() -> None:
    body = line('<exclusiveGateway id="g" default="g_e"/>', '<task id="a"/>') + flow(
        "g", "e", condition("=b")
    )
    body = body.replace('targetRef="a"></', f'targetRef="a">{condition("amount &gt; 3")}</', 1)
    gateway = element(bpmn(body), "g")
    by_id = {found.id: found for found in gateway.outgoing}
    assert gateway.default is by_id["g_e"]
    assert by_id["g_e"].condition is None
    kept = by_id["g_a"].condition
    assert kept is not None
    assert kept.value({"amount": 4}) is True


def test_expressions_are_feel_with_a_leading_sign_and_literals_without() -> None:
    mapping = "<zeebe:ioMapping><zeebe:input source='=1 + 1' target='a.b'/><zeebe:input source='1 + 1' target='c'/></zeebe:ioMapping>"
    inputs = element(bpmn(line(node("task", mapping))), "a").inputs
    assert [(found.target, found.source.value({})) for found in inputs] == [
        (("a", "b"), 2),
        (("c",), "1 + 1"),
    ]


def test_an_unknown_family_is_kept_and_says_why_it_cannot_run() -> None:
    found = element(bpmn(line('<inclusiveGateway id="a"/>')), "a")
    if "inclusiveGateway" not in RUNNABLE:
        assert found.unsupported == "An inclusive gateway cannot run yet."
    assert found.family == "inclusiveGateway"


def test_the_host_of_a_boundary_event_that_cannot_run_does_not_run_either() -> None:
    body = (
        line('<task id="a"/>')
        + '<boundaryEvent id="x" attachedToRef="a">'
        + (
            "<conditionalEventDefinition><condition>=hot</condition></conditionalEventDefinition></boundaryEvent>"
        )
    )
    process = read_processes(
        parse_bpmn(bpmn(body)), frozenset({"process", "task", "startEvent", "endEvent"})
    )[0].process
    assert "'x'" in process.elements["a"].unsupported


def test_the_scope_of_an_event_subprocess_that_cannot_run_does_not_run_either() -> None:
    body = (
        line('<task id="a"/>')
        + f'<subProcess id="es" triggeredByEvent="true"><startEvent id="x">{TIMER}</startEvent></subProcess>'
    )
    process = read(bpmn(body)).process
    if process.elements["es"].unsupported:
        assert "'es'" in process.root.unsupported
    assert process.elements["es"].starts == ("x",)
    assert process.root.starts == ("s",)


def test_a_compensation_boundary_leads_to_its_handler_and_is_not_armed() -> None:
    body = (
        line('<task id="a"/>')
        + '<task id="undo" isForCompensation="true"/><boundaryEvent id="x" attachedToRef="a">'
        + '<compensateEventDefinition/></boundaryEvent><association id="as" sourceRef="x" targetRef="undo"/>'
    )
    elements = read(bpmn(body)).process.elements
    assert elements["a"].compensated_by == "undo"
    assert elements["a"].boundaries == ()
    assert elements["x"].details == Compensation("undo")
    assert problems(bpmn(body)) == ()


def test_links_find_their_other_end_in_their_scope() -> None:
    body = (
        (
            '<startEvent id="s"/><intermediateThrowEvent id="t"><linkEventDefinition name="L"/></intermediateThrowEvent>'
            '<intermediateCatchEvent id="c"><linkEventDefinition name="L"/></intermediateCatchEvent><endEvent id="e"/>'
        )
        + flow("s", "t")
        + flow("c", "e")
    )
    assert element(bpmn(body), "t").details == Link("L", "c")
    assert {problem.code for problem in problems(bpmn(body))} <= {"element.not_executable"}


def test_multi_instance_markers_are_read() -> None:
    marker = (
        '<task id="a"><multiInstanceLoopCharacteristics isSequential="true"><extensionElements>'
        '<zeebe:loopCharacteristics inputCollection="=xs" inputElement="x" outputCollection="ys" outputElement="=x"/>'
        "</extensionElements><completionCondition>=done</completionCondition></multiInstanceLoopCharacteristics></task>"
    )
    loop = element(bpmn(line(marker)), "a").loop
    assert isinstance(loop, MultiInstance)
    assert loop.sequential
    assert (loop.item, loop.output_collection) == ("x", "ys")
    assert loop.collection is not None
    assert loop.collection.value({"xs": [1]}) == [1]
    assert loop.completion is not None


def test_multi_instance_over_plain_data_names_the_variable() -> None:
    marker = (
        '<dataObject id="d" name="orders"/><task id="a"><multiInstanceLoopCharacteristics>'
        "<loopDataInputRef>d</loopDataInputRef><inputDataItem name='order'/></multiInstanceLoopCharacteristics></task>"
    )
    found = read(bpmn(marker)).process.elements["a"].loop
    assert isinstance(found, MultiInstance)
    assert found.collection is not None
    assert (found.collection.text, found.item) == ("orders", "order")


def test_standard_loops_ad_hoc_complex_and_event_gateways_are_read() -> None:
    loop = '<task id="a"><standardLoopCharacteristics testBefore="true" loopMaximum="3"><loopCondition>=again</loopCondition></standardLoopCharacteristics></task>'
    found = element(bpmn(line(loop)), "a").loop
    assert isinstance(found, StandardLoop)
    assert (found.test_before, found.maximum) == (True, 3)
    ad_hoc = '<adHocSubProcess id="a" ordering="Sequential"><task id="i"/><completionCondition>=ok</completionCondition></adHocSubProcess>'
    details = element(bpmn(line(ad_hoc)), "a").details
    assert isinstance(details, AdHoc)
    assert details.sequential
    assert details.completion is not None
    complex_gateway = '<complexGateway id="a"><activationCondition>=activationCount &gt; 1</activationCondition></complexGateway>'
    activation = element(bpmn(line(complex_gateway)), "a").details
    assert isinstance(activation, Activation)
    assert activation.condition is not None
    events = '<eventBasedGateway id="a" eventGatewayType="Parallel" instantiate="true"/>'
    assert element(bpmn(line(events)), "a").details == EventGateway(parallel=True, instantiate=True)


def test_quantities_are_read() -> None:
    found = element(bpmn(line('<task id="a" startQuantity="2" completionQuantity="3"/>')), "a")
    assert (found.start_quantity, found.completion_quantity) == (2, 3)


def test_lanes_are_known_at_the_nodes_inside() -> None:
    lanes = (
        '<laneSet id="ls"><lane id="l1" name="Office"><childLaneSet id="cs"><lane id="l2" name="Clerk">'
        "<flowNodeRef>a</flowNodeRef></lane></childLaneSet></lane></laneSet>"
    )
    assert element(bpmn(lanes + line('<task id="a"/>')), "a").lane == "Clerk"


def test_several_processes_and_pools_in_one_file_are_all_read() -> None:
    file = bpmn(line(), '<collaboration id="c"><participant id="x" processRef="p"/></collaboration>')
    file = file.replace("</definitions>", '<process id="q"><task id="b"/></process></definitions>')
    assert [found.process.id for found in read_processes(parse_bpmn(file), RUNNABLE)] == ["p", "q"]


def test_an_empty_pool_does_not_stop_its_neighbours() -> None:
    file = bpmn(line()).replace("</definitions>", '<process id="q"/></definitions>')
    pool = read_processes(parse_bpmn(file), RUNNABLE)[1]
    assert not pool.process.executable


def test_a_file_without_process_is_refused() -> None:
    file = bpmn("").replace('<process id="p" isExecutable="true">\n\n</process>', "")
    with pytest.raises(FlowMasterError) as refused:
        read_processes(parse_bpmn(file), RUNNABLE)
    assert refused.value.code == "bpmn.process_missing"
    assert refused.value.path == "bpmn:line 1"


def test_a_flow_of_another_scope_names_both_scopes() -> None:
    body = line('<subProcess id="sub"><task id="i"/></subProcess>', '<task id="a"/>') + flow("a", "i")
    found = next(problem for problem in problems(bpmn(body)) if problem.code == "flow.crosses_scope")
    assert "'sub'" in found.message
    assert "'p'" in found.message
    assert found.fix_edit is not None


def test_a_hanging_circle_is_reported_once() -> None:
    body = line() + '<task id="a"/><task id="b"/>' + flow("a", "b") + flow("b", "a")
    assert [problem.element for problem in problems(bpmn(body)) if problem.code == "element.unreachable"] == [
        "a"
    ]


def test_documentation_is_kept_for_briefings() -> None:
    assert (
        element(
            bpmn(line('<task id="a"><documentation>Look twice.</documentation></task>')), "a"
        ).documentation
        == "Look twice."
    )


def test_names_without_id_get_one_that_is_free() -> None:
    elements = read(bpmn('<task id="task_1"/><task/>' + ext(""))).process.elements
    assert list(elements) == ["p", "task_1", "task_2"]


def test_a_nameless_process_is_called_after_its_pool() -> None:
    pools = '<collaboration id="c"><participant id="x" name="Our  office" processRef="p"/></collaboration>'
    assert read(bpmn(line(), pools)).process.name == "Our office"
    assert read(bpmn(line(), pools, process='name="Leave"')).process.name == "Leave"
