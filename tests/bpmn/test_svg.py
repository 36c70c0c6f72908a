"""Pictures are well-formed, harmless, complete, and show the state of an instance."""

import pytest
from lxml import etree

from flowmaster.engine.bpmn.diagram import read_diagrams
from flowmaster.engine.bpmn.document import BpmnDocument, new_document, parse_bpmn
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.layout import lay_out
from flowmaster.engine.bpmn.svg import ACTIVE, COMPLETED, INCIDENT, Marks, draw_svg
from flowmaster.engine.bpmn.vocabulary import (
    EVENT_DEFINITION_KINDS,
    FLOW_NODE_KINDS,
    GATEWAY_KINDS,
    MODEL,
    TASK_KINDS,
    WAYPOINT,
)
from tests.bpmn.models import random_model


def picture(document: BpmnDocument, marks: Marks | None = None) -> etree._Element:
    return etree.fromstring(draw_svg(document, marks))


def of(root: etree._Element, identifier: str) -> etree._Element:
    (found,) = (group for group in every(root, "g") if group.get("data-element") == identifier)
    return found


def every(node: etree._Element, *names: str) -> list[etree._Element]:
    return list(node.iter(*(f"{{http://www.w3.org/2000/svg}}{name}" for name in names)))


def texts(node: etree._Element) -> str:
    return " ".join(text.text or "" for text in every(node, "text"))


def one_of_each() -> BpmnDocument:
    document = new_document("all", "Everything")
    process = document.processes[0]
    previous = None
    for kind in sorted(FLOW_NODE_KINDS - {"boundaryEvent"}):
        node = process.add(kind, {"id": kind, "name": f"My {kind}"})
        if previous is not None:
            document.connect(previous, node)
        previous = node
    return document


def test_a_document_without_a_diagram_is_drawn_and_stays_without_one() -> None:
    document = one_of_each()
    before = document.to_xml()
    root = picture(document)
    assert document.to_xml() == before
    for node in document.flow_nodes(document.processes[0]):
        assert "My" in texts(of(root, node.id))


def test_every_kind_of_node_looks_different() -> None:
    root = picture(one_of_each())

    def look(kind: str) -> str:
        node = of(root, kind)
        shapes = every(node, "path", "circle", "rect")
        wanted = ("d", "r", "rx", "stroke-width", "fill", "stroke-dasharray")
        return repr(
            [
                [shape.get(name) for name in wanted if name != "d" or shape.getparent() is not node]
                for shape in shapes
            ]
        )

    for family in (TASK_KINDS, GATEWAY_KINDS, {"startEvent", "endEvent", "intermediateThrowEvent"}):
        assert len({look(kind) for kind in family}) == len(family)


def test_every_event_definition_has_its_icon() -> None:
    document = new_document("e")
    process = document.processes[0]
    kinds = sorted(EVENT_DEFINITION_KINDS)
    for kind in kinds:
        process.add("intermediateThrowEvent", {"id": kind}).add(kind)
    several = process.add("intermediateCatchEvent", {"id": "several"})
    several.add("signalEventDefinition")
    several.add("messageEventDefinition")
    all_of_them = process.add("intermediateCatchEvent", {"id": "every", "parallelMultiple": "true"})
    all_of_them.add("signalEventDefinition")
    all_of_them.add("messageEventDefinition")
    root = picture(document)
    icons = [
        etree.tostring(icon).split(b">", 1)[1]
        for identifier in (*kinds, "several", "every")
        for icon in every(of(root, identifier), "g")[1:]
    ]
    assert len(icons) == len(set(icons)) == len(kinds) + 2


def test_text_is_escaped_and_nothing_can_run_or_be_fetched() -> None:
    nasty = '<script>alert(1)</script> & "quotes" ]]> \''
    document = new_document("p", nasty)
    process = document.processes[0]
    task = process.add("task", {"id": "t", "name": nasty})
    note = process.add("textAnnotation", {"id": "n"})
    note.add("text", text=nasty)
    process.add("association", {"id": "a", "sourceRef": "n", "targetRef": "t"})
    lay_out(document)
    shape = document.shape_of("t")
    assert shape is not None
    shape.set("{http://bpmn.io/schema/bpmn/biocolor/1.0}fill", "url(http://evil.example/x)")
    shape.set("{http://bpmn.io/schema/bpmn/biocolor/1.0}stroke", "red;x")
    text = draw_svg(document)
    root = etree.fromstring(text)
    assert {etree.QName(node).localname for node in root.iter(etree.Element)} <= {
        "svg", "g", "rect", "circle", "path", "text", "title",
    }  # fmt: skip
    assert "evil" not in text
    assert "href" not in text
    assert "<script" not in text
    assert task.name == nasty


def test_colours_of_a_modeller_are_kept() -> None:
    document = new_document("p")
    document.processes[0].add("task", {"id": "t"})
    lay_out(document)
    shape = document.shape_of("t")
    assert shape is not None
    shape.set("{http://bpmn.io/schema/bpmn/biocolor/1.0}fill", "#BBDEFB")
    assert 'fill="#BBDEFB"' in draw_svg(document)


