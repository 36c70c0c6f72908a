"""Word documents (DOCX) into paragraphs and tables: text, headings, list signs and pages, as a reader sees them.

Fields, deleted text, headers, footers, comments and pictures are left out. Nothing outside the file is fetched.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree

from flowmaster.knowledge.documents.limits import corrupt, too_large
from flowmaster.knowledge.documents.work import Work

PART_BYTES_MAX = 30_000_000
"""How long one part of a Word document may be."""
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_HEADING = re.compile(r"(?:heading|überschrift|titre|titolo)\s*(\d)", re.IGNORECASE)
_LEVELS_MAX = 9
_NESTED_MAX = 20
_WHAT = "a Word document"


class Part(NamedTuple):
    """A paragraph with its number and page, or a table (`rows`); `depth` is -1 where it is no entry of a list."""

    number: int
    page: int
    text: str
    heading: int = 0
    depth: int = -1
    mark: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


class _Style(NamedTuple):
    heading: int
    numbered: str
    depth: int


class _Level(NamedTuple):
    form: str
    text: str
    start: int


def read_docx(data: bytes, filename: str, work: Work) -> list[Part]:
    """Return the paragraphs and tables of a Word document in their order."""
    broken = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, OSError, EOFError, NotImplementedError)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            body = _xml(archive, "word/document.xml", filename, work)
            styles = _xml(archive, "word/styles.xml", filename, work)
            numbering = _xml(archive, "word/numbering.xml", filename, work)
    except broken as error:
        raise corrupt(filename, _WHAT, str(error)[:200] or type(error).__name__) from error
    content = body.find(f"{_W}body") if body is not None else None
    if content is None:
        raise corrupt(filename, _WHAT, "it has no text part")
    reader = _Reader(_styles(styles), _numbering(numbering), work, filename)
    return list(reader.parts(content, 0))


def _xml(archive: zipfile.ZipFile, name: str, filename: str, work: Work) -> etree._Element | None:
    """Parse one part without entities and without the network, or return None if there is none."""
    if name not in archive.namelist():
        return None
    size = archive.getinfo(name).file_size
    if size > PART_BYTES_MAX:
        raise too_large(
            filename,
            limit="part_bytes_max",
            allowed=PART_BYTES_MAX,
            found=f"its part {name!r} has {size:,} bytes",
        )
    with archive.open(name) as opened:
        content = opened.read(PART_BYTES_MAX + 1)
    work.step()
    if len(content) > PART_BYTES_MAX or _DOCTYPE.search(content[:4_096]):
        raise corrupt(filename, _WHAT, "its XML declares entities or is longer than it says")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise corrupt(filename, _WHAT, str(error)[:200]) from error


@dataclass(slots=True)
class _Reader:
    """Walks through the body and counts paragraphs, pages, and the numbers of its lists."""

    styles: Mapping[str, _Style]
    levels: Mapping[str, Mapping[int, _Level]]
    work: Work
    filename: str
    number: int = 0
    page: int = 1
    counts: dict[str, dict[int, int]] = field(default_factory=dict)

    def parts(self, parent: etree._Element, nested: int) -> Iterator[Part]:
        """Yield what stands in the body, in controls and in text that was inserted under tracking."""
        if nested > _NESTED_MAX:
            raise corrupt(self.filename, _WHAT, "its parts nest too deep")
        for child in self.work.each(parent):
            if child.tag == f"{_W}p":
                part = self._paragraph(child)
                if part.text:
                    yield part
            elif child.tag == f"{_W}tbl":
                rows = tuple(row for row in self._rows(child) if any(row))
                self.number += 1
                if rows:
                    yield Part(self.number, self.page, "", rows=rows)
            elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
                yield from self.parts(child, nested + 1)

    def _paragraph(self, element: etree._Element) -> Part:
        self.number += 1
        text = self._text(element)
        page = self.page
        properties = element.find(f"{_W}pPr")
        style = self.styles.get(_value(properties, "pStyle"), _Style(0, "", 0))
        listed = properties.find(f"{_W}numPr") if properties is not None else None
        numbered, depth = style.numbered, style.depth
        if listed is not None:
            numbered, depth = _value(listed, "numId"), _whole(_value(listed, "ilvl"), depth)
        outline = _value(properties, "outlineLvl")
        heading = int(outline) + 1 if outline.isdecimal() and int(outline) < _LEVELS_MAX else style.heading
        if not text or numbered in ("", "0") or numbered not in self.levels:
            return Part(self.number, page, text, heading)
        depth = min(depth, _LEVELS_MAX - 1)
        return Part(self.number, page, text, heading, depth, self._mark(numbered, depth))

    def _mark(self, numbered: str, depth: int) -> str:
        """Count on in a list and return the sign of the next entry as it is printed."""
        levels = self.levels[numbered]
        level = levels.get(depth, _Level("decimal", f"%{depth + 1}.", 1))
        if level.form in ("bullet", "none"):
            return "-"
        counts = self.counts.setdefault(numbered, {})
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for deeper in [each for each in counts if each > depth]:
            del counts[deeper]

        def shown(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            one = levels.get(at, _Level("decimal", "", 1))
            return _counted(counts.get(at, one.start), one.form)

        return re.sub(r"%(\d)", shown, level.text).strip() or _counted(counts[depth], level.form)

    def _text(self, element: etree._Element) -> str:
        found: list[str] = []
        for part in element.iter(f"{_W}t", f"{_W}tab", f"{_W}br", f"{_W}cr", f"{_W}lastRenderedPageBreak"):
            if any(above.tag in (f"{_W}del", f"{_W}txbxContent") for above in part.iterancestors()):
                continue
            if part.tag == f"{_W}t":
                found.append(part.text or "")
            elif part.tag == f"{_W}lastRenderedPageBreak" or part.get(f"{_W}type") == "page":
                self.page += 1
            else:
                found.append(" ")
        return " ".join("".join(found).split())

    def _rows(self, table: etree._Element) -> Iterator[tuple[str, ...]]:
        for row in self.work.each(table.iterchildren(f"{_W}tr")):
            cells = list(row.iterchildren(f"{_W}tc", f"{_W}sdt"))
            yield tuple(
                " ".join(filter(None, (self._text(paragraph) for paragraph in cell.iter(f"{_W}p"))))
                for cell in cells
            )


def _value(parent: etree._Element | None, name: str) -> str:
    found = parent.find(f"{_W}{name}") if parent is not None else None
    return (found.get(f"{_W}val") or "") if found is not None else ""


def _whole(text: str, otherwise: int) -> int:
    return int(text[:3]) if text.isdecimal() else otherwise


def _styles(root: etree._Element | None) -> dict[str, _Style]:
    found: dict[str, _Style] = {}
    for style in root.iterchildren(f"{_W}style") if root is not None else ():
        name, identifier = _value(style, "name"), style.get(f"{_W}styleId") or ""
        properties = style.find(f"{_W}pPr")
        listed = properties.find(f"{_W}numPr") if properties is not None else None
        match = _HEADING.match(name) or _HEADING.match(identifier)
        heading = int(match[1]) if match else 1 if name.casefold() in ("title", "titel") else 0
        found[identifier] = _Style(heading, _value(listed, "numId"), _whole(_value(listed, "ilvl"), 0))
    return found


def _numbering(root: etree._Element | None) -> dict[str, dict[int, _Level]]:
    if root is None:
        return {}
    kinds: dict[str, dict[int, _Level]] = {}
    for one in root.iterchildren(f"{_W}abstractNum"):
        kinds[one.get(f"{_W}abstractNumId") or ""] = {
            _whole(level.get(f"{_W}ilvl") or "", 0): _Level(
                _value(level, "numFmt") or "decimal",
                _value(level, "lvlText"),
                _whole(_value(level, "start"), 1),
            )
            for level in one.iterchildren(f"{_W}lvl")
        }
    return {
        one.get(f"{_W}numId") or "": kinds.get(_value(one, "abstractNumId"), {})
        for one in root.iterchildren(f"{_W}num")
    }


def _counted(number: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter") and 1 <= number <= 26:
        return chr((96 if form == "lowerLetter" else 64) + number)
    if form in ("lowerRoman", "upperRoman") and 1 <= number < 40:
        units = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
        roman = "x" * (number // 10) + units[number % 10]
        return roman if form == "lowerRoman" else roman.upper()
    return str(number)
