"""Which fields are wanted: a compact schema or a JSON Schema, parsed and checked.

Compact: `{"invoice_number": "string", "total": "amount", "lines": [{"quantity": "number"}]}`; a field may be
written out as `{"type": "string", "labels": ["Bauvorhaben"], "pattern": "BV-####", "required": false}`.
A pattern is a mask: `#` is a digit, `@` a letter, `*` any run of letters, digits, `-`, `/`, `.` and `_`; all
other characters stand for themselves.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.feel.said import said
from flowmaster.engine.values import Json
from flowmaster.knowledge.documents.vocabulary import Meaning, vocabulary

FieldType = Literal[
    "string", "number", "integer", "amount", "date", "iban", "vat_id", "currency", "boolean", "rows"
]
Shape = Literal["", "identifier", "name"]
_TYPES: tuple[str, ...] = get_args(FieldType)
_FORMATS = (
    "date",
    "iban",
    "vat_id",
    "vat-id",
    "currency",
    "amount",
    "date-time",
    "boolean",
    "number",
    "integer",
)
_FIELDS_MAX = 200
_LABELS_MAX = 100
_TEXT_MAX = 200
_KEYS = {"type", "labels", "pattern", "required", "description", "columns", "shape"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One wanted field: its name and type, the labels it stands by, and the entry of the vocabulary it is."""

    name: str
    type: FieldType
    key: str = ""
    shape: Shape = ""
    labels: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    pattern: str = ""
    required: bool = True
    columns: tuple["FieldSpec", ...] = ()


INVOICE: Mapping[str, Json] = {
    "invoice_number": "string",
    "invoice_date": "date",
    "supplier": "string",
    "supplier_vat_id": {"type": "vat_id", "required": False},
    "buyer": "string",
    "order_number": {"type": "string", "required": False},
    "net": "amount",
    "tax": "amount",
    "total": "amount",
    "currency": "currency",
    "iban": {"type": "iban", "required": False},
    "due_date": {"type": "date", "required": False},
    "lines": [
        {
            "position": {"type": "integer", "required": False},
            "description": "string",
            "quantity": "number",
            "unit_price": "amount",
            "amount": "amount",
        }
    ],
}
"""The fields of an invoice, as `schema: "invoice"` means them."""
_NAMED: Mapping[str, Mapping[str, Json]] = {"invoice": INVOICE}


def parse_schema(schema: Json) -> tuple[FieldSpec, ...]:
    """Parse a compact schema, a JSON Schema or the name of a built-in one (`invoice`)."""
    if isinstance(schema, str):
        known = _NAMED.get(schema)
        if known is None:
            raise _invalid("schema", f"no built-in schema {schema!r}.{did_you_mean(schema, list(_NAMED))}")
        schema = known
    if not isinstance(schema, Mapping) or not schema:
        raise _invalid("schema", "a schema is an object of field names and types")
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        return _fields(properties, "schema.properties", _required(schema), columns=False)
    return _fields(schema, "schema", None, columns=False)


def mask_expression(mask: str) -> str:
    """Return the regular expression of a mask; it has no nested repetition, so that it always ends soon."""
    parts = {"#": r"\d", "@": r"[A-Za-zÄÖÜäöüß]", "*": r"[\w./-]{0,40}"}
    return "".join(parts.get(sign) or re.escape(sign) for sign in mask)


def _invalid(path: str, why: str) -> FlowMasterError:
    return FlowMasterError(
        "schema.invalid",
        f"The schema cannot be used: {why}{'' if why.endswith(('.', '?')) else '.'}",
        path=path,
        expected={"types": list(_TYPES), "example": {"invoice_number": "string", "total": "amount"}},
        fix="Give an object that maps field names to types, or the name of a built-in schema: 'invoice'.",
    )


def _required(schema: Mapping[str, Json]) -> frozenset[str]:
    names = schema.get("required")
    if isinstance(names, Sequence) and not isinstance(names, str):
        return frozenset(str(name) for name in names)
    return frozenset()


def _fields(
    entries: Mapping[str, Json], path: str, required: frozenset[str] | None, *, columns: bool
) -> tuple[FieldSpec, ...]:
    if len(entries) > _FIELDS_MAX:
        raise _invalid(path, f"it has {len(entries)} fields; at most {_FIELDS_MAX} are read at once")
    return tuple(_field(name, entry, f"{path}.{name}", required, columns) for name, entry in entries.items())


