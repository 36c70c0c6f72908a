"""The automatic layout: complete, free of faults, the same each time, and straight where it matters."""

from collections import Counter

import pytest

from flowmaster.engine.bpmn.diagram import Line, Shape, read_diagrams
from flowmaster.engine.bpmn.document import BpmnDocument, new_document, parse_bpmn
from flowmaster.engine.bpmn.geometry import Box
from flowmaster.engine.bpmn.layout import lay_out
from flowmaster.engine.bpmn.svg import draw_svg
from flowmaster.engine.edits.apply import apply_edits
from tests.bpmn.labels import label_faults
from tests.bpmn.measuring import crossings, faults
from tests.bpmn.models import large_model, random_model
from tests.bpmn.varied import varied_model


def drawn(document: BpmnDocument) -> tuple[dict[str, Shape], dict[str, Line]]:
    diagrams = read_diagrams(document)
    return (
        {shape.element.id: shape for diagram in diagrams for shape in diagram.shapes},
        {line.element.id: line for diagram in diagrams for line in diagram.lines},
    )


def chain(*kinds: str) -> BpmnDocument:
    document = new_document("p", "P")
    nodes = [document.processes[0].add(kind, {"id": f"n{number}"}) for number, kind in enumerate(kinds)]
    for source, target in zip(nodes, nodes[1:], strict=False):
        document.connect(source, target)
    return document


@pytest.mark.parametrize("seed", [*range(60), 276, 306, 316])
def test_a_random_model_is_laid_out_without_a_fault(seed: int) -> None:
    document = random_model(seed, 5 + seed % 40)
    lay_out(document)
    assert faults(document) == []


@pytest.mark.parametrize("seed", [0, 7, 19, 30, 103])
def test_a_varied_model_is_laid_out_without_a_fault_and_hardly_a_name_is_covered(seed: int) -> None:
    document = varied_model(seed, size_of(seed))
    lay_out(document)
    assert faults(document) == []
    assert len(label_faults(document)) <= 3


@pytest.mark.soak
def test_500_varied_models_are_laid_out_without_a_fault_and_hardly_a_name_is_covered() -> None:
    covered = Counter[str]()
    for seed in range(500):
        document = varied_model(seed, size_of(seed))
        lay_out(document)
        assert faults(document) == [], seed
        covered.update(fault.partition(":")[0] for fault in label_faults(document))
    assert covered["shape"] + covered["label"] <= 10
    assert covered["border"] + covered["wire"] <= 500


def size_of(seed: int) -> int:
    return 5 + seed * 37 % 120


def test_the_same_document_gives_the_same_diagram() -> None:
    first, second = random_model(7, 30), random_model(7, 30)
    lay_out(first)
    lay_out(second)
    assert first.to_xml() == second.to_xml()
    lay_out(second)
    assert first.to_xml() == second.to_xml()


def test_a_plain_sequence_is_one_straight_line() -> None:
    document = chain("startEvent", "userTask", "serviceTask", "scriptTask", "endEvent")
    lay_out(document)
    shapes, lines = drawn(document)
    assert len({shape.box.center.y for shape in shapes.values()}) == 1
    assert all(len(line.points) == 2 for line in lines.values())


def test_the_long_branch_is_straight_and_the_short_one_turns_once_at_each_end() -> None:
    document = chain("startEvent", "exclusiveGateway", "task", "task", "exclusiveGateway", "endEvent")
    process = document.processes[0]
    other = process.add("task", {"id": "other"})
    document.connect(document.element("n1"), other)
    document.connect(other, document.element("n4"))
    lay_out(document)
    _, lines = drawn(document)
    bends = {identifier: len(line.points) - 2 for identifier, line in lines.items()}
    assert {bends.pop("n1_to_other"), bends.pop("other_to_n4")} == {1}
    assert set(bends.values()) == {0}
    assert crossings(document) == 0


def test_a_flow_back_runs_round_the_steps_between() -> None:
    document = chain("startEvent", "task", "task", "exclusiveGateway", "endEvent")
    back = document.connect(document.element("n3"), document.element("n1"), name="again")
    lay_out(document)
    shapes, lines = drawn(document)
    line = lines[back.id]
    assert len(line.points) == 4
    assert all(
        point.y < shapes["n2"].box.y or point.y > shapes["n2"].box.bottom for point in line.points[1:3]
    )
    assert line.label is not None
    assert not any(line.label.overlaps(shape.box) for shape in shapes.values())


