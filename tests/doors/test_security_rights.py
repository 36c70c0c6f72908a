"""Rights: roles bundle them, lists show what they allow, and what belongs to others is unknown."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest

from flowmaster.tools.catalog import catalog
from flowmaster.tools.confirming import DESTROY
from flowmaster.tools.registry import EVERYTHING, AnyOperation
from flowmaster.tools.roles import FOR_OTHERS, ROLES, rights_of, role_for
from tests.doors.callers import Served, bearer, key_on, served

ONLY_ADMIN = {"clock.advance", "data.erase", "data.find", DESTROY}
"""What no role but that of administrators holds: it concerns everybody, or is to be given on its own."""

OUTLINE = {
    "process": "leave-request",
    "roles": ["boss"],
    "steps": [{"approve": {"ask": "boss", "form": {"approved": "boolean"}}}, {"end": "done"}],
}


def test_every_right_belongs_to_a_role() -> None:
    asked = {each.right for each in catalog()} | {DESTROY, FOR_OTHERS}
    given = frozenset().union(*(rights for role, rights in ROLES.items() if role != "admin"))
    assert asked - given == ONLY_ADMIN
    assert given - asked == frozenset()
    assert ROLES["admin"] == {EVERYTHING}


def test_every_role_reads_and_only_reading_is_in_the_role_of_readers() -> None:
    reading = {each.right for each in catalog() if each.read_only}
    writing = {each.right for each in catalog() if not each.read_only}
    assert ROLES["reader"] <= reading
    assert not ROLES["reader"] & writing
    for role, rights in ROLES.items():
        assert role == "admin" or ROLES["reader"] <= rights


def test_what_destroys_needs_a_right_that_only_operators_have() -> None:
    # A designer deletes drafts and processes once that is confirmed; unasked that needs `operation.destroy` as well.
    asked = {"operation.call", "data.erase", "process.write", "process.publish"}
    destroying = {each.right for each in catalog() if each.destructive} - asked
    for role in ("reader", "worker", "designer"):
        assert not {*destroying, DESTROY} & ROLES[role], role
    assert destroying <= ROLES["operator"]


def test_the_smallest_role_with_a_right_is_named() -> None:
    assert [
        role_for(right) for right in ("task.read", "task.act", "rule.write", FOR_OTHERS, "clock.advance")
    ] == [
        "reader",
        "worker",
        "designer",
        "operator",
        "admin",
    ]
    assert rights_of(("reader", "task.act", "nonsense")) == ROLES["reader"] | {"task.act", "nonsense"}


def test_the_page_on_security_tells_what_each_role_may() -> None:
    page = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
    told = {row.split("`")[1]: {*row.split("`")[3::2]} for row in page.splitlines() if row.startswith("| `")}
    assert [*told] == [*ROLES]
    for role in ("worker", "designer"):
        assert told[role] == ROLES[role] - ROLES["reader"]
    assert told["operator"] == ROLES["operator"] - ROLES["worker"]


@pytest.mark.parametrize("role", ROLES)
def test_the_tool_list_shows_what_the_caller_may_use_and_nothing_else(tmp_path: Path, role: str) -> None:
    key = key_on(tmp_path, "bot", role)
    again = key_on(tmp_path, "bot2", role)

    async def play() -> tuple[list[str], bytes, bytes]:
        async with served(tmp_path) as server:
            first = await server.mcp("tools/list", key)
            second = await server.mcp("tools/list", again)
            return await server.tools(key), first.content, second.content

    shown, first, second = anyio.run(play)
    may = rights_of((role,))
    assert shown == [each.name for each in catalog() if each.right in may or EVERYTHING in may]
    assert first == second


@pytest.mark.parametrize("role", ["reader", "designer"])
def test_what_is_not_shown_is_refused_at_every_door(tmp_path: Path, role: str) -> None:
    key = key_on(tmp_path, "bot", role)
    hidden = [each for each in catalog() if each.right not in ROLES[role]]
    assert hidden

    async def play() -> None:
        async with served(tmp_path) as server:
            for each in hidden:
                arguments = _arguments(each)
                rest = await server.rest(each.name, key, **arguments)
                tool = (await server.tool(each.name, key, **arguments)).json()["result"]
                assert rest.status_code == 403, each.name
                assert tool["isError"]
                body = json.loads(tool["content"][0]["text"])
                assert body["code"] == rest.json()["code"] == "access.denied"
                assert body["expected"] == each.right

    anyio.run(play)


def test_searching_for_operations_finds_those_that_the_caller_may_use(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot", "reader")

    async def play() -> list[Mapping[str, Any]]:
        async with served(tmp_path) as server:
            return [
                (await server.rest("operation_find", key, query=query)).json()
                for query in ("instance_batch", "cancel many instances", "xyzzy")
            ]

    first, second, nothing = anyio.run(play)
    named = {item["operation"] for found in (first, second) for item in found["items"]} | {*nothing["names"]}
    assert named
    assert all(catalog().get(name).right in ROLES["reader"] for name in named)


def test_only_calls_and_prompts_are_proposed_that_the_caller_may_use(tmp_path: Path) -> None:
    keys = {role: key_on(tmp_path, role, role) for role in ("admin", "worker", "reader")}

    async def play() -> tuple[dict[str, list[str]], dict[str, set[str]]]:
        calls: dict[str, list[str]] = {}
        prompts: dict[str, set[str]] = {}
        async with served(tmp_path) as server:
            admin = keys["admin"]
            await server.rest("process_create", admin, outline=OUTLINE)
            await server.rest("process_publish", admin, process="leave-request")
            started = (await server.rest("instance_start", admin, process="leave-request")).json()
            for role, key in keys.items():
                read = (await server.rest("task_read", key, task=started["waiting"][0]["task"])).json()
                calls[role] = [each["operation"] for each in read.get("next", [])]
                listed = (await server.mcp("prompts/list", key)).json()["result"]["prompts"]
                prompts[role] = {each["name"] for each in listed}
        return calls, prompts

    calls, prompts = anyio.run(play)
    assert calls == {"admin": ["task_act"], "worker": ["task_act"], "reader": []}
    assert prompts["reader"] == prompts["worker"] == {"review_process", "triage_tasks"}
    assert len(prompts["admin"]) > 2


def test_the_way_round_by_another_operation_is_closed(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot", "reader", "operation.call")

    async def play() -> Any:
        async with served(tmp_path) as server:
            inner = {"operation": "event_send", "arguments": {"kind": "signal", "name": "x"}}
            return (await server.rest("operation_call", key, **inner)).json()

    assert anyio.run(play)["expected"] == "event.send"


def test_a_list_that_depends_on_rights_is_cached_for_its_caller_alone(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot", "reader")
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": meta}}
    headers = {
        "content-type": "application/json",
        "accept": "application/json",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/list",
        **bearer(key),
    }

    async def play() -> Any:
        async with served(tmp_path) as server:
            return (await server.client.post("/mcp", json=message, headers=headers)).json()["result"]

    assert anyio.run(play)["cacheScope"] == "private"


async def _begun(server: Served, key: str) -> str:
    """Publish a process, start it and return the id of its task."""
    await server.rest("process_create", key, outline=OUTLINE)
    await server.rest("process_publish", key, process="leave-request")
    started = (await server.rest("instance_start", key, process="leave-request")).json()
    return str(started["waiting"][0]["task"])


def test_acting_as_somebody_else_needs_the_right_for_it(tmp_path: Path) -> None:
    boss, worker, agent = (
        key_on(tmp_path, "boss"),
        key_on(tmp_path, "worker", "worker"),
        key_on(tmp_path, "agent", "worker", person="ann"),
    )
    operator = key_on(tmp_path, "operator", "operator")

    async def play() -> None:
        async with served(tmp_path) as server:
            task = await _begun(server, boss)

            async def acted(key: str, action: str, **more: str) -> Any:
                return (await server.rest("task_act", key, task=task, action=action, **more)).json()

            denied = await acted(worker, "claim", as_user="bob")
            assert (denied["code"], denied["expected"], denied["path"]) == (
                "access.denied",
                FOR_OTHERS,
                "as_user",
            )
            assert (await acted(worker, "claim", as_user="worker"))["assignee"] == "worker"
            assert (await acted(worker, "release"))["state"] == "ready"
            assert (await acted(agent, "claim", as_user="bob"))["code"] == "access.denied"
            assert (await acted(agent, "claim", as_user="ann"))["assignee"] == "ann"
            assert (await acted(agent, "release"))["state"] == "ready"
            assert (await acted(operator, "claim", as_user="bob"))["assignee"] == "bob"

    anyio.run(play)


def test_the_local_user_acts_as_anybody(tmp_path: Path) -> None:
    async def play() -> Any:
        async with served(tmp_path) as server:
            task = await _begun(server, "")
            return (await server.rest("task_act", task=task, action="claim", as_user="bob")).json()

    assert anyio.run(play)["assignee"] == "bob"


def test_who_acts_for_whom_is_on_record(tmp_path: Path) -> None:
    boss, agent = key_on(tmp_path, "boss"), key_on(tmp_path, "helper", "worker", person="ann")

    async def play() -> None:
        async with served(tmp_path) as server:
            task = await _begun(server, boss)
            await server.rest("task_act", agent, task=task, action="complete", variables={"approved": True})
            for who in ("ann", "helper"):
                (entry,) = (await server.rest("audit_find", boss, by=who, scope="leave-request:1")).json()[
                    "items"
                ]
                assert (entry["by"], entry["agent"], entry["operation"]) == (
                    "ann",
                    "helper",
                    "task_act.complete",
                )
            whole = (await server.rest("audit_verify", boss, scope="leave-request:1")).json()
            assert whole["whole"]

    anyio.run(play)


def test_what_belongs_to_another_tenant_answers_like_what_is_not_there(tmp_path: Path) -> None:
    south = key_on(tmp_path, "south-bot", tenant="south")
    north = key_on(tmp_path, "north-bot", tenant="north")

    async def play() -> None:
        async with served(tmp_path) as server:
            task = await _begun(server, south)
            job = (await server.rest("work_take", south)).json()
            assert job["items"] == []
            document = (
                await server.rest("document_add", south, content_base64="YTtiCjE7Mgo=", filename="a.csv")
            ).json()["document"]
            pairs: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
                ("process_read", {"process": "leave-request"}, {"process": "leave-xequest"}),
                ("process_publish", {"process": "leave-request"}, {"process": "leave-xequest"}),
                ("instance_start", {"process": "leave-request"}, {"process": "leave-xequest"}),
                ("instance_read", {"instance": "leave-request:1"}, {"instance": "leave-request:2"}),
                (
                    "instance_control",
                    {"instance": "leave-request:1", "action": "pause"},
                    {"instance": "leave-request:2", "action": "pause"},
                ),
                ("task_read", {"task": task}, {"task": task.replace(":1", ":2")}),
                (
                    "task_act",
                    {"task": task, "action": "claim"},
                    {"task": task.replace(":1", ":2"), "action": "claim"},
                ),
                ("document_read", {"document": document}, {"document": "b.csv"}),
                ("audit_verify", {"scope": "leave-request:1"}, {"scope": "leave-request:2"}),
            ]
            for name, foreign, unknown in pairs:
                told = [(await server.rest(name, north, **arguments)) for arguments in (foreign, unknown)]
                bodies = [_without(each.text, {*foreign.values()}, {*unknown.values()}) for each in told]
                assert told[0].status_code == told[1].status_code, name
                assert bodies[0] == bodies[1], name
                assert (await server.rest(name, south, **foreign, **_dry(name))).status_code == 200, name
            for name in ("process_find", "instance_find", "task_find", "audit_find"):
                assert (await server.rest(name, north)).json()["total"] == (name == "audit_find")

    anyio.run(play)


def test_resources_of_another_tenant_answer_like_those_that_are_not_there(tmp_path: Path) -> None:
    south, north = (
        key_on(tmp_path, "south-bot", tenant="south"),
        key_on(tmp_path, "north-bot", tenant="north"),
    )

    async def play() -> None:
        async with served(tmp_path) as server:
            task = await _begun(server, south)
            pairs = [
                ("process://leave-request", "process://leave-xequest"),
                ("instance://leave-request:1", "instance://leave-request:2"),
                (f"task://{task}", f"task://{task.replace(':1', ':2')}"),
            ]
            for foreign, unknown in pairs:
                told = [
                    (await server.mcp("resources/read", north, uri=uri)).json() for uri in (foreign, unknown)
                ]
                assert told[0]["error"]["code"] == told[1]["error"]["code"]
                bodies = [_without(json.dumps(each), {foreign}, {unknown}) for each in told]
                assert bodies[0] == bodies[1], foreign
                own = (await server.mcp("resources/read", south, uri=foreign)).json()
                assert own["result"]["contents"], own
            listed = (await server.mcp("resources/list", north)).json()["result"]["resources"]
            assert "leave-request" not in json.dumps(listed)
            completed = await server.mcp(
                "completion/complete",
                north,
                ref={"type": "ref/resource", "uri": "process://{process}"},
                argument={"name": "process", "value": "leave"},
            )
            assert completed.json()["result"]["completion"]["values"] == []

    anyio.run(play)


def test_a_resource_needs_the_right_of_the_operation_that_reads_it(tmp_path: Path) -> None:
    boss, narrow = key_on(tmp_path, "boss"), key_on(tmp_path, "narrow", "task.read")

    async def play() -> Any:
        async with served(tmp_path) as server:
            await _begun(server, boss)
            return (await server.mcp("resources/read", narrow, uri="process://leave-request")).json()

    told = anyio.run(play)
    assert "result" not in told
    assert "process.read" in json.dumps(told)


def _dry(name: str) -> dict[str, bool]:
    return {} if catalog().get(name).read_only else {"dry_run": True}


def _without(text: str, *names: set[Any]) -> str:
    """Return a text without the ids that were asked for."""
    for name in sorted({each for part in names for each in part}, key=len, reverse=True):
        text = text.replace(str(name), "<id>")
    return text


def _arguments(operation: AnyOperation) -> dict[str, Any]:
    from tests.doors.doors import example_arguments

    return example_arguments(operation)
