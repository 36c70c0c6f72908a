"""The list of erasures beside a store: what has to be erased again where an older copy of the data is restored.

One JSON line for each entry of an erasure, as the audit journal has it: ids of instances, documents and places, salted
digests of erased texts, never a value. It follows the journal, so that a lost line is added when a server looks again.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores import codec
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import AuditFilter

FILE: Final = "erasures.jsonl"
PAGE: Final = 1_000


class Listed(NamedTuple):
    """An entry of an erasure: whose, which, the number of the entry, when, and what was done."""

    tenant: str
    erasure: str
    number: int
    at: int
    data: dict[str, Any]


class ErasureList:
    """Keeps the list in a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def follow(self, reader: Reader) -> None:
        """Add what the journal has and the list has not."""
        known: dict[tuple[str, int], int] = {}
        for entry in read(self._path, whole=False) if self._path.exists() else ():
            place = (entry.tenant, _number(entry.erasure))
            known[place] = max(known.get(place, 0), entry.number)
        lines = [
            codec.dump(entry._asdict()) + b"\n"
            for tenant in reader.tenants()
            for entry in entries_of(
                reader, tenant, since=max((n for t, n in known if t == tenant), default=1)
            )
            if entry.number > known.get((tenant, _number(entry.erasure)), 0)
        ]
        if lines:
            file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                whole = os.pread(file, os.fstat(file).st_size, 0).rpartition(b"\n")
                os.ftruncate(file, len(whole[0]) + len(whole[1]))  # A line that was cut off is written anew.
                os.write(file, b"".join(lines))
                os.fsync(file)
            finally:
                os.close(file)


def entries_of(reader: Reader, tenant: str, *, since: int = 1) -> Iterator[Listed]:
    """Yield the entries of all erasures of a tenant from a number on, oldest first."""
    for number in range(since, reader.counter(tenant, "erasure") + 1):
        erasure = f"erasure:{number}"
        found: list[Listed] = []
        which = AuditFilter(scope=erasure, limit=PAGE)
        while True:
            page = reader.audit(tenant, which)
            found += [
                Listed(tenant, erasure, entry.first, entry.at, entry.data)
                for entry in page.items
                if isinstance(entry.data, dict)
            ]
            if page.next_cursor is None:
                break
            which = which._replace(cursor=page.next_cursor)
        yield from reversed(found)


def read(path: Path, *, whole: bool = True) -> list[Listed]:
    """Return the entries of a list; one that is not `whole` may have been cut off at its end, while it was written.

    Raises:
        FlowMasterError: the file is no list of erasures, or cannot be read.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise FlowMasterError(
            "erasures.unreadable",
            f"The list of erasures {str(path)!r} cannot be read ({error.strerror}).",
            path="--erasures",
            fix="Give this user the right to read it.",
        ) from error
    found = []
    for place, line in enumerate(lines, 1):
        try:
            found.append(Listed(**json.loads(line)))
        except (ValueError, TypeError) as error:
            if place == len(lines) and not whole:
                break
            raise FlowMasterError(
                "erasures.unreadable",
                f"Line {place} of {len(lines)} of {str(path)!r} is no entry of a list of erasures, or is cut off.",
                path="--erasures",
                expected="a file `erasures.jsonl` of a data folder",
                fix="Name the list that lies in the data folder of the server, whole.",
            ) from error
    return found


def _number(erasure: str) -> int:
    return int(erasure.rpartition(":")[2])
