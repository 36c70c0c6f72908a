"""The journal tells what happened, and cannot be changed without notice."""

from contextlib import suppress

import pytest

from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.evolve import blank, fold
from flowmaster.stores import chain, rows
from flowmaster.stores.protocol import Store
from tests.stores.given import AT, ENDED, TENANT, Undone, first_step, go_on, load, next_step, put, task


@pytest.fixture(autouse=True)
def order(store: Store) -> None:
    put(store, first_step("order:1", task(3, 2), variables={"total": 5, "name": "Anna"}))
    with store.transaction() as transaction:
        stored = load(transaction, "order:1")
        step = next_step(
            stored,
            ev.WaitClosed(3, "approve", "completed", {"ok": True, "name": "Bert"}),
            ev.TaskPerformed(3, "approve", "bert"),
            reason="Looks right.",
        )
        transaction.append(step)
    go_on(store, "order:1", ENDED)


def test_a_history_has_every_event_with_its_step(store: Store) -> None:
    entries = store.reader().history(TENANT, "order:1")
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert entries[0][:5] == (1, AT, "anna", "instance_start", "")
    assert entries[3] == rows.HistoryEntry(
        4,
        AT + 10,
        "bert",
        "task_act",
        "Looks right.",
        ev.WaitClosed(3, "approve", "completed", {"ok": True, "name": "Bert"}),
    )
    assert entries[5].event == ENDED


def test_a_history_replays_to_the_stored_state(store: Store) -> None:
    events = [entry.event for entry in store.reader().history(TENANT, "order:1")]
    assert fold(blank("", "", 0), events) == load(store.reader(), "order:1").state


@pytest.mark.parametrize(
    ("after", "limit", "expected"),
    [
        (0, 2, [1, 2]),
        (1, 3, [2, 3, 4]),
        (3, 99, [4, 5, 6]),
        (4, 1, [5]),
        (5, 9, [6]),
        (6, 9, []),
        (99, 9, []),
    ],
)
def test_a_history_is_read_in_parts(store: Store, after: int, limit: int, expected: list[int]) -> None:
    entries = store.reader().history(TENANT, "order:1", after=after, limit=limit)
    assert [entry.seq for entry in entries] == expected


def test_scopes_that_are_no_instances_have_journals_too(store: Store) -> None:
    with store.transaction() as transaction:
        first = transaction.journal(
            TENANT, "process:order", at=1, by="anna", operation="process_create", data={"draft": 1}
        )
        second = transaction.journal(
            TENANT, "process:order", at=2, by="bert", operation="process_publish", reason="Go.", data=[1, "x"]
        )
        transaction.journal("other", "process:order", at=2, by="eve", operation="x", data=None)
    assert (first, second) == (1, 2)
    page = store.reader().audit(TENANT, rows.AuditFilter(scope="process:order"))
    assert [entry[1:9] for entry in page.items] == [
        ("process:order", 2, 2, 2, "bert", "process_publish", "Go.", [1, "x"]),
        ("process:order", 1, 1, 1, "anna", "process_create", "", {"draft": 1}),
    ]
    assert store.reader().verify(TENANT, "process:order") == rows.Verification(2, 0, None, "")


