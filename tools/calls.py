"""The operation on the log of calls: who called what, also when it only read or was refused."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from anyio import to_thread
from pydantic import Field

from flowmaster.tools.models import Arguments, Number, ResultList, Shape
from flowmaster.tools.registry import Call, operation

LINES_LOOKED_AT: Final = 20_000
"""How far back a search goes; older calls are found in the files of the data folder."""


class CallFind(Arguments):
    """Which calls."""

    by: str = Field(default="", description="Only by this caller.")
    operation: str = Field(default="", description="Only of this operation.", examples=["instance_start"])
    outcome: str = Field(
        default="", description="`ok`, `refused`, or the code of a refusal.", examples=["access.denied"]
    )
    request: str = Field(default="", description="Only the request with this id.")
    trace: str = Field(default="", description="Only of the trace with this id.")
    instance: str = Field(
        default="", description="Only calls that changed this instance.", examples=["leave:3"]
    )
    limit: int = Field(default=20, ge=1, le=500, description="How many at most.")


class ChangedInstance(Shape):
    """An instance that a call changed."""

    instance: str = Field(description="Its id.")
    revision: int = Field(description="The number of the last event in its history that the call caused.")


class CallItem(Shape):
    """One call."""

    at: str = Field(description="When, by the clock of the machine.")
    operation: str = Field(description="What was called.")
    through: str = Field(default="", description="The operation that led to it.")
    caller: str = Field(description="Who called.")
    on_behalf_of: str = Field(default="", description="For whom.")
    door: str = Field(description="The door it came through.")
    outcome: str = Field(description="`ok`, or the code of the refusal.")
    ms: Number = Field(description="How long it took, in milliseconds.")
    digest: str = Field(description="Digest of the arguments: equal ones have equal digests.")
    request: str = Field(default="", description="Id of the request.")
    trace: str = Field(default="", description="Id of its trace.")
    changed: list[ChangedInstance] = Field(default=[], description="Instances that it changed; 20 at most.")


@operation(right="audit.read", read_only=True)
async def call_find(call: Call, arguments: CallFind) -> ResultList[CallItem]:
    """List the newest calls, also those that only read or were refused; what was changed stands in `audit_find`."""
    log, tenant = call.app.calls, call.caller.tenant
    if log is None:
        return ResultList[CallItem](items=[], total=0, next_cursor=None)

    def looked_up() -> list[CallItem]:
        lines = log.newest(LINES_LOOKED_AT)
        return [_item(line) for line in lines if line.get("tenant") == tenant and _fits(line, arguments)]

    found = await to_thread.run_sync(looked_up)
    return ResultList[CallItem](items=found[: arguments.limit], total=len(found), next_cursor=None)


def _fits(line: Mapping[str, object], wanted: CallFind) -> bool:
    outcome = str(line["outcome"])
    return (
        wanted.by in ("", line["caller"], line.get("on_behalf_of"))
        and wanted.operation in ("", line["operation"], line.get("through"))
        and wanted.request in ("", line.get("request"))
        and wanted.trace in ("", line.get("trace"))
        and (not wanted.instance or wanted.instance in _changed(line))
        and (wanted.outcome in ("", outcome) or (wanted.outcome == "refused" and outcome != "ok"))
    )


def _item(line: Mapping[str, object]) -> CallItem:
    told = {
        name: str(value)
        for name, value in line.items()
        if name in CallItem.model_fields and name not in ("ms", "changed")
    }
    changed = [ChangedInstance(instance=each, revision=number) for each, number in _changed(line).items()]
    return CallItem(**told, ms=Decimal(str(line["ms"])), changed=changed)


def _changed(line: Mapping[str, object]) -> Mapping[str, int]:
    found = line.get("changed")
    return found if isinstance(found, Mapping) else {}


OPERATIONS = (call_find,)
