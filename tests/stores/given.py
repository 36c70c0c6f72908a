"""Steps and waits that the tests of the stores begin with."""

from collections.abc import Mapping, Sequence
from typing import Any

from flowmaster.engine import events as ev
from flowmaster.engine import state as st
from flowmaster.engine.evolve import blank, fold
from flowmaster.engine.values import Json
from flowmaster.stores import rows
from flowmaster.stores.protocol import Reader, Store, Transaction

TENANT = "acme"
AT = 1_770_000_000_000


class Undone(Exception):
    """Raised to take a transaction or savepoint back."""


def task(
    id: int = 3,
    node: int = 2,
    element: str = "approve",
    *,
    state: str = "ready",
    assignee: str = "",
    roles: Sequence[str] = (),
    users: Sequence[str] = (),
    excluded: Sequence[str] = (),
    priority: int = 50,
    kinds: Sequence[str] = (),
) -> st.TaskWait:
    return st.TaskWait(
        id,
        node,
        element,
        AT,
        state,
        assignee,
        tuple(roles),
        tuple(users),
        tuple(excluded),
        None,
        None,
        priority,
        None,
        tuple(kinds),
    )


def job(
    id: int = 3,
    node: int = 2,
    element: str = "pay",
    *,
    type: str = "bank",
    retries: int = 3,
    due: int | None = None,
) -> st.JobWait:
    return st.JobWait(id, node, element, AT, type, retries, due)


def timer(id: int = 3, node: int = 2, element: str = "wait", *, due: int = AT + 1_000) -> st.TimerWait:
    return st.TimerWait(id, node, element, AT, due, "", 0, "")


def subscription(
    id: int = 3,
    node: int = 2,
    element: str = "hear",
    *,
    kind: str = "message",
    name: str = "paid",
    key: str = "",
) -> st.EventWait:
    return st.EventWait(id, node, element, AT, kind, name, key)


def child(id: int = 3, node: int = 2, element: str = "call", *, called: str = "") -> st.ChildWait:
    return st.ChildWait(id, node, element, AT, "sub", called)


def first_step(
    instance: str,
    *waits: st.Wait,
    tenant: str = TENANT,
    process: str = "",
    version: int = 1,
    business_key: str = "",
    variables: Mapping[str, Json] | None = None,
    parent: st.Parent | None = None,
    sandbox: bool = False,
    at: int = AT,
    by: str = "anna",
    labels: Mapping[str, str] = rows.NOTHING,
    outbox: Sequence[rows.Effect] = (),
    once: rows.Once | None = None,
) -> rows.Step:
    """Return the step that starts an instance (of the process its id begins with) and opens waits."""
    process = process or instance.split(":")[0]
    started = ev.InstanceStarted(
        instance, process, version, business_key, at, parent, variables or {}, sandbox
    )
    events: list[ev.Event] = [started]
    events += [ev.ElementEntered(node, "step", 1, ()) for node in sorted({wait.node for wait in waits})]
    events += [ev.WaitOpened(wait) for wait in waits]
    state = fold(blank(instance, process, version), events)
    return rows.Step(
        tenant,
        0,
        state,
        events,
        at,
        by,
        "instance_start",
        outbox=outbox,
        once=once,
        labels=labels,
    )


def next_step(stored: rows.StoredInstance, *events: ev.Event, **told: Any) -> rows.Step:
    """Return a step that follows what is stored."""
    return step_of(stored.state, *events, **told)


def step_of(
    before: st.State,
    *events: ev.Event,
    tenant: str = TENANT,
    at: int = AT + 10,
    by: str = "bert",
    operation: str = "task_act",
    reason: str = "",
    labels: Mapping[str, str] = rows.NOTHING,
    once: rows.Once | None = None,
) -> rows.Step:
    """Return a step that follows a state."""
    return rows.Step(
        tenant, before.seq, fold(before, events), events, at, by, operation, reason, labels=labels, once=once
    )


def state_of(transaction: Transaction, instance: str, tenant: str = TENANT) -> st.State:
    """Return the state that a step of an instance begins with; the instance is there."""
    found = transaction.state(tenant, instance)
    assert found is not None
    return found


def put(store: Store, *steps: rows.Step) -> None:
    """Store steps in one transaction."""
    with store.transaction() as transaction:
        for step in steps:
            with transaction.savepoint():
                transaction.append(step)


def load(reader: Reader | Transaction, instance: str, tenant: str = TENANT) -> rows.StoredInstance:
    """Return an instance that is there."""
    found = reader.load(tenant, instance)
    assert found is not None
    return found


def go_on(store: Store, instance: str, *events: ev.Event, tenant: str = TENANT) -> None:
    """Let events happen to a stored instance."""
    with store.transaction() as transaction:
        transaction.append(next_step(load(transaction, instance, tenant), *events, tenant=tenant))


ENDED = ev.InstanceEnded("completed", "", "")
