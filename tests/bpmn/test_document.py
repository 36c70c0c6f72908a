"""Reading, asking and changing a document leaves alone what it does not touch."""

import pytest

from flowmaster.engine.bpmn.document import BpmnDocument, new_document, parse_bpmn
from flowmaster.engine.bpmn.identifiers import id_from_name, is_id
from flowmaster.engine.bpmn.layout import lay_out
from flowmaster.engine.bpmn.vocabulary import MODEL, ZEEBE_TASK_DEFINITION, fm, zeebe
from flowmaster.engine.errors import FlowMasterError

FOREIGN = """<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="http://vendor.example/x" id="d" targetNamespace="urn:x">
\t<process id="p" v:owner="me" name="P">
\t\t<!-- the beginning -->
\t\t<startEvent id="a" name="Begin &amp; go"/>
\t\t<task v:colour="red" id="b" name="Two&#10;lines">
\t\t\t<extensionElements><v:thing deep="1"><v:more><![CDATA[<raw>]]></v:more></v:thing></extensionElements>
\t\t</task>
\t\t<sequenceFlow id="f" sourceRef="a" targetRef="b"/>
\t</process>
</definitions>
"""


def order() -> BpmnDocument:
    document = new_document("order", "Order")
    process = document.processes[0]
    begin = process.add("startEvent", {"id": "begin"})
    check = process.add("userTask", {"id": "check", "name": "Check  order"})
    end = process.add("endEvent", {"id": "end"})
    late = process.add("boundaryEvent", {"id": "late", "attachedToRef": "check"})
    document.connect(begin, check)
    document.connect(check, end, condition="=amount > 1", name="ok")
    document.connect(late, end)
    lane = process.add("laneSet", {"id": "lanes"}).add("lane", {"id": "clerks"})
    for node in ("begin", "check", "late", "end"):
        lane.add("flowNodeRef", text=node)
    return document


def test_a_file_comes_out_as_it_went_in() -> None:
    assert parse_bpmn(FOREIGN).to_xml() == FOREIGN


def test_a_change_leaves_every_other_byte_as_it_was() -> None:
    document = parse_bpmn(FOREIGN)
    document.element("a").set("name", "Start")
    assert document.to_xml() == FOREIGN.replace("Begin &amp; go", "Start")


def test_what_is_added_and_removed_again_leaves_no_trace() -> None:
    document = parse_bpmn(FOREIGN)
    added = document.processes[0].add("userTask", {"id": "c"})
    document.connect(document.element("b"), added)
    assert document.to_xml() != FOREIGN
    assert document.remove(added) == ["c", "b_to_c"]
    assert document.to_xml() == FOREIGN


def test_new_elements_stand_where_the_schema_wants_them_and_are_indented_like_their_neighbours() -> None:
    document = parse_bpmn(FOREIGN)
    task = document.element("b")
    task.add("multiInstanceLoopCharacteristics")
    task.add("outgoing", text="g")
    task.add("documentation", text="Why")
    assert [one.local_name for one in task.children()] == [
        "documentation",
        "extensionElements",
        "outgoing",
        "multiInstanceLoopCharacteristics",
    ]
    assert "\n\t\t\t<documentation>Why</documentation>\n\t\t\t<extensionElements>" in document.to_xml()


def test_an_extension_gets_its_usual_prefix_declared_once_at_the_top() -> None:
    document = parse_bpmn(FOREIGN)
    for node in ("a", "b"):
        document.element(node).add_extension(ZEEBE_TASK_DEFINITION, {"type": "mail", "retries": None})
    text = document.to_xml()
    assert text.count("xmlns:zeebe=") == 1
    assert '<zeebe:taskDefinition type="mail"/>' in text
    again = parse_bpmn(text).element("b").extension(ZEEBE_TASK_DEFINITION)
    assert again is not None
    assert again.get("type") == "mail"
    assert parse_bpmn(text).element("b").extension(zeebe("ioMapping")) is None


