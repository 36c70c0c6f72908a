"""Messages find their receivers: waiting places first, then message start events, then the buffer.

A message reaches exactly one instance (BPMN 2.0.2, 10.5.1). With a key it fits subscriptions to that key, and
keyless ones of an instance whose business key, else id, is that key; without one it fits keyless ones. Sandboxes
are reached by the messages of their own instances, and by one whose key is a sandbox's id.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flowmaster.engine import commands as cmd
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.said import said
from flowmaster.engine.state import EventWait, State
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.runtime.desk import Desk, Request
from flowmaster.runtime.starts import begin
from flowmaster.stores.rows import Subscription

RECEIVERS_LOOKED_AT_MAX = 100
"""Waiting places of one name and key that are looked at for one that is not paused."""

SIGNAL_RECEIVERS_MAX = 10_000
"""Instances that one signal reaches."""


class Delivery(NamedTuple):
    """Where a message or signal went, and whether it was kept for later."""

    delivered: list[str]
    buffered: bool


def deliver(
    desk: Desk, request: Request, name: str, key: str, variables: Mapping[str, Json], *, ttl: int
) -> Delivery:
    """Deliver a message to one waiting place or message start event, or buffer it for `ttl` milliseconds."""
    found = desk.transaction.subscriptions(
        request.tenant, kind="message", name=name, key=key, limit=RECEIVERS_LOOKED_AT_MAX
    )
    for place in found:
        if not place.held:
            _receive(desk, request, place.instance, place.wait.id, variables)
            return Delivery([place.instance], False)
    named = desk.transaction.load(request.tenant, key) if key else None
    if named is not None and named.row.sandbox:
        return deliver_apart(desk, request, [key], name, None, variables)
    for start in desk.transaction.start_subscriptions(request.tenant, kind="message", name=name):
        return Delivery([begin(desk, request, start, variables, key)], False)
    if ttl > 0:
        _check_room(desk, request.tenant, name)
        desk.transaction.put_message(
            request.tenant,
            name=name,
            key=key,
            variables=variables,
            expires=desk.now + ttl,
            at=desk.now,
            by=request.by,
        )
        _note(desk, request, name, {"key": key, "held_until": iso(desk.now + ttl)})
    return Delivery([], ttl > 0)


def deliver_apart(
    desk: Desk,
    request: Request,
    instances: Sequence[str],
    name: str,
    key: str | None,
    variables: Mapping[str, Json],
) -> Delivery:
    """Deliver a message to one waiting place of these instances, which are sandboxes; None fits every key."""
    for instance in instances:
        for place in desk.transaction.instance_subscriptions(request.tenant, instance):
            own = (place.wait.key,) if place.wait.key else ("", place.business_key or place.instance)
            if _listens(place, "message", name) and (key is None or key in own):
                _receive(desk, request, instance, place.wait.id, variables)
                return Delivery([instance], False)
    return Delivery([], False)


def broadcast_apart(
    desk: Desk, request: Request, instances: Sequence[str], name: str, variables: Mapping[str, Json]
) -> None:
    """Deliver a signal to every waiting place of these instances, which are sandboxes."""
    for instance in instances:
        for place in desk.transaction.instance_subscriptions(request.tenant, instance):
            if _listens(place, "signal", name) and _still_waits(desk, request, instance, place.wait.id):
                _receive(desk, request, instance, place.wait.id, variables)


def family(desk: Desk, tenant: str, instance: str) -> list[str]:
    """Return an instance's outermost caller and all that it called, directly or not."""
    stored = desk.transaction.load(tenant, instance)
    while stored is not None and stored.row.parent is not None:
        instance = stored.row.parent.instance
        stored = desk.transaction.load(tenant, instance)
    return [instance, *(row.instance for row in desk.transaction.descendants(tenant, instance))]


def expire(desk: Desk) -> None:
    """Let go of messages whose time is over, and report each in the log of its name."""
    for message in desk.transaction.expire_messages(desk.now):
        request = Request(message.tenant, "system", "message_expired", "Nobody waited for it in time.")
        told: dict[str, Json] = {"key": message.key, "by": message.by, "held_until": iso(message.expires)}
        _note(desk, request, message.name, told)


def broadcast(
    desk: Desk, request: Request, name: str, variables: Mapping[str, Json], *, sender: str = ""
) -> Delivery:
    """Deliver a signal to every waiting place and every signal start event (BPMN 2.0.2, 10.5.5.4).

    The instance that sent it has taken it already. Where instances wait for it at the very start event that needs it
    beside other triggers, it completes their beginnings and makes no further one.
    """
    reached: list[str] = []
    completed: set[tuple[str, str]] = set()
    found = desk.transaction.subscriptions(
        request.tenant, kind="signal", name=name, limit=SIGNAL_RECEIVERS_MAX
    )
    for place in found:
        if (
            not place.held
            and place.instance != sender
            and _still_waits(desk, request, place.instance, place.wait.id)
        ):
            _receive(desk, request, place.instance, place.wait.id, variables)
            reached.append(place.instance)
            completed.add((place.process, place.wait.element))
    for start in desk.transaction.start_subscriptions(request.tenant, kind="signal", name=name):
        if (start.process, start.element) not in completed:
            reached.append(begin(desk, request, start, variables))
    return Delivery(list(dict.fromkeys(reached)), False)


def meets(wait: EventWait, state: State, key: str) -> bool:
    """Return whether a message with this key may reach this waiting place."""
    if wait.key:
        return wait.key == key
    return not key or key == (state.business_key or state.instance)


def _listens(place: Subscription, kind: str, name: str) -> bool:
    return not place.held and (place.wait.kind, place.wait.name) == (kind, name)


def _check_room(desk: Desk, tenant: str, name: str) -> None:
    """Refuse to keep a further message where enough are kept."""
    bounds, count = desk.bounds, desk.transaction.count_buffered
    for bound, most, which in (
        ("name_messages", bounds.name_messages, name),
        ("messages", bounds.messages, ""),
    ):
        if count(tenant, name=which, most=most) < most:
            continue
        kind = f"messages {said(which)}" if which else "messages"
        raise FlowMasterError(
            "message.too_many_kept",
            f"{most} {kind} are kept already for receivers that do not wait yet. Nothing has changed.",
            path="ttl",
            expected=f"less than {most} kept {kind}",
            fix="Start the instances that receive them, send it when they wait, or wait until some have expired. "
            f"Whoever keeps the server may raise `--bounds {bound}`.",
            status=409,
        )


def _note(desk: Desk, request: Request, name: str, data: dict[str, Json]) -> None:
    desk.transaction.journal(
        request.tenant,
        f"message:{name}",
        at=desk.now,
        by=request.by,
        operation=request.operation,
        reason=request.reason,
        data=data,
        agent=request.agent,
    )


def _still_waits(desk: Desk, request: Request, instance: str, wait: int) -> bool:
    stored = desk.transaction.load(request.tenant, instance)
    return stored is not None and wait in stored.state.waits


def _receive(desk: Desk, request: Request, instance: str, wait: int, variables: Mapping[str, Json]) -> None:
    received = cmd.ReceiveEvent(desk.now, request.by, wait, variables)
    desk.step(request, instance, lambda state, now: received)
