"""The hash chain over a journal: each row seals the one before it, over digests so that values can be erased.

A row whose values were erased keeps the digests of what it said, one for its events and one for its reason; who acted
is sealed by a digest too, which stands in place of the name once that was erased. So its place in the chain stays
provable, and when it happened and by which operation stays sealed as it was.
"""

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from flowmaster.stores.codec import dump
from flowmaster.stores.erasing import Eraser, erase_events, erase_json
from flowmaster.stores.rows import Verification

DIGEST_BYTES: Final = 32
_sha256: Final = hashlib.sha256
_NOTHING: Final = bytes(DIGEST_BYTES)
_PSEUDONYM: Final = re.compile(r"\[erased:([0-9a-f]{64})\](?: [0-9]+)?")


class Link(NamedTuple):
    """A journal row as the chain sees it; `erased` holds the digests kept in place of erased events and reason."""

    first: int
    last: int
    at: int
    by: str
    operation: str
    reason: str
    events: str
    erased: bytes | None
    hash: bytes
    agent: str = ""


def genesis(tenant: str, scope: str) -> bytes:
    """Return what the first row of a chain stands on."""
    return hashlib.sha256(dump(("flowmaster", tenant, scope))).digest()


def forge(
    previous: bytes,
    *,
    first: int,
    last: int,
    at: int,
    by: str,
    operation: str,
    reason: str,
    events: str,
    agent: str = "",
) -> Link:
    """Return a new link that seals the one before it, by the hash of that."""
    sealed = _sealed(
        previous, _sha256(events.encode()).digest() + _said(reason, by, agent), first, last, at, operation
    )
    return Link(first, last, at, by, operation, reason, events, None, sealed, agent)


def digest_of(text: str) -> bytes:
    """Return the digest of a row's events or reason."""
    return hashlib.sha256(text.encode()).digest()


def kept(erased: bytes | None, *, events: str | None = None, reason: str | None = None) -> bytes:
    """Return the digests to keep of a row that loses its events or its reason, besides those it lost before."""
    parts = [_part(erased, place) for place in (0, 1)]
    for place, lost in enumerate((events, reason)):
        if lost is not None and parts[place] is None:
            parts[place] = digest_of(lost)
    of_events, of_reason = (part or _NOTHING for part in parts)
    return of_events if of_reason == _NOTHING else of_events + of_reason


def pseudonym(person: str, number: int = 1) -> str:
    """Return what stands for a person whose name is erased: two acts of one stay acts of one.

    Whoever came back after an erasure and is erased again gets the same with another number.
    """
    if _PSEUDONYM.fullmatch(person):
        return person
    return f"[erased:{digest_of(person).hex()}]" + (f" {number}" if number > 1 else "")


def has_old_seal(previous: bytes, link: Link) -> bool:
    """Whether a row was sealed over reason and person as they stand, so that neither can be erased."""
    return _seal(previous, link) != link.hash and _old_seal(previous, link) == link.hash


def erased(previous: bytes, link: Link, eraser: Eraser, *, of_instance: bool) -> Link:
    """Return a row as an eraser leaves it, with the digests of what it lost; unchanged if it lost nothing."""
    events = (erase_events if of_instance else erase_json)(link.events, eraser)
    reason = eraser.text(link.reason)
    if reason != link.reason and has_old_seal(previous, link):
        reason = link.reason
    if (events, reason) == (link.events, link.reason):
        return link
    digests = kept(
        link.erased,
        events=link.events if events != link.events else None,
        reason=link.reason if reason != link.reason else None,
    )
    return link._replace(events=events, reason=reason, erased=digests)


def verify(
    tenant: str, scope: str, links: Iterable[Link], *, last: int, head: bytes, origin: bytes | None = None
) -> Verification:
    """Re-check a chain from its beginning; `last` and `head` are the number and hash at which it must end.

    `origin` is what a chain stands on whose scope has lost its name.
    """
    previous, expected, rows, erased = origin or genesis(tenant, scope), 1, 0, 0
    for link in links:
        rows += 1
        erased += link.erased is not None
        if link.first != expected:
            return Verification(rows, erased, expected, f"Events {expected} to {link.first - 1} are missing.")
        if link.hash not in (_seal(previous, link), _old_seal(previous, link)):
            return Verification(rows, erased, link.first, f"The row from event {link.first} on was changed.")
        previous, expected = link.hash, link.last + 1
    if expected != last + 1:
        return Verification(rows, erased, expected, f"Events {expected} to {last} are missing at the end.")
    if previous != head:
        return Verification(rows, erased, last, "The end of the chain is not the one on record.")
    return Verification(rows, erased, None, "")


def _seal(previous: bytes, link: Link) -> bytes:
    events = _part(link.erased, 0) or digest_of(link.events)
    reason = _part(link.erased, 1) or digest_of(link.reason)
    who = _who_digest(link.by) + _who_digest(link.agent)
    return _sealed(previous, events + reason + who, link.first, link.last, link.at, link.operation)


def _sealed(previous: bytes, digests: bytes, first: int, last: int, at: int, operation: str) -> bytes:
    """Return the hash of a row, over the digests of its events, its reason, and who acted for whom."""
    return _sha256(previous + digests + dump((first, last, at, operation))).digest()


def _old_seal(previous: bytes, link: Link) -> bytes:
    """Return the seal of rows that were written before persons and reasons were sealed by digests."""
    told = (*link[:6], link.agent) if link.agent else link[:6]
    events = _part(link.erased, 0) or digest_of(link.events)
    return hashlib.sha256(previous + events + dump(told)).digest()


def _part(erased: bytes | None, place: int) -> bytes | None:
    """Return a kept digest: the first of the events, the second of the reason; None for what was not erased."""
    part = (erased or b"")[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]
    return part if part and part != _NOTHING else None


@lru_cache(maxsize=4_096)
def _who_digest(person: str) -> bytes:
    found = _PSEUDONYM.fullmatch(person)
    return bytes.fromhex(found[1]) if found else digest_of(person)


@lru_cache(maxsize=4_096)
def _said(reason: str, by: str, agent: str) -> bytes:
    """Return the digests of why and by whom, which are often the same."""
    return digest_of(reason) + _who_digest(by) + _who_digest(agent)
