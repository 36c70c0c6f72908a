"""Tracks for the upright pieces of wires in the channel between two columns.

Pieces that begin or end at the same side of the same node share a track as a trunk. Tracks are ordered so that
few wires cross and none runs along another.
"""

from dataclasses import dataclass, field

TRACK_WIDTH = 12
CHANNEL_WIDTH = 50
_NEAR = 8
_OVERLAP_COST = 50
_PASSES_MAX = 40


@dataclass(slots=True, eq=False)
class Piece:
    """The upright part of one wire in a channel, by the heights where it meets its level parts on either side."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    trunks: tuple[tuple[str, int], ...]
    """The sides of nodes it could share with others, as (side, number of the node)."""
    track: int = 0


@dataclass(slots=True, eq=False)
class _Net:
    pieces: list[Piece] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    low: int = 0
    high: int = 0
    track: int = 0


def set_tracks(pieces: list[Piece]) -> int:
    """Set the track of every piece of one channel and return how many tracks there are."""
    nets = _nets(pieces)
    _sort(nets)
    for place, net in enumerate(nets):
        before = [other.track for other in nets[:place] if _meet(other, net)]
        net.track = max(before, default=-1) + 1
    for net in nets:
        for piece in net.pieces:
            piece.track = net.track
    return max((net.track for net in nets), default=-1) + 1


def _nets(pieces: list[Piece]) -> list[_Net]:
    users: dict[tuple[str, int], int] = {}
    for piece in pieces:
        for trunk in piece.trunks:
            users[trunk] = users.get(trunk, 0) + 1
    nets: dict[tuple[str, int], _Net] = {}
    for number, piece in enumerate(pieces):
        shared = [trunk for trunk in piece.trunks if users[trunk] > 1]
        net = nets.setdefault(shared[0] if shared else ("alone", number), _Net())
        net.pieces.append(piece)
        net.left.extend(piece.left)
        net.right.extend(piece.right)
    for net in nets.values():
        net.low, net.high = min(net.left + net.right), max(net.left + net.right)
    return sorted(nets.values(), key=lambda net: (net.low, net.high))


def _sort(nets: list[_Net]) -> None:
    for _ in range(_PASSES_MAX):
        changed = False
        for place in range(len(nets) - 1):
            a, b = nets[place], nets[place + 1]
            if _price(b, a) < _price(a, b):
                nets[place], nets[place + 1] = b, a
                changed = True
        if not changed:
            return


def _price(a: _Net, b: _Net) -> int:
    """Return what it costs to have `a` left of `b`: crossings, and dearly, wires along each other."""
    price = sum(b.low < y < b.high for y in a.right) + sum(a.low < y < a.high for y in b.left)
    return price + _OVERLAP_COST * sum(abs(y - z) < _NEAR for y in a.right for z in b.left)


def _meet(a: _Net, b: _Net) -> bool:
    return a.low - _NEAR < b.high and b.low - _NEAR < a.high
