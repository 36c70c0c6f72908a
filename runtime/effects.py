"""What an instance causes elsewhere in the server: called processes, messages, the return of a child.

Each function does one effect and returns whether it must be kept for later (its instance is paused). Effects
may come twice after a crash between two servers; each checks that it is still wanted.
"""

from collections.abc import Callable, Mapping, Sequence

from flowmaster.engine import commands as cmd
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.limits import CALL_DEPTH_MAX
from flowmaster.engine.state import ChildWait, EventWait, Parent, State
from flowmaster.engine.values import Json
from flowmaster.runtime.desk import CALL_TOO_DEEP, Desk, Pending, Request, Start
from flowmaster.runtime.messages import broadcast, broadcast_apart, deliver, deliver_apart, family, meets
from flowmaster.stores.rows import InstanceFilter, Sent

SYSTEM = "system"


def call(desk: Desk, pending: Pending) -> bool:
    """Start the called process and tell the caller, or tell it why that is not possible."""
    payload = pending.effect.payload
    wait = _number(payload["wait"])
    caller = desk.transaction.load(pending.tenant, pending.instance)
    if caller is None or not isinstance(caller.state.waits.get(wait), ChildWait):
        return False
    request = _request(pending, "call_activity")
    depth = caller.state.parent.depth + 1 if caller.state.parent else 1
    try:
        if depth > CALL_DEPTH_MAX:
            fix = "End the chain of calls by a condition."
            raise FlowMasterError("call.too_deep", CALL_TOO_DEEP, fix=fix)
        version = _version(desk, pending, str(payload["process"]), str(payload["version"]))
        start = Start(
            str(payload["process"]),
            version,
            _variables(payload),
            parent=Parent(pending.instance, wait, depth),
            sandbox=caller.state.sandbox,
        )
        with desk.transaction.savepoint():
            child = desk.start(request, start)
    except FlowMasterError as error:
        refused = cmd.ReportChildEnded(desk.now, SYSTEM, wait, "refused", message=error.message)
        desk.step(request, pending.instance, lambda state, now: refused)
        return False
    desk.step(request, pending.instance, lambda state, now: cmd.ReportChildStarted(now, SYSTEM, wait, child))
    return False


def cancel_child(desk: Desk, pending: Pending) -> bool:
    """Cancel what an instance called at a wait that it gave up."""
    wait = _number(pending.effect.payload["wait"])
    children = desk.transaction.find_instances(
        pending.tenant,
        InstanceFilter(
            parent=pending.instance, statuses=("active", "paused"), include_sandbox=True, limit=1000
        ),
    )
    request = _request(pending, "cancel")
    for child in children.items:
        if child.parent is not None and child.parent.wait == wait:
            desk.step(
                request,
                child.instance,
                lambda state, now: cmd.CancelInstance(now, SYSTEM, "The caller went on."),
            )
    return False


def child_ended(desk: Desk, pending: Pending) -> bool:
    """Tell the caller that what it called is over."""
    payload = pending.effect.payload
    wait = _number(payload["wait"])
    caller = desk.transaction.load(pending.tenant, pending.effect.target)
    if caller is None or wait not in caller.state.waits:
        return False
    if caller.row.status == "paused":
        return True
    report = cmd.ReportChildEnded(
        desk.now,
        SYSTEM,
        wait,
        str(payload["status"]),
        _variables(payload),
        str(payload["error"]),
        str(payload["message"]),
    )
    desk.step(_request(pending, "call_activity"), caller.row.instance, lambda state, now: report)
    return False


def escalated(desk: Desk, pending: Pending) -> bool:
    """Tell the caller of an escalation that its child threw and nothing there caught."""
    payload = pending.effect.payload
    wait = _number(payload["wait"])
    caller = desk.transaction.load(pending.tenant, pending.effect.target)
    if caller is None or wait not in caller.state.waits:
        return False
    if caller.row.status == "paused":
        return True
    report = cmd.ReportEscalation(desk.now, SYSTEM, wait, str(payload["code"]), _variables(payload))
    desk.step(_request(pending, "call_activity"), caller.row.instance, lambda state, now: report)
    return False


