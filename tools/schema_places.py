"""What a JSON schema says of a place in a value: the schemas that hold there, references and choices followed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]


def branches(root: Schema, node: Schema) -> Iterator[Schema]:
    """Yield the node and what it may also be, references followed."""
    if "$ref" in node:
        yield from branches(root, root["$defs"][str(node["$ref"]).rsplit("/", 1)[1]])
        return
    yield node
    for word in ("anyOf", "oneOf", "allOf"):
        for each in node.get(word, ()):
            yield from branches(root, each)


def below(root: Schema, nodes: Sequence[Schema], step: str | int) -> list[Schema]:
    """Return the schemas that hold one step further inside."""
    deeper: list[Schema] = []
    for each in nodes:
        inner = each.get("items") if isinstance(step, int) else each.get("properties", {}).get(step)
        if inner is None and isinstance(step, str) and isinstance(each.get("additionalProperties"), dict):
            inner = each["additionalProperties"]
        if isinstance(inner, dict):
            deeper += branches(root, inner)
    return deeper


def under(root: Schema, node: Schema, steps: Sequence[str | int]) -> list[Schema]:
    """Return the schemas that hold at a place."""
    nodes = [*branches(root, node)]
    for step in steps:
        nodes = below(root, nodes, step)
    return nodes
