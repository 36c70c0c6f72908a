"""A server with `--graph`: what it answers, what it tells of the copy, and what it does while the ArangoDB is away."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime import graph as runtime_graph
from flowmaster.server.cli import run
from flowmaster.server.doctor.graph import graph as examined
from flowmaster.server.health import overview
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.stores.arango import texts
from flowmaster.stores.sqlite.store import SqliteStore
from flowmaster.tools.registry import Caller
from tests.acceptance.agent import Agent
from tests.acceptance.town import LEVELS
from tests.arango.copied import double
from tests.arango.double import PASSWORD, Double
from tests.tools.test_process_links import BILLING, ORDER, SHIPPING

ASKED: list[dict[str, Any]] = [
    {"process": "order"},
    {"process": "shipping", "direction": "up"},
    {"process": "order", "view": "draft", "depth": 5},
    {"process": "order", "view": "all", "kinds": ["calls", "sends"]},
    {"node": "message:order shipped"},
    {"node": "role:clerk"},
    {"decision": "level"},
]


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Double]:
    """Run a double, whose password is where FlowMaster looks for it; a copy that fails is tried again at once."""
    monkeypatch.setenv("FLOWMASTER_GRAPH_PASSWORD", PASSWORD)
    monkeypatch.setattr(runtime_graph, "PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(runtime_graph, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(runtime_graph, "GAP_SECONDS", 0.01)
    with double() as made:
        yield made


def _settings(running: Double, folder: Path) -> Settings:
    return Settings(data=str(folder), graph=running.url, clock="virtual", tools=("all",))


@asynccontextmanager
async def _serving(settings: Settings) -> AsyncIterator[Agent]:
    async with open_app(settings) as app:
        yield Agent(app, Caller(door="test"))


async def _town(agent: Agent) -> None:
    await agent.ask("rule_save", table=LEVELS)
    for outline in (SHIPPING, ORDER, BILLING):
        await agent.published(outline)


async def _graph(agent: Agent) -> dict[str, Any]:
    parts = (await agent.ask("server_info"))["parts"]
    return next(dict(part) for part in parts if part["part"] == "graph")


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(5):
        while not await holds():
            await asyncio.sleep(0.01)


async def _copied(agent: Agent) -> None:
    async def holds() -> bool:
        told = await _graph(agent)
        return bool(told["state"] == "ok" and "it has all links" in told["says"])

    await _until(holds)


async def _failing(agent: Agent) -> None:
    async def holds() -> bool:
        return bool((await _graph(agent))["state"] == "failing")

    await _until(holds)


async def _answers(agent: Agent) -> list[Mapping[str, Any]]:
    return [await agent.ask("process_links", **asked) for asked in ASKED]


def _without(answers: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return answers without the note that they are from the tables."""
    kept = []
    for answer in answers:
        notes = [note for note in answer.get("notes", []) if not note.startswith("From the tables")]
        rest = {name: value for name, value in answer.items() if name != "notes"}
        kept.append({**rest, **({"notes": notes} if notes else {})})
    return kept


