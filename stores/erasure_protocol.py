"""The part of the stores' interface by which personal data are found, erased, and proven to be gone."""

from collections.abc import Collection, Sequence
from typing import Protocol

from flowmaster.engine.values import Json
from flowmaster.stores import traces


class ErasureReads(Protocol):
    """What was erased, what is due to be, and where a text stands."""

    def erased(self, tenant: str, instance: str) -> traces.Erased | None:
        """Return that an instance was erased, None if it was not."""
        ...

    def erased_entries(self, tenant: str, instance: str, *, until: int) -> int:
        """Return how many journal rows of an instance that begin up to an event have lost values."""
        ...

    def due_instances(
        self, tenant: str, process: str, *, before: int, what: str, limit: int, after: str = ""
    ) -> list[str]:
        """Return ended instances of a process that last moved up to an instant and are still to be erased.

        Sandboxes are left out; the oldest come first, behind the instance `after`.
        """
        ...

    def counter(self, tenant: str, name: str) -> int:
        """Return the last number of a counter, 0 if it was never used."""
        ...

    def find_traces(
        self, tenant: str, texts: Sequence[str], kind: str, *, after: tuple[Json, ...] | None = None
    ) -> traces.Traces:
        """Return places of a kind whose rows hold one of the texts, ignoring case.

        Words, and what belongs to the whole installation, are searched whoever asks.
        """
        ...


class ErasureWrites(Protocol):
    """What erases."""

    def erase(self, tenant: str, scope: str, *, names: Collection[str] | None = None) -> int:
        """Blank values in a journal, keeping its chain: those under `names`, or all; return the rows changed."""
        ...

    def erase_instances(
        self, tenant: str, instances: Collection[str], *, names: Collection[str] | None, at: int, erasure: str
    ) -> list[traces.Blanked]:
        """Blank the values of instances, in state, waits, history and stored answers: those under `names`, or all."""
        ...

    def remove_instances(
        self, tenant: str, instances: Collection[str], *, at: int, erasure: str
    ) -> list[traces.Blanked]:
        """Delete instances with all that belongs to them; only that they were there is kept."""
        ...

    def erase_trace(
        self, tenant: str, trace: traces.Trace, texts: Collection[str], *, models: bool
    ) -> traces.Fate:
        """Blank whatever holds one of the texts in a place that `find_traces` told of, or say why it stays."""
        ...

    def erase_document(self, tenant: str, document: str) -> bool:
        """Delete a document with its bytes and all that names it, also its own journal's name; say whether it was there."""
        ...

    def note_erased(self, tenant: str, erased: traces.Erased) -> None:
        """Note that an instance was erased."""
        ...
