"""Operations made for tests: small ones that show what the path of every call does."""

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Literal

import anyio
from pydantic import Field

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.options import MEMORY
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools import operations
from flowmaster.tools.app import App, Once, StoredAnswer
from flowmaster.tools.models import Arguments, Number, Result, Value, Variables, WriteArguments
from flowmaster.tools.registry import Call, Caller, Registry, operation


class Remove(Arguments):
    """An edit that takes a step out."""

    kind: Literal["remove"] = Field(description="What the edit does.")
    step: str = Field(description="The step.", examples=["approve"])


class Rename(Arguments):
    """An edit that gives a step another name."""

    kind: Literal["rename"] = Field(description="What the edit does.")
    step: str = Field(description="The step.", examples=["approve"])
    name: str = Field(description="Its new name.", max_length=20, examples=["approve order"])


class Place(Arguments):
    """A place on a page."""

    page: int = Field(description="The page.", ge=1, examples=[2])


class SampleEcho(Arguments):
    """Arguments of all kinds."""

    text: str = Field(description="Any text.", examples=["hello"])
    number: Number = Field(default=0, description="Any number.")
    count: int = Field(default=1, ge=1, le=50, description="How often.")
    state: Literal["draft", "live"] = Field(default="draft", description="One of two.")
    value: Value = Field(default=None, description="Any JSON.")
    variables: Variables = Field(default={}, description="Free keys.")
    place: Place | None = Field(default=None, description="Where.")
    edits: list[Annotated[Remove | Rename, Field(discriminator="kind")]] = Field(
        default=[], max_length=3, description="Edits."
    )


class Echo(Result):
    """What came in."""

    text: str = Field(description="The text.")
    number: Number = Field(description="The number.")
    value: Value = Field(description="The value.")
    variables: Variables = Field(default={}, description="The variables.")


@operation(right="sample.read", core=True, read_only=True)
async def sample_echo(call: Call, arguments: SampleEcho) -> Echo:
    """Tell what came in."""
    return Echo(
        text=arguments.text, number=arguments.number, value=arguments.value, variables=arguments.variables
    )


class SampleAdd(WriteArguments):
    """What to add."""

    amount: int = Field(description="How much to add.", examples=[5])


class Sum(Result):
    """The sum so far."""

    total: int = Field(description="The sum.")


TOTALS: dict[str, int] = {}


async def _sum_again(call: Call, arguments: SampleAdd, subject: str) -> Sum:
    return Sum(total=int(subject))


@operation(right="sample.write", core=True, recover=_sum_again)
async def sample_add(call: Call, arguments: SampleAdd) -> Sum:
    """Add to the sum of the tenant."""
    total = TOTALS.get(call.caller.tenant, 0) + arguments.amount
    if total > 1_000:
        raise FlowMasterError(
            "sum.too_large", "The sum is too large.", path="amount", fix="Add less.", status=409
        )
    await anyio.sleep(0)
    if not arguments.dry_run:
        TOTALS[call.caller.tenant] = total
    return Sum(total=total)


class Nothing(Arguments):
    """Nothing."""


@operation(right="sample.break", read_only=True)
async def sample_break(call: Call, arguments: Nothing) -> Sum:
    """Break."""
    raise RuntimeError("the secret insides")


@operation(right="sample.read", read_only=True, extra="arango")
async def sample_extra(call: Call, arguments: Nothing) -> Sum:
    """Need a part that is not installed."""
    return Sum(total=0)


class Gate:
    """A gate that holds calls until it is opened."""

    opened: anyio.Event
    waiting: anyio.Event

    @classmethod
    def close(cls) -> None:
        """Close it again."""
        cls.opened, cls.waiting = anyio.Event(), anyio.Event()


@operation(right="sample.read", read_only=True)
async def sample_wait(call: Call, arguments: Nothing) -> Sum:
    """Wait until the gate opens."""
    Gate.waiting.set()
    await Gate.opened.wait()
    return Sum(total=0)


class Answers:
    """An answer book in memory that can lose answers."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], StoredAnswer] = {}

    async def find(self, tenant: str, key: str) -> StoredAnswer | None:
        """Return what is known of the key."""
        return self.kept.get((tenant, key))

    async def remember(self, tenant: str, once: Once, answer: bytes) -> None:
        """Keep the answer."""
        self.kept[tenant, once.key] = StoredAnswer(once, answer)

    def lose(self, tenant: str, key: str, subject: str) -> None:
        """Forget the answer of an effect that is committed."""
        self.kept[tenant, key] = StoredAnswer(self.kept[tenant, key].once, None, subject)


def sample_app() -> App:
    """Return an app that offers the sample operations and the operations on operations."""
    TOTALS.clear()
    registry = Registry(
        [sample_echo, sample_add, sample_break, sample_extra, sample_wait, *operations.OPERATIONS]
    )

    async def opened() -> App:
        async with open_app(Settings(data=MEMORY, tools=("all",))) as app:
            return replace(app, registry=registry, answers=Answers())

    return anyio.run(opened)


def local_call(app: App, caller: Caller | None = None) -> Call:
    """Return a call as a door makes it."""
    return Call(app=app, caller=caller or Caller(door="test"))


EXACT = Decimal("12345678901234567890.123456789012345678901234")
