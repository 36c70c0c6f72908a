"""Steps are added, moved, replaced, wrapped, joined and taken away; all else stays as it is, where it is."""

from typing import Any

import pytest

from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.vocabulary import BOUNDS, DIAGRAM, FLOW_NODE_KINDS
from flowmaster.engine.edits.apply import EDITS_MAX, OPERATIONS, apply_edits
from flowmaster.engine.edits.forms import FORMS
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.values import Json
from tests.edits.models import DOCUMENT, changed_elements, edited, refusal

NEW: dict[str, Any] = {"step": {"new": {"call": "new"}}}
EXAMPLES: dict[str, dict[str, Any]] = {
    "set_process": {"set_process": {"name": "Buying"}},
    "set_roles": {"set_roles": {"cfo": "Money"}},
    "set_calendars": {"set_calendars": {"office": {"hours": {"mon-fri": "09:00-17:00"}}}},
    "set_data": {"set_data": {"note": "text"}},
    "set_start": {"set_start": {"needs": ["total"]}},
    "set_forms": {"set_forms": {"other": {"a": "text"}}},
    "replace": {"replace": "rate", **NEW},
    "add_after": {"add_after": "pay", **NEW},
    "add_before": {"add_before": "pay", **NEW},
    "insert_on_flow": {"insert_on_flow": "rate -> approve", **NEW},
    "branch": {"branch": "rate", "if": "total > 5", "then": [{"new": {"call": "new"}}]},
    "connect": {"connect": "if_fine", "to": "pay", "if": "total > 5"},
    "rename": {"rename": "pay", "to": "Pay it"},
    "set": {"set": "approve", "remind": "P1D"},
    "set_attributes": {"set_attributes": "pay", "attributes": {"name": "Pay"}},
    "move": {"move": "count", "after": "pay"},
    "disconnect": {"disconnect": "pay -> run it"},
    "delete": {"delete": "count"},
    "wrap": {"wrap": ["run it", "think"], "in": "work"},
    "extract": {"extract": ["run it", "think"], "to": "work"},
    "set_always": {"set_always": {"positive": "total > 0"}},
    "set_never": {"set_never": {"nothing": "total = 0"}},
    "set_scenarios": {"set_scenarios": [{"name": "two", "expect": {"end": "late"}}]},
    "remove_scenarios": {"remove_scenarios": ["one"]},
    "relayout": {"relayout": True},
}


def leads(document: BpmnDocument, node: str) -> list[str]:
    """Return where a node leads, merging gateways left out."""
    found = []
    for flow in document.outgoing(document.element(node)):
        target = document.element(flow.get("targetRef"))
        while target.id.startswith("merge_"):
            target = document.element(document.outgoing(target)[0].get("targetRef"))
        found.append(target.id)
    return found


def boxes(document: BpmnDocument) -> dict[str, tuple[int, ...]]:
    """Return where everything is drawn: x, y, width, height."""
    found = {}
    for node in document.root.descendants(*FLOW_NODE_KINDS, "lane", "participant"):
        shape = document.shape_of(node.id)
        bounds = shape.child(BOUNDS) if shape is not None else None
        assert bounds is not None, node.id
        found[node.id] = tuple(int(bounds.get(name)) for name in ("x", "y", "width", "height"))
    return found


def test_every_operation_is_tried_here() -> None:
    assert EXAMPLES.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_a_second_run_of_an_edit_comes_to_the_same_and_the_original_stays(name: str) -> None:
    before = DOCUMENT.to_xml()
    first, second = (apply_edits(DOCUMENT, [EXAMPLES[name]]) for _ in range(2))
    assert first.document.to_xml() == second.document.to_xml()
    assert first.diff == second.diff
    assert DOCUMENT.to_xml() == before
    assert first.diff or name in ("relayout", "move")


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in ("relayout", "wrap", "extract")])
def test_nodes_an_edit_does_not_name_keep_their_words_and_give_way_to_the_right_or_down_only(
    name: str,
) -> None:
    result = apply_edits(DOCUMENT, [EXAMPLES[name]])
    named = {str(one.get("element", one.get("flow", ""))) for one in result.diff}
    assert changed_elements(result.document) <= named
    old, new = boxes(DOCUMENT), boxes(result.document)
    for node in old.keys() & new.keys() - named - {EXAMPLES[name].get("move")}:
        assert all(now >= before for now, before in zip(new[node], old[node], strict=True)), node


@pytest.mark.parametrize("word", ["nothing", *OPERATIONS])
def test_a_word_that_an_operation_does_not_take_is_refused_with_those_it_takes(word: str) -> None:
    if word == "nothing":
        refused = refusal({"nothing": 1})
        assert (refused.code, refused.expected) == ("edit.operation_unknown", list(FORMS))
        return
    refused = refusal({**EXAMPLES[word], "odd_word": 1})
    assert (refused.code, refused.path) == ("edit.word_unknown", "edits[0].odd_word")
    assert FORMS[word] in refused.fix


