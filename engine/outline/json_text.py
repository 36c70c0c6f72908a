"""JSON as it stands inside a model: compact, with exact numbers."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

from flowmaster.engine.values import Json


def json_text(value: Json) -> str:
    """Return the JSON text of a value; decimals are written as they are."""
    if isinstance(value, Decimal):
        return f"{value:f}" if value.is_finite() else "null"
    if isinstance(value, str) or value is None or isinstance(value, bool | int):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        entries = (
            f"{json.dumps(str(key), ensure_ascii=False)}:{json_text(entry)}" for key, entry in value.items()
        )
        return f"{{{','.join(entries)}}}"
    assert isinstance(value, Sequence)
    return f"[{','.join(json_text(entry) for entry in value)}]"


def json_value(text: str) -> Json:
    """Return the value of a JSON text, None where it is none."""
    try:
        found: Json = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return found