def test_a_document_is_asked_by_id_name_flow_and_lane() -> None:
    document = order()
    check = document.element("check")
    assert document.by_name("check ORDER") == [check]
    assert [flow.id for flow in document.incoming(check)] == ["begin_to_check"]
    assert [document.target(flow) for flow in document.outgoing(check)] == [document.element("end")]
    assert [event.id for event in document.boundary_events(check)] == ["late"]
    lane = document.lane_of(check)
    assert lane is not None
    assert lane.id == "clerks"
    assert document.scope_of(check) == document.process_of(check) == document.processes[0]
    assert check.title == "Check order"


def test_an_unknown_element_is_refused_with_the_nearest_id() -> None:
    with pytest.raises(FlowMasterError, match="Did you mean 'check'") as caught:
        order().element("chek")
    assert caught.value.code == "bpmn.element_unknown"


def test_a_prefixed_reference_is_found() -> None:
    document = order()
    assert document.find("tns:check") == document.element("check")


def test_removing_a_node_takes_everything_along_that_cannot_stand_without_it() -> None:
    document = order()
    document.element("check").set("default", "check_to_end")
    lay_out(document)
    gone = document.remove(document.element("check"))
    assert sorted(gone) == ["begin_to_check", "check", "check_to_end", "late", "late_to_end"]
    text = document.to_xml()
    assert all(f'"{identifier}"' not in text and f">{identifier}<" not in text for identifier in gone)
    assert document.shape_of("begin") is not None


def test_a_flow_is_turned_to_another_target() -> None:
    document = order()
    check, end = document.element("check"), document.element("end")
    check.set("default", "check_to_end")
    flow = document.element("check_to_end")
    document.reconnect(flow, target=check)
    assert document.target(flow) == check
    assert flow.id not in end.texts_of("incoming")
    assert flow.id in check.texts_of("incoming")
    document.reconnect(flow, source=document.element("begin"))
    assert not check.has("default")


def test_a_new_id_is_turned_to_everywhere() -> None:
    document = order()
    lay_out(document)
    document.rename_id(document.element("check"), "verify")
    document.rename_id(document.element("begin_to_check"), "first")
    text = document.to_xml()
    assert '"check"' not in text
    assert ">check<" not in text
    assert document.element("late").get("attachedToRef") == "verify"
    assert document.element("verify").texts_of("incoming") == ["first"]
    assert document.shape_of("verify") is not None
    assert document.edge_of("first") is not None


@pytest.mark.parametrize("bad", ["", "1st", "a b", "a/b", "x:y", "ä\n"])
def test_what_cannot_be_an_id_is_refused(bad: str) -> None:
    document = order()
    before = document.to_xml()
    with pytest.raises(FlowMasterError) as caught:
        document.processes[0].add("task", {"id": bad})
    assert caught.value.code == "bpmn.id_invalid"
    assert document.to_xml() == before


def test_a_taken_id_is_refused_and_nothing_changes() -> None:
    document = order()
    before = document.to_xml()
    for change in (
        lambda: document.processes[0].add("task", {"id": "end"}),
        lambda: document.element("begin").set("id", "end"),
    ):
        with pytest.raises(FlowMasterError) as caught:
            change()
        assert caught.value.code == "bpmn.id_duplicate"
    assert document.to_xml() == before


def test_a_control_character_is_refused_and_nothing_changes() -> None:
    document = order()
    before = document.to_xml()
    with pytest.raises(FlowMasterError) as caught:
        document.processes[0].add("task", {"id": "x", "name": "bell \x07"})
    assert caught.value.code == "bpmn.character_invalid"
    with pytest.raises(FlowMasterError):
        document.element("end").set("bad name", "x")
    assert document.to_xml() == before


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("Check invoice", "check_invoice"),
        ("invoice-to-pay", "invoice-to-pay"),
        ("Prüfung  ändern!", "prüfung_ändern"),
        ("3-way match", "_3-way_match"),
        ("???", "element"),
        ("x" * 200, "x" * 60),
        ("注文を確認", "注文を確認"),
    ],
)
def test_names_become_readable_ids(name: str, identifier: str) -> None:
    assert id_from_name(name) == identifier
    assert is_id(identifier)


def test_a_second_element_of_a_name_gets_a_number() -> None:
    assert id_from_name("Check", {"check", "check_2"}) == "check_3"


def test_a_message_is_defined_once() -> None:
    document = order()
    first = document.define("message", "Paid")
    assert document.define("message", "Paid") == first
    assert [one.id for one in document.definitions("message")] == ["message_paid"]


