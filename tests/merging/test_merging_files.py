"""Files of other tools are merged as well: parts without ids or names, foreign parts, drawings, references of all kinds."""

from typing import Any

import pytest

from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.vocabulary import fm
from flowmaster.engine.merging.conflict import EVERY, Side
from flowmaster.engine.merging.merging import Merge, merge
from flowmaster.engine.merging.words import Names, Told, told

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:x="urn:x"'
    ' xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"'
    ' xmlns:fm="https://flowmaster.dev/bpmn/1.0" id="d" targetNamespace="{space}">{body}</definitions>'
)


def file(inside: str, *, beside: str = "", space: str = "urn:t") -> BpmnDocument:
    """Return a file with one process."""
    return parse_bpmn(HEAD.format(space=space, body=f'<process id="p">{inside}</process>{beside}'))


def task(extensions: str = "", **attributes: str) -> str:
    """Write a task with extensions."""
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<task id="a"{given}><extensionElements>{extensions}</extensionElements></task>'


def merged(base: str, ours: str, theirs: str, **resolve: Side) -> Merge:
    """Return the merge of three states of a process."""
    return merge(
        file(base),
        file(ours),
        file(theirs),
        {EVERY if key == "all" else key: side for key, side in resolve.items()},
    )


def words(found: Merge) -> list[Told]:
    """Return the conflicts of a merge in words."""
    return [told(one, found.states, Names("main", "branch")) for one in found.conflicts]


def notes(found: Merge, element: str = "a") -> list[str]:
    """Return the foreign notes at an element."""
    return [one.text for one in found.document.element(element).extensions("{urn:x}note")]


NOTE = "<x:note>{}</x:note>"
TWO = NOTE.format("one") + NOTE.format("two")


def test_parts_without_names_are_one_list_taken_as_a_whole() -> None:
    more = TWO + NOTE.format("three")
    assert notes(merged(task(TWO), task(TWO), task(more))) == ["one", "two", "three"]
    assert notes(merged(task(TWO), task(more), task(TWO))) == ["one", "two", "three"]
    found = merged(task(TWO), task(more), task(TWO + NOTE.format("four")))
    (one,) = words(found)
    assert (one.key, one.text) == ("a", 'The task "a" is changed in both: note.')
    assert "three" in one.ours
    assert "four" in one.theirs
    taken = merged(task(TWO), task(more), task(TWO + NOTE.format("four")), a="theirs")
    assert notes(taken) == ["one", "two", "four"]
    before = merged(task(TWO), task(more), task(TWO + NOTE.format("four")), a="base")
    assert notes(before) == ["one", "two"]


def test_a_list_that_one_side_took_away_is_gone_or_a_conflict() -> None:
    assert notes(merged(task(TWO), task(), task(TWO))) == []
    assert notes(merged(task(TWO), task(TWO), task())) == []
    found = merged(task(TWO), task(), task(TWO + NOTE.format("three")))
    (one,) = words(found)
    assert (one.base, one.ours) == ('note: "one two"', "note: none") or one.ours == "note: none"
    for side, left in (("ours", 0), ("theirs", 3), ("base", 2)):
        assert len(notes(merged(task(TWO), task(), task(TWO + NOTE.format("three")), a=side))) == left  # type: ignore[arg-type]  # a side


def test_text_with_elements_between_is_one_part() -> None:
    mixed = "<x:note>so <x:b>bold</x:b> it is</x:note>"
    other = "<x:note>so <x:b>thin</x:b> it is</x:note>"
    found = merged(task(mixed), task(mixed), task(other))
    assert found.conflicts == ()
    assert "<x:b>thin</x:b>" in found.document.to_xml()


def test_a_part_that_one_side_removed_and_the_other_changed_is_a_conflict_by_its_name() -> None:
    def declared(*data: str) -> str:
        return f"<extensionElements>{''.join(data)}</extensionElements><task id='a'/>"

    one, changed = '<fm:data name="n" input="true">1</fm:data>', '<fm:data name="n" input="true">2</fm:data>'
    keep = '<fm:data name="m">0</fm:data>'
    found = merged(declared(keep, one), declared(keep), declared(keep, changed))
    (conflict,) = words(found)
    assert (conflict.key, conflict.text) == ("data:n", 'The data "n" is changed in both: data n.')
    for side, texts in (("ours", ["0"]), ("theirs", ["0", "2"]), ("base", ["0", "1"])):
        done = merge(
            file(declared(keep, one)),
            file(declared(keep)),
            file(declared(keep, changed)),
            {"data:n": side},  # type: ignore[dict-item]  # a side
        )
        assert [each.text for each in done.document.processes[0].extensions(fm("data"))] == texts


