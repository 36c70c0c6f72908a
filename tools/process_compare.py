"""What differs between two versions of a process."""

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from flowmaster.engine.compare.changes import Change, Compared, compare
from flowmaster.engine.compare.words import summary, worded
from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.model import Process
from flowmaster.engine.values import Json
from flowmaster.runtime.models import compile_process, unknown_process
from flowmaster.stores.protocol import Reader
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.drafts import KIND, draft_of, version_of
from flowmaster.tools.models import Arguments, Result, Shape, follow_up
from flowmaster.tools.registry import Call, operation

CHANGES_BYTES = 5_000
DRAFT = "draft"


class ProcessCompare(Arguments):
    """Which process, and which two states of it."""

    process: str = Field(max_length=200, description="Process id.", examples=["invoice-approval"])
    from_version: Annotated[int, Field(ge=1)] | str | None = Field(
        default=None,
        alias="from",
        description="The older one: a version by number or tag, or `draft`; default: the newest version.",
    )
    to: Annotated[int, Field(ge=1)] | str | None = Field(
        default=None, description="The newer one, in the same way; default: the newest draft."
    )
    what: Literal["structure"] = Field(default="structure", description="What is compared.")


class ChangeView(Shape):
    """One change; without `element` and `before` one of the process as a whole."""

    kind: Literal["removed", "added", "moved", "renamed", "changed"] = Field(description="Its kind.")
    text: str = Field(description="The change in words.")
    element: str = Field(default="", description="The element's id now.")
    before: str = Field(default="", description="Its id before, where that was another one or it is gone.")
    what: str = Field(default="", description="What of it has changed.")
    was: Any = Field(default=None, description="The value before.")
    now: Any = Field(default=None, description="The value now.")
    behaves: bool = Field(default=True, description="False if instances do the same as before.")


class ProcessCompared(Result):
    """What differs."""

    process: str = Field(description="Its id.")
    compared: str = Field(description="What was compared with what.")
    summary: str = Field(description="How much has changed.")
    same_behaviour: bool = Field(description="True if no change touches what instances do.")
    changes: list[ChangeView] = Field(description="The changes, what is gone or new first.")


@operation(right="process.read", read_only=True)
async def process_compare(call: Call, arguments: ProcessCompare) -> ProcessCompared:
    """Tell what differs between two versions of a process, moved and renamed steps recognised."""
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    if reader.find_definition(tenant, KIND, arguments.process) is None:
        raise unknown_process(reader, tenant, arguments.process)
    newest = reader.version_number(tenant, KIND, arguments.process) or DRAFT
    old = _side(reader, tenant, arguments.process, "from", arguments.from_version or newest)
    new = _side(reader, tenant, arguments.process, "to", arguments.to or DRAFT)
    compared = compare(old.process, new.process)
    views = [_view(one, old.process, new.process) for one in compared.changes]
    shown = leading(views, CHANGES_BYTES)
    return ProcessCompared(
        process=arguments.process,
        compared=f"{old.name} with {new.name}",
        summary=_summary(compared, old, new),
        same_behaviour=not any(one.behaves for one in compared.changes),
        changes=shown,
        next=[
            follow_up(
                Hint("process_test", {"process": arguments.process}, "Play the scenarios on the draft.")
            )
        ]
        if new.name.startswith(DRAFT)
        else [],
        left_out=left_out({"changes": (len(views), len(shown))}),
    )


class _Side(NamedTuple):
    """One state of a process: what people call it, its model, and its file."""

    name: str
    process: Process
    bpmn: str


def _side(reader: Reader, tenant: str, process: str, path: str, wanted: int | str) -> _Side:
    if wanted == DRAFT:
        draft = draft_of(reader, tenant, process, None)
        return _Side(f"draft {draft.number}", compile_process(draft.content, process), draft.content)
    number = wanted if isinstance(wanted, int) else reader.version_number(tenant, KIND, process, tag=wanted)
    if number is None:
        raise _no_tag(reader, tenant, process, path, str(wanted))
    version = version_of(reader, tenant, process, number)
    return _Side(f"version {version.version}", compile_process(version.content, process), version.content)


def _no_tag(reader: Reader, tenant: str, process: str, path: str, wanted: str) -> FlowMasterError:
    tags = [each.tag for each in reader.versions(tenant, KIND, process) if each.tag]
    known: list[Json] = [DRAFT, *tags]
    return FlowMasterError(
        "process.version_unknown",
        f"{process!r} has no version {wanted[:80]!r}.{did_you_mean(wanted, [DRAFT, *tags])}",
        path=path,
        expected=known,
        fix="Give the number or tag of a version, or `draft`.",
        next=[Hint("process_read", {"process": process, "view": "versions"}, "List its versions.")],
        status=404,
    )


def _summary(compared: Compared, old: _Side, new: _Side) -> str:
    if old.bpmn == new.bpmn:
        return "Both are the same file."
    return summary(compared)


def _view(change: Change, old: Process, new: Process) -> ChangeView:
    return ChangeView(
        kind=change.kind,  # type: ignore[arg-type]  # one of these
        text=worded(change, old, new),
        element=change.element,
        before=change.before if change.before != change.element else "",
        what=change.what,
        was=change.was,
        now=change.now,
        behaves=change.behaves,
    )


OPERATIONS = (process_compare,)
