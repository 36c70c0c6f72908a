"""Retention: what has ended long enough ago is erased by the server's own clock, one server at a time, in pieces.

Idempotency keys and the answers kept under them are forgotten after `KEYS_KEPT_MS`: nobody repeats a call so late.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from secrets import token_hex
from typing import Final, NamedTuple, Protocol, TypeVar

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.timers import later
from flowmaster.engine.values import Json
from flowmaster.runtime.clock import Clock, real_now
from flowmaster.runtime.desk import Request
from flowmaster.runtime.erasure import PIECE, RULE, SYSTEM, Wanted, begin, erase_piece
from flowmaster.stores import traces
from flowmaster.stores.protocol import Store, Transaction

SWEEP_SECONDS: Final = 600.0
"""How often a server looks for what is due."""

LEASE_MS: Final = 60_000
"""How long the right to carry out retention is kept by one server that says nothing more."""

OPERATION: Final = "retention"

KEYS_KEPT_MS: Final = 30 * 24 * 60 * 60 * 1000
"""How long a call can be repeated under its idempotency key without acting again: 30 days."""

KEYS_AT_ONCE: Final = 1_000
"""Keys that are forgotten in one piece of work."""

T = TypeVar("T")


class Rule(NamedTuple):
    """How long values of a process are kept after the end; a `hold` suspends it, with its ground."""

    process: str
    after: str
    what: str
    hold: str = ""

    def told(self) -> dict[str, Json]:
        """Return the rule as a setting keeps it."""
        return dict(self._asdict())


class Write(Protocol):
    """Runs a piece of work in a transaction of its own."""

    def __call__(self, work: Callable[[Transaction], T], /) -> Awaitable[T]:
        """Return what the work returns, once it is stored."""
        ...


class Swept(NamedTuple):
    """What one piece did: the instances erased, the last one that is still there, and whether that was all."""

    erased: int
    last_there: str
    over: bool


class Retention:
    """Carries out the rules of all tenants."""

    def __init__(self, store: Store, clock: Clock, write: Write) -> None:
        self._store, self._clock, self._write = store, clock, write
        self._holder = token_hex(8)

    async def sweep(self) -> int:
        """Erase all that is due and return how many instances that were; nothing if another server is at it."""
        while await self._write(self._forget_keys) == KEYS_AT_ONCE:
            pass
        reader, erased = self._store.reader(), 0
        for tenant in reader.tenants():
            for rule in rules_of(reader.settings(tenant, RULE)):
                if rule.after and not rule.hold:
                    erased += await self._carry_out(tenant, rule)
        return erased

    def _forget_keys(self, transaction: Transaction) -> int:
        """Forget keys that are old by the clock of instances as by that of the machine, since either has noted them."""
        now = min(real_now(), self._clock.now(transaction))
        return transaction.forget_once(now - KEYS_KEPT_MS, limit=KEYS_AT_ONCE)

    async def _carry_out(self, tenant: str, rule: Rule) -> int:
        erased, erasure, last = 0, "", ""
        while True:
            piece = partial(self._piece, tenant=tenant, rule=rule, erasure=erasure, last=last)
            swept, erasure = await self._write(piece)
            erased += swept.erased
            last = swept.last_there or last
            if swept.over:
                return erased

    def _piece(
        self, transaction: Transaction, *, tenant: str, rule: Rule, erasure: str, last: str
    ) -> tuple[Swept, str]:
        real = real_now()
        if not transaction.lease(OPERATION, self._holder, now=real, until=real + LEASE_MS):
            return Swept(0, "", True), erasure
        now = self._clock.now(transaction)
        due = transaction.due_instances(
            tenant, rule.process, before=ended_by(now, rule.after), what=rule.what, limit=PIECE, after=last
        )
        if not due:
            return Swept(0, "", True), erasure
        request = Request(
            tenant, SYSTEM, OPERATION, f"{rule.process}: {rule.what} {rule.after} after the end"
        )
        erasure = erasure or begin(transaction, request, now, {"rule": rule.told()})
        piece = erase_piece(transaction, request, due, Wanted(rule.what), erasure=erasure, at=now)
        gone = {one.instance for one in piece.done} if rule.what == traces.EVERYTHING else set[str]()
        last_there = next((one for one in reversed(due) if one not in gone), "")
        return Swept(len(piece.done), last_there, len(due) < PIECE), erasure


def rules_of(settings: dict[str, Json]) -> list[Rule]:
    """Return the rules that settings hold."""
    return [
        Rule(str(kept["process"]), str(kept["after"]), str(kept["what"]), str(kept.get("hold", "")))
        for kept in settings.values()
        if isinstance(kept, dict)
    ]


def ended_by(now: int, after: str) -> int:
    """Return the last instant from which a duration has passed by now; -1 if it has passed from none."""
    low, high = -1, now
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _is_over(middle, after, now) else (low, middle - 1)
    return low


def _is_over(since: int, after: str, now: int) -> bool:
    try:
        return later(since, after) <= now
    except FlowMasterError:  # The year would lie beyond the calendar.
        return False
