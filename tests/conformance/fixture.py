"""How a fixture of the protocol's conformance tests is made an operation, by the name that they ask for."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowmaster.engine.values import Json
from flowmaster.tools.answer import Answer
from flowmaster.tools.models import Arguments
from flowmaster.tools.registry import AnyOperation, Call, Lasting, Operation

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
"""A red pixel as PNG."""

SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="
"""A sound without a single sample as WAV."""


class Nothing(Arguments):
    """No arguments."""


@dataclass(frozen=True, kw_only=True)
class Given(Operation[Any, Answer]):
    """An operation whose input schema is given as it stands."""

    schema: Mapping[str, Any] = field(hash=False)

    @property
    def shown_schema(self) -> dict[str, Any]:
        """The schema as the tool list shows it."""
        return dict(self.schema)


def fixture(
    text: str,
    *,
    asked: type[Arguments] = Nothing,
    lasting: Lasting = "no",
    schema: Mapping[str, Any] | None = None,
) -> Callable[[Callable[[Call, Any], Awaitable[Answer]]], AnyOperation]:
    """Make an operation of a function, named as the function is."""

    def mark(function: Callable[[Call, Any], Awaitable[Answer]]) -> AnyOperation:
        fields: dict[str, Any] = {
            "name": function.__name__,
            "text": text,
            "right": "fixture.call",
            "run": function,
            "asked": asked,
            "told": Answer,
            "core": True,
            "extra": None,
            "read_only": True,
            "destructive": False,
            "idempotent": True,
            "open_world": False,
            "recover": None,
            "lasting": lasting,
        }
        made: AnyOperation = Operation(**fields) if schema is None else Given(**fields, schema=schema)
        return made

    return mark


def shown(*contents: Mapping[str, Json]) -> Answer:
    """Return an answer that shows just these contents."""
    return Answer(b"{}", shown=contents)


def said(text: str) -> Answer:
    """Return an answer that shows a text."""
    return shown({"type": "text", "text": text})