def test_boundary_events_sit_on_the_lower_border_of_their_host() -> None:
    document = chain("startEvent", "task", "endEvent")
    for number in range(3):
        event = document.processes[0].add("boundaryEvent", {"id": f"b{number}", "attachedToRef": "n1"})
        document.connect(event, document.processes[0].add("endEvent", {"id": f"e{number}"}))
    lay_out(document)
    shapes, _ = drawn(document)
    host = shapes["n1"].box
    events = [shapes[f"b{number}"].box for number in range(3)]
    assert all(event.center.y == host.bottom for event in events)
    assert all(host.x <= event.x and event.right <= host.right for event in events)
    assert len({event.x for event in events}) == 3
    assert faults(document) == []


def test_lanes_stand_in_order_and_fill_their_pool() -> None:
    document = chain("startEvent", "task", "task", "endEvent")
    process = document.processes[0]
    lane_set = process.add("laneSet", {"id": "lanes"})
    for number in (2, 1, 3, 0):
        lane_set.add("lane", {"id": f"lane{number}"}).add("flowNodeRef", text=f"n{number}")
    collaboration = document.root.add("collaboration", {"id": "c"})
    collaboration.add("participant", {"id": "pool", "name": "A pool", "processRef": "p"})
    lay_out(document)
    shapes, _ = drawn(document)
    lanes = [shapes[f"lane{number}"].box for number in (2, 1, 3, 0)]
    pool = shapes["pool"].box
    assert [lane.y for lane in lanes] == [pool.y, *(lane.bottom for lane in lanes[:-1])]
    assert lanes[-1].bottom == pool.bottom
    assert all(lane.right == pool.right for lane in lanes)
    assert faults(document) == []


def test_a_sub_process_is_drawn_open_round_what_is_inside() -> None:
    document = chain("startEvent", "subProcess", "endEvent")
    inside = document.element("n1")
    document.connect(inside.add("startEvent", {"id": "a"}), inside.add("userTask", {"id": "b"}))
    lay_out(document)
    shapes, _ = drawn(document)
    assert shapes["n1"].is_expanded
    assert all(shapes["n1"].box.holds(shapes[identifier].box) for identifier in ("a", "b"))


def test_what_has_no_id_gets_one_so_that_it_can_be_drawn() -> None:
    text = chain("startEvent", "task").to_xml().replace(' id="n0_to_n1"', "")
    document = parse_bpmn(text)
    document.processes[0].add("task", {"name": "Nameless"})
    lay_out(document)
    shapes, lines = drawn(document)
    assert len(lines) == 1
    assert set(shapes) == {"n0", "n1", "nameless"}


def test_flows_that_lead_nowhere_do_not_stop_the_layout() -> None:
    document = chain("startEvent", "task")
    document.processes[0].add("sequenceFlow", {"id": "lost", "sourceRef": "n1", "targetRef": "gone"})
    document.processes[0].add("sequenceFlow", {"id": "empty"})
    document.processes[0].add("boundaryEvent", {"id": "unattached", "attachedToRef": "gone"})
    lay_out(document)
    shapes, lines = drawn(document)
    assert "unattached" in shapes
    assert set(lines) == {"n0_to_n1"}


def test_an_empty_process_is_laid_out_as_nothing() -> None:
    document = new_document("p")
    lay_out(document)
    assert read_diagrams(document) == []


def test_the_model_itself_is_not_touched() -> None:
    document = random_model(3, 25)
    before = Counter(
        repr(one.attributes()) for one in document.root.descendants() if not one.kind.startswith("{")
    )
    lay_out(document)
    after = Counter(
        repr(one.attributes()) for one in document.root.descendants() if not one.kind.startswith("{")
    )
    assert before == after


def test_a_process_of_500_elements_is_laid_out_without_fault() -> None:
    document = large_model(500)
    lay_out(document)
    assert faults(document) == []


def test_deeply_nested_sub_processes_are_laid_out() -> None:
    document = new_document("p")
    scope = document.processes[0]
    for depth in range(100):
        scope = scope.add("subProcess", {"id": f"s{depth}", "name": f"Level {depth}"})
    scope.add("task", {"id": "deep"})
    lay_out(document)
    assert faults(document) == []


