"""Erasing personal data in pieces, each with its entry in the chain of its erasure: what, when, by whom, never a value.

An erasure is a scope of the audit journal (`erasure:7`). Its first entry says who asked for what and on which ground,
each further one what a piece did, written in the transaction that did it: whatever happens to the server, what is gone
is on record, and what is on record is gone. Repeated, an erasure finds only what is left.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from flowmaster.engine.values import Json
from flowmaster.runtime.desk import Request
from flowmaster.stores import traces
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import InstanceFilter

PIECE: Final = 50
"""Instances that one transaction erases, so that others' work comes in between."""

TRACES_PIECE: Final = 200
"""Places that one transaction blanks."""

FAMILY_MAX: Final = 1_000
"""Called instances and forks that go with one instance in one transaction."""

HOLD: Final = "hold:"
"""The settings that forbid to erase an instance: `hold:order:7`, with the ground."""

OPEN: Final = ("active", "paused")
SYSTEM: Final = "system"


class Wanted(NamedTuple):
    """What is to become of instances: `what` is values or everything, `names` are those of variables (all without)."""

    what: str
    names: tuple[str, ...] = ()
    running: bool = False


class Kept(NamedTuple):
    """An instance that stays as it is, and why."""

    instance: str
    code: str
    why: str


class Piece(NamedTuple):
    """What one piece did: the instances blanked or removed, and those that stay."""

    done: list[traces.Blanked]
    kept: list[Kept]


def begin(transaction: Transaction, request: Request, at: int, told: Mapping[str, Json]) -> str:
    """Put an erasure on record before anything is done, and return its scope."""
    erasure = f"erasure:{transaction.next_number(request.tenant, 'erasure')}"
    note(transaction, request, erasure, at, told)
    return erasure


def note(transaction: Transaction, request: Request, erasure: str, at: int, told: Mapping[str, Json]) -> None:
    """Add what was done to the chain of an erasure."""
    transaction.journal(
        request.tenant,
        erasure,
        at=at,
        by=request.by,
        agent=request.agent,
        operation=request.operation,
        reason=request.reason,
        data=dict(told),
    )


def erase_piece(
    transaction: Transaction,
    request: Request,
    instances: Sequence[str],
    wanted: Wanted,
    *,
    erasure: str,
    at: int,
) -> Piece:
    """Erase some instances with what they called and their forks, and note what was done to which."""
    kept: list[Kept] = []
    chosen: dict[str, None] = {}
    for instance in instances:
        why = kept_for(transaction, request.tenant, instance, wanted)
        if why is not None:
            kept.append(why)
            continue
        for member in family(transaction, request.tenant, instance):
            held = kept_for(transaction, request.tenant, member, wanted._replace(running=True))
            if held is None:
                chosen[member] = None
            else:
                kept.append(held)
    if not chosen:
        return Piece([], kept)
    if wanted.what == traces.EVERYTHING:
        _note_piece(transaction, request, erasure, at, wanted, [])
        done = transaction.remove_instances(request.tenant, list(chosen), at=at, erasure=erasure)
    else:
        done = transaction.erase_instances(
            request.tenant, list(chosen), names=wanted.names or None, at=at, erasure=erasure
        )
    _note_piece(transaction, request, erasure, at, wanted, done)
    return Piece(done, kept)


def kept_for(reader: Reader, tenant: str, instance: str, wanted: Wanted) -> Kept | None:
    """Return why an instance may not be erased, None if it may."""
    if reader.setting(tenant, HOLD + instance) is not None:
        return Kept(instance, "instance.held", "A legal hold forbids it.")
    found = reader.load(tenant, instance)
    if found is None:
        gone = reader.erased(tenant, instance)
        if gone is not None:
            return Kept(instance, "instance.erased", f"{gone.erasure} has removed it already.")
        return Kept(instance, "instance.unknown", "There is no such instance.")
    if found.row.status in OPEN and not found.row.sandbox and not wanted.running:
        return Kept(instance, "instance.running", f"It is {found.row.status} and needs its data.")
    return None


def family(reader: Reader, tenant: str, instance: str) -> list[str]:
    """Return an instance, what it called, directly or not, and the forks of all of them."""
    found = [instance, *(row.instance for row in reader.descendants(tenant, instance))]
    for member in found:
        if len(found) > FAMILY_MAX:
            break
        forks = (f"{member}-fork-{number}" for number in range(1, reader.counter(tenant, f"fork:{member}") + 1))
        found += [fork for fork in forks if fork not in found and reader.load(tenant, fork) is not None]
    return found


def salted(salt: str, text: str) -> str:
    """Return what stands for a text in a receipt: nobody reads it back, whoever knows the text can compare."""
    return hashlib.sha256(f"{salt}\n{text.casefold()}".encode()).hexdigest()


def hashed(texts: Collection[str]) -> dict[str, Json]:
    """Return texts as a receipt keeps them: how long each is, and its digest with a salt of this receipt."""
    salt = secrets.token_hex(16)
    digests: list[Json] = [[len(text.casefold()), salted(salt, text)] for text in sorted(texts)]
    return {"salt": salt, "texts": digests}


def ended_of(reader: Reader, tenant: str, which: InstanceFilter) -> list[str]:
    """Return a page of instances that are meant by a filter, oldest first."""
    return [row.instance for row in reversed(reader.find_instances(tenant, which).items)]


def _note_piece(
    transaction: Transaction,
    request: Request,
    erasure: str,
    at: int,
    wanted: Wanted,
    done: Sequence[traces.Blanked],
) -> None:
    told: dict[str, Json] = {"what": wanted.what}
    if wanted.names:
        told["names"] = list(wanted.names)
    if done:
        told["instances"] = [[one.instance, one.entries, one.last, one.head] for one in done]
    else:
        told["begins"] = True
    note(transaction, request, erasure, at, told)
