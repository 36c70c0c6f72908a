"""Typed fields out of a document by a schema: found by labels, forms, layout and tables, proved by checks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache

from flowmaster.engine.values import Json
from flowmaster.knowledge.documents.candidates import Reader, with_reader_boxes
from flowmaster.knowledge.documents.evidence import Candidate, Choice, choose
from flowmaster.knowledge.documents.extraction import Check, Extraction, Field, place_of
from flowmaster.knowledge.documents.formats import day_order_of, decimal_mark_of
from flowmaster.knowledge.documents.items import Items, find_items
from flowmaster.knowledge.documents.labels import LabelIndex, PageLayout, find_labels
from flowmaster.knowledge.documents.model import ReadDocument
from flowmaster.knowledge.documents.parties import Parties, find_parties
from flowmaster.knowledge.documents.readings import Customs
from flowmaster.knowledge.documents.rows import read_rows
from flowmaster.knowledge.documents.schema import FieldSpec, parse_schema
from flowmaster.knowledge.documents.totals import TOTALS, fit_totals, lines_check, totals_check
from flowmaster.knowledge.documents.vocabulary import plain, vocabulary
from flowmaster.knowledge.documents.work import Work


def extract_fields(document: ReadDocument, schema: Json, work: Work | None = None) -> Extraction:
    """Find the fields of a schema (compact, JSON Schema, or `invoice`) in a document.

    Every value has its page, box, quote, rule (`method`) and a confidence computed from the evidence
    (`evidence.WEIGHTS`). What is not found is listed in `missing`; where two values are as likely, both are shown.
    """
    return _extract(document, parse_schema(schema), work or Work())


def _extract(document: ReadDocument, specs: tuple[FieldSpec, ...], work: Work) -> Extraction:
    wanted = (*specs, *_helpers(specs))
    layouts = [PageLayout(page, work) for page in document.pages]
    texts = [line.text for layout in layouts for line in layout.lines]
    customs = Customs(decimal_mark_of(work.each(texts)), day_order_of(work.each(texts)))
    index = LabelIndex.of_fields(wanted)
    rows = next((spec for spec in specs if spec.type == "rows"), None)
    columns = rows.columns if rows is not None else _LINES
    items = (
        find_items(layouts, columns, _totals_index(), customs.mark, work)
        if _may_have_items(specs)
        else Items()
    )
    outside = [
        PageLayout(layout.page, work, areas) if (areas := items.areas.get(layout.page.number)) else layout
        for layout in layouts
    ]
    labels = {layout.page.number: find_labels(layout, index, work) for layout in outside}
    reader = Reader(layouts, outside, labels, customs, work)
    parties = find_parties(outside, labels, work)
    line_field, arithmetic, lines_sum = (
        read_rows(items, rows, customs, work) if rows is not None and items.rows else (None, None, None)
    )
    choices = _choices(reader, wanted, parties, lines_sum)
    fields, checks = _checked(choices, specs, rows, line_field, lines_sum)
    if arithmetic is not None:
        checks = [arithmetic, *checks]
    missing = tuple(spec.name for spec in specs if spec.name not in fields)
    required = tuple(spec.name for spec in specs if spec.required and spec.name in missing)
    return Extraction(fields=fields, missing=missing, missing_required=required, checks=tuple(checks))


def _helper(key: str) -> FieldSpec:
    (spec,) = parse_schema({key: vocabulary().fields[key].type})
    return replace(spec, name=f"({key})", required=False)


_LINES = parse_schema({"lines": [{"description": "string", "quantity": "number", "unit_price": "amount", "amount": "amount"}]})[0].columns  # fmt: skip


def _helpers(specs: Sequence[FieldSpec]) -> list[FieldSpec]:
    """Return fields that nobody asked for but that prove or part those that were."""
    keys = {spec.key for spec in specs}
    needed: list[str] = []
    if keys & {*TOTALS, "currency", "lines"}:
        needed.extend(TOTALS)
    if "due_date" in keys:
        needed.append("invoice_date")
    if keys & {"supplier_vat_id", "buyer_vat_id"}:
        needed.extend(("supplier_vat_id", "buyer_vat_id"))
    if keys & {"supplier", "buyer"}:
        needed.extend(("supplier", "buyer"))
    return [_helper(key) for key in dict.fromkeys(needed) if key not in keys]


@cache
def _totals_index() -> LabelIndex:
    return LabelIndex.of_fields(
        [*parse_schema({key: vocabulary().fields[key].type for key in vocabulary().fields})]
    )


def _may_have_items(specs: Sequence[FieldSpec]) -> bool:
    return any(spec.type == "rows" or spec.key in vocabulary().fields for spec in specs)


def _choices(
    reader: Reader, specs: Sequence[FieldSpec], parties: Parties, lines_sum: Decimal | None
) -> dict[str, Choice]:
    found: dict[str, list[Candidate]] = {}
    for spec in specs:
        if spec.type != "rows":
            found[spec.name] = [*reader.labelled(spec), *reader.anywhere(spec)]
    names = {spec.key: spec.name for spec in specs if spec.key}
    totals = fit_totals({key: found[names[key]] for key in TOTALS if key in names}, lines_sum)
    for key in TOTALS:
        if key in names:
            found[names[key]] = totals[key]
    _add_parties(found, names, parties)
    _add_currency(found, names, reader)
    choices = {name: choice for name, candidates in found.items() if (choice := choose(candidates))}
    _add_due_date(choices, names, reader)
    return {name: _with_other_reading(choice) for name, choice in choices.items()}


def _add_parties(found: dict[str, list[Candidate]], names: Mapping[str, str], parties: Parties) -> None:
    if "supplier" in names and "buyer" in names:
        supplier, buyer = found[names["supplier"]], found[names["buyer"]]
        issuers, payers = _named(supplier), _named(buyer)
        supplier.extend(name for name in parties.supplier if plain(name.quote) not in payers)
        buyer.extend(name for name in parties.buyer if plain(name.quote) not in issuers)
    if "supplier_vat_id" in names:
        own = found[names["supplier_vat_id"]]
        outside = with_reader_boxes(own, parties.buyer_boxes)
        theirs = {
            candidate.value for candidate in found.get(names.get("buyer_vat_id", ""), []) if candidate.label
        }
        found[names["supplier_vat_id"]] = [
            candidate for candidate in outside if candidate.value not in theirs
        ]
    if "buyer_vat_id" in names:
        inside = found.get(names.get("supplier_vat_id", ""), [])
        issuer = {candidate.value for candidate in inside}
        found[names["buyer_vat_id"]] = [
            candidate for candidate in found[names["buyer_vat_id"]] if candidate.value not in issuer
        ]


def _named(candidates: Sequence[Candidate]) -> set[str]:
    return {plain(candidate.quote) for candidate in candidates if "weak label" not in candidate.evidence}


def _add_currency(found: dict[str, list[Candidate]], names: Mapping[str, str], reader: Reader) -> None:
    if "currency" in names:
        amounts = [candidate for key in TOTALS if key in names for candidate in found[names[key]]]
        found[names["currency"]].extend(reader.currency(amounts))


def _add_due_date(choices: dict[str, Choice], names: Mapping[str, str], reader: Reader) -> None:
    if "due_date" not in names or names["due_date"] in choices or names.get("invoice_date") not in choices:
        return
    issued = choices[names["invoice_date"]].best.value
    if isinstance(issued, str):
        derived = choose(list(reader.due_by_terms(date.fromisoformat(issued))))
        if derived is not None:
            choices[names["due_date"]] = derived


def _with_other_reading(choice: Choice) -> Choice:
    """Show the second reading of an ambiguous value (03/04/2026) among the alternatives."""
    if choice.best.other is None:
        return choice
    second = replace(choice.best, value=choice.best.other, other=None)
    return Choice(choice.best, (second, *choice.others))


def _checked(
    choices: Mapping[str, Choice],
    specs: Sequence[FieldSpec],
    rows: FieldSpec | None,
    line_field: Field | None,
    lines_sum: Decimal | None,
) -> tuple[dict[str, Field], list[Check]]:
    names = {spec.key: spec.name for spec in specs if spec.key in TOTALS}
    values = {
        key: choices[name].best.value
        for key in TOTALS
        for name in (names.get(key, f"({key})"),)
        if name in choices
    }
    checks = [check for check in (totals_check(values, names),) if check is not None]
    if rows is not None and lines_sum is not None:
        summed = lines_check(lines_sum, values, names, rows.name)
        checks.extend([summed] if summed is not None else [])
    failed = {name for check in checks if not check.passed for name in check.fields}
    held = {name for check in checks if check.passed for name in check.fields} - failed
    fields: dict[str, Field] = {}
    for spec in specs:
        if spec.type == "rows":
            if line_field is not None and spec is rows:
                fields[spec.name] = _rows_field(line_field, spec.name in failed, spec.name in held)
        elif spec.name in choices:
            fields[spec.name] = _field(spec, choices[spec.name], spec.name in failed, spec.name in held)
    return fields, checks


def _field(spec: FieldSpec, choice: Choice, failed: bool, held: bool) -> Field:
    best = choice.best
    if failed:
        best = best.backed_by("sums disagree")
    elif held:
        best = best.backed_by("sums agree")
    conflict = "another value is as likely" in best.evidence or best.other is not None
    alternatives = tuple(place_of(other) for other in choice.others)
    return Field(name=spec.name, place=place_of(best), alternatives=alternatives, conflict=conflict)


def _rows_field(field: Field, failed: bool, held: bool) -> Field:
    change = Decimal("-0.30") if failed else Decimal("0.08") if held else Decimal(0)
    confidence = min(max(field.place.confidence + change, Decimal("0.05")), Decimal("0.99"))
    return replace(field, place=replace(field.place, confidence=confidence))
