"""Examines the data folder and the store in it, without changing either."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.timers import iso
from flowmaster.server.doctor.disks import cloud_above, kind_of, mounts
from flowmaster.server.doctor.finding import Finding
from flowmaster.server.options import MEMORY
from flowmaster.server.wiring import DATABASE
from flowmaster.stores.sqlite.health import NEWEST, Health, damages, look, try_write_ahead

FREE_BYTES_MIN: Final = 50_000_000
"""With less free space the store stops soon."""

FREE_BYTES_WANTED: Final = 1_000_000_000
"""With less free space it is time to make room."""

CLOCK_TOLERANCE_MS: Final = 60_000
"""How far the newest entry of the store may lie in the future."""


def data_folder(data: str, *, now: int, deep: bool) -> Iterator[Finding]:
    """Look at the data folder: that it can be written, its disk, its room, and the store in it."""
    if data == MEMORY:
        yield Finding("data folder", "ok", f"{MEMORY}: everything is gone with the server")
        return
    folder = Path(data)
    there = next(place for place in (folder, *folder.parents) if place.exists())
    state = _folder(folder, there)
    yield state
    yield from _disk(there.resolve())
    if state.state != "fault" and there == folder:
        yield _write_ahead(folder)
    file = folder / DATABASE
    if file.is_file():
        yield from _store(file, now=now, deep=deep)
    elif state.state != "fault":
        yield Finding("store", "ok", "there is none yet; the first start makes it")


def _folder(folder: Path, there: Path) -> Finding:
    if not there.is_dir():
        fix = "Choose another folder with `--data`, or move the file aside."
        return Finding("data folder", "fault", f"{there} is not a folder", fix)
    if not os.access(there, os.W_OK | os.X_OK):
        return Finding(
            "data folder",
            "fault",
            f"{folder} cannot be {'written' if there == folder else 'made'}: no right to write {there}",
            "Give this user the right to write it, or choose another folder with `--data`.",
        )
    if there != folder:
        return Finding("data folder", "ok", f"{folder} is not there yet; the first start makes it")
    if os.name == "posix" and _others_read(folder):
        says = f"every user of this machine can read {folder}"
        return Finding("data folder", "warning", says, f"Keep it to yourself: `chmod -R o-rwx {folder}`.")
    return Finding("data folder", "ok", str(folder))


def _others_read(folder: Path) -> bool:
    file = folder / DATABASE
    return bool(
        folder.stat().st_mode & stat.S_IXOTH and file.is_file() and file.stat().st_mode & stat.S_IROTH
    )


def _disk(folder: Path) -> Iterator[Finding]:
    kind, system = kind_of(folder, mounts())
    elsewhere = "Choose a folder on a local disk with `--data`."
    match kind:
        case "network":
            says = f"{system}: locks over a network are not to be trusted, and data may be lost"
            yield Finding("disk", "fault", says, elsewhere)
        case "shared":
            says = f"{system}, shared with a host: no program of the host may use this folder meanwhile"
            yield Finding("disk", "warning", says, elsewhere)
        case "memory":
            yield Finding("disk", "warning", f"{system}: everything is gone with the next start", elsewhere)
        case "local" | "unknown":
            yield Finding("disk", "ok", f"local ({system})" if system else "its kind is not told here")
    cloud = cloud_above(folder)
    if cloud:
        says = f"{cloud!r} is copied to other machines file by file, which breaks a store that is in use"
        yield Finding("cloud folder", "warning", says, elsewhere)
    free = shutil.disk_usage(folder).free
    if free >= FREE_BYTES_WANTED:
        yield Finding("free space", "ok", _size(free))
        return
    fix = f"Make room on the disk of {folder}, or use another."
    yield Finding("free space", "fault" if free < FREE_BYTES_MIN else "warning", _size(free), fix)


def _write_ahead(folder: Path) -> Finding:
    try:
        try_write_ahead(folder)
    except FlowMasterError as error:
        return Finding("write-ahead log", "fault", error.message, error.fix)
    return Finding("write-ahead log", "ok", "one program writes while others read")


def _store(file: Path, *, now: int, deep: bool) -> Iterator[Finding]:
    try:
        health = look(file)
        if not health.is_ours:
            yield Finding(
                "store",
                "fault",
                f"{file} is a database of another program",
                "Choose another folder with `--data`.",
            )
            return
        yield _version(file, health)
        if not health.keeps_clock and health.last_at is not None:
            yield from _times(health.last_at, now)
        if deep and health.version == NEWEST:
            found = damages(file)
            yield (
                Finding("integrity", "fault", "; ".join(found), _restore(file))
                if found
                else Finding("integrity", "ok", "every page, index and history fits")
            )
        elif deep and health.version < NEWEST:
            yield Finding("integrity", "ok", "not looked at before the store has the newest schema")
    except FlowMasterError as error:
        yield Finding("store", "fault", error.message, error.fix)


def _version(file: Path, health: Health) -> Finding:
    size = _size(file.stat().st_size)
    if health.version > NEWEST:
        return Finding(
            "store",
            "fault",
            f"its schema is {health.version}; this FlowMaster knows {NEWEST}",
            "Update FlowMaster, or choose another folder with `--data`.",
        )
    if health.version < NEWEST:
        says = f"schema {health.version}, {size}; the next start brings it to {NEWEST}"
        return Finding("store", "ok", f"{says}, after which older FlowMasters cannot read it")
    return Finding("store", "ok", f"schema {health.version}, {health.instances} instances, {size}")


def _times(last_at: int, now: int) -> Iterator[Finding]:
    if last_at > now + CLOCK_TOLERANCE_MS:
        says = f"the newest entry is from {iso(last_at)}, which the machine's clock has not reached"
        yield Finding(
            "clock of the store", "warning", says, "Set the machine's clock, and keep it set by NTP."
        )


def _restore(file: Path) -> str:
    return f"Stop every FlowMaster on {file.parent}, keep a copy of the folder, and restore it from a backup."


def _size(count: int) -> str:
    for unit, length in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= length:
            return f"{count / length:.1f} {unit}"
    return f"{count} bytes"
