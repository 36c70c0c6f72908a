"""What is counted for whoever watches a server is what there is, in every store."""

from flowmaster.engine import events as ev
from flowmaster.stores import rows
from flowmaster.stores.counts import Steps, WaitCounts
from flowmaster.stores.protocol import Store
from tests.stores.given import AT, TENANT, first_step, job, next_step, subscription, task, timer


def given(store: Store, *steps: rows.Step) -> None:
    """Store steps."""
    with store.transaction() as transaction:
        for step in steps:
            transaction.append(step)


def counts(store: Store, tenant: str = TENANT) -> WaitCounts:
    """Return what is waited for a minute later."""
    return store.reader().wait_counts(tenant, now=AT + 60_000, engine_now=AT + 60_000)


def test_an_empty_store_has_nothing_to_count(store: Store) -> None:
    reader = store.reader()
    assert counts(store) == WaitCounts(0, 0, 0, 0, 0, 0, 0, None)
    assert reader.stopped(TENANT, limit=5) == rows.Page([], 0, None)
    assert reader.steps(TENANT, since=AT, limit=5) == Steps([], AT)


def test_waits_are_counted_by_kind_without_those_of_sandboxes_and_other_tenants(store: Store) -> None:
    waits = (
        task(3),
        task(4, assignee="ann", state="reserved"),
        job(5),
        job(6, retries=0),
        timer(7, due=AT + 1_000),
        timer(8, due=AT + 90_000),
        subscription(9),
    )
    given(
        store,
        first_step("p:1", *waits),
        first_step("p:sandbox-1", *waits, sandbox=True),
        first_step("p:1", task(3), timer(4), tenant="other"),
    )
    assert counts(store) == WaitCounts(2, 1, 1, 0, 1, 2, 1, AT + 1_000)
    assert counts(store, "other") == WaitCounts(1, 0, 0, 0, 0, 1, 1, AT + 1_000)
    assert counts(store, "nobody") == WaitCounts(0, 0, 0, 0, 0, 0, 0, None)


def test_jobs_under_a_lease_are_told_and_paused_instances_are_not(store: Store) -> None:
    given(store, first_step("p:1", job(3), job(4)), first_step("q:1", task(3), job(4), timer(5)))
    with store.transaction() as transaction:
        transaction.take_jobs(
            TENANT,
            types={"bank"},
            instances={"p:1"},
            limit=1,
            now=AT,
            engine_now=AT,
            lease_until=AT + 120_000,
            worker="w",
            nonce=lambda: "n",
        )
        held = transaction.load(TENANT, "q:1")
        assert held is not None
        transaction.append(next_step(held, ev.InstancePaused("stop")))
    assert counts(store) == WaitCounts(0, 0, 2, 1, 0, 0, 0, None)


def test_stuck_instances_come_by_their_last_change(store: Store) -> None:
    given(store, *(first_step(f"p:{number}", task(3)) for number in (1, 2, 3)))
    with store.transaction() as transaction:
        for at, instance in enumerate(("p:2", "p:1"), 1):
            stored = transaction.load(TENANT, instance)
            assert stored is not None
            raised = ev.IncidentRaised(9, 2, "approve", "body", "feel.null", "It is null.", AT + at, 1)
            transaction.append(next_step(stored, raised, at=AT + at))
    found = store.reader().stopped(TENANT, limit=5)
    assert ([row.instance for row in found.items], found.total) == (["p:1", "p:2"], 2)
    one = store.reader().stopped(TENANT, limit=1)
    assert ([row.instance for row in one.items], one.total) == (["p:1"], 2)


def test_steps_are_counted_by_process_back_to_an_instant_or_to_a_number_of_rows(store: Store) -> None:
    given(
        store,
        first_step("old:1", task(3), at=AT - 5_000),
        *(first_step(f"p:{number}", task(3), at=AT + number) for number in (1, 2, 3)),
        first_step("q:1", task(3), at=AT + 4),
        first_step("q:sandbox-1", task(3), at=AT + 5, sandbox=True),
        first_step("p:1", task(3), tenant="other", at=AT + 6),
    )
    reader = store.reader()
    assert reader.steps(TENANT, since=AT, limit=100) == Steps([("p", 3), ("q", 1)], AT)
    assert list(reader.steps(TENANT, since=AT + 3, limit=100).by_process) == [("p", 1), ("q", 1)]
