"""Plays a process on the real engine in every order and with every choice, and notes all that goes wrong.

The token game of the product is not used: what happens is what `decide` says. A condition of the model gives what the
`Tape` has next, so that each choice is tried both ways.
"""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine import state as st
from flowmaster.engine.decide import Decided, decide
from flowmaster.engine.evolve import blank, evolve
from flowmaster.engine.model import Element, Executable, Process
from tests.engine.cases import NoRules

CROWD = 2
TAPES_MAX = 400
ANSWERS_MAX = 16
RUNAWAYS_MAX = 3
_STANDING = ("userTask", "subProcess", "eventBasedGateway")
Key = Any


class _Endless(Exception):
    """A way that passes choices for ever."""


class Tape:
    """Answers conditions: first what is written, then false, and notes all that it answered."""

    def __init__(self) -> None:
        self.written: list[bool] = []
        self.read: list[bool] = []

    def answer(self) -> bool:
        """Return the next answer."""
        if len(self.read) >= ANSWERS_MAX:
            raise _Endless
        at = len(self.read)
        self.read.append(self.written[at] if at < len(self.written) else False)
        return self.read[-1]

    def rewind(self, written: list[bool]) -> None:
        """Begin again with other answers."""
        self.written, self.read = written, []


@dataclass(frozen=True)
class Asked:
    """A condition that asks the tape."""

    tape: Tape
    text: str
    names: frozenset[str] = frozenset()

    def value(self, variables: Mapping[str, object], at: int = 0) -> object:
        """Return the next answer."""
        return self.tape.answer()


def on_tape(process: Process, tape: Any, asked: Any = Asked) -> Process:
    """Return the process with every condition answered by a tape."""

    def flow(one: Any) -> Any:
        return replace(one, condition=asked(tape, one.id)) if one.condition is not None else one

    def element(one: Element) -> Element:
        outgoing = tuple(map(flow, one.outgoing))
        default = next((each for each in outgoing if one.default and each.id == one.default.id), None)
        return replace(
            one, outgoing=outgoing, default=default, boundaries=tuple(map(element, one.boundaries))
        )

    return replace(process, elements={key: element(one) for key, one in process.elements.items()})


@dataclass
class Seen:
    """Everything that happened.

    `whole` is false where some runs were not followed to their end; `restless` is true where one passes on and on.
    """

    deadlocked: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)
    entered: set[str] = field(default_factory=set)
    endless: bool = False
    whole: bool = True
    restless: bool = False


def play(process: Process, states_max: int) -> Seen | None:
    """Return all that can happen to a process, None where it can be in more states or runs away."""
    return _Player(process, states_max).run()


