"""One erasure under way: instances first, then whatever else holds the texts, piece by piece."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from flowmaster.engine.errors import Hint
from flowmaster.engine.values import Json
from flowmaster.runtime.erasure import (
    OPEN,
    PIECE,
    TRACES_PIECE,
    Blanking,
    Cleaned,
    Piece,
    Wanted,
    begin,
    clean_piece,
    erase_piece,
    hashed,
    note,
    salt_of,
)
from flowmaster.stores import traces
from flowmaster.stores.files import FAULTS, blank_in_file
from flowmaster.stores.protocol import Transaction
from flowmaster.tools.erasure_models import SHOWN_MAX, DataErase, DataErased, PlaceView, StayView
from flowmaster.tools.models import follow_up
from flowmaster.tools.naming import instant_of
from flowmaster.tools.registry import Call
from flowmaster.tools.requests import request_of

OF_INSTANCES: Final = ("instance", "part", "wait", "journal", "outbox")
"""The kinds of places that belong to instances."""

STAYS_SHOWN: Final = 50

T = TypeVar("T")


class Erasing:
    """Carries out what a call asks for, and keeps count."""

    def __init__(self, call: Call, arguments: DataErase) -> None:
        self._call, self._arguments = call, arguments
        self._request = request_of(call, "data_erase", arguments.reason)._replace(once=None)
        self._tenant = call.caller.tenant
        self._before = instant_of(arguments.ended_before, "ended_before") or 0
        self._erasure = ""
        self._instances: set[str] = set()
        self._entries = self._documents = 0
        self._places: Counter[str] = Counter()
        self._stays: dict[tuple[str, str], Counter[str]] = {}

    def begin(self, transaction: Transaction) -> str:
        """Put on record what was asked for: of texts, digests alone."""
        left_aside = {"dry_run", "idempotency_key", "reason", "values"}
        told: dict[str, Json] = self._arguments.model_dump(exclude=left_aside, exclude_defaults=True)
        if self._arguments.values:
            told["values"] = hashed(self._arguments.values, salt_of(transaction, self._tenant))
        return begin(transaction, self._request, self._call.app.runtime.clock.now(transaction), told)

    async def run(self, erasure: str) -> DataErased:
        """Erase, and return what was erased and what stays."""
        self._erasure = erasure
        asked = self._arguments
        wanted = Wanted(asked.what, tuple(asked.names), asked.running)
        await self._erase_all(list(dict.fromkeys(asked.instances)), wanted)
        if asked.process:
            await self._erase_ended(wanted)
        await self._erase_documents()
        if asked.values and asked.whole:
            await self._erase_all(await self._holding(), wanted)
        if asked.values:
            await self._clean()
        lines = await asyncio.to_thread(self._erase_logs) if asked.values else 0
        if not asked.dry_run:
            await self._call.app.runtime.list_erasures()
        return self._answer(lines)

    def _erase_logs(self) -> int:
        """Blank the texts in the logs of the data folder; return in how many places."""
        app, texts, look = self._call.app, self._arguments.values, self._arguments.dry_run
        lines = 0 if app.calls is None else app.calls.erase(texts, only_look=look)
        return lines + blank_in_file(Path(app.settings.data) / FAULTS, texts, only_look=look)

    async def _erase_all(self, instances: Sequence[str], wanted: Wanted) -> None:
        for first in range(0, len(instances), PIECE):
            piece = instances[first : first + PIECE]
            await self._erase_some(piece, wanted)
            await self._call.client.tell_progress(first + len(piece), len(instances), "instances erased")

    async def _erase_ended(self, wanted: Wanted) -> None:
        """Erase ended instances of a process, so many at a time, until none is left that may go."""
        # Instances that lost values only under some names are not marked as erased; they are walked through in order.
        what = wanted.what if not wanted.names else traces.EVERYTHING
        goes = wanted.what == traces.EVERYTHING and not self._arguments.dry_run
        last, reader = "", self._call.app.runtime.store.reader()
        counts = reader.count_instances(self._tenant, self._arguments.process)
        total, done = sum(each.instances for each in counts if each.status not in OPEN), 0
        while True:
            due = reader.due_instances(
                self._tenant,
                self._arguments.process,
                before=self._before - 1,
                what=what,
                limit=PIECE,
                after=last,
            )
            if not due:
                return
            piece = await self._erase_some(due, wanted)
            done += len(due)
            gone = {one.instance for one in piece.done} if goes else set[str]()
            last = next((one for one in reversed(due) if one not in gone), last)
            await self._call.client.tell_progress(done, max(done, total), "instances erased")

    async def _erase_some(self, instances: Sequence[str], wanted: Wanted) -> Piece:
        piece = await self._write(
            lambda transaction, at: erase_piece(
                transaction, self._request, instances, wanted, erasure=self._erasure, at=at
            )
        )
        self._instances.update(one.instance for one in piece.done)
        self._entries += sum(one.entries for one in piece.done)
        for kept in piece.kept:
            self._stay("instance", kept.why, kept.instance)
        return piece

    async def _holding(self) -> list[str]:
        """Return the instances in which a text stands."""
        found: dict[str, None] = {}
        async for _, places in places_of(self._call, self._arguments.values, OF_INSTANCES):
            found.update(dict.fromkeys(each.shown for each in places))
        reader = self._call.app.runtime.reader
        return [each for each in found if reader.load(self._tenant, each) is not None]

    async def _clean(self) -> None:
        asked = self._arguments
        how = Blanking(tuple(asked.values), asked.models, asked.running)
        async for kind, places in places_of(self._call, asked.values, traces.KINDS):
            for first in range(0, len(places), TRACES_PIECE):
                await self._clean_some(kind, places[first : first + TRACES_PIECE], how)

    async def _clean_some(self, kind: str, places: Sequence[traces.Trace], how: Blanking) -> None:
        def work(transaction: Transaction, at: int) -> Cleaned:
            return clean_piece(transaction, self._request, places, how, erasure=self._erasure, at=at)

        cleaned = await self._write(work)
        if cleaned.erased:
            self._places[kind] += cleaned.erased
        for stay in cleaned.stays:
            self._stay(stay.kind, stay.why, stay.shown)

    async def _erase_documents(self) -> None:
        def work(transaction: Transaction, at: int) -> list[str]:
            gone = [
                each for each in self._arguments.documents if transaction.erase_document(self._tenant, each)
            ]
            if gone:
                kept = hashed(gone, salt_of(transaction, self._tenant))
                told: dict[str, Json] = {"salt": kept["salt"], "documents": kept["texts"]}
                note(transaction, self._request, self._erasure, at, told)
            return gone

        if self._arguments.documents:
            gone = await self._write(work)
            self._documents = len(gone)
            for each in self._arguments.documents:
                if each not in gone:
                    self._stay("document", "There is no such document.", each)

    async def _write(self, work: Callable[[Transaction, int], T]) -> T:
        runtime = self._call.app.runtime
        return await runtime.write(
            lambda transaction: work(transaction, runtime.clock.now(transaction)),
            dry_run=self._arguments.dry_run,
        )

    def _stay(self, kind: str, why: str, shown: str) -> None:
        self._stays.setdefault((kind, why), Counter())[shown] += 1

    def _answer(self, lines: int) -> DataErased:
        stays = [
            StayView(
                what=kind, why=why, named=[name for name in names if name][:SHOWN_MAX], places=names.total()
            )
            for (kind, why), names in self._stays.items()
        ]
        scrub = Hint("data_scrub", {}, "Clear free pages; then `data_find` proves that nothing is left.")
        return DataErased(
            erasure=self._erasure,
            instances=len(self._instances),
            entries=self._entries,
            items=[PlaceView(kind=kind, places=count) for kind, count in self._places.items()],
            documents=self._documents,
            log_lines=lines,
            stays=stays[:STAYS_SHOWN],
            next=[] if self._arguments.dry_run else [follow_up(scrub)],
        )


async def places_of(
    call: Call, texts: Sequence[str], kinds: Sequence[str]
) -> AsyncIterator[tuple[str, list[traces.Trace]]]:
    """Yield the places that hold a text, part by part, without keeping others waiting."""
    reader = call.app.runtime.store.reader()
    for number, kind in enumerate(kinds, 1):
        after: tuple[Json, ...] | None = None
        while True:
            page = await asyncio.to_thread(reader.find_traces, call.caller.tenant, texts, kind, after=after)
            if page.items:
                yield kind, page.items
            after = page.after
            if after is None:
                break
        await call.client.tell_progress(number, len(kinds), "kinds of places searched")
