"""Compact tables: written as valid DMN with diagram data, read back, and refused with a path."""

import pytest
from lxml import etree

from flowmaster.engine.dmn.compact import dmn_to_table, table_to_dmn
from flowmaster.engine.dmn.reader import read_dmn
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from tests.dmn.models import decision, literal, model
from tests.shared_material import shared

TABLE: dict[str, Json] = {
    "decision": "approver",
    "name": "Who approves",
    "hit": "FIRST",
    "description": "By amount and country.",
    "inputs": [
        {"name": "amount", "expression": "invoice.amount", "type": "number"},
        {"name": "home country", "type": "string", "values": ["DE", "FR"]},
    ],
    "outputs": [{"name": "approver", "type": "string", "values": ["clerk", "cfo"], "default": '"cfo"'}],
    "rules": [["<= 1000", "-", '"clerk"', "small"], [1500, '"DE"', '"cfo"'], [None, "", None]],
}


def test_a_table_is_written_and_answers() -> None:
    whole = read_dmn(table_to_dmn(TABLE)).compile()
    found = whole.decision("Who approves")
    assert found.inputs == (("invoice", ""), ("home country", "string"))
    assert found.evaluate({"invoice": {"amount": 10}, "home country": "FR"}).value == "clerk"
    assert not whole.errors


def test_a_table_is_read_back_as_it_was() -> None:
    back = dmn_to_table(read_dmn(table_to_dmn(TABLE)))
    assert back == {
        "decision": "approver",
        "name": "Who approves",
        "hit": "F",
        "description": "By amount and country.",
        "inputs": [
            {"name": "amount", "expression": "invoice.amount", "type": "number"},
            {"name": "home country", "type": "string", "values": '"DE", "FR"'},
        ],
        "outputs": [{"name": "approver", "type": "string", "values": '"clerk", "cfo"', "default": '"cfo"'}],
        "annotations": ["Annotation"],
        "rules": [
            ["<= 1000", "-", '"clerk"', "small"],
            ["1500", '"DE"', '"cfo"', ""],
            ["-", "-", "null", ""],
        ],
    }
    assert dmn_to_table(read_dmn(table_to_dmn(back))) == back


@pytest.mark.parametrize(
    ("hit", "short"),
    [
        ("U", "U"),
        ("unique", "U"),
        ("rule order", "R"),
        ("RULE_ORDER", "R"),
        ("C+", "C+"),
        ("collect sum", "C+"),
        ("max", "C>"),
        ("C#", "C#"),
        ("Output order", "O"),
    ],
)
def test_hit_policies_have_letters_and_names(hit: str, short: str) -> None:
    assert dmn_to_table(read_dmn(table_to_dmn({**TABLE, "hit": hit})))["hit"] == short


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"rule": []}, "rule", "table.invalid"),
        ({"decision": None, "name": None}, "decision", "table.invalid"),
        ({"hit": "best"}, "hit", "table.invalid"),
        ({"inputs": None}, "inputs", "table.invalid"),
        ({"inputs": [5]}, "inputs[0]", "table.invalid"),
        ({"inputs": [{"type": "number"}, "b"]}, "inputs[0]", "table.invalid"),
        ({"inputs": [{"name": "a", "expression": "1 +"}, "b"]}, "inputs[0].expression", "feel.syntax"),
        ({"outputs": []}, "outputs", "table.invalid"),
        ({"rules": None}, "rules", "table.invalid"),
        ({"rules": [["1", "2"]]}, "rules[0]", "table.invalid"),
        ({"rules": [5]}, "rules[0]", "table.invalid"),
        ({"rules": [["1", "2", "3", "4", "5"]]}, "rules[0]", "table.invalid"),
        ({"rules": [["-", "-", "1"], ["<", "-", "1"]]}, "rules[1][0]", "feel.syntax"),
        ({"rules": [["-", "-", "1 +"]]}, "rules[0][2]", "feel.syntax"),
        ({"name": ["a"]}, "name", "table.invalid"),
        ({"name": "a\x05"}, "name", "table.invalid"),
        ({"inputs": [{"name": "a", "\x1f": "b"}, "b"]}, "inputs[0]", "table.invalid"),
        ({"rules": [["-", "-", '"\ufffe"']]}, "rules[0][2]", "table.invalid"),
    ],
)
def test_a_faulty_table_is_refused_with_its_path(change: dict[str, Json], path: str, code: str) -> None:
    with pytest.raises(FlowMasterError) as caught:
        table_to_dmn({**TABLE, **change})
    assert (caught.value.code, caught.value.path) == (code, path)


def test_names_become_ids_that_xml_allows() -> None:
    text = table_to_dmn(
        {**TABLE, "decision": "1 größe!", "inputs": ["a", "b"], "annotations": ["why", "who"]}
    )
    assert read_dmn(text).decisions[0].id == "_1_gr_e"
    assert read_dmn(table_to_dmn({**TABLE, "decision": "!!"})).decisions[0].id == "x"


def test_only_tables_can_be_shown_as_tables() -> None:
    with pytest.raises(FlowMasterError) as caught:
        dmn_to_table(model(decision("d1", literal("1"))))
    assert caught.value.code == "decision.ambiguous"
    with pytest.raises(FlowMasterError) as caught:
        dmn_to_table(read_dmn(table_to_dmn(TABLE)), "other")
    assert caught.value.code == "decision.unknown"
    assert dmn_to_table(read_dmn(table_to_dmn(TABLE)), "approver")["decision"] == "approver"


def test_every_shape_and_edge_of_the_diagram_points_to_an_element() -> None:
    root = etree.fromstring(table_to_dmn(TABLE).encode())
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    references = [element.get("dmnElementRef") for element in root.iter() if element.get("dmnElementRef")]
    assert len(references) == 5
    assert set(references) <= ids


@pytest.mark.shared
def test_the_document_is_valid_by_the_schema_once_its_version_is_that_of_the_schema() -> None:
    schema = etree.XMLSchema(etree.parse(str(shared("tck/TestCases/DMN15.xsd"))))
    document = etree.fromstring(table_to_dmn(TABLE).replace("20191111", "20230324").encode())
    assert schema.validate(document), schema.error_log
