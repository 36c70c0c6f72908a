"""Data associations with assignments and transformations move data into activities and events, and out of them."""

from typing import Any

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.model import Element
from tests.engine.cases import Case, E, S, flows, model, script

ORDER = '<dataObjectReference id="order_ref" name="order" dataObjectRef="order_object"/><dataObject id="order_object"/>'
REQUEST = '<ioSpecification><dataInput id="in" name="request"/><dataOutput id="out" name="answer"/></ioSpecification>'


def association(way: str, sources: str, target: str, *said: str) -> str:
    """Write a data association: `source -> place` is an assignment, anything else a transformation."""
    inside = "".join(f"<sourceRef>{source}</sourceRef>" for source in sources.split())
    inside += f"<targetRef>{target}</targetRef>"
    for one in said:
        read, _, written = one.partition(" -> ")
        inside += (
            f"<assignment><from>{read}</from><to>{written}</to></assignment>"
            if written
            else f"<transformation>{read}</transformation>"
        )
    return f"<data{way}putAssociation>{inside}</data{way}putAssociation>"


def task(data: str, kind: str = "serviceTask", extensions: str = "") -> str:
    """Write an activity `a` with data; a service task is work of an outside worker."""
    work = '<zeebe:taskDefinition type="work"/>' if kind == "serviceTask" else ""
    return f'<{kind} id="a"><extensionElements>{work}{extensions}</extensionElements>{data}</{kind}>'


def case(data: str, variables: Any = None, around: str = ORDER, *, kind: str = "serviceTask") -> Case:
    """Start an instance with one activity that moves data."""
    return Case(model(S + around + task(data, kind) + E + flows("s a", "a e")), variables or {})


def seen(one: Case) -> dict[str, Any]:
    """Return the variables of the activity alone."""
    (node,) = [node for node in one.state.nodes.values() if node.element == "a"]
    return dict(node.variables or {})


def stopped(data: str, around: str = ORDER, attributes: str = "", kind: str = "serviceTask") -> Element:
    """Return the activity of a model that is read and cannot run."""
    text = (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t" '
        f'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" {attributes}><process id="p" isExecutable="true">'
        f"{S}{around}{task(data, kind)}{E}{flows('s a', 'a e')}</process></definitions>"
    )
    (read,) = read_processes(parse_bpmn(text), RUNNABLE)
    element = read.process.elements["a"]
    told = [one for one in check_process(read) if one.code == "element.not_executable"]
    assert bool(told) == bool(element.unsupported)
    assert all(element.unsupported in one.message for one in told)
    return element


def test_assignments_run_in_order_and_their_values_belong_to_the_activity() -> None:
    said = ("=order.total * 2 -> =request.amount", "=request.amount + 1 -> request.more")
    moving = REQUEST + association("In", "order_ref", "in", *said)
    one = case(moving, {"order": {"total": 5}, "request": "outside"})
    assert seen(one) == {"request": {"amount": 10, "more": 11}}
    one.job("a")
    assert one.state.variables == {"order": {"total": 5}, "request": "outside"}
    assert one.state.status == "completed"


def test_an_output_goes_to_the_data_object_and_keeps_what_else_it_holds() -> None:
    moving = REQUEST + association(
        "Out", "out", "order_ref", "=answer.price -> =order.price", "true -> order.done"
    )
    one = case(moving, {"order": {"id": 7}})
    one.job("a", answer={"price": 3}, junk=1)
    assert one.state.variables == {"order": {"id": 7, "price": 3, "done": True}}


def test_a_transformation_sees_all_its_sources_and_gives_the_whole_target() -> None:
    around = (
        ORDER + '<property id="rate_1" name="rate"/><dataStoreReference id="stock" dataStoreRef="store"/>'
    )
    moving = REQUEST + association("In", "order_ref rate_1 stock", "in", "=[order.total * rate_1, stock]")
    one = case(moving, {"order": {"total": 5}, "rate": 2, "stock": "full"}, around)
    assert seen(one) == {"request": [10, "full"]}
    giving = REQUEST + association("Out", "out", "order_ref", "=append(order_ref, answer)")
    two = case(giving, {"order": [1]})
    two.job("a", answer=2)
    assert two.state.variables == {"order": [1, 2]}


def test_assignments_come_behind_the_transformation_of_the_same_association() -> None:
    moving = REQUEST + association(
        "In", "order_ref", "in", "={total: order.total}", "=1 -> in.number", "=2 -> "
    )
    assert seen(case(moving, {"order": {"total": 5}})) == {"request": {"total": 5, "number": 1}}


