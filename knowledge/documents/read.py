"""Bytes into a document: what it is, its pages, words with their boxes, lines and tables."""

import hashlib
import re
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from flowmaster.engine.values import Json
from flowmaster.knowledge.documents.delimited import delimiter_of, rows_of
from flowmaster.knowledge.documents.detect import Detected, decode_text, detect
from flowmaster.knowledge.documents.docx import read_docx
from flowmaster.knowledge.documents.limits import too_large, unsupported
from flowmaster.knowledge.documents.model import DocumentType, Page, ReadDocument, Sheet
from flowmaster.knowledge.documents.pdf_process import read_pdf_apart
from flowmaster.knowledge.documents.plain import (
    page_of_html,
    page_of_rows,
    page_of_text,
    pages_of_docx,
)
from flowmaster.knowledge.documents.sheets import read_sheets
from flowmaster.knowledge.documents.work import Work

_MEDIA_TYPES: dict[DocumentType, str] = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "text": "text/plain",
}
_NAME_LENGTH_MAX = 200


def read_document(data: bytes, filename: str, work: Work | None = None) -> ReadDocument:
    """Read a text PDF, DOCX, CSV, XLSX, HTML or plain text; anything else is refused by name.

    The content decides what the file is; a suffix that says otherwise is a warning. Errors are
    `document.empty`, `document.too_large`, `document.too_slow`, `document.encrypted`, `document.corrupt`,
    `document.macros_refused`, `document.type_unsupported` and `server.extra_missing`.
    """
    work = work or Work()
    name = plain_name(filename)
    detected = detect(data, name, work.limits)
    found = _content(data, name, detected, work)
    return ReadDocument(
        filename=name,
        type=found.type,
        media_type=_MEDIA_TYPES[found.type],
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        lay_out=partial(_laid_out, found, name, work),
        sheets=found.sheets,
        delimiter=found.delimiter,
        warnings=(*detected.warnings, *found.warnings),
    )


class _Content(NamedTuple):
    """What a file holds: pages, or the sheets of which pages can be made."""

    type: DocumentType
    pages: tuple[Page, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    delimiter: str = ""
    warnings: tuple[str, ...] = ()


def _laid_out(found: _Content, filename: str, work: Work) -> tuple[Page, ...]:
    return found.pages or tuple(
        page_of_rows(
            [[shown(value) for value in row] for row in work.each(sheet.rows)],
            number,
            filename,
            work,
            name=sheet.name,
        )
        for number, sheet in enumerate(found.sheets, start=1)
    )


def plain_name(filename: str) -> str:
    """Return the last part of a path, printable and short: what may be shown and stored as a name."""
    last = re.split(r"[\\/]", filename)[-1]
    shown = "".join(letter for letter in last if letter.isprintable()).strip()
    return shown[-_NAME_LENGTH_MAX:] or "document"


def _content(data: bytes, filename: str, detected: Detected, work: Work) -> _Content:
    if detected.kind == "pdf":
        pdf = read_pdf_apart(data, filename, work)
        return _Content("pdf", pdf.pages, warnings=pdf.warnings)
    if detected.kind == "xlsx":
        return _Content("xlsx", sheets=tuple(read_sheets(data, filename, work)))
    if detected.kind == "docx":
        return _Content("docx", pages_of_docx(read_docx(data, filename, work), filename, work))
    text = text_of(data, filename)
    if detected.kind == "html":
        return _Content("html", (page_of_html(text, 1, filename, work),))
    delimiter = table_delimiter(text, filename)
    if delimiter is not None:
        rows: list[list[Json]] = [[*row] for row in rows_of(text, filename, work, delimiter=delimiter)]
        return _Content("csv", sheets=(Sheet("", rows),), delimiter=delimiter)
    parts = text.split("\f")
    if len(parts) > work.limits.pages_max:
        raise too_large(
            filename, limit="pages_max", allowed=work.limits.pages_max, found=f"it has {len(parts):,} pages"
        )
    return _Content(
        "text",
        tuple(page_of_text(part, number, filename, work) for number, part in enumerate(parts, start=1)),
    )


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
