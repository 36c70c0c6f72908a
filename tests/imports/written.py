"""Writes the samples in the forms that people have: text, Markdown, HTML, Word, PDF, CSV and spreadsheets."""

import html
import io
import re
import zipfile
from collections.abc import Iterator
from xml.sax.saxutils import escape

from openpyxl import Workbook
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from tests.imports.sop import Sop

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_ITEM = re.compile(r"(\s*)(?:(\d+)\.|([-*]))\s+(.*)")


def written(sop: Sop) -> tuple[bytes, str]:
    """Return the bytes of a sample and its file name."""
    name = f"{re.sub(r'[^a-z0-9]+', '-', sop.name.lower())}.{sop.form}"
    match sop.form:
        case "md" | "txt":
            return sop.text.encode(), name
        case "csv":
            rows = [line.split("|") for line in sop.text.strip().splitlines()]
            return "\n".join(";".join(f'"{cell}"' for cell in row) for row in rows).encode(), name
        case "xlsx":
            return workbook(sop.text), name
        case "html":
            return page(sop.text).encode(), name
        case "docx":
            return docx(sop.text), name
        case "pdf":
            return pdf(sop.text), name


def workbook(text: str) -> bytes:
    """Return a workbook of rows whose cells are parted by `|`."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Steps"
    for line in text.strip().splitlines():
        sheet.append([cell or None for cell in line.split("|")])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def page(text: str) -> str:
    """Return a page of HTML for simple Markdown."""
    parts: list[str] = []
    depth = 0
    kinds: list[str] = []
    for line in text.splitlines():
        item = _ITEM.match(line)
        if item is not None:
            wanted, kind = len(item[1]) // 2 + 1, "ol" if item[2] else "ul"
            while depth < wanted:
                parts.append(f"<{kind}>")
                kinds.append(kind)
                depth += 1
            while depth > wanted:
                parts.append(f"</{kinds.pop()}>")
                depth -= 1
            parts.append(f"<li>{html.escape(item[4])}</li>")
            continue
        while depth:
            parts.append(f"</{kinds.pop()}>")
            depth -= 1
        if line.startswith("#"):
            level = len(line) - len(line.lstrip("#"))
            parts.append(f"<h{level}>{html.escape(line.strip('# '))}</h{level}>")
        elif line.strip():
            parts.append(f"<p>{html.escape(line)}</p>")
    return f"<!DOCTYPE html><html><head><title>x</title></head><body>{''.join(parts)}</body></html>"


def docx(text: str) -> bytes:
    """Return a Word document for simple Markdown: styles for headings, real lists, real tables."""
    body: list[str] = []
    rows: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not all(re.fullmatch(r"[-: ]*", cell) for cell in cells):
                rows.append(cells)
            continue
        if rows:
            body.append(_table(rows))
            rows = []
        if line.strip():
            body.append(_paragraph(line))
    document = f'<w:document xmlns:w="{_W}"><w:body>{"".join(body)}</w:body></w:document>'
    styles = "".join(
        f'<w:style w:styleId="H{level}"><w:name w:val="heading {level}"/></w:style>' for level in range(1, 5)
    )
    levels = {
        "0": '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%2)"/></w:lvl>',
        "1": "".join(
            f'<w:lvl w:ilvl="{level}"><w:numFmt w:val="bullet"/><w:lvlText w:val="-"/></w:lvl>'
            for level in (0, 1)
        ),
    }
    numbering = "".join(
        f'<w:abstractNum w:abstractNumId="{key}">{kind}</w:abstractNum>' for key, kind in levels.items()
    )
    numbering += "".join(
        f'<w:num w:numId="{int(key) + 1}"><w:abstractNumId w:val="{key}"/></w:num>' for key in levels
    )
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", document)
        archive.writestr("word/styles.xml", f'<w:styles xmlns:w="{_W}">{styles}</w:styles>')
        archive.writestr("word/numbering.xml", f'<w:numbering xmlns:w="{_W}">{numbering}</w:numbering>')
    return kept.getvalue()


def _paragraph(line: str) -> str:
    item = _ITEM.match(line)
    if line.startswith("#"):
        level = len(line) - len(line.lstrip("#"))
        head = f'<w:pPr><w:pStyle w:val="H{level}"/></w:pPr>'
        return f"<w:p>{head}<w:r><w:t>{escape(line.strip('# '))}</w:t></w:r></w:p>"
    if item is not None:
        number, depth = ("1" if item[2] else "2"), len(item[1]) // 2
        head = (
            f'<w:pPr><w:numPr><w:ilvl w:val="{min(depth, 1)}"/><w:numId w:val="{number}"/></w:numPr></w:pPr>'
        )
        return f"<w:p>{head}<w:r><w:t>{escape(item[4])}</w:t></w:r></w:p>"
    return f"<w:p><w:r><w:t>{escape(line.strip())}</w:t></w:r></w:p>"


def _table(rows: list[list[str]]) -> str:
    def cell(text: str) -> str:
        return f"<w:tc><w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p></w:tc>"

    lines = (f"<w:tr>{''.join(map(cell, row))}</w:tr>" for row in rows)
    return f"<w:tbl>{''.join(lines)}</w:tbl>"


def pdf(text: str) -> bytes:
    """Return a PDF for simple Markdown: large headings, wrapped lines."""
    kept = io.BytesIO()
    canvas = Canvas(kept, pagesize=A4, invariant=1)
    top = 60.0
    for line in text.splitlines():
        size = 18 - 2 * (len(line) - len(line.lstrip("#"))) if line.startswith("#") else 10
        if not line.strip():
            top += 12
            continue
        indent = 60 + 5 * (len(line) - len(line.lstrip()))
        for number, part in enumerate(_wrapped(line.strip("# ").strip())):
            canvas.setFont("Helvetica-Bold" if size > 10 else "Helvetica", size)
            canvas.drawString(indent + (12 if number else 0), A4[1] - top, part)
            top += size * 1.35
            if top > A4[1] - 60:
                canvas.showPage()
                top = 60.0
    canvas.save()
    return kept.getvalue()


def _wrapped(text: str) -> Iterator[str]:
    line = ""
    for word in text.split():
        if len(line) + len(word) > 85:
            yield line
            line = ""
        line = f"{line} {word}".strip()
    yield line
