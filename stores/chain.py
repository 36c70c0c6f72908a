"""The hash chain over a journal: each row seals the one before it, over digests so that values can be erased.

A row whose values were erased keeps the digest of what it said; its place in the chain stays provable.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from flowmaster.stores.codec import dump
from flowmaster.stores.rows import Verification


class Link(NamedTuple):
    """A journal row as the chain sees it; `erased` is the digest kept in place of erased values."""

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
    sealed = _seal(previous, digest_of(events), (first, last, at, by, operation, reason), agent)
    return Link(first, last, at, by, operation, reason, events, None, sealed, agent)


def digest_of(events: str) -> bytes:
    """Return the digest of a row's events text."""
    return hashlib.sha256(events.encode()).digest()


def verify(tenant: str, scope: str, links: Iterable[Link], *, last: int, head: bytes) -> Verification:
    """Re-check a chain from its beginning; `last` and `head` are the number and hash at which it must end."""
    previous, expected, rows, erased = genesis(tenant, scope), 1, 0, 0
    for link in links:
        rows += 1
        erased += link.erased is not None
        if link.first != expected:
            return Verification(rows, erased, expected, f"Events {expected} to {link.first - 1} are missing.")
        found = _seal(previous, link.erased or digest_of(link.events), link[:6], link.agent)
        if found != link.hash:
            return Verification(rows, erased, link.first, f"The row from event {link.first} on was changed.")
        previous, expected = found, link.last + 1
    if expected != last + 1:
        return Verification(rows, erased, expected, f"Events {expected} to {last} are missing at the end.")
    if previous != head:
        return Verification(rows, erased, last, "The end of the chain is not the one on record.")
    return Verification(rows, erased, None, "")


def _seal(previous: bytes, digest: bytes, told: tuple[object, ...], agent: str) -> bytes:
    return hashlib.sha256(previous + digest + dump((*told, agent) if agent else told)).digest()
