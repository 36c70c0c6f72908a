"""A step is stored whole or not at all, once, and in its turn."""

import threading
from contextlib import suppress
from decimal import Decimal

import pytest

from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.state import Parent
from flowmaster.engine.values import Json
from flowmaster.stores import rows
from flowmaster.stores.protocol import Store
from tests.stores.given import (
    AT,
    ENDED,
    TENANT,
    Undone,
    child,
    first_step,
    go_on,
    job,
    load,
    next_step,
    put,
    subscription,
    task,
    timer,
)


def test_a_stored_instance_is_read_back_as_it_was(store: Store) -> None:
    step = first_step(
        "order:1",
        task(4, 2, roles=["clerk"]),
        job(5, 2),
        timer(6, 2),
        subscription(7, 3, key="k"),
        child(8, 3),
        business_key="K-1",
        variables={"total": 3, "lines": [{"a": None}]},
        parent=Parent("caller:1", 9, 2),
    )
    put(store, step)
    stored = load(store.reader(), "order:1")
    assert stored.state == step.state
    assert stored.row == rows.InstanceRow(
        "order:1", "order", 1, "active", "K-1", 8, AT, AT, Parent("caller:1", 9, 2), 0, False
    )


def test_further_steps_change_state_and_row(store: Store) -> None:
    put(store, first_step("order:1", task(3, 2)))
    events = (
        ev.WaitClosed(3, "approve", "completed", {"ok": True}),
        ev.VariablesSet(1, "", {"ok": True}),
        ev.TaskPerformed(3, "approve", "bert"),
        ev.IncidentRaised(4, 2, "approve", "outputs", "expression.failed", "no", AT, 1),
    )
    go_on(store, "order:1", *events)
    stored = load(store.reader(), "order:1")
    assert stored.row.revision == 7
    assert stored.row.incidents == 1
    assert stored.row.updated == AT + 10
    assert stored.state.waits == {}
    assert stored.state.variables == {"ok": True}
    assert stored.state.performers == {"approve": ("bert",)}
    assert stored.state.incidents[4].code == "expression.failed"


def test_a_step_from_an_old_revision_is_a_conflict_and_leaves_no_trace(store: Store) -> None:
    put(store, first_step("order:1", task(3, 2)))
    old = load(store.reader(), "order:1")
    go_on(store, "order:1", ev.InstancePaused("lunch"))
    before = load(store.reader(), "order:1")
    with pytest.raises(rows.Conflict, match="has moved on from event 3 to event 4"):
        put(store, next_step(old, ENDED))
    assert load(store.reader(), "order:1") == before
    assert len(store.reader().history(TENANT, "order:1")) == 4


def test_an_instance_cannot_be_started_twice_nor_continued_before_it_is_there(store: Store) -> None:
    put(store, first_step("order:1"))
    with pytest.raises(rows.Conflict) as caught:
        put(store, first_step("order:1"))
    assert (caught.value.code, caught.value.status) == ("instance.conflict", 409)
    stray = rows.StoredInstance(*load(store.reader(), "order:1"))
    put(store, first_step("order:2"))
    with pytest.raises(rows.Conflict):
        put(store, next_step(stray, ENDED, tenant="other"))


def test_a_savepoint_that_fails_takes_nothing_with_it(store: Store) -> None:
    with store.transaction() as transaction:
        with transaction.savepoint():
            transaction.append(first_step("order:1", task(3, 2, roles=["first"])))
        with suppress(Undone), transaction.savepoint():
            transaction.append(first_step("order:2", task(3, 2, roles=["second"]), by="second-actor"))
            transaction.put_setting(TENANT, "second", 1)
            transaction.next_number(TENANT, "order")
            raise Undone
        with transaction.savepoint():
            transaction.append(first_step("order:3", task(3, 2, roles=["third"]), by="third-actor"))
            assert transaction.next_number(TENANT, "order") == 1
    reader = store.reader()
    found = reader.find_instances(TENANT, rows.InstanceFilter()).items
    assert [row.instance for row in found] == ["order:3", "order:1"]
    assert reader.find_tasks(TENANT, rows.TaskFilter(roles=["second"])).total == 0
    assert reader.find_tasks(TENANT, rows.TaskFilter(roles=["third"])).total == 1
    assert reader.history(TENANT, "order:3")[0].by == "third-actor"
    assert reader.setting(TENANT, "second") is None


