"""Every call that an answer proposes is tried in the tests, right where it was proposed and as a dry run.

What a caller still has to fill in stands as null in a proposed call: then only a refusal of just that is right.
"""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Final
from weakref import WeakKeyDictionary

from flowmaster.tools import invoke as path_of_calls
from flowmaster.tools.answer import Answer
from flowmaster.tools.asking import NOBODY
from flowmaster.tools.invoke import is_offered
from flowmaster.tools.json_text import write_json
from flowmaster.tools.registry import Call, Registry

_MARK: Final = b'"why":'
_PARTS: Final = {"operation", "arguments", "why"}

_MOMENTS: Final = {
    "date": "2026-02-14",
    "time": "09:00:00Z",
    "date-time": "2026-02-14T09:00:00Z",
    "duration": "PT1H",
}

FAILED: Final[list[str]] = []
"""The proposed calls that did not succeed, since somebody looked last."""

_real: Final[Callable[[Registry, Call, str, object], Awaitable[Answer]]] = path_of_calls.invoke
_trying: ContextVar[bool] = ContextVar("trying", default=False)
_tried: WeakKeyDictionary[Registry, set[bytes]] = WeakKeyDictionary()


def watch_calls() -> None:
    """Let every call of an operation from now on try what its answer proposes."""
    path_of_calls.invoke = _invoke_and_try


async def _invoke_and_try(registry: Registry, call: Call, name: str, raw_arguments: object) -> Answer:
    answer = await _real(registry, call, name, raw_arguments)
    if _trying.get():
        return answer
    known = _tried.setdefault(registry, set())
    operation = registry.find(name)
    dry = isinstance(raw_arguments, Mapping) and raw_arguments.get("dry_run") is True
    if operation is not None and not operation.read_only and not dry and not answer.refused:
        known.clear()
    if _MARK not in answer.body:
        return answer
    token = _trying.set(True)
    try:
        for hint in hints_in(json.loads(answer.body)):
            told = write_json(hint)
            if told in known or (dry and not answer.refused and not _repeats(hint, raw_arguments)):
                continue
            known.add(told)
            wrong = await _wrong_with(registry, call, hint)
            if wrong:
                FAILED.append(f"{name} proposed {told.decode()[:600]}: {wrong[:600]}")
    finally:
        _trying.reset(token)
    return answer


def hints_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the calls that an answer proposes, wherever in it."""
    if isinstance(value, list):
        for each in value:
            yield from hints_in(each)
    elif isinstance(value, dict):
        if set(value) == _PARTS and isinstance(value["arguments"], dict):
            yield value
            return
        for each in value.values():
            yield from hints_in(each)


def _repeats(hint: dict[str, Any], raw_arguments: Any) -> bool:
    """Whether what a dry run proposes is the real call; all else belongs to a state that is not there."""
    asked = {name: value for name, value in raw_arguments.items() if name != "dry_run"}
    given = hint["arguments"]
    return bool(asked) and all(name in given and given[name] == value for name, value in asked.items())


async def _wrong_with(registry: Registry, call: Call, hint: dict[str, Any]) -> str:
    """Return why a proposed call does not succeed; nothing if it does."""
    operation = registry.find(hint["operation"])
    if operation is None:
        return "there is no such operation"
    if not is_offered(operation, call):
        return f"{call.caller.actor!r} may not call it"
    arguments = hint["arguments"]
    if "dry_run" in operation.input_schema["properties"]:
        arguments = {**arguments, "dry_run": True}
    elif not operation.read_only:
        arguments = {**arguments, "arguments": {**arguments.get("arguments", {}), "dry_run": True}}
    alone = replace(call, once=None, client=NOBODY)
    answer = await _real(registry, alone, operation.name, arguments)
    if answer.refused and None in arguments.get("variables", {}).values():
        filled = _filled(arguments["variables"], json.loads(answer.body))
        answer = await _real(registry, alone, operation.name, {**arguments, "variables": filled})
        if answer.refused and json.loads(answer.body).get("path", "").startswith("variables"):
            return ""  # A check that the process makes on top of the types: only a person knows such values.
    return answer.text if answer.refused else ""


def _filled(variables: dict[str, Any], refusal: dict[str, Any]) -> dict[str, Any]:
    """Return the variables with a value for each null, as the schema says that the refusal expects."""
    fields = refusal["expected"]["properties"]
    return {
        name: sample(fields.get(name, {})) if value is None else value for name, value in variables.items()
    }


def sample(schema: dict[str, Any]) -> Any:
    """Return a value that fits a simple schema."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type", "string"):
        case "integer" | "number":
            return max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return True
        case "array":
            return [sample(schema.get("items", {}))] * schema.get("minItems", 0)
        case "object":
            return {name: sample(schema["properties"][name]) for name in schema.get("required", [])}
        case _:
            return _MOMENTS.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))
