"""Reading DMN: every version, nothing lost, and hostile or faulty documents refused by name."""

from decimal import Decimal

import pytest

from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.reader import read_dmn
from flowmaster.engine.dmn.xml import NAMESPACES
from flowmaster.engine.errors import FlowMasterError
from tests.dmn.models import compiled, data, decision, document, literal, model


@pytest.mark.parametrize("namespace", sorted(NAMESPACES))
def test_every_version_of_dmn_is_read(namespace: str) -> None:
    body = data("a", "number") + decision("d1", literal("a + 1"), inputs="a", kind="number")
    found = read_dmn(document(body, version=namespace))
    assert found.definitions.version == NAMESPACES[namespace]
    assert found.compile().decision("d1").evaluate({"a": 1}).value == 2


def test_prefixed_type_references_of_dmn_1_1_are_read() -> None:
    text = (
        '<definitions xmlns="http://www.omg.org/spec/DMN/20151101/dmn.xsd" id="d" name="n" namespace="urn:x"'
        ' xmlns:feel="http://www.omg.org/spec/FEEL/20140401" xmlns:my="urn:x">'
        '<itemDefinition name="tAge"><typeRef>feel:number</typeRef></itemDefinition>'
        '<inputData id="i" name="age"><variable name="age" typeRef="my:tAge"/></inputData>'
        '<decision id="d1" name="d1"><variable name="d1" typeRef="feel:number"/>'
        '<informationRequirement><requiredInput href="#i"/></informationRequirement>'
        "<literalExpression><text>age * 2</text></literalExpression></decision></definitions>"
    )
    decision_found = read_dmn(text).compile().decision("d1")
    assert decision_found.evaluate({"age": 4}).value == 8
    assert decision_found.evaluate({"age": "x"}).value is None


def test_nothing_of_the_document_is_lost() -> None:
    text = document(
        '<!-- kept --><extensionElements><x:y xmlns:x="urn:foreign" z="1">text</x:y></extensionElements>'
        + decision("d1", literal("1"))
        + '<di:DMNDI xmlns:di="urn:di"><di:DMNDiagram id="p"/></di:DMNDI>'
    )
    again = read_dmn(read_dmn(text.encode()).to_xml())
    written = again.to_xml().decode()
    for part in ("<!-- kept -->", 'z="1"', "urn:foreign", "DMNDiagram"):
        assert part in written
    assert again.definitions == read_dmn(again.to_xml()).definitions
    assert again.to_xml() == read_dmn(again.to_xml()).to_xml()


def test_a_model_lists_its_decisions() -> None:
    found = model(decision("d1", literal("1")) + decision("d2", literal("2")))
    assert found.decisions == (("d1", "d1"), ("d2", "d2"))
    assert found.name == "test"
    assert found.namespace == "urn:test"
    whole = found.compile()
    assert [(item.id, item.name) for item in whole.decisions] == [("d1", "d1"), ("d2", "d2")]


ENTITY = '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + document("<description>&b;</description>")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "dmn.not_xml"),
        ("<a", "dmn.not_xml"),
        ("\x00", "dmn.not_xml"),
        (ENTITY, "dmn.doctype_forbidden"),
        ('<!DOCTYPE d SYSTEM "file:///etc/passwd">' + document(""), "dmn.doctype_forbidden"),
        ("<definitions/>", "dmn.not_dmn"),
        ("<other xmlns='urn:x'/>", "dmn.not_dmn"),
        (document("<decision/>"), "dmn.element_unnamed"),
        (document(decision("d1", literal("1")) * 2), "dmn.id_twice"),
        (
            document(decision("d1", "<decisionTable hitPolicy='BEST'><output/></decisionTable>")),
            "dmn.hit_policy_unknown",
        ),
        (document(decision("d1", "<decisionTable/>")), "dmn.output_missing"),
        (
            document(decision("d1", "<decisionTable><input/><output/></decisionTable>")),
            "dmn.input_expression_missing",
        ),
        (document(decision("d1", "<decisionTable><output/><rule/></decisionTable>")), "dmn.rule_length"),
        (document(decision("d1", "<relation><column name='a'/><row/></relation>")), "dmn.row_length"),
        (document(decision("d1", "<conditional><if/></conditional>")), "dmn.part_missing"),
        (document(decision("d1", "<list>" * 250 + "</list>" * 250)), "dmn.too_deep"),
        (
            document(
                "<itemDefinition>" + "<itemComponent>" * 250 + "</itemComponent>" * 250 + "</itemDefinition>"
            ),
            "",
        ),
        ("x" * 21_000_000, "dmn.too_large"),
    ],
)
def test_a_faulty_document_is_refused_by_name(text: str, code: str) -> None:
    with pytest.raises(FlowMasterError) as caught:
        read_dmn(text)
    assert caught.value.code.startswith(code or "dmn.")
    assert caught.value.message


