"""Every store finds a text wherever it stands, blanks it, and removes instances, while chains and reads stand."""

from collections.abc import Sequence

import pytest

from flowmaster.engine import events as ev
from flowmaster.engine.evolve import blank, fold
from flowmaster.stores import chain, rows, traces
from flowmaster.stores.erasing import (
    MARK,
)
from flowmaster.stores.protocol import Store, Transaction
from tests.stores.given import (
    AT,
    ENDED,
    TENANT,
    first_step,
    go_on,
    job,
    load,
    next_step,
    put,
    subscription,
    task,
)

WHO = "Ada Marker"


def sightings(store: Store, texts: Sequence[str], tenant: str = TENANT) -> dict[str, list[str]]:
    """Return the kinds of places that hold a text, and what they are known by."""
    found: dict[str, list[str]] = {}
    for kind in traces.KINDS:
        after = None
        while True:
            page = store.reader().find_traces(tenant, texts, kind, after=after)
            if page.items:
                found.setdefault(kind, []).extend(each.shown for each in page.items)
            after = page.after
            if after is None:
                break
    return found


def clean(store: Store, texts: Sequence[str], *, models: bool = False) -> dict[str, str]:
    """Blank what holds a text; return the kinds of places that stay, and why."""
    stays: dict[str, str] = {}
    for kind in traces.KINDS:
        for place in store.reader().find_traces(TENANT, texts, kind).items:
            with store.transaction() as transaction:
                fate = transaction.erase_trace(TENANT, place, texts, models=models)
            if not fate.erased:
                stays[kind] = fate.stays
    return stays


@pytest.fixture(autouse=True)
def order(store: Store) -> None:
    step = first_step(
        "order:1",
        task(3, 2, users=[WHO], assignee=WHO),
        job(4, 3),
        subscription(5, 4, key=f"key of {WHO}"),
        business_key=f"about {WHO}",
        variables={"name": WHO, "total": 5, "deep": [{WHO: 1, "x": [f"to {WHO}"]}]},
        by=WHO,
        once=rows.Once(f"once {WHO}", "op digest"),
    )
    put(store, step, first_step("order:2", variables={"name": "Bea"}))
    with store.transaction() as transaction:
        transaction.remember(TENANT, f"once {WHO}", {"answer": WHO})


def over(store: Store, instance: str = "order:1") -> None:
    """End an instance, with a reason that names somebody."""
    with store.transaction() as transaction:
        step = next_step(load(transaction, instance), ENDED, reason=f"since {WHO} said so", by=WHO)
        transaction.append(step)


def test_a_text_is_found_in_every_place_whatever_its_case(store: Store) -> None:
    over(store)
    for text in (WHO, WHO.upper(), WHO.lower()):
        assert set(sightings(store, [text])) == {"instance", "journal", "once", "word"}
    assert sightings(store, ["Bea"]) == {"instance": ["order:2"], "journal": ["order:2"]}
    assert sightings(store, [WHO], tenant="other").keys() <= {"word"}
    assert sightings(store, ["nobody at all"]) == {}


def test_what_holds_a_text_is_blanked_and_the_rest_stands(store: Store) -> None:
    over(store)
    assert clean(store, [WHO.upper()]) == {}
    assert sightings(store, [WHO]) == {}
    stored = load(store.reader(), "order:1")
    assert stored.row.business_key == MARK
    assert stored.state.variables == {"name": None, "total": 5, "deep": [{MARK: None, "x": [None]}]}
    entries = store.reader().history(TENANT, "order:1")
    assert all(entry.erased for entry in entries)
    assert {entry.by for entry in entries} == {chain.pseudonym(WHO)}
    assert entries[-1].reason == MARK
    assert fold(blank("", "", 0), [entry.event for entry in entries]) == stored.state
    assert store.reader().verify(TENANT, "order:1") == rows.Verification(2, 2, None, "")
    assert load(store.reader(), "order:2").state.variables == {"name": "Bea"}
    known = store.reader().find_once(TENANT, chain.pseudonym(f"once {WHO}"))
    assert known is not None
    assert known.answer is None
    assert store.reader().find_once(TENANT, f"once {WHO}") is None


