"""XLSX into rows of values and back: the one file that knows openpyxl. Of formulas the saved result is read."""

import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.knowledge.documents.extras import missing_extra
from flowmaster.knowledge.documents.limits import corrupt, too_large
from flowmaster.knowledge.documents.model import Sheet
from flowmaster.knowledge.documents.work import Work

_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


_READ_IN_STEPS = ("xl/worksheets/", "xl/sharedStrings", "xl/media/", "xl/drawings/", "xl/pivot")
"""The parts that are read row by row, or not at all."""
_SMALL_PART_BYTES_MAX = 5_000_000
"""How long the parts of a workbook may be that are read in one go: styles, names, the list of sheets."""


class _Watched(io.BytesIO):
    """The bytes of a workbook; each time that some are read is a step of the work."""

    def __init__(self, data: bytes, work: Work) -> None:
        super().__init__(data)
        self._work = work

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes."""
        self._work.step()
        return super().read(size)


def read_sheets(data: bytes, filename: str, work: Work) -> list[Sheet]:
    """Read the visible sheets of a workbook."""
    limits = work.limits
    try:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError as error:
        raise missing_extra("documents", error) from error
    broken = (
        InvalidFileException, zipfile.BadZipFile, zlib.error, KeyError, IndexError, TypeError, ValueError,
        AttributeError, SyntaxError, OSError, EOFError, RecursionError, ArithmeticError, NotImplementedError,
    )  # fmt: skip
    try:
        _refuse_parts(data, filename)
        workbook = load_workbook(
            _Watched(data, work), read_only=True, data_only=True, keep_links=False, keep_vba=False
        )
        sheets: list[Sheet] = []
        cells = 0
        for worksheet in workbook.worksheets:
            if worksheet.sheet_state != "visible":
                continue
            worksheet.reset_dimensions()
            rows: list[list[Json]] = []
            for row in work.each(worksheet.iter_rows(values_only=True)):
                cells += max(len(row), 1)
                if cells > limits.cells_max:
                    raise too_large(
                        filename,
                        limit="cells_max",
                        allowed=limits.cells_max,
                        found="it has more cells than that",
                    )
                rows.append([_json(value) for value in row])
            sheets.append(Sheet(worksheet.title, _trimmed(rows)))
        workbook.close()
    except FlowMasterError:
        raise
    except broken as error:
        raise corrupt(filename, "an Excel workbook", str(error)[:200] or type(error).__name__) from error
    return sheets


def read_first_sheet(
    data: bytes, filename: str, *, sheet: str = "", work: Work | None = None
) -> list[list[Json]]:
    """Return the rows of a sheet by its name, or of the first one that has content."""
    sheets = read_sheets(data, filename, work or Work())
    chosen = next((found for found in sheets if (found.name == sheet if sheet else found.rows)), None)
    if chosen is None:
        raise no_such_sheet(filename, sheet, [found.name for found in sheets])
    return chosen.rows


def no_such_sheet(filename: str, sheet: str, names: Sequence[str]) -> FlowMasterError:
    """Return the refusal of a workbook without the sheet that was asked for, or without any content."""
    return FlowMasterError(
        "document.sheet_unknown",
        f"{filename!r} has no sheet {sheet!r}." if sheet else f"{filename!r} has no sheet with content.",
        path="sheet",
        expected=list(names),
        fix="Name one of the sheets that the workbook has." if names else "Add a workbook that has content.",
        status=404,
    )


def write_sheet(rows: Sequence[Sequence[Json]], name: str) -> bytes:
    """Return a workbook of one sheet; texts stay texts, whatever they begin with."""
    try:
        from openpyxl import Workbook
        from openpyxl.styles import Font
    except ImportError as error:
        raise missing_extra("documents", error) from error
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = re.sub(r"[\\/*?:\[\]]", " ", name)[:31].strip("' ") or "Sheet"
    for number, row in enumerate(rows, 1):
        for place, value in enumerate(row, 1):
            if value is None:
                continue
            cell = sheet.cell(number, place)
            cell.value = value if isinstance(value, bool | int) else str(value)
            if isinstance(value, str):
                cell.data_type = "s"
                cell.quotePrefix = value.startswith(("=", "-", "+", "@"))
            if number == 1:
                cell.font = Font(bold=True)
    written = io.BytesIO()
    workbook.save(written)
    return written.getvalue()


def _refuse_parts(data: bytes, filename: str) -> None:
    """Refuse declared entities, and long parts of which not even a step can be seen."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for part in archive.infolist():
            if part.file_size > _SMALL_PART_BYTES_MAX and not part.filename.startswith(_READ_IN_STEPS):
                raise too_large(
                    filename,
                    limit="part_bytes_max",
                    allowed=_SMALL_PART_BYTES_MAX,
                    found=f"its part {part.filename!r} has {part.file_size:,} bytes",
                )
            if part.filename.endswith((".xml", ".rels")):
                with archive.open(part) as content:
                    if _DOCTYPE.search(content.read(4_096)):
                        raise corrupt(filename, "an Excel workbook", "its XML declares entities")


def _trimmed(rows: list[list[Json]]) -> list[list[Json]]:
    while rows and all(value is None for value in rows[-1]):
        rows.pop()
    for row in rows:
        while row and row[-1] is None:
            row.pop()
    return rows


def _json(value: object) -> Json:
    match value:
        case None | bool() | int():
            return value
        case float():
            return Decimal(repr(value)) if value == value and abs(value) != float("inf") else None
        case Decimal():
            return value
        case datetime():
            if (value.hour, value.minute, value.second) == (0, 0, 0):
                return value.date().isoformat()
            return value.replace(microsecond=0).isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return f"PT{int(value.total_seconds())}S"
        case _:
            text = str(value).strip()
            return text or None
