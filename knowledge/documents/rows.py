"""The cells of line items as typed values, each with its place, and the arithmetic of each line."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from flowmaster.engine.values import Json
from flowmaster.knowledge.documents.evidence import Candidate, form_evidence
from flowmaster.knowledge.documents.extraction import Check, Field, Place, place_of
from flowmaster.knowledge.documents.items import ItemRow, Items
from flowmaster.knowledge.documents.layout import Run, run_of
from flowmaster.knowledge.documents.model import Word, box_around
from flowmaster.knowledge.documents.readings import Customs, Reading, read
from flowmaster.knowledge.documents.schema import FieldSpec
from flowmaster.knowledge.documents.totals import TOLERANCE, number_of
from flowmaster.knowledge.documents.work import Work

_ROUNDING = Decimal("0.005")


def read_rows(
    items: Items, spec: FieldSpec, customs: Customs, work: Work
) -> tuple[Field | None, Check | None, Decimal | None]:
    """Return the rows as a field, the check of each line's arithmetic, and the sum of the lines."""
    products = [_multiplies(row, customs) for row in work.each(items.rows)]
    rows = [
        {name: place_of(_checked(cell, holds)) for name, cell in _typed(row, spec.columns, customs).items()}
        for row, holds in work.each(zip(items.rows, products, strict=True))
    ]
    if not rows or not any(rows):
        return None, None, None
    value: list[Json] = [
        {column.name: row[column.name].value if column.name in row else None for column in spec.columns}
        for row in rows
    ]
    return _field(spec, items, rows, value), _arithmetic(products, spec), _sum(items, customs)


def _typed(row: ItemRow, columns: Sequence[FieldSpec], customs: Customs) -> dict[str, Candidate]:
    cells: dict[str, Candidate] = {}
    for column in columns:
        run = row.cells.get(column.key or column.name)
        reading = _read(run, column, customs) if run is not None else None
        if run is not None and reading is not None:
            cells[column.name] = Candidate(
                value=reading.value,
                page=row.page,
                box=run.box,
                quote=run.text,
                method="table.cell",
                evidence=("column of the table", *form_evidence(reading.form)),
                ref=run.words[0].ref,
            )
    return cells


def _read(run: Run, column: FieldSpec, customs: Customs) -> Reading | None:
    if column.type in {"number", "integer", "amount"}:
        bare = [Word(w.text.replace("%", "").rstrip(".)") or ".", w.box, w.size) for w in run.words]
        run = run_of(bare)
    return read(run, column, customs)


_MONEY = FieldSpec(name="", type="amount")
_COUNT = FieldSpec(name="", type="number")


def _amount(row: ItemRow, key: str, customs: Customs) -> Decimal | None:
    run = row.cells.get(key)
    reading = (
        _read(run, _COUNT if key in {"quantity", "discount"} else _MONEY, customs)
        if run is not None
        else None
    )
    return number_of(reading.value) if reading is not None else None


def _multiplies(row: ItemRow, customs: Customs) -> bool | None:
    """Tell whether quantity times price, less a discount in per cent, is the amount; None if one is missing."""
    quantity, price, amount = (_amount(row, key, customs) for key in ("quantity", "unit_price", "amount"))
    if quantity is None or price is None or amount is None:
        return None
    discount = _amount(row, "discount", customs) or Decimal(0)
    due = quantity * price * (1 - discount / 100)
    return abs(due - amount) <= max(TOLERANCE, abs(quantity) * _ROUNDING)


def _checked(cell: Candidate, multiplies: bool | None) -> Candidate:
    if multiplies is None or cell.method != "table.cell" or number_of(cell.value) is None:
        return cell
    return cell.backed_by("sums agree" if multiplies else "sums disagree")


def _sum(items: Items, customs: Customs) -> Decimal | None:
    amounts = [_amount(row, "amount", customs) for row in items.rows]
    found = [amount for amount in amounts if amount is not None]
    return sum(found, Decimal(0)) if found and len(found) == len(amounts) else None


def _arithmetic(products: Sequence[bool | None], spec: FieldSpec) -> Check | None:
    if all(holds is None for holds in products):
        return None
    wrong = [number for number, holds in enumerate(products, start=1) if holds is False]
    listed = ", ".join(map(str, wrong[:10]))
    return Check(
        name="lines_multiply",
        passed=not wrong,
        message=f"Quantity times price is not the amount in line {listed}."
        if wrong
        else "Quantity times price is the amount in every line.",
        fields=(spec.name,),
    )


def _field(spec: FieldSpec, items: Items, rows: list[dict[str, Place]], value: list[Json]) -> Field:
    first = items.rows[0].page
    boxes = [place.box for row in rows for place in row.values() if place.page == first]
    scores = [place.confidence for row in rows for place in row.values()]
    gaps = sum(1 for row in rows for column in spec.columns if column.required and column.name not in row)
    cells = max(len(rows) * sum(1 for column in spec.columns if column.required), 1)
    mean = sum(scores, Decimal(0)) / len(scores) * (1 - Decimal(gaps) / cells)
    place = Place(
        value=value,
        confidence=mean.quantize(Decimal("0.01")),
        page=first,
        box=box_around(boxes),
        quote=_quote(items.rows[0].cells),
        method="table.ruled" if items.ruled else "table.columns",
        evidence=("column of the table",),
    )
    return Field(name=spec.name, place=place, rows=tuple(rows))


def _quote(cells: Mapping[str, Run]) -> str:
    return " | ".join(run.text for run in sorted(cells.values(), key=lambda run: run.box.x0))
