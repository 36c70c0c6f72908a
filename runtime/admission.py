"""What the writer takes on: as much as it stores in good time, measured by what it has just stored.

While no more waits than goes into the next commit, nothing is refused, however slow the disk: refusing would help
nobody. Beyond that, a change is refused that would wait too long, the less urgent ones first.
"""

import math
from typing import Final

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.behalf import Urgency
from flowmaster.runtime.bounds import Bounds

SHARES: Final = {Urgency.STARTING: 0.5, Urgency.ORDINARY: 0.8, Urgency.FINISHING: 1.0}
"""The part of each bound that is open to changes of each urgency; the rest is kept for more urgent ones."""

WAIT_SECONDS_MAX: Final = 600
"""The longest wait that a refusal asks for."""

COMMITS_TO_WORK: Final = 10
"""So many times as long as a commit takes is worked for it: commits then take a tenth of the time at most."""

WORK_SECONDS_MIN: Final = 0.025
WORK_SECONDS_MAX: Final = 1.0
"""How long is worked for one commit at least and at most, while more waits: whoever is answered first waits as long."""

_NEWEST: Final = 0.2
"""How much the newest commit counts in what was measured."""


class Drain:
    """How fast changes are stored, as measured: the time of one, and the time of a commit beside them."""

    __slots__ = ("_begun", "_commit", "_piece", "batch_max")

    def __init__(self, batch_max: int) -> None:
        self.batch_max = batch_max
        self._piece = 0.0
        self._commit = 0.0
        self._begun: float | None = None

    def begin(self, now: float) -> None:
        """Note that a commit begins."""
        self._begun = now

    def end(self, pieces: int, *, work: float, whole: float) -> None:
        """Note what a commit took: the work on its pieces, and all of it."""
        self._begun = None
        if not pieces:
            return
        commit, piece = max(0.0, whole - work), work / pieces
        first = not self._commit
        self._commit = commit if first else self._commit + _NEWEST * (commit - self._commit)
        self._piece = piece if first else self._piece + _NEWEST * (piece - self._piece)

    def seconds(self, pieces: int, now: float) -> float:
        """Return how long so many pieces will take, by what was measured and by how long this commit takes already."""
        begun = self._begun
        commit = self._commit if begun is None else max(self._commit, now - begun)
        at_once = (
            min(self.batch_max, max(1.0, self.work_seconds / self._piece)) if self._piece else self.batch_max
        )
        return pieces * self._piece + math.ceil(pieces / at_once) * commit

    @property
    def work_seconds(self) -> float:
        """How long is worked on pieces before they are committed."""
        return min(WORK_SECONDS_MAX, max(WORK_SECONDS_MIN, COMMITS_TO_WORK * self._commit))


class Waiting:
    """What waits at an instant: pieces in all, those of one tenant, those that it would wait for, and tenants."""

    __slots__ = ("ahead", "everybody", "own", "tenants")

    def __init__(self, everybody: int, own: int, ahead: int, tenants: int) -> None:
        """Take the counts; `ahead` are the pieces of the tenant that would go before a further one."""
        self.everybody = everybody
        self.own = own
        self.ahead = min(everybody, ahead * max(1, tenants))
        self.tenants = max(1, tenants)


def refuse_beyond(
    bounds: Bounds, drain: Drain, waiting: Waiting, urgency: Urgency, now: float, *, what: str = "change"
) -> None:
    """Refuse a further change if too many wait, or if it would wait too long."""
    share = SHARES[urgency]
    most = max(1, int(bounds.tenant_waiting * share))
    if waiting.own >= most:
        text = f"{waiting.own} changes of yours are waiting to be stored; a {what} is let in below {most}."
        raise _overloaded(text, "tenant_waiting", drain.seconds(waiting.own - most + 1, now), status=429)
    most = max(1, int(bounds.waiting * share))
    if waiting.everybody >= most and waiting.own * waiting.tenants >= most:
        text = f"{waiting.everybody} changes are waiting to be stored; a {what} is let in below {most}."
        raise _overloaded(text, "waiting", drain.seconds(waiting.everybody - most + 1, now), status=503)
    if waiting.ahead < drain.batch_max:
        return
    wait, longest = drain.seconds(waiting.ahead + 1, now), bounds.wait_seconds * share
    if wait > longest:
        text = f"A {what} would wait about {wait:.1f} seconds to be stored; it is let in below {longest:g}."
        raise _overloaded(text, "wait_seconds", wait - longest, status=503)


def _overloaded(message: str, bound: str, wait: float, *, status: int) -> FlowMasterError:
    seconds = min(WAIT_SECONDS_MAX, max(1, math.ceil(wait)))
    return FlowMasterError(
        "server.overloaded",
        f"{message} Nothing has changed.",
        expected=f"the next call in {seconds} seconds",
        fix=f"Repeat the call in {seconds} seconds. Whoever keeps the server may raise `--bounds {bound}`.",
        retry_after=seconds,
        status=status,
    )
