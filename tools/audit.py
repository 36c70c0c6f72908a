"""Operations on the audit log: who did what when and why, and whether the log is whole."""

from typing import Literal

from pydantic import Field

from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.runtime.desk import absent
from flowmaster.stores.rows import AuditEntry, AuditFilter
from flowmaster.tools.json_text import write_json
from flowmaster.tools.models import Arguments, Result, ResultList, Shape, Value
from flowmaster.tools.naming import instant_of
from flowmaster.tools.registry import Call, operation

DATA_BYTES_SHOWN = 150
"""How long the data of an entry may be in a list that did not ask for `data`."""


class AuditFind(Arguments):
    """Which entries."""

    scope: str = Field(
        default="",
        description="An instance, or `process:`, `decision:`, `document:`, `message:` with a name, or `clock`.",
        examples=["order:7"],
    )
    by: str = Field(default="", description="Only by this person, agent or worker.")
    operation: str = Field(default="", description="Only of this operation.")
    since: str = Field(default="", description="From this instant on.", examples=["2026-12-01T00:00:00Z"])
    until: str = Field(default="", description="Before this instant.")
    detail: list[Literal["data"]] = Field(default=[], description="More than the summary.")
    limit: int = Field(default=20, ge=1, le=1000, description="Page size.")
    cursor: str | None = Field(default=None, description="Its next_cursor.")


class AuditItem(Shape):
    """One entry of the audit log."""

    scope: str = Field(description="What was changed.")
    first: int = Field(description="Number of the first event of this change.")
    last: int = Field(description="Number of its last event.")
    at: str = Field(description="When.")
    by: str = Field(description="Who.")
    agent: str = Field(default="", description="Who acted for them, if somebody did.")
    operation: str = Field(description="By which operation.")
    reason: str = Field(default="", description="Why, in the caller's words.")
    data: Value = Field(default=None, description="What it was about; long data only with detail `data`.")
    erased: bool = Field(default=False, description="True if values of it were erased.")


@operation(right="audit.read", read_only=True)
async def audit_find(call: Call, arguments: AuditFind) -> ResultList[AuditItem]:
    """List the audit log, newest first: who changed what, when and why."""
    page = call.app.runtime.reader.audit(
        call.caller.tenant,
        AuditFilter(
            scope=arguments.scope,
            by=arguments.by,
            operation=arguments.operation,
            since=instant_of(arguments.since, "since"),
            until=instant_of(arguments.until, "until"),
            limit=arguments.limit,
            cursor=arguments.cursor,
        ),
    )
    return ResultList[AuditItem](
        items=[_item(entry, whole="data" in arguments.detail) for entry in page.items],
        total=page.total,
        next_cursor=page.next_cursor,
    )


def _item(entry: AuditEntry, *, whole: bool) -> AuditItem:
    return AuditItem(
        scope=entry.scope,
        first=entry.first,
        last=entry.last,
        at=iso(entry.at),
        by=entry.by,
        agent=entry.agent,
        operation=entry.operation,
        reason=entry.reason,
        erased=entry.erased,
        data=entry.data if whole else _beginning(entry.data),
    )


def _beginning(data: Json) -> Json:
    text = write_json(data)
    return data if len(text) <= DATA_BYTES_SHOWN else text[:DATA_BYTES_SHOWN].decode(errors="ignore") + "..."


class AuditVerify(Arguments):
    """Which log."""

    scope: str = Field(
        description="An instance, or `process:`, `decision:`, `document:`, `message:` with a name, or `clock`.",
        examples=["order:7"],
    )


class AuditVerified(Result):
    """Whether a log is whole."""

    scope: str = Field(description="What was checked.")
    whole: bool = Field(description="Whether every entry fits the one before.")
    rows: int = Field(description="How many entries were checked.")
    erased: int = Field(default=0, description="Entries whose values were erased on purpose.")
    broken: int | None = Field(default=None, description="Number of the first event that does not fit.")
    problem: str = Field(default="", description="What does not fit.")


@operation(right="audit.read", read_only=True)
async def audit_verify(call: Call, arguments: AuditVerify) -> AuditVerified:
    """Recompute the hash chain of an audit log and name the first entry that was tampered with."""
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    if reader.erased(tenant, arguments.scope) is not None and reader.load(tenant, arguments.scope) is None:
        raise absent(reader, tenant, arguments.scope)
    found = reader.verify(tenant, arguments.scope)
    return AuditVerified(
        scope=arguments.scope,
        whole=found.broken is None,
        rows=found.rows,
        erased=found.erased,
        broken=found.broken,
        problem=found.problem,
    )


OPERATIONS = (audit_find, audit_verify)