class _Player:
    """One exhaustive game."""

    def __init__(self, process: Process, states_max: int) -> None:
        self._states_max = states_max
        self._tape = Tape()
        self._process = on_tape(process, self._tape)
        self._model = Executable(self._process, 1, NoRules())
        self._seen = Seen()
        self._runaways = 0
        self._is_too_large = False
        self._after: dict[Key, list[Key]] = {}
        self._good: set[Key] = set()

    def run(self) -> Seen | None:
        waiting: deque[tuple[Key, st.State]] = deque()
        start = cmd.StartInstance(1_000_000, "t", "p:1", {})
        begun = list(self._decide(None, start))
        for state in begun:
            self._add(state, waiting)
        while waiting:
            key, state = waiting.popleft()
            if len(self._after) > self._states_max:
                return None
            if self._is_crowded(state):
                self._seen.whole = False
                self._good.add(key)
                continue
            for command in commands(state):
                for after in self._decide(state, command):
                    self._after[key].append(self._add(after, waiting))
        self._find_endless()
        return None if self._is_too_large else self._seen

    def _add(self, state: st.State, waiting: deque[tuple[Key, st.State]]) -> Key:
        key = canonical(self._process, state)
        if key not in self._after:
            self._after[key] = []
            stuck = stuck_joins(self._process, state)
            self._seen.deadlocked |= stuck
            if state.status != "active" or stuck:
                self._good.add(key)
            if state.status == "active":
                waiting.append((key, state))
        return key

    def _decide(self, state: st.State | None, command: cmd.Command) -> Iterator[st.State]:
        """Yield what the command leads to, once for each way to answer the conditions."""
        tapes = [list[bool]()]
        tried = 0
        while tapes:
            written = tapes.pop()
            tried += 1
            if tried > TAPES_MAX or self._runaways > RUNAWAYS_MAX:
                self._is_too_large = True
                return
            self._tape.rewind(written)
            decided: Decided | None = None
            try:
                decided = decide(self._model, state, command)
            except _Endless:
                self._seen.restless = True
            for at in range(len(written), len(self._tape.read)):
                tapes.append([*self._tape.read[:at], True])
            if decided is None:
                continue
            if decided.state.incidents:
                assert {one.code for one in decided.state.incidents.values()} == {"engine.too_many_steps"}
                self._seen.restless = True
                self._runaways += 1
                continue
            self._note(state, decided)
            yield decided.state

    def _note(self, state: st.State | None, decided: Decided) -> None:
        """Look at every moment between the two states."""
        now = blank("", "", 0) if state is None else state.copy()
        for event in decided.events:
            evolve(now, event)
            if isinstance(event, ev.ElementEntered):
                self._seen.entered.add(event.element)
                self._note_doubled(now, event)
            elif isinstance(event, ev.TokenJoined) and held(now, event) > 1:
                self._seen.doubled.add(event.element)

    def _note_doubled(self, now: st.State, event: ev.ElementEntered) -> None:
        element = self._process.elements[event.element]
        if element.kind in _STANDING and not element.triggered_by_event:
            same = [
                one for one in now.nodes.values() if one.element == event.element and one.scope == event.scope
            ]
            if len(same) > 1:
                self._seen.doubled.add(event.element)

    def _is_crowded(self, state: st.State) -> bool:
        places = Counter((one.scope, one.element) for one in state.nodes.values())
        held = [
            count
            for one in state.nodes.values()
            for flows in (one.arrivals or {}).values()
            for count in flows.values()
        ]
        return max([*places.values(), *held]) > CROWD

    def _find_endless(self) -> None:
        before: dict[Key, list[Key]] = {}
        for key, afters in self._after.items():
            for after in afters:
                before.setdefault(after, []).append(key)
        good, waiting = set[Key](), list(self._good)
        while waiting:
            key = waiting.pop()
            if key not in good:
                good.add(key)
                waiting += before.get(key, [])
        self._seen.endless = len(good) < len(self._after) or not self._after


def held(now: st.State, event: ev.TokenJoined) -> int:
    """Return how many tokens wait at a join over the flow of the newest."""
    return (now.nodes[event.scope].arrivals or {})[event.element][event.flow]


def commands(state: st.State) -> list[cmd.Command]:
    """Return all that can be done to an instance."""
    found: list[cmd.Command] = []
    for wait in state.waits.values():
        if isinstance(wait, st.TaskWait):
            found.append(cmd.ActOnTask(1_000_000, "t", wait.id, "complete", {}))
        elif isinstance(wait, st.TimerWait):
            found.append(cmd.FireTimer(wait.due, "t", wait.id))
    return found


def stuck_joins(process: Process, state: st.State) -> set[str]:
    """Return the joins of scopes in which nothing else is left."""
    found: set[str] = set()
    for scope in state.nodes.values():
        beside = [
            one
            for one in state.nodes.values()
            if one.scope == scope.key and not process.elements[one.element].triggered_by_event
        ]
        if scope.arrivals and not beside:
            found |= set(scope.arrivals)
    return found


def canonical(process: Process, state: st.State) -> Key:
    """Return what a state is about, without its keys: where tokens stand, and in which order they came to joins."""
    inside: dict[int, list[st.Node]] = {}
    for node in state.nodes.values():
        if node.key != st.ROOT:
            inside.setdefault(node.scope, []).append(node)

    def of(node: st.Node) -> Key:
        armed = tuple(sorted(state.waits[key].element for key in node.waits))
        held = [(join, tuple(sorted(counts.items()))) for join, counts in (node.arrivals or {}).items()]
        patient = [one for one in held if process.elements[one[0]].family == "inclusiveGateway"]
        others = sorted(one for one in held if one not in patient)
        inner = tuple(sorted(of(one) for one in inside.get(node.key, ())))
        return (node.element, armed, tuple(patient), tuple(others), inner)

    return (state.status, of(state.nodes[st.ROOT]) if state.status == "active" else ())
