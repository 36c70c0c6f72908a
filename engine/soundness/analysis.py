"""Finds what can go wrong in the control flow of a process, each fault with a shortest run that leads to it.

Each scope is judged on its own: a sub-process is a step in the scope around it, which ends if its inside can end and
throws what its inside may throw.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from flowmaster.engine.model import Element, Link, Process
from flowmaster.engine.soundness.building import SCOPES, Inner, Throw, has_tokens, net_of, undecidable
from flowmaster.engine.soundness.correlation import Correlation
from flowmaster.engine.soundness.net import Acts, Net, Node, reach
from flowmaster.engine.soundness.parts import parts, races
from flowmaster.engine.soundness.reduction import reduce_net
from flowmaster.engine.soundness.search import LEFT, MOVES_MAX, OVER, Budget, Found, Rest, search
from flowmaster.engine.soundness.throws import Thrown, catchers, thrown_by

Kind = Literal["deadlock", "doubled", "dead", "endless", "cut_off", "undecided"]
_TERMINATE = "endEvent/terminate"
_THROWN = ("startEvent/error", "startEvent/escalation")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: where it shows, a run that leads there, and the other elements that have a part in it.

    `lacking` are the flows that a join waits for. `free` is false where the conditions on the way may exclude each
    other, so that data may rule the run out. `rescued` is true where an event may still end the scope, and `follows`
    where another fault has this one for a consequence.
    """

    kind: Kind
    scope: str
    element: str
    acts: Acts = ()
    others: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    free: bool = True
    rescued: bool = False
    follows: bool = False


class Verdict(NamedTuple):
    """All faults of a process, and every element that no run comes to."""

    faults: tuple[Fault, ...]
    dead: frozenset[str]


class Marking(NamedTuple):
    """Where the tokens of a scope are: the elements at which they stand, and at joins how many came over which flow."""

    scope: str
    standing: tuple[str, ...]
    arrivals: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]


class _Inside(NamedTuple):
    """What the scope around needs to know: whether the scope can end, whether it takes time, and what it may throw."""

    ends: bool
    rests: bool
    throws: tuple[Thrown, ...]


def judge(process: Process) -> Verdict:
    """Return everything that can go wrong in the control flow of a process."""
    return _Judge(process).verdict()


def stuck_from(process: Process, markings: Iterable[Marking]) -> list[str]:
    """Return the joins at which tokens that stand so may wait in vain, other than those where any run may.

    What is beyond a token game, or would take too many moves, counts as going on well.
    """
    return _Judge(process).stuck_from(markings)


