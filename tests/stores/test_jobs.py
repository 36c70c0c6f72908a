"""Each job is done by one worker at a time, and late workers are refused."""

import itertools
from collections.abc import Callable, Collection
from contextlib import suppress

import pytest

from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores import rows
from flowmaster.stores.protocol import Store, Transaction
from tests.stores.given import AT, TENANT, Undone, first_step, go_on, job, load, put, task

NOW = 5_000


@pytest.fixture
def take(store: Store) -> Callable[..., list[rows.JobRow]]:
    nonces = itertools.count(1)

    def run(
        types: Collection[str] | None = None,
        *,
        instances: Collection[str] | None = None,
        limit: int = 10,
        now: int = NOW,
        at: int = AT,
        worker: str = "w1",
        tenant: str = TENANT,
    ) -> list[rows.JobRow]:
        with store.transaction() as transaction:
            return transaction.take_jobs(
                tenant,
                types=types,
                instances=instances,
                limit=limit,
                now=now,
                engine_now=at,
                lease_until=now + 100,
                worker=worker,
                nonce=lambda: f"n{next(nonces)}",
            )

    return run


Take = Callable[..., list[rows.JobRow]]


def _refusal(store: Store, job: str) -> str:
    with pytest.raises(FlowMasterError) as caught:
        store.reader().find_job(TENANT, job)
    return caught.value.code


def test_a_taken_job_carries_all_a_worker_needs(store: Store, take: Take) -> None:
    put(store, first_step("order:1", job(3, 2), business_key="K", labels={"pay": "Pay it"}))
    (row,) = take(["bank"])
    assert row == rows.JobRow(
        "order:1/pay.3~n1", TENANT, "order:1", "order", 1, "K", "Pay it", job(3, 2), "w1", NOW + 100
    )
    assert store.reader().find_job(TENANT, row.job) == row


def test_the_tenants_that_have_jobs_are_known(store: Store) -> None:
    put(store, first_step("order:1", job(3, 2)), first_step("order:1", job(3, 2), tenant="other"))
    put(store, first_step("order:2"), first_step("order:1", tenant="third"))
    assert store.reader().job_tenants() == sorted([TENANT, "other"])
    assert store.reader().tenants() == sorted([TENANT, "other", "third"])


def test_a_job_is_given_to_one_worker_until_its_lease_is_over(store: Store, take: Take) -> None:
    put(store, first_step("order:1", job(3, 2)))
    (first,) = take()
    assert take(now=NOW + 99) == []
    assert store.reader().find_job(TENANT, first.job).worker == "w1"
    (second,) = take(now=NOW + 100, worker="w2")
    assert second.job != first.job
    assert _refusal(store, first.job) == "job.lease_lost"
    assert store.reader().find_job(TENANT, second.job).worker == "w2"


def test_jobs_are_given_oldest_first_by_type_instance_and_number(store: Store, take: Take) -> None:
    put(
        store,
        first_step("order:1", job(3, 2, "pay"), job(4, 2, "ship", type="truck")),
        first_step("order:2", job(3, 2, "pay")),
        first_step("order:3", job(3, 2, "pay"), tenant="other"),
    )
    assert take(["unheard"]) == []
    assert take([]) == []
    assert take(instances=["order:9"]) == []
    assert [row.instance for row in take(["bank"], limit=1)] == ["order:1"]
    assert [row.instance for row in take(instances=["order:2"])] == ["order:2"]
    assert [row.wait.type for row in take()] == ["truck"]
    assert take() == []
    assert [row.instance for row in take(tenant="other")] == ["order:3"]


def test_jobs_without_retries_held_back_paused_or_in_sandboxes_are_not_given(
    store: Store, take: Take
) -> None:
    put(
        store,
        first_step("order:1", job(3, 2, retries=0)),
        first_step("order:2", job(3, 2, due=AT + 50)),
        first_step("order:3", job(3, 2)),
        first_step("order:4", job(3, 2), sandbox=True),
    )
    go_on(store, "order:3", ev.InstancePaused(""), ev.WaitOpened(job(4, 2, "late")))
    assert take() == []
    assert store.reader().next_job() == AT + 50
    assert [row.instance for row in take(at=AT + 50)] == ["order:2"]
    go_on(store, "order:3", ev.InstanceResumed(""))
    assert [row.wait.id for row in take()] == [3, 4]
    go_on(store, "order:1", ev.JobRetried(job(3, 2, retries=1)))
    assert [row.instance for row in take()] == ["order:1"]


