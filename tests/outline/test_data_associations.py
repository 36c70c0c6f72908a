"""Elements whose data associations move data come back from an outline with them, with all that these name."""

from typing import Any

import pytest

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.edits.apply import apply_edits
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.leftovers import kind_of
from tests.bpmn_reader.models import bpmn, flow, line
from tests.engine.cases import Case
from tests.outline.test_lossless import rewritten
from tests.outline.traces import executable

ORDER = (
    '<dataObject id="object" itemSubjectRef="item"/><dataObjectReference id="ref" name="Purchase order" '
    'dataObjectRef="object"/><dataObjectReference id="unused" name="other"/>'
)
ROOT = '<itemDefinition id="item"/><itemDefinition id="lonely"/><message id="m" name="paid"/>'
IO = '<ioSpecification><dataInput id="in{0}" name="request"/><inputSet><dataInputRefs>in{0}</dataInputRefs></inputSet><outputSet/></ioSpecification>'
INTO = (
    "<dataInputAssociation><sourceRef>ref</sourceRef><targetRef>in{0}</targetRef><assignment><from>=ref.total * 2</from>"
    "<to>in{0}.amount</to></assignment></dataInputAssociation>"
)
OUT = (
    "<dataOutputAssociation><targetRef>ref</targetRef><transformation>={{total: {0}}}</transformation>"
    "</dataOutputAssociation>"
)


def moving(number: int) -> str:
    return IO.format(number) + INTO.format(number) + OUT.format(f"request.amount + {number}")


BODY = (
    f'<startEvent id="s">{OUT.format("total")}</startEvent>'
    f'<userTask id="a">{moving(1)}</userTask><boundaryEvent id="x" attachedToRef="a">{OUT.format("100")}'
    "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>"
    f'<task id="b">{moving(2)}</task>'
    f'<subProcess id="g">{moving(3)}<startEvent id="gs"><outgoing>gs_c</outgoing></startEvent>'
    f'<serviceTask id="c"><extensionElements><zeebe:taskDefinition type="c"/></extensionElements>{moving(4)}</serviceTask>{flow("gs", "c")}</subProcess>'
    f'<intermediateCatchEvent id="w">{OUT.format("paid")}<messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
    f'<endEvent id="e"><dataInput id="in5" name="request"/>{INTO.format(5)}<messageEventDefinition messageRef="m"/></endEvent>'
    + ORDER
    + flow("s", "a")
    + flow("a", "b")
    + flow("x", "b")
    + flow("b", "g")
    + flow("g", "w")
    + flow("w", "e")
)


def total(document: Any) -> list[Any]:
    """Play a case through all steps; return what the data object held at each wait."""
    case = Case(executable(document, "p"), {"total": 1})
    held = [case.state.variables]
    for step in ("a", "c"):
        case.complete(step) if step == "a" else case.job(step)
        held.append(dict(case.state.variables))
    case.receive("w", paid=7)
    assert case.state.status == "completed"
    return [*held, dict(case.state.variables)]


def test_steps_and_events_keep_how_their_data_move_and_the_data_themselves() -> None:
    xml = bpmn(BODY, ROOT)
    before, after = parse_bpmn(xml), rewritten(xml)
    assert total(after) == total(before)
    assert [held["Purchase order"] for held in total(before)] == [{"total": n} for n in (1, 8, 19, 7)]
    assert {one.id for one in after.root.descendants("dataObject", "dataObjectReference")} == {
        "object",
        "ref",
    }
    assert [one.id for one in after.definitions("itemDefinition")] == ["item"]
    kinds = ("ioSpecification", "dataInputAssociation", "dataOutputAssociation")
    for kind in kinds:
        assert len(list(after.root.descendants(kind))) == len(list(before.root.descendants(kind)))


def test_the_words_of_a_step_stand_beside_how_its_data_move() -> None:
    shown: Any = decompile(parse_bpmn(bpmn(BODY, ROOT)))
    steps = {name: said for step in shown["steps"] for name, said in step.items()}
    assert set(steps["a"]) >= {"ask", "within"}
    assert next(iter(steps["g"]["group"][0])) == "c"
    for said in (steps["a"], steps["g"], steps["g"]["group"][0]["c"]):
        assert [kind_of(one) for one in said["extra"]] == [
            "ioSpecification",
            "dataInputAssociation",
            "dataOutputAssociation",
        ]