def test_a_step_behind_nothing_and_a_step_before_everything() -> None:
    loose = edited({"disconnect": "pay -> run it"})
    assert leads(edited({"add_after": "pay", **NEW}, of=loose), "pay") == ["new"]
    first = edited({"add_before": "rate", **NEW})
    assert (leads(first, "start"), leads(first, "new")) == (["new"], ["rate"])
    merged = edited({"add_before": "run it", **NEW})
    assert leads(merged, "pay") == leads(merged, "mend") == ["new"]


def test_new_steps_may_jump_to_old_ones_and_to_each_other() -> None:
    found = edited(
        {"add_after": "rate", "step": {"if": "total > 9", "then": [{"goto": "second"}]}},
        {"add_after": "pay", "step": {"second": {"call": "s"}}},
        {"set": "run it", "on": {"BAD": "rate"}},
    )
    assert sorted(leads(found, "if_total_9")) == ["approve", "second"]
    bad = next(one for one in found.boundary_events(found.element("run_it")) if one.name == "BAD")
    assert leads(found, bad.id) == ["rate"]


def test_a_branch_at_a_decision_meets_where_its_default_leads() -> None:
    found = edited(
        {"branch": "if_fine", "if": "total > 9", "then": [{"new": {"call": "n"}}], "title": "much"}
    )
    assert leads(found, "new") == ["tell"]
    inclusive = compile_outline(
        {"process": "p", "steps": [{"any": [{"if": "a", "then": [{"x": {"call": "x"}}]}], "name": "which"}]}
    ).document
    found = edited({"branch": "which", "if": "b", "then": [{"new": {"call": "n"}}]}, of=inclusive)
    assert [flow.name for flow in found.outgoing(found.element("which"))][-1] == "b"


def test_a_step_moves_to_where_nothing_is_before_and_behind() -> None:
    loose = edited({"disconnect": "rate -> approve"})
    found = edited({"move": "count", "after": "rate"}, of=loose)
    assert leads(found, "rate") == ["count"]
    before = edited({"move": "pay", "before": "count"})
    assert (leads(before, "pay"), leads(before, "count")) == (["count"], ["run_it"])
    assert {one.id for one in before.boundary_events(before.element("pay"))} == {
        one.id for one in DOCUMENT.boundary_events(DOCUMENT.element("pay"))
    }


def test_a_step_is_replaced_by_one_of_another_kind_with_the_ways_of_both() -> None:
    body: Json = {"pay": {"ask": "boss", "form": "other", "on": [{"signal": "s", "then": "rate"}]}}
    found = edited({"replace": "pay", "step": body})
    assert found.element("pay").kind == "userTask"
    assert leads(found, "count") == ["pay"]
    assert leads(found, "pay") == ["run_it"]
    group = edited({"replace": "count", "step": {"many": {"group": [{"deep": {"call": "d"}}]}}})
    assert group.shape_of("deep") is not None
    end = edited({"replace": "load", "step": {"unload": {"call": "u"}}})
    assert (leads(end, "pack"), end.find("load")) == (["unload"], None)


def test_a_decision_that_is_replaced_keeps_its_default() -> None:
    outline: Json = {"process": "p", "steps": [{"a": {"call": "a"}}, {"end": "x"}]}
    document = compile_outline(outline).document
    document.element("a").set("default", "a_to_x")
    found = edited({"replace": "a", "step": {"b": {"call": "b"}}}, of=document)
    assert found.element("b").get("default") == "a_to_x"


@pytest.mark.parametrize(
    ("edit", "gone", "leading"),
    [
        ({"delete": ["count", "pay"]}, {"count", "pay", "mend", "late"}, ("sign", ["run_it"])),
        ({"delete": "if_fine", "keep": "sign"}, {"if_fine", "tell", "refused"}, ("approve", ["sign"])),
        ({"delete": "if_fine -> tell"}, set(), ("if_fine", ["sign"])),
        ({"delete": ["if_fine_to_tell"]}, {"if_fine_to_tell"}, ("if_fine", ["sign"])),
        ({"delete": "pay_closed"}, {"pay_closed", "mend"}, ("pay", ["run_it"])),
        ({"delete": "stopping"}, {"stopping", "clean_up"}, ("pay", ["run_it"])),
        ({"delete": "inside"}, {"inside", "pack", "load"}, ("alarm", ["both"])),
        ({"delete": "lane_boss"}, {"lane_boss"}, ("pay", ["run_it"])),
        ({"disconnect": "if_fine -> tell"}, set(), ("if_fine", ["sign"])),
        ({"disconnect": ["if_fine", "tell"]}, set(), ("if_fine", ["sign"])),
    ],
)
def test_what_is_deleted_goes_with_what_only_it_led_to(
    edit: dict[str, Any], gone: set[str], leading: tuple[str, list[str]]
) -> None:
    now = edited(edit)
    assert [one for one in gone if now.find(one) is not None] == []
    assert leads(now, leading[0]) == leading[1]