def test_a_failed_try_ends_the_lease(store: Store, take: Take) -> None:
    put(store, first_step("order:1", job(3, 2)))
    (row,) = take()
    go_on(store, "order:1", ev.JobFailed(job(3, 2, retries=2), "no answer"))
    assert _refusal(store, row.job) == "job.lease_lost"
    (again,) = take()
    assert again.wait.retries == 2
    assert load(store.reader(), "order:1").state.waits[3] == job(3, 2, retries=2)


def test_a_step_elsewhere_in_the_instance_leaves_leases_alone(store: Store, take: Take) -> None:
    put(store, first_step("order:1", job(3, 2), task(4, 2)))
    (row,) = take()
    go_on(store, "order:1", ev.TaskChanged(task(4, 2, priority=1), "changed", {}))
    go_on(store, "order:1", ev.InstancePaused(""), ev.InstanceResumed(""))
    assert store.reader().find_job(TENANT, row.job) == row


def test_a_done_or_withdrawn_job_is_unknown(store: Store, take: Take) -> None:
    put(store, first_step("order:1", job(3, 2), job(4, 2)))
    first, second = take()
    go_on(store, "order:1", ev.WaitClosed(3, "pay", "completed", {}))
    assert _refusal(store, first.job) == "job.unknown"
    assert store.reader().find_job(TENANT, second.job) == second
    with pytest.raises(FlowMasterError, match="no open job"):
        store.reader().find_job("other", second.job)


@pytest.mark.parametrize(
    "id", ["", "x", "order:1/pay.3", "order:1/pay.3~", "order:1/other.3~n1", "order:1/pay.9~n1"]
)
def test_what_is_no_job_is_unknown(store: Store, take: Take, id: str) -> None:
    put(store, first_step("order:1", job(3, 2), task(9, 2, "pay")))
    take()
    assert _refusal(store, id) == "job.unknown"


def test_leases_are_extended_and_given_back(store: Store, take: Take) -> None:
    put(store, first_step("order:1", job(3, 2)))
    (row,) = take()
    with store.transaction() as transaction:
        assert transaction.extend_job(TENANT, row.job, lease_until=NOW + 500).lease_until == NOW + 500
    assert take(now=NOW + 499) == []
    with store.transaction() as transaction:
        transaction.release_job(TENANT, row.job)
    assert _refusal(store, row.job) == "job.lease_lost"
    late_calls: list[Callable[[Transaction], object]] = [
        lambda transaction: transaction.extend_job(TENANT, row.job, lease_until=NOW + 900),
        lambda transaction: transaction.release_job(TENANT, row.job),
    ]
    for late in late_calls:
        with pytest.raises(FlowMasterError, match="is over"), store.transaction() as transaction:
            late(transaction)
    assert len(take()) == 1


def test_open_types_are_counted(store: Store, take: Take) -> None:
    put(
        store,
        first_step("order:1", job(3, 2), job(4, 2, type="truck")),
        first_step("order:2", job(3, 2), job(4, 2, retries=0)),
        first_step("order:3", job(3, 2), sandbox=True),
    )
    take(["bank"], limit=1)
    assert store.reader().job_types(TENANT, now=NOW) == [("bank", 2, 1), ("truck", 1, 0)]
    assert store.reader().job_types(TENANT, now=NOW + 100) == [("bank", 2, 0), ("truck", 1, 0)]


def test_a_lease_that_is_rolled_back_never_was(store: Store, take: Take) -> None:
    put(store, first_step("order:1", job(3, 2)))
    with suppress(Undone), store.transaction() as transaction:
        transaction.take_jobs(
            TENANT,
            types=None,
            limit=1,
            now=NOW,
            engine_now=AT,
            lease_until=NOW + 9,
            worker="w",
            nonce=lambda: "n",
        )
        raise Undone
    assert len(take()) == 1