def test_the_audit_is_found_by_who_what_and_when(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.journal(TENANT, "decision:risk", at=AT + 20, by="anna", operation="rule_save", data=None)
    reader = store.reader()

    def scopes(which: rows.AuditFilter) -> list[tuple[str, int]]:
        page = reader.audit(TENANT, which)
        assert page.total == len(page.items)
        return [(entry.scope, entry.first) for entry in page.items]

    assert scopes(rows.AuditFilter()) == [
        ("decision:risk", 1),
        ("order:1", 6),
        ("order:1", 4),
        ("order:1", 1),
    ]
    assert scopes(rows.AuditFilter(by="anna")) == [("decision:risk", 1), ("order:1", 1)]
    assert scopes(rows.AuditFilter(operation="task_act", scope="order:1")) == [("order:1", 6), ("order:1", 4)]
    assert scopes(rows.AuditFilter(since=AT + 10, until=AT + 20)) == [("order:1", 6), ("order:1", 4)]
    assert scopes(rows.AuditFilter(by="nobody")) == []
    assert scopes(rows.AuditFilter(scope="unheard")) == []
    first = reader.audit(TENANT, rows.AuditFilter(limit=3))
    rest = reader.audit(TENANT, rows.AuditFilter(limit=3, cursor=first.next_cursor))
    assert (first.total, len(first.items), [entry.first for entry in rest.items]) == (4, 3, [1])
    assert rest.next_cursor is None


def test_who_acted_for_somebody_is_on_record_and_sealed(store: Store) -> None:
    with store.transaction() as transaction:
        stored = load(transaction, "order:1")
        step = next_step(stored, ev.VariablesSet(0, "", {"note": "x"}))._replace(agent="helper")
        transaction.append(step)
        transaction.journal(
            TENANT, "process:order", at=1, by="anna", agent="helper", operation="process_publish", data=None
        )
        transaction.journal(TENANT, "process:order", at=1, by="anna", operation="process_publish", data=None)
    reader = store.reader()
    found = reader.audit(TENANT, rows.AuditFilter(by="helper")).items
    assert [(entry.scope, entry.by, entry.agent) for entry in found] == [
        ("process:order", "anna", "helper"),
        ("order:1", step.by, "helper"),
    ]
    assert [entry.agent for entry in reader.audit(TENANT, rows.AuditFilter(scope="process:order")).items] == [
        "",
        "helper",
    ]
    for scope, count in (("order:1", 4), ("process:order", 2)):
        assert reader.verify(TENANT, scope) == rows.Verification(count, 0, None, "")


def test_the_seal_of_a_row_covers_who_acted() -> None:
    def forged_by(agent: str) -> chain.Link:
        return chain.forge(
            chain.genesis(TENANT, "s"),
            first=1,
            last=1,
            at=1,
            by="anna",
            operation="x",
            reason="",
            events="[]",
            agent=agent,
        )

    acted = forged_by("helper")
    assert len({acted.hash, forged_by("").hash, forged_by("other").hash}) == 3
    forged = acted._replace(agent="")
    assert chain.verify(TENANT, "s", [forged], last=1, head=acted.hash).broken == 1


def test_what_changed_behind_a_row_is_told_in_order_and_of_all_tenants(store: Store) -> None:
    before = store.reader().last_change()
    assert len(store.reader().changes(0, limit=9)) == 3, "the three steps of the order"
    assert store.reader().changes(0, limit=9)[-1].id == before
    with store.transaction() as transaction:
        transaction.journal(TENANT, "process:order", at=1, by="anna", operation="process_create", data=None)
        transaction.journal("other", "decision:limit", at=1, by="eve", operation="rule_save", data=None)
    put(store, first_step("order:2"))
    told = store.reader().changes(before, limit=9)
    assert [(one.tenant, one.scope) for one in told] == [
        (TENANT, "process:order"),
        ("other", "decision:limit"),
        (TENANT, "order:2"),
    ]
    assert store.reader().changes(before, limit=1)[0] == told[0]
    assert store.reader().changes(told[1].id, limit=9) == told[2:]
    assert store.reader().last_change() == told[-1].id
    assert store.reader().changes(told[-1].id, limit=9) == []


def test_what_was_taken_back_changed_nothing(store: Store) -> None:
    before = store.reader().last_change()
    with suppress(Undone), store.transaction() as transaction:
        transaction.journal(TENANT, "process:order", at=1, by="anna", operation="process_create", data=None)
        raise Undone
    assert store.reader().last_change() == before
    assert store.reader().changes(before, limit=9) == []


def test_a_chain_that_nobody_touched_verifies(store: Store) -> None:
    assert store.reader().verify(TENANT, "order:1") == rows.Verification(3, 0, None, "")


def test_an_unknown_chain_is_refused(store: Store) -> None:
    for tenant, scope in ((TENANT, "order:9"), ("other", "order:1")):
        with pytest.raises(FlowMasterError) as caught:
            store.reader().verify(tenant, scope)
        assert caught.value.code == "scope.unknown"


def test_erased_values_are_gone_while_history_and_chain_stand(store: Store) -> None:
    with store.transaction() as transaction:
        assert transaction.erase(TENANT, "order:1", names=["name"]) == 2
    reader = store.reader()
    events = [entry.event for entry in reader.history(TENANT, "order:1")]
    assert events[3] == ev.WaitClosed(3, "approve", "completed", {"ok": True, "name": None})
    assert "Anna" not in repr(events)
    assert fold(blank("", "", 0), events).variables == {"total": 5, "name": None}
    assert reader.verify(TENANT, "order:1") == rows.Verification(3, 2, None, "")
    with store.transaction() as transaction:
        assert transaction.erase(TENANT, "order:1") == 2
        assert transaction.erase(TENANT, "order:1") == 0
    started = reader.history(TENANT, "order:1")[0].event
    assert isinstance(started, ev.InstanceStarted)
    assert started.variables == {"total": None, "name": None}
    assert reader.verify(TENANT, "order:1").broken is None


def test_decisions_lose_their_outcome_too_when_all_values_are_erased(store: Store) -> None:
    put(store, first_step("risk:1"))
    go_on(store, "risk:1", ev.DecisionMade(1, "rate", "risk", 1, {"income": 3}, ("row-1",), "high"))
    with store.transaction() as transaction:
        transaction.erase(TENANT, "risk:1")
    assert store.reader().history(TENANT, "risk:1")[1].event == ev.DecisionMade(
        1, "rate", "risk", 1, {"income": None}, ("row-1",), None
    )
