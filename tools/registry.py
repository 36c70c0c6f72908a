"""The registry: every capability of FlowMaster is one operation, defined once and read by all doors.

How to write an operation
-------------------------
An operation is an async function `(call, arguments) -> result` with a docstring, marked by `@operation`:

    class InstanceStart(WriteArguments):
        process: str = Field(description="Process to start.", examples=["invoice-approval"])
        variables: Variables = Field(default={}, description="Start values.")

    class InstanceView(Result):
        instance: str = Field(description="Readable id.")
        status: Literal["active", "completed"] = Field(description="Where it stands.")

    @operation(right="instance.start", core=True)
    async def instance_start(call: Call, arguments: InstanceStart) -> InstanceView:
        \"\"\"Start a process and run it up to its next wait states.\"\"\"

and listed in its module: `OPERATIONS = (instance_start, instance_read)`; `tools/catalog.py` adds the module.
Then run `make docs` and commit what it wrote: the first answers of
the MCP door and the OpenAPI document are read off the registry (tests/doors says when they are stale).

- Arguments inherit `Arguments` (reads, `read_only=True`) or `WriteArguments` (all others); results inherit
  `Result`, lists `ResultList[Item]`, the objects inside them `Shape`. Free JSON is `Value`, an object with free keys `Variables`, a number `Number`.
- The docstring and the descriptions are what a model reads, and the core operations share 3,500 tokens: one
  sentence for the operation, at most ten words for a field, none of them saying what name and type say already.
  An example belongs in `examples=[...]`: errors show it, the tool list does not.
- Use `Literal[...]` for closed sets, nested `Arguments` models for known shapes (unknown keys are refused there
  too), a discriminated union where shapes differ (`Field(discriminator="kind")`).
- Refuse with `FlowMasterError` from `engine/errors.py`, its `path` naming the argument. `arguments` is parsed and
  frozen: do not check types again. Check, then act: after a refused call the state is unchanged.
- `arguments.dry_run` true: do everything but the commit, and answer what the real call would answer.
- `call.once` is set when an idempotency key came. Hand it to the commit, so that the key and the effect become
  durable together; the door keeps the answer. `recover=` tells a lost answer again from the subject that the
  commit wrote beside the key.
- `call.caller` says who asks (`actor`, `tenant`, `rights`); pass `caller.tenant` to every read.
- `call.ask(question)` asks whoever called (`tools/asking.py`), before anything is changed; None where nobody can be
  asked. `call.client.tell_progress` tells how far long work is. Long work stops where it is cancelled, between steps.
- Never return a `float`; numbers are `int` or `Decimal`. Results have no size limit but a default answer stays
  under 2,000 tokens: page, or ask for `detail`.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast, get_type_hints

from pydantic import BaseModel

from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.tools.answer import Answer
from flowmaster.tools.app import App, Once
from flowmaster.tools.asking import NOBODY, Client, Question, Reply, reply_of
from flowmaster.tools.extras import EXTRAS
from flowmaster.tools.models import Arguments, Result, WriteArguments
from flowmaster.tools.schemas import input_schema, output_schema, shown_schema, undescribed

EVERYTHING = "*"
"""The right that stands for all rights."""

Lasting: TypeAlias = Literal["no", "may", "always", "only"]
"""Whether calls last: never long, sometimes, always, or so long that only who can come back for the answer may call."""

_NAME = re.compile(r"[a-z]+(_[a-z]+)+")
_RIGHT = re.compile(r"[a-z]+\.[a-z]+")

Asked = TypeVar("Asked", bound=Arguments)
Told = TypeVar("Told", bound="Result | Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, for which tenant, with which rights, through which door."""

    actor: str = "local"
    tenant: str = "default"
    rights: frozenset[str] = frozenset({EVERYTHING})
    on_behalf_of: str | None = None
    door: str = "inside"

    @property
    def person(self) -> str:
        """Who answers for what is done: the person that an agent acts for, else the caller."""
        return self.on_behalf_of or self.actor

    @property
    def agent(self) -> str:
        """Who acts for that person, empty for people who act for themselves."""
        return self.actor if self.on_behalf_of else ""

    def may(self, right: str) -> bool:
        """Whether the caller holds the right, or all rights."""
        return right in self.rights or EVERYTHING in self.rights


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an operation: the services it works with, who asks, and the effect's idempotency key."""

    app: App
    caller: Caller
    once: Once | None = None
    client: Client = NOBODY
    gone: Callable[[], bool] | None = None
    """Tells whether whoever called has hung up, where the door knows."""

    async def ask(self, question: Question) -> Reply | None:
        """Ask whoever called to fill in a form; None where nobody can be asked."""
        if not self.client.can_answer(question.kind):
            return None
        replies = await self.client.answers([question])
        return None if replies is None else reply_of(replies[question.name])


@dataclass(frozen=True, kw_only=True)
class Operation(Generic[Asked, Told]):
    """A capability, defined once: its function, models, right and nature."""

    name: str
    text: str
    right: str
    run: Callable[[Call, Asked], Awaitable[Told]]
    asked: type[Asked]
    told: type[Told]
    core: bool
    extra: str | None
    read_only: bool
    destructive: bool
    idempotent: bool
    open_world: bool
    recover: Callable[[Call, Asked, str], Awaitable[Told]] | None
    destroys: Callable[[Call, Asked, Told], str] | None = None
    lasting: Lasting = "no"
    goes_on: Callable[[Asked, Told], str] | None = None

    async def __call__(self, call: Call, arguments: Asked) -> Told:
        """Run the operation with arguments that are parsed already."""
        return await self.run(call, arguments)

    @property
    def summary(self) -> str:
        """The first paragraph of the description, on one line."""
        return " ".join(self.text.split("\n\n", 1)[0].split())

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """The JSON schema of the arguments, without noise."""
        return input_schema(self.asked)

    @cached_property
    def output_schema(self) -> dict[str, Any]:
        """The JSON schema of the result, without noise."""
        return output_schema(self.told) if issubclass(self.told, BaseModel) else {"type": "object"}

    @property
    def shown_schema(self) -> dict[str, Any]:
        """The JSON schema of the arguments as the tool list shows it."""
        return shown_schema(self.input_schema)


