"""Operating many instances with one call: tried first, then done to just those, each by itself."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Literal, NamedTuple

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.values import Json
from flowmaster.runtime.desk import Desk, Request
from flowmaster.stores.protocol import Transaction
from flowmaster.stores.rows import AuditFilter, InstanceFilter, Once
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.drafts import refuse_branch
from flowmaster.tools.instance_control import Action, ActionArguments, act, check_action, migrate
from flowmaster.tools.json_text import write_json
from flowmaster.tools.losses import losses_of
from flowmaster.tools.models import NextCall, Result, Shape, WriteArguments, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import request_of, store_once
from flowmaster.tools.versions import VersionName, number_of

INSTANCES_MAX = 1_000
"""Instances that one batch operates."""

AT_ONCE = 32
"""Instances of a batch that wait for the writer together; others' changes come in between."""

OPEN = ("active", "paused")


class _Several(WriteArguments):
    """Which instances, and what to do."""

    action: Action = Field(description="What to do to each.", examples=["retry"])
    instances: list[str] = Field(
        default=[],
        max_length=INSTANCES_MAX,
        description="Their ids, or say which.",
        examples=[["invoice-approval:7", "invoice-approval:9"]],
    )
    process: str = Field(default="", description="Open ones of this process.", examples=["invoice-approval"])
    version: VersionName | None = Field(default=None, description="Only on this version.")
    status: Literal["active", "paused"] | None = Field(default=None, description="Default: both.")
    business_key: str = Field(default="", description="Open ones with this key.")
    query: str = Field(default="", max_length=200, description="Words in id, key or process.")
    incidents: bool | None = Field(default=None, description="Only with, or without.")
    limit: int | None = Field(default=None, ge=1, le=INSTANCES_MAX, description="Only the newest.")
    of_batch: str = Field(default="", max_length=100, description="Those of a batch.")
    to_version: VersionName | None = Field(default=None, description="migrate: to it.")
    selection: str = Field(
        default="",
        max_length=100,
        description="Of the dry run: refuse if others are meant now.",
    )
    detail: list[Literal["items"]] = Field(default=[], description="All items, however many.")


class InstanceBatch(ActionArguments, _Several):
    """Which instances, and what to do to each of them."""


class BatchItem(Shape):
    """What came of one instance."""

    instance: str = Field(description="Its id.")
    status: str = Field(default="", description="How it is after.")
    done: bool = Field(description="Whether the action was done to it.")
    code: str = Field(default="", description="Why not, as a code.")
    message: str = Field(default="", description="Why not, in words.")


class Refusals(Shape):
    """Instances that an action does not apply to for one reason."""

    code: str = Field(description="The reason.")
    instances: int = Field(description="How many.")
    message: str = Field(description="What the first of them was told.")


class InstancesOperated(Result):
    """What came of a batch, or would come of it."""

    batch: str = Field(description="Scope of the batch in the audit log.")
    action: str = Field(description="What was done.")
    meant: int = Field(description="How many instances the call means.")
    done: int = Field(description="To how many it was done, or would be.")
    refused: int = Field(description="To how many it does not apply.")
    selection: str = Field(description="Give it with the real call, which then does this or nothing.")
    refusals: list[Refusals] = Field(default=[], description="The reasons, most frequent first.")
    items: list[BatchItem] = Field(description="What came of each, refused ones first.")
    settling: bool = Field(default=False, description="True while consequences are still under way.")


class Outcomes(NamedTuple):
    """What came of each instance of a batch, in its order, and the versions that those moved on from."""

    items: list[BatchItem]
    settled: bool
    versions: frozenset[int] = frozenset()


async def _operated_again(call: Call, arguments: InstanceBatch, subject: str) -> InstancesOperated:
    """Finish a batch whose answer was lost: what it has done already is not done again."""
    noted = _noted(call, subject)
    versions = {name: noted[name] for name in ("version", "to_version") if name in noted}
    meant = arguments.model_copy(update=versions)  # A tag may name another version by now.
    return await _operate(call, arguments, meant, _of_batch(call, subject), subject)