def test_open_work_keeps_the_name_of_who_has_it_until_it_is_blanked_itself(store: Store) -> None:
    (word,) = (each for each in store.reader().find_traces(TENANT, [WHO], "word").items[:1])
    with store.transaction() as transaction:
        assert transaction.erase_trace(TENANT, word, [WHO], models=False) == traces.OPEN_WORK
    assert clean(store, [WHO]) == {}
    found = store.reader().find_tasks(TENANT, rows.TaskFilter(candidate=MARK))
    assert [(each.wait.assignee, each.wait.users) for each in found.items] == [(MARK, (MARK,))]
    assert store.reader().find_tasks(TENANT, rows.TaskFilter(assignee=WHO)).items == []
    assert [each.wait.key for each in store.reader().instance_subscriptions(TENANT, "order:1")] == [MARK]
    go_on(store, "order:1", ENDED)
    assert store.reader().find_tasks(TENANT, rows.TaskFilter(candidate=MARK)).total == 0
    assert store.reader().verify(TENANT, "order:1").broken is None


def test_whoever_comes_back_and_is_erased_again_leaves_whole_chains(store: Store) -> None:
    for number in (1, 2):
        scope = f"process:{number}"
        with store.transaction() as transaction:
            transaction.journal(
                TENANT, scope, at=1, by="carl.gone", operation="x", data=None, agent="carl.gone"
            )
        assert clean(store, ["carl.gone"]) == {}
    for number in (1, 2):
        assert store.reader().verify(TENANT, f"process:{number}") == rows.Verification(1, 0, None, "")
    assert sightings(store, ["carl.gone"]) == {}


def test_values_of_instances_go_with_state_waits_and_answers(store: Store) -> None:
    with store.transaction() as transaction:
        (done,) = transaction.erase_instances(
            TENANT, ["order:1", "order:9"], names=None, at=7, erasure="erasure:1"
        )
    assert (done.instance, done.last, done.entries) == ("order:1", 7, 3)
    stored = load(store.reader(), "order:1")
    assert stored.state.variables == {"name": None, "total": None, "deep": None}
    entries = store.reader().history(TENANT, "order:1")
    assert fold(blank("", "", 0), [entry.event for entry in entries]) == stored.state
    assert store.reader().erased(TENANT, "order:1") == traces.Erased("order:1", 7, "erasure:1", "values")
    assert store.reader().erased_entries(TENANT, "order:1", until=7) == 1
    assert store.reader().erased_entries(TENANT, "order:1", until=0) == 0
    known = store.reader().find_once(TENANT, f"once {WHO}")
    assert known is not None
    assert known.answer is None
    with store.transaction() as transaction:
        (again,) = transaction.erase_instances(TENANT, ["order:1"], names=None, at=8, erasure="erasure:2")
    assert again.entries == 0


def test_a_removed_instance_leaves_nothing_but_that_it_was_there(store: Store) -> None:
    over(store)
    go_on(store, "order:2", ev.DecisionMade(1, "rate", "risk", 1, {"x": 1}, (), "low"), ENDED)
    with store.transaction() as transaction:
        transaction.put_outbox(TENANT, "order:2", AT, [rows.Effect("x", "message", {})])
        (done,) = transaction.remove_instances(TENANT, ["order:2"], at=9, erasure="erasure:1")
    assert done.last == 3
    reader = store.reader()
    assert reader.load(TENANT, "order:2") is None
    assert reader.history(TENANT, "order:2") == []
    assert reader.evaluations(TENANT, "risk", limit=9) == []
    assert reader.outbox_depth() == 0
    assert [row.instance for row in reader.find_instances(TENANT, rows.InstanceFilter()).items] == ["order:1"]
    assert reader.erased(TENANT, "order:2") == traces.Erased("order:2", 9, "erasure:1", "everything")
    put(store, first_step("order:3"))
    go_on(store, "order:3", ev.DecisionMade(1, "rate", "risk", 1, {"x": 2}, (), "low"))
    assert [each.instance for each in reader.evaluations(TENANT, "risk", limit=9)] == ["order:3"]
    assert reader.verify(TENANT, "order:3").broken is None


def test_instances_are_due_once_they_have_ended_long_enough_ago(store: Store) -> None:
    go_on(store, "order:2", ENDED)
    reader = store.reader()

    def due(before: int, what: str = "values", **given: str) -> list[str]:
        return reader.due_instances(TENANT, "order", before=before, what=what, limit=9, **given)

    assert due(AT + 9) == []
    assert due(AT + 10) == ["order:2"]
    over(store)
    assert due(AT + 10) == ["order:1", "order:2"]
    assert due(AT + 10, after="order:1") == ["order:2"]
    with store.transaction() as transaction:
        transaction.erase_instances(TENANT, ["order:1"], names=None, at=1, erasure="erasure:1")
    assert due(AT + 10) == ["order:2"]
    assert due(AT + 10, "everything") == ["order:1", "order:2"]


