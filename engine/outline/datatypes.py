"""The types of data: short words (`number > 0`, `low|high`, `{total: number}`) for JSON Schemas, both ways.

A field is required unless its name ends in `?`. `{schema: {...}}` stands for a JSON Schema as it is.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from flowmaster.engine.errors import did_you_mean
from flowmaster.engine.outline.problems import Problems
from flowmaster.engine.values import Json

TYPES: dict[str, dict[str, Json]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"},
    "datetime": {"type": "string", "format": "date-time"},
    "duration": {"type": "string", "format": "duration"},
    "person": {"type": "string", "format": "person", "minLength": 1},
    "document": {"type": "string", "format": "document"},
    "email": {"type": "string", "format": "email"},
    "list": {"type": "array"},
    "object": {"type": "object"},
    "any": {},
}
"""The words for types and the JSON Schema of each."""

_SYNONYMS = {
    "string": "text",
    "str": "text",
    "bool": "boolean",
    "yesno": "boolean",
    "int": "integer",
    "float": "number",
    "decimal": "number",
    "money": "number",
    "date-time": "datetime",
    "date and time": "datetime",
    "user": "person",
    "file": "document",
    "array": "list",
    "context": "object",
}
_DEPTH_MAX = 12
_NUMBER = r"-?\d+(?:\.\d+)?"
_BOUND = re.compile(rf"(>=|<=|>|<)\s*({_NUMBER})")
_RANGE = re.compile(rf"({_NUMBER})\s*\.\.\s*({_NUMBER})\Z")
_WORD = re.compile(r"[^\W\d][\w-]*(?: and time)?")
_BOUNDS = {">=": "minimum", "<=": "maximum", ">": "exclusiveMinimum", "<": "exclusiveMaximum"}
_LENGTHS = {">=": "minLength", "<=": "maxLength"}
_SIGNS = {name: sign for sign, name in _BOUNDS.items()} | {name: sign for sign, name in _LENGTHS.items()}
EXPECTED = (
    "text, number, integer, boolean, date, time, datetime, duration, person, document, email, any; "
    "bounds `number > 0`, `integer 1..5`; choice `low|high`; list `[number]`; object `{total: number, note?: text}`"
)

Named = Mapping[str, Json]


def schema_of(
    spec: Json, path: str, problems: Problems, types: Named | None = None, depth: int = 0
) -> dict[str, Json]:
    """Return the JSON Schema that a type of the outline stands for; what is wrong goes to `problems`."""
    if depth > _DEPTH_MAX:
        problems.add(
            "outline.type_too_deep",
            path,
            f"Types nest deeper than {_DEPTH_MAX} levels.",
            fix="Give an inner type a name in `data`, or leave levels out.",
        )
        return {}
    if isinstance(spec, str):
        return _from_text(spec.strip(), path, problems, types or {}, depth)
    if isinstance(spec, Mapping):
        return _from_mapping(spec, path, problems, types or {}, depth)
    if isinstance(spec, Sequence) and len(spec) == 1:
        return {"type": "array", "items": schema_of(spec[0], f"{path}[0]", problems, types, depth + 1)}
    if isinstance(spec, Sequence) and spec and all(isinstance(entry, str | int) for entry in spec):
        return {"enum": list(spec)}
    problems.add(
        "outline.type_unknown", path, f"{spec!r} is no type.", expected=EXPECTED, fix="Write a type as text."
    )
    return {}


def _from_mapping(spec: Named, path: str, problems: Problems, types: Named, depth: int) -> dict[str, Json]:
    inner = spec.get("schema")
    if len(spec) == 1 and isinstance(inner, Mapping):
        return dict(inner)
    properties: dict[str, Json] = {}
    required: list[str] = []
    for key, entry in spec.items():
        name = key.removesuffix("?")
        optional = key.endswith("?")
        if isinstance(entry, str) and entry.strip().endswith("?"):
            optional, entry = True, entry.strip().removesuffix("?")
        properties[name] = schema_of(entry, f"{path}.{key}", problems, types, depth + 1)
        if not optional:
            required.append(name)
    schema: dict[str, Json] = {"type": "object", "properties": properties}
    return schema | {"required": required} if required else schema


def _from_text(spec: str, path: str, problems: Problems, types: Named, depth: int) -> dict[str, Json]:
    if "|" in spec:
        return {"enum": [part.strip().strip('"') for part in spec.split("|")]}
    listed = spec.removeprefix("list of ") if spec.startswith("list of ") else spec.removesuffix("[]")
    if listed != spec:
        return {"type": "array", "items": schema_of(listed, path, problems, types, depth + 1)}
    word = _WORD.match(spec)
    name = word[0] if word else ""
    if name in types:
        return schema_of(types[name], f"types.{name}", problems, types, depth + 1)
    name = _SYNONYMS.get(name.lower(), name)
    if name not in TYPES:
        known = [*TYPES, *types]
        problems.add(
            "outline.type_unknown",
            path,
            f"{spec!r} is no type.{did_you_mean(name or spec, known)}",
            expected=EXPECTED,
            fix="Take one of these words, or declare the name under `types`.",
        )
        return {}
    return _bounded(name, spec[word.end() if word else 0 :].strip(), spec, path, problems)


def _bounded(name: str, rest: str, spec: str, path: str, problems: Problems) -> dict[str, Json]:
    schema = dict(TYPES[name])
    if not rest:
        return schema
    words = _BOUNDS if name in ("number", "integer") else _LENGTHS if name == "text" else {}
    span = _RANGE.match(rest)
    if span is not None and words:
        return schema | {words[">="]: _number(span[1]), words["<="]: _number(span[2])}
    bounds = _BOUND.findall(rest)
    leftover = _BOUND.sub("", rest).replace("and", "").replace(",", "").strip()
    if not bounds or leftover or any(sign not in words for sign, _ in bounds):
        problems.add(
            "outline.type_bounds_wrong",
            path,
            f"{rest!r} behind `{name}` in {spec!r} is not understood.",
            expected="bounds such as `> 0`, `>= 0 <= 100`, `1..5` behind number or integer, `<= 200` behind text",
        )
    return schema | {words[sign]: _number(value) for sign, value in bounds if sign in words}


def _number(text: str) -> Json:
    return Decimal(text) if "." in text else int(text)


def type_of(schema: Named) -> Json:
    """Return the shortest words for a JSON Schema; `{schema: ...}` where the words do not reach."""
    found = _object(schema) if schema.get("type") == "object" and "properties" in schema else _simple(schema)
    return {"schema": dict(schema)} if found is None else found


def _object(schema: Named) -> Json:
    properties, required = schema["properties"], schema.get("required", ())
    if set(schema) - {"type", "properties", "required"} or not isinstance(properties, Mapping):
        return None
    if not properties or not isinstance(required, Sequence) or set(required) - set(properties):
        return None
    listed = {
        name if name in required else f"{name}?": type_of(entry) if isinstance(entry, Mapping) else "any"
        for name, entry in properties.items()
    }
    plain = [name for name in properties if name in required] == list(required)
    clear = set(listed) != {"schema"} and not any(name.endswith("?") for name in properties)
    return listed if plain and clear else None


def _simple(schema: Named) -> Json:
    rules: tuple[Callable[[Named], Json], ...] = (_named, _choice, _list, _range)
    return next((found for rule in rules if (found := rule(schema)) is not None), None)


def _named(schema: Named) -> Json:
    return next((name for name, known in TYPES.items() if known == schema), None)


def _choice(schema: Named) -> Json:
    values = schema.get("enum")
    if set(schema) != {"enum"} or not isinstance(values, Sequence) or len(values) < 2:
        return None
    if not all(
        isinstance(value, str) and value == value.strip(' "') and value and "|" not in value
        for value in values
    ):
        return None
    return "|".join(str(value) for value in values)


def _list(schema: Named) -> Json:
    items = schema.get("items")
    if set(schema) != {"type", "items"} or schema["type"] != "array" or not isinstance(items, Mapping):
        return None
    return [type_of(items)]


def _range(schema: Named) -> Json:
    kind = schema.get("type")
    name = {"number": "number", "integer": "integer", "string": "text"}.get(str(kind))
    words = _LENGTHS if name == "text" else _BOUNDS
    bounds = {key: value for key, value in schema.items() if key != "type"}
    if name is None or not bounds or set(bounds) - set(words.values()):
        return None
    if not all(isinstance(value, int | Decimal) and not isinstance(value, bool) for value in bounds.values()):
        return None
    low, high = bounds.get(words[">="]), bounds.get(words["<="])
    if len(bounds) == 2 and low is not None and high is not None:
        return f"{name} {low}..{high}"
    return f"{name} {' '.join(f'{_SIGNS[key]} {value}' for key, value in bounds.items())}"