def test_a_decision_goes_with_the_last_step_of_its_ways() -> None:
    outline: Json = {
        "process": "p",
        "steps": [{"a": {"call": "a"}}, {"if": "x", "then": [{"b": {"call": "b"}}]}, {"c": {"call": "c"}}],
    }
    found = edited({"delete": "b"}, of=compile_outline(outline).document)
    assert leads(found, "a") == ["c"]
    assert list(found.root.descendants("exclusiveGateway")) == []


def test_a_group_around_steps_takes_their_branches_and_their_lanes_along() -> None:
    found = edited({"wrap": ["both", "left", "right"], "in": "two"}, {"wrap": "pack", "in": "packing"})
    assert {one.id for one in found.element("two").children("serviceTask")} == {"left", "right"}
    assert leads(found, "inside") == ["two"]
    assert found.lane_of(found.element("left")) is None
    assert found.element("packing").parent == found.element("inside")
    whole = edited({"wrap": ["clean up"], "in": "cleaning"})
    assert leads(whole, "cleaning") == ["stopped"]
    last = edited({"wrap": ["clean up", "stopped"], "in": "cleaning"})
    assert leads(last, "cleaning") == []


@pytest.mark.parametrize(
    ("edit", "code", "says"),
    [
        ({"add_before": "start", **NEW}, "edit.place_wrong", "before a start"),
        ({"add_before": "pay_closed", **NEW}, "edit.place_wrong", "before a start"),
        ({"add_after": "stopping", **NEW}, "edit.place_wrong", "it runs when something happens"),
        ({"add_after": "rate", "step": {"goto": "pay"}}, "edit.value_wrong", "do nothing of their own"),
        ({"add_after": "rate", "steps": []}, "edit.steps_missing", "No step is given"),
        (
            {"add_after": "rate", "step": {"if": "x >", "then": []}},
            "outline.expression_wrong",
            "no valid FEEL",
        ),
        (
            {"add_after": "rate", "steps": [{"n": {"call": "n"}}, {"goto": "pack"}]},
            "edit.scope_wrong",
            "scope",
        ),
        (
            {"add_after": "rate", "steps": [{"n": {"call": "n"}}, {"goto": "start"}]},
            "edit.place_wrong",
            "begins",
        ),
        ({"insert_on_flow": "both -> pay", **NEW}, "edit.flow_unknown", "No flow leads from 'both'"),
        ({"insert_on_flow": 5, **NEW}, "edit.flow_unknown", "There is no flow 5"),
        ({"insert_on_flow": "race -> P14D", **NEW}, "edit.element_unknown", "no element"),
        ({"insert_on_flow": "race -> quick", **NEW}, "edit.place_wrong", "begins with a wait"),
        (
            {"branch": "both", "if": "fine", "then": [{"n": {"call": "n"}}]},
            "edit.place_wrong",
            "A branch begins",
        ),
        (
            {"branch": "done", "if": "fine", "then": [{"n": {"call": "n"}}]},
            "edit.place_wrong",
            "A branch begins",
        ),
        ({"branch": "load", "if": "", "then": [{"n": {"call": "n"}}]}, "outline.value_wrong", "is missing"),
        ({"move": "pay"}, "edit.value_wrong", "Say where to"),
        ({"move": "pay", "after": "done"}, "edit.place_wrong", "after an end"),
        ({"move": "pay", "before": "start"}, "edit.place_wrong", "before a start"),
        ({"move": "done", "after": "pay"}, "edit.place_wrong", "cannot be moved"),
        ({"move": "pay", "after": "pack"}, "edit.place_wrong", "same scope"),
        ({"move": "pay", "after": "if_fine"}, "edit.ways_several", "several ways"),
        ({"move": "if_fine", "after": "pay"}, "edit.ways_several", "leads several ways"),
        ({"wrap": [], "in": "g"}, "edit.value_wrong", "No step is named"),
        ({"wrap": ["pay"]}, "edit.value_wrong", "needs a name"),
        ({"wrap": ["pay", "pack"], "in": "g"}, "edit.scope_wrong", "stand in one scope"),
        ({"wrap": ["pay_closed"], "in": "g"}, "edit.place_wrong", "more than one way"),
        ({"wrap": ["start"], "in": "g"}, "edit.place_wrong", "more than one way"),
        ({"connect": "pay", "to": "pack"}, "edit.scope_wrong", "enter or leave a group"),
        ({"connect": "done", "to": "pay"}, "edit.place_wrong", "leave an end"),
        ({"connect": "pay", "to": "start"}, "edit.place_wrong", "lead to a start"),
        ({"connect": "both", "to": "pay", "if": "fine"}, "edit.place_wrong", "no conditions"),
        ({"connect": "race", "to": "pay"}, "edit.place_wrong", "begins with a wait"),
        ({"replace": "rate", "step": {"n": {"call": "n", "when": "fine"}}}, "edit.value_wrong", "One step"),
        ({"replace": "rate", "step": {"all": [["end"], ["end"]]}}, "edit.value_wrong", "One step"),
        ({"delete": "if_fine", "keep": "pay"}, "edit.flow_unknown", "No way leads from"),
        ({"delete": 5}, "edit.value_wrong", "5 names no element"),
        ({"set": "if_fine_to_tell", "delete": "x"}, "edit.word_unknown", "no word"),
        ({"add_after": "pay", "delete": "x"}, "edit.word_unknown", "no word"),
        ({"step": {}, "add_after": "x", "delete": "x"}, "edit.operation_unknown", "add_after and delete"),
        ({"set": "done", "when": "fine"}, "edit.word_unknown", "no word"),
    ],
)
def test_what_cannot_be_done_is_refused(edit: dict[str, Any], code: str, says: str) -> None:
    refused = refusal({"set": "load", "about": "x"}, edit)
    assert refused.code == code
    assert says in refused.message
    assert refused.path.startswith("edits[1]")