def test_documents_go_with_bytes_names_and_what_names_them(store: Store) -> None:
    def add(transaction: Transaction, document: str, name: str, data: bytes) -> None:
        sha256 = transaction.put_blob(TENANT, data)
        row = rows.DocumentRow(document, name, "text/plain", sha256, len(data), "anna", AT, {"read": name})
        transaction.put_document(TENANT, row)
        transaction.next_number(TENANT, f"document:{document.partition(':')[0]}")
        transaction.put_setting(TENANT, "document.invoice:x", ["other:1", document])
        transaction.journal(
            TENANT, f"document:{document}", at=1, by="anna", operation="document_add", data={"name": name}
        )

    with store.transaction() as transaction:
        add(transaction, "ada-marker-txt:1", f"{WHO}.txt", b"plain")
        add(transaction, "plain-txt:1", "plain.txt", f"to {WHO}".encode())
    assert {"document", "blob", "journal"} <= set(sightings(store, [WHO]))
    clean(store, [WHO])
    reader = store.reader()
    assert sightings(store, [WHO]) == {}
    assert sightings(store, ["ada-marker-txt"]) == {}
    assert sightings(store, ["plain-txt:1"]) == {}
    assert reader.find_documents(TENANT, rows.DocumentFilter()).total == 0
    assert reader.setting(TENANT, "document.invoice:x") == ["other:1"]
    scopes = [entry.scope for entry in reader.audit(TENANT, rows.AuditFilter()).items if ":" in entry.scope]
    unnamed = [scope for scope in scopes if scope.startswith("document:")]
    assert len(unnamed) == 2
    assert all(MARK in scope for scope in unnamed)
    for scope in unnamed:
        assert reader.verify(TENANT, scope) == rows.Verification(1, 1, None, "")


def test_messages_calls_settings_and_models_that_hold_a_text(store: Store) -> None:
    call = rows.LongCall("h", "anna", "op", "completed", 1, 1, 99, answer={"body": WHO})
    with store.transaction() as transaction:
        transaction.put_message(TENANT, name="paid", key=WHO, variables={}, expires=99, at=1, by="anna")
        transaction.put_long_call(TENANT, call)
        transaction.put_long_call(TENANT, call._replace(handle="open", status="working"))
        transaction.put_setting(TENANT, "x", {"name": WHO, "kept": 1})
        transaction.put_setting("", "key", {"for": WHO})
        transaction.put_draft(
            TENANT, "process", "p", name=WHO, content=f"<p>{WHO}</p>", by="anna", at=1, meta=[WHO]
        )
        transaction.put_version(
            TENANT, "tests", "t", name="t", content=f'["{WHO}"]', by="anna", at=1, note=WHO
        )
        transaction.put_outbox(TENANT, "order:2", AT, [rows.Effect("x", "message", {"who": WHO})])
    stays = clean(store, [WHO])
    assert stays == {
        "long_call": traces.UNDER_WAY.stays,
        "outbox": traces.UNDER_WAY.stays,
        "setting": traces.OTHERS.stays,
        "draft": traces.MODEL.stays,
        "version": traces.MODEL.stays,
        "definition": traces.MODEL.stays,
    }
    reader = store.reader()
    assert reader.buffered(TENANT, name="paid", keys=[WHO], now=1) == []
    assert reader.find_long_call(TENANT, "h") is None
    assert reader.setting(TENANT, "x") == {"name": None, "kept": 1}
    assert clean(store, [WHO], models=True).keys() == {"long_call", "outbox", "setting"}
    draft, version = reader.draft(TENANT, "process", "p"), reader.version(TENANT, "tests", "t")
    assert draft is not None
    assert version is not None
    assert (draft.name, draft.content, draft.meta) == (MARK, f"<p>{MARK}</p>", [MARK])
    assert (version.content, version.note) == (f'["{MARK}"]', MARK)
    assert set(sightings(store, [WHO])) == {"long_call", "outbox", "setting"}


def test_a_counter_is_read_without_being_moved(store: Store) -> None:
    assert store.reader().counter(TENANT, "x") == 0
    with store.transaction() as transaction:
        transaction.next_number(TENANT, "x")
        assert transaction.counter(TENANT, "x") == 1


def test_scrubbing_says_what_it_proves(store: Store) -> None:
    over(store)
    clean(store, [WHO])
    done = store.scrub()
    assert done.complete
    assert done.proves
