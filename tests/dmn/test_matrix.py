"""Matrices of cells as people keep them become tables, and tables become matrices that read back as the same table."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowmaster.engine.dmn.compact import dmn_to_table, table_to_dmn
from flowmaster.engine.dmn.matrix import matrix_to_table
from flowmaster.engine.dmn.matrix_csv import read_csv, write_csv
from flowmaster.engine.dmn.matrix_writing import table_to_matrix
from flowmaster.engine.dmn.reader import read_dmn
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.knowledge.documents.sheets import read_first_sheet, write_sheet


def table_of(text: str) -> dict[str, Any]:
    return matrix_to_table(read_csv(text), decision="t")


def rules_of(text: str) -> Json:
    rules: Json = table_of(text)["rules"]
    return rules


def refusal(text: str) -> FlowMasterError:
    with pytest.raises(FlowMasterError) as caught:
        table_of(text)
    return caught.value


def test_an_approval_matrix_of_plain_people_is_a_table() -> None:
    text = "Approval matrix 2026;;;\nF;amount;country;approver\n1;< 1000;;clerk\n2;>= 1000;DE, FR;head of Europe\n3;>= 1000;-;cfo\n"
    assert table_of(text) == {
        "decision": "t",
        "name": "Approval matrix 2026",
        "hit": "F",
        "inputs": [{"name": "amount", "type": "number"}, {"name": "country", "type": "string"}],
        "outputs": [{"name": "approver", "type": "string"}],
        "rules": [
            ["< 1000", "-", '"clerk"'],
            [">= 1000", '"DE", "FR"', '"head of Europe"'],
            [">= 1000", "-", '"cfo"'],
        ],
    }


def test_headers_tell_types_outputs_and_annotations_in_any_order() -> None:
    text = "# why,=> level: text,invoice.total: number,=> days\nsmall,one,< 5,3\nlarge,two,>= 5,5\n"
    table = table_of(text)
    assert table["inputs"] == [{"name": "invoice.total", "type": "number"}]
    assert table["outputs"] == [{"name": "level", "type": "string"}, {"name": "days", "type": "number"}]
    assert table["annotations"] == ["why"]
    assert table["rules"] == [["< 5", '"one"', "3", "small"], [">= 5", '"two"', "5", "large"]]


def test_two_ends_join_to_an_interval() -> None:
    text = (
        "rule,amount >=,amount <,country,level\n1,,1000,,one\n2,1000,5000,DE,two\n3,5000,,,three\n4,,,FR,four"
    )
    assert table_of(text)["inputs"] == [
        {"name": "amount", "type": "number"},
        {"name": "country", "type": "string"},
    ]
    assert rules_of(text) == [
        ["< 1000", "-", '"one"'],
        ["[1000..5000)", '"DE"', '"two"'],
        [">= 5000", "-", '"three"'],
        ["-", '"FR"', '"four"'],
    ]
    assert rules_of("day > : date,day ≤,=> x\n2026-01-01,2026-02-01,1\n") == [
        ['(@"2026-01-01"..@"2026-02-01"]', "1"]
    ]


def test_cells_of_each_type_are_read_as_people_write_them() -> None:
    text = (
        "paid: boolean|due: date|wait: days and time duration|code|=> next\n"
        'yes|< 2026-01-31|P3D|"""A"", ""B"""|=upper case("x")\n'
        "no|[2026-01-01..2026-01-31]|>= P1D|not(A, B)|call back\n"
        "FALSE|-||0815|null\n"
    )
    assert rules_of(text) == [
        ["true", '< @"2026-01-31"', '@"P3D"', '"A", "B"', 'upper case("x")'],
        ["false", '[@"2026-01-01"..@"2026-01-31"]', '>= @"P1D"', 'not("A", "B")', '"call back"'],
        ["false", "-", "-", '"0815"', "null"],
    ]


@pytest.mark.parametrize(
    ("cell", "feel"),
    [
        ("1 000", "1000"),
        ("1'000'000", "1000000"),
        ("1.000.000", "1000000"),
        ("1.000,50", "1000.50"),
        ("1,000.50", "1000.50"),
        ("0.125", "0.125"),
        ("1000.500", "1000.500"),
        ("≥ 5", ">= 5"),
        ("1, 2", "1, 2"),
        ("1,2,3", "1,2,3"),
        ("[1..2]", "[1..2]"),
        ("= 1.500", "1.500"),
    ],
)
def test_numbers_that_are_clear_are_read(cell: str, feel: str) -> None:
    assert rules_of(f"amount: number|level\n{cell}|x\n") == [[feel, '"x"']]


@pytest.mark.parametrize(
    "cell", ["1.000", "1,000", "12,50", "1.5,5", "1'00", "1000-5000", "100,200.50", "<= 1.000"]
)
def test_numbers_that_are_not_clear_are_refused_with_row_column_and_fix(cell: str) -> None:
    error = refusal(f"title||\nrule|amount: number|level\n1|5|x\n2|{cell}|x\n")
    assert (error.code, error.path) == ("table.cell_unclear", "row 4, amount: number")
    assert "Row 4, column 'amount: number'" in error.message
    assert error.fix.startswith("Write ")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("due: date,x\n31.12.2026,1\n", "row 2, due: date"),
        ("amount: nubmer,x\n1,1\n", "row 1, amount: nubmer"),
        ("amount: number,x\n1 EUR,1\n", "row 2, amount: number"),
        ("a,x\n1,1,7\n", "row 2"),
        ("a,,x\n1,2,3\n", "row 1, column 2"),
        ("@desicion,a\na,x\n1,2\n", "row 1"),
        ("", "row 1"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, where: str) -> None:
    error = refusal(text)
    assert (error.code, error.path) == ("table.cell_unclear", where)
    assert error.fix


def test_row_labels_that_are_no_numbers_become_annotations() -> None:
    table = table_of("rule,a,x\nR1,1,2\nR2,2,3\n")
    assert table["annotations"] == ["rule"]
    assert table["rules"] == [["1", "2", "R1"], ["2", "3", "R2"]]


def test_types_are_inferred_where_all_cells_agree() -> None:
    text = 'a,b,c,d,e,f,=> y\n1,true,2026-01-01,x,,"=z",a * 2\n> 2,false,< 2026-01-01,y,,,3\n'
    assert [column.get("type", "") for column in table_of(text)["inputs"]] == [
        "number",
        "boolean",
        "date",
        "string",
        "",
        "",
    ]
    assert table_of(text)["outputs"] == [{"name": "y", "type": "number"}]


def test_empty_rows_and_columns_round_a_matrix_are_left_out() -> None:
    around = ",,,\n\na,=> y,,\n1,2,,\n,,,\n2,3,,\n"
    assert table_of(around) == table_of("a,=> y\n1,2\n2,3\n")


def test_a_column_of_truth_values_and_others_has_no_type() -> None:
    table = matrix_to_table([["a", "=> y"], [True, 1], [5, 2], [False, 3]], decision="t")
    assert table["inputs"] == [{"name": "a"}]
    assert table["rules"] == [["true", "1"], ["5", "2"], ["false", "3"]]


def test_the_sign_that_a_file_tells_separates_its_cells() -> None:
    assert read_csv("sep=;\na,b;=> y\n1,5;2\n") == [["a,b", "=> y"], ["1,5", "2"]]
    assert read_csv("sep=\t\r\na,b\t=> y\r\n") == [["a,b", "=> y"]]
    assert read_csv('sep="\na,b\n')[-1] == ["a", "b"]


def test_csv_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(FlowMasterError) as caught:
        read_csv("a,b\n1," + "9" * 200_000 + "\n")
    assert caught.value.code == "table.csv_broken"
    assert "limit" in caught.value.message


NAMES = st.sampled_from(
    [
        "amount",
        "home country",
        "invoice.total",
        "a: b",
        "# x",
        "=> y",
        "amount >=",
        "@decision",
        "Grösse",
        "U",
    ]
)
TEXTS = st.text(
    st.characters(categories=["L", "N", "P", "S", "Zs"], include_characters='\n",;|=-'), max_size=8
)
LITERALS = TEXTS.map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
)
CELLS = {
    "number": st.sampled_from(
        ["1", "1.500", "1,2", "< 2", ">= 1000", "[1..2)", "10 - 5", "not(1, 2)", "null", "-7"]
    ),
    "string": st.one_of(LITERALS, st.lists(LITERALS, min_size=1, max_size=3).map(", ".join), st.just("null")),
    "boolean": st.sampled_from(["true", "false", "not(true)", "null"]),
    "date": st.sampled_from(['@"2026-01-01"', '< @"2026-01-01"', 'date("2026-01-01")', "null"]),
    "time": st.sampled_from(['@"10:00:00"', '> @"10:00:00Z"']),
    "days and time duration": st.sampled_from(['@"P1D"', '<= @"-PT5M"']),
    "text": st.sampled_from(["1", '"x"', "true"]),
    "Any": st.sampled_from(["1", '"x"', "amount + 1"]),
    "": st.sampled_from(["1", '"x"', "true", "1.500"]),
}
ANSWERS = {
    **CELLS,
    "number": st.sampled_from(["1", "1.500", "amount * 2", "10 - 5", "1000000", "null"]),
    "string": st.one_of(LITERALS, st.just("null"), st.just('upper case("x")')),
    "date": st.sampled_from(['@"2026-01-01"', 'date("2026-01-01")']),
    "time": st.just('@"10:00:00"'),
    "days and time duration": st.just('@"P1D"'),
    "boolean": st.sampled_from(["true", "false"]),
}


@st.composite
def compact_tables(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(NAMES, min_size=2, max_size=5, unique=True))
    kinds = [draw(st.sampled_from(list(CELLS))) for _ in names]
    split = draw(st.integers(1, len(names) - 1))
    inputs: list[dict[str, Json]] = [
        {"name": name, "expression": f"i{place}", "type": kind}
        for place, (name, kind) in enumerate(zip(names[:split], kinds, strict=False))
    ]
    outputs: list[dict[str, Json]] = [
        {"name": name, "type": kind} for name, kind in zip(names[split:], kinds[split:], strict=True)
    ]
    for column in (*inputs, *outputs):
        if draw(st.booleans()):
            column["values"] = draw(CELLS[str(column["type"])])
    if draw(st.booleans()):
        outputs[0]["default"] = draw(ANSWERS[kinds[split]])
    labels = draw(st.lists(st.sampled_from(["why", "source", "#"]), max_size=2, unique=True))
    rules = [
        [
            *(draw(st.one_of(st.just("-"), CELLS[kind])) for kind in kinds[:split]),
            *(draw(ANSWERS[kind]) for kind in kinds[split:]),
            *(draw(TEXTS) for _ in labels),
        ]
        for _ in range(draw(st.integers(0, 4)))
    ]
    return {
        "decision": "t",
        "name": draw(st.sampled_from(["T", "The table; with, signs"])),
        "hit": draw(st.sampled_from(["U", "F", "A", "P", "R", "O", "C", "C+", "C<", "C>", "C#"])),
        "inputs": inputs,
        "outputs": outputs,
        "annotations": labels,
        "description": draw(st.sampled_from(["", "What it is for.\nAnd more."])),
        "rules": rules,
    }


@settings(max_examples=300, deadline=None)
@given(compact_tables())
def test_a_table_through_csv_is_the_same_table(form: dict[str, Any]) -> None:
    table = dmn_to_table(read_dmn(table_to_dmn(form)))
    assert matrix_to_table(read_csv(write_csv(table_to_matrix(table)))) == table


@settings(max_examples=60, deadline=None)
@given(compact_tables())
def test_a_table_through_a_workbook_is_the_same_table(form: dict[str, Any]) -> None:
    table = dmn_to_table(read_dmn(table_to_dmn(form)))
    data = write_sheet(table_to_matrix(table), "Rules")
    assert matrix_to_table(read_first_sheet(data, "t.xlsx")) == table


def test_what_people_read_has_no_quotes() -> None:
    form: dict[str, Json] = {
        "decision": "approver",
        "hit": "F",
        "inputs": [{"name": "amount", "type": "number"}, {"name": "country", "type": "string"}],
        "outputs": [{"name": "approver", "type": "string"}],
        "rules": [["<= 1000", "-", '"clerk"'], ["> 1000", '"DE", "FR"', '"cfo"']],
    }
    table = dmn_to_table(read_dmn(table_to_dmn(form)))
    assert write_csv(table_to_matrix(table)) == (
        "@decision,approver,,\n@name,approver,,\nF,amount: number,country: string,=> approver: string\n"
        '1,<= 1000,-,clerk\n2,> 1000,"DE, FR",cfo\n'
    )
