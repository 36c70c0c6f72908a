"""What erasing leaves of recorded text, and that a scrubbed file keeps no byte of what went."""

import re
from collections.abc import Sequence
from pathlib import Path

import apsw
import pytest

from flowmaster.engine import events as ev
from flowmaster.engine import state as st
from flowmaster.stores import chain, rows, traces
from flowmaster.stores.codec import (
    decode_body,
    decode_events,
    decode_wait,
    encode_body,
    encode_events,
    encode_wait,
)
from flowmaster.stores.erasing import (
    ALL_VALUES,
    MARK,
    Holding,
    erase_body,
    erase_events,
    erase_wait,
    plain_text,
    spellings,
)
from flowmaster.stores.postgres.store import PostgresStore
from flowmaster.stores.sql.tables import TABLES
from flowmaster.stores.sqlite.store import SqliteStore
from tests.postgres import cluster
from tests.stores.given import TENANT, child, first_step, job, put, subscription, task, timer

WHO = "Ada Marker"


def test_every_column_that_holds_text_is_searched(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "flowmaster.db").close()
    file = apsw.Connection(str(tmp_path / "flowmaster.db"))
    columns = {
        (str(table), str(column))
        for (table,) in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        for _, column, kind, *_ in file.execute(f"PRAGMA table_info({table})")
        if kind == "TEXT"
    }
    searched = {(kind, text.partition(".")[2]) for kind, table in TABLES.items() for text in table.texts}
    assert columns - {("blob", "sha256"), ("sqlite_sequence", "name")} <= searched | {("blob", "sha256")}
    assert set(traces.KINDS) == {*TABLES, "blob"}


def test_every_text_column_of_postgresql_is_searched() -> None:
    store = PostgresStore(cluster().fresh())
    try:
        found = store.reader()._db.all(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND data_type = 'text'"
        )
    finally:
        store.close()
    searched = {(kind, text.partition(".")[2]) for kind, table in TABLES.items() for text in table.texts}
    assert {tuple(row) for row in found} - searched == {("blob", "sha256"), ("topic", "name")}


def test_a_scrubbed_file_has_no_byte_of_what_was_erased(tmp_path: Path) -> None:
    path = tmp_path / "flowmaster.db"
    store = SqliteStore(path)
    for number in range(200):
        put(store, first_step(f"order:{number}", variables={"name": WHO, "long": "x" * 3_000}))
    with store.transaction() as transaction:
        transaction.remove_instances(
            TENANT, [f"order:{number}" for number in range(0, 200, 2)], at=1, erasure="e"
        )
    for kind in traces.KINDS:
        for place in store.reader().find_traces(TENANT, [WHO], kind).items:
            with store.transaction() as transaction:
                assert transaction.erase_trace(TENANT, place, [WHO], models=False).erased
    before = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert WHO.encode() in before, "free pages and the log keep what was erased"
    assert store.scrub().complete
    after = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert WHO.encode() not in after
    store.close()


def test_rows_that_were_sealed_by_an_older_version_still_verify_and_keep_their_reasons() -> None:
    link = chain.Link(1, 1, 5, "anna", "x", f"for {WHO}", f'["{WHO}"]', None, b"")
    start = chain.genesis(TENANT, "s")
    old = link._replace(hash=chain._old_seal(start, link))
    assert chain.verify(TENANT, "s", [old], last=1, head=old.hash).broken is None
    left = chain.erased(start, old, Holding([WHO]), of_instance=False)
    assert (left.events, left.reason) == ("[null]", f"for {WHO}")
    assert chain.verify(TENANT, "s", [left], last=1, head=old.hash) == rows.Verification(1, 1, None, "")
    assert chain.has_old_seal(start, old)
    assert not chain.has_old_seal(start, link._replace(hash=chain._seal(start, link)))


def test_what_an_erased_row_still_says_cannot_be_changed() -> None:
    start = chain.genesis(TENANT, "s")
    link = chain.forge(
        start, first=1, last=1, at=5, by="anna", operation="x", reason=WHO, events=f'["{WHO}"]'
    )
    left = chain.erased(start, link, Holding([WHO]), of_instance=False)._replace(by=chain.pseudonym("anna"))
    assert chain.verify(TENANT, "s", [left], last=1, head=link.hash).broken is None
    for changed in (
        left._replace(at=6),
        left._replace(operation="y"),
        left._replace(by="bea"),
        left._replace(last=2),
    ):
        assert chain.verify(TENANT, "s", [changed], last=changed.last, head=link.hash).broken == 1
    only_reason = chain.erased(start, link._replace(events="[]"), Holding(["none"]), of_instance=False)
    assert chain.verify(TENANT, "s", [only_reason], last=1, head=link.hash).broken == 1


