"""Under too much load: tenants do not wait for each other, what finishes work goes on, the rest is refused clearly."""

import asyncio
import inspect
from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.admission import Drain, Waiting, refuse_beyond
from flowmaster.runtime.behalf import Behalf, Urgency
from flowmaster.runtime.bounds import ABOUT, Bounds, bounds_from
from flowmaster.tools.catalog import catalog
from flowmaster.tools.limits import FINISHING, LISTING, LOOKING, STARTING
from tests.acceptance.agent import body_of
from tests.runtime.held import agent_of, commit_of, count, held_app, queued, run, start, store_of

ROOMY = "waiting=100000,tenant_waiting=50000"
TIGHT = "tenant_waiting=10"


def test_one_start_is_stored_in_the_second_commit_beside_five_thousand_of_another_tenant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def play() -> None:
        async with held_app(monkeypatch, tmp_path, ROOMY) as app:
            store = store_of(app)
            store.free.clear()
            flood = await queued(app, *(start(app, "a") for _ in range(5_000)))
            (single,) = await queued(app, start(app, "b"))
            before = len(store.ends)
            store.free.set()
            instance = str(body_of(await single)["instance"])
            assert commit_of(app, "b", instance) - before <= 1
            assert count(app, "a") < 5_000
            for each in flood:
                each.cancel()
            await asyncio.gather(*flood, return_exceptions=True)

    run(play)


def test_what_is_let_in_last_is_what_finishes_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def play() -> None:
        async with held_app(monkeypatch, tmp_path, TIGHT) as app:
            agent, store = agent_of(app, "a"), store_of(app)
            tasks = [
                (await agent.ask("instance_start", process="order", variables={"amount": 1}))["waiting"][0][
                    "task"
                ]
                for _ in range(12)
            ]
            store.free.clear()
            let_in = await queued(app, *(start(app, "a", idempotency_key=str(n)) for n in range(5)))
            refusal = await agent.refusal(
                "instance_start", process="order", variables={"amount": 7}, idempotency_key="6"
            )
            assert (refusal["code"], refusal["retry_after"]) == ("server.overloaded", 1)
            assert "tenant_waiting" in refusal["fix"]
            assert (await agent.refusal("task_find"))["code"] == "server.overloaded"
            assert (await agent.ask("server_info"))["clock"] == "virtual"
            events = {"kind": "signal", "name": "x"}
            let_in += await queued(app, *(agent.answer("event_send", events) for _ in range(3)))
            assert (await agent.refusal("event_send", **events))["code"] == "server.overloaded"
            done = {"action": "complete", "variables": {"ok": True}}
            let_in += await queued(app, *(agent.answer("task_act", {"task": t, **done}) for t in tasks[:2]))
            assert (await agent.refusal("task_act", task=tasks[2], **done))["code"] == "server.overloaded"
            others = await queued(app, *(start(app, "b") for _ in range(2)))
            assert [each.done() for each in (*let_in, *others)] == [False] * 12
            store.free.set()
            assert not any(answer.refused for answer in await asyncio.gather(*let_in, *others))
            assert count(app, "a") == 12 + 5
            again = await start(app, "a", idempotency_key="6")
            assert not again.refused
            assert count(app, "a") == 12 + 6

    run(play)


def test_completions_are_stored_before_the_starts_that_came_before_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def play() -> None:
        async with held_app(monkeypatch, tmp_path, ROOMY) as app:
            agent, store = agent_of(app, "a"), store_of(app)
            begun = await agent.ask("instance_start", process="order", variables={"amount": 1})
            store.free.clear()
            flood = await queued(app, *(start(app, "a") for _ in range(600)))
            task = begun["waiting"][0]["task"]
            done = {"task": task, "action": "complete", "variables": {"ok": True}}
            (completing,) = await queued(app, agent.answer("task_act", done))
            before = len(store.ends)
            store.free.set()
            assert body_of(await completing)["status"] == "completed"
            assert commit_of(app, "a", str(begun["instance"])) == before
            await asyncio.gather(*flood)

    run(play)


def test_a_refusal_over_http_says_when_to_come_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from flowmaster.server.http import http_app
    from tests.doors.callers import JSON, MCP
    from tests.doors.doors import rest_client

    asked = '{"process": "order", "variables": {"amount": 7}}'
    call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"instance_start","arguments":%s}}'

    async def play() -> None:
        async with held_app(monkeypatch, tmp_path, "tenant_waiting=2") as app:
            await agent_of(app, "default").published({**_order(), "process": "order"})
            web = http_app(app)
            store_of(app).free.clear()
            async with web.router.lifespan_context(web), rest_client(web) as client:
                (held,) = await queued(app, start(app, "default"))
                over_rest = await client.post("/api/v1/instance_start", content=asked, headers=JSON)
                assert (over_rest.status_code, over_rest.headers["retry-after"]) == (429, "1")
                assert over_rest.json()["retry_after"] == 1
                told = (await client.post("/mcp", content=call % asked, headers=MCP)).json()["result"]
                assert told["isError"]
                assert '"code":"server.overloaded"' in told["content"][0]["text"]
                assert '"retry_after":1' in told["content"][0]["text"]
                store_of(app).free.set()
                await held

    run(play)


def _order() -> dict[str, Any]:
    from tests.runtime.held import ORDER

    return ORDER