def _noted(call: Call, batch: str) -> Mapping[str, Json]:
    """Return what is on record of a batch, empty if there is none."""
    noted = call.app.runtime.reader.audit(call.caller.tenant, AuditFilter(scope=batch)).items
    data = noted[0].data if noted and batch.startswith("batch:") else None
    return data if isinstance(data, Mapping) else {}


def _of_batch(call: Call, batch: str) -> list[str]:
    """Return the instances that a batch meant."""
    chosen = _noted(call, batch).get("instances")
    if not isinstance(chosen, list):
        raise FlowMasterError(
            "batch.unknown",
            f"There is no batch {batch[:80]!r}.",
            path="of_batch",
            expected="the `batch` that an `instance_batch` has answered",
            fix="Take the `batch` of an answer, or find it in the audit log.",
            next=[Hint("audit_find", {}, "Find the batches.")],
            status=404,
        )
    return [str(one) for one in chosen]


def _losses(call: Call, arguments: InstanceBatch, tried: InstancesOperated) -> str:
    done = [item.instance for item in tried.items if item.done]
    element, target = arguments.element or arguments.source, arguments.target
    return losses_of(arguments.action, done, of=tried.done, meant=tried.meant, element=element, target=target)


@operation(
    right="instance.control",
    destructive=True,
    destroys=_losses,
    recover=_operated_again,
    lasting="may",
)
async def instance_batch(call: Call, arguments: InstanceBatch) -> InstancesOperated:
    """Operate many instances at once.

    Name them, or say which. A dry run tells which are meant, what would come of each, and a `selection`: given with
    the real call, it refuses if other instances are meant by then. One that is refused leaves the rest done.
    """
    check_action(arguments.action, arguments, version=arguments.to_version, named="to_version")
    refuse_branch(call.app.runtime.reader, call.caller.tenant, arguments.process)
    meant = _numbered(call, arguments)
    chosen = _chosen(call, meant)
    _check_selection(meant, chosen)
    batch = await call.app.runtime.write(
        lambda transaction: _note(transaction, call, meant, chosen), dry_run=arguments.dry_run
    )
    return await _operate(call, arguments, meant, chosen, batch)


def _numbered(call: Call, arguments: InstanceBatch) -> InstanceBatch:
    """Return the call with numbers for tags, which may move between a call that tries and one that does."""
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    found: dict[str, int] = {}
    for name in ("version", "to_version"):
        wanted = getattr(arguments, name)
        if isinstance(wanted, str) and not arguments.process:
            raise FlowMasterError(
                "arguments.invalid",
                f"A tag is one of a process, and the call names none for `{name}`.",
                path=name,
                expected="a number, or a tag beside `process`",
                fix="Give the number of the version, or name the `process`.",
            )
        if isinstance(wanted, str):
            found[name] = number_of(reader, tenant, arguments.process, wanted, name)
    return arguments.model_copy(update=found)


def _chosen(call: Call, arguments: InstanceBatch) -> list[str]:
    """Return the instances that a call means, oldest first, so that callers come before what they called."""
    assert not isinstance(arguments.version, str), "a number stands for it by now"
    which = InstanceFilter(
        process=arguments.process,
        version=arguments.version,
        statuses=(arguments.status,) if arguments.status else OPEN,
        business_key=arguments.business_key,
        query=arguments.query,
        has_incident=arguments.incidents,
        limit=arguments.limit or INSTANCES_MAX,
    )
    said = [name for name in _FILTERS if getattr(arguments, name) not in ("", None)]
    for name in ("instances", "of_batch"):
        others = [*said, *(["instances"] if arguments.instances and name != "instances" else [])]
        if getattr(arguments, name) and others:
            raise _unclear(others[0], f"`{others[0]}` says which instances, and so does `{name}`.")
    if arguments.instances:
        return list(dict.fromkeys(arguments.instances))
    if arguments.of_batch:
        return _of_batch(call, arguments.of_batch)
    if not set(said) - {"limit"}:
        raise _unclear("instances", "The call does not say which instances it means.")
    page = call.app.runtime.reader.find_instances(call.caller.tenant, which)
    if arguments.limit is None and page.total > INSTANCES_MAX:
        raise FlowMasterError(
            "batch.too_large",
            f"{page.total} instances are meant; one batch operates {INSTANCES_MAX}.",
            path="limit",
            expected=f"at most {INSTANCES_MAX} instances",
            fix=f"Say more closely which, or take them in parts with `limit` {INSTANCES_MAX}.",
            next=[_again(arguments, {"limit": INSTANCES_MAX, "dry_run": True}, "Try the newest of them.")],
            status=409,
        )
    return [row.instance for row in reversed(page.items)]


