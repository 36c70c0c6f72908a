"""Small facts: settings, counters, requests done once, rights held for a while."""

from collections.abc import Iterator

from flowmaster.engine.values import Json
from flowmaster.stores import codec, refusals, rows
from flowmaster.stores.sql.part import Part

_OWNED = ("instance", "definition", "setting", "document")


class FactReader(Part):
    """The reads of small facts."""

    def setting(self, tenant: str, name: str) -> Json:
        """Return a setting, None if it was never set. The tenant `""` holds those of the installation."""
        text = self._db.value(
            "SELECT value FROM setting WHERE tenant = ? AND name = ?", (self._words.find(tenant), name)
        )
        value: Json = None if text is None else codec.load(text)
        return value

    def settings(self, tenant: str, prefix: str = "") -> dict[str, Json]:
        """Return the settings whose names begin with `prefix`."""
        found = self._db.all(
            "SELECT name, value FROM setting WHERE tenant = ? AND substr(name, 1, ?) = ? ORDER BY name",
            (self._words.find(tenant), len(prefix), prefix),
        )
        return {name: codec.load(value) for name, value in found}

    def find_once(self, tenant: str, key: str) -> rows.IdempotencyRow | None:
        """Return what is known of a request made under this idempotency key, or None."""
        found = self._db.one(
            "SELECT digest, at, answer, subject FROM once WHERE tenant = ? AND key = ?",
            (self._words.find(tenant), key),
        )
        if found is None:
            return None
        digest, at, answer, subject = found
        return rows.IdempotencyRow(key, digest, at, None if answer is None else codec.load(answer), subject)

    def tenants(self) -> list[str]:
        """Return the tenants that have rows."""
        owners = {each for table in _OWNED for each in self._owners(table)}
        return sorted({self._words.text(each) for each in owners} - {""})

    def job_tenants(self) -> list[str]:
        """Return the tenants that have jobs."""
        return sorted(self._words.text(each) for each in self._owners("wait", "kind = 2"))

    def _owners(self, table: str, which: str = "TRUE") -> Iterator[int]:
        """Yield the tenants that have rows of a table, from one to the next by index: their number counts, not the rows'."""
        last = -1
        while True:
            last = self._db.value(f"SELECT min(tenant) FROM {table} WHERE {which} AND tenant > ?", (last,))
            if last is None:
                return
            yield last


class FactWriter(FactReader):
    """The writes of small facts."""

    def next_number(self, tenant: str, name: str) -> int:
        """Return the next number of a counter, from 1, for readable ids."""
        return int(
            self._db.value(
                "INSERT INTO counter (tenant, name, value) VALUES (?, ?, 1)"
                " ON CONFLICT (tenant, name) DO UPDATE SET value = counter.value + 1 RETURNING value",
                (self._words.number(tenant), name),
            )
        )

    def put_setting(self, tenant: str, name: str, value: Json) -> None:
        """Set a setting; None takes it away."""
        owner = self._words.number(tenant)
        if value is None:
            self._db.run("DELETE FROM setting WHERE tenant = ? AND name = ?", (owner, name))
        else:
            self._db.run(
                "INSERT INTO setting (tenant, name, value) VALUES (?, ?, ?)"
                " ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value",
                (owner, name, codec.dump(value).decode()),
            )

    def put_once(self, tenant: str, once: rows.Once, *, at: int) -> None:
        """Note a request that has no step; refuse one that is noted already (`idempotency.conflict`)."""
        found = self._db.all(
            "INSERT INTO once (tenant, key, digest, at, subject) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING RETURNING 1",
            (self._words.number(tenant), once.key, once.digest, at, once.subject),
        )
        if not found:
            raise refusals.key_used(once.key)

    def remember(self, tenant: str, key: str, answer: Json) -> None:
        """Keep the answer of a request noted before."""
        self._db.run(
            "UPDATE once SET answer = ? WHERE tenant = ? AND key = ?",
            (codec.dump(answer).decode(), self._words.find(tenant), key),
        )

    def forget_once(self, before: int, *, limit: int) -> int:
        """Delete the oldest requests of all tenants noted before an instant and return how many."""
        return self._db.count(
            "DELETE FROM once WHERE (tenant, key) IN"
            " (SELECT tenant, key FROM once WHERE at < ? ORDER BY at LIMIT ?)",
            (before, limit),
        )

    def lease(self, name: str, holder: str, *, now: int, until: int) -> bool:
        """Take or keep a named right of the installation until an instant (real time); False if another holds it."""
        found = self._db.all(
            "INSERT INTO lease (name, holder, until) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE"
            " SET holder = excluded.holder, until = excluded.until"
            " WHERE lease.holder = excluded.holder OR lease.until <= ? RETURNING 1",
            (name, holder, until, now),
        )
        return bool(found)