def test_a_condition_for_the_last_step_needs_a_way_behind_it() -> None:
    loose = edited({"disconnect": "pay -> run it"})
    refused = refusal({"set": "pay", "when": "fine"}, of=loose)
    assert (refused.code, refused.fix) == ("edit.ways_several", "Connect it first.")


def test_edits_are_mappings_and_not_too_many() -> None:
    assert refusal("delete pay").code == "edit.value_wrong"  # type: ignore[arg-type]  # What a door may let in.
    assert refusal(*[{"relayout": True}] * (EDITS_MAX + 1)).code == "edit.too_many"


def test_the_process_of_a_file_is_named_or_the_first_executable_one() -> None:
    head = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="x">'
    two = parse_bpmn(
        f'{head}<process id="p"><task id="a"/></process>'
        '<process id="q" isExecutable="true"><task id="b"/></process></definitions>'
    )
    assert edited({"rename": "b", "to": "B"}, of=two).element("b").name == "B"
    assert apply_edits(two, [{"rename": "a", "to": "A"}], "p").document.element("a").name == "A"
    for document, wanted in ((two, "r"), (parse_bpmn(f"{head}</definitions>"), "")):
        with pytest.raises(Exception, match="holds no process"):
            apply_edits(document, [], wanted)


def test_a_file_without_a_picture_gets_one() -> None:
    bare = parse_bpmn(DOCUMENT.to_xml())
    bare.remove_diagrams()
    assert edited({"set": "pay", "about": "x"}, of=bare).root.child(DIAGRAM) is not None


def test_new_steps_beside_a_step_stand_below_it_and_those_of_a_new_role_in_a_new_lane() -> None:
    late: Json = {"set": "rate", "within": "P1D", "late": [{"hurry": {"call": "h"}}, {"end": "hurried"}]}
    assert isinstance(late, dict)
    found = boxes(edited(late))
    assert found["hurry"][1] > found["rate"][1] + found["rate"][3]
    body: Json = {"look": {"ask": "cfo", "form": "other"}}
    new = edited({"set_roles": {"cfo": "Money"}}, {"add_after": "rate", "step": body})
    lane = new.lane_of(new.element("look"))
    assert lane is not None
    assert lane.name == "Money"
    drawn = boxes(new)
    top, height = drawn[lane.id][1], drawn[lane.id][3]
    assert top <= drawn["look"][1] <= top + height


def test_steps_that_hang_on_nothing_that_is_drawn_come_below_all() -> None:
    now = parse_bpmn(DOCUMENT.to_xml())
    for identifier in ("start", "rate", "approve"):
        shape = now.shape_of(identifier)
        assert shape is not None
        shape.remove()
    found = edited({"insert_on_flow": "start -> rate", **NEW}, of=now)
    shape = found.shape_of("new")
    assert shape is not None


def test_a_step_before_one_without_a_drawn_source_stands_left_of_it() -> None:
    loose = edited({"disconnect": "start -> rate"})
    found = boxes(edited({"add_before": "rate", **NEW}, of=loose))
    assert found["new"][0] < found["rate"][0]