AnyOperation = Operation[Any, Any]


def operation(
    *,
    right: str,
    core: bool = False,
    extra: str | None = None,
    read_only: bool = False,
    destructive: bool = False,
    idempotent: bool = False,
    open_world: bool = False,
    recover: Callable[[Call, Any, str], Awaitable[Any]] | None = None,
    destroys: Callable[[Call, Any, Any], str] | None = None,
    lasting: Lasting = "no",
    goes_on: Callable[[Any, Any], str] | None = None,
) -> Callable[[Callable[[Call, Asked], Awaitable[Told]]], Operation[Asked, Told]]:
    """Make an operation of an async function, or fail at import with what it lacks.

    Args:
        right: the right a caller needs, `noun.verb`.
        core: whether it stands in the default tool list.
        extra: the optional part of the installation that it needs (`documents`).
        read_only: it changes nothing.
        destructive: it may take something away that does not come back.
        idempotent: the same call again changes nothing more, also without a key.
        open_world: it reaches beyond this server.
        recover: tells the answer of a committed effect again from the subject kept beside its key.
        destroys: tells from the arguments and a dry run what the call would take away; nothing, if it takes nothing.
        lasting: whether calls may take longer than a client should wait for.
        goes_on: names the instance, if any, whose end the caller waits for.
    """

    def mark(function: Callable[[Call, Asked], Awaitable[Told]]) -> Operation[Asked, Told]:
        asked, told = _models(function)
        made = Operation(
            name=function.__name__,
            text=inspect.getdoc(function) or "",
            right=right,
            run=function,
            asked=asked,
            told=told,
            core=core,
            extra=extra,
            read_only=read_only,
            destructive=destructive,
            idempotent=idempotent or read_only,
            open_world=open_world,
            recover=recover,
            destroys=destroys,
            lasting=lasting,
            goes_on=goes_on,
        )
        _inspect(made)
        return made

    return mark


class Registry:
    """The operations of this installation, in the order in which they are shown."""

    def __init__(self, operations: Iterable[AnyOperation]) -> None:
        self._by_name: dict[str, AnyOperation] = {}
        for each in operations:
            assert each.name not in self._by_name, f"the operation `{each.name}` is defined twice"
            self._by_name[each.name] = each
        self._ordered = tuple(self._by_name.values())

    def __len__(self) -> int:
        return len(self._ordered)

    def __iter__(self) -> Iterator[AnyOperation]:
        return iter(self._ordered)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all operations, in order."""
        return tuple(self._by_name)

    def find(self, name: str) -> AnyOperation | None:
        """Return the operation of that name, if there is one."""
        return self._by_name.get(name)

    def get(self, name: str) -> AnyOperation:
        """Return the operation of that name, or refuse with the names that are near."""
        found = self._by_name.get(name)
        if found is None:
            raise FlowMasterError(
                "operation.unknown",
                f"There is no operation {name[:80]!r}.{did_you_mean(name[:80], self.names)}",
                path="operation",
                fix="Call `operation_find` with words for what you want to do.",
                status=404,
            )
        return found


def _models(function: Callable[..., Any]) -> tuple[type[Any], type[Any]]:
    name = getattr(function, "__name__", "?")
    assert inspect.iscoroutinefunction(function), f"the operation `{name}` is not an async function"
    hints = get_type_hints(function)
    told = hints.pop("return", None)
    parameters = [hints.get(each) for each in inspect.signature(function).parameters]
    assert parameters[:1] == [Call], f"`{name}` must take (call: Call, arguments: <model>)"
    asked = parameters[1] if len(parameters) == 2 else None
    assert _is_a(asked, Arguments), f"`{name}` must take an `Arguments` model"
    assert _is_a(told, (Result, Answer)), f"`{name}` must answer a `Result` model"
    return cast(type[Any], asked), cast(type[Any], told)


def _is_a(candidate: object, kinds: type | tuple[type, ...]) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, kinds)


def _inspect(made: AnyOperation) -> None:
    """Refuse an operation that a stranger could not use, or that a door could not show."""
    name = made.name
    assert _NAME.fullmatch(name), f"the operation `{name}` is not named noun_verb in a-z"
    assert made.text.strip(), f"the operation `{name}` has no docstring"
    assert _RIGHT.fullmatch(made.right), (
        f"the operation `{name}` needs a right like `noun.verb`, not {made.right!r}"
    )
    assert not (made.read_only and made.destructive), (
        f"the operation `{name}` cannot both only read and destroy"
    )
    assert made.destructive == (made.destroys is not None) or made.told is Answer, (
        f"the operation `{name}` must be marked `destructive=True` and tell in `destroys` what it destroys, or neither"
    )
    writes = issubclass(made.asked, WriteArguments)
    passes_on = made.told is Answer
    assert passes_on or writes != made.read_only, (
        f"the operation `{name}` must take `WriteArguments`, or be marked `read_only=True` and take `Arguments`"
    )
    bare = undescribed(made.asked)
    assert not bare, f"the operation `{name}` has arguments without a description: {', '.join(bare)}"
    assert made.extra is None or made.extra in EXTRAS, (
        f"the operation `{name}` needs the unknown extra {made.extra!r}"
    )


__all__ = ["EVERYTHING", "AnyOperation", "Call", "Caller", "Lasting", "Operation", "Registry", "operation"]
