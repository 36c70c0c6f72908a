"""`flowmaster backup`, `verify` and `restore`: all there is in one file, between any two stores, and nothing overwritten."""

import threading
from pathlib import Path
from typing import Any

import apsw
import pytest

from flowmaster.server.cli import run
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import DATABASE
from flowmaster.stores.sqlite.backup import copy_file
from flowmaster.stores.sqlite.store import SqliteStore
from tests.acceptance.agent import Agent, played
from tests.acceptance.fuzzing import peopled
from tests.postgres import cluster
from tests.stores.given import TENANT, first_step, put

KINDS = ("sqlite", "postgres")


def place(kind: str, folder: Path) -> list[str]:
    """Return the options of a place where nothing is."""
    data = ["--data", str(folder)]
    return [*data, "--store", cluster().fresh()] if kind == "postgres" else data


def settings(options: list[str]) -> Settings:
    named = dict(zip(options[::2], options[1::2], strict=True))
    return Settings(data=named["--data"], store=named.get("--store", ""), clock="virtual")


async def seen(agent: Agent) -> list[Any]:
    """Return what lies there, as its users see it."""
    found: list[Any] = []
    for operation in ("process_find", "instance_find", "task_find", "rule_find", "document_find"):
        items = (await agent.ask(operation, limit=100))["items"]
        found.append(items)
    for item in found[1]:
        instance = item["instance"]
        found.append(
            await agent.ask("instance_read", instance=instance, detail=["history", "variables"], limit=1_000)
        )
        found.append(await agent.ask("audit_verify", scope=instance))
    found.append((await agent.ask("audit_find", limit=100))["items"])
    return found


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_what_was_backed_up_is_there_again_and_goes_on(source: str, target: str, tmp_path: Path) -> None:
    before, after = place(source, tmp_path / "a"), place(target, tmp_path / "b")
    kept: list[Any] = []

    async def first(agent: Agent) -> None:
        await peopled(agent)
        kept.append(await seen(agent))

    async def again(agent: Agent) -> None:
        assert await seen(agent) == kept[0]
        started = await agent.started("leave", days=1, who="ann")
        assert started["instance"] not in {item["instance"] for item in kept[0][1]}
        assert started["waiting"]

    played(first, where=settings(before))
    file = str(tmp_path / "copy.db")
    assert run(["backup", file, *before]) == 0
    assert run(["verify", file]) == 0
    assert run(["restore", file, *after]) == 0
    played(again, where=settings(after))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_is_there_is_overwritten(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = place(kind, tmp_path / "a")
    played(peopled, where=settings(options))
    file = tmp_path / "copy.db"
    assert run(["backup", str(file), *options]) == 0
    content = file.read_bytes()
    assert run(["backup", str(file), *options]) == 1
    assert run(["restore", str(file), *options]) == 1
    assert file.read_bytes() == content
    errors = capsys.readouterr().err
    assert "file.exists" in errors
    assert ("store.used" if kind == "postgres" else str(tmp_path / "a")) in errors
    assert [each.name for each in tmp_path.iterdir() if each.suffix == ".part"] == []


def test_a_damaged_file_is_told_and_not_restored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = place("sqlite", tmp_path / "a")
    played(peopled, where=settings(options))
    file = tmp_path / "copy.db"
    assert run(["backup", str(file), *options]) == 0
    database = apsw.Connection(str(file))
    database.execute("UPDATE journal SET events = replace(events, 'ann', 'eve') WHERE events LIKE '%ann%'")
    database.close()
    assert run(["verify", str(file)]) == 1
    assert run(["restore", str(file), "--data", str(tmp_path / "b")]) == 1
    assert capsys.readouterr().err.count("backup.damaged") == 2
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("content", [b"", b"hello", None])
def test_what_is_no_backup_is_refused(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "copy.db"
    if content is not None:
        file.write_bytes(content)
    for words in (["verify", str(file)], ["restore", str(file), "--data", str(tmp_path / "b")]):
        assert run(words) == 1
        assert "copy.db" in capsys.readouterr().err
    assert run(["backup", str(tmp_path / "c.db"), "--data", str(tmp_path / "none")]) == 1
    assert "store.absent" in capsys.readouterr().err


def test_a_copy_holds_one_moment_while_others_write(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a.db")
    put(store, *[first_step(f"order:{number}", variables={"text": "x" * 5_000}) for number in range(200)])
    stop, written = threading.Event(), [200]

    def write() -> None:
        while not stop.is_set():
            put(store, first_step(f"order:{written[0]}"))
            written[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    steps: list[int] = []
    for number in range(5):
        before = written[0]
        copy_file(tmp_path / "a.db", tmp_path / f"{number}.db", lambda done, total: steps.append(done))
        copy = SqliteStore(tmp_path / f"{number}.db")
        reader: Any = copy.reader()
        count = reader._db.value("SELECT count(*) FROM instance")
        assert before <= count <= written[0] + 1
        assert reader._db.value("SELECT count(*) FROM journal") == count
        assert copy.reader().verify(TENANT, f"order:{count - 1}").broken is None
        copy.close()
    stop.set()
    writer.join()
    assert steps
    store.close()


@pytest.mark.parametrize("kind", ["foreign", "newer"])
def test_no_backup_is_made_of_what_is_not_ours(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    if kind == "newer":
        SqliteStore(folder / DATABASE).close()
    peer = apsw.Connection(str(folder / DATABASE))
    if kind == "newer":
        peer.pragma("user_version", 99)
    else:
        peer.execute("CREATE TABLE customer (name TEXT)")
    peer.close()
    assert run(["backup", str(tmp_path / "copy.db"), "--data", str(folder)]) == 1
    assert f"store.{kind}" in capsys.readouterr().err
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize("listed", ["hello\n", '{"tenant": "", "erasure": "erasure:1", "number'])
def test_a_list_of_erasures_that_is_none_or_is_cut_restores_nothing(
    listed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = SqliteStore(tmp_path / "a" / DATABASE)
    put(store, first_step("order:1"))
    store.close()
    copy_file(tmp_path / "a" / DATABASE, tmp_path / "copy.db", lambda done, of: None)
    (tmp_path / "list.jsonl").write_text(listed)
    words = ["restore", str(tmp_path / "copy.db"), "--data", str(tmp_path / "b")]
    assert run([*words, "--erasures", str(tmp_path / "list.jsonl")]) == 1
    assert "erasures.unreadable" in capsys.readouterr().err
    assert not (tmp_path / "b" / DATABASE).exists()
