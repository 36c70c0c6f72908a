"""Whatever happens, in whatever order, with whatever is taken back: all stores say the same about it."""

import itertools
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from flowmaster.engine import events as ev
from flowmaster.engine import state as st
from flowmaster.stores import rows
from flowmaster.stores.memory.store import MemoryStore
from flowmaster.stores.protocol import Store, Transaction
from flowmaster.stores.sqlite.store import SqliteStore
from tests.stores.given import (
    AT,
    ENDED,
    TENANT,
    Undone,
    child,
    first_step,
    job,
    load,
    state_of,
    step_of,
    subscription,
    task,
    timer,
)

INSTANCES = 8
ACTIONS = 120
Action = Callable[[Transaction], None]


def _wait(choose: random.Random, id: int, node: int) -> st.Wait:
    makers: list[Callable[[], st.Wait]] = [
        lambda: task(
            id,
            node,
            roles=choose.sample(["clerk", "boss"], choose.randint(0, 2)),
            users=choose.sample(["anna"], choose.randint(0, 1)),
            excluded=choose.sample(["anna", "bert"], choose.randint(0, 1)),
            assignee=choose.choice(["", "anna"]),
            priority=choose.choice([10, 50]),
        ),
        lambda: job(
            id,
            node,
            type=choose.choice(["bank", "truck"]),
            retries=choose.randint(0, 2),
            due=choose.choice([None, AT + 5, AT + 50]),
        ),
        lambda: timer(id, node, due=AT + choose.randint(0, 100)),
        lambda: subscription(
            id,
            node,
            kind=choose.choice(["message", "signal"]),
            key=choose.choice(["", "K-1", "order:2"]),
        ),
        lambda: child(id, node),
    ]
    return choose.choice(makers)()


def _events(choose: random.Random, state: st.State) -> list[ev.Event]:
    key = state.keys + 1
    waits = [wait for wait in state.waits.values() if state.status != "completed"]
    events: list[ev.Event] = [ev.VariablesSet(1, "", {"n": key})]
    action = choose.randrange(8)
    if action <= 1:
        events += [ev.ElementEntered(key, "step", 1, ()), ev.WaitOpened(_wait(choose, key + 1, key))]
    elif action == 2 and waits:
        events.append(ev.WaitClosed(choose.choice(waits).id, "step", "completed", {}))
    elif action == 3 and len(state.nodes) > 1:
        events.append(ev.ElementCancelled(choose.choice([node for node in state.nodes if node > 1]), "step"))
    elif action == 4 and waits:
        old = choose.choice(waits)
        if isinstance(old, st.TaskWait):
            changed = old.but(roles=("clerk",), assignee="bert", priority=choose.randint(0, 99))
            events.append(ev.TaskChanged(changed, "assigned", {}))
        elif isinstance(old, st.JobWait):
            events.append(ev.JobFailed(old.but(retries=max(old.retries - 1, 0), due=AT + 7), "no"))
        elif isinstance(old, st.ChildWait):
            events.append(ev.ChildStarted(old.but(child="sub:1")))
    elif action == 5:
        events.append(ev.InstanceResumed("") if state.status == "paused" else ev.InstancePaused(""))
    elif action == 6:
        events.append(ev.IncidentRaised(key, 1, "step", "s", "code", "message", AT, 1))
    elif action == 7:
        decision = choose.choice(["level", "risk"])
        events.append(ev.DecisionMade(key, "rate", decision, 1, {"n": key}, (), key))
    elif choose.random() < 0.2:
        events.append(ENDED)
    return events


def _act(seed: int, instance: str, nonces: "itertools.count[int]") -> Action:
    def act(transaction: Transaction) -> None:
        choose = random.Random(seed)
        stored = transaction.load(TENANT, instance)
        if stored is None:
            key = choose.choice(["", "K-1"])
            sandbox = choose.random() < 0.2
            transaction.append(first_step(instance, business_key=key, sandbox=sandbox, labels={"pay": "Pay"}))
        elif choose.random() < 0.2:
            transaction.take_jobs(
                TENANT,
                types=choose.choice([None, ["bank"]]),
                limit=2,
                now=1_000 + seed % 50,
                engine_now=AT + seed % 60,
                lease_until=1_100,
                worker="w",
                nonce=lambda: f"n{seed}-{instance.replace(':', '')}-{next(nonces)}",
            )
        elif stored.row.status != "completed":
            state = state_of(transaction, instance)
            assert (state, list(state.waits)) == (stored.state, list(stored.state.waits))
            transaction.append(step_of(state, *_events(choose, state), at=AT + seed % 1_000))
        if choose.random() < 0.15:
            raise Undone

    return act


def _everything(store: Store) -> list[object]:
    reader = store.reader()
    said: list[object] = [
        reader.find_instances(TENANT, rows.InstanceFilter(include_sandbox=True)),
        reader.find_instances(TENANT, rows.InstanceFilter(statuses=["active"], has_incident=True)),
        reader.count_instances(TENANT),
        reader.find_tasks(TENANT, rows.TaskFilter(include_sandbox=True)),
        reader.find_tasks(TENANT, rows.TaskFilter(candidate="anna", roles=["clerk"])),
        reader.find_tasks(TENANT, rows.TaskFilter(assignee="bert", limit=1)),
        reader.job_types(TENANT, now=1_050),
        reader.due_timers(AT + 60, limit=100),
        reader.next_due(),
        reader.next_job(),
        reader.audit(TENANT, rows.AuditFilter(limit=1_000)),
        reader.changes(0, limit=1_000),
        reader.last_change(),
    ]
    said += [
        reader.evaluations(TENANT, decision, limit=limit)
        for decision in ("level", "risk")
        for limit in (3, 99)
    ]
    for kind, key in itertools.product(["message", "signal"], ["", "K-1", "order:2"]):
        said.append(reader.subscriptions(TENANT, kind=kind, name="paid", key=key, limit=100))
    for number in range(INSTANCES):
        instance = f"order:{number}"
        said.append(reader.load(TENANT, instance))
        said.append(reader.history(TENANT, instance, limit=1_000))
        said.append(reader.instance_subscriptions(TENANT, instance))
        if reader.load(TENANT, instance) is not None:
            said.append(reader.verify(TENANT, instance))
            assert load(reader, instance).row.revision == len(reader.history(TENANT, instance, limit=1_000))
    return said


@pytest.mark.parametrize("seed", range(12))
def test_all_stores_agree_after_any_sequence_of_steps(tmp_path: Path, seed: int) -> None:
    told: list[list[object]] = []
    for store in (SqliteStore(tmp_path / "flowmaster.db"), MemoryStore()):
        choose = random.Random(seed)
        nonces = itertools.count()
        for _ in range(ACTIONS // 4):
            acts = [
                _act(choose.randrange(10**9), f"order:{choose.randrange(INSTANCES)}", nonces)
                for _ in range(4)
            ]
            with suppress(Undone), store.transaction() as transaction:
                for act in acts:
                    with suppress(Undone), transaction.savepoint():
                        act(transaction)
                if choose.random() < 0.1:
                    raise Undone
        told.append(_everything(store))
        store.close()
    for sqlite, memory in zip(*told, strict=True):
        assert sqlite == memory
