"""CSV: which sign parts the columns, and the rows as text."""

import csv
import io
from collections import Counter

from flowmaster.knowledge.documents.limits import corrupt, too_large
from flowmaster.knowledge.documents.work import Work

_DELIMITERS = (";", "\t", ",", "|")
_SAMPLE_LINES = 60


def delimiter_of(text: str) -> str | None:
    """Return the sign that parts the sample into the same number (two or more) of columns most often."""
    best: tuple[float, int, str] | None = None
    for delimiter in _DELIMITERS:
        try:
            sample = _sample(text, delimiter)
        except csv.Error:
            continue
        widths = Counter(len(row) for row in sample if any(row))
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
        steady = count / sum(widths.values())
        if width > 1 and steady >= 0.6 and (best is None or (steady, width) > best[:2]):
            best = (steady, width, delimiter)
    return best[2] if best else None


def rows_of(text: str, filename: str, work: Work, *, delimiter: str) -> list[list[str]]:
    """Part the text into rows of cells; quoted cells may hold delimiters and line breaks."""
    limits = work.limits
    rows: list[list[str]] = []
    cells = 0
    try:
        for row in work.each(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)):
            cells += len(row)
            if cells > limits.cells_max:
                raise too_large(
                    filename, limit="cells_max", allowed=limits.cells_max, found="it has more cells than that"
                )
            if len(row) > limits.columns_max:
                raise too_large(
                    filename, limit="columns_max", allowed=limits.columns_max, found=f"a row has {len(row):,}"
                )
            rows.append([cell.strip() for cell in row])
    except csv.Error as error:
        raise corrupt(filename, "CSV", str(error)) from error
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def _sample(text: str, delimiter: str) -> list[list[str]]:
    lines = text[:200_000].splitlines(keepends=True)[:_SAMPLE_LINES]
    return list(csv.reader(lines, delimiter=delimiter))
