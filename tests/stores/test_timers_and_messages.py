"""Timers, subscriptions, start events, buffered messages and the outbox."""

from contextlib import suppress

import pytest

from flowmaster.engine import events as ev
from flowmaster.stores import rows
from flowmaster.stores.protocol import Store
from tests.stores.given import AT, TENANT, Undone, first_step, go_on, put, subscription, timer


def _start(
    process: str = "order",
    element: str = "begin",
    *,
    tenant: str = TENANT,
    version: int = 1,
    kind: str = "message",
    name: str = "paid",
    due: int | None = None,
) -> rows.StartSubscription:
    every, left = ("R/PT1H", -1) if due is not None else ("", 0)
    return rows.StartSubscription(tenant, process, version, element, kind, name, due, every, left)


def test_due_timers_of_all_tenants_come_earliest_first(store: Store) -> None:
    put(
        store,
        first_step("order:1", timer(3, 2, due=AT + 30), timer(4, 2, due=AT + 10)),
        first_step("order:1", timer(3, 2, due=AT + 20), tenant="other"),
        first_step("order:2", timer(3, 2, due=AT + 10)),
    )
    reader = store.reader()
    assert reader.next_due() == AT + 10
    assert reader.due_timers(AT + 9, limit=9) == []
    assert reader.due_timers(AT + 30, limit=3) == [
        (TENANT, "order:1", 4, AT + 10),
        (TENANT, "order:2", 3, AT + 10),
        ("other", "order:1", 3, AT + 20),
    ]
    go_on(store, "order:1", ev.WaitClosed(4, "wait", "fired", {}))
    go_on(store, "order:2", ev.WaitClosed(3, "wait", "fired", {}))
    assert reader.next_due() == AT + 20


def test_timers_of_paused_instances_wait_for_their_resumption(store: Store) -> None:
    put(store, first_step("order:1", timer(3, 2, due=AT + 10)))
    go_on(store, "order:1", ev.InstancePaused(""))
    assert store.reader().next_due() is None
    assert store.reader().due_timers(AT + 99, limit=9) == []
    go_on(store, "order:1", ev.InstanceResumed(""))
    assert store.reader().next_due() == AT + 10


def test_what_is_due_is_found_by_tenant(store: Store) -> None:
    put(
        store,
        first_step("order:1", timer(3, 2, due=AT + 10), timer(4, 2, due=AT + 40)),
        first_step("order:1", timer(3, 2, due=AT + 20), tenant="other"),
        first_step("order:2", timer(3, 2, due=AT + 5), tenant="paused"),
        first_step("order:3", timer(3, 2, due=AT + 50), tenant="later"),
    )
    go_on(store, "order:2", ev.InstancePaused(""), tenant="paused")
    with store.transaction() as transaction:
        transaction.put_starts("starts", "order", [_start(tenant="starts", kind="timer", due=AT + 30)])
    reader = store.reader()
    assert reader.due_tenants(AT + 9) == []
    assert reader.due_tenants(AT + 29) == sorted([TENANT, "other"])
    assert reader.due_tenants(AT + 30) == sorted([TENANT, "other", "starts"])
    assert reader.due_timers(AT + 99, limit=9, tenant="other") == [("other", "order:1", 3, AT + 20)]
    assert [timer.due for timer in reader.due_timers(AT + 99, limit=1, tenant=TENANT)] == [AT + 10]
    assert reader.due_timers(AT + 99, limit=9, tenant="nobody") == []
    assert [start.tenant for start in reader.due_starts(AT + 30, limit=9, tenant="starts")] == ["starts"]
    assert reader.due_starts(AT + 30, limit=9, tenant=TENANT) == []


def test_timers_of_sandboxes_fire_as_well(store: Store) -> None:
    put(store, first_step("order:1", timer(3, 2, due=AT + 10), sandbox=True))
    assert [timer.instance for timer in store.reader().due_timers(AT + 10, limit=9)] == ["order:1"]


@pytest.fixture
def listeners(store: Store) -> None:
    put(
        store,
        first_step("order:1", subscription(3, 2, key="k1"), business_key="B"),
        first_step("order:2", subscription(3, 2, key="k1"), subscription(4, 2, name="sent")),
        first_step("order:3", subscription(3, 2), business_key="B"),
        first_step("order:4", subscription(3, 2)),
        first_step("order:5", subscription(3, 2, kind="signal"), subscription(4, 2, kind="signal", name="x")),
        first_step("order:6", subscription(3, 2, key="k1"), subscription(4, 2, kind="signal"), sandbox=True),
        first_step("order:7", subscription(3, 2), business_key="order:4"),
        first_step("order:1", subscription(3, 2, key="k1"), tenant="other"),
    )