@pytest.mark.parametrize(
    ("read", "written"),
    [
        ("=order.total", "=request.n"),
        ("order_ref.total", "in.n"),
        ("=order_object.total", "request.n"),
        ("${order.total}", "${request.n}"),
        ("#{order_ref.total}", "#{in.n}"),
        ('=if "order_ref" = "order_ref" then {order_ref: order_ref.total}.order_ref else 0', "request.n"),
    ],
)
def test_data_go_by_their_name_and_by_their_ids_in_feel_and_in_simple_juel(read: str, written: str) -> None:
    moving = REQUEST + association("In", "order_ref", "in", f"{read} -> {written}")
    assert seen(case(moving, {"order": {"total": 5}})) == {"request": {"n": 5}}


def test_an_empty_place_is_the_target() -> None:
    empty = association("In", "order_ref", "in").replace(
        "</data", "<assignment><from>=order.total</from><to/></assignment></data", 1
    )
    assert seen(case(REQUEST + empty, {"order": {"total": 5}})) == {"request": 5}


def test_data_without_a_name_that_feel_can_read_go_by_their_id() -> None:
    around = '<dataObjectReference id="draft-1" name="Order (draft)" dataObjectRef="o"/><dataObject id="o"/>'
    moving = association("Out", "", "draft-1", "=1 -> draft-1.n", "=2 -> Order (draft).m")
    one = case(moving, {}, around)
    one.job("a")
    assert one.state.variables == {"draft_1": {"n": 1, "m": 2}}


def test_names_of_several_words_are_known_all_over_the_process() -> None:
    around = '<dataObjectReference id="ref" name="Purchase  order" dataObjectRef="o"/><dataObject id="o"/>'
    moving = '<property id="other"/><property name="lonely"/>'
    moving += association("Out", "", "other", "=5 -> Purchase order.total")
    moving += association("Out", "", "ref", "={half: Purchase order.total / 2} -> half")
    after = script("b", "Purchase order.total + half.half", "sum")
    one = Case(model(S + around + task(moving) + after + E + flows("s a", "a b", "b e")))
    one.job("a")
    assert one.state.variables == {"Purchase order": {"total": 5}, "half": {"half": 2.5}, "sum": 7.5}


def test_references_to_one_data_object_are_one_variable() -> None:
    around = (
        '<dataObjectReference id="paid" name="order [paid]" dataObjectRef="o"/><dataObject id="o" name="order"/>'
        '<dataObjectReference id="new" name="order" dataObjectRef="o"/>'
    )
    moving = association("In", "new", "x", "=new.total -> x") + association(
        "Out", "", "paid", "=x + 1 -> paid.total"
    )
    one = case(moving, {"order": {"total": 5}}, around)
    assert seen(one) == {"x": 5}
    one.job("a")
    assert one.state.variables == {"order": {"total": 6}}


def test_what_names_nothing_in_the_file_is_a_variable_as_in_flowable() -> None:
    moving = association("In", "amount", "total", "=amount * 2") + association(
        "Out", "answer", "result", "=answer"
    )
    one = case(moving, {"amount": 5})
    assert seen(one) == {"total": 10}
    one.job("a", answer="yes")
    assert one.state.variables == {"amount": 5, "result": "yes"}


def test_a_web_service_task_of_flowable_gets_its_structure() -> None:
    """As in `WebServiceTaskTest` of Flowable, save that the work has a type."""
    io = '<ioSpecification><dataInput itemSubjectRef="tns:item" id="dataInputOfRequest"/></ioSpecification>'
    moving = io + association(
        "In", "", "dataInputOfRequest", "${bean.values} -> ${dataInputOfRequest.values}"
    )
    one = case(moving, {"bean": {"values": [1, 2]}}, "")
    assert seen(one) == {"dataInputOfRequest": {"values": [1, 2]}}


