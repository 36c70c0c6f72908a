"""What went from instance to instance, in memory."""

from collections.abc import Collection

from flowmaster.stores import rows
from flowmaster.stores.memory.data import Part, locked


@locked
class SentReader(Part):
    """The reads of what went from instance to instance."""

    def sent(self, tenant: str, instances: Collection[str], *, limit: int) -> list[rows.Sent]:
        """Return what these instances sent to others and received from them, oldest first."""
        wanted = set(instances)
        found = [
            one
            for (owner, *_), one in self._data.sent.items()
            if owner == tenant and (one.sender in wanted or one.receiver in wanted)
        ]
        return sorted(found, key=lambda one: (one.at, one))[:limit]


@locked
class SentWriter(SentReader):
    """The writes of what went from instance to instance."""

    def put_sent(self, tenant: str, sent: rows.Sent) -> None:
        """Note that an instance received what another one sent; of the same name between the same two the first counts."""
        place = (tenant, sent.sender, sent.receiver, sent.kind, sent.name)
        known = all((tenant, one) in self._data.instances for one in (sent.sender, sent.receiver))
        if known and sent.sender != sent.receiver and place not in self._data.sent:
            self._data.put(self._data.sent, place, sent)