@pytest.mark.usefixtures("listeners")
@pytest.mark.parametrize(
    ("kind", "name", "key", "expected"),
    [
        ("message", "paid", "k1", ["order:1", "order:2"]),
        ("message", "paid", "", ["order:3", "order:4", "order:7"]),
        ("message", "paid", "B", ["order:3"]),
        ("message", "paid", "order:4", ["order:4", "order:7"]),
        ("message", "paid", "order:3", []),
        ("message", "paid", "k2", []),
        ("message", "unheard", "k1", []),
        ("signal", "paid", "", ["order:5"]),
        ("signal", "paid", "k1", ["order:5"]),
    ],
)
def test_a_message_meets_those_who_wait_for_it(
    store: Store, kind: str, name: str, key: str, expected: list[str]
) -> None:
    found = store.reader().subscriptions(TENANT, kind=kind, name=name, key=key, limit=9)
    assert [row.instance for row in found] == expected
    limited = store.reader().subscriptions(TENANT, kind=kind, name=name, key=key, limit=1)
    assert limited == found[:1]


@pytest.mark.usefixtures("listeners")
def test_a_subscription_tells_whether_its_instance_is_paused(store: Store) -> None:
    go_on(store, "order:1", ev.InstancePaused(""))
    found = store.reader().subscriptions(TENANT, kind="message", name="paid", key="k1", limit=9)
    assert found == [
        rows.Subscription("order:1", "order", "B", True, subscription(3, 2, key="k1")),
        rows.Subscription("order:2", "order", "", False, subscription(3, 2, key="k1")),
    ]
    assert [row.wait.name for row in store.reader().instance_subscriptions(TENANT, "order:6")] == [
        "paid",
        "paid",
    ]
    assert store.reader().instance_subscriptions(TENANT, "order:99") == []


def test_publishing_replaces_the_starts_of_a_process(store: Store) -> None:
    hourly = _start(element="hourly", kind="timer", name="", due=AT + 60)
    with store.transaction() as transaction:
        transaction.put_starts(TENANT, "order", [_start(), hourly])
        transaction.put_starts(TENANT, "leave", [_start("leave")])
        transaction.put_starts("other", "order", [_start(tenant="other")])
    reader = store.reader()
    assert reader.start_subscriptions(TENANT, kind="message", name="paid") == [_start("leave"), _start()]
    assert reader.start_subscriptions(TENANT, kind="message") == [_start("leave"), _start()]
    assert reader.process_starts(TENANT, "order") == [_start(), hourly]
    assert (reader.next_due(), reader.due_starts(AT + 59, limit=9)) == (AT + 60, [])
    assert reader.due_starts(AT + 60, limit=9) == [hourly]
    with store.transaction() as transaction:
        transaction.set_start_due(hourly._replace(due=AT + 120, left=4))
    assert reader.due_starts(AT + 999, limit=9) == [hourly._replace(due=AT + 120, left=4)]
    with store.transaction() as transaction:
        transaction.put_starts(TENANT, "order", [_start(version=2, name="ordered")])
        transaction.set_start_due(hourly._replace(due=AT + 180))
    assert reader.next_due() is None
    assert reader.start_subscriptions(TENANT, kind="message", name="paid") == [_start("leave")]
    assert reader.start_subscriptions(TENANT, kind="message", name="ordered")[0].version == 2
    with store.transaction() as transaction:
        transaction.put_starts(TENANT, "order", [])
    assert reader.process_starts(TENANT, "order") == []
    assert len(reader.process_starts("other", "order")) == 1


def test_a_start_timer_that_is_done_is_not_due_again(store: Store) -> None:
    once = _start(kind="timer", name="", due=AT)
    with store.transaction() as transaction:
        transaction.put_starts(TENANT, "order", [once])
        transaction.set_start_due(once._replace(due=None))
    assert store.reader().next_due() is None


