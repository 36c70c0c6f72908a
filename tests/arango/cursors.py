"""Queries of the double: only texts that stand in its registry, answered in batches."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tests.arango.request import Request, Told, told
from tests.arango.world import Document, Refused

_STRING = re.compile(r'"[^"]*"')
_BOUND = re.compile(r"@(@?\w+)")


class Answer(NamedTuple):
    """What a query brings, and how many documents it changed."""

    rows: list[Any]
    changed: int = 0


Query = Callable[[Request, Mapping[str, Any]], Answer]


class Cursor:
    """Rows that are fetched batch by batch; the last batch can be had again where that was asked for."""

    def __init__(self, rows: list[Any], size: int, extra: Document, *, count: bool, retry: bool) -> None:
        self.rows, self.size, self.extra, self.retry = rows, size, extra, retry
        self.count = len(rows) if count else None
        self.number, self.last = 1, 0

    def batch(self, cursor: str, number: int) -> Document:
        """Return the answer with a batch."""
        rows = self.rows[(number - 1) * self.size : number * self.size]
        more = number * self.size < len(self.rows)
        answer = {"error": False, "hasMore": more, "cached": False, "result": rows, "extra": self.extra}
        if self.count is not None:
            answer["count"] = self.count
        if more:
            answer |= {"id": cursor, "nextBatchId": str(number + 1)}
        elif number > 1 or self.retry:
            answer["id"] = cursor
        return answer


def cursor(request: Request, parts: list[str], registry: Mapping[str, Query], unknown: list[str]) -> Told:
    """Answer `/_api/cursor/...`."""
    cursors = request.world.cursors
    if not parts:
        return _begun(request, registry, unknown)
    found: Cursor | None = cursors.get(parts[0])
    if found is None:
        raise Refused(404, 1600, "cursor not found")
    if request.method == "DELETE":
        del cursors[parts[0]]
        return told(202, {"error": False, "code": 202, "id": parts[0]})
    wanted = int(parts[1]) if len(parts) > 1 else found.number + 1
    if wanted != found.number + 1 and not (found.retry and wanted == found.number):
        raise Refused(400, 400, "batch id is not the current or next one")
    found.number = wanted
    answer = found.batch(parts[0], wanted)
    if not answer["hasMore"] and not found.retry:
        del cursors[parts[0]]
    return told(200, answer | {"code": 200})


def _begun(request: Request, registry: Mapping[str, Query], unknown: list[str]) -> Told:
    text, bound = request.given("query"), request.given("bindVars") or {}
    query = registry.get(text)
    if query is None:
        unknown.append(str(text))
        raise Refused(501, 501, "the double knows no such query")
    names = set(_BOUND.findall(_STRING.sub("", text)))
    if names - set(bound):
        raise Refused(
            400, 1551, f"no value specified for declared bind parameter {min(names - set(bound))!r}"
        )
    if set(bound) - names:
        raise Refused(400, 1552, f"bind parameter {min(set(bound) - names)!r} was not declared in the query")
    begun = time.perf_counter()
    answer = query(request, bound)
    stats = {
        "writesExecuted": answer.changed,
        "writesIgnored": 0,
        "scannedFull": 0,
        "scannedIndex": 0,
        "filtered": 0,
        "httpRequests": 0,
        "executionTime": time.perf_counter() - begun,
    }
    options = request.given("options") or {}
    made = Cursor(
        answer.rows,
        int(request.given("batchSize") or 1_000),
        {"warnings": [], "stats": stats},
        count=bool(request.given("count")),
        retry=bool(options.get("allowRetry")),
    )
    number = str(request.world.number())
    first = made.batch(number, 1)
    if first["hasMore"] or made.retry:
        request.world.cursors[number] = made
    return told(201, first | {"code": 201})
