"""What an instance that waits costs on disk: its row, its waits, and the indexes of both."""

from decimal import Decimal
from pathlib import Path

from flowmaster.engine import events as ev
from flowmaster.stores.sqlite.store import SqliteStore
from tests.stores.given import AT, first_step, go_on, job, put, task

INSTANCES = 2_000
BYTES_MAX = 600
HOT = "('instance', 'wait', 'candidate')"


def _bytes_per_instance(store: SqliteStore) -> float:
    total = store._db.value(
        "SELECT sum(s.pgsize) FROM dbstat s JOIN sqlite_schema m ON m.name = s.name WHERE s.aggregate = 1"
        f" AND m.tbl_name IN {HOT}"
    )
    return float(total) / INSTANCES


def test_a_waiting_instance_takes_no_more_than_600_bytes(tmp_path: Path) -> None:
    """One open task, four variables, a business key; half of them came there by a job before the task."""
    store = SqliteStore(tmp_path / "flowmaster.db")
    steps = []
    for number in range(INSTANCES):
        person = f"person{number % 100}"
        approve = task(4, 3, "approve_request", roles=["manager"], excluded=[person])
        steps.append(
            first_step(
                f"leave-request:{number}",
                approve if number % 2 else job(4, 2, "check_balance", type="balance.check"),
                business_key=f"LR-2026-{number:05}",
                variables={
                    "requester": person,
                    "days": number % 30,
                    "reason": "summer holiday",
                    "amount": Decimal("1234.50"),
                },
                labels={"approve_request": "Approve the request", "check_balance": "Check the balance"},
                at=AT + number * 1_000,
                by=person,
            )
        )
    for begin in range(0, INSTANCES, 50):
        put(store, *steps[begin : begin + 50])
    approve = task(6, 5, "approve_request", roles=["manager"])
    for number in range(0, INSTANCES, 2):
        go_on(
            store,
            f"leave-request:{number}",
            ev.WaitClosed(4, "check_balance", "completed", {}),
            ev.ElementCompleted(2, "check_balance"),
            ev.ElementEntered(5, "approve_request", 1, ("f",)),
            ev.WaitOpened(approve),
        )
    bytes_per_instance = _bytes_per_instance(store)
    store.close()
    assert bytes_per_instance <= BYTES_MAX
