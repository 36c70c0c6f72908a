"""Bytes into a document: what it is, its pages, words with their boxes, lines and tables."""

import hashlib
import re
from decimal import Decimal

from flowmaster.engine.values import Json
from flowmaster.knowledge.documents.delimited import delimiter_of, rows_of
from flowmaster.knowledge.documents.detect import Detected, decode_text, detect
from flowmaster.knowledge.documents.limits import LIMITS, Limits, unsupported
from flowmaster.knowledge.documents.model import DocumentType, Page, ReadDocument
from flowmaster.knowledge.documents.pdf_process import read_pdf_apart
from flowmaster.knowledge.documents.plain import page_of_html, page_of_rows, page_of_text
from flowmaster.knowledge.documents.sheets import read_sheets

_MEDIA_TYPES: dict[DocumentType, str] = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "text": "text/plain",
}
_NAME_LENGTH_MAX = 200


def read_document(data: bytes, filename: str, limits: Limits = LIMITS) -> ReadDocument:
    """Read a text PDF, CSV, XLSX, HTML or plain text; anything else is refused by name.

    The content decides what the file is; a suffix that says otherwise is a warning. Errors are
    `document.empty`, `document.too_large`, `document.encrypted`, `document.corrupt`,
    `document.macros_refused`, `document.type_unsupported` and `server.extra_missing`.
    """
    name = plain_name(filename)
    detected = detect(data, name, limits)
    kind, pages, warnings = _pages(data, name, detected, limits)
    return ReadDocument(
        filename=name,
        type=kind,
        media_type=_MEDIA_TYPES[kind],
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        pages=pages,
        warnings=(*detected.warnings, *warnings),
    )


def plain_name(filename: str) -> str:
    """Return the last part of a path, printable and short: what may be shown and stored as a name."""
    last = re.split(r"[\\/]", filename)[-1]
    shown = "".join(letter for letter in last if letter.isprintable()).strip()
    return shown[-_NAME_LENGTH_MAX:] or "document"


def _pages(
    data: bytes, filename: str, detected: Detected, limits: Limits
) -> tuple[DocumentType, tuple[Page, ...], tuple[str, ...]]:
    if detected.kind == "pdf":
        content = read_pdf_apart(data, filename, limits)
        return "pdf", content.pages, content.warnings
    if detected.kind == "xlsx":
        return "xlsx", _sheet_pages(data, filename, limits), ()
    text = text_of(data, filename)
    if detected.kind == "html":
        return "html", (page_of_html(text, 1),), ()
    delimiter = table_delimiter(text, filename)
    if delimiter is not None:
        rows = rows_of(text, filename, limits, delimiter=delimiter)
        return "csv", (page_of_rows(rows, 1),), ()
    pages = tuple(page_of_text(part, number) for number, part in enumerate(text.split("\f"), start=1))
    return "text", pages, ()


def text_of(data: bytes, filename: str) -> str:
    """Return the text of a text file."""
    text = decode_text(data)
    if text is None:
        raise unsupported(filename, "a binary file of an unknown type")
    return text


def table_delimiter(text: str, filename: str) -> str | None:
    """Return the delimiter if the text is a table: by its name, or by tabs or semicolons in steady columns."""
    found = delimiter_of(text)
    if filename.lower().endswith((".csv", ".tsv")):
        return found or ","
    return found if found in {";", "\t"} and text.count("\n") > 1 else None


def _sheet_pages(data: bytes, filename: str, limits: Limits) -> tuple[Page, ...]:
    sheets = read_sheets(data, filename, limits)
    return tuple(
        page_of_rows([[shown(value) for value in row] for row in sheet.rows], number, name=sheet.name)
        for number, sheet in enumerate(sheets, start=1)
    )


def shown(value: Json) -> str:
    """Return a cell's value as text that reads back to the same value whatever the locale."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        text = format(value, "f")
        return f"{text}0" if re.fullmatch(r"-?\d{1,3}\.\d{3}", text) else text
    return " ".join(str(value).split())
