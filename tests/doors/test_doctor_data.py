"""`flowmaster doctor` looks at packages, the data folder, its disk and its store, and changes none of them."""

import os
import shutil
from importlib.metadata import requires
from pathlib import Path

import apsw
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from flowmaster.server.doctor import disks, installation
from flowmaster.server.doctor.data_folder import data_folder
from flowmaster.server.doctor.disks import Mount, kind_of
from flowmaster.server.doctor.finding import Finding
from flowmaster.server.doctor.versions import Need, is_enough, needs
from flowmaster.stores.sqlite.health import NEWEST
from flowmaster.stores.sqlite.store import SqliteStore
from flowmaster.tools.extras import EXTRAS
from tests.stores.given import AT, first_step, put, task

LATER = AT + 1_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a store that holds one instance."""
    folder = tmp_path / "data"
    store = SqliteStore(folder / "flowmaster.db")
    put(store, first_step("order:1", task(3, 2)))
    store.close()
    return folder


def found(folder: Path | str, *, now: int = LATER, deep: bool = False) -> dict[str, Finding]:
    return {each.check: each for each in data_folder(str(folder), now=now, deep=deep)}


def change(folder: Path, statement: str) -> None:
    database = apsw.Connection(str(folder / "flowmaster.db"))
    database.execute(statement)
    database.close()


def test_a_sound_folder_is_ok_and_stays_as_it_is(folder: Path) -> None:
    before = sorted(path.name for path in folder.iterdir())
    looked = found(folder, deep=True)
    assert {each.state for each in looked.values()} == {"ok"}
    assert looked["store"].says.startswith(f"schema {NEWEST}, 1 instances, ")
    assert looked["integrity"].says == "every page, index and history fits"
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_folder_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    looked = found(tmp_path / "a" / "b")
    assert "not there yet" in looked["data folder"].says
    assert "none yet" in looked["store"].says
    assert list(tmp_path.iterdir()) == []
    assert found(":memory:").keys() == {"data folder"}


def test_a_file_in_the_folders_place_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        looked = found(place)["data folder"]
        assert (looked.state, "is not a folder" in looked.says) == ("fault", True)


def test_a_folder_that_may_not_be_written_is_a_fault(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    for place, says in ((folder, "cannot be written"), (folder / "below", "cannot be made")):
        looked = found(place)
        assert (looked["data folder"].state, says in looked["data folder"].says) == ("fault", True)
        assert "write-ahead log" not in looked


@pytest.mark.skipif(os.name != "posix", reason="rights of folders are POSIX")
def test_a_store_is_made_for_its_user_alone_and_one_that_others_read_is_a_warning(folder: Path) -> None:
    store = SqliteStore(folder / "flowmaster.db")
    modes = {each.name: each.stat().st_mode & 0o777 for each in (folder, *folder.iterdir())}
    store.close()
    assert modes.pop("data") == 0o700
    assert set(modes.values()) == {0o600}, modes
    folder.chmod(0o755)
    assert found(folder)["data folder"].state == "ok"
    (folder / "flowmaster.db").chmod(0o644)
    told = found(folder)["data folder"]
    assert told.state == "warning"
    assert "chmod" in told.fix


def test_a_folder_without_a_write_ahead_log_is_a_fault(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowmaster.stores.sqlite.connection.Connection._write_ahead", lambda self: None)
    looked = found(folder)["write-ahead log"]
    assert (looked.state, "journal mode 'delete'" in looked.says) == ("fault", True)
    assert "--data" in looked.fix


def test_a_folder_that_refuses_a_file_is_a_fault(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*words: object, **named: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refused)
    assert "cannot be written (Permission denied)" in found(folder)["write-ahead log"].says


@pytest.mark.parametrize(("free", "state"), [(49_000_000, "fault"), (900_000_000, "warning"), (10**9, "ok")])
def test_little_room_is_told(folder: Path, free: int, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: shutil._ntuple_diskusage(free, 0, free))
    assert found(folder)["free space"].state == state


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            f"PRAGMA user_version = {NEWEST + 1}",
            f"its schema is {NEWEST + 1}; this FlowMaster knows {NEWEST}",
        ),
        ("PRAGMA application_id = 7", "is a database of another program"),
    ],
)
def test_a_store_that_is_not_for_this_program_is_a_fault(folder: Path, statement: str, says: str) -> None:
    change(folder, statement)
    looked = found(folder, deep=True)
    assert (looked["store"].state, says in looked["store"].says) == ("fault", True)
    assert looked["store"].fix
    assert "integrity" not in looked


def test_an_older_store_is_told_what_the_next_start_does(folder: Path) -> None:
    change(folder, "PRAGMA user_version = 1")
    looked = found(folder, deep=True)
    assert f"the next start brings it to {NEWEST}" in looked["store"].says
    assert "not looked at" in looked["integrity"].says
    assert apsw.Connection(str(folder / "flowmaster.db")).pragma("user_version") == 1


def test_a_file_that_is_no_database_is_a_fault(folder: Path) -> None:
    (folder / "flowmaster.db").write_bytes(b"not a database, but long enough to be read as one" * 20)
    looked = found(folder)["store"]
    assert (looked.state, "no database" in looked.says, bool(looked.fix)) == ("fault", True, True)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE journal SET at = at + 1", "The history of 'order:1' does not fit together"),
        ("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'journal_scope'", "never used"),
    ],
)
def test_damage_is_found_when_it_is_looked_for(folder: Path, statement: str, says: str) -> None:
    change(folder, statement)
    assert "integrity" not in found(folder)
    looked = found(folder, deep=True)["integrity"]
    assert (looked.state, says in looked.says) == ("fault", True), looked
    assert "backup" in looked.fix


def test_a_clock_behind_the_store_is_a_warning_save_for_a_virtual_one(folder: Path) -> None:
    assert found(folder, now=AT - 61_000)["clock of the store"].state == "warning"
    assert "clock of the store" not in found(folder, now=AT - 59_000)
    change(folder, "INSERT INTO setting (tenant, name, value) VALUES (0, 'clock.now', '1')")
    assert "clock of the store" not in found(folder, now=0)


@pytest.mark.parametrize(
    ("system", "check", "state"),
    [
        ("nfs4", "disk", "fault"),
        ("fuse.sshfs", "disk", "fault"),
        ("9p", "disk", "warning"),
        ("tmpfs", "disk", "warning"),
        ("ext4", "disk", "ok"),
    ],
)
def test_the_disk_decides(
    folder: Path, system: str, check: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = folder.resolve()
    monkeypatch.setattr(
        "flowmaster.server.doctor.data_folder.mounts", lambda: [Mount(Path("/"), "xfs"), Mount(here, system)]
    )
    assert found(folder)[check].state == state


def test_a_folder_that_a_cloud_copies_is_a_warning(tmp_path: Path) -> None:
    folder = tmp_path / "OneDrive - Ann" / "data"
    folder.mkdir(parents=True)
    assert found(folder)["cloud folder"].state == "warning"


def test_the_nearest_mount_counts_and_of_two_at_one_place_the_later() -> None:
    mounts = [Mount(Path("/"), "ext4"), Mount(Path("/mnt/nas"), "autofs"), Mount(Path("/mnt/nas"), "nfs4")]
    assert kind_of(Path("/mnt/nas/ann/data"), mounts) == ("network", "nfs4")
    assert kind_of(Path("/mnt/nasty"), mounts) == ("local", "ext4")
    assert kind_of(Path("/mnt"), []) == ("unknown", "")
    assert kind_of(Path("//server/share/data"), mounts)[0] == "network"


def test_mounts_are_read_as_linux_and_macos_tell_them() -> None:
    linux = (
        "36 35 98:0 / /mnt/my\\040disk rw,noatime master:1 - ext3 /dev/root rw\n"
        "37 35 0:43 / /srv/nfs rw shared:2 - nfs4 nas:/srv rw\nnonsense\n"
    )
    assert disks.linux_mounts(linux) == [
        Mount(Path("/mnt/my disk"), "ext3"),
        Mount(Path("/srv/nfs"), "nfs4"),
    ]
    macos = (
        "/dev/disk3s5 on / (apfs, local, journaled)\n//ann@nas/share on /Volumes/my share (smbfs, nodev)\n"
    )
    assert disks.macos_mounts(macos) == [Mount(Path("/"), "apfs"), Mount(Path("/Volumes/my share"), "smbfs")]


@pytest.mark.parametrize(
    "bounds",
    [">=2.3,<3", "!=1.82.7,!=1.82.8,>=1.106", ">=6", "~=1.4", "~=1.4.2", "==2.*", "==2.3", "<=2.3", ">2", ""],
)
@pytest.mark.parametrize(
    "given", ["2.3.0", "2.2.9", "3.0", "1.82.7", "1.4", "1.5.1", "1.4.9", "6", "2", "10.0.1"]
)
def test_versions_are_compared_as_installers_do(given: str, bounds: str) -> None:
    assert is_enough(given, bounds) == (given in SpecifierSet(bounds))


def test_what_is_needed_is_read_as_installers_read_it() -> None:
    texts = requires("flowmaster") or []
    expected = [each for each in map(Requirement, texts) if each.name != "flowmaster"]
    assert [(each.package, SpecifierSet(each.bounds)) for each in needs(texts)] == [
        (each.name, each.specifier) for each in expected
    ]
    assert Need("PyYAML", ">=6", "") in list(needs(texts))
    assert {each.extra for each in needs(texts)} == {"", *EXTRAS}


def test_python_and_packages_that_do_not_fit_are_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "installed", {"mcp": "1.9.0"}.get)
    (looked, *_) = installation.packages()
    assert looked.state == "fault"
    assert "mcp is 1.9.0, needed is <3,>=2.3" in looked.says
    assert "anyio is missing" in looked.says
    assert "-m pip install 'anyio>=4.9' " in looked.fix
    monkeypatch.setattr("sys.version_info", (3, 10, 0))
    assert installation.python().state == "fault"


def test_a_part_that_is_half_there_and_other_versions_than_the_tested_are_warnings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(installation, "is_installed", lambda extra: extra == "arango")
    versions = {"pdfplumber": "0.12.0", "chromadb": "0.1", "python-arango": "8.3.4"}
    monkeypatch.setattr(installation, "installed", versions.get)
    looked = {each.check: each for each in installation.extras()}
    assert looked["extras"].says == "there: arango; not there: agents, knowledge, documents, telemetry"
    assert "to add agents: pip install 'flowmaster[agents]'" in looked["extras"].fix
    assert looked.keys() == {"extras", "extra knowledge", "extra documents"}
    assert "openpyxl is missing" in looked["extra documents"].says
    (_, pins) = installation.packages()
    assert (pins.state, pins.fix) == ("warning", "Run: make install")
    assert "chromadb 0.1 (pinned " in pins.says


def test_files_that_no_installer_knows_of_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "_record", lambda: None)
    (looked,) = installation.packages()
    assert (looked.state, bool(looked.fix)) == ("fault", True)
    assert installation.python().state == "ok"
    assert [each.state for each in installation.extras()] == ["ok"]
