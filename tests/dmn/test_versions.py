"""Every version of DMN: read, evaluated, and written again without loss, with diagrams and foreign content."""

import pytest
from lxml import etree

from flowmaster.engine.dmn.reader import read_dmn
from flowmaster.engine.dmn.xml import NAMESPACES

OMG = "omg.org/spec"
MODELS = {
    "1.1": f"http://www.{OMG}/DMN/20151101/dmn.xsd",
    "1.2": f"http://www.{OMG}/DMN/20180521/MODEL/",
    "1.3": f"https://www.{OMG}/DMN/20191111/MODEL/",
    "1.4": f"https://www.{OMG}/DMN/20211108/MODEL/",
    "1.5": f"https://www.{OMG}/DMN/20230324/MODEL/",
    "1.6": f"https://www.{OMG}/DMN/20240513/MODEL/",
}
FEELS = {
    "1.1": f"http://www.{OMG}/FEEL/20140401",
    **{version: space.replace("MODEL", "FEEL") for version, space in MODELS.items() if version != "1.1"},
}
DIAGRAMS = {
    "1.2": f"http://www.{OMG}/DMN/20180521/DMNDI/",
    **{version: space.replace("MODEL", "DMNDI") for version, space in MODELS.items() if version > "1.2"},
}
VERSIONS = sorted(MODELS)


def diagram(version: str) -> str:
    """Return the diagram data of a version; DMN 1.1 has none, so that vendors keep theirs in extensions."""
    if version not in DIAGRAMS:
        return ""
    bounds = '<dc:Bounds x="10.5" y="20" width="100" height="50"/>'
    return (
        f'<di:DMNDI xmlns:di="{DIAGRAMS[version]}" xmlns:dc="http://www.{OMG}/DMN/20180521/DC/">'
        f'<di:DMNDiagram id="page" name="Page 1"><di:Size width="1" height="2"/>'
        f'<di:DMNShape id="shape" dmnElementRef="price">{bounds}<di:DMNLabel/></di:DMNShape>'
        '<di:DMNEdge id="edge" dmnElementRef="r1"><!-- a way --></di:DMNEdge></di:DMNDiagram></di:DMNDI>'
    )


def whole(version: str) -> str:
    """Return a document with something of everything that all versions have."""
    kind = "feel:{}" if version == "1.1" else "{}"
    number, text = kind.format("number"), kind.format("string")
    own = "my:tGrade" if version == "1.1" else "tGrade"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<?vendor keep="me"?>
<!-- at the top -->
<definitions xmlns="{MODELS[version]}" xmlns:feel="{FEELS[version]}" xmlns:my="urn:versions" xmlns:v="urn:vendor"
    id="defs" name="Versions" namespace="urn:versions" exporter="someone" v:mark="1">
  <description>Text &amp; more</description>
  <extensionElements><v:layout theme="dark"><v:shape ref="price">é<![CDATA[<raw>]]></v:shape></v:layout></extensionElements>
  <itemDefinition name="tGrade" v:color="red"><typeRef>{text}</typeRef>
    <allowedValues><text>"gold", "silver"</text></allowedValues></itemDefinition>
  <itemDefinition name="tPrices" isCollection="true"><typeRef>{number}</typeRef></itemDefinition>
  <inputData id="i1" name="Amount"><variable name="Amount" typeRef="{number}"/></inputData>
  <inputData id="i2" name="Grade"><variable name="Grade" typeRef="{own}"/></inputData>
  <decision id="discount" name="Discount"><question>How much?</question><allowedAnswers>a part</allowedAnswers>
    <variable name="Discount" typeRef="{number}"/>
    <informationRequirement><requiredInput href="#i1"/></informationRequirement>
    <informationRequirement><requiredInput href="#i2"/></informationRequirement>
    <authorityRequirement><requiredAuthority href="#source"/></authorityRequirement>
    <decisionTable hitPolicy="FIRST" outputLabel="x" preferredOrientation="Rule-as-Row">
      <input id="c1"><inputExpression typeRef="{number}"><text>Amount</text></inputExpression></input>
      <input id="c2"><inputExpression typeRef="{text}"><text>Grade</text></inputExpression></input>
      <output id="o1" typeRef="{number}"/>
      <rule id="w1"><description>big</description><inputEntry><text>&gt;= 100</text></inputEntry>
        <inputEntry><text>"gold"</text></inputEntry><outputEntry><text>0.2</text></outputEntry></rule>
      <rule id="w2"><inputEntry><text>-</text></inputEntry><inputEntry><text>-</text></inputEntry>
        <outputEntry><text>0</text></outputEntry></rule>
    </decisionTable></decision>
  <decision id="price" name="Price"><variable name="Price" typeRef="{number}"/>
    <informationRequirement><requiredDecision href="#discount"/></informationRequirement>
    <informationRequirement><requiredInput href="#i1"/></informationRequirement>
    <knowledgeRequirement><requiredKnowledge href="#k1"/></knowledgeRequirement>
    <invocation><literalExpression><text>reduced</text></literalExpression>
      <binding><parameter name="from"/><literalExpression><text>Amount</text></literalExpression></binding>
      <binding><parameter name="by"/><literalExpression><text>Discount</text></literalExpression></binding>
    </invocation></decision>
  <businessKnowledgeModel id="k1" name="reduced"><variable name="reduced" typeRef="{number}"/>
    <encapsulatedLogic><formalParameter name="from" typeRef="{number}"/><formalParameter name="by" typeRef="{number}"/>
      <context><contextEntry><variable name="part"/><literalExpression><text>from * by</text></literalExpression></contextEntry>
        <contextEntry><literalExpression><text>from - part</text></literalExpression></contextEntry></context>
    </encapsulatedLogic></businessKnowledgeModel>
  <decisionService id="s1" name="Pricing"><variable name="Pricing"/><outputDecision href="#price"/>
    <encapsulatedDecision href="#discount"/><inputData href="#i1"/><inputData href="#i2"/></decisionService>
  <knowledgeSource id="source" name="Handbook" locationURI="file.pdf"><type>document</type></knowledgeSource>
  <textAnnotation id="note"><text>Look here</text></textAnnotation>
  <association id="a1"><sourceRef href="#price"/><targetRef href="#note"/></association>
  <elementCollection id="e1" name="all"><drgElement href="#price"/></elementCollection>
  <performanceIndicator id="p1" name="Sales"><impactingDecision href="#price"/></performanceIndicator>
  <v:foreign><v:part/>tail</v:foreign>
  {diagram(version)}