def test_nested_savepoints_fail_apart(store: Store) -> None:
    with store.transaction() as transaction, transaction.savepoint():
        transaction.put_setting(TENANT, "a", 1)
        with suppress(Undone), transaction.savepoint():
            transaction.put_setting(TENANT, "a", 2)
            with transaction.savepoint():
                transaction.put_setting(TENANT, "b", 2)
            raise Undone
    assert store.reader().settings(TENANT) == {"a": 1}


def test_a_transaction_that_fails_changes_nothing(store: Store) -> None:
    with suppress(Undone), store.transaction() as transaction:
        transaction.append(first_step("order:1", task(3, 2, roles=["new-role"]), job(4, 2)))
        transaction.put_setting(TENANT, "x", 1)
        raise Undone
    assert store.reader().load(TENANT, "order:1") is None
    put(store, first_step("order:2", task(3, 2, roles=["new-role"])))
    assert store.reader().find_tasks(TENANT, rows.TaskFilter(roles=["new-role"])).total == 1


def test_a_transaction_sees_what_it_wrote_and_others_do_not_until_it_ends(store: Store) -> None:
    seen: list[object] = []
    with store.transaction() as transaction:
        transaction.append(first_step("order:1", task(3, 2)))
        assert load(transaction, "order:1").row.revision == 3
        assert transaction.find_tasks(TENANT, rows.TaskFilter()).total == 1
        other = threading.Thread(target=lambda: seen.append(store.reader().load(TENANT, "order:1")))
        other.start()
        other.join(0.2)
        assert seen in ([], [None])
    other.join(5)
    assert len(seen) == 1


def test_waits_follow_the_state_even_where_an_element_is_left_without_closing_them(store: Store) -> None:
    put(store, first_step("order:1", task(4, 2, roles=["clerk"]), timer(5, 2), job(6, 3)))
    go_on(store, "order:1", ev.ElementCancelled(2, "step"))
    reader = store.reader()
    assert load(reader, "order:1").state.waits == {6: job(6, 3)}
    assert reader.find_tasks(TENANT, rows.TaskFilter()).total == 0
    assert reader.due_timers(AT * 2, limit=9) == []
    assert [kind.type for kind in reader.job_types(TENANT, now=0)] == ["bank"]


def test_an_ended_instance_waits_for_nothing(store: Store) -> None:
    put(store, first_step("order:1", task(4, 2, roles=["clerk"]), timer(5, 2), job(6, 3), subscription(7, 3)))
    go_on(store, "order:1", ENDED)
    reader = store.reader()
    stored = load(reader, "order:1")
    assert (stored.row.status, stored.state.waits) == ("completed", {})
    assert reader.find_tasks(TENANT, rows.TaskFilter(include_sandbox=True)).total == 0
    assert reader.next_due() is None
    assert reader.job_types(TENANT, now=0) == []
    assert reader.subscriptions(TENANT, kind="message", name="paid", limit=9) == []


def test_a_wait_that_opens_and_closes_in_one_step_never_shows(store: Store) -> None:
    put(store, first_step("order:1", task(3, 2)))
    go_on(store, "order:1", ev.WaitOpened(timer(4, 2)), ev.WaitClosed(4, "wait", "withdrawn", {}))
    assert store.reader().next_due() is None
    assert list(load(store.reader(), "order:1").state.waits) == [3]


