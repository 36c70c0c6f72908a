"""Writes an outline as compact YAML: blocks for steps, one line for what is small."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import yaml

from flowmaster.engine.values import Json

LINE_CHARACTERS = 120
"""How long a line may be before a small mapping or list is broken up."""


class _Dumper(yaml.SafeDumper):
    """Writes exact numbers, and never an anchor."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write what occurs twice twice."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the entries of a list under its key."""
        super().increase_indent(flow, False)


class _Line(dict[str, Any]):
    """A mapping that is written on one line."""


def _number(dumper: yaml.SafeDumper, value: Decimal) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:float", str(value))


def _line(dumper: yaml.SafeDumper, value: _Line) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=True)


_Dumper.yaml_implicit_resolvers = {
    letter: [
        (tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or letter in "tTfF"
    ]
    for letter, resolvers in yaml.SafeDumper.yaml_implicit_resolvers.items()
}
_Dumper.add_representer(Decimal, _number)
_Dumper.add_representer(_Line, _line)


def write_outline_text(outline: Mapping[str, Json]) -> str:
    """Return the YAML text of an outline; reading it again gives the same object."""
    text: str = yaml.dump(
        _shaped(outline, 0), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100_000, indent=2
    )
    return text


def _shaped(value: Json, depth: int) -> Any:
    """Mark the mappings that fit on a line."""
    if isinstance(value, Mapping):
        shaped = {key: _shaped(inner, depth + 1) for key, inner in value.items()}
        if depth and len(str(value)) < LINE_CHARACTERS - 2 * depth:
            return _flat(value)
        return shaped
    if isinstance(value, list | tuple):
        if len(str(value)) < LINE_CHARACTERS - 2 * depth and not any(
            isinstance(item, Mapping) for item in value
        ):
            return _FlatList(value)
        return [_shaped(item, depth + 1) for item in value]
    return value


def _flat(value: Json) -> Any:
    if isinstance(value, Mapping):
        return _Line({key: _flat(inner) for key, inner in value.items()})
    if isinstance(value, list | tuple):
        return _FlatList(_flat(item) for item in value)
    return value


class _FlatList(list[Any]):
    """A list that is written on one line."""


_Dumper.add_representer(
    _FlatList,
    lambda dumper, value: dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True),
)