def test_the_same_is_answered_with_a_copy_and_without_and_no_table_of_links_is_walked(
    running: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play() -> None:
        settings = _settings(running, tmp_path)
        async with _serving(settings) as agent:
            await _town(agent)
            await _copied(agent)
            running.asked.clear()

            def walked(*_: Any, **__: Any) -> Any:
                raise AssertionError("the tables are walked")

            with monkeypatch.context() as only:
                reader = type(agent.app.runtime.reader)
                only.setattr(reader, "walk", walked)
                found = await _answers(agent)
            assert any("/_api/cursor" in each for each in running.asked)
            info = await agent.ask("server_info")
            assert info["stores"] == ["sqlite", "arangodb"]
            stranger = Agent(agent.app, replace(agent.caller, rights=frozenset({"server.read"})))
            assert running.url.partition("@")[2] in (await _graph(agent))["says"]
            assert "127.0.0.1" not in (await _graph(stranger))["says"]
        async with _serving(replace(settings, graph="")) as agent:
            assert await _answers(agent) == found
            assert all(part["part"] != "graph" for part in (await agent.ask("server_info"))["parts"])

    asyncio.run(play())


def test_while_it_is_away_the_tables_answer_with_a_note_and_when_it_is_back_it_catches_up(
    running: Double, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async def play() -> None:
        async with _serving(_settings(running, tmp_path)) as agent:
            await _town(agent)
            await _copied(agent)
            before = await _answers(agent)
            running.stop()
            away = await _answers(agent)
            assert _without(away) == before
            assert all("From the tables: The graph at" in answer["notes"][-1] for answer in away)
            await _failing(agent)
            told = await overview(agent.app)(None)  # type: ignore[arg-type]  # it looks at no request
            assert b"degraded" in told.body
            assert b"graph.unreachable" in told.body
            await agent.ask("process_edit", process="order", edits=[{"delete": "tell"}])
            await agent.ask("process_publish", process="order")
            changed = _without(await _answers(agent))
            assert changed != before
            running.start()
            await _copied(agent)
            back = await _answers(agent)
            assert back == changed
            assert agent.app.runtime.observed.health.status == "ok"

    asyncio.run(play())
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("fault", ["503", "drop", "junk", "1.2"])
def test_one_that_answers_wrongly_or_slowly_costs_one_question_its_time_and_no_more(
    running: Double, tmp_path: Path, fault: str
) -> None:
    async def play() -> None:
        async with _serving(_settings(running, tmp_path)) as agent:
            await _town(agent)
            await _copied(agent)
            before = await _answers(agent)
            running.fault = lambda method, path: fault
            running.asked.clear()
            assert _without(await _answers(agent)) == before
            assert len(running.asked) < 20
            running.fault = None
            await _copied(agent)
            assert await _answers(agent) == before

    asyncio.run(play())


def test_one_that_comes_back_empty_is_filled_without_a_word_from_anybody(
    running: Double, tmp_path: Path
) -> None:
    async def play() -> None:
        settings = _settings(running, tmp_path)
        async with _serving(settings) as agent:
            await _town(agent)
            await _copied(agent)
            before = await _answers(agent)
        running.empty()
        async with _serving(settings) as agent:
            await _copied(agent)
            assert await _answers(agent) == before
            running.empty()
            assert _without(await _answers(agent)) == before
            await _copied(agent)
            assert await _answers(agent) == before

    asyncio.run(play())


def test_what_somebody_else_wrote_to_it_is_gone_when_it_is_made_anew(running: Double, tmp_path: Path) -> None:
    async def play() -> None:
        async with _serving(_settings(running, tmp_path)) as agent:
            await _town(agent)
            await _copied(agent)
            before = await _answers(agent)
            links = running.world.database("flowmaster").collection(texts.LINKS).documents
            links.pop(next(iter(links)))
            tried = await agent.ask("graph_rebuild", dry_run=True)
            told = await agent.ask("graph_rebuild", reason="a link was missing", idempotency_key="once")
            assert (
                (told["definitions"], told["links"])
                == (tried["definitions"], tried["links"])
                == (4, told["links"])
            )
            again = await agent.ask("graph_rebuild", reason="a link was missing", idempotency_key="once")
            assert again == told

            async def tidy() -> bool:
                spaces = {one["space"] for one in links.values()}
                states = agent.app.runtime.reader.graph_states()
                return spaces == {states["default"].space} and not states["default"].former

            await _until(tidy)
            await _copied(agent)
            assert await _answers(agent) == before
            entries = (await agent.ask("audit_find", scope="graph:links"))["items"]
            assert [entry["reason"] for entry in entries] == ["a link was missing"]

    asyncio.run(play())


def test_tenants_see_their_own_links_alone(running: Double, tmp_path: Path) -> None:
    async def play() -> None:
        async with _serving(_settings(running, tmp_path)) as agent:
            other = agent.of("other")
            await _town(agent)
            await other.published(SHIPPING)
            await _copied(agent)
            await _copied(other)
            assert (await other.ask("process_links", process="shipping", direction="up"))["edges"] == []
            (mine,) = (await agent.ask("process_links", process="shipping", direction="up"))["edges"]
            assert mine["source"] == "process:order"
            assert (await other.refusal("process_links", node="message:order shipped"))[
                "code"
            ] == "node.unknown"

    asyncio.run(play())


def test_a_server_that_only_reads_asks_the_copy_and_writes_nothing_to_it(
    running: Double, tmp_path: Path
) -> None:
    async def play() -> None:
        settings = _settings(running, tmp_path)
        async with _serving(settings) as agent:
            await _town(agent)
            await _copied(agent)
            before = await _answers(agent)
            async with _serving(replace(settings, read_only=True)) as reading:
                running.asked.clear()
                assert await _answers(reading) == before
                asked = {
                    each for each in running.asked if "/_api/cursor" not in each and "/_open/auth" not in each
                }
                assert {each.partition(" ")[0] for each in asked} == {"GET"}
                await _copied(reading)
        running.empty()
        async with _serving(replace(settings, read_only=True)) as reading:
            assert _without(await _answers(reading)) == before
        assert list(running.world.databases) == ["_system"]

    asyncio.run(play())


def test_what_is_erased_from_the_tables_is_erased_from_the_copy(running: Double, tmp_path: Path) -> None:
    async def play() -> None:
        settings = _settings(running, tmp_path)
        async with _serving(settings) as agent:
            outline = {
                **SHIPPING,
                "process": "personal",
                "steps": [{"run it": {"run": "Jane Roe"}}, {"end": "done"}],
            }
            await agent.ask("process_create", outline=outline)
            await _copied(agent)
            store = agent.app.runtime.store
            assert "Jane Roe" in str(running.world.database("flowmaster").collection(texts.NODES).documents)
            await agent.ask("data_erase", values=["Jane Roe"], models=True, reason="asked for")

            async def gone() -> bool:
                world = running.world.database("flowmaster")
                return "Jane Roe" not in str([world.collection(name).documents for name in texts.EMPTY])

            assert "Jane Roe" not in str(store.reader().graph_changes("default", 0, limit=99))
            await _until(gone)

    asyncio.run(play())


def test_the_doctor_says_how_the_copy_is(
    running: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(running, tmp_path)
    assert list(examined(replace(settings, graph=""))) == []
    (nothing,) = examined(settings)
    assert (nothing.state, "not there yet" in nothing.says) == ("ok", True)

    async def play() -> None:
        async with _serving(settings) as agent:
            await _town(agent)
            await _copied(agent)

    asyncio.run(play())
    (whole,) = examined(settings)
    assert (whole.state, "ArangoDB 3.12" in whole.says) == ("ok", True)
    store = SqliteStore(tmp_path / "flowmaster.db")
    with store.transaction() as transaction:
        transaction.archive_definition("default", "process", "order", True)
    store.close()
    _, behind = examined(settings)
    assert behind.says == "the links of tenant 'default' are 1 change behind the tables"
    running.stop()
    (away,) = examined(settings)
    assert (away.state, bool(away.fix)) == ("fault", True)
    running.start()
    monkeypatch.setenv("FLOWMASTER_GRAPH_PASSWORD", "wrong")
    (refused,) = examined(settings)
    assert (refused.state, "does not let 'root' in" in refused.says) == ("fault", True)
    monkeypatch.delenv("FLOWMASTER_GRAPH_PASSWORD")
    (secretless,) = examined(settings)
    assert "no password" in secretless.says
    assert PASSWORD not in str([nothing, whole, behind, away, refused, secretless])


def test_a_start_with_a_bad_address_or_without_the_driver_is_refused(
    running: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["call", "server_info", "--data", str(tmp_path), "--graph"]
    assert run([*words, "http://root:hunter2@127.0.0.1/db"]) == 1
    said = capsys.readouterr()
    assert "graph.secret_shown" in said.err
    assert "hunter2" not in said.out + said.err
    monkeypatch.setattr("flowmaster.tools.extras.EXTRAS", {"arango": ("there_is_no_such_package",)})
    monkeypatch.setattr("flowmaster.tools.extras._found", set())
    assert run([*words, running.url]) == 1
    assert "pip install 'flowmaster[arango]'" in capsys.readouterr().err


def test_the_address_may_stand_in_the_environment(
    running: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLOWMASTER_GRAPH", running.url)
    assert run(["call", "server_info", "--data", str(tmp_path), "--json"]) == 0
    assert "arangodb" in capsys.readouterr().out


def test_a_restored_store_gets_a_copy_of_its_own(running: Double, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"

    async def play() -> None:
        async with _serving(_settings(running, here)) as agent:
            await _town(agent)
            await _copied(agent)
            before = await _answers(agent)
            space = agent.app.runtime.reader.graph_states()["default"].space
            assert run(["backup", str(tmp_path / "all.db"), "--data", str(here)]) == 0
            assert run(["restore", str(tmp_path / "all.db"), "--data", str(there)]) == 0
            async with _serving(_settings(running, there)) as other:
                await _copied(other)
                assert await _answers(other) == before
                state = other.app.runtime.reader.graph_states()["default"]
                assert (state.space != space, state.former) == (True, ())
            assert await _answers(agent) == before

    asyncio.run(play())


def test_a_copy_that_refuses_to_be_written_is_told_as_failing(running: Double, tmp_path: Path) -> None:
    async def play() -> None:
        async with _serving(_settings(running, tmp_path)) as agent:
            running.world.users["root"] = "changed"
            await agent.published(SHIPPING)
            await _failing(agent)
            told = await agent.ask("process_links", process="shipping")
            assert "does not let 'root' in" in told["notes"][-1]
            mirror = agent.app.runtime.graph.mirror
            assert mirror is not None
            with pytest.raises(FlowMasterError):
                mirror.take(agent.app.runtime.reader, "default", lambda: True)

    asyncio.run(play())
