"""Edits of models that no outline made, of long texts, of pictures with gaps."""

from typing import Any

from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.vocabulary import BOUNDS, EDGE, SHAPE, WAYPOINT, fm
from flowmaster.engine.edits.apply import apply_edits
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.values import Json
from tests.bpmn_reader.models import bpmn, flow, line
from tests.edits.models import DOCUMENT, edited, refusal
from tests.edits.test_step_edits import NEW, boxes, leads


def drawn(xml: str) -> BpmnDocument:
    """Return a file with a picture."""
    return edited({"relayout": True}, of=parse_bpmn(xml))


def test_a_step_beside_another_leads_on_behind_it() -> None:
    found = edited({"set": "run it", "on": {"BAD": [{"look": {"call": "look"}}]}})
    assert leads(found, "look") == ["think"]


def test_a_jump_arrives_at_the_merging_gateway_before_its_step() -> None:
    found = edited({"connect": "rate", "to": "run it", "if": "fine"})
    merges = [
        one.id for one in found.root.descendants("exclusiveGateway") if one.id.startswith("merge_run_it")
    ]
    assert len(merges) == 1
    assert len(found.incoming(found.element(merges[0]))) == 3


def test_lanes_that_are_called_like_their_role_are_those_of_the_role() -> None:
    xml = DOCUMENT.to_xml().replace("lane_buyer", "Lane_1").replace("lane_boss", "Lane_2")
    found = edited({"set": "approve", "ask": "boss"}, of=parse_bpmn(xml))
    lane = found.lane_of(found.element("approve"))
    assert lane is not None
    assert lane.id == "Lane_2"
    same = edited({"set": "sign", "ask": "boss"})
    lane = same.lane_of(same.element("sign"))
    assert lane is not None
    assert lane.id == "lane_boss"


def test_the_variables_of_a_loop_are_known_to_new_steps() -> None:
    data: Json = {"lines": ["text"]}
    steps: Json = [{"a": {"call": "a", "each": {"item": "l", "in": "lines", "collect": "rs", "from": "l"}}}]
    looped = compile_outline({"process": "p", "data": data, "steps": steps}).document
    found = edited({"add_after": "a", "step": {"b": {"set": {"x": "rs"}}}}, of=looped)
    assert leads(found, "a") == ["b"]
    assert (
        refusal({"add_after": "a", "step": {"b": {"set": {"x": "rt"}}}}, of=looped).code
        == "outline.variable_unknown"
    )


def test_a_new_exclusion_may_name_a_step_that_stands() -> None:
    found = edited(
        {"add_after": "pay", "step": {"look": {"ask": "boss", "not": ["approve", "who"], "form": "f"}}}
    )
    assert [one.attributes() for one in found.element("look").extensions(fm("exclude"))] == [
        {"step": "approve"},
        {"person": "=who"},
    ]
    renamed = edited({"rename": "approve", "id": "approval"}, of=found)
    assert renamed.element("look").extensions(fm("exclude"))[0].get("step") == "approval"


def test_long_texts_are_cut_in_the_difference() -> None:
    result = apply_edits(DOCUMENT, [{"set": "pay", "about": "long " * 100}])
    (change,) = result.diff
    what: Any = change["what"]
    assert len(what["about"][1]) == 200
    assert result.document.element("pay").documentation == ("long " * 100).strip()


def test_a_step_that_leads_to_itself_can_go() -> None:
    document = drawn(bpmn(line('<serviceTask id="a"/>', '<serviceTask id="b"/>') + flow("b", "b")))
    loose = edited({"delete": "b_e"}, of=document)
    found = edited({"delete": "b"}, of=loose)
    assert leads(found, "a") == []


def test_two_starts_go_with_the_gateway_that_brought_them_together() -> None:
    outline: Json = {
        "process": "p",
        "start": [{"message": "a", "id": "one"}, {"message": "b", "id": "two", "goto": "t"}],
        "steps": [{"t": {"call": "t"}}],
    }
    document = compile_outline(outline).document
    found = edited({"delete": ["one", "two"]}, of=document)
    assert list(found.root.descendants("exclusiveGateway")) == []


def test_what_other_steps_reach_too_stays_when_a_way_goes() -> None:
    outline: Json = {
        "process": "p",
        "steps": [
            {"a": {"call": "a", "on": {"BAD": [{"b": {"call": "b", "on": {"WORSE": "c"}}}]}}},
            {"c": {"call": "c"}},
        ],
    }
    found = edited({"set": "a", "on": None}, of=compile_outline(outline).document)
    assert (found.find("b"), leads(found, "a")) == (None, ["c"])


