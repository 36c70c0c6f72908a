"""The state of a wide instance in rows of its own, so that a step writes only the parts that it touched.

A part with a number from 0 is a page of nodes, those whose keys lie next to each other; one below 0 is a piece of
the results that a multi-instance activity collects.
"""

from typing import Final

from flowmaster.engine.state import State
from flowmaster.stores import codec
from flowmaster.stores.rows import NARROW_NODES, WIDE_NODES
from flowmaster.stores.sql.database import Reads
from flowmaster.stores.sql.part import Part

_NODES: Final = 16
_RESULTS: Final = 64
_PIECES: Final = 1 << 20
"""Pieces of results that the numbers of one node's parts have room for."""

_PUT = (
    "INSERT INTO part (instance, id, body) VALUES (?, ?, ?)"
    " ON CONFLICT (instance, id) DO UPDATE SET body = excluded.body"
)


def is_wide(state: State, *, before: bool) -> bool:
    """Return whether a state is stored in parts, given whether it was before."""
    return len(state.nodes) >= (NARROW_NODES if before else WIDE_NODES)


class PartReader(Part):
    """The reads of parts."""

    def _read_parts(self, db: Reads, instance: int, state: State) -> None:
        """Fill a state with its nodes and what they have collected."""
        pieces: list[tuple[int, str]] = []
        for number, body in db.all("SELECT id, body FROM part WHERE instance = ? ORDER BY id", (instance,)):
            if number < 0:
                pieces.append((number, body))
            else:
                codec.decode_nodes(body, state)
        for number, body in pieces:
            key, piece = divmod(-1 - number, _PIECES)
            codec.decode_results(body, state, key, piece * _RESULTS)


class PartWriter(PartReader):
    """The writes of parts."""

    def _write_parts(self, instance: int, state: State, *, all_of_it: bool) -> None:
        """Bring the parts of an instance to what its state says, where it has changed or everywhere."""
        changed, nodes = state.changed, state.nodes
        for page in {key // _NODES for key in (nodes if all_of_it else changed.nodes)}:
            first = page * _NODES
            held = [nodes[key] for key in range(first, first + _NODES) if key in nodes]
            if held:
                self._db.write(instance, _PUT, (instance, page, codec.encode_nodes(held).decode()))
            else:
                self._db.write(instance, "DELETE FROM part WHERE instance = ? AND id = ?", (instance, page))
        for key in changed.dropped:
            last = -1 - key * _PIECES
            self._db.write(
                instance,
                "DELETE FROM part WHERE instance = ? AND id > ? AND id <= ?",
                (instance, last - _PIECES, last),
            )
        places = _all_places(state) if all_of_it else changed.results
        for key, piece in {(key, place // _RESULTS) for key, place in places}:
            node = nodes.get(key)
            if node is not None and node.turns is not None and node.turns.results is not None:
                part = node.turns.results[piece * _RESULTS : (piece + 1) * _RESULTS]
                self._db.write(
                    instance, _PUT, (instance, -1 - (key * _PIECES + piece), codec.dump(part).decode())
                )

    def _drop_parts(self, instance: int) -> None:
        """Delete all parts of an instance."""
        self._db.write(instance, "DELETE FROM part WHERE instance = ?", (instance,))


def _all_places(state: State) -> set[tuple[int, int]]:
    """Return where something was collected; pieces without anything are not stored."""
    return {
        (node.key, place)
        for node in state.nodes.values()
        if node.turns is not None and node.turns.results is not None
        for place, value in enumerate(node.turns.results)
        if value is not None
    }
