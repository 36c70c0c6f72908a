"""Keeps a default answer short: of a list the first entries that fit, and how many were left out."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel

from flowmaster.tools.json_text import write_json

ALWAYS_SHOWN = 3
"""Entries that are shown however long they are."""

LIST_BYTES = 4_000
"""About half of the 2,000 tokens of a default answer."""

T = TypeVar("T")


def leading(entries: Sequence[T], room: int = LIST_BYTES, *, least: int = ALWAYS_SHOWN) -> list[T]:
    """Return the first entries of a list that fit into so many bytes of JSON, and at least a few."""
    shown: list[T] = []
    for entry in entries:
        room -= len(
            write_json(entry.model_dump(exclude_defaults=True) if isinstance(entry, BaseModel) else entry)
        )
        if room < 0 and len(shown) >= least:
            break
        shown.append(entry)
    return shown


def left_out(shown: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Return by name how many entries of a list are not shown, from how many there are and how many are shown."""
    return {name: total - seen for name, (total, seen) in shown.items() if total > seen}
