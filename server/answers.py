"""The answers of writes with an idempotency key, kept in the store beside their effects."""

from flowmaster.engine.values import Json
from flowmaster.runtime.runtime import Runtime
from flowmaster.tools.app import Once, StoredAnswer
from flowmaster.tools.json_text import read_json, write_json


class StoredAnswers:
    """Finds and keeps answers by tenant and key."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def find(self, tenant: str, key: str) -> StoredAnswer | None:
        """Return what is known of the key, or None for a key never used."""
        row = self._runtime.reader.find_once(tenant, key)
        if row is None:
            return None
        operation, request_hash = row.digest.split(" ", 1)
        answer = None if row.answer is None else write_json(row.answer)
        return StoredAnswer(Once(key, operation, request_hash), answer, row.subject)

    async def remember(self, tenant: str, once: Once, answer: bytes) -> None:
        """Keep the answer of an effect that is committed."""
        value: Json = read_json(answer)
        await self._runtime.write(
            lambda transaction: transaction.remember(tenant, once.key, value), lasting=False
        )
