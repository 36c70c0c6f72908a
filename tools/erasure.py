"""Operations on personal data: find them everywhere, erase them, prove that they are gone."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.runtime.erasure import salted
from flowmaster.stores import traces
from flowmaster.stores.erasing import Holding
from flowmaster.stores.files import files_holding
from flowmaster.stores.protocol import Transaction
from flowmaster.stores.rows import AuditEntry, AuditFilter
from flowmaster.tools.erasing import Erasing, places_of
from flowmaster.tools.erasure_models import (
    SHOWN_MAX,
    DataErase,
    DataErased,
    DataFind,
    DataFound,
    DataScrub,
    DataScrubbed,
    ErasureRead,
    ErasureView,
    FileView,
    PlaceView,
)
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import request_of, store_once

MEMORY: Final = ":memory:"

_IN_STORE: Final = "Nothing found means that no row of the store holds the text"
_IN_FILES: Final = (
    f"{_IN_STORE}, and no byte of a file in the data folder does as plain text. Backups, exports, compressed contents"
    " of documents, and what other systems keep are not looked at."
)
_IN_DATABASE: Final = (
    f"{_IN_STORE} that any reader of the database sees, and no file of this server's data folder does. Free space of"
    " the database, its write-ahead log with archives, standbys and backups are not looked at."
)


@operation(right="data.find", read_only=True, lasting="may")
async def data_find(call: Call, arguments: DataFind) -> DataFound:
    """Look for personal data in everything that is kept: instances, history, answers, documents, names, files.

    An empty answer is the proof that an erasure was complete; run `data_scrub` before it, which clears free pages.
    """
    counts: Counter[str] = Counter()
    named: dict[str, dict[str, None]] = {}
    async for kind, places in places_of(call, arguments.values, traces.KINDS):
        counts[kind] += len(places)
        named.setdefault(kind, {}).update(dict.fromkeys(each.shown for each in places if each.shown))
    folder = call.app.settings.data
    held = []
    if arguments.files and folder != MEMORY:
        held = await asyncio.to_thread(files_holding, Path(folder), arguments.values)
    return DataFound(
        found=bool(counts or held),
        items=[
            PlaceView(kind=kind, places=count, named=list(named.get(kind, {}))[:SHOWN_MAX])
            for kind, count in counts.items()
        ],
        files=[FileView(file=each.file, times=each.times) for each in held],
        proves=_IN_DATABASE if call.app.settings.store else _IN_FILES if arguments.files else f"{_IN_STORE}.",
    )


async def _erased_again(call: Call, arguments: DataErase, subject: str) -> DataErased:
    """Finish an erasure whose answer was lost: what is erased already is not found again."""
    return await Erasing(call, arguments).run(subject)


def _losses(call: Call, arguments: DataErase, tried: DataErased) -> str:
    places = sum(item.places for item in tried.items)
    if not (tried.instances or places or tried.documents or tried.log_lines):
        return ""
    what = "all there is" if arguments.what == traces.EVERYTHING else "values"
    parts = [f"{what} of {tried.instances} instances"] if tried.instances else []
    parts += [f"{places} other places"] if places else []
    parts += [f"{tried.documents} documents"] if tried.documents else []
    parts += [f"names in {tried.log_lines} lines of the call log"] if tried.log_lines else []
    return f"Erase {', '.join(parts)}? They do not come back."


@operation(right="data.erase", destructive=True, destroys=_losses, recover=_erased_again, lasting="may")
async def data_erase(call: Call, arguments: DataErase) -> DataErased:
    """Erase personal data for good, with a receipt: a person's texts everywhere, or values of instances, or all of them.

    Values become null and texts `[erased]`; figures, times, and who did what stay, and every audit chain still
    verifies. Running instances stay unless `running`; legal holds always do. Then call `data_scrub` and `data_find`.
    """
    _check(arguments)
    erasing = Erasing(call, arguments)
    runtime = call.app.runtime

    def begun(transaction: Transaction) -> str:
        erasure = erasing.begin(transaction)
        store_once(transaction, call, subject=erasure)
        return erasure

    erasure = await runtime.write(begun, dry_run=arguments.dry_run)
    return await erasing.run(erasure)


def _check(arguments: DataErase) -> None:
    """Refuse a call that does not say what it means, or would put what it erases on record again."""
    if not (arguments.values or arguments.instances or arguments.process or arguments.documents):
        raise FlowMasterError(
            "arguments.invalid",
            "The call does not say what to erase.",
            path="values",
            expected=["values", "instances", "process", "documents"],
            fix="Give texts that stand for a person, or say which instances or documents.",
        )
    if bool(arguments.process) != bool(arguments.ended_before):
        raise FlowMasterError(
            "arguments.invalid",
            "`process` and `ended_before` say together which ended instances are meant.",
            path="ended_before" if arguments.process else "process",
            fix="Give both; for all that has ended, give the present instant.",
        )
    if arguments.names and arguments.what == traces.EVERYTHING:
        raise FlowMasterError(
            "arguments.invalid",
            "`names` are those of values; with `everything` nothing stays whatever its name.",
            path="names",
            fix="Leave `names` out, or erase `values`.",
        )
    held = Holding(arguments.values)
    for field, text in (("reason", arguments.reason), ("idempotency_key", arguments.idempotency_key)):
        if arguments.values and text and held.holds(text):
            raise FlowMasterError(
                "erasure.would_record",
                f"`{field}` holds what is to be erased, and would keep it.",
                path=field,
                fix="Say it without the person's data, such as the number of the request.",
            )


@operation(right="data.erase", lasting="may")
async def data_scrub(call: Call, arguments: DataScrub) -> DataScrubbed:
    """Clear what the store's files keep of erased rows: free pages and the write-ahead log; others wait to write.

    A dry run says how large the store is. About a second for each 100 MB.
    """
    runtime = call.app.runtime
    request = request_of(call, "data_scrub", arguments.reason)

    def noted(transaction: Transaction) -> None:
        at = runtime.clock.now(transaction)
        told = {"by": request.by, "agent": request.agent, "operation": request.operation}
        transaction.journal(request.tenant, "scrub", at=at, reason=request.reason, data=None, **told)
        store_once(transaction, call, subject="the store")

    await runtime.write(noted, dry_run=arguments.dry_run)
    done = await asyncio.to_thread(runtime.store.scrub, only_look=arguments.dry_run)
    return DataScrubbed(
        before_bytes=done.before, after_bytes=done.after, complete=done.complete, proves=done.proves
    )


@operation(right="data.find", read_only=True)
async def erasure_read(call: Call, arguments: ErasureRead) -> ErasureView:
    """Read the receipt of an erasure: what went, when, by whom, on which ground, and whether the record is whole."""
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    entries = list(_entries(call, arguments.erasure))
    if not entries:
        raise FlowMasterError(
            "erasure.unknown",
            f"There is no erasure {arguments.erasure!r}.",
            path="erasure",
            fix="Call `audit_find` with the operation `data_erase` or `retention` to see the erasures.",
            next=[Hint("audit_find", {"operation": "data_erase"}, "List the erasures.")],
            status=404,
        )
    first, *pieces = entries
    asked = dict(first.data) if isinstance(first.data, Mapping) else {}
    of_instances = [one for piece in pieces for one in _list(piece, "instances")]
    places: Counter[str] = Counter()
    for piece in pieces:
        if isinstance(piece.data, Mapping) and "kind" in piece.data:
            places[str(piece.data["kind"])] += int(str(piece.data["places"]))
    return ErasureView(
        erasure=arguments.erasure,
        at=iso(first.at),
        by=first.by,
        reason=first.reason,
        asked=asked,
        pieces=len(pieces),
        instances=len({str(one[0]) for one in of_instances}),
        entries=sum(int(one[1]) for one in of_instances),
        places=dict(places),
        documents=sum(len(_list(piece, "documents")) for piece in pieces),
        about_value=_is_about(asked, arguments.value) if arguments.value else None,
        whole=reader.verify(tenant, arguments.erasure).broken is None,
    )


def _entries(call: Call, erasure: str) -> Iterator[AuditEntry]:
    """Return the entries of a receipt, oldest first."""
    which, found = AuditFilter(scope=erasure, limit=1_000), []
    while True:
        page = call.app.runtime.reader.audit(call.caller.tenant, which)
        found += page.items
        if page.next_cursor is None:
            return reversed(found)
        which = which._replace(cursor=page.next_cursor)


def _list(entry: AuditEntry, name: str) -> list[Any]:
    found = entry.data.get(name) if isinstance(entry.data, Mapping) else None
    return list(found) if isinstance(found, Iterable) and not isinstance(found, str) else []


def _is_about(asked: Mapping[str, Json], value: str) -> bool:
    kept = asked.get("values")
    if not isinstance(kept, Mapping):
        return False
    digest, digests = salted(str(kept["salt"]), value), kept["texts"]
    assert isinstance(digests, list)
    return any(isinstance(each, list) and each[1] == digest for each in digests)


OPERATIONS = (data_find, data_erase, data_scrub, erasure_read)