def _field(name: str, entry: Json, path: str, required: frozenset[str] | None, columns: bool) -> FieldSpec:
    meaning = (vocabulary().column if columns else vocabulary().field)(name)
    if isinstance(entry, str):
        return _spec(name, _type(entry, path), meaning, {}, path, required is None or name in required)
    if isinstance(entry, Sequence):
        return _rows(
            name, entry[0] if len(entry) == 1 else None, path, columns, required is None or name in required
        )
    if not isinstance(entry, Mapping):
        raise _invalid(path, f"{said(entry)} is neither a type nor an object that has one")
    wanted = (name in required) if required is not None else entry.get("required") is not False
    if entry.get("type") == "array":
        items = entry.get("items")
        properties = items.get("properties") if isinstance(items, Mapping) else None
        return _rows(
            name, properties, path, columns, wanted, _required(items) if isinstance(items, Mapping) else None
        )
    if entry.get("type") == "rows" or "columns" in entry:
        return _rows(name, entry.get("columns"), path, columns, wanted)
    if entry.get("type") == "object":
        raise _invalid(path, "objects inside objects are not read; name each field by itself")
    if required is None:
        unknown = sorted(set(entry) - _KEYS)
        if unknown:
            raise _invalid(path, f"it has no key {unknown[0]!r}.{did_you_mean(unknown[0], sorted(_KEYS))}")
    kind = _json_schema_type(entry, meaning, path) if required is not None else _type(entry.get("type"), path)
    return _spec(name, kind, meaning, entry, path, wanted)


def _json_schema_type(entry: Mapping[str, Json], meaning: Meaning | None, path: str) -> FieldType:
    kinds = entry.get("type")
    if isinstance(kinds, Sequence) and not isinstance(kinds, str):
        kinds = next((kind for kind in kinds if kind != "null"), None)
    form = entry.get("format")
    if isinstance(form, str) and form in _FORMATS:
        return _type(form.replace("-", "_").removesuffix("_time"), path)
    kind = _type(kinds, path)
    if meaning is not None and (kind, meaning.type) in {
        ("string", "date"), ("string", "iban"), ("string", "vat_id"), ("string", "currency"), ("number", "amount"),
    }:  # fmt: skip
        return _type(meaning.type, path)
    return kind


def _type(kind: Json, path: str) -> FieldType:
    known = {"vat id": "vat_id", "vat": "vat_id"}.get(kind, kind) if isinstance(kind, str) else ""
    for type_ in get_args(FieldType):
        if known == type_ and type_ != "rows":
            found: FieldType = type_
            return found
    hint = did_you_mean(known, _TYPES)
    raise _invalid(path, f"{said(kind)} is no type of a field.{hint}")


def _rows(
    name: str, entries: Json, path: str, inside: bool, wanted: bool, required: frozenset[str] | None = None
) -> FieldSpec:
    if inside or not isinstance(entries, Mapping) or not entries:
        raise _invalid(path, "rows are written as a list of one object: its columns and their types")
    columns = _fields(entries, path, required, columns=True)
    return FieldSpec(name=name, type="rows", key="lines", required=wanted, columns=columns)


def _spec(
    name: str, kind: FieldType, meaning: Meaning | None, entry: Mapping[str, Json], path: str, wanted: bool
) -> FieldSpec:
    labels = _labels(entry.get("labels"), path)
    pattern = entry.get("pattern", "") or ""
    if not isinstance(pattern, str) or len(pattern) > _TEXT_MAX or pattern.count("*") > 3:
        raise _invalid(f"{path}.pattern", "a pattern is a mask such as 'PO-####' with at most three '*'")
    if meaning is None:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]+", " ", name)
        return FieldSpec(
            name=name,
            type=kind,
            labels=(words, *labels),
            pattern=pattern,
            required=wanted,
            shape=_shape(entry, ""),
        )
    fits = meaning.type == kind or {meaning.type, kind} <= {"number", "integer", "amount"}
    return FieldSpec(
        name=name,
        type=kind,
        key=meaning.key if fits else "",
        shape=_shape(entry, meaning.shape),
        labels=(*meaning.labels, *labels),
        weak=meaning.weak,
        pattern=pattern,
        required=wanted,
    )


def _shape(entry: Mapping[str, Json], usual: str) -> Shape:
    match entry.get("shape", usual):
        case "identifier":
            return "identifier"
        case "name":
            return "name"
        case _:
            return ""


def _labels(entry: Json, path: str) -> tuple[str, ...]:
    if entry is None:
        return ()
    texts = [entry] if isinstance(entry, str) else entry
    if not isinstance(texts, Sequence) or len(texts) > _LABELS_MAX:
        raise _invalid(f"{path}.labels", "labels are a list of texts")
    found = tuple(text for text in texts if isinstance(text, str) and 0 < len(text) <= _TEXT_MAX)
    if len(found) != len(texts):
        raise _invalid(f"{path}.labels", "labels are a list of texts")
    return found