def test_new_parts_of_one_name_can_be_taken_from_neither_side() -> None:
    def declared(text: str) -> str:
        return f'<extensionElements><fm:data name="m"/>{text}</extensionElements><task id="a"/>'

    one, other = ('<fm:data name="n">1</fm:data>', '<fm:data name="n">2</fm:data>')
    resolve: dict[str, Side] = {"data:n": "base"}
    found = merge(file(declared("")), file(declared(one)), file(declared(other)), resolve)
    assert [each.name for each in found.document.processes[0].extensions(fm("data"))] == ["m"]


def test_a_kind_and_an_attribute_change_on_either_side() -> None:
    base, user = task(name="A", completionQuantity="2"), task(name="A").replace("task", "userTask")
    for found in (merged(base, base, user), merged(base, user, base)):
        element = found.document.element("a")
        assert (element.kind, element.has("completionQuantity")) == ("userTask", False)


def test_the_attributes_of_the_file_conflict_under_its_own_name() -> None:
    found = merge(
        file("<task id='a'/>"),
        file("<task id='a'/>", space="urn:o"),
        file("<task id='a'/>", space="urn:n"),
        {},
    )
    (one,) = words(found)
    assert (one.key, one.text) == ("definitions", "The file is changed in both: targetNamespace.")


def test_scenarios_that_cannot_be_read_are_merged_as_a_text() -> None:
    def listed(text: str) -> str:
        return f"<extensionElements><fm:scenarios>{text}</fm:scenarios></extensionElements><task id='a'/>"

    assert '[{"name":1}]' in merged(listed("["), listed("["), listed('[{"name":1}]')).document.to_xml()
    found = merged(
        listed('[{"name":"a"},{"name":"b"}]'), listed('[{"name":"a"}]'), listed('[{"name":"b"},{"name":"a"}]')
    )
    assert '[{"name":"a"}]' in found.document.to_xml()
    both = merged(listed("[]"), listed('[{"name":"a","n":1.50}]'), listed('[{"name":"b"}]'))
    assert '[{"name":"a","n":1.50},{"name":"b"}]' in both.document.to_xml()


LANE = '<laneSet><lane id="{}"><flowNodeRef>a</flowNodeRef></lane></laneSet>'


def test_a_holder_without_an_id_stays_for_what_the_other_side_put_into_it() -> None:
    base = f"{LANE.format('one')}<task id='a'/>"
    theirs = base.replace("</laneSet>", "<lane id='two'/></laneSet>")
    found = merged(base, "<task id='a'/>", theirs)
    assert found.document.find("two") is not None
    several = LANE.format("one") + LANE.format("two").replace("<flowNodeRef>a</flowNodeRef>", "")
    more = merged(f"{several}<task id='a'/>", f"{several}<task id='a'/>", f"{several}<task id='a' name='n'/>")
    assert more.document.element("a").name == "n"
    moved = LANE.format("one").replace("<flowNodeRef>a</flowNodeRef>", "") + LANE.format("two")
    other = merged(f"{several}<task id='a'/>", f"{several}<task id='a' name='n'/>", f"{moved}<task id='a'/>")
    lane = other.document.lane_of(other.document.element("a"))
    assert lane is not None
    assert (lane.id, other.document.element("a").name) == ("two", "n")


def test_a_step_put_into_two_lanes_is_a_conflict_of_its_lane() -> None:
    lanes = "<laneSet id='s'>{}</laneSet><task id='a'/>"

    def lane_of(step: str) -> str:
        return lanes.format(
            "".join(
                f"<lane id='{one}' name='The {one}'>{'<flowNodeRef>a</flowNodeRef>' if one == step else ''}</lane>"
                for one in ("x", "y", "z")
            )
        )

    found = merged(lane_of("x"), lane_of("y"), lane_of("z"))
    (one,) = words(found)
    assert (one.base, one.ours, one.theirs) == ('lane: "The x"', 'lane: "The y"', 'lane: "The z"')
    taken = merged(lane_of("x"), lane_of("y"), lane_of("z"), a="theirs").document
    assert [lane.texts_of("flowNodeRef") for lane in taken.root.descendants("lane")] == [[], [], ["a"]]


FLOWS = '<startEvent id="s"/><exclusiveGateway id="g"{}/><task id="a"/><task id="b"/>{}'
WAY = '<sequenceFlow id="{}" sourceRef="{}" targetRef="{}"/>'
WAYS = WAY.format("f", "s", "g") + WAY.format("h", "g", "a")