EVENTS: Sequence[ev.Event] = (
    ev.InstanceStarted("p:1", "p", 1, WHO, 5, st.Parent("q:1", 3), {WHO: WHO, "n": [WHO, 1]}, False),
    ev.WaitOpened(task(3, 2, users=[WHO], assignee=WHO, excluded=[WHO], roles=[WHO])),
    ev.WaitOpened(subscription(4, 2, key=WHO)),
    ev.WaitOpened(timer(5, 2)),
    ev.WaitOpened(child(6, 2)),
    ev.TaskChanged(task(3, 2).but(draft={"x": WHO}, asked=st.Asked("a", WHO, "b", (WHO,), WHO, {"x": WHO}, {"y": WHO})), "comment", {"comment": WHO}),
    ev.TaskPerformed(3, "e", WHO),
    ev.WaitClosed(3, "e", "completed", {"x": WHO}),
    ev.VariablesSet(1, "e", {"x": {"y": [WHO]}}),
    ev.JobFailed(job(7, 2), WHO),
    ev.DecisionMade(1, "e", "d", 1, {"x": WHO}, ({"rule": 2, "inputs": {"x": WHO}, "outputs": {"y": WHO}},), WHO),
    ev.MessageSent("e", "m", WHO, {"x": WHO}),
    ev.SignalSent("e", "s", {"x": WHO}),
    ev.EscalationThrown("e", "c", "", {"x": WHO}),
    ev.ErrorThrown("e", "c", WHO, ""),
    ev.ChildRequested(6, "e", "q", "", {"x": WHO}),
    ev.IncidentRaised(8, 2, "e", "stage", "code", WHO, 5, 1),
    ev.InstancePaused(WHO),
    ev.InstanceResumed(WHO),
    ev.LoopBegan(1, "e", 2, (WHO, {"x": WHO}), True),
    ev.TurnCollected(1, "e", 0, WHO),
    ev.InstanceForked(
        "p:1-fork-1", "p", 1, WHO, 5, None, st.Origin("p:1", 3), "active", 9,
        (st.Node(1, "p", 0, variables={"x": WHO}, turns=st.Turns(2, items=(WHO,), results=[WHO]), done=(st.Done("e", {"x": WHO}, (st.Done("f", {"x": WHO}),)),), undo=(st.Done("e", {"x": WHO}),)),),
        (task(3, 2, assignee=WHO),), (st.Incident(8, 2, "e", "s", "c", WHO, 5, 1),), (("e", (WHO,)),),
    ),
    ev.InstanceEnded("failed", "c", WHO),
)  # fmt: skip
"""Every event that may hold what somebody said, with it in every such field."""


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_no_field_of_an_event_keeps_a_text_and_every_event_keeps_its_form(event: ev.Event) -> None:
    written = encode_events([event]).decode()
    left = erase_events(written, Holding([WHO]))
    assert WHO not in left
    (read,) = decode_events(left)
    assert type(read) is type(event)
    (all_gone,) = decode_events(erase_events(written, ALL_VALUES))
    people = {"assignee", "users", "excluded", "performer", "performers", "roles"}
    if not any(name in repr(event) for name in people):
        assert WHO not in re.sub(rf"'{WHO}': None", "", repr(all_gone))


def test_a_state_is_erased_as_its_history_is() -> None:
    node = st.Node(1, "p", 0, variables={"x": WHO}, turns=st.Turns(2, items=(WHO,), results=[WHO]))
    state = st.State(
        "p:1", "p", 1, nodes={1: node}, incidents={8: st.Incident(8, 1, "e", "s", "c", WHO, 5, 1)}
    )
    state.performers = {"e": (WHO,)}
    left = decode_body(erase_body(encode_body(state).decode(), Holding([WHO])), st.State("p:1", "p", 1))
    assert WHO not in repr(left)
    assert left.nodes[1].turns == st.Turns(2, items=(None,), results=[None])
    assert left.performers == {"e": (MARK,)}
    listed = st.Node(2, "p", 1, turns=st.Turns(-1, items=("activity",)))
    body = encode_body(st.State("p:1", "p", 1, nodes={2: listed})).decode()
    assert erase_body(body, ALL_VALUES) == body, "activities of an ad-hoc sub-process are no values"


def test_a_condition_that_is_waited_for_keeps_whether_it_holds() -> None:
    wait = encode_wait(subscription(4, 2, kind="condition", key="1")).decode()
    assert erase_wait(wait, ALL_VALUES) == wait
    message = decode_wait(erase_wait(encode_wait(subscription(4, 2, key="K")).decode(), ALL_VALUES))
    assert isinstance(message, st.EventWait)
    assert message.key == MARK


def test_numbers_are_met_as_a_whole_and_texts_in_part() -> None:
    eraser = Holding(["4711"])
    assert eraser.value([4711, 14711, "no. 4711/2", {"4711": 1}, True]) == [
        None,
        14711,
        None,
        {MARK: None},
        True,
    ]
    assert Holding(["x1x1"]).value({"x1x1": 1, "X1X1y": 2, "z": 3}) == {MARK: None, f"{MARK} 2": None, "z": 3}


def test_a_text_is_looked_for_as_json_spells_it() -> None:
    assert spellings(['a"b']) == ['a"b', 'a\\"b', 'a\\\\\\"b']
    assert plain_text('x A\\"b y', ['a"b']) == f"x {MARK} y"