def test_a_step_behind_several_ways_is_told_apart() -> None:
    split = drawn(bpmn(line('<task id="a"/>', '<task id="b"/>') + '<task id="c"/>' + flow("a", "c")))
    refused = refusal({"branch": "a", "if": "x", "then": [{"n": {"call": "n"}}]}, of=split)
    assert (refused.code, refused.expected) == ("edit.ways_several", ["a -> b", "a -> c"])


def test_a_group_moves_with_all_that_stands_in_it_and_a_step_goes_into_it() -> None:
    moved = edited({"move": "inside", "after": "rate"})
    assert [moved.shape_of(one) is not None for one in ("inside", "pack", "load")] == [True] * 3
    grown = edited({"add_after": "pack", **NEW})
    inside, new = boxes(grown)["inside"], boxes(grown)["new"]
    assert inside[0] < new[0]
    assert new[0] + new[2] < inside[0] + inside[2]


def test_pictures_with_gaps_and_odd_numbers_are_filled() -> None:
    document = parse_bpmn(DOCUMENT.to_xml())
    for shape in list(document.root.descendants(SHAPE)):
        bounds = shape.child(BOUNDS)
        assert bounds is not None
        if shape.get("bpmnElement") == "rate":
            bounds.set("x", "wide")
        if shape.get("bpmnElement") == "count":
            bounds.remove()
    document.processes[0].add("textAnnotation", {"id": "note"})
    plane = next(document.root.descendants(SHAPE)).parent
    assert plane is not None
    drawn_note = plane.add(SHAPE, {"id": "note_di", "bpmnElement": "note"})
    drawn_note.add(BOUNDS, {"x": "0", "y": "0", "width": "10", "height": "10"})
    plane.add(EDGE, {"id": "ghost_di", "bpmnElement": "ghost"})
    found = edited({"add_after": "pay", **NEW}, {"set": "count", "late": None}, of=document)
    assert found.shape_of("new") is not None
    assert found.edge_of("ghost") is None
    assert found.shape_of("note") is not None


def test_a_boundary_event_whose_host_is_not_drawn_waits_for_it() -> None:
    document = parse_bpmn(DOCUMENT.to_xml())
    shape = document.shape_of("run_it")
    assert shape is not None
    shape.remove()
    edit: dict[str, Any] = {"set": "run it", "on": {"BAD": [{"end": "bad"}]}}
    found = edited(edit, of=document)
    assert len(found.boundary_events(found.element("run_it"))) == 1


def test_a_task_in_place_of_an_event_is_drawn_anew_in_the_same_lane() -> None:
    found = edited({"replace": "cool off", "step": {"work": {"call": "work"}}})
    assert found.shape_of("work") is not None
    lane, before = found.lane_of(found.element("work")), DOCUMENT.lane_of(DOCUMENT.element("cool_off"))
    assert lane is not None
    assert before is not None
    assert lane.id == before.id
    assert found.shape_of("cool_off") is None


def test_a_pool_with_a_name_of_its_own_keeps_it() -> None:
    document = parse_bpmn(DOCUMENT.to_xml())
    (pool,) = document.root.descendants("participant")
    pool.set("name", "The house")
    found = edited({"set_process": {"name": "Buying"}}, of=document)
    assert [one.name for one in found.root.descendants("participant")] == ["The house"]


def test_a_step_without_an_id_is_given_one() -> None:
    model = parse_bpmn(bpmn('<startEvent id="s"/><task name="Look"/><endEvent id="e"/>' + flow("s", "e")))
    found = edited({"rename": "Look", "id": "look"}, of=model)
    assert found.element("look").name == "Look"
    assert found.shape_of("look") is not None


def test_room_is_made_beside_a_shape_that_has_no_place() -> None:
    document = parse_bpmn(DOCUMENT.to_xml())
    shape = document.shape_of("count")
    bounds = shape.child(BOUNDS) if shape is not None else None
    assert bounds is not None
    bounds.remove()
    found = edited({"add_after": "rate", **NEW}, of=document)
    new = found.shape_of("new")
    assert new is not None
    assert new.child(BOUNDS) is not None
    shape = found.shape_of("count")
    assert shape is not None
    assert shape.child(BOUNDS) is None


def test_what_takes_the_place_of_a_step_that_is_not_drawn_is_drawn() -> None:
    document = parse_bpmn(DOCUMENT.to_xml())
    shape = document.shape_of("pay")
    assert shape is not None
    shape.remove()
    found = edited({"replace": "pay", "step": {"charge": {"call": "bank"}}}, of=document)
    assert "charge" in boxes(found)