def test_a_default_way_that_the_other_side_removed_is_a_conflict_and_dropped_if_so_resolved() -> None:
    base = FLOWS.format("", WAYS + WAY.format("k", "g", "b"))
    gone, used = FLOWS.format("", WAYS), FLOWS.format(' default="k"', WAYS + WAY.format("k", "g", "b"))
    found = merged(base, gone, used)
    (one,) = words(found)
    assert (
        one.text
        == 'The way from "g" to "b" is removed in main, while branch uses it: the exclusive gateway "g".'
    )
    done = merged(base, gone, used, k="ours").document
    assert (done.find("k"), done.element("g").has("default")) == (None, False)
    assert merged(base, gone, used, k="theirs").document.element("g").get("default") == "k"
    assert not list(done.root.descendants("incoming", "outgoing"))


def test_references_written_as_texts_are_known_to_lead_to_what_is_gone() -> None:
    data = '<dataObject id="o"/><dataObjectReference id="r" dataObjectRef="o"/>'
    reads = '<task id="a"><dataInputAssociation id="i"><sourceRef>r</sourceRef></dataInputAssociation></task>'
    plain = '<task id="a"><dataInputAssociation><sourceRef>r</sourceRef></dataInputAssociation></task>'
    for reading in (reads, plain):
        found = merged(f'{data}<task id="a"/>', '<task id="a"/>', f"{data}{reading}")
        assert "r" in [one.key for one in words(found)]
        gone = merged(f'{data}<task id="a"/>', '<task id="a"/>', f"{data}{reads}", all="ours").document
        assert gone.find("r") is None
        assert not list(gone.root.descendants("sourceRef"))


def test_what_both_sides_removed_is_gone_with_what_one_side_hung_on_it() -> None:
    base = FLOWS.format("", WAYS + WAY.format("k", "g", "b"))
    without = base.replace('<task id="b"/>', "").replace(WAY.format("k", "g", "b"), "")
    found = merged(base, without, without)
    assert (found.conflicts, found.document.find("b")) == ((), None)


DRAWN = (
    '<collaboration id="c"><participant id="q" processRef="p"/></collaboration>'
    '<bpmndi:BPMNDiagram id="i"><bpmndi:BPMNPlane id="l" bpmnElement="{}">{}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
)
SHAPE = '<bpmndi:BPMNShape id="{0}_di" bpmnElement="{0}"><dc:Bounds x="{1}" y="0" width="100" height="80"/></bpmndi:BPMNShape>'


def test_a_drawing_of_what_is_gone_becomes_one_of_what_is_left() -> None:
    pool = SHAPE.format("q", 0)
    base = file("<task id='a'/>", beside=DRAWN.format("c", pool + SHAPE.format("a", 10)))
    ours = file("<task id='a'/>", beside=DRAWN.format("c", pool + SHAPE.format("a", 20)))
    theirs = parse_bpmn(base.to_xml())
    theirs.element("c").remove()
    found = merge(base, ours, theirs, {}).document
    plane = next(one for one in found.root.descendants() if one.kind.endswith("BPMNPlane"))
    assert plane.get("bpmnElement") == "p"
    assert found.shape_of("q") is None
    bare = merge(
        file("<task id='a'/>"), file("<task id='a' name='n'/>"), file("<task id='a'/><task id='b'/>"), {}
    )
    assert (
        bare.drawing,
        list(bare.document.root.descendants("{http://www.omg.org/spec/BPMN/20100524/DI}BPMNShape")),
    ) == ("", [])


def test_a_drawing_of_the_other_side_is_taken_with_what_our_side_added() -> None:
    base = file("<task id='a'/>", beside=DRAWN.format("p", SHAPE.format("a", 10)))
    ours = file("<task id='a'/><task id='b'/>", beside=DRAWN.format("p", SHAPE.format("a", 10)))
    theirs = file("<task id='a'/>", beside=DRAWN.format("p", SHAPE.format("a", 300)))
    found = merge(base, ours, theirs, {})
    assert found.drawing == "theirs"
    shapes = {
        one.get("bpmnElement") for one in found.document.root.descendants() if one.kind.endswith("BPMNShape")
    }
    assert shapes == {"a", "b"}
    again = merge(base, theirs, theirs, {})
    assert (again.drawing, again.document.to_xml()) == ("ours", theirs.to_xml())


@pytest.mark.parametrize("side", ["ours", "theirs", "base"])
def test_every_value_of_a_conflict_is_told_in_words(side: Any) -> None:
    outer = "<subProcess id='u' name='Outer'>{}</subProcess><subProcess id='v' name='Inner'>{}</subProcess>{}"
    one = "<task id='a'/>"
    base, ours, theirs = outer.format("", "", one), outer.format(one, "", ""), outer.format("", one, "")
    (words_of,) = words(merged(base, ours, theirs))
    assert (words_of.base, words_of.ours) == ('place: the process "p"', 'place: the sub process "Outer"')
    parent = merged(base, ours, theirs, a=side).document.element("a").parent
    assert parent is not None
    assert parent.id == {"ours": "u", "theirs": "v", "base": "p"}[side]
