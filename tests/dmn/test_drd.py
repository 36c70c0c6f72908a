"""Diagram data of requirements: added where a file has none, left alone where it has some, shown as SVG and Mermaid."""

from lxml import etree

from flowmaster.engine.dmn.compact import table_to_dmn
from flowmaster.engine.dmn.drd import draw_requirements, drawing_of, mermaid_of, with_diagram
from flowmaster.engine.dmn.reader import read_dmn

FOREIGN = """<?xml version="1.0"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:x="urn:x" id="d" name="credit" namespace="urn:c">
  <!-- kept -->
  <extensionElements><x:note colour="red">kept too</x:note></extensionElements>
  <inputData id="income" name="income"/>
  <decision id="grant" name="Grant &amp; &lt;sign&gt;" x:owner="ann">
    <informationRequirement id="n1"><requiredDecision href="#risk"/></informationRequirement>
    <knowledgeRequirement><requiredKnowledge href="#limit"/></knowledgeRequirement>
    <authorityRequirement id="n3"><requiredAuthority href="#law"/></authorityRequirement>
    <literalExpression><text>risk</text></literalExpression>
  </decision>
  <decision id="risk" name="Risk">
    <informationRequirement id="n4"><requiredInput href="#income"/></informationRequirement>
    <literalExpression><text>income</text></literalExpression>
  </decision>
  <businessKnowledgeModel id="limit" name="limit"/>
  <knowledgeSource id="law" name="The law"/>
  <decisionService id="service" name="Service"><outputDecision href="#grant"/></decisionService>
  <textAnnotation id="remark"><text>Look here</text></textAnnotation>
  <association id="a1"><sourceRef href="#grant"/><targetRef href="#remark"/></association>
</definitions>"""


def test_a_file_without_diagram_data_gets_it_for_every_element_and_keeps_all_else() -> None:
    told = with_diagram(read_dmn(FOREIGN))
    root = etree.fromstring(told.encode())
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    shapes = [each.get("dmnElementRef") for each in root.iter("{*}DMNShape")]
    edges = [each.get("dmnElementRef") for each in root.iter("{*}DMNEdge")]
    assert set(shapes) == {"income", "grant", "risk", "limit", "law", "service", "remark"}
    assert len(edges) == 5
    assert {*shapes, *edges} <= ids
    assert all(
        part in told for part in ("<!-- kept -->", 'x:owner="ann"', '<x:note colour="red">kept too</x:note>')
    )
    assert len(root.findall("{*}decision")) == 2
    assert etree.QName(root[-1]).localname == "DMNDI"


def test_diagram_data_that_is_there_stays_as_it_is() -> None:
    once = with_diagram(read_dmn(FOREIGN))
    assert with_diagram(read_dmn(once)) == once
    table = table_to_dmn({"decision": "t", "inputs": ["a"], "outputs": ["o"], "rules": [["1", "2"]]})
    assert with_diagram(read_dmn(table)).count("DMNShape") == table.count("DMNShape")


def test_boxes_do_not_overlap_and_what_is_required_stands_below() -> None:
    drawing = drawing_of(read_dmn(FOREIGN).root)
    boxes = list(drawing.boxes.values())
    assert not [1 for place, one in enumerate(boxes) for other in boxes[place + 1 :] if one.overlaps(other)]
    for link in drawing.links:
        if link.kind == "informationRequirement":
            assert drawing.boxes[link.source].y >= drawing.boxes[link.target].bottom


def test_decisions_that_require_each_other_are_drawn_all_the_same() -> None:
    circle = FOREIGN.replace('href="#income"', 'href="#grant"').replace("requiredInput", "requiredDecision")
    drawing = drawing_of(read_dmn(circle).root)
    assert len(drawing.boxes) == 7
    in_circle = [
        line
        for link, line in zip(drawing.links, drawing.lines, strict=True)
        if link.kind == "informationRequirement"
    ]
    assert all(start.y == end.y for start, end in in_circle)


def test_a_diagram_takes_no_id_that_is_taken() -> None:
    taken = (
        FOREIGN.replace('"law"', '"diagram"').replace("#law", "#diagram").replace('"remark"', '"shape_risk"')
    )
    root = etree.fromstring(with_diagram(read_dmn(taken.replace("#remark", "#shape_risk"))).encode())
    ids = [str(element.get("id")) for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert {"diagram", "diagram_2", "shape_risk", "shape_risk_2"} <= set(ids)


def test_pictures_name_every_element() -> None:
    model = read_dmn(FOREIGN)
    picture = etree.fromstring(draw_requirements(model).encode())
    assert len(picture.findall("{*}g")) == 7
    assert "Look here" in "".join(map(str, picture.itertext()))
    chart = mermaid_of(model)
    assert '["Grant &amp; &lt;sign>"]' in chart
    assert chart.count("-->") == 2
    assert chart.count("-.->") == 2