def message(desk: Desk, pending: Pending) -> bool:
    """Deliver a message that an instance sent; that of a sandbox stays among the instances that belong to it."""
    payload = pending.effect.payload
    name, key, variables = str(payload["name"]), str(payload["key"]), _variables(payload)
    request = _request(pending, "message")
    if pending.sandbox:
        deliver_apart(desk, request, family(desk, pending.tenant, pending.instance), name, key, variables)
    else:
        reached = deliver(desk, request, name, key, variables, ttl=0).delivered
        _note_sent(desk, pending, "message", name, reached)
    return False


def signal(desk: Desk, pending: Pending) -> bool:
    """Deliver a signal that an instance broadcast; that of a sandbox stays among the instances that belong to it."""
    payload = pending.effect.payload
    name, variables = str(payload["name"]), _variables(payload)
    request = _request(pending, "signal")
    if pending.sandbox:
        others = [one for one in family(desk, pending.tenant, pending.instance) if one != pending.instance]
        broadcast_apart(desk, request, others, name, variables)
    else:
        reached = broadcast(desk, request, name, variables, sender=pending.instance).delivered
        _note_sent(desk, pending, "signal", name, reached)
    return False


def _note_sent(desk: Desk, pending: Pending, kind: str, name: str, reached: Sequence[str]) -> None:
    """Note who received what an instance sent, so that chains of instances can be followed."""
    for receiver in reached:
        desk.transaction.put_sent(pending.tenant, Sent(pending.instance, receiver, kind, name, desk.now))


def buffered(desk: Desk, pending: Pending) -> bool:
    """Give a new waiting place the oldest buffered message that fits."""
    payload = pending.effect.payload
    wait = _number(payload["wait"])
    stored = desk.transaction.load(pending.tenant, pending.instance)
    if stored is None or stored.row.status != "active":
        return False
    open_wait = stored.state.waits.get(wait)
    if not isinstance(open_wait, EventWait):
        return False
    for waiting in _fitting(desk, pending, open_wait, stored.state):
        if not desk.transaction.delete_message(pending.tenant, waiting[0]):
            continue
        _give(desk, pending, wait, waiting[1])
        break
    return False


def _give(desk: Desk, pending: Pending, wait: int, variables: Mapping[str, Json]) -> None:
    received = cmd.ReceiveEvent(desk.now, SYSTEM, wait, variables)
    desk.step(_request(pending, "message"), pending.instance, lambda state, now: received)


def _fitting(
    desk: Desk, pending: Pending, wait: EventWait, state: State
) -> list[tuple[int, Mapping[str, Json]]]:
    keys: Sequence[str] = [wait.key] if wait.key else ["", state.business_key, state.instance]
    found = desk.transaction.buffered(pending.tenant, name=wait.name, keys=keys, now=desk.now)
    return [(item.id, item.variables) for item in found if meets(wait, state, item.key)]


def _version(desk: Desk, pending: Pending, process: str, wanted: str) -> int:
    if not wanted:
        return 0
    if wanted.isascii() and wanted.isdigit():
        return int(wanted)
    found = desk.transaction.version(pending.tenant, "process", process, tag=wanted)
    if found is None:
        message = f"{process!r} has no version tagged {wanted!r}."
        fix = "Publish a version with that tag, or call another; then retry."
        raise FlowMasterError("process.version_unknown", message, fix=fix)
    return found.version


def _request(pending: Pending, operation: str) -> Request:
    return Request(pending.tenant, SYSTEM, operation)


def _number(value: Json) -> int:
    assert isinstance(value, int)
    return value


def _variables(payload: Mapping[str, Json]) -> Mapping[str, Json]:
    found = payload.get("variables")
    return found if isinstance(found, Mapping) else {}


FOLLOW: Mapping[str, Callable[[Desk, Pending], bool]] = {
    "call": call,
    "cancel_child": cancel_child,
    "child_ended": child_ended,
    "escalated": escalated,
    "message": message,
    "signal": signal,
    "buffered": buffered,
}
"""What to do for each kind of effect."""