def test_a_group_stands_round_what_its_category_names_and_an_empty_one_below_its_page() -> None:
    document = chain("startEvent", "task", "task", "endEvent")
    process = document.processes[0]
    category = document.root.add("category", {"id": "c"})
    category.add("categoryValue", {"id": "v", "value": "The middle of it"})
    for name in ("n1", "n2"):
        document.element(name).add("categoryValueRef", text="v")
    process.add("group", {"id": "full", "categoryValueRef": "v"})
    process.add("group", {"id": "empty"})
    process.add("group", {"id": "empty_too"})
    document.root.add("process", {"id": "second"}).add("task", {"id": "elsewhere"})
    lay_out(document)
    shapes, _ = drawn(document)
    assert all(shapes["full"].box.holds(shapes[name].box) for name in ("n1", "n2"))
    assert not shapes["full"].box.overlaps(shapes["n3"].box)
    assert shapes["full"].box.bottom < shapes["empty"].box.y < shapes["elsewhere"].box.y
    assert not shapes["empty"].box.overlaps(shapes["empty_too"].box)


def test_a_long_name_makes_its_task_larger_and_the_events_on_its_border_stand_apart() -> None:
    document = chain("startEvent", "userTask", "endEvent")
    task = document.element("n1")
    task.set("name", "Check the delivery address and the payment terms of every single customer order")
    for number, name in enumerate(("Customer has cancelled the order", "Too late", "Address is unknown")):
        event = document.processes[0].add("boundaryEvent", {"id": f"b{number}", "attachedToRef": "n1"})
        event.set("name", name)
        document.connect(event, document.processes[0].add("endEvent", {"id": f"e{number}"}))
    lay_out(document)
    shapes, _ = drawn(document)
    assert shapes["n1"].box.width > 160
    assert "…" not in draw_svg(document)
    assert label_faults(document) == []


def test_a_note_keeps_close_to_its_node_in_a_high_lane() -> None:
    document = chain("startEvent", "exclusiveGateway", "task", "endEvent")
    for number in range(4):
        other = document.processes[0].add("task", {"id": f"o{number}"})
        document.connect(document.element("n1"), other)
    note = document.processes[0].add("textAnnotation", {"id": "note"})
    note.add("text", text="Mind this")
    document.processes[0].add("association", {"id": "a", "sourceRef": "n0", "targetRef": "note"})
    lay_out(document)
    shapes, _ = drawn(document)
    assert 0 < shapes["n0"].box.y - shapes["note"].box.bottom <= 40


def test_groups_of_several_pages_stand_each_on_its_own() -> None:
    document = chain("startEvent", "task")
    together = document.root.add("collaboration", {"id": "together"})
    together.add("participant", {"id": "pool", "name": "A pool", "processRef": "p"})
    document.processes[0].add("group", {"id": "in_pool"})
    category = document.root.add("category", {"id": "c"})
    category.add("categoryValue", {"id": "v"})
    second = document.root.add("process", {"id": "second"})
    second.add("task", {"id": "alone"}).add("categoryValueRef", text="v")
    second.add("group", {"id": "nameless", "categoryValueRef": "v"})
    lay_out(document)
    first, other = read_diagrams(document)
    assert "in_pool" in {shape.element.id for shape in first.shapes}
    shown = {shape.element.id: shape.box for shape in other.shapes}
    assert shown["nameless"].holds(shown["alone"])
    assert not any(shape.box.overlaps(shown["nameless"]) for shape in first.shapes)


def test_an_edit_leaves_a_message_without_a_line_alone_and_draws_the_others_round_it() -> None:
    document = chain("startEvent", "task", "endEvent")
    together = document.root.add("collaboration", {"id": "together"})
    together.add("participant", {"id": "pool", "processRef": "p"})
    together.add("participant", {"id": "other", "name": "Other"})
    together.add("messageFlow", {"id": "asks", "sourceRef": "n1", "targetRef": "other"})
    lay_out(document)
    _, lines = drawn(document)
    lines["asks"].drawn.remove()
    edited = apply_edits(document, [{"add_after": "n1", "step": {"next": {"call": "a.b"}}}], process="p")
    _, after = drawn(edited.document)
    assert "asks" not in after


@pytest.mark.parametrize(("wires", "is_sorted"), [(30, True), (50, False)])
def test_wires_side_by_side_do_not_cross_unless_there_are_too_many_to_sort(
    wires: int, is_sorted: bool
) -> None:
    document = new_document("p")
    process = document.processes[0]
    lanes = process.add("laneSet", {"id": "lanes"})
    above, below = (lanes.add("lane", {"id": name}) for name in ("above", "below"))
    for number in range(wires):
        source, target = (process.add("task", {"id": f"{name}{number}"}) for name in ("a", "b"))
        document.connect(source, target)
        above.add("flowNodeRef", text=source.id)
        below.add("flowNodeRef", text=target.id)
    lay_out(document)
    assert faults(document) == []
    assert (crossings(document) == 0) == is_sorted