def test_an_association_that_only_shows_data_changes_nothing_alone_and_copies_beside_one_that_moves() -> None:
    shown = association("In", "order_ref", "in") + association("Out", "out", "order_ref")
    alone = case(REQUEST + shown, {"order": 1})
    alone.job("a", answer=2)
    assert alone.state.variables == {"order": 1, "answer": 2}
    around = ORDER + '<property id="n"/><task id="t"/>'
    moving = association("In", "n", "n2", "=n + 1 -> n2") + association("Out", "", "n", "=9 -> n")
    odd = (
        association("In", "n", "n")
        + association("In", "order_ref n", "in")
        + association("In", "t", "in")
        + association("Out", "", "order_ref")
    )
    beside = case(REQUEST + (shown + moving + odd), {"order": 1, "n": 4}, around)
    assert seen(beside) == {"request": 1, "n2": 5}
    beside.job("a", answer=2)
    assert beside.state.variables == {"order": 2, "n": 9}


def test_a_placeholder_is_no_target() -> None:
    around = ORDER.replace("order_object", "o")
    place = '<property id="nowhere" name="__targetRef_placeholder"/>'
    moving = (
        place
        + association("In", "order_ref", "nowhere", "=order -> copy")
        + association("In", "o", "nowhere")
    )
    assert seen(case(moving, {"order": 1}, around)) == {"copy": 1}


def test_people_scripts_groups_and_called_processes_move_data_too() -> None:
    into = REQUEST + association("In", "order_ref", "in", "=order + 1 -> in")
    out = association("Out", "out", "order_ref", "=answer + 1 -> order_ref")
    asked = case(into + out, {"order": 1}, kind="userTask")
    assert seen(asked) == {"request": 2}
    asked.complete("a", answer=5)
    assert asked.state.variables == {"order": 6}
    computing = '<zeebe:script expression="=request * 10" resultVariable="answer"/>'
    body = S + ORDER + task(into + out, "scriptTask", computing) + E + flows("s a", "a e")
    assert Case(model(body), {"order": 1}).state.variables == {"order": 21}
    inner = '<startEvent id="s2"/>' + script("b", "request * 100", "answer")
    inner += '<sequenceFlow id="g" sourceRef="s2" targetRef="b"/>'
    grouped = Case(
        model(S + ORDER + task(into + inner + out, "subProcess") + E + flows("s a", "a e")), {"order": 1}
    )
    assert grouped.state.variables["order"] == 201
    called = task(into + out, "callActivity", '<zeebe:calledElement processId="q"/>')
    running = Case(model(S + ORDER + called + E + flows("s a", "a e")), {"order": 1})
    (asks,) = [one for one in running.events if isinstance(one, ev.ChildRequested)]
    assert asks.variables == {"order": 1, "request": 2}


def test_events_give_and_take_data() -> None:
    message = '<message id="m" name="paid"/>'
    definition = '<messageEventDefinition messageRef="m"/>'
    catch = (
        f'<intermediateCatchEvent id="c"><dataOutput id="got" name="payment"/>'
        f"{association('Out', 'got', 'order_ref', '=got.amount -> order.paid')}{definition}</intermediateCatchEvent>"
    )
    throw = (
        f'<intermediateThrowEvent id="t"><dataInput id="sent" name="receipt"/>'
        f"{association('In', 'order_ref', 'sent', '={paid: order.paid}')}{definition}"
        "</intermediateThrowEvent>"
    )
    one = Case(
        model(S + ORDER + catch + throw + E + flows("s c", "c t", "t e"), message), {"order": {"id": 1}}
    )
    one.receive("c", payment={"amount": 8}, junk=1)
    assert one.state.variables == {"order": {"id": 1, "paid": 8}}
    (sent,) = [event for event in one.events if isinstance(event, ev.MessageSent)]
    assert sent.variables == {"receipt": {"paid": 8}}


def test_an_event_at_the_border_and_a_start_give_what_they_say() -> None:
    error = '<error id="err" errorCode="E"/>'
    start = (
        f'<startEvent id="s">{association("Out", "first", "order_ref", "=first * 2 -> order")}</startEvent>'
    )
    border = (
        '<boundaryEvent id="x" attachedToRef="a"><dataOutput id="o2" name="why"/>'
        + association("Out", "o2", "order_ref", "=why")
        + '<errorEventDefinition errorRef="err"/></boundaryEvent>'
    )
    body = start + ORDER + task("") + border + E + '<endEvent id="f"/>' + flows("s a", "a e", "x f")
    one = Case(model(body, error), {"first": 2})
    one.do(cmd.ThrowJobError, one.wait("a").id, "E", "bad", {"why": "late"})
    assert one.state.variables["order"] == "late"
    assert "f" in one.completed()