def test_a_file_that_declares_a_namespace_twice_keeps_its_prefixes_when_a_new_one_comes() -> None:
    twice = (
        f'<definitions xmlns="{MODEL}" id="d" targetNamespace="urn:t"><process id="p">'
        f'<x:userTask xmlns:x="{MODEL}" id="a"><x:documentation>Look.</x:documentation></x:userTask><task id="b"/>'
        "</process></definitions>"
    )
    document = parse_bpmn(twice)
    document.element("b").add_extension(zeebe("versionTag"), {"value": "1", fm("note"): "n"})
    text = document.to_xml()
    assert f'<x:userTask xmlns:x="{MODEL}" id="a"><x:documentation>' in text
    assert '<zeebe:versionTag xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"' in text
    assert parse_bpmn(text).element("b").extension(zeebe("versionTag")) is not None


def test_a_namespace_that_is_declared_once_further_down_stays_there_when_a_new_one_comes_to_the_top() -> None:
    once = (
        f'<definitions xmlns="{MODEL}" id="d" targetNamespace="urn:t"><process id="p">'
        '<task xmlns:v="http://vendor.example/x" id="a" v:colour="red"/><task id="b"/></process></definitions>'
    )
    document = parse_bpmn(once)
    document.element("b").add_extension(zeebe("versionTag"), {"value": "1"})
    text = document.to_xml()
    assert '<task xmlns:v="http://vendor.example/x" id="a" v:colour="red"/>' in text
    assert text.count("http://camunda.org/schema/zeebe/1.0") == 1
    assert text.index("xmlns:zeebe") < text.index("<process")


def test_a_prefix_that_stands_for_something_else_is_left_alone() -> None:
    taken = FOREIGN.replace("xmlns:v=", "xmlns:zeebe=").replace("v:", "zeebe:")
    document = parse_bpmn(taken)
    document.element("a").add_extension(zeebe("versionTag"), {"value": "1"})
    text = document.to_xml()
    assert 'xmlns:zeebe="http://vendor.example/x"' in text
    assert "<zeebe:thing deep=" in text
    assert '<zeebe2:versionTag value="1"/>' in text
    assert parse_bpmn(text).element("a").extension(zeebe("versionTag")) is not None


def test_the_drawing_of_a_subprocess_of_its_own_goes_with_it() -> None:
    def drawing(name: str, owner: str, *shown: str) -> str:
        shapes = "".join(f'<di:BPMNShape id="{one}_di" bpmnElement="{one}"/>' for one in shown)
        plane = f'<di:BPMNPlane id="{name}_plane" bpmnElement="{owner}">{shapes}</di:BPMNPlane>'
        return f'<di:BPMNDiagram id="{name}">{plane}</di:BPMNDiagram>'

    document = parse_bpmn(
        f'<definitions xmlns="{MODEL}" xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" id="d" '
        'targetNamespace="urn:t"><process id="p"><subProcess id="sub"><task id="inner"/></subProcess></process>'
        f"{drawing('whole', 'p', 'sub')}{drawing('detail', 'sub', 'inner')}</definitions>"
    )
    document.remove(document.element("sub"))
    text = document.to_xml()
    assert 'id="whole_plane"' in text
    assert "detail_plane" not in text
    assert "BPMNShape" not in text


def test_what_a_removed_object_was_read_or_called_by() -> None:
    document = parse_bpmn(
        f'<definitions xmlns="{MODEL}" id="d" targetNamespace="urn:t"><process id="p"><dataObject id="o"/>'
        '<dataObjectReference id="ship" dataObjectRef="o"/><callActivity id="call" calledElement="ship">'
        '<dataInputAssociation id="in"><sourceRef>ship</sourceRef></dataInputAssociation></callActivity>'
        "</process></definitions>"
    )
    assert document.remove(document.element("ship")) == ["ship", "in"]
    assert document.element("call").get("calledElement") == "ship", "the id of another process"


def test_an_element_shows_itself_by_its_kind_id_and_line() -> None:
    assert repr(parse_bpmn(FOREIGN).element("a")) == "<startEvent 'a' line 6>"
