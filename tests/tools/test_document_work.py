"""Reading a document costs work in proportion to its words, and ends when its time is up or nobody waits."""

import base64
import io
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from openpyxl import Workbook

from flowmaster.engine.values import Json
from flowmaster.knowledge.documents import limits
from flowmaster.knowledge.documents.fields import extract_fields
from flowmaster.knowledge.documents.read import read_document
from flowmaster.knowledge.documents.work import CalledOff, Work
from tests.knowledge.paper import Paper
from tests.tools.test_documents import play

HEADING = "Description     Quantity     Amount\n"
TOTAL: Mapping[str, Json] = {"total": "amount"}


def added(data: bytes, filename: str, schema: Json = None) -> dict[str, Any]:
    (answer,) = play(
        (
            "document_add",
            {"content_base64": base64.b64encode(data).decode(), "filename": filename, "schema": schema},
        )
    )
    return answer


def calls_of_reading(data: bytes, filename: str, schema: Json) -> int:
    """Count the functions that adding a document calls in threads of its own."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    threading.setprofile(count)
    try:
        answer = added(data, filename, schema)
    finally:
        threading.setprofile(None)
    assert "code" not in answer, answer
    return calls


@pytest.mark.parametrize(
    ("part", "filename", "schema"),
    [
        ("total ", "t.txt", TOTAL),
        ("total\n", "t.txt", TOTAL),
        ("x total     ", "t.txt", TOTAL),
        ("- total - ", "t.txt", TOTAL),
        ("total\n\n\n", "t.txt", "invoice"),
        ("5.00 EUR ", "t.txt", "invoice"),
        (HEADING, "t.txt", "invoice"),
        (f"{HEADING}pump     1     5.00\n", "t.txt", "invoice"),
        ("Bill to:\nACME GmbH\n\n\n", "t.txt", "invoice"),
        ("pump;2;6.00\n", "t.csv", "invoice"),
        ("<html><table><tr><td>total<td>5.00</table>", "t.html", "invoice"),
        ("<html><a ", "t.html", "invoice"),
    ],
)
def test_twice_as_many_words_cost_twice_the_work(part: str, filename: str, schema: Json) -> None:
    calls_of_reading(part.encode(), filename, schema)
    few, many = (calls_of_reading((part * times).encode(), filename, schema) for times in (150, 300))
    assert many < 2.5 * few


def test_a_value_is_found_beside_labels_however_many_stand_on_the_line() -> None:
    text = b"total " * 300 + b"total: 12.50 EUR"
    assert added(text, "t.txt", TOTAL)["values"] == {"total": pytest.approx(12.5)}


def a_workbook() -> bytes:
    book = Workbook()
    book.worksheets[0].append(["total", 5])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def a_pdf() -> bytes:
    paper = Paper()
    paper.text(50, 100, "Total 5.00")
    return paper.done()


KINDS = {
    "t.txt": b"total 5.00",
    "t.csv": b"total;5.00\nnet;4.00\n",
    "t.html": b"<html><p>total 5.00</p></html>",
    "t.xlsx": a_workbook(),
    "t.pdf": a_pdf(),
}


@pytest.mark.parametrize("filename", KINDS)
def test_reading_that_takes_too_long_is_refused(filename: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIMITS", replace(limits.LIMITS, seconds_max=0))
    answer = added(KINDS[filename], filename, TOTAL)
    assert (answer["code"], answer["expected"]) == ("document.too_slow", {"seconds_max": 0})
    assert answer["fix"]


@pytest.mark.parametrize("filename", KINDS)
def test_reading_that_nobody_waits_for_ends(filename: str) -> None:
    with pytest.raises(CalledOff):
        assert read_document(KINDS[filename], filename, Work(is_called_off=lambda: True)).pages


@pytest.mark.parametrize("filename", KINDS)
def test_finding_fields_that_nobody_waits_for_ends(filename: str) -> None:
    document = read_document(KINDS[filename], filename)
    assert document.text
    with pytest.raises(CalledOff):
        extract_fields(document, TOTAL, Work(is_called_off=lambda: True))


@pytest.mark.parametrize(
    ("limit", "data", "filename"),
    [
        ("words_per_page_max", b"a " * 5, "t.txt"),
        ("words_per_page_max", b"<html>" + b"<p>a</p>" * 5, "t.html"),
        ("words_per_page_max", b"<html><table>" + b"<tr><td>a</td></tr>" * 5, "t.html"),
        ("words_per_page_max", a_pdf(), "t.pdf"),
        ("words_per_sheet_max", b"a a;b\n" * 5, "t.csv"),
        ("words_per_sheet_max", a_workbook(), "t.xlsx"),
        ("characters_per_page_max", b"abc", "t.txt"),
        ("characters_per_sheet_max", b"abc;d\n", "t.csv"),
        ("pages_max", b"a\fb\fc", "t.txt"),
        ("cells_max", b"a;b\n" * 5, "t.csv"),
    ],
)
def test_more_than_is_read_is_refused_by_the_name_of_the_limit(
    limit: str, data: bytes, filename: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LIMITS", replace(limits.LIMITS, **{limit: 1}))
    answer = added(data, filename, TOTAL)
    assert (answer["code"], answer["expected"]) == ("document.too_large", {limit: 1})


def test_a_table_with_one_wide_row_is_not_filled_up_without_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIMITS", replace(limits.LIMITS, cells_max=50))
    assert added(b"a;b;c;d;e;f\n" + b"a;b\n" * 9, "t.csv")["code"] == "document.too_large"


def test_a_number_of_thousands_of_digits_is_no_number() -> None:
    assert added(b"count: " + b"7" * 9_000, "t.txt", {"count": "integer"})["missing"] == ["count"]


def test_a_character_of_thousands_of_digits_does_not_break_a_page() -> None:
    assert added(b"<html><p>total 5.00 &#" + b"7" * 9_000 + b";</p>", "t.html", TOTAL)["values"]
