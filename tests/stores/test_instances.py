"""Instances can be found, counted and followed."""

import pytest

from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.state import Parent
from flowmaster.stores import rows
from flowmaster.stores.protocol import Store
from tests.stores.given import AT, ENDED, TENANT, child, first_step, go_on, job, put


def _found(store: Store, **filters: object) -> list[str]:
    page = store.reader().find_instances(TENANT, rows.InstanceFilter(**filters))  # type: ignore[arg-type]  # the tests name its fields
    assert page.total == len(page.items)
    return [row.instance for row in page.items]


@pytest.fixture(autouse=True)
def instances(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_draft(
            TENANT, "process", "leave", name="Urlaub für alle 100%", content="", by="a", at=1
        )
        transaction.put_draft(TENANT, "form", "order", name="Urlaubsformular", content="", by="a", at=1)
    put(
        store,
        first_step("order:1", job(3, 2), business_key="K-1"),
        first_step("order:2", job(3, 2), business_key="K-2", version=2),
        first_step("leave:1", business_key="k-1"),
        first_step("leave:2", sandbox=True, business_key="K-1"),
        first_step("leave:3", parent=Parent("order:1", 3)),
    )
    go_on(store, "order:2", ENDED)
    go_on(store, "leave:1", ev.IncidentRaised(9, 1, "x", "s", "c", "m", AT, 1))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["leave:3", "leave:1", "order:2", "order:1"]),
        ({"include_sandbox": True}, ["leave:3", "leave:2", "leave:1", "order:2", "order:1"]),
        ({"process": "leave"}, ["leave:3", "leave:1"]),
        ({"process": "unheard"}, []),
        ({"version": 2}, ["order:2"]),
        ({"statuses": ["completed"]}, ["order:2"]),
        ({"statuses": ["completed", "active"]}, ["leave:3", "leave:1", "order:2", "order:1"]),
        ({"statuses": ["asleep"]}, []),
        ({"business_key": "K-1"}, ["order:1"]),
        ({"has_incident": True}, ["leave:1"]),
        ({"has_incident": False, "process": "leave"}, ["leave:3"]),
        ({"parent": "order:1"}, ["leave:3"]),
        ({"query": "k-1"}, ["leave:1", "order:1"]),
        ({"query": "ORDER:"}, ["order:2", "order:1"]),
        ({"query": "FÜR ALLE"}, ["leave:3", "leave:1"]),
        ({"query": "100%"}, ["leave:3", "leave:1"]),
        ({"query": "%"}, ["leave:3", "leave:1"]),
        ({"query": "urlaubsf"}, []),
        ({"query": "_"}, []),
        ({"query": "order", "statuses": ["active"], "process": "order"}, ["order:1"]),
    ],
)
def test_instances_are_found_newest_first(
    store: Store, filters: dict[str, object], expected: list[str]
) -> None:
    assert _found(store, **filters) == expected


def test_pages_follow_each_other_without_gap_while_new_instances_come(store: Store) -> None:
    which = rows.InstanceFilter(limit=2, include_sandbox=True)
    first = store.reader().find_instances(TENANT, which)
    assert first.total == 5
    put(store, first_step("order:99"))
    second = store.reader().find_instances(TENANT, which._replace(cursor=first.next_cursor))
    third = store.reader().find_instances(TENANT, which._replace(cursor=second.next_cursor))
    seen = [row.instance for page in (first, second, third) for row in page.items]
    assert seen == ["leave:3", "leave:2", "leave:1", "order:2", "order:1"]
    assert third.next_cursor is None


@pytest.mark.parametrize("cursor", ["", "x", "1.2", "1" * 40, "1e3"])
def test_a_cursor_of_ones_own_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(FlowMasterError) as caught:
        _found(store, cursor=cursor)
    assert (caught.value.code, caught.value.path) == ("cursor.invalid", "cursor")


@pytest.mark.parametrize("limit", [0, -1, 1_001])
def test_a_page_of_no_or_too_many_items_is_refused(store: Store, limit: int) -> None:
    with pytest.raises(FlowMasterError) as caught:
        _found(store, limit=limit)
    assert caught.value.code == "limit.out_of_range"


def test_instances_are_counted_by_process_and_status(store: Store) -> None:
    everything = store.reader().count_instances(TENANT)
    assert everything == [
        rows.StatusCount("leave", "active", 2),
        rows.StatusCount("order", "active", 1),
        rows.StatusCount("order", "completed", 1),
    ]
    assert store.reader().count_instances(TENANT, "leave") == everything[:1]
    assert store.reader().count_instances("other") == []


def test_descendants_are_followed_over_all_generations(store: Store) -> None:
    put(
        store,
        first_step("leave:4", child(3, 2), parent=Parent("leave:3", 3)),
        first_step("order:5", parent=Parent("order:1", 3)),
        first_step("order:6", parent=Parent("order:1", 3), tenant="other"),
    )
    found = [row.instance for row in store.reader().descendants(TENANT, "order:1")]
    assert found == ["leave:3", "order:5", "leave:4"]
    assert store.reader().descendants(TENANT, "unheard") == []