def test_a_loop_takes_its_collection_from_the_association_that_fills_it() -> None:
    io = '<ioSpecification><dataInput id="list" name="items"/><dataInput id="in" name="request"/></ioSpecification>'
    loop = (
        '<multiInstanceLoopCharacteristics isSequential="true"><loopDataInputRef>list</loopDataInputRef>'
        '<inputDataItem id="i" name="item"/></multiInstanceLoopCharacteristics>'
    )
    filling = association("In", "order_ref", "list", "=order.lines[item > 1]")
    turning = association("In", "order_ref", "in", "=item * 10 -> request")
    one = case(io + filling + turning + loop, {"order": {"lines": [1, 2, 3]}})
    requests = []
    while one.state.status == "active":
        requests += [
            node.variables["request"]
            for node in one.state.nodes.values()
            if node.variables and "request" in node.variables
        ]
        one.job("a")
    assert requests == [20, 30]


def test_what_a_loop_collects_and_collections_filled_piece_by_piece_cannot_be_moved() -> None:
    io = '<ioSpecification><dataInput id="list" name="items"/><dataOutput id="all" name="answers"/></ioSpecification>'
    loop = (
        "<multiInstanceLoopCharacteristics><loopDataInputRef>list</loopDataInputRef>"
        "<loopDataOutputRef>all</loopDataOutputRef></multiInstanceLoopCharacteristics>"
    )
    reads = stopped(io + association("Out", "all", "order_ref", "=count(answers)") + loop)
    assert "'answers'" in reads.unsupported
    unfilled = io + association("In", "order_ref", "list", "=1 -> other") + loop
    assert not stopped(unfilled).unsupported
    pieces = stopped(io + association("In", "order_ref", "list", "=1 -> items.a") + loop)
    assert "piece by piece" in pieces.unsupported


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (association("In", "order_ref", "in", "=order.total -> sum(request)"), "`to`"),
        (association("In", "order_ref", "in", "=order.total -> request[1]"), "`to`"),
        (association("In", "order_ref", "in", "=order.total -> ${request.get(1)}"), "`to`"),
        (association("In", "order_ref", "in", "=order. -> request"), "`from`"),
        (association("In", "order_ref", "in", "${order.getTotal()} -> request"), "`from`"),
        (association("In", "order_ref", "in", "getDataObject('order')/tns:total -> request"), "`from`"),
        (association("In", "order_ref", "in", "=order ="), "transformation"),
        (association("In", "order_ref", "in", '=order_ref + "open'), "transformation"),
        (association("In", "order_ref", "in", " "), "transformation"),
        (association("In", "order_ref", "s", "=1"), "'s', a `startEvent`"),
        (association("In", "order_ref", "no-such", "=1"), "'no-such'"),
        (association("In", "order_ref", "in", "=1").replace("<targetRef>in</targetRef>", ""), "no target"),
        (
            association("In", "order_ref", "in").replace(
                "</data", "<assignment><to>request</to></assignment></data", 1
            ),
            "`from` of an assignment is empty",
        ),
    ],
)
def test_what_cannot_run_is_told_with_its_place(data: str, told: str) -> None:
    element = stopped(REQUEST + data.replace("<dataInputAssociation", '<dataInputAssociation id="move"'))
    assert element.unsupported.startswith("Its data association 'move' cannot run: ")
    assert told in element.unsupported
    nameless = stopped(REQUEST + data)
    assert "association in line 1 cannot" in nameless.unsupported
    one = case(REQUEST + data)
    assert one.incidents() == {"a": "element.not_executable"}


def test_the_declared_language_counts_where_an_expression_does_not_say_feel_by_its_sign() -> None:
    xpath, feel = "http://www.w3.org/1999/XPath", "https://www.omg.org/spec/DMN/20191111/FEEL/"
    said = association("In", "order_ref", "in", "order.total -> request")
    foreign = said.replace("<from>", f'<from language="{xpath}">')
    assert "no FEEL" in stopped(REQUEST + foreign).unsupported
    assert not stopped(REQUEST + foreign.replace(">order.total", ">=order.total")).unsupported
    assert not stopped(REQUEST + said.replace("<from>", f'<from language="{feel}">')).unsupported
    assert not stopped(REQUEST + said, attributes=f'expressionLanguage="{feel}"').unsupported
    slashed = said.replace("order.total", "/order/total")
    assert "no FEEL" in stopped(REQUEST + slashed, attributes=f'expressionLanguage="{xpath}"').unsupported
