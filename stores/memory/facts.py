"""Small facts in memory: settings, counters, requests done once, rights held for a while."""

from flowmaster.engine.values import Json
from flowmaster.stores import codec, refusals, rows
from flowmaster.stores.memory.data import Part, locked
from flowmaster.stores.projection import JOB


@locked
class FactReader(Part):
    """The reads of small facts."""

    def setting(self, tenant: str, name: str) -> Json:
        """Return a setting, None if it was never set. The tenant `""` holds those of the installation."""
        text = self._data.settings.get((tenant, name))
        value: Json = None if text is None else codec.load(text)
        return value

    def settings(self, tenant: str, prefix: str = "") -> dict[str, Json]:
        """Return the settings whose names begin with `prefix`."""
        return {
            name: codec.load(text)
            for (owner, name), text in sorted(self._data.settings.items())
            if owner == tenant and name.startswith(prefix)
        }

    def find_once(self, tenant: str, key: str) -> rows.IdempotencyRow | None:
        """Return what is known of a request made under this idempotency key, or None."""
        found = self._data.once.get((tenant, key))
        if found is None:
            return None
        row, answer = found
        return row._replace(answer=None if answer is None else codec.load(answer))

    def tenants(self) -> list[str]:
        """Return the tenants that have rows."""
        data = self._data
        rows_of_tenants = (*data.instances, *data.definitions, *data.settings, *data.documents)
        return sorted({tenant for tenant, *_ in rows_of_tenants} - {""})

    def job_tenants(self) -> list[str]:
        """Return the tenants that have jobs."""
        return sorted({each.tenant for each in self._data.waits[JOB].values()})


@locked
class FactWriter(FactReader):
    """The writes of small facts."""

    def next_number(self, tenant: str, name: str) -> int:
        """Return the next number of a counter, from 1, for readable ids."""
        return self._data.number(tenant, f"counter:{name}")

    def put_setting(self, tenant: str, name: str, value: Json) -> None:
        """Set a setting; None takes it away."""
        if value is None:
            self._data.delete(self._data.settings, (tenant, name))
        else:
            self._data.put(self._data.settings, (tenant, name), codec.dump(value).decode())

    def put_once(self, tenant: str, once: rows.Once, *, at: int) -> None:
        """Note a request that has no step; refuse one that is noted already (`idempotency.conflict`)."""
        if (tenant, once.key) in self._data.once:
            raise refusals.key_used(once.key)
        row = rows.IdempotencyRow(once.key, once.digest, at, None, once.subject)
        self._data.put(self._data.once, (tenant, once.key), (row, None))

    def remember(self, tenant: str, key: str, answer: Json) -> None:
        """Keep the answer of a request noted before."""
        found = self._data.once.get((tenant, key))
        if found is not None:
            self._data.put(self._data.once, (tenant, key), (found[0], codec.dump(answer).decode()))

    def forget_once(self, before: int, *, limit: int) -> int:
        """Delete the oldest requests of all tenants noted before an instant and return how many."""
        noted = {key: row.at for key, (row, _) in self._data.once.items() if row.at < before}
        old = sorted(noted, key=noted.__getitem__)[:limit]
        for key in old:
            self._data.delete(self._data.once, key)
        return len(old)

    def lease(self, name: str, holder: str, *, now: int, until: int) -> bool:
        """Take or keep a named right of the installation until an instant (real time); False if another holds it."""
        found = self._data.leases.get(name)
        if found is not None and found[0] != holder and found[1] > now:
            return False
        self._data.put(self._data.leases, name, (holder, until))
        return True
