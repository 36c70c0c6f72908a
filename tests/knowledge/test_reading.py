"""Files are told by their content, read with their places, and refused by name when they cannot be."""

import io
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from flowmaster.engine.errors import FlowMasterError
from flowmaster.knowledge.documents.limits import LIMITS
from flowmaster.knowledge.documents.read import read_document
from flowmaster.knowledge.documents.work import Work
from tests.knowledge.invoices_english import british_two_columns
from tests.knowledge.paper import Paper
from tests.shared_material import shared


def refusal(data: bytes, filename: str, **limits: int) -> str:
    with pytest.raises(FlowMasterError) as refused:
        read_document(data, filename, Work(replace(LIMITS, **limits)))
    assert refused.value.fix
    return refused.value.code


def small_pdf(*texts: str) -> bytes:
    paper = Paper()
    for place, text in enumerate(texts):
        if place:
            paper.next_page()
        paper.text(50, 100, text)
    return paper.done()


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def archive(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return buffer.getvalue()


def test_words_of_a_pdf_stand_at_points_from_the_top_left() -> None:
    document = read_document(small_pdf("Hello there"), "a.pdf")
    word = document.pages[0].words[0]
    assert (document.type, word.text) == ("pdf", "Hello")
    assert word.box.x0 == pytest.approx(50, abs=1)
    assert 85 < word.box.top < word.box.bottom < 105


def test_letters_that_are_printed_twice_for_a_bold_look_are_read_once_and_double_letters_stay() -> None:
    paper = Paper()
    for shift in (0, 0.4):
        paper.text(50 + shift, 100, "Committee 1100")
    paper.text(50, 100.6, "Committee 1100")
    paper.text(50, 120, "Committee 1100")
    words = read_document(paper.done(), "bold.pdf").pages[0].words
    assert [word.text for word in words] == ["Committee", "1100"] * 2


def test_content_decides_and_a_wrong_suffix_is_refused() -> None:
    assert read_document(small_pdf("x"), "scan-0001").type == "pdf"
    assert "dat" in read_document(small_pdf("x"), "letter.dat").warnings[0]
    assert refusal(small_pdf("x"), "table.csv") == "document.suffix_wrong"
    assert refusal(b"just words", "invoice.pdf") == "document.suffix_wrong"


def test_csv_text_html_and_sheets_are_pages_of_words_too() -> None:
    csv = read_document(b"a;b\r\n1;2\r\n", "t.csv")
    assert [cell.text for cell in csv.pages[0].tables[0].rows[1]] == ["1", "2"]
    assert csv.pages[0].words[-1].ref == "B2"
    text = read_document("Größe: 12".encode("cp1252"), "n.txt")
    assert (text.type, text.text, text.pages[0].words[0].ref) == ("text", "Größe: 12", "line 1")
    page = b"<html><head><title>no</title></head><body><p>Fee</p><table><tr><td>a</td><td>7</td></tr></table><script>x()</script>"
    html = read_document(page, "p.html")
    assert (html.type, html.text) == ("html", "Fee\na 7")
    sheet = read_document(workbook(["Item", "Price"], ["Pump", 129.5]), "s.xlsx")
    assert sheet.pages[0].words[-1].ref == "Sheet!B2"
    assert sheet.text == "Item Price\nPump 129.5"


@pytest.mark.shared
def test_the_shared_documents_are_read_or_refused_by_name() -> None:
    answers: dict[str, str] = {}
    for file in sorted(shared("documents").iterdir()):
        try:
            answers[file.name] = read_document(file.read_bytes(), file.name).type
        except FlowMasterError as error:
            answers[file.name] = error.code
    unsupported = "document.type_unsupported"
    assert answers == {
        "c.docx": "docx", "i.xlsx": "xlsx", "m.eml": unsupported, "p.html": "html", "scan.pdf": unsupported,
        "scan.png": unsupported, "t.pdf": "pdf",
    }  # fmt: skip


def test_what_cannot_be_read_names_what_can() -> None:
    with pytest.raises(FlowMasterError) as refused:
        read_document(b"\x89PNG\r\n\x1a\n rest", "photo.pdf")
    assert refused.value.code == "document.type_unsupported"
    assert "PNG" in refused.value.message
    assert "text PDF" in str(refused.value.expected)


def test_hostile_and_broken_files_are_refused_by_name() -> None:
    pdf = small_pdf("Total 5.00", "page two")
    assert refusal(b"", "a.pdf") == "document.empty"
    assert refusal(b"x" * 200, "a.txt", bytes_max=100) == "document.too_large"
    assert refusal(pdf, "a.pdf", pages_max=1) == "document.too_large"
    assert refusal(pdf[: len(pdf) // 3], "a.pdf") == "document.corrupt"
    assert refusal(b"%PDF-1.7\n" + b"\x00\xff" * 500, "a.pdf") == "document.corrupt"
    assert refusal(b"PK\x03\x04 not a zip at all", "a.xlsx") == "document.corrupt"
    assert (
        refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old.xls") == "document.type_unsupported"
    )
    assert refusal(
        "EncryptedPackage".encode("utf-16-le").join([b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b""]), "a.xlsx"
    ) == ("document.encrypted")
    assert refusal(bytes(range(256)) * 4, "a.bin") == "document.type_unsupported"
    assert refusal(b"MZ\x90\x00" + b"\x00" * 100, "invoice.pdf") == "document.type_unsupported"


def test_a_pdf_with_a_password_is_refused() -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, encrypt=StandardEncryption("secret", ownerPassword="owner", strength=128))
    canvas.drawString(50, 700, "Total 1.00")
    canvas.save()
    assert refusal(buffer.getvalue(), "a.pdf") == "document.encrypted"


def test_macros_bombs_and_entities_in_workbooks_are_refused() -> None:
    assert refusal(archive(xl__workbook_dot_xml=b"<x/>", xl__vbaProject_dot_bin=b"\x00"), "a.xlsm") == (
        "document.macros_refused"
    )
    bomb = archive(xl__workbook_dot_xml=b"<x/>", xl__worksheets__sheet1_dot_xml=b"0" * 30_000_000)
    assert refusal(bomb, "a.xlsx") == "document.too_large"
    entities = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><workbook>&b;</workbook>'
    assert refusal(archive(xl__workbook_dot_xml=entities), "a.xlsx") == "document.corrupt"
    assert refusal(archive(word__document_dot_xml=b"<x/>"), "a.docx") == "document.corrupt"
    assert refusal(workbook(*[[1, 2, 3]] * 50), "a.xlsx", cells_max=100) == "document.too_large"


def test_a_pdf_that_unpacks_to_gigabytes_is_refused() -> None:
    packed = zlib.compress(b" " * 400_000_000, 9)
    bomb = _pdf_with_content(packed, b"/FlateDecode")
    assert len(bomb) < 1_000_000
    assert refusal(bomb, "bomb.pdf", memory_bytes_max=500_000_000) == "document.too_large"
    twice = _pdf_with_content(zlib.compress(packed, 9), b"[/FlateDecode /FlateDecode]")
    assert refusal(twice, "bomb.pdf", memory_bytes_max=500_000_000) == "document.too_large"


def test_a_pdf_that_would_be_read_for_hours_is_stopped() -> None:
    assert refusal(_nested_forms(depth=9), "slow.pdf", seconds_max=2) == "document.too_slow"
    assert read_document(small_pdf("still alive"), "a.pdf").text == "still alive"


def test_flipping_bytes_of_a_pdf_never_crashes_the_reader() -> None:
    whole = british_two_columns().pdf
    answers = set()
    for step in range(0, len(whole) - 1, max(len(whole) // 40, 1)):
        broken = bytearray(whole)
        broken[step] ^= 0x5A
        answers.add(_answer(bytes(broken)))
    refused = {"document.corrupt", "document.encrypted", "document.suffix_wrong", "document.type_unsupported"}
    assert answers <= {"pdf", *refused}


def _answer(data: bytes) -> str:
    try:
        return read_document(data, "a.pdf").type
    except FlowMasterError as error:
        return error.code


def test_names_of_files_are_cleaned_of_folders_and_control_signs() -> None:
    document = read_document(b"hello", "../../etc/pass\x00wd\n.txt")
    assert document.filename == "passwd.txt"


def _nested_forms(*, depth: int) -> bytes:
    """Make a page that draws a form ten times, which draws another ten times, and so on."""
    calls = b"/F Do " * 10
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(calls), calls),
    ]
    for number in range(5, 5 + depth):
        objects.append(
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 300 300] /Resources << /XObject << /F %d 0 R >> >> /Length %d >>"
            b"\nstream\n%s\nendstream" % (number + 1, len(calls), calls)
        )
    objects.append(b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 1 >>\nstream\nn\nendstream")
    return _pdf_of(objects)


def _pdf_with_content(stream: bytes, filters: bytes) -> bytes:
    return _pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R /Resources << >> >>",
            b"<< /Length %d /Filter %s >>\nstream\n%s\nendstream" % (len(stream), filters, stream),
        ]
    )


def _pdf_of(objects: list[bytes]) -> bytes:
    body = b"%PDF-1.4\n"
    offsets: list[int] = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(body)
    size = len(objects) + 1
    body += b"xref\n0 %d\n0000000000 65535 f \n" % size + table
    return body + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)


def test_a_reader_without_its_extra_says_which_command_adds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pdfplumber", None)
    with pytest.raises(FlowMasterError) as refused:
        read_document(small_pdf("x"), "a.pdf")
    assert refused.value.code == "server.extra_missing"
    assert "flowmaster[documents]" in refused.value.fix


def test_reading_imports_nothing_heavy_until_a_pdf_comes() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from flowmaster.knowledge.documents.read import read_document;"
        "read_document(b'a;b\\n1;2\\n', 'a.csv');"
        "sys.exit(any(name in sys.modules for name in ('pdfplumber', 'openpyxl', 'pdfminer')))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode
        == 0
    )