</definitions>
<!-- behind everything -->"""


@pytest.mark.parametrize("version", VERSIONS)
def test_a_document_is_written_again_as_it_was_read(version: str) -> None:
    text = whole(version)
    assert NAMESPACES[MODELS[version]] == version
    found = read_dmn(text.encode())
    written = found.to_xml()
    assert etree.canonicalize(written.decode(), with_comments=True) == etree.canonicalize(
        text.partition("?>")[2].strip(), with_comments=True
    )
    again = read_dmn(written)
    assert read_dmn(again.to_xml()).definitions == again.definitions
    assert again.to_xml() == written


@pytest.mark.parametrize("version", VERSIONS)
def test_a_document_of_every_version_is_evaluated(version: str) -> None:
    found = read_dmn(whole(version))
    model = found.compile()
    assert found.definitions.version == version
    assert model.errors == ()
    price = model.decision("Price")
    assert [price.evaluate({"Amount": 100, "Grade": grade}).value for grade in ("gold", "silver")] == [
        80,
        100,
    ]
    wrong = price.evaluate({"Amount": 100, "Grade": "wood"})
    assert wrong.value == 100
    assert any("'Grade'" in warning.text for warning in wrong.warnings)
    assert model.service("Pricing").evaluate({"Amount": 200, "Grade": "gold"}).value == 160
    assert model.knowledge("reduced").evaluate({"from": 10, "by": 0}).value == 10


@pytest.mark.parametrize("name", ["", "other"])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("older", ["1.1", "1.6"])
def test_models_of_different_versions_import_each_other(version: str, older: str, name: str) -> None:
    imported = read_dmn(whole(older))
    label = f' name="{name}"' if name else ""
    prefix = f"{name}." if name else ""
    text = f"""<definitions xmlns="{MODELS[version]}" id="d" name="top" namespace="urn:top">
      <import{label} namespace="urn:versions" importType="{MODELS[older]}"/>
      <decision id="t" name="t"><variable name="t"/>
        <informationRequirement><requiredDecision href="urn:versions#price"/></informationRequirement>
        <knowledgeRequirement><requiredKnowledge href="urn:versions#k1"/></knowledgeRequirement>
        <literalExpression><text>{prefix}Price + {prefix}reduced(10, 0.5)</text></literalExpression></decision>
    </definitions>"""
    model = read_dmn(text).compile([imported])
    assert model.errors == ()
    assert model.decision("t").evaluate({"Amount": 100, "Grade": "gold"}).value == 85


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6"])
def test_the_boxed_expressions_of_later_versions_are_read(version: str) -> None:
    def literal(text: str) -> str:
        return f"<literalExpression><text>{text}</text></literalExpression>"

    boxes = {
        "if": f"<conditional><if>{literal('true')}</if><then>{literal('1')}</then><else>{literal('2')}</else></conditional>",
        "for": f'<for iteratorVariable="x"><in>{literal("[1, 2]")}</in><return>{literal("x * 2")}</return></for>',
        "filter": f"<filter><in>{literal('[1, 2]')}</in><match>{literal('item = 2')}</match></filter>",
        "some": f'<some iteratorVariable="x"><in>{literal("[1, 2]")}</in><satisfies>{literal("x = 2")}</satisfies></some>',
        "every": f'<every iteratorVariable="x"><in>{literal("[1, 2]")}</in><satisfies>{literal("x = 2")}</satisfies></every>',
    }
    body = "".join(f'<decision id="{name}" name="{name}">{box}</decision>' for name, box in boxes.items())
    text = f'<definitions xmlns="{MODELS[version]}" id="d" name="n" namespace="urn:x">{body}</definitions>'
    model = read_dmn(text).compile()
    answers = {name: model.decision(name).evaluate({}).value for name in boxes}
    assert answers == {"if": 1, "for": [2, 4], "filter": [2], "some": True, "every": False}