def test_messages_wait_in_the_buffer_until_taken_or_expired(store: Store) -> None:
    with store.transaction() as transaction:
        first, second, _, _ = (
            transaction.put_message(
                tenant, name="paid", key=key, variables={"n": [key]}, expires=AT + ttl, at=AT, by="anna"
            )
            for tenant, key, ttl in (
                (TENANT, "k", 10),
                (TENANT, "", 20),
                (TENANT, "z", 20),
                ("other", "k", 20),
            )
        )
    reader = store.reader()
    assert first == rows.BufferedMessage(first.id, TENANT, "paid", "k", {"n": ["k"]}, AT + 10, AT, "anna")
    assert reader.buffered(TENANT, name="paid", keys=["k", ""], now=AT) == [first, second]
    assert reader.buffered(TENANT, name="paid", keys=["k", ""], now=AT + 10) == [second]
    assert reader.buffered(TENANT, name="paid", keys=[], now=AT) == []
    assert reader.buffered(TENANT, name="sent", keys=["k"], now=AT) == []
    with store.transaction() as transaction:
        assert not transaction.delete_message("other", second.id)
        assert transaction.delete_message(TENANT, second.id)
        assert not transaction.delete_message(TENANT, second.id)
        assert store.reader().next_expiry() == AT + 10
        assert transaction.expire_messages(AT + 10) == [first]
        assert transaction.expire_messages(AT + 10) == []
    assert reader.next_expiry() == AT + 20
    assert reader.buffered(TENANT, name="paid", keys=["k", ""], now=AT) == []
    assert len(reader.buffered("other", name="paid", keys=["k"], now=AT)) == 1


def test_kept_messages_are_counted_as_far_as_is_asked(store: Store) -> None:
    with store.transaction() as transaction:
        for tenant, name in ((TENANT, "paid"), (TENANT, "paid"), (TENANT, "sent"), ("other", "paid")):
            transaction.put_message(tenant, name=name, key="", variables={}, expires=AT + 9, at=AT, by="anna")
        assert transaction.count_buffered(TENANT, most=9) == 3
        assert transaction.count_buffered(TENANT, name="paid", most=9) == 2
        assert transaction.count_buffered(TENANT, name="paid", most=1) == 1
        assert transaction.count_buffered("nobody", most=9) == 0


def test_the_outbox_keeps_its_order_until_told_that_it_is_done(store: Store) -> None:
    effects = [rows.Effect("mail", "send", {"n": 1}), rows.Effect("bus", "event", {"n": 2})]
    put(store, first_step("order:1", outbox=effects))
    with store.transaction() as transaction:
        transaction.put_outbox("other", "", AT + 1, [rows.Effect("mail", "send", {"n": 3})])
        everything = transaction.take_outbox(limit=9)
        assert [(row.tenant, row.instance, row.at, row.effect) for row in everything] == [
            (TENANT, "order:1", AT, effects[0]),
            (TENANT, "order:1", AT, effects[1]),
            ("other", "", AT + 1, rows.Effect("mail", "send", {"n": 3})),
        ]
        assert transaction.take_outbox(limit=1) == everything[:1]
        assert transaction.take_outbox(limit=9, after=everything[0].id) == everything[1:]
        assert transaction.take_outbox(limit=9, targets=["mail"]) == [everything[0], everything[2]]
        assert transaction.take_outbox(limit=9, tenant="other") == everything[2:]
        assert transaction.take_outbox(limit=9, tenant=TENANT, after=everything[0].id) == everything[1:2]
    assert store.reader().outbox_tenants() == sorted([TENANT, "other"])
    assert store.reader().outbox_depth() == 3
    with store.transaction() as transaction:
        transaction.delete_outbox([everything[0].id, everything[2].id])
    with store.transaction() as transaction:
        assert transaction.take_outbox(limit=9) == [everything[1]]


def test_the_id_of_an_effect_is_never_used_again(store: Store) -> None:
    seen: list[int] = []
    for _ in range(3):
        with store.transaction() as transaction:
            transaction.put_outbox(TENANT, "", AT, [rows.Effect("mail", "send", {})])
            (row,) = transaction.take_outbox(limit=9)
            transaction.delete_outbox([row.id])
            seen.append(row.id)
    assert seen == sorted(set(seen))


def test_an_effect_of_a_step_that_is_taken_back_never_was(store: Store) -> None:
    with suppress(Undone), store.transaction() as transaction:
        transaction.append(first_step("order:1", outbox=[rows.Effect("mail", "send", {})]))
        raise Undone
    assert store.reader().outbox_depth() == 0


def test_the_start_timers_of_a_process_are_given_out_to_be_changed(store: Store) -> None:
    hourly = _start(element="hourly", kind="timer", name="", due=AT + 60)
    with store.transaction() as transaction:
        transaction.put_starts(TENANT, "order", [_start(), hourly])
        transaction.put_starts("other", "order", [_start(tenant="other", kind="timer", name="", due=AT)])
        assert transaction.start_timers(TENANT, "order") == [hourly]
        assert transaction.start_timers(TENANT, "leave") == []
        transaction.set_start_due(hourly._replace(due=None))
        assert transaction.start_timers(TENANT, "order") == [hourly._replace(due=None)]
