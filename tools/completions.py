"""What may stand for a value of an address or for an argument of a prompt: ids that begin with what is typed, first."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

from flowmaster.engine.values import Json
from flowmaster.tools.registry import Call
from flowmaster.tools.resources import looked_up

VALUES_MAX: Final = 100
"""Values that one completion shows."""

LOOKED_AT: Final = 300
"""Entries that are found to choose from; what the operation finds first counts where there are more."""

TYPED_LENGTH_MAX: Final = 200


class Completed(NamedTuple):
    """The values that fit, best first, and how many there are in all."""

    values: list[str]
    total: int


NOTHING: Final = Completed([], 0)

Find = Callable[[Call, str, Mapping[str, str]], Awaitable[Completed]]


async def completed(
    call: Call, variable: str, typed: str, given: Mapping[str, str], *, scheme: str = ""
) -> Completed:
    """Return what may stand for a variable, given the values of others; `scheme` is that of the address."""
    find = FINDERS.get(f"{scheme}:{variable}") or FINDERS.get(variable)
    return NOTHING if find is None or len(typed) > TYPED_LENGTH_MAX else await find(call, typed, given)


def _by_query(operation: str, field: str, **asked: Json) -> Find:
    """Return how ids are found by an operation that takes words."""

    async def find(call: Call, typed: str, _: Mapping[str, str]) -> Completed:
        items, total = await _items(call, operation, {**asked, "query": typed, "limit": LOOKED_AT})
        ids = list(dict.fromkeys(item[field] for item in items))
        return _best(ids, typed, max(len(ids), total - (len(items) - len(ids))))

    return find


def _versions(operation: str, field: str) -> Find:
    """Return how versions of what another value names are found."""

    async def find(call: Call, typed: str, given: Mapping[str, str]) -> Completed:
        body = await _body(call, operation, {field: given.get(field, ""), "view": "versions"})
        numbers = [str(each["version"]) for each in body.get("content", ()) if "version" in each]
        fitting = [number for number in numbers if number.startswith(typed)]
        return Completed(fitting[:VALUES_MAX], len(fitting))

    return find


async def _steps(call: Call, typed: str, given: Mapping[str, str]) -> Completed:
    """Find the open tasks of an instance, each by the last part of its id."""
    if not given.get("instance"):
        return NOTHING
    items, _ = await _items(call, "task_find", {"instance": given["instance"], "limit": LOOKED_AT})
    steps = [item["task"].rpartition("/")[2] for item in items]
    fitting = [step for step in steps if typed.casefold() in step.casefold()]
    return _best(fitting, typed, len(fitting))


async def _roles(call: Call, typed: str, _: Mapping[str, str]) -> Completed:
    """Find the roles that open tasks are offered to."""
    items, _total = await _items(call, "task_find", {"limit": LOOKED_AT})
    roles = dict.fromkeys(role for item in items for role in item.get("roles", ()))
    fitting = [role for role in roles if typed.casefold() in role.casefold()]
    return _best(fitting, typed, len(fitting))


FINDERS: Final[Mapping[str, Find]] = {
    "process": _by_query("process_find", "process"),
    "instance": _by_query("instance_find", "instance"),
    "task:instance": _by_query("task_find", "instance"),
    "decision": _by_query("rule_find", "decision"),
    "document": _by_query("document_find", "document"),
    "step": _steps,
    "role": _roles,
    "process:version": _versions("process_read", "process"),
    "rule:version": _versions("rule_read", "decision"),
}
"""How each variable is completed, one with a scheme before it in addresses of that scheme alone."""


def _best(ids: list[str], typed: str, total: int) -> Completed:
    """Return the ids that begin with what is typed, then those that hold it, then those found by name."""
    wanted = typed.casefold()

    def rank(identifier: str) -> int:
        folded = identifier.casefold()
        return 0 if folded.startswith(wanted) else 1 if wanted in folded else 2

    return Completed(sorted(ids, key=rank)[:VALUES_MAX], total)


async def _items(call: Call, operation: str, asked: dict[str, Any]) -> tuple[list[Mapping[str, Any]], int]:
    body = await _body(call, operation, asked)
    return list(body.get("items", ())), int(body.get("total", 0))


async def _body(call: Call, operation: str, asked: dict[str, Any]) -> Mapping[str, Any]:
    """Return what an operation answers; a refusal offers nothing."""
    answer = await looked_up(call, operation, asked)
    body = {} if answer.refused else answer.data()
    return body if isinstance(body, Mapping) else {}
