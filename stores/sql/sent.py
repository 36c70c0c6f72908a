"""Which instance sent a message or signal that another one received: one row for each pair and name."""

from collections.abc import Collection
from typing import Final

from flowmaster.stores import rows
from flowmaster.stores.sql.part import Part, among

_SENT: Final = (
    "SELECT s.id, r.id, x.kind, x.name, x.at FROM sent x JOIN instance s ON s.num = x.sender"
    " JOIN instance r ON r.num = x.receiver WHERE s.tenant = ? AND {which}"
    " ORDER BY x.at, x.sender, x.receiver, x.name LIMIT ?"
)

_PUT: Final = (
    "INSERT INTO sent (sender, receiver, kind, name, at)"
    " SELECT s.num, r.num, CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT) FROM instance s, instance r"
    " WHERE s.tenant = ? AND s.id = ? AND r.tenant = ? AND r.id = ? AND s.num <> r.num"
    " ON CONFLICT (sender, receiver, kind, name) DO NOTHING"
)


class SentReader(Part):
    """The reads of what went from instance to instance."""

    def sent(self, tenant: str, instances: Collection[str], *, limit: int) -> list[rows.Sent]:
        """Return what these instances sent to others and received from them, oldest first."""
        owner, ids, found = self._words.find(tenant), list(instances), set[rows.Sent]()
        for which in ("s.id", "r.id"):
            statement = _SENT.format(which=f"{which} {among(ids)}")
            for sender, receiver, kind, name, at in self._db.all(statement, (owner, *ids, limit)):
                found.add(rows.Sent(sender, receiver, self._words.text(kind), self._words.text(name), at))
        return sorted(found, key=lambda one: (one.at, one))[:limit]


class SentWriter(SentReader):
    """The writes of what went from instance to instance."""

    def put_sent(self, tenant: str, sent: rows.Sent) -> None:
        """Note that an instance received what another one sent; of the same name between the same two the first counts."""
        owner = self._words.find(tenant)
        self._db.run(
            _PUT,
            (
                self._words.number(sent.kind),
                self._words.number(sent.name),
                sent.at,
                owner,
                sent.sender,
                owner,
                sent.receiver,
            ),
        )