def test_an_error_names_the_line_and_the_element() -> None:
    with pytest.raises(FlowMasterError) as caught:
        read_dmn(document('\n\n<decision id="d9" name="x">\n<decisionTable id="t7"/></decision>'))
    assert "line 4" in caught.value.message
    assert caught.value.path == "element:t7"


def test_texts_with_an_encoding_declaration_are_read_from_text_and_bytes() -> None:
    body = document(decision("é", literal('"ü"')))
    assert read_dmn('<?xml version="1.0" encoding="ISO-8859-1"?>' + body).decisions[0].name == "é"
    assert (
        read_dmn(('<?xml version="1.0" encoding="ISO-8859-1"?>' + body).encode("latin-1")).decisions[0].name
        == "é"
    )


def test_a_faulty_expression_breaks_its_decision_alone_and_names_the_line() -> None:
    whole = compiled(decision("good", literal("1")) + "\n\n" + decision("bad", literal("1 +")))
    assert whole.decision("good").evaluate({}).value == 1
    assert [error.code for error in whole.errors] == ["feel.syntax"]
    with pytest.raises(FlowMasterError) as caught:
        whole.decision("bad").evaluate({})
    assert "bad" in caught.value.message
    assert "line 3" in caught.value.message


def test_an_unknown_decision_is_refused_with_the_nearest_name() -> None:
    whole = compiled(decision("discount", literal("1")))
    with pytest.raises(FlowMasterError) as caught:
        whole.decision("discunt")
    assert caught.value.code == "decision.unknown"
    assert "discount" in caught.value.message
    with pytest.raises(FlowMasterError):
        whole.service("discount")
    with pytest.raises(FlowMasterError):
        whole.knowledge("discount")


def test_a_missing_requirement_and_a_circle_are_errors_of_their_decisions() -> None:
    whole = compiled(
        decision("d1", literal("1"), decisions="nowhere")
        + decision("d2", literal("d3"), decisions="d3")
        + decision("d3", literal("d2"), decisions="d2")
        + decision("d4", literal("4"))
    )
    assert {error.code for error in whole.errors} == {"dmn.reference_unknown", "dmn.circular"}
    assert whole.decision("d4").evaluate({}).value == 4
    for name in ("d1", "d2", "d3"):
        with pytest.raises(FlowMasterError):
            whole.decision(name).evaluate({})


def test_other_expression_languages_are_named() -> None:
    logic = '<literalExpression expressionLanguage="javascript"><text>1</text></literalExpression>'
    whole = compiled(decision("d1", logic))
    assert "javascript" in whole.errors[0].message
    feel = '<literalExpression expressionLanguage="https://www.omg.org/spec/DMN/20230324/FEEL/"><text>1</text></literalExpression>'
    assert compiled(decision("d1", feel)).decision("d1").evaluate({}).value == 1


def test_the_parts_of_a_table_are_read() -> None:
    found = model(
        decision(
            "d1",
            '<decisionTable hitPolicy="COLLECT" aggregation="SUM" id="t"><input id="c" label="L">'
            '<inputExpression typeRef="number"><text>a</text></inputExpression><inputValues><text>1,2</text></inputValues>'
            '</input><output name="o" typeRef="number"><outputValues><text>3</text></outputValues><defaultOutputEntry>'
            '<text>0</text></defaultOutputEntry></output><annotation name="why"/><rule id="r"><inputEntry><text>1</text>'
            "</inputEntry><outputEntry><text>3</text></outputEntry><annotationEntry><text>so</text></annotationEntry>"
            "</rule></decisionTable>",
        )
    )
    table = found.definitions.decisions[0].logic
    assert isinstance(table, m.DecisionTable)
    assert (table.hit_policy, table.aggregation, table.annotations) == (m.HitPolicy.COLLECT, "SUM", ("why",))
    assert table.rules[0].annotations == ("so",)
    assert table.inputs[0].values == "1,2"
    assert table.outputs[0].default is not None
    assert found.compile().decision("d1").evaluate({"a": Decimal(1)}).value == 0


def test_a_document_type_is_refused_in_every_encoding() -> None:
    with pytest.raises(FlowMasterError) as caught:
        read_dmn("<!DOCTYPE d><d/>".encode("utf-16"))
    assert caught.value.code == "dmn.doctype_forbidden"
