"""The copy of the links in ArangoDB says what the tables say, whatever goes wrong on the way; on a double, never a server."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.links.model import REVISION, WORDS, Link, Node
from flowmaster.stores.arango import texts
from flowmaster.stores.arango.address import address_of, password_of
from flowmaster.stores.arango.mirror import ArangoMirror
from flowmaster.stores.graph import DRAFT, LINKS_MAX, GraphState
from flowmaster.stores.memory.store import MemoryStore
from flowmaster.stores.protocol import Store
from flowmaster.stores.sqlite.backup import copy_file
from flowmaster.stores.sqlite.store import SqliteStore
from tests.arango.copied import double, mirror_on
from tests.arango.double import PASSWORD, Double
from tests.stores.given import AT, TENANT

KEYS = "abcdef"
NAMES = [Node("process", key) for key in KEYS] + [Node("message", "paid"), Node("decision", "=which")]


@pytest.fixture
def running() -> Iterator[Double]:
    """Run a double."""
    with double() as made:
        yield made


@pytest.fixture
def mirror(running: Double) -> Iterator[ArangoMirror]:
    """Connect to the double; changes are copied two changes at a time."""
    with mirror_on(running, at_once=2) as made:
        yield made


def _change(store: Store, chance: random.Random, tenant: str = TENANT) -> None:
    """Change the landscape: a draft, a version, what is archived, deleted, linked."""
    owner = Node("process", chance.choice(KEYS))
    links = [
        Link(
            chance.choice(["calls", "sends", "starts"]), owner, chance.choice(NAMES), f"at {place}", free=True
        )
        for place in range(chance.randrange(4))
    ]
    with store.transaction() as transaction:
        match chance.randrange(8):
            case 0 | 1:
                number = transaction.put_draft(tenant, *owner, name="x", content="x", by="ann", at=AT)
                transaction.put_links(tenant, owner, DRAFT, links, draft=number, revision=REVISION)
            case 2 | 3:
                number = transaction.put_version(tenant, *owner, name="x", content="x", by="ann", at=AT)
                transaction.put_links(tenant, owner, number, links, draft=0, revision=REVISION)
            case 4:
                transaction.delete_definition(tenant, *owner)
            case 5:
                transaction.delete_version(tenant, *owner, chance.randrange(1, 4))
            case _:
                transaction.archive_definition(tenant, *owner, chance.random() < 0.5)


def _landscape(seed: int, changes: int = 30) -> tuple[MemoryStore, random.Random]:
    store, chance = MemoryStore(), random.Random(seed)
    for _ in range(changes):
        _change(store, chance)
    return store, chance


def _copy(mirror: ArangoMirror, store: Store, tenant: str = TENANT) -> GraphState:
    for _ in range(20):
        state = store.reader().graph_state(tenant)
        assert state is not None
        if mirror.take(store.reader(), tenant, lambda: True).astray:
            with store.transaction() as transaction:
                transaction.renew_graph(tenant)
        elif mirror.known(state):
            return state
    raise AssertionError("the copy does not catch up")


def _same(mirror: ArangoMirror, store: Store, state: GraphState, tenant: str = TENANT) -> None:
    """The copy says of every node, both ways and in every view, what the tables say."""
    kinds: Any
    for node in NAMES:
        for up in (True, False):
            for view, depth, kinds in (
                ("published", 5, tuple(WORDS)),
                ("draft", 1, ("calls",)),
                ("all", 2, ("calls", "sends")),
            ):
                how: Any = {"up": up, "depth": depth, "kinds": kinds, "view": view}
                assert mirror.at(state).walk(tenant, node, **how) == store.reader().walk(tenant, node, **how)
    assert mirror.at(state).link_counts(tenant) == store.reader().link_counts(tenant)


@pytest.mark.parametrize("seed", range(6))
def test_the_copy_of_any_landscape_says_what_the_tables_say_after_every_few_changes(
    mirror: ArangoMirror, seed: int
) -> None:
    store, chance = _landscape(seed, 5)
    for _ in range(6):
        for _ in range(chance.randrange(1, 6)):
            _change(store, chance)
        _same(mirror, store, _copy(mirror, store))


@pytest.mark.parametrize("fault", ["drop", "lose", "503"])
def test_a_request_that_fails_at_any_place_loses_nothing_and_does_nothing_twice(
    running: Double, fault: str
) -> None:
    place = 0
    while True:
        store, chance = _landscape(place, 8)
        with mirror_on(running, at_once=2) as mirror:
            _copy(mirror, store)
            for _ in range(4):
                _change(store, chance)
            asked = 0

            def fails(method: str, path: str, at: int = place + 1) -> str:
                nonlocal asked
                asked += 1
                return fault if asked == at else ""

            running.fault = fails
            told = ""
            try:
                mirror.take(store.reader(), TENANT, lambda: True)
            except FlowMasterError as error:
                told = error.code
            whole = asked <= place
            assert told == ("" if whole else "graph.unreachable")
            running.fault = None
            state = _copy(mirror, store)
            _same(mirror, store, state)
            _neat(running, store, state)
        if whole:
            break
        place += 1
    assert place > 8


def _neat(running: Double, store: Store, state: GraphState) -> None:
    """There is one document for each link that was ever put and not put anew, and none beside."""
    links = running.world.database("flowmaster").collection(texts.LINKS).documents.values()
    parts = running.world.database("flowmaster").collection(texts.PARTS).documents
    here = [one for one in links if one["space"] == state.space]
    assert len({(one["part"], one["place"]) for one in here}) == len(here)
    assert all(parts[one["part"]]["number"] == one["change"] for one in here)
    assert len(here) == sum(one["links"] for one in parts.values() if one["space"] == state.space)


@pytest.mark.parametrize("place", range(9))
def test_a_server_that_copies_late_what_another_has_overtaken_changes_nothing(
    running: Double, place: int
) -> None:
    store, chance = _landscape(place, 12)
    with mirror_on(running, at_once=3) as slow, mirror_on(running, at_once=50) as quick:
        _copy(quick, store)
        for _ in range(6):
            _change(store, chance)
        asked, overtaking = 0, False

        def overtaken(method: str, path: str) -> str:
            """Let the slow server stop before one of its requests until the tables have moved on and the quick one is done."""
            nonlocal asked, overtaking
            if not overtaking:
                asked += 1
                if asked == place + 2:
                    overtaking = True
                    for _ in range(8):
                        _change(store, chance)
                    _copy(quick, store)
            return ""

        running.fault = overtaken
        slow.take(store.reader(), TENANT, lambda: True)
        running.fault = None
        state = _copy(slow, store)
        _same(slow, store, state)
        _same(quick, store, state)
        _neat(running, store, state)


def test_a_server_that_comes_back_empty_is_filled_again(running: Double, mirror: ArangoMirror) -> None:
    store, chance = _landscape(1)
    state = _copy(mirror, store)
    running.stop()
    running.empty()
    running.start()
    with pytest.raises(FlowMasterError) as behind:
        mirror.at(state).walk(TENANT, NAMES[0], up=False, depth=1, kinds=("calls",), view="all")
    assert behind.value.code == "graph.behind"
    _same(mirror, store, _copy(mirror, store))
    asked, gone = 0, False

    def emptied(method: str, path: str) -> str:
        nonlocal asked, gone
        asked += 1
        if asked == 5 and not gone:
            gone = True
            running.empty()
        return ""

    _change(store, chance)
    _change(store, chance)
    running.fault = emptied
    _same(mirror, store, _copy(mirror, store))
    assert gone


def test_a_copy_that_is_behind_is_not_asked(mirror: ArangoMirror) -> None:
    store, chance = _landscape(2)
    _copy(mirror, store)
    _change(store, chance)
    with store.transaction() as transaction:
        transaction.archive_definition(TENANT, *NAMES[0], True)
    state = store.reader().graph_state(TENANT)
    assert state is not None
    assert not mirror.known(state)
    for ask in (
        lambda: mirror.at(state).walk(TENANT, NAMES[0], up=True, depth=1, kinds=("calls",), view="all"),
        lambda: mirror.at(state).link_counts(TENANT),
    ):
        with pytest.raises(FlowMasterError) as behind:
            ask()
        assert behind.value.code == "graph.behind"


def test_tables_that_were_put_back_get_a_copy_of_their_own_and_the_former_goes(
    running: Double, mirror: ArangoMirror, tmp_path: Path
) -> None:
    file, aside, chance = tmp_path / "flowmaster.db", tmp_path / "aside.db", random.Random(3)
    store = SqliteStore(file)
    for _ in range(12):
        _change(store, chance)
    copy_file(file, aside, lambda done, whole: None)
    for _ in range(8):
        _change(store, chance)
    former = _copy(mirror, store)
    store.close()
    file.unlink()
    aside.rename(file)
    store = SqliteStore(file)
    state = _copy(mirror, store)
    assert state.space != former.space
    _same(mirror, store, state)
    (left,) = store.reader().graph_states().values()
    assert former.space in left.former
    assert mirror.take(store.reader(), TENANT, lambda: True).emptied == left.former
    for name in texts.EMPTY:
        documents = running.world.database("flowmaster").collection(name).documents.values()
        assert {one["space"] for one in documents} <= {state.space}
    with store.transaction() as transaction:
        for space in left.former:
            transaction.forget_space(TENANT, space)
    assert store.reader().graph_states()[TENANT].former == ()
    _change(store, chance)
    _same(mirror, store, _copy(mirror, store))
    store.close()


def test_tenants_and_stores_on_one_database_do_not_see_each_other(
    running: Double, mirror: ArangoMirror
) -> None:
    store, chance = _landscape(4)
    other, _ = _landscape(5)
    for _ in range(20):
        _change(store, chance, "o'ther\" RETURN 1 //")
    for tenant in (TENANT, "o'ther\" RETURN 1 //"):
        _same(mirror, store, _copy(mirror, store, tenant), tenant)
    with mirror_on(running) as second:
        _same(second, other, _copy(second, other))
    state = store.reader().graph_state(TENANT)
    assert state is not None
    _same(mirror, store, state)
    links = mirror.at(state).walk("nobody", NAMES[0], up=False, depth=5, kinds=tuple(WORDS), view="all")
    assert links == []


def test_a_walk_brings_no_more_links_than_the_tables_bring_and_takes_them_in_batches(
    running: Double, mirror: ArangoMirror
) -> None:
    store = MemoryStore()
    hub = Node("process", "hub")
    with store.transaction() as transaction:
        for part in range(3):
            owner = Node("process", f"p{part}")
            links = [Link("calls", hub, Node("process", f"{part}/{each}"), str(each)) for each in range(900)]
            number = transaction.put_version(TENANT, *owner, name="x", content="x", by="ann", at=AT)
            transaction.put_links(TENANT, owner, number, links, draft=0, revision=REVISION)
    state = _copy(mirror, store)
    running.asked.clear()
    how: Any = {"up": False, "depth": 2, "kinds": ("calls",), "view": "published"}
    found = mirror.at(state).walk(TENANT, hub, **how)
    assert len(found) == LINKS_MAX
    assert found == store.reader().walk(TENANT, hub, **how)
    assert sum("/_api/cursor" in each for each in running.asked) == 4


def test_what_is_wrong_is_told_and_never_the_password(running: Double, mirror: ArangoMirror) -> None:
    store, _ = _landscape(6)
    state = _copy(mirror, store)
    codes = {}
    for name, fault in (("cut", "drop"), ("refusing", "503"), ("slow", "0.6")):
        running.fault = lambda method, path, fault=fault: fault
        with mirror_on(running, seconds=0.3) as asking, pytest.raises(FlowMasterError) as told:
            asking.at(state).walk(TENANT, NAMES[0], up=False, depth=1, kinds=("calls",), view="all")
        codes[name] = told.value.code
        assert PASSWORD not in str(told.value.body())
    running.fault = None
    wrong = ArangoMirror(address_of(running.url), "wrong")
    with pytest.raises(FlowMasterError) as refused:
        wrong.look()
    wrong.close()
    assert "'root'" in refused.value.message
    running.stop()
    with mirror_on(running) as gone, pytest.raises(FlowMasterError) as away:
        gone.look()
    running.start()
    codes |= {"stranger": refused.value.code, "away": away.value.code}
    assert codes == {
        "cut": "graph.unreachable",
        "refusing": "graph.unreachable",
        "slow": "graph.slow",
        "stranger": "graph.refused",
        "away": "graph.unreachable",
    }


def test_a_server_that_speaks_something_else_is_told(running: Double, mirror: ArangoMirror) -> None:
    running.fault = lambda method, path: "junk"
    with pytest.raises(FlowMasterError) as told:
        mirror.look()
    assert told.value.code == "graph.failed"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("http://root:hunter2@host/db", "graph.secret_shown"),
        ("http://host/db?password=hunter2", "graph.secret_shown"),
        ("arango://host/db", "graph.address_invalid"),
        ("http://host", "graph.address_invalid"),
        ("http://host:99999999/db", "graph.address_invalid"),
        ("http://host/db?pasword=env:X", "graph.address_invalid"),
        ("", "graph.address_invalid"),
    ],
)
def test_an_address_is_refused_that_is_none_or_shows_its_password(text: str, code: str) -> None:
    with pytest.raises(FlowMasterError) as refused:
        address_of(text)
    body = str(refused.value.body())
    assert refused.value.code == code
    assert "hunter2" not in body


def test_the_password_is_where_the_address_says(tmp_path: Any) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n", encoding="utf-8")
    assert password_of(address_of("http://host/db"), {"FLOWMASTER_GRAPH_PASSWORD": ""}) == ""
    assert password_of(address_of("https://ann@host:1/db?password=env:OTHER"), {"OTHER": "x"}) == "x"
    assert password_of(address_of(f"http://host/db?password=file:{file}"), {}) == "from a file"
    for where in ("env:OTHER", f"file:{tmp_path}/none"):
        with pytest.raises(FlowMasterError) as absent:
            password_of(address_of(f"http://host/db?password={where}"), {})
        assert absent.value.code == "graph.secret_absent"


def test_the_double_knows_no_query_but_those_of_the_product(running: Double, mirror: ArangoMirror) -> None:
    store, _ = _landscape(7)
    _copy(mirror, store)
    line = mirror._writing
    with pytest.raises(FlowMasterError) as told, line.within(5):
        line.query("RETURN 1")
    assert told.value.code == "graph.failed"
    assert running.unknown == ["RETURN 1"]
    running.unknown.clear()
    assert set(running.queries) == set(texts.ALL)