def test_the_state_of_an_instance_is_drawn_with_colours_badges_and_a_legend() -> None:
    document = new_document("p", "P")
    process = document.processes[0]
    nodes = [process.add("task", {"id": name, "name": name}) for name in ("a", "b", "c", "d")]
    for source, target in zip(nodes, nodes[1:], strict=False):
        document.connect(source, target)
    marks = Marks({"a", "b"}, {"b", "c"}, {"c"}, {"a_to_b"}, {"a": 12})
    root = picture(document, marks)
    for identifier, style in (("a", COMPLETED), ("b", ACTIVE), ("c", INCIDENT)):
        assert style.line in etree.tostring(of(root, identifier)).decode()
    assert COMPLETED.line in etree.tostring(of(root, "a_to_b")).decode()
    assert COMPLETED.line not in etree.tostring(of(root, "b_to_c")).decode()
    words = texts(root)
    for word in ("completed", "active", "incident", "path taken", "12", "!"):
        assert word in words
    assert "completed" not in texts(picture(document, Marks(active={"a"})))


@pytest.mark.parametrize("seed", range(0, 40, 4))
def test_random_models_fit_into_their_picture(seed: int) -> None:
    document = random_model(seed, 25)
    root = picture(document)
    _, _, width, height = map(int, str(root.get("viewBox")).split())
    assert 0 < width < 40_000
    assert 0 < height < 40_000


def test_a_diagram_with_nonsense_for_numbers_is_still_drawn() -> None:
    document = new_document("p")
    document.processes[0].add("task", {"id": "t", "name": "Still here"})
    lay_out(document)
    text = (
        document.to_xml()
        .replace('x="160"', 'x="NaN"')
        .replace('y="80"', 'y="1e999999"')
        .replace('width="100"', 'width="-5"')
    )
    root = picture(parse_bpmn(text))
    assert "Sti" in texts(root)
    words = text.replace('x="NaN"', 'x="left"')
    assert draw_svg(parse_bpmn(words)) == draw_svg(parse_bpmn(text))


def test_a_shape_of_an_unknown_element_is_left_out() -> None:
    document = new_document("p")
    document.processes[0].add("task", {"id": "t"})
    lay_out(document)
    text = document.to_xml().replace('bpmnElement="t"', 'bpmnElement="gone"')
    assert picture(parse_bpmn(text)) is not None


def test_lines_say_both_directions_and_their_beginning_even_where_they_have_no_length() -> None:
    document = new_document("p")
    process = document.processes[0]
    task, left, right = (process.add("task", {"id": name}) for name in ("task", "left", "right"))
    default, other = document.connect(task, left), document.connect(task, right, condition="=amount > 1")
    task.set("default", default.id)
    process.add("association", {"id": "a", "sourceRef": "left", "targetRef": "right"})
    lay_out(document)
    marks_at_begin = [len(every(of(picture(document), one.id), "path")) for one in (default, other)]
    one_way = len(every(of(picture(document), "a"), "path"))
    document.element("a").set("associationDirection", "Both")
    assert len(every(of(picture(document), "a"), "path")) == one_way + 2
    for flow in (default, other):
        points = drawn_points(document, flow.id)
        for point in points:
            point.set("x", points[0].get("x"))
            point.set("y", points[0].get("y"))
    without = [len(every(of(picture(document), one.id), "path")) for one in (default, other)]
    assert marks_at_begin == [3, 3]
    assert without == [1, 1]


def drawn_points(document: BpmnDocument, identifier: str) -> list[Element]:
    edge = document.edge_of(identifier)
    assert edge is not None
    return edge.children(WAYPOINT)


def test_a_flow_from_nowhere_is_drawn_as_a_plain_one() -> None:
    document = new_document("p")
    task = document.processes[0].add("task", {"id": "t"})
    flow = document.connect(document.processes[0].add("task", {"id": "s"}), task, condition="=x")
    lay_out(document)
    with_diamond = len(every(of(picture(document), flow.id), "path"))
    flow.set("sourceRef", "gone")
    assert len(every(of(picture(document), flow.id), "path")) == with_diamond - 1


def test_an_event_that_refers_to_no_definition_has_no_icon() -> None:
    document = new_document("p")
    process = document.processes[0]
    process.add("task", {"id": "t"})
    process.add("intermediateCatchEvent", {"id": "e"}).add("eventDefinitionRef", text="t")
    assert every(of(picture(document), "e"), "g")[1:] == []


def test_a_conversation_is_drawn_as_a_hexagon_with_its_name() -> None:
    document = parse_bpmn(
        f'<definitions xmlns="{MODEL}" xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" '
        'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" id="d" targetNamespace="urn:t"><collaboration id="c">'
        '<conversation id="talk" name="About the order"/></collaboration><di:BPMNDiagram><di:BPMNPlane bpmnElement="c">'
        '<di:BPMNShape bpmnElement="talk"><dc:Bounds x="10" y="20" width="40" height="30"/></di:BPMNShape>'
        "</di:BPMNPlane></di:BPMNDiagram></definitions>"
    )
    shape = of(picture(document), "talk")
    (outline,) = every(shape, "path")
    assert outline.get("d") == "M10 35L20 20H40L50 35L40 50H20z"
    assert "About the" in texts(shape)


def test_the_badge_of_a_gateway_leaves_the_place_of_its_name_free() -> None:
    document = new_document("p")
    process = document.processes[0]
    gateway = process.add("exclusiveGateway", {"id": "g", "name": "Enough?"})
    document.connect(gateway, process.add("task", {"id": "t"}))
    lay_out(document)
    root = picture(document, Marks(active={"g", "t"}, counts={"g": 7, "t": 8}))
    badges = {text.text: float(str(text.get("y"))) for text in every(root, "text")}
    boxes = {shape.element.id: shape.box for shape in read_diagrams(document)[0].shapes}
    assert badges["7"] > boxes["g"].center.y
    assert badges["8"] < boxes["t"].center.y
