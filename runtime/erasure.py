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
from flowmaster.stores.erasing import MARK
from flowmaster.stores.protocol import Reader, Transaction

PIECE: Final = 50
"""Instances that one transaction erases, so that others' work comes in between."""

TRACES_PIECE: Final = 200
"""Places that one transaction blanks."""

FAMILY_MAX: Final = 1_000
"""Called instances and forks that go with one instance in one transaction."""

HOLD: Final = "hold:"
"""The settings that forbid to erase an instance: `hold:order:7`, with the ground."""

RULE: Final = "retention:"
"""The settings with the rules of retention: `retention:order`; one with a hold forbids to erase its instances."""

OF_INSTANCES: Final = ("instance", "part", "wait", "journal")
"""The kinds of places that an instance may still need, and that a receipt names."""

_SALT: Final = "erasure.salt"

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
    if is_held(reader, tenant, found.row.process):
        return Kept(instance, "instance.held", f"A legal hold on {found.row.process!r} forbids it.")
    if found.row.status in OPEN and not found.row.sandbox and not wanted.running:
        return Kept(instance, "instance.running", f"It is {found.row.status} and needs its data.")
    return None


def is_held(reader: Reader, tenant: str, process: str) -> bool:
    """Whether a hold on a process forbids to erase its instances."""
    rule = reader.setting(tenant, RULE + process)
    return isinstance(rule, Mapping) and bool(rule.get("hold"))


def family(reader: Reader, tenant: str, instance: str) -> list[str]:
    """Return an instance, what it called, directly or not, and the forks of all of them."""
    found = [instance, *(row.instance for row in reader.descendants(tenant, instance))]
    for member in found:
        if len(found) > FAMILY_MAX:
            break
        forks = (
            f"{member}-fork-{number}" for number in range(1, reader.counter(tenant, f"fork:{member}") + 1)
        )
        found += [fork for fork in forks if fork not in found and reader.load(tenant, fork) is not None]
    return found


def salted(salt: str, text: str) -> str:
    """Return what stands for a text in a receipt: nobody reads it back, whoever knows the text can compare."""
    return hashlib.sha256(f"{salt}\n{text.casefold()}".encode()).hexdigest()


def hashed(texts: Collection[str], salt: str) -> dict[str, Json]:
    """Return texts as a receipt keeps them: how long each is, and its digest with a salt."""
    digests: list[Json] = [[len(text.casefold()), salted(salt, text)] for text in sorted(texts)]
    return {"salt": salt, "texts": digests}


def salt_of(transaction: Transaction, tenant: str) -> str:
    """Return the salt of a tenant's receipts, made with the first of them."""
    kept = transaction.setting(tenant, _SALT)
    if isinstance(kept, str):
        return kept
    salt = secrets.token_hex(16)
    transaction.put_setting(tenant, _SALT, salt)
    return salt


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


class Blanking(NamedTuple):
    """How places that hold texts are blanked: the texts, whether models are changed and running instances too."""

    texts: tuple[str, ...]
    models: bool = False
    running: bool = False


class Stay(NamedTuple):
    """A place that still holds a text, and why."""

    kind: str
    shown: str
    why: str


class Cleaned(NamedTuple):
    """What became of some places: how many were blanked, and those that stay."""

    erased: int
    stays: list[Stay]


def clean_piece(
    transaction: Transaction,
    request: Request,
    places: Sequence[traces.Trace],
    how: Blanking,
    *,
    erasure: str,
    at: int,
) -> Cleaned:
    """Blank some places of one kind, and note how many and whose."""
    stays: list[Stay] = []
    done: dict[str, None] = {}
    count = 0
    fates: dict[str, str] = {}
    for place in places:
        why = fates.get(place.shown)
        if why is None and place.kind in OF_INSTANCES:
            why = fates[place.shown] = _kept_place(transaction, request.tenant, place.shown, how)
        if not why:
            fate = transaction.erase_trace(request.tenant, place, how.texts, models=how.models)
            why = "" if fate.erased else fate.stays
        if why:
            stays.append(Stay(place.kind, place.shown, why))
        else:
            count += 1
            if place.kind in OF_INSTANCES:
                done[place.shown] = None
    if count:
        told: dict[str, Json] = {"kind": places[0].kind, "places": count}
        note(transaction, request, erasure, at, {**told, "of": [name for name in done if _is_telling(name)]})
    return Cleaned(count, stays)


def _kept_place(reader: Reader, tenant: str, instance: str, how: Blanking) -> str:
    """Return why nothing of an instance may be blanked, empty if it may or is none."""
    if reader.setting(tenant, HOLD + instance) is not None:
        return "a legal hold forbids it"
    found = reader.load(tenant, instance)
    if found is not None and is_held(reader, tenant, found.row.process):
        return "a legal hold forbids it"
    if found is not None and found.row.status in OPEN and not found.row.sandbox and not how.running:
        return f"the instance is {found.row.status} and needs its data"
    return ""


def _is_telling(shown: str) -> bool:
    """Whether a place may be named in a receipt: not a document, whose id is made of its file's name."""
    return bool(shown) and not shown.startswith("document:") and shown != MARK
