"""Open tasks are found by whoever may do them."""

import pytest

from flowmaster.engine import events as ev
from flowmaster.stores import rows
from flowmaster.stores.protocol import Store
from tests.stores.given import ENDED, TENANT, first_step, go_on, job, put, task


@pytest.fixture(autouse=True)
def tasks(store: Store) -> None:
    labels = {"approve": "Rechnung prüfen", "review": "Second review"}
    put(
        store,
        first_step("order:1", task(3, 2, roles=["clerk"]), labels=labels, business_key="K-7"),
        first_step(
            "order:2",
            task(3, 2, roles=["clerk"], excluded=["anna"], kinds=["internal", "third_party"]),
            labels=labels,
        ),
        first_step(
            "order:3", task(3, 2, "review", users=["anna"], priority=80), job(4, 2, "review"), labels=labels
        ),
        first_step(
            "leave:1", task(3, 2, state="reserved", assignee="anna", roles=["boss"], kinds=["third_party"])
        ),
        first_step("leave:2", task(3, 2), sandbox=True),
        first_step("leave:3", task(3, 2)),
    )


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["order:3", "order:1", "order:2", "leave:1", "leave:3"]),
        ({"include_sandbox": True}, ["order:3", "order:1", "order:2", "leave:1", "leave:2", "leave:3"]),
        ({"instance": "order:2"}, ["order:2"]),
        ({"process": "order"}, ["order:3", "order:1", "order:2"]),
        ({"assignee": "anna"}, ["leave:1"]),
        ({"assignee": "nobody"}, []),
        ({"roles": ["clerk"]}, ["order:1", "order:2"]),
        ({"roles": ["clerk", "boss", "unheard"]}, ["order:1", "order:2", "leave:1"]),
        ({"roles": ["unheard"]}, []),
        ({"candidate": "anna"}, ["order:3", "leave:3"]),
        ({"candidate": "anna", "roles": ["clerk"]}, ["order:3", "order:1", "leave:3"]),
        ({"candidate": "bert", "roles": ["clerk"]}, ["order:1", "order:2", "leave:3"]),
        ({"states": ["reserved"]}, ["leave:1"]),
        ({"states": ["reserved", "ready"], "process": "leave"}, ["leave:1", "leave:3"]),
        ({"states": ["unheard"]}, []),
        ({"kind": "third_party"}, ["order:2", "leave:1"]),
        ({"kind": "internal"}, ["order:3", "order:1", "order:2", "leave:3"]),
        ({"kind": "agent"}, []),
        ({"kind": "third_party", "roles": ["clerk"]}, ["order:2"]),
        ({"query": "RECHNUNG PRÜ"}, ["order:1", "order:2"]),
        ({"query": "k-7"}, ["order:1"]),
        ({"query": "REVIEW"}, ["order:3"]),
        ({"query": "leave"}, ["leave:1", "leave:3"]),
        ({"query": "order:3"}, ["order:3"]),
    ],
)
def test_tasks_are_found_most_urgent_first(
    store: Store, filters: dict[str, object], expected: list[str]
) -> None:
    page = store.reader().find_tasks(TENANT, rows.TaskFilter(**filters))  # type: ignore[arg-type]  # the tests name its fields
    assert [row.instance for row in page.items] == expected
    assert page.total == len(expected)


def test_a_task_has_a_readable_id_and_is_read_back_whole(store: Store) -> None:
    row = store.reader().find_task(TENANT, "order:1/approve.3")
    assert row == rows.TaskRow(
        "order:1/approve.3", "order:1", "order", 1, "K-7", "Rechnung prüfen", task(3, 2, roles=["clerk"])
    )
    assert store.reader().find_tasks(TENANT, rows.TaskFilter(query="k-7")).items == [row]


@pytest.mark.parametrize(
    "id",
    [
        "",
        "order:1",
        "order:1/approve.4",
        "order:1/review.3",
        "order:3/review.4",
        "order:1/approve.3~x",
        "/.3",
    ],
)
def test_what_is_no_open_task_is_unknown(store: Store, id: str) -> None:
    assert store.reader().find_task(TENANT, id) is None


def test_pages_of_tasks_follow_each_other(store: Store) -> None:
    seen: list[str] = []
    which = rows.TaskFilter(limit=2)
    for _ in range(3):
        page = store.reader().find_tasks(TENANT, which)
        seen += [row.instance for row in page.items]
        which = which._replace(cursor=page.next_cursor)
    assert seen == ["order:3", "order:1", "order:2", "leave:1", "leave:3"]
    assert which.cursor is None


def test_a_changed_task_is_found_by_what_it_is_now(store: Store) -> None:
    now = task(3, 2, state="reserved", assignee="carl", users=["carl"], excluded=["bert"], priority=99)
    go_on(store, "order:1", ev.TaskChanged(now, "assigned", {}))
    reader = store.reader()

    def found(**filters: object) -> list[str]:
        page = reader.find_tasks(TENANT, rows.TaskFilter(**filters))  # type: ignore[arg-type]  # the tests name its fields
        return [row.instance for row in page.items]

    assert found(roles=["clerk"]) == ["order:2"]
    assert found(candidate="carl") == ["order:1", "leave:3"]
    assert found(assignee="carl") == found(states=["reserved"], process="order") == ["order:1"]
    row = reader.find_task(TENANT, "order:1/approve.3")
    assert row is not None
    assert (row.name, row.wait) == ("Rechnung prüfen", now)
    go_on(store, "order:1", ev.TaskChanged(now.but(assignee="bert"), "claimed", {}))
    assert found(candidate="bert", roles=["clerk"]) == ["order:2", "leave:3"]
    go_on(store, "order:1", ENDED)
    assert found(candidate="carl") == ["leave:3"]


def test_a_task_of_a_paused_instance_stays_in_sight(store: Store) -> None:
    go_on(store, "order:1", ev.InstancePaused("x"))
    assert store.reader().find_tasks(TENANT, rows.TaskFilter(instance="order:1")).total == 1
