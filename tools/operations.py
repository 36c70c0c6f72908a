"""Operations on operations: find one, and call one that is not in the tool list."""

import re
from difflib import SequenceMatcher
from functools import cache
from typing import Any

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.tools.answer import Answer
from flowmaster.tools.guides import guide_for
from flowmaster.tools.invoke import invoke, is_offered
from flowmaster.tools.models import Arguments, Result, Shape, Variables
from flowmaster.tools.registry import AnyOperation, Call, operation

FOUND_MAX = 8
"""Operations that one search answers with."""
DETAILED_MAX = 3
"""Of these, how many show their whole input schema."""
BESIDE_GUIDE_MAX = 2
"""Operations that stand beside the page of a language."""

_DOORS = ("operation_find", "operation_query", "operation_call")


class OperationFind(Arguments):
    """What to look for."""

    query: str = Field(max_length=500, description="What you want to do.", examples=["compare two versions"])


class FoundOperation(Shape):
    """An operation, and how to call it."""

    operation: str = Field(description="Its name.")
    does: str = Field(description="What it does, in a line.")
    through: str = Field(description="The tool that reaches it.")
    arguments: str = Field(description="Its arguments; those with ? may be left out.")
    input_schema: dict[str, Any] = Field(default={}, description="The whole schema, for the best matches.")


class FoundOperations(Result):
    """The operations that fit best."""

    items: list[FoundOperation] = Field(description="Best first.")
    total: int = Field(description="How many operations there are in all.")
    names: list[str] = Field(default=[], description="All operations, where none fits the query.")
    guide: str = Field(default="", description="The whole language of outlines or tables, if asked for it.")


@operation(right="operation.find", core=True, read_only=True)
async def operation_find(call: Call, arguments: OperationFind) -> FoundOperations:
    """Find operations beyond this list; "outline language" or "rule table" gives a whole language."""
    registry = call.app.registry
    known = [each for each in registry if each.name not in _DOORS and is_offered(each, call)]
    ranked = sorted(((_score(each, arguments.query), each) for each in known), key=lambda pair: -pair[0])
    guide = guide_for(arguments.query)
    found = [each for score, each in ranked if score > 0]
    best = found[: BESIDE_GUIDE_MAX if guide else FOUND_MAX]
    return FoundOperations(
        items=[_described(each, whole=place < DETAILED_MAX and not guide) for place, each in enumerate(best)],
        total=len(known),
        names=[] if best or guide else [each.name for each in known],
        guide=guide,
    )


class OperationQuery(Arguments):
    """Which operation to ask, and what."""

    operation: str = Field(description="Name from `operation_find`.", examples=["server_info"])
    arguments: Variables = Field(default={}, description="Its arguments.", examples=[{}])


@operation(right="operation.query", core=True, read_only=True)
async def operation_query(call: Call, arguments: OperationQuery) -> Answer:
    """Call any read-only operation."""
    chosen = _reachable(call, arguments.operation)
    if not chosen.read_only:
        raise FlowMasterError(
            "operation.writes",
            f"`{chosen.name}` changes something, and `operation_query` only reads.",
            path="operation",
            fix="Use `operation_call`.",
            next=[
                Hint(
                    "operation_call",
                    {"operation": chosen.name, "arguments": arguments.arguments},
                    "The same call where changes are allowed.",
                )
            ],
            status=409,
        )
    return await invoke(call.app.registry, call, chosen.name, arguments.arguments)


class OperationCall(Arguments):
    """Which operation to call, and how."""

    operation: str = Field(description="Name from `operation_find`.", examples=["clock_advance"])
    arguments: Variables = Field(default={}, description="Its arguments.", examples=[{"by": "PT1H"}])


@operation(right="operation.call", core=True, destructive=True, open_world=True)
async def operation_call(call: Call, arguments: OperationCall) -> Answer:
    """Call any operation that changes something."""
    chosen = _reachable(call, arguments.operation)
    return await invoke(call.app.registry, call, chosen.name, arguments.arguments)


def _reachable(call: Call, name: str) -> AnyOperation:
    if name in _DOORS:
        raise FlowMasterError(
            "operation.is_a_door",
            f"`{name}` leads to other operations and is a tool of its own.",
            path="operation",
            fix="Name the operation that you want to reach.",
        )
    return call.app.registry.get(name)


def _described(found: AnyOperation, *, whole: bool) -> FoundOperation:
    schema = found.input_schema
    required = schema.get("required", [])
    names = [name if name in required else f"{name}?" for name in schema.get("properties", {})]
    return FoundOperation(
        operation=found.name,
        does=found.summary,
        through=found.name if found.core else "operation_query" if found.read_only else "operation_call",
        arguments=", ".join(names),
        input_schema=schema if whole else {},
    )


def _score(candidate: AnyOperation, query: str) -> float:
    """How well the operation answers the words of the query: its name counts most, then its text."""
    name, text = _vocabulary(candidate)
    score = 10.0 if query.strip() == candidate.name else 0.0
    for word in _words(query):
        score += 3 * max((_likeness(word, each) for each in name), default=0)
        score += any(_same_stem(word, each) for each in text)
    return score


@cache
def _vocabulary(candidate: AnyOperation) -> tuple[frozenset[str], frozenset[str]]:
    arguments = " ".join(candidate.input_schema.get("properties", {}))
    return _words(candidate.name), _words(f"{candidate.text} {arguments}")


def _likeness(word: str, other: str) -> float:
    """Return 1 for the same word, less for a form or a misspelling of it, 0 for another."""
    if word == other:
        return 1
    if _same_stem(word, other):
        return 0.9
    if word[0] != other[0] or abs(len(word) - len(other)) > 2:
        return 0
    near = SequenceMatcher(None, word, other).ratio()
    return near if near > 0.8 else 0


def _same_stem(word: str, other: str) -> bool:
    return len(other) > 3 and len(word) > 3 and (other.startswith(word) or word.startswith(other))


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in _WORD.findall(text.lower()) if len(word) > 2)


_WORD = re.compile(r"[a-z]+")


OPERATIONS = (operation_find, operation_query, operation_call)
