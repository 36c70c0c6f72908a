"""The records of calls that go on: how they change, and how an answer goes on record and comes off it."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.runtime.clock import real_now
from flowmaster.stores.rows import LongCall
from flowmaster.tools.answer import Answer
from flowmaster.tools.invoke import refused
from flowmaster.tools.registry import Caller

INSTANCE_TTL_MS: Final = 30 * 24 * 3_600_000
"""How long the end of an instance may be waited for under one handle."""

TOPIC: Final = "long_calls"
"""What wakes whoever waits for the record of a call in this process."""

Change: TypeAlias = Callable[[LongCall], LongCall | None]
"""Returns a record changed, or None to leave it as it is."""


def owner_of(caller: Caller) -> str:
    """Return what stands for a caller in the record of a call."""
    return f"{caller.actor}\n{caller.on_behalf_of or ''}"


def held_until(call: LongCall, *, until: int) -> LongCall:
    """Return a record that somebody is at work on until then."""
    return call._replace(held_until=until)


def waiting_for(call: LongCall, *, instance: str) -> LongCall:
    """Return a record of a call that is through but for the end of an instance."""
    until = call.at + INSTANCE_TTL_MS
    return touched(call, instance=instance, holder="", held_until=0, expires=until, note="")


def touched(call: LongCall, **fields: Any) -> LongCall:
    """Return a record with other fields, changed now."""
    return call._replace(changed=max(real_now(), call.changed + 1), **fields)


def ended(call: LongCall, *, status: str = "", answer: Json = None) -> LongCall:
    """Return a record that has ended: as the status says, else as the outcome does."""
    failed = isinstance(answer, Mapping) and answer.get("status") == 500
    status = status or ("failed" if failed else "completed")
    return touched(call, status=status, answer=answer, asked={}, answered={}, note="")


def outcome_of(answer: Answer) -> Json:
    """Return an answer as it goes on record: its text, since the numbers in it are exact."""
    return {"status": answer.status, "body": answer.text, "shown": [dict(each) for each in answer.shown]}


def answer_of(outcome: Json) -> Answer:
    """Return the answer that is on record."""
    assert isinstance(outcome, Mapping)
    status, body, shown = outcome["status"], outcome["body"], outcome["shown"]
    assert isinstance(status, int) and isinstance(body, str) and isinstance(shown, list)  # noqa: PT018
    return Answer(body.encode(), status, tuple(each for each in shown if isinstance(each, Mapping)))


def interrupted() -> Json:
    """Return the outcome of a call whose server stopped."""
    return outcome_of(
        refused(
            FlowMasterError(
                "call.interrupted",
                "The server stopped before the call was through.",
                fix="Call again; if the call changes something, read first how far it came.",
                status=503,
            )
        )
    )
