"""Three processes on one data folder work side by side on the same instances."""

import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters

from tests.soak.crash import MODEL, Refused, Server

INSTANCES = 24
TAKEN_BY_OTHER = {
    "task.already_completed",
    "task.not_open",
    "job.lease_lost",
    "job.unknown",
    "instance.ended",
}


class Peer:
    """A stdio server in a process of its own."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        result = await self._client.call_tool(operation, arguments)
        body: dict[str, Any] = json.loads(result.content[0].text)  # type: ignore[union-attr]  # answers are text
        if result.is_error:
            raise Refused(operation, body)
        return body


class RestPeer:
    """A serving process, called over REST."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return await anyio.to_thread.run_sync(lambda: self._server.call(operation, **arguments))


@asynccontextmanager
async def three_peers(data: Path) -> AsyncIterator[list[Peer | RestPeer]]:
    command = [sys.executable, "-m", "flowmaster"]
    server = Server(command, data)
    server.start()
    parameters = StdioServerParameters(
        command=command[0], args=[*command[1:], "mcp", "--data", str(data)], env=dict(os.environ)
    )
    try:
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(Client(parameters)) for _ in range(2)]
            yield [*(Peer(client) for client in clients), RestPeer(server)]
    finally:
        server.kill()


async def _persistently(peer: Peer | RestPeer, operation: str, **arguments: Any) -> bool:
    """Call, and say whether this peer was the one to do it."""
    try:
        await peer.call(operation, **arguments)
    except Refused as refused:
        if refused.code not in TAKEN_BY_OTHER:
            raise
        return False
    return True


def test_three_processes_on_one_folder_lose_and_double_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with three_peers(tmp_path / "data") as peers:
            await peers[0].call("process_create", bpmn=MODEL)
            await peers[1].call("process_publish", process="crash")
            done: Counter[str] = Counter()

            async def work(peer: Peer | RestPeer) -> None:
                for _ in range(INSTANCES // 3):
                    await peer.call("instance_start", process="crash")
                for _ in range(200):
                    tasks = (await peer.call("task_find", limit=1000))["items"]
                    for task in tasks:
                        acted = {"task": task["task"], "action": "complete", "variables": {"answer": 1}}
                        won = await _persistently(peer, "task_act", **acted)
                        done["task"] += won
                    for job in (await peer.call("work_take", types=["soak.work"], limit=5))["items"]:
                        finished = {"job": job["job"], "variables": {"result": 1}}
                        won = await _persistently(peer, "work_finish", **finished)
                        done["job"] += won
                    if not (await peer.call("instance_find", status="active", limit=1))["total"]:
                        return
                    await anyio.sleep(0.02)
                raise AssertionError("instances are stuck")

            async with anyio.create_task_group() as group:
                for peer in peers:
                    group.start_soon(work, peer)
            assert done == {"task": INSTANCES, "job": INSTANCES}
            await _all_done_once(peers)

    anyio.run(scenario)


async def _all_done_once(peers: list[Peer | RestPeer]) -> None:
    listed = (await peers[2].call("instance_find", process="crash", limit=100))["items"]
    assert len(listed) == INSTANCES
    for item in listed:
        read = [
            await peer.call("instance_read", instance=item["instance"], detail=["history"]) for peer in peers
        ]
        assert read[0]["history"] == read[1]["history"] == read[2]["history"]
        completed = Counter(e.get("element") for e in read[0]["history"] if e["event"] == "completed")
        assert all(completed[step] == 1 for step in ("check", "work", "rest", "count", "e")), completed
