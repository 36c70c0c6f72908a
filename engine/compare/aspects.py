"""What an element does, as plain values by their names: what two versions of it are compared by."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final

from flowmaster.engine.model import Constant, Element
from flowmaster.engine.values import Json

_LATER: Final = frozenset({"line"})
"""Fields that tell nothing of what a model does."""

_PLACES: Final = frozenset({"activity", "target"})
"""Fields of details that hold the id of another element, which may have another one in another version."""


def aspects(element: Element, ids: Mapping[str, str] | None = None) -> dict[str, Json]:
    """Return what an element does, by names that people understand; `ids` gives elements the ids of another version."""
    found: dict[str, Json] = {}
    details = plain(element.details, ids or {})
    if isinstance(details, dict):
        found.update({name.replace("_", " "): value for name, value in details.items()})
    elif details is not None:
        found["details"] = details
    loop = plain(element.loop, ids or {})
    if isinstance(loop, dict):
        kind = type(element.loop).__name__
        found["repeats"] = "in a loop" if kind == "StandardLoop" else "for each of many"
        found.update({f"loop {name.replace('_', ' ')}": value for name, value in loop.items()})
    found["inputs"] = [_mapping(one) for one in element.inputs]
    found["outputs"] = [_mapping(one) for one in element.outputs]
    found["own data"] = list(element.data)
    found["interrupting"] = element.interrupting
    found["tokens needed"] = element.start_quantity
    found["tokens given"] = element.completion_quantity
    found["begins by event"] = element.triggered_by_event
    found["begins an instance"] = element.instantiate
    found["for compensation"] = element.for_compensation
    found["undone by"] = _named(element.compensated_by, ids or {})
    found["mutex"] = element.mutex
    found["at start"] = [plain(one, {}) for one in element.at_start]
    found["at end"] = [plain(one, {}) for one in element.at_end]
    found["cannot run"] = element.unsupported
    return found


def plain(value: Any, ids: Mapping[str, str], name: str = "") -> Json:
    """Return a part of a model as JSON: expressions as their text, records as objects without what they leave out."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _named(value, ids) if name in _PLACES else value
    if isinstance(value, Constant):
        return value.content
    if hasattr(value, "text") and hasattr(value, "names"):
        return str(value.text)
    if is_dataclass(value):
        parts = {one.name: getattr(value, one.name) for one in fields(value) if one.name not in _LATER}
        return {key: plain(part, ids, key) for key, part in parts.items()}
    if isinstance(value, Mapping):
        return {str(key): plain(part, ids) for key, part in value.items()}
    if isinstance(value, Sequence):
        return [plain(part, ids) for part in value]
    return str(value)


def _named(key: str, ids: Mapping[str, str]) -> str:
    return ids.get(key, key)


def _mapping(mapping: Any) -> str:
    mark = "" if mapping.required else "?"
    return f"{'.'.join(mapping.target)}{mark} = {mapping.source.text}"