def test_a_call_whose_caller_has_gone_is_not_stored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def play() -> None:
        async with held_app(monkeypatch, tmp_path) as app:
            runtime = app.runtime
            store_of(app).free.clear()
            stays, goes = await queued(app, start(app, "a"), start(app, "a", idempotency_key="k"))
            goes.cancel()
            hung_up = Behalf("a", gone=lambda: True)
            begun = Behalf("a", begun=True, gone=lambda: True)
            (dropped, kept) = await queued(
                app,
                runtime.write(lambda tx: tx.put_setting("a", "dropped", 1), behalf=hung_up),
                runtime.write(lambda tx: tx.put_setting("a", "kept", 1), behalf=begun),
            )
            store_of(app).free.set()
            await asyncio.gather(stays, kept)
            with pytest.raises(FlowMasterError, match="hung up") as refused:
                await dropped
            assert refused.value.code == "request.abandoned"
            assert count(app, "a") == 1
            assert runtime.reader.settings("a") == {"kept": 1}
            assert not (await start(app, "a", idempotency_key="k")).refused
            assert count(app, "a") == 2

    run(play)


def test_the_rest_of_what_was_begun_is_stored_whatever_waits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def play() -> None:
        async with held_app(monkeypatch, tmp_path, "tenant_waiting=2") as app:
            whose = Behalf("a", Urgency.STARTING)
            await app.runtime.write(lambda tx: tx.put_setting("a", "first", 1), dry_run=True, behalf=whose)
            assert not whose.begun
            await app.runtime.write(lambda tx: tx.put_setting("a", "first", 1), behalf=whose)
            store_of(app).free.clear()
            (full,) = await queued(app, start(app, "a"))
            (rest,) = await queued(
                app, app.runtime.write(lambda tx: tx.put_setting("a", "second", 1), behalf=whose)
            )
            assert (await start(app, "a")).refused
            store_of(app).free.set()
            await asyncio.gather(full, rest)
            assert app.runtime.reader.settings("a") == {"first": 1, "second": 1}

    run(play)


def test_with_a_slow_disk_as_much_is_let_in_as_the_next_commit_takes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def play() -> None:
        async with held_app(monkeypatch, tmp_path) as app:
            slow = Drain(app.runtime.writer._drain.batch_max)
            slow.end(256, work=0.1, whole=2.1)
            app.runtime.writer._drain = slow
            store_of(app).free.clear()
            calls = await queued(app, *(start(app, "a") for _ in range(2_000)))
            refused = [each for each in calls if each.done()]
            assert len(refused) == 2_000 - 256
            body = body_of(refused[0].result())
            assert (body["code"], body["retry_after"]) == ("server.overloaded", 2)
            assert "wait_seconds" in body["fix"]
            store_of(app).free.set()
            await asyncio.gather(*calls)
            assert count(app, "a") == 256

    run(play)


def refusal(bounds: Bounds, drain: Drain, waiting: Waiting, urgency: Urgency) -> FlowMasterError | None:
    """Return what a further change is refused with, if it is."""
    try:
        refuse_beyond(bounds, drain, waiting, urgency, 0.0)
    except FlowMasterError as error:
        return error
    return None


def test_the_time_to_wait_is_that_of_what_is_too_much() -> None:
    drain = Drain(256)
    drain.end(100, work=0.1, whole=0.105)
    told = refusal(Bounds(), drain, Waiting(8_000, 8_000, 8_000, 1), Urgency.STARTING)
    assert told is not None
    assert told.retry_after == 7  # 5,501 changes of a millisecond, and their commits.
    slow = Drain(256)
    slow.end(10, work=1.0, whole=2.0)
    assert refusal(Bounds(), slow, Waiting(255, 255, 255, 1), Urgency.STARTING) is None
    told = refusal(Bounds(), slow, Waiting(300, 300, 300, 1), Urgency.FINISHING)
    assert told is not None
    assert told.retry_after > 30


def test_a_commit_that_hangs_counts_while_it_hangs() -> None:
    drain = Drain(256)
    drain.end(100, work=0.03, whole=0.035)
    assert drain.seconds(256, 0.0) < 0.2
    drain.begin(100.0)
    assert drain.seconds(256, 110.0) >= 10


def test_where_all_is_full_who_has_less_than_an_equal_share_is_let_in() -> None:
    bounds, drain = Bounds(waiting=100, tenant_waiting=1_000, wait_seconds=1_000), Drain(10)
    assert refusal(bounds, drain, Waiting(100, 90, 90, 3), Urgency.FINISHING) is not None
    assert refusal(bounds, drain, Waiting(100, 10, 10, 3), Urgency.FINISHING) is None


@pytest.mark.parametrize("text", ["waitin=5", "waiting", "waiting=0", "waiting=-1", "waiting=x"])
def test_a_setting_that_says_no_bounds_is_refused(text: str) -> None:
    with pytest.raises(FlowMasterError, match="is no bound") as refused:
        bounds_from(text)
    assert refused.value.expected == [f"{name}=<number>" for name in Bounds._fields]


def test_bounds_are_read_from_a_setting() -> None:
    assert bounds_from("") == Bounds()
    assert bounds_from("waiting=5, jobs=2") == Bounds(waiting=5, jobs=2)
    assert list(ABOUT) == list(Bounds._fields)


def test_operations_that_go_first_or_are_shed_first_are_known() -> None:
    known = {each.name: each for each in catalog()}
    assert known.keys() >= FINISHING | STARTING | LISTING
    assert all(known[name].read_only for name in LISTING)
    assert not any(known[name].read_only for name in FINISHING | STARTING)
    for name in LOOKING:
        assert "await " not in inspect.getsource(known[name].run), name
    lists = {name for name in known if name.endswith("_find") and name != "operation_find"}
    assert lists <= LISTING