def test_a_step_within_a_group_is_replaced_in_the_lane_that_names_it() -> None:
    lane = (
        '<laneSet id="ls"><lane id="office" name="Office"><flowNodeRef>inner</flowNodeRef></lane></laneSet>'
    )
    group = '<subProcess id="g"><task id="inner" name="Inner"/></subProcess>'
    document = drawn(bpmn(lane + line(group)))
    found = edited({"replace": "Inner", "step": {"new": {"call": "x"}}}, of=document)
    lane_of_new = found.lane_of(found.element("new"))
    assert lane_of_new is not None
    assert lane_of_new.id == "office"


def test_a_way_leads_straight_to_a_step_that_nothing_leads_to_yet() -> None:
    document = drawn(bpmn(line('<task id="a"/>') + '<task id="c"/>'))
    assert leads(edited({"connect": "a", "to": "c", "if": "x"}, of=document), "a") == ["e", "c"]


def test_steps_that_a_dropped_way_reaches_twice_go_once() -> None:
    when = "<conditionExpression>=x</conditionExpression>"
    nodes = '<startEvent id="s"/><exclusiveGateway id="g" default="g_a"/><exclusiveGateway id="h"/><task id="a"/><task id="x"/>'
    ways = flow("s", "g") + flow("g", "a") + flow("g", "h", when) + flow("h", "x", when)
    twice = f'<sequenceFlow id="again" sourceRef="h" targetRef="x">{when}</sequenceFlow>'
    document = drawn(bpmn(nodes + '<endEvent id="e"/>' + ways + twice + flow("a", "e") + flow("x", "e")))
    found = edited({"delete": "g", "keep": "a"}, of=document)
    assert [found.find(one) for one in ("g", "h", "x")] == [None] * 3
    assert leads(found, "a") == ["e"]


def test_a_flow_from_an_unknown_step_is_drawn_from_the_shape_that_stands_for_it() -> None:
    document = drawn(bpmn(line('<task id="a"/>', '<task id="b"/>')))
    document.element("a_b").set("sourceRef", "ghost")
    shape = document.shape_of("b")
    assert shape is not None
    assert shape.parent is not None
    ghost = shape.parent.add(SHAPE, {"id": "ghost_di", "bpmnElement": "ghost"})
    ghost.add(BOUNDS, {"x": "10", "y": "400", "width": "100", "height": "80"})
    points = way(edited({"add_after": "a", **NEW}, of=document), "a_b")
    assert points[0] == (110, 440)
    assert points[-1][0] == boxes(document)["b"][0]


def way(document: BpmnDocument, identifier: str) -> list[tuple[int, int]]:
    """Return where a line runs."""
    edge = document.edge_of(identifier)
    assert edge is not None
    return [(int(point.get("x")), int(point.get("y"))) for point in edge.children(WAYPOINT)]


def test_a_line_to_a_step_that_lies_upon_another_takes_one_turn() -> None:
    document = drawn(bpmn(line('<task id="a"/>', '<task id="b"/>') + '<task id="big"/>'))
    x, y, _, _ = boxes(document)["b"]
    shape = document.shape_of("big")
    bounds = shape.child(BOUNDS) if shape is not None else None
    assert bounds is not None
    for name, value in {"x": x - 100, "y": y - 100, "width": 400, "height": 300}.items():
        bounds.set(name, str(value))
    found = edited({"add_after": "a", **NEW}, of=document)
    start, turn, end = way(found, "new_to_b")
    assert turn in ((end[0], start[1]), (start[0], end[1]))
    assert boxes(found)["b"][1] <= end[1] <= boxes(found)["b"][1] + 80


def test_a_new_step_may_stand_within_the_frame_of_a_group_of_steps() -> None:
    document = drawn(bpmn(line('<task id="a"/>', '<task id="b"/>') + '<group id="frame"/>'))
    shape = document.shape_of("frame")
    bounds = shape.child(BOUNDS) if shape is not None else None
    assert bounds is not None
    for name, value in {"x": 100, "y": 0, "width": 2000, "height": 1000}.items():
        bounds.set(name, str(value))
    assert boxes(edited({"add_after": "a", **NEW}, of=document))["new"][1] == boxes(document)["a"][1]


def test_all_within_a_new_group_is_drawn_though_its_xml_gives_no_ids() -> None:
    xml = '<bpmn:subProcess><bpmn:task name="Look"/><bpmn:task name="Tell"/></bpmn:subProcess>'
    found = edited({"add_after": "pay", "step": {"both": {"bpmn": xml}}})
    inside = [one.id for one in found.element("both").children("task")]
    assert set(inside) <= set(boxes(found))
