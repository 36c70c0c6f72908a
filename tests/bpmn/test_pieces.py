"""The small pieces under documents and pictures: boxes, the width of letters, white space, the order of children."""

import pytest

from flowmaster.engine.bpmn.document import new_document, parse_bpmn
from flowmaster.engine.bpmn.geometry import Box, Point, around, straightened
from flowmaster.engine.bpmn.lettering import broken, text_width
from flowmaster.engine.bpmn.svg import draw_svg
from flowmaster.engine.errors import FlowMasterError

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"


def test_boxes_move_grow_hold_each_other_and_stand_around_nothing() -> None:
    box = Box(10, 20, 100, 80)
    assert Point(1, 2).moved(3, 4) == Point(4, 6)
    assert box.moved(1, -1) == Box(11, 19, 100, 80)
    assert box.grown(5) == Box(5, 15, 110, 90)
    assert box.grown(1).holds(box)
    assert not box.holds(box.moved(1, 0))
    assert around([]) == Box(0, 0, 0, 0)
    assert straightened([Point(0, 0), Point(0, 0), Point(5, 0), Point(9, 0)]) == [Point(0, 0), Point(9, 0)]


def test_wide_letters_take_room_and_long_texts_are_cut() -> None:
    assert text_width("\u4e00") > text_width("A") > text_width("i")
    assert broken("one two three", 40, 1).lines[0].endswith("…")
    assert broken("a b", 200, 1).lines == ("a b",)


def test_what_is_taken_out_of_a_text_leaves_the_text() -> None:
    document = parse_bpmn(
        f'<definitions xmlns="{MODEL}"><process id="p"><task id="a"/>first<task id="b"/>second</process></definitions>'
    )
    for one in ("b", "a"):
        document.element(one).remove()
    assert "firstsecond" in document.to_xml().replace("\n", "")
    other = parse_bpmn(
        f'<definitions xmlns="{MODEL}"><process id="p"><task id="a"/>tail</process></definitions>'
    )
    other.element("a").remove()
    assert ">tail</process>" in other.to_xml()


def test_a_performer_of_a_process_stands_behind_its_steps() -> None:
    document = new_document("p")
    process = document.processes[0]
    process.add("task", {"id": "a"})
    process.add("performer", {"id": "who"})
    process.add("task", {"id": "b"})
    assert [child.id for child in process.children()] == ["a", "b", "who"]


def test_an_attribute_that_xml_cannot_hold_is_refused() -> None:
    document = new_document("p")
    with pytest.raises(FlowMasterError, match="cannot be the name of an attribute"):
        document.processes[0].set("two words", "x")
    with pytest.raises(FlowMasterError, match="There is no element 'q'"):
        document.element("q")
    assert document.by_name("nothing") == []
    assert "<svg" in draw_svg(document)
