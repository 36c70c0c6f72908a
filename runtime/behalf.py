"""On whose behalf something is stored: for which tenant, how urgent it is, and whether somebody still waits for it.

The one path of all calls says so once (`tools/invoke.py`); whatever a call stores then counts for its tenant, without
every operation having to say it.
"""

from collections.abc import Callable
from contextvars import ContextVar
from enum import IntEnum
from typing import Final


class Urgency(IntEnum):
    """What goes first, and what is shed first: the less urgent."""

    STARTING = 0
    """Begins work that nobody waits for yet; it is shed first, as lists are."""
    ORDINARY = 1
    FINISHING = 2
    """Completes tasks and jobs: it makes a loaded server's work less."""


class Behalf:
    """Who a call works for. Once something of it is stored, the rest of it is stored whatever the load."""

    __slots__ = ("begun", "gone", "tenant", "urgency")

    def __init__(
        self,
        tenant: str,
        urgency: Urgency = Urgency.ORDINARY,
        *,
        begun: bool = False,
        gone: Callable[[], bool] | None = None,
    ) -> None:
        """Take whose work it is, how urgent, and what tells whether its caller has hung up."""
        self.tenant = tenant
        self.urgency = urgency
        self.begun = begun
        self.gone = gone


def own_work(tenant: str, urgency: Urgency = Urgency.ORDINARY) -> Behalf:
    """Return on whose behalf the server itself works for a tenant: that is never refused, and bounded by its maker."""
    return Behalf(tenant, urgency, begun=True)


BEHALF: Final[ContextVar[Behalf | None]] = ContextVar("flowmaster_behalf", default=None)
"""Whose call this is; nobody's outside of calls."""