class _Judge:
    """Goes through the scopes of one process, inner ones first."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._moves = MOVES_MAX
        self._correlation = Correlation(process)
        self._faults: list[Fault] = []
        self._dead: set[str] = set()
        self._idle: set[str] = set()
        self._insides: dict[str, _Inside] = {}
        self._members: dict[str, list[Element]] = {}
        for element in process.elements.values():
            if element.id != process.id:
                self._members.setdefault(element.scope, []).append(element)

    def stuck_from(self, markings: Iterable[Marking]) -> list[str]:
        """Return the joins where tokens may wait in vain from some markings, and do not from the beginning."""
        self._judge(self._process.root)
        known = {fault.element for fault in self._faults if fault.kind == "deadlock"}
        found = [join for marking in markings for join in self._stuck(marking)]
        return [join for join in dict.fromkeys(found) if join not in known]

    def _stuck(self, marking: Marking) -> Iterable[str]:
        scope, members = self._process.elements[marking.scope], self._members.get(marking.scope, [])
        if undecidable(scope, members):
            return
        inside = {one.id: self._insides[one.id] for one in members if one.id in self._insides}
        net = net_of(self._process, scope, members, *self._surroundings(members, inside))
        begin = _rest_of(net, marking)
        if begin is None:
            return
        found = search(net, Budget(MOVES_MAX), begin)
        if found.decided:
            for rest in found.runs:
                if rest.arrivals and not rest.standing:
                    yield found.nodes(rest)[0].element

    def verdict(self) -> Verdict:
        """Judge the whole process."""
        self._judge(self._process.root)
        inside = self._inside_of(self._idle)
        faults = tuple(one for one in self._faults if one.scope not in inside | self._idle)
        return Verdict(faults, frozenset(self._dead | self._inside_of(self._dead)))

    def _inside_of(self, scopes: Iterable[str]) -> set[str]:
        """Return all elements inside of others, at any depth."""
        found: set[str] = set()
        waiting = list(scopes)
        while waiting:
            for element in self._members.get(waiting.pop(), ()):
                found.add(element.id)
                waiting.append(element.id)
        return found

    def _judge(self, scope: Element) -> _Inside:
        members = self._members.get(scope.id, [])
        inside = {
            one.id: self._judge(one)
            for one in members
            if one.kind in SCOPES and not one.triggered_by_event and not one.for_compensation
        }
        founds = self._search(scope, members, inside)
        whole = bool(founds) and all(found.whole for found in founds)
        entered = set[str]().union(*(found.entered for found in founds))
        alive = entered if whole else {one.id for one in members}
        throws = [each for one in members if one.id in alive for each in self._throws(one, inside)]
        ends = not whole or OVER in founds[0].runs
        rests = not whole or any(rest not in (OVER, LEFT) for found in founds for rest in found.runs)
        rests = rests or any(one.id in alive and one.family == "endEvent/signal" for one in members)
        handlers = [one for one in members if one.triggered_by_event and one.starts]
        for handler in handlers:
            happens = self._handler_happens(handler, throws, rests)
            within = self._judge(handler)
            if not happens:
                self._note_dead(scope, handler.id)
                self._idle.add(handler.id)
                continue
            throws += within.throws
            start = self._process.elements[handler.starts[0]]
            ends = ends or (start.interrupting and within.ends)
            rests = rests or within.rests
        for found in founds:
            self._report(scope, found)
        if whole:
            self._idle |= inside.keys() - entered
            self._report_dead(scope, members, entered)
        self._insides[scope.id] = _Inside(ends, rests, tuple(throws))
        return self._insides[scope.id]

    def _throws(self, element: Element, inside: Mapping[str, _Inside]) -> Iterable[Thrown]:
        yield from thrown_by(element)
        if element.id in inside:
            yield from inside[element.id].throws

    def _handler_happens(self, handler: Element, throws: Iterable[Thrown], rests: bool) -> bool:
        """Return whether an event sub-process can be triggered, from outside only while its scope takes time."""
        starts = [self._process.elements[start] for start in handler.starts]
        if starts[0].family not in _THROWN:
            return rests
        return any(
            event.id == starts[0].id for one in throws for event in catchers(self._process, one).events
        )

    # The search

    def _search(self, scope: Element, members: list[Element], inside: Mapping[str, _Inside]) -> list[Found]:
        """Search a scope; return one result for each of its parts, none where it cannot be judged."""
        if undecidable(scope, members) or not any(map(has_tokens, members)):
            return []
        around = self._surroundings(members, inside)

        def nets() -> list[Net]:
            return parts(net_of(self._process, scope, members, *around))

        founds: list[Found] = []
        for number, net in enumerate(nets()):
            if net.host and net.host not in founds[0].entered:
                continue
            joined = False
            if not races(net):
                joined = reduce_net(net, exactly=False)
                if net.has_patient_join:
                    net = nets()[number]
                    joined = reduce_net(net, exactly=True)
            found = self._play(net)
            if found.doubled:
                again = self._play(nets()[number])
                found = again if again.decided or not joined else found
            founds.append(found)
        if not all(found.decided for found in founds):
            self._faults.append(Fault("undecided", scope.id, scope.id))
        return founds

    def _surroundings(
        self, members: list[Element], inside: Mapping[str, _Inside]
    ) -> tuple[dict[str, Inner], dict[str, Throw]]:
        """Return what a scope needs to know of its sub-processes, and of the escalations thrown in it."""
        inner = {key: self._inner(key, within) for key, within in inside.items()}
        throws = {
            one.id: self._throw(one) for one in members if one.family.endswith("/escalation") and not one.host
        }
        return inner, throws

    def _play(self, net: Net) -> Found:
        """Search a net with half of the moves that are left, so that some are left for what follows."""
        share = Budget(self._moves // 2)
        found = search(net, share)
        self._moves -= self._moves // 2 - max(0, share.left)
        return found

    def _inner(self, key: str, within: _Inside) -> Inner:
        own = {one.id for one in self._process.elements[key].boundaries}
        inside = self._inside_of([key]) | own
        happens, leaves = set[str](), False
        for one in within.throws:
            caught = catchers(self._process, one)
            happens.update(event.id for event in caught.events)
            outside = any(event.interrupting for event in caught.events if event.id not in inside)
            fails = caught.escapes and one.definition == "error"
            leaves = leaves or (one.is_modelled and (outside or fails))
        return Inner(within.ends, within.rests, frozenset(happens & own), leaves)

    def _throw(self, element: Element) -> Throw:
        goes_on, interrupts = False, False
        for one in thrown_by(element):
            caught = catchers(self._process, one)
            goes_on = goes_on or caught.escapes or any(not event.interrupting for event in caught.events)
            interrupts = interrupts or any(event.interrupting for event in caught.events)
        return Throw(goes_on, interrupts)

    # The faults

    def _report(self, scope: Element, found: Found) -> None:
        rescued = self._is_rescued(scope)
        self._report_deadlocks(scope, found, rescued)
        self._report_endless(scope, found, rescued)
        self._report_doubled(scope, found)
        if found.cut_off is not None:
            moment = found.cut_off
            acts = found.trace(moment.rest, moment.acts)
            ends = [one for one in moment.elements if self._process.elements[one].family == _TERMINATE]
            self._faults.append(
                Fault("cut_off", scope.id, ends[0], acts, tuple(node.element for node in moment.others))
            )

    def _report_doubled(self, scope: Element, found: Found) -> None:
        """Report every place for two tokens; one that comes after another such place follows from that."""
        first: list[Node] = []
        for node, moment in found.doubled.items():
            follows = any(node in reach([one]) for one in first)
            if not follows:
                first.append(node)
            acts = found.trace(moment.rest, moment.acts)
            self._faults.append(Fault("doubled", scope.id, node.element, acts, follows=follows))

    def _report_deadlocks(self, scope: Element, found: Found, rescued: bool) -> None:
        told: set[Node] = set()
        for rest in found.runs:
            if rest.standing or not rest.arrivals:
                continue
            joins = found.nodes(rest)
            if told.issuperset(joins):
                continue
            told.update(joins)
            number, counts = rest.arrivals[0]
            node, held = found.net.nodes[number], dict(counts)
            lacking = [edge.into for slot, edge in enumerate(node.ins) if slot not in held]
            incoming = self._process.elements[node.element].incoming
            lacking += [flow.id for flow in incoming if flow.source not in found.entered]
            acts = found.trace(rest)
            others = tuple(join.element for join in joins[1:])
            free = self._correlation.is_free(acts)
            self._faults.append(
                Fault("deadlock", scope.id, node.element, acts, others, tuple(lacking), free, rescued)
            )

    def _report_endless(self, scope: Element, found: Found, rescued: bool) -> None:
        """Report the first rest from which no end can be come to any more."""
        if not found.decided:
            return
        before: dict[Rest, list[Rest]] = {}
        for rest, run in found.runs.items():
            for after in run.after:
                before.setdefault(after, []).append(rest)
        waiting = [rest for rest, run in found.runs.items() if run.lost or self._ends_here(found, rest)]
        good: set[Rest] = set()
        while waiting:
            rest = waiting.pop()
            if rest not in good:
                good.add(rest)
                waiting += before.get(rest, ())
        bad = [rest for rest in found.runs if rest not in good]
        if bad:
            nodes = dict.fromkeys(node for rest in bad for node in found.nodes(rest))
            first, *others = (node.element for node in nodes)
            acts = found.trace(bad[0])
            free = self._correlation.is_free(acts)
            self._faults.append(Fault("endless", scope.id, first, acts, tuple(others), (), free, rescued))
        elif not found.runs:
            self._faults.append(
                Fault("endless", scope.id, found.net.start.outs[0].target.element, (), (), (), True, rescued)
            )

    def _ends_here(self, found: Found, rest: Rest) -> bool:
        """Return whether a rest is an end, a deadlock, or waits for a step that has a fault of its own inside."""
        return (
            not rest.standing
            or rest == LEFT
            or any(not found.net.nodes[number].outs for number, _ in rest.standing)
        )

    def _is_rescued(self, scope: Element) -> bool:
        """Return whether an event from outside may still end a scope in which nothing moves any more."""
        at, closed = scope, False
        while True:
            starts = [self._process.elements[one] for one in self._process.handlers.get(at.id, ())]
            events = [*at.boundaries] if closed else [*starts, *at.boundaries]
            if any(one.interrupting and not one.family.endswith(("/error", "/escalation")) for one in events):
                return True
            if at.id == self._process.id:
                return False
            own = [self._process.elements[one] for one in at.starts] if at.triggered_by_event else []
            closed = any(start.interrupting for start in own)
            at = self._process.elements[at.scope]

    def _report_dead(self, scope: Element, members: list[Element], entered: set[str]) -> None:
        """Report the first elements of each way that no run takes; those behind them follow from it."""
        known = {one.id: one for one in members if has_tokens(one)}
        reached = self._statically(scope, known)
        dead = [one for one in reached if one not in entered]
        waiting_in_vain = {fault.element for fault in self._faults if fault.kind == "deadlock"}
        for identifier in dead:
            element = known[identifier]
            self._dead.add(identifier)
            sources = {flow.source for flow in element.incoming} | ({element.host} - {""})
            sources |= {one.id for one in known.values() if _leads_on(one, identifier)}
            if identifier in waiting_in_vain or (sources and not sources & entered):
                continue
            self._note_dead(scope, identifier)

    def _note_dead(self, scope: Element, identifier: str) -> None:
        self._dead.add(identifier)
        self._faults.append(Fault("dead", scope.id, identifier))

    def _statically(self, scope: Element, known: Mapping[str, Element]) -> list[str]:
        """Return the elements that flows, links and events lead to from the starts of a scope."""
        waiting = [one.id for one in known.values() if one.id in scope.starts or one.kind == "startEvent"]
        found: dict[str, None] = {}
        while waiting:
            element = known.get(waiting.pop())
            if element is None or element.id in found:
                continue
            found[element.id] = None
            waiting += [flow.target for flow in element.outgoing]
            waiting += [boundary.id for boundary in element.boundaries]
            if isinstance(element.details, Link):
                waiting.append(element.details.target)
        return list(found)


def _leads_on(element: Element, target: str) -> bool:
    return isinstance(element.details, Link) and element.details.target == target


def _rest_of(net: Net, marking: Marking) -> Rest | None:
    """Return a marking by the numbers of a net; None where a token stands at what the net passes or does not know."""
    places = {node.element: number for number, node in enumerate(net.nodes) if node.stands}
    joins = {node.element: number for number, node in enumerate(net.nodes) if node.joins}
    arrivals: list[tuple[int, tuple[tuple[int, int], ...]]] = []
    for join, counts in marking.arrivals:
        if join not in joins:
            return None
        slots = {edge.into: slot for slot, edge in enumerate(net.nodes[joins[join]].ins)}
        if not all(flow in slots for flow, _ in counts):
            return None
        arrivals.append((joins[join], tuple(sorted((slots[flow], count) for flow, count in counts))))
    if not all(one in places for one in marking.standing):
        return None
    return Rest(tuple(sorted((places[one], 0) for one in marking.standing)), tuple(arrivals))
