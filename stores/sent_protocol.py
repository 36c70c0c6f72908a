"""The interface of what went from instance to instance."""

from collections.abc import Collection
from typing import Protocol

from flowmaster.stores import rows


class SentReads(Protocol):
    """Messages and signals between instances."""

    def sent(self, tenant: str, instances: Collection[str], *, limit: int) -> list[rows.Sent]:
        """Return what these instances sent to others and received from them, oldest first."""
        ...


class SentWrites(Protocol):
    """They are noted with the step of the receiver."""

    def put_sent(self, tenant: str, sent: rows.Sent) -> None:
        """Note that an instance received what another one sent; of the same name between the same two the first counts."""
        ...