_FILTERS = ("process", "version", "status", "business_key", "query", "incidents", "limit")


def _unclear(path: str, message: str) -> FlowMasterError:
    return FlowMasterError(
        "arguments.invalid",
        message,
        path=path,
        expected=["instances", *_FILTERS],
        fix="Name the instances in `instances`, or say which with the other arguments.",
    )


def _check_selection(arguments: InstanceBatch, chosen: Sequence[str]) -> None:
    """Refuse a call that does not mean what was tried."""
    if arguments.selection in ("", _selection(arguments, chosen)):
        return
    tried = arguments.selection.partition("-")[0][:20]
    message = f"{len(chosen)} instances are meant now; when it was tried there were {tried}."
    if tried == str(len(chosen)):
        message = "Other instances are meant now, or another action, than were tried."
    raise FlowMasterError(
        "batch.changed",
        message,
        path="selection",
        expected="the `selection` that a dry run of this call answered",
        fix="Make a dry run, look at what it answers, and give its `selection`.",
        next=[_again(arguments, {"dry_run": True}, "See which instances are meant now.")],
        status=409,
    )


def _selection(arguments: InstanceBatch, chosen: Sequence[str]) -> str:
    """Return what stands for just this action on just these instances."""
    told = write_json([_asked(arguments), sorted(chosen)])
    return f"{len(chosen)}-{sha256(told).hexdigest()[:16]}"


def _asked(arguments: InstanceBatch) -> dict[str, Json]:
    """Return what a call asks for, whether tried or done."""
    left_aside = {"dry_run", "idempotency_key", "reason", "selection", "detail"}
    return arguments.model_dump(exclude=left_aside, exclude_defaults=True, by_alias=True)


def _again(arguments: InstanceBatch, more: Mapping[str, Json], why: str) -> Hint:
    return Hint("instance_batch", {**_asked(arguments), **more}, why)


def _note(transaction: Transaction, call: Call, arguments: InstanceBatch, chosen: Sequence[str]) -> str:
    """Put the batch on record before anything is done, so that a repeated call finishes just this one."""
    tenant, runtime = call.caller.tenant, call.app.runtime
    batch = f"batch:{transaction.next_number(tenant, 'batch')}"
    transaction.journal(
        tenant,
        batch,
        at=runtime.clock.now(transaction),
        by=call.caller.person,
        agent=call.caller.agent,
        operation=f"instance_batch.{arguments.action}",
        reason=arguments.reason or "",
        data={**_asked(arguments), "instances": list(chosen)},
    )
    store_once(transaction, call, subject=batch)
    return batch


