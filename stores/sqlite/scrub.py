"""Writes a store's file anew, so that neither free pages nor the write-ahead log keep what was erased."""

import time
from typing import Final

import apsw

from flowmaster.stores.sqlite.connection import Connection
from flowmaster.stores.traces import Scrubbed

SECONDS_MAX: Final = 10.0
"""How long is waited for readers of an older moment, who keep the write-ahead log from being emptied."""

_PROVES: Final = "The file was written anew without free pages, and its write-ahead log is empty."
_HELD: Final = "The file was written anew, but others still read an older moment of it: repeat the call."


def scrub(db: Connection) -> Scrubbed:
    """Write the file anew and empty its write-ahead log; nobody else writes meanwhile."""
    before = _bytes(db)
    db.run("VACUUM")
    until = time.monotonic() + SECONDS_MAX
    while not (complete := _emptied(db)) and time.monotonic() < until:
        time.sleep(0.05)
    return Scrubbed(before, _bytes(db), complete, _PROVES if complete else _HELD)


def size(db: Connection) -> Scrubbed:
    """Say how large the file is, and would be."""
    before, free = _bytes(db), int(db.value("PRAGMA freelist_count")) * int(db.value("PRAGMA page_size"))
    return Scrubbed(before, before - free, False, "Nothing was done yet.")


def _emptied(db: Connection) -> bool:
    try:
        ((busy, _, _),) = db.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except apsw.BusyError:
        return False
    return not busy


def _bytes(db: Connection) -> int:
    return int(db.value("PRAGMA page_count")) * int(db.value("PRAGMA page_size"))
