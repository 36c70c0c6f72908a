"""What was erased since a backup was made is erased in what is restored from it: nothing comes back in silence."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from flowmaster.engine.values import Json
from flowmaster.runtime.desk import Request
from flowmaster.runtime.erasure import PIECE, SYSTEM, TRACES_PIECE, Blanking, begin, note, salted
from flowmaster.stores import traces
from flowmaster.stores.erasure_list import Listed, entries_of
from flowmaster.stores.protocol import Store
from flowmaster.stores.rows import DocumentFilter

OPERATION: Final = "restore"
Progress = Callable[[int, int], None]


class Reapplied(NamedTuple):
    """What was erased again: entries of the list, instances, places that held erased texts, documents."""

    entries: int
    instances: int
    places: int
    documents: int


def missing(store: Store, listed: Iterable[Listed]) -> list[Listed]:
    """Return the entries of a list that a store does not have on record."""
    reader = store.reader()
    known = {
        (entry.tenant, entry.erasure, entry.number)
        for tenant in reader.tenants()
        for entry in entries_of(reader, tenant)
    }
    wanted = {(entry.tenant, entry.erasure, entry.number): entry for entry in listed}
    return [entry for place, entry in sorted(wanted.items()) if place not in known]


def reapply(store: Store, lost: Sequence[Listed], texts: Iterable[str], progress: Progress) -> Reapplied:
    """Erase again what the entries say, in a store that nobody works on; `texts` are all that it holds."""
    instances = places = documents = 0
    found = _meant(lost, texts)
    for number, entry in enumerate(lost, 1):
        again = _Again(store, entry)
        instances += again.instances()
        documents += again.documents()
        places += again.places(found.get((entry.tenant, entry.erasure, entry.number), set()))
        progress(number, len(lost))
    return Reapplied(len(lost), instances, places, documents)


class _Again:
    """One entry of the list, done again and put on record."""

    def __init__(self, store: Store, entry: Listed) -> None:
        self._store, self._entry, self._tenant = store, entry, entry.tenant
        reason = f"{entry.erasure} was made after the backup"
        self._request = Request(entry.tenant, SYSTEM, OPERATION, reason)
        told: dict[str, Json] = {"again": entry.erasure, "number": entry.number, **entry.data}
        with store.transaction() as transaction:
            last = int(entry.erasure.rpartition(":")[2])
            while transaction.counter(self._tenant, "erasure") < last:
                transaction.next_number(self._tenant, "erasure")
            self._erasure = begin(transaction, self._request, entry.at, told)
            note(transaction, self._request, self._erasure, entry.at, told)

    def instances(self) -> int:
        """Erase the instances, whatever state the backup has them in."""
        data, done = self._entry.data, 0
        ids = [str(one[0]) for one in data.get("instances", ()) if isinstance(one, list)]
        names = [str(name) for name in data.get("names", ())] or None
        for first in range(0, len(ids), PIECE):
            piece = ids[first : first + PIECE]
            with self._store.transaction() as transaction:
                if data["what"] == traces.EVERYTHING:
                    gone = transaction.remove_instances(
                        self._tenant, piece, at=self._entry.at, erasure=self._erasure
                    )
                else:
                    gone = transaction.erase_instances(
                        self._tenant, piece, names=names, at=self._entry.at, erasure=self._erasure
                    )
            done += len(gone)
        return done

    def documents(self) -> int:
        """Delete the documents whose ids have the digests that were noted."""
        kept = self._entry.data.get("documents")
        if not isinstance(kept, list) or "salt" not in self._entry.data:
            return 0
        salt, digests = str(self._entry.data["salt"]), {str(each[1]) for each in kept}
        meant = [each for each in self._document_ids() if salted(salt, each) in digests]
        with self._store.transaction() as transaction:
            return sum(transaction.erase_document(self._tenant, each) for each in meant)

    def _document_ids(self) -> Iterator[str]:
        which = DocumentFilter(limit=1_000)
        while True:
            page = self._store.reader().find_documents(self._tenant, which)
            yield from (row.document for row in page.items)
            if page.next_cursor is None:
                return
            which = which._replace(cursor=page.next_cursor)

    def places(self, texts: set[str]) -> int:
        """Blank whatever holds one of the texts."""
        done = 0
        how = Blanking(tuple(sorted(texts)), bool(self._entry.data.get("models")), running=True)
        for kind in traces.KINDS if texts else ():
            after: tuple[Json, ...] | None = None
            while True:
                page = self._store.reader().find_traces(self._tenant, how.texts, kind, after=after)
                for first in range(0, len(page.items), TRACES_PIECE):
                    with self._store.transaction() as transaction:
                        done += sum(
                            transaction.erase_trace(self._tenant, each, how.texts, models=how.models).erased
                            for each in page.items[first : first + TRACES_PIECE]
                        )
                after = page.after
                if after is None:
                    break
        return done


Place = tuple[str, str, int]


def _meant(lost: Sequence[Listed], texts: Iterable[str]) -> dict[Place, set[str]]:
    """Return the texts that the digests of erased texts mean, found among all that a store holds.

    Looked at is every part of a text that begins where a word does, and is as long as an erased one was.
    """
    wanted: dict[tuple[str, int], dict[str, Place]] = {}
    for entry in lost:
        kept = entry.data.get("values")
        if isinstance(kept, dict):
            for length, digest in kept["texts"]:
                place = (entry.tenant, entry.erasure, entry.number)
                wanted.setdefault((str(kept["salt"]), int(length)), {})[digest] = place
    found: dict[Place, set[str]] = {}
    seen: set[str] = set()
    for text in texts if wanted else ():
        folded = text.casefold()
        for (salt, length), digests in wanted.items():
            for part in _parts(folded, length):
                if f"{salt}{part}" in seen:
                    continue
                if len(seen) < SEEN_MAX:
                    seen.add(f"{salt}{part}")
                meant = digests.get(salted(salt, part))
                if meant is not None:
                    found.setdefault(meant, set()).add(part)
    return found


SEEN_MAX: Final = 2_000_000
"""Parts of texts that are remembered, so that what recurs is looked at once."""


def _parts(text: str, length: int) -> Iterator[str]:
    for start in range(len(text) - length + 1):
        if start == 0 or not text[start - 1].isalnum():
            yield text[start : start + length]