def test_associations_that_only_show_data_stay_out_of_the_outline() -> None:
    shown = (
        "<dataInputAssociation><sourceRef>ref</sourceRef><targetRef>in1</targetRef></dataInputAssociation>"
    )
    found: Any = decompile(
        parse_bpmn(bpmn(ORDER + line(f'<userTask id="a">{IO.format(1)}{shown}</userTask>'), ROOT))
    )
    assert "extra" not in found["steps"][0]["a"]
    assert "bpmn" not in found


def test_data_of_a_group_keep_the_group_as_it_is() -> None:
    inner = f'<startEvent id="gs"/>{flow("gs", "b")}<task id="b">{moving(2)}</task>'
    own = '<property id="p1" name="Purchase order"/>'
    for held in (inner + ORDER, own + inner.replace(">ref<", ">p1<").replace("=ref.", "=p1.")):
        after = rewritten(bpmn(line(f'<subProcess id="g">{held}</subProcess>'), ROOT))
        assert {one.id for one in after.element("g").children()} & {"ref", "p1"}


def test_data_of_the_whole_process_and_stores_come_along() -> None:
    body = (
        '<ioSpecification><dataInput id="whole" name="order"/><inputSet/><outputSet/></ioSpecification>'
        '<property id="rate"/><dataStoreReference id="stock" name="stock" dataStoreRef="store"/>'
    )
    reads = "".join(f"<sourceRef>{one}</sourceRef>" for one in ("whole", "rate", "stock"))
    task = (
        f'<task id="a"><dataOutputAssociation>{reads}<targetRef>stock</targetRef>'
        "<transformation>=[whole, rate, stock]</transformation></dataOutputAssociation></task>"
    )
    after = rewritten(bpmn(body + line(task), '<dataStore id="store" name="goods"/>'))
    assert [child.kind for child in after.processes[0].children()][:2] == ["ioSpecification", "property"]
    case = Case(executable(after, "p"), {"order": 1, "rate": 2, "goods": 3})
    assert case.state.variables["goods"] == [1, 2, 3]


def test_an_outline_may_say_itself_how_data_move() -> None:
    moves = (
        "<bpmn:dataOutputAssociation><bpmn:targetRef>order</bpmn:targetRef><bpmn:assignment><bpmn:from>=n + 1</bpmn:from>"
        "<bpmn:to>=order.total</bpmn:to></bpmn:assignment></bpmn:dataOutputAssociation>"
    )
    outline: Any = {"process": "p", "steps": [{"a": {"call": "a", "extra": moves}}]}
    document = compile_outline(outline).document
    assert decompile(document) == outline
    case = Case(executable(document, "p"))
    case.job("a", n=4)
    assert case.state.variables == {"order": {"total": 5}}


def test_steps_that_become_a_process_of_their_own_keep_the_data_of_the_other_one() -> None:
    task = f'<task id="a">{moving(1)}</task>'
    both = apply_edits(parse_bpmn(bpmn(ORDER + line(task), ROOT)), [{"extract": ["a"], "to": "q"}]).document
    alone = compile_outline(decompile(both, "q")).document
    assert alone.element("ref").parent == alone.processes[0]
    for document in (both, alone):
        case = Case(executable(document, "q"), {"Purchase order": {"total": 2}})
        assert case.state.variables == {"Purchase order": {"total": 5}}


def test_reading_and_writing_leave_the_file_as_it_is() -> None:
    text = parse_bpmn(bpmn(BODY, ROOT)).to_xml()
    document = parse_bpmn(text)
    read_processes(document, RUNNABLE)
    decompile(document)
    assert document.to_xml() == text


@pytest.mark.parametrize(
    "edit",
    [
        {"wrap": ["a", "b"], "in": "both"},
        {"set": "a", "about": "Look at it."},
        {"rename": "a", "to": "Look at the order"},
        {"add_after": "a", "step": {"note": {"call": "note"}}},
    ],
)
def test_edits_of_and_around_a_step_keep_how_its_data_move(edit: Any) -> None:
    before = parse_bpmn(bpmn(BODY, ROOT))
    after = apply_edits(before, [edit]).document
    for kind in ("assignment", "transformation", "dataObjectReference"):
        texts = [one.to_xml().strip() for one in before.root.descendants(kind)]
        assert sorted(one.to_xml().strip() for one in after.root.descendants(kind)) == sorted(texts)
    elements = executable(after, "p").process.elements
    assert elements["a"].inputs
    assert elements["a"].outputs
    assert not elements["a"].unsupported