def test_notes_of_a_collaboration_stand_below_its_pools() -> None:
    document = chain("startEvent", "endEvent")
    together = document.root.add("collaboration", {"id": "together"})
    together.add("participant", {"id": "pool", "processRef": "p"})
    for name in ("first", "second"):
        together.add("textAnnotation", {"id": name}).add("text", text=f"The {name} note")
    lay_out(document)
    shapes, _ = drawn(document)
    assert faults(document) == []
    assert shapes["pool"].box.bottom < shapes["first"].box.y == shapes["second"].box.y
    assert shapes["first"].box.right < shapes["second"].box.x


def test_an_association_between_two_flows_is_drawn() -> None:
    document = chain("startEvent", "task", "endEvent")
    process = document.processes[0]
    process.add("association", {"id": "a", "sourceRef": "n0_to_n1", "targetRef": "n1_to_n2"})
    lay_out(document)
    assert faults(document) == []
    assert "a" in drawn(document)[1]


def test_a_subprocess_and_the_step_inside_that_it_is_associated_with_are_joined() -> None:
    document = chain("startEvent", "subProcess", "endEvent")
    inner = document.element("n1").add("task", {"id": "inner"})
    document.processes[0].add("association", {"id": "a", "sourceRef": "n1", "targetRef": "inner"})
    lay_out(document)
    shapes, lines = drawn(document)
    whole, part, way = shapes["n1"].box, shapes[inner.id].box, lines["a"].points
    assert abs(whole.center.x - part.center.x) <= 2
    assert whole.grown(1).holds(Box(*way[0], 0, 0))
    assert part.grown(1).holds(Box(*way[-1], 0, 0))


def test_a_line_leaves_a_high_subprocess_near_what_it_leads_to() -> None:
    document = chain("startEvent", "subProcess", "exclusiveGateway")
    high, after = document.element("n1"), document.element("n2")
    split = high.add("exclusiveGateway", {"id": "split"})
    for number in range(6):
        document.connect(split, high.add("task", {"id": f"inner{number}"}))
    for number in range(4):
        document.connect(after, document.processes[0].add("task", {"id": f"after{number}"}))
    document.processes[0].add("association", {"id": "a", "sourceRef": "n1", "targetRef": "after3"})
    lay_out(document)
    shapes, lines = drawn(document)
    box, lowest = shapes["n1"].box, shapes["after3"].box
    assert faults(document) == []
    assert box.height > 600
    assert lines["a"].points[0] == (box.right, box.bottom - 20)
    assert abs(lowest.center.y - box.bottom) < 20 < lowest.center.y - box.center.y


def test_a_name_that_fits_no_size_is_cut() -> None:
    document = chain("startEvent", "task", "endEvent")
    document.element("n1").set("name", "Look at everything that was ever sent to us " * 20)
    lay_out(document)
    box = drawn(document)[0]["n1"].box
    assert (box.width, box.height) == (200, 140)
    assert "…" in draw_svg(document)


def test_a_subprocess_stands_in_the_lane_of_the_steps_inside() -> None:
    document = chain("startEvent", "subProcess", "endEvent")
    process = document.processes[0]
    document.element("n1").add("task", {"id": "inner"})
    lanes = process.add("laneSet", {"id": "lanes"})
    for lane, node in (("clerk", "n0"), ("boss", "inner")):
        lanes.add("lane", {"id": lane}).add("flowNodeRef", text=node)
    lay_out(document)
    shapes, _ = drawn(document)
    assert shapes["boss"].box.holds(shapes["n1"].box)
    assert shapes["clerk"].box.holds(shapes["n0"].box)


def test_a_flow_that_leads_to_an_event_on_a_border_is_drawn_to_the_event() -> None:
    document = chain("startEvent", "task", "endEvent")
    event = document.processes[0].add("boundaryEvent", {"id": "late", "attachedToRef": "n1"})
    document.connect(document.element("n0"), event)
    lay_out(document)
    shapes, lines = drawn(document)
    assert shapes["late"].box.grown(1).holds(Box(*lines["n0_to_late"].points[-1], 0, 0))
