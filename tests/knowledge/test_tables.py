"""CSV and XLSX become typed columns and rows of JSON values, whatever the delimiter, encoding and decimal sign."""

import io
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from flowmaster.engine.errors import FlowMasterError
from flowmaster.knowledge.documents.fields import extract_fields
from flowmaster.knowledge.documents.read import read_document
from flowmaster.knowledge.documents.tables import Table, read_table

EXAMPLE = Path(__file__).parents[2] / "examples" / "invoice-to-pay"


def types(table: Table) -> dict[str, str]:
    return {column.name: column.type for column in table.columns}


def workbook(**sheets: list[list[Any]]) -> bytes:
    book = Workbook()
    first = book.active
    assert first is not None
    book.remove(first)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_german_csv_is_typed_column_by_column() -> None:
    text = "Bestellung;Datum;Betrag;PLZ;Aktiv;Rest\r\nA1;03.02.2026;1.234,50;01067;ja;\r\nÄ2;14.02.2026;12,00;24103;nein;7\r\n"
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
        table = read_table(text.encode(encoding), "orders.csv")
        assert types(table) == {
            "Bestellung": "string", "Datum": "date", "Betrag": "number", "PLZ": "string", "Aktiv": "boolean", "Rest": "integer",
        }  # fmt: skip
        assert table.records()[0] == {
            "Bestellung": "A1", "Datum": "2026-02-03", "Betrag": Decimal("1234.50"), "PLZ": "01067", "Aktiv": True, "Rest": None,
        }  # fmt: skip


def test_english_csv_with_quotes_and_line_breaks_in_cells() -> None:
    table = read_table(b'id,text,price\n1,"a, b\nc","1,234.50"\n2,"say ""hi""",3\n', "x.csv")
    assert table.rows == ((1, "a, b\nc", Decimal("1234.50")), (2, 'say "hi"', 3))


def test_tabs_and_uneven_rows_are_read() -> None:
    table = read_table(b"a\tb\tc\n1\t2\n3\t4\t5\n", "x.tsv")
    assert table.rows == ((1, 2, None), (3, 4, 5))


def test_a_table_without_a_header_gets_names() -> None:
    table = read_table(b"1;2\n3;4\n", "x.csv")
    assert ([column.name for column in table.columns], table.header_row, len(table.rows)) == (
        ["column_1", "column_2"], 0, 2,
    )  # fmt: skip


def test_twins_and_gaps_in_the_header_get_names_of_their_own() -> None:
    book = workbook(
        S=[["Title of the list", None, None], [], ["a", "b", "c"], ["x", 1, None], ["y", 2, None]]
    )
    table = read_table(book, "x.xlsx")
    assert (types(table), table.header_row) == ({"a": "string", "b": "integer", "c": "empty"}, 3)


def test_sheets_keep_exact_numbers_dates_and_empty_cells() -> None:
    book = workbook(
        Orders=[
            ["no", "price", "day", "at", "ok"],
            ["A", 129.5, date(2026, 3, 1), datetime(2026, 3, 1, 12, 30), True],  # noqa: DTZ001
            ["B", 0.1, date(2026, 3, 2), None, False],
        ],
        Other=[["k"], [1]],
    )
    table = read_table(book, "orders.xlsx")
    assert table.name == "Orders"
    assert types(table) == {
        "no": "string",
        "price": "number",
        "day": "date",
        "at": "datetime",
        "ok": "boolean",
    }
    assert table.rows[1] == ("B", Decimal("0.1"), "2026-03-02", None, False)
    assert read_table(book, "orders.xlsx", sheet="Other").rows == ((1,),)
    with pytest.raises(FlowMasterError) as refused:
        read_table(book, "orders.xlsx", sheet="Ordres")
    assert refused.value.code == "document.sheet_unknown"


def test_formulas_are_read_as_saved_and_never_computed() -> None:
    book = workbook(S=[["a", "b"], [1, "=1+1"]])
    assert read_table(book, "x.xlsx").rows == ((1, None),)


def test_what_is_no_table_is_refused() -> None:
    for data, name in ((b"just a sentence.\n", "x.txt"), (b"<html><p>x</p></html>", "x.html")):
        with pytest.raises(FlowMasterError) as refused:
            read_table(data, name)
        assert refused.value.code == "document.type_unsupported"


def test_the_tables_of_the_example_fit_each_other() -> None:
    orders = read_table((EXAMPLE / "purchase-orders.csv").read_bytes(), "purchase-orders.csv")
    paid = read_table((EXAMPLE / "paid-invoices.csv").read_bytes(), "paid-invoices.csv")
    assert len({str(row["order_number"]) for row in orders.records()}) == 25
    lines: dict[str, Decimal] = {}
    for row in orders.records():
        quantity, price = Decimal(str(row["quantity"])), Decimal(str(row["unit_price"]))
        assert quantity * price == row["line_total"]
        number = str(row["order_number"])
        lines[number] = lines.get(number, Decimal(0)) + quantity * price
        assert row["requester"]
    assert all(lines[str(row["order_number"])] == row["order_total"] for row in orders.records())
    assert all(Decimal(str(row["net"])) + Decimal(str(row["tax"])) == row["total"] for row in paid.records())


def test_an_invoice_in_a_sheet_is_read_with_the_cells_as_places() -> None:
    book = workbook(
        Invoice=[
            ["Invoice number", "X-17"],
            ["Invoice date", date(2026, 5, 4)],
            ["Seller", "Copperline Stills B.V."],
            [],
            ["Description", "Qty", "Unit price", "Amount"],
            ["Condenser", 2, 1500.5, 3001],
            [],
            ["Net", 3001],
            ["VAT", 630.21],
            ["Total EUR", 3631.21],
        ]
    )
    found = extract_fields(read_document(book, "invoice.xlsx"), "invoice")
    assert found.values["invoice_number"] == "X-17"
    assert found.fields["invoice_number"].place.ref == "Invoice!B1"
    assert found.values["supplier"] == "Copperline Stills B.V."
    assert (found.values["total"], found.values["currency"]) == (Decimal("3631.21"), "EUR")
    assert found.values["lines"] == [
        {
            "position": None,
            "description": "Condenser",
            "quantity": 2,
            "unit_price": Decimal("1500.5"),
            "amount": 3001,
        }
    ]


def test_an_invoice_in_plain_text_and_html_is_read_too() -> None:
    text = b"Invoice number: T-5\nInvoice date: 2026-05-04\n\nItem        Qty   Price   Total\nCable         3    5.00   15.00\n\nTotal: 15.00 EUR\n"
    values = extract_fields(read_document(text, "i.txt"), "invoice").values
    assert (values["invoice_number"], values["total"]) == ("T-5", Decimal("15.00"))
    html = b"<html><body><h1>Invoice</h1><table><tr><td>Invoice no.</td><td>H-1</td></tr><tr><td>Total</td><td>20.00 EUR</td></tr></table></body></html>"
    values = extract_fields(read_document(html, "i.html"), "invoice").values
    assert (values["invoice_number"], values["total"], values["currency"]) == ("H-1", Decimal("20.00"), "EUR")