async def _operate(
    call: Call, arguments: InstanceBatch, meant: InstanceBatch, chosen: Sequence[str], batch: str
) -> InstancesOperated:
    """Do what is meant, with numbers for tags; what may be called next says the versions as the caller did."""
    outcomes = await _outcomes(call, meant, chosen, batch)
    items = sorted(outcomes.items, key=lambda item: item.done)
    shown = items if "items" in arguments.detail else leading(items)
    done = sum(item.done for item in items)
    selection = _selection(meant, chosen)
    do_it = _again(arguments, {"selection": selection}, f"Do it to {done} of {len(items)} instances.")
    return InstancesOperated(
        batch=batch,
        action=arguments.action,
        meant=len(items),
        done=done,
        refused=len(items) - done,
        selection=selection,
        refusals=_refusals(items),
        items=shown,
        settling=not outcomes.settled,
        next=[follow_up(do_it)] if arguments.dry_run and done else _back(arguments, batch, outcomes),
        left_out=left_out({"items": (len(items), len(shown))}),
    )


def _back(arguments: InstanceBatch, batch: str, outcomes: Outcomes) -> list[NextCall]:
    """Return the call that tries to take a migration back, where all that moved were on one version."""
    if arguments.action != "migrate" or arguments.dry_run or len(outcomes.versions) != 1:
        return []
    back: dict[str, Json] = {"action": "migrate", "of_batch": batch, "to_version": min(outcomes.versions)}
    if arguments.mapping:
        back["mapping"] = {new: old for old, new in arguments.mapping.items()}
    return [follow_up(Hint("instance_batch", {**back, "dry_run": True}, "Try to take it back."))]


def _refusals(items: Sequence[BatchItem]) -> list[Refusals]:
    counts = Counter(item.code for item in items if not item.done)
    first = {item.code: item.message for item in reversed(items)}
    return [
        Refusals(code=code, instances=count, message=first[code]) for code, count in counts.most_common(10)
    ]


async def _outcomes(call: Call, arguments: InstanceBatch, chosen: Sequence[str], batch: str) -> Outcomes:
    """Do, or try, the action to each instance in a piece of work of its own."""
    whole = frozenset(chosen)
    items: list[BatchItem] = []
    settled, versions = True, frozenset[int]()
    for first in range(0, len(chosen), AT_ONCE):
        part = chosen[first : first + AT_ONCE]
        for outcome in await asyncio.gather(
            *(_outcome(call, arguments, instance, whole, batch) for instance in part)
        ):
            items += outcome.items
            settled = settled and outcome.settled
            versions |= outcome.versions
        await call.client.tell_progress(len(items), len(chosen), "instances operated")
    return Outcomes(items, settled, versions)


async def _outcome(
    call: Call, arguments: InstanceBatch, instance: str, whole: frozenset[str], batch: str
) -> Outcomes:
    request = request_of(call, f"instance_batch.{arguments.action}", arguments.reason)
    once = None if call.once is None else Once(f"{batch}/{instance}", batch)

    moved: list[int] = []

    def work(desk: Desk) -> str:
        moved.clear()
        if once is not None and desk.transaction.find_once(request.tenant, once.key) is not None:
            return desk.load(request.tenant, instance).status
        if arguments.action == "cancel" and _went_along(desk, request, instance, whole):
            return "cancelled"
        asked = request._replace(once=once)
        if arguments.action == "migrate":
            moved.append(desk.load(request.tenant, instance).version)
            return migrate(desk, asked, instance, arguments.to_version, arguments.mapping).status
        return act(desk, asked, instance, arguments.action, arguments).status

    try:
        lasting = arguments.action in ("resume", "cancel")
        outcome = await call.app.runtime.do(work, dry_run=arguments.dry_run, lasting=lasting)
    except FlowMasterError as error:
        refused = BatchItem(instance=instance, done=False, code=error.code, message=error.message)
        return Outcomes([refused], True)
    item = BatchItem(instance=instance, status=outcome.result, done=True)
    return Outcomes([item], outcome.settled, frozenset(moved))


def _went_along(desk: Desk, request: Request, instance: str, whole: frozenset[str]) -> bool:
    """Whether an instance has been cancelled already with a caller that is cancelled too."""
    state = desk.load(request.tenant, instance)
    return state.status == "cancelled" and state.parent is not None and state.parent.instance in whole


OPERATIONS = (instance_batch,)
