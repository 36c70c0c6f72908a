"""A full disk stops changes and nothing else, and loses nothing that was answered."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.answers import StoredAnswers
from flowmaster.server.options import TOOL_FILE
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.stores.call_log import FILE, CallLine, CallLog
from flowmaster.stores.sqlite.store import SqliteStore
from flowmaster.tools.app import Once
from flowmaster.tools.registry import Caller
from tests.acceptance.agent import Agent, played
from tests.shared_material import go_without
from tests.soak.crash import MODEL, Server
from tests.soak.full_disk import NoMount, SmallDisk, run, small_disk

TOOL = {"process": "greeting", "tool": "Greets whoever asks", "steps": [{"end": "greeted"}]}
COMMAND = [sys.executable, "-m", "flowmaster"]

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="a small disk is mounted, which root alone may do")


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    try:
        with small_disk() as mounted:
            yield mounted
    except NoMount as error:
        go_without(f"no disk can be mounted here: {error}")


@pytest.mark.parametrize("rounds", [2, pytest.param(60, marks=pytest.mark.soak)])
def test_a_server_whose_disk_is_full_reads_on_refuses_with_reason_and_recovers(
    rounds: int, disk: SmallDisk
) -> None:
    report = run(rounds, 3, COMMAND, disk)
    print(report)
    assert report.faults == []
    assert report.refused > 0
    assert report.instances > 0


def test_a_server_that_cannot_start_for_want_of_room_says_so(disk: SmallDisk) -> None:
    data = disk.folder / "data"
    server = Server(COMMAND, data)
    server.start()
    server.call("process_create", bpmn=MODEL)
    server.kill()
    (data / "flowmaster.db-shm").unlink()
    disk.fill(0)

    async def opened() -> None:
        async with open_app(Settings(data=str(data))):
            pass

    with pytest.raises(FlowMasterError) as caught:
        asyncio.run(opened())
    assert (caught.value.code, caught.value.status) == ("store.full", 507)
    assert "Free space" in caught.value.fix
    disk.free()
    server.start()
    assert server.call("process_find")["total"] == 1
    server.kill()


def test_a_process_is_published_although_its_tool_finds_no_room_beside_the_store(disk: SmallDisk) -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", bpmn=MODEL)
        await agent.ask("process_create", outline=TOOL)
        await agent.ask("process_publish", process="crash")
        await agent.ask("instance_start", process="crash", variables={"filling": "x" * 1_000_000})
        store = agent.app.runtime.store
        assert isinstance(store, SqliteStore)
        store._db.value("PRAGMA wal_checkpoint")  # The log has room from now on, though the disk has none.
        disk.fill(0)
        assert (await agent.ask("process_publish", process="greeting"))["version"] == 1
        assert not (disk.folder / TOOL_FILE).exists()
        assert [file.name for file in disk.folder.iterdir() if file.suffix == ".new"] == []
        disk.free()
        await agent.ask("process_publish", process="crash")
        assert "greeting" in (disk.folder / TOOL_FILE).read_text()

    played(play, disk.folder)


def test_the_log_of_calls_counts_what_found_no_room(disk: SmallDisk) -> None:
    log = CallLog(disk.folder)
    line = CallLine(1.0, "task_find", "bot", "default", "rest", "d" * 32, "ok", 1.0)
    disk.fill(8_192)
    for _ in range(2):
        for _ in range(100):
            log.note(line)
        log.flush()
    disk.free()
    log.note(line)
    log.close()
    told = [json.loads(text) for text in (disk.folder / FILE).read_text().splitlines()]
    assert told[-1] == {"left_out": 200}
    assert len(told) == 2


class NoRoomForAnswers(StoredAnswers):
    """Keeps no answer, since the disk became full behind the effect."""

    async def remember(self, tenant: str, once: Once, answer: bytes) -> None:
        """Find no room."""
        raise FlowMasterError("store.full", "The disk is full.", fix="Free space on that disk.", status=507)


def test_a_call_that_took_effect_is_answered_although_its_answer_finds_no_room(disk: SmallDisk) -> None:
    async def play() -> None:
        async with open_app(Settings(data=str(disk.folder), clock="virtual", tools=("all",))) as app:
            agent = Agent(app, Caller(door="test"))
            await agent.published(None, bpmn=MODEL)
            full = Agent(replace(app, answers=NoRoomForAnswers(app.runtime)), agent.caller)
            first = await full.ask("instance_start", process="crash", idempotency_key="k")
            again = await agent.ask("instance_start", process="crash", idempotency_key="k")
            assert again["instance"] == first["instance"]
            assert (await agent.ask("instance_find"))["total"] == 1

    asyncio.run(play())
