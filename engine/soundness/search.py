"""Plays the token game of a net in every order and with every choice, as far as a limit allows.

One move takes one standing token on until all tokens rest again, in the order in which the engine moves them: tokens
under way go step by step side by side, and patient joins decide when all of them rest.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from flowmaster.engine.soundness.net import Act, Acts, Edge, Join, Net, Node, Split, reach

MOVES_MAX = 12_000
"""How many moves of tokens are looked at in one process; more would make the check of a model too slow."""
MOVES_AT_ONCE_MAX = 2_000
"""How many moves may follow one thing that happens before all tokens rest again."""
CHOICES_MAX = 6
"""Among how many conditions every combination is tried where several may hold at once."""
CROWD = 2
"""How many tokens may be at one place before a run is followed no further."""
UNDER_WAY_MAX = 12
"""How many tokens more than one fork makes may be under way at once before a run is followed no further."""

Standing = tuple[tuple[int, int], ...]
Arrivals = tuple[tuple[int, tuple[tuple[int, int], ...]], ...]


class Rest(NamedTuple):
    """Where all tokens rest: at steps, each with the events beside it that happened, and at joins."""

    standing: Standing
    arrivals: Arrivals


OVER = Rest((), ())
"""The scope has ended."""
LEFT = Rest(((-1, 0),), ())
"""Something thrown has ended the scope from inside."""


@dataclass(slots=True)
class Budget:
    """The moves that may still be looked at."""

    left: int

    def spend(self) -> bool:
        """Take one move; return whether there was one."""
        self.left -= 1
        return self.left >= 0


@dataclass(slots=True)
class Run:
    """How a rest was come to first, and where it leads."""

    before: Rest | None
    acts: Acts
    after: list[Rest] = field(default_factory=list)
    lost: bool = False


class Moment(NamedTuple):
    """Something noteworthy at the end of `acts` after a rest: at `element`, beside tokens at `others`."""

    rest: Rest | None
    acts: Acts
    elements: frozenset[str]
    others: tuple[Node, ...] = ()


@dataclass(slots=True)
class Found:
    """All that a search found.

    `whole` is false where some runs were not followed to their end, so that only what was seen is certain; `decided`
    is false where that was for want of moves.
    """

    net: Net
    runs: dict[Rest, Run]
    entered: set[str]
    doubled: dict[Node, Moment] = field(default_factory=dict)
    cut_off: Moment | None = None
    whole: bool = True
    decided: bool = True

    def trace(self, rest: Rest | None, more: Acts = ()) -> Acts:
        """Return what happens from the beginning to a rest, and then."""
        parts = [more]
        at = rest
        while at is not None:
            run = self.runs[at]
            parts.append(run.acts)
            at = run.before
        return sum(reversed(parts), ())

    def nodes(self, places: Rest) -> list[Node]:
        """Return the nodes where tokens rest."""
        return [self.net.nodes[number] for number, _ in (*places.standing, *places.arrivals)]


class _Way(NamedTuple):
    """A move under way: what stands, what waits at joins, the tokens still going, and what happened."""

    standing: Standing
    arrivals: Mapping[int, Mapping[int, int]]
    going: tuple[tuple[Edge, int], ...]
    acts: Acts


def search(net: Net, budget: Budget, begin: Rest | None = None) -> Found:
    """Return what can happen in a net from its beginning or from a rest; states come up in the order of their moves."""
    return _Search(net, budget).run(begin)


class _Search:
    """One search over one net."""

    def __init__(self, net: Net, budget: Budget) -> None:
        self._net = net
        self._budget = budget
        self._number = {node: number for number, node in enumerate(net.nodes)}
        self._own = reach([net.start], beside=False)
        self._sources: dict[Edge, frozenset[int]] = {}
        self._found = Found(net, {}, set())
        self._from: Rest | None = None
        self._circles = _has_circle(net)
        self._going_max = UNDER_WAY_MAX + max(len(node.outs) for node in net.nodes)

    def run(self, begin: Rest | None = None) -> Found:
        """Look at every rest that can be come to."""
        found = self._found
        waiting: deque[Rest] = deque()
        if begin is None:
            self._take(None, self._leave(_Way((), {}, (), ()), self._net.start), waiting)
        else:
            arrivals = {join: dict(counts) for join, counts in begin.arrivals}
            self._take(None, [_Way(begin.standing, arrivals, (), ())], waiting)
        while waiting:
            rest = waiting.popleft()
            if rest == LEFT:
                continue
            if self._is_crowded(rest):
                found.whole, found.runs[rest].lost = False, True
                continue
            for ways in self._moves(rest):
                self._take(rest, ways, waiting)
            if self._budget.left < 0:
                found.whole = found.decided = False
                break
        return found

    def _take(self, rest: Rest | None, ways: list[_Way], waiting: deque[Rest]) -> None:
        """Settle what was begun at a rest, and note where it comes to."""
        self._from = rest
        for after, acts in self._settle(ways):
            if after not in self._found.runs:
                self._found.runs[after] = Run(rest, acts)
                waiting.append(after)
            if rest is not None:
                self._found.runs[rest].after.append(after)

    def _moves(self, rest: Rest) -> Iterator[list[_Way]]:
        """Yield what each standing token can do: end its step, or have an event happen beside it."""
        arrivals = {join: dict(counts) for join, counts in rest.arrivals}
        for place, (number, happened) in enumerate(rest.standing):
            if place and rest.standing[place - 1] == (number, happened):
                continue
            node = self._net.nodes[number]
            others = (*rest.standing[:place], *rest.standing[place + 1 :])
            yield [_Way(others, arrivals, ((edge, edge.hops),), edge.acts) for edge in node.outs]
            for beside, edge in enumerate(node.beside):
                if not happened >> beside & 1:
                    standing = (*others, (number, happened | 1 << beside))
                    yield [_Way(standing, arrivals, ((edge, edge.hops),), edge.acts)]

    def _settle(self, ways: list[_Way]) -> Iterator[tuple[Rest, Acts]]:
        """Yield the rests that tokens under way come to, each with what happened on the way."""
        seen: set[object] = set()
        moves = 0
        waiting = ways[::-1]
        while waiting:
            way = waiting.pop()
            if way.going:
                edge, hops = way.going[0]
                if hops > 1:
                    waiting.append(way._replace(going=(*way.going[1:], (edge, hops - 1))))
                    continue
                key = self._key(way) if self._circles else None
                if key in seen or not self._budget.spend():
                    continue
                moves += 1
                if moves > MOVES_AT_ONCE_MAX:
                    self._found.whole = self._found.decided = False
                    return
                if len(way.going) > self._going_max:
                    self._found.whole = False
                    continue
                if key is not None:
                    seen.add(key)
                waiting += self._arrive(way._replace(going=way.going[1:]), edge)[::-1]
                continue
            join = self._ready(way)
            if join is None:
                yield (LEFT if way.standing == LEFT.standing else self._rest(way)), way.acts
            else:
                self._budget.spend()
                waiting += self._pass_join(way, join)[::-1]

    def _arrive(self, way: _Way, edge: Edge) -> list[_Way]:
        node, found = edge.target, self._found
        found.entered |= edge.passed
        if node is self._net.left:
            return [_Way(LEFT.standing, {}, (), way.acts)]
        if node is self._net.killed:
            if found.cut_off is None and way.standing:
                others = tuple(self._net.nodes[number] for number, _ in way.standing)
                passed = edge.passed | edge.source.inside
                found.cut_off = Moment(self._from, way.acts, passed, others)
            return [_Way((), {}, (), way.acts)]
        number = self._number[node]
        if node.joins:
            return self._wait(way, node, number, node.ins.index(edge))
        if not node.stands:
            return self._leave(way, node)
        found.entered |= node.inside
        if any(other == number for other, _ in way.standing):
            self._note_doubled(way, node)
        return [way._replace(standing=(*way.standing, (number, 0)))]

    def _wait(self, way: _Way, node: Node, number: int, slot: int) -> list[_Way]:
        counts = dict(way.arrivals.get(number, {}))
        counts[slot] = counts.get(slot, 0) + 1
        if counts[slot] > 1:
            self._note_doubled(way, node)
        way = way._replace(arrivals={**way.arrivals, number: counts})
        if node.join is Join.ALL and len(counts) == len(node.ins) and not node.starved:
            return self._pass_join(way, node)
        return [way]

    def _pass_join(self, way: _Way, node: Node) -> list[_Way]:
        """Take one token from every flow that has one, and go on."""
        number = self._number[node]
        counts = {slot: count - 1 for slot, count in way.arrivals[number].items() if count > 1}
        arrivals = {other: held for other, held in way.arrivals.items() if other != number or counts}
        if counts:
            arrivals[number] = counts
        return self._leave(way._replace(arrivals=arrivals), node)

    def _leave(self, way: _Way, node: Node) -> list[_Way]:
        self._found.entered |= node.inside
        if node.split is Split.SOME:
            return [self._go(way, taken, node) for taken in self._some(node)]
        if node.split is Split.ALL:
            return [self._go(way, node.outs)]
        if not node.outs:
            return [way]
        return [self._go(way, [edge]) for edge in node.outs]

    def _go(self, way: _Way, taken: list[Edge], chooser: Node | None = None) -> _Way:
        acts = way.acts
        if chooser is not None:
            acts += (Act("choice", chooser.element, tuple(edge.flow for edge in taken)),)
        for edge in taken:
            acts += edge.acts
        first = tuple((edge, 0) for edge in taken if not edge.hops)
        last = tuple((edge, edge.hops) for edge in taken if edge.hops)
        return way._replace(going=(*first, *way.going, *last), acts=acts)

    def _some(self, node: Node) -> Iterator[list[Edge]]:
        always = [edge for edge in node.outs if edge.always]
        chosen = [edge for edge in node.outs if not edge.always and not edge.default]
        if len(chosen) > CHOICES_MAX:
            self._found.whole = self._found.decided = False
        yielded = False
        for edge in node.outs:
            if edge.default:
                yielded = True
                yield [one for one in node.outs if one.always or one is edge]
        if always and not yielded:
            yield always
        for size in range(1, min(len(chosen), CHOICES_MAX) + 1):
            for some in combinations(chosen, size):
                yield [edge for edge in node.outs if edge.always or edge in some]

    def _ready(self, way: _Way) -> Node | None:
        """Return the patient join that has waited longest of those that need to wait no more."""
        for number, counts in way.arrivals.items():
            node = self._net.nodes[number]
            if node.join is Join.PATIENT and self._is_ready(way, node, number, counts):
                return node
        return None

    def _is_ready(self, way: _Way, node: Node, number: int, counts: Mapping[int, int]) -> bool:
        """Return whether no other token can come to an empty flow; one that can come to a full one does not count."""
        full, empty = set[int](), set[int]()
        for slot, edge in enumerate(node.ins):
            (full if slot in counts else empty).update(self._before(edge))
        tokens = {place for place, _ in way.standing} | set(way.arrivals)
        return not any(place != number and place in empty and place not in full for place in tokens)

    def _before(self, edge: Edge) -> frozenset[int]:
        """Return the nodes from which a flow of a join can be come to without passing the join."""
        if edge not in self._sources:
            found: set[Node] = set()
            waiting = [edge.source]
            while waiting:
                node = waiting.pop()
                if node not in found and node is not edge.target:
                    found.add(node)
                    waiting += [one.source for one in node.ins]
            self._sources[edge] = frozenset(self._number[node] for node in found)
        return self._sources[edge]

    def _note_doubled(self, way: _Way, node: Node) -> None:
        """Note a second token at a place, unless events that may happen again and again lead there alone."""
        if node in self._own and node not in self._found.doubled:
            self._found.doubled[node] = Moment(self._from, way.acts, node.inside)

    def _is_crowded(self, rest: Rest) -> bool:
        places = [number for number, _ in rest.standing]
        return any(places.count(number) > CROWD for number in set(places)) or any(
            count > CROWD for _, counts in rest.arrivals for _, count in counts
        )

    def _key(self, way: _Way) -> object:
        """Return what a move under way is about, to know it again where tokens may pass in circles."""
        return self._rest(way), tuple((id(edge), hops) for edge, hops in way.going)

    def _rest(self, way: _Way) -> Rest:
        """Return a rest in one form: patient joins in the order of their first tokens, all else sorted."""
        patient: list[tuple[int, tuple[tuple[int, int], ...]]] = []
        others: list[tuple[int, tuple[tuple[int, int], ...]]] = []
        for join, counts in way.arrivals.items():
            is_patient = self._net.nodes[join].join is Join.PATIENT
            (patient if is_patient else others).append((join, tuple(sorted(counts.items()))))
        return Rest(tuple(sorted(way.standing)), (*patient, *sorted(others)))


def _has_circle(net: Net) -> bool:
    """Return whether a token may come back to a node without standing anywhere in between."""
    left = {node: sum(not edge.source.stands for edge in node.ins) for node in net.nodes if not node.stands}
    waiting = [node for node, count in left.items() if not count]
    done = 0
    while waiting:
        node = waiting.pop()
        done += 1
        for edge in node.outs:
            if edge.target in left:
                left[edge.target] -= 1
                if not left[edge.target]:
                    waiting.append(edge.target)
    return done < len(left)