def test_a_request_is_noted_with_its_step_and_its_answer_remembered(store: Store) -> None:
    once = rows.Once("key-1", "digest-1", "order:1")
    put(store, first_step("order:1", once=once))
    found = store.reader().find_once(TENANT, "key-1")
    assert found == rows.IdempotencyRow("key-1", "digest-1", AT, None, "order:1")
    with store.transaction() as transaction:
        transaction.remember(TENANT, "key-1", {"instance": "order:1"})
    found = store.reader().find_once(TENANT, "key-1")
    assert found is not None
    assert found.answer == {"instance": "order:1"}
    assert store.reader().find_once("other", "key-1") is None


def test_a_used_key_takes_the_whole_step_back(store: Store) -> None:
    put(store, first_step("order:1", once=rows.Once("key-1", "digest-1")))
    with pytest.raises(FlowMasterError) as caught:
        put(store, first_step("order:2", once=rows.Once("key-1", "digest-2")))
    assert caught.value.code == "idempotency.conflict"
    assert store.reader().load(TENANT, "order:2") is None
    put(store, first_step("order:2", once=rows.Once("key-2", "digest-2")))
    with store.transaction() as transaction:
        assert transaction.forget_once(AT, limit=9) == 0
        assert transaction.forget_once(AT + 1, limit=1) == 1
        assert transaction.forget_once(AT + 1, limit=9) == 1
    assert store.reader().find_once(TENANT, "key-1") is None


def test_what_is_read_can_be_changed_without_harm(store: Store) -> None:
    put(
        store,
        first_step(
            "order:1",
            task(3, 2),
            variables={"deep": {"list": [1]}},
            outbox=[rows.Effect("mail", "send", {"to": ["anna"]})],
        ),
    )
    before = load(store.reader(), "order:1")
    spoilt = load(store.reader(), "order:1")
    spoilt.state.waits.clear()
    variables = spoilt.state.nodes[1].variables
    assert variables is not None
    deep = variables["deep"]
    assert isinstance(deep, dict)
    inner = deep["list"]
    assert isinstance(inner, list)
    inner.append(2)
    spoilt.state.nodes.clear()
    assert load(store.reader(), "order:1") == before
    with store.transaction() as transaction:
        payload = transaction.take_outbox(limit=1)[0].effect.payload
        assert isinstance(payload, dict)
        payload["to"] = "nobody"
        assert transaction.take_outbox(limit=1)[0].effect.payload == {"to": ["anna"]}


def test_what_was_given_can_be_changed_afterwards_without_harm(store: Store) -> None:
    lines: list[Json] = [1]
    step = first_step("order:1", variables={"lines": lines})
    put(store, step)
    lines.append(2)
    step.state.nodes.clear()
    assert load(store.reader(), "order:1").state.variables == {"lines": [1]}


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}, Decimal("NaN"), [Decimal("-Infinity")]])
def test_what_json_cannot_say_is_refused_and_leaves_no_trace(store: Store, value: Json) -> None:
    with pytest.raises(FlowMasterError) as caught:
        put(store, first_step("order:1", variables={"text": value}))
    assert caught.value.code == "value.not_storable"
    assert store.reader().load(TENANT, "order:1") is None


def test_tenants_do_not_see_each_other(store: Store) -> None:
    put(
        store,
        first_step("order:1", task(3, 2, roles=["clerk"]), subscription(4, 2), job(5, 2), business_key="K"),
        first_step("order:1", tenant="other"),
    )
    reader = store.reader()
    assert load(reader, "order:1", "other").state.waits == {}
    for tenant in ("other", "unknown"):
        assert reader.find_tasks(tenant, rows.TaskFilter()).total == 0
        assert reader.find_task(tenant, "order:1/approve.3") is None
        assert reader.job_types(tenant, now=0) == []
        assert reader.subscriptions(tenant, kind="message", name="paid", limit=9) == []
        assert reader.find_instances(tenant, rows.InstanceFilter(business_key="K")).total == 0
        assert reader.find_tasks(tenant, rows.TaskFilter(instance="order:1")).total == 0
    assert reader.load("unknown", "order:1") is None
    assert reader.history("unknown", "order:1") == []
    assert reader.tenants() == ["acme", "other"]
