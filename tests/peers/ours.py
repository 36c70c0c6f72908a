"""One instance in FlowMaster with all that it calls, in a sandbox: the engine, and what follows from its events."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.bpmn.vocabulary import CATCH_EVENT_KINDS
from flowmaster.engine.decide import Decided
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.evolve import blank, fold
from flowmaster.engine.execution import COUNTER
from flowmaster.engine.model import (
    Call,
    Details,
    Element,
    Error,
    Escalation,
    Executable,
    Message,
    Process,
    Signal,
    Triggers,
)
from flowmaster.engine.state import ROOT, EventWait, JobWait, State, TaskWait, TimerWait, Wait
from flowmaster.runtime.clock import CLOCK_SETTING
from flowmaster.runtime.desk import Desk, Request, Start
from flowmaster.runtime.effects import FOLLOW
from flowmaster.runtime.messages import broadcast
from flowmaster.runtime.models import Models
from flowmaster.runtime.sandbox import TENANT, Sandbox
from flowmaster.stores.protocol import Transaction
from tests.engine.random_play import check
from tests.peers.choices import Choice

BEGINS = 1_000_000
Log = list[tuple[str, ev.Event]]
"""What happened, with the instance that it happened to."""


class Graph:
    """All processes of a file: their elements, and which activities call which process."""

    def __init__(self, processes: Mapping[str, Process]) -> None:
        self.processes = processes
        self.elements: dict[str, Element] = {}
        self.callers: dict[str, list[str]] = {}
        for process in processes.values():
            self.elements.update(process.elements)
        for key, element in self.elements.items():
            if isinstance(element.details, Call):
                self.callers.setdefault(element.details.process.text, []).append(key)

    def called(self, element: Element) -> str:
        """Return the process that an activity calls, empty if it calls none."""
        return element.details.process.text if isinstance(element.details, Call) else ""

    def listening(self, kind: str, name: str) -> set[str]:
        """Return the elements that wait for a message or signal."""
        return {
            key
            for key, element in self.elements.items()
            if element.kind in CATCH_EVENT_KINDS or element.kind == "receiveTask"
            for one in details_of(element)
            if isinstance(one, Message if kind == "message" else Signal) and one.name.text == name
        }

    def around(self, element: str) -> list[str]:
        """Return what an element stands in: its scope, or what calls its process."""
        scope = self.elements[element].scope
        return self.callers.get(scope, []) if scope in self.processes else [scope] * bool(scope)

    def begins(self) -> set[str]:
        """Return the starts of event sub-processes."""
        return {key for starts in self.processes["p"].handlers.values() for key in starts}

    def above(self, element: str) -> set[str]:
        """Return an element with all that it stands in."""
        found: set[str] = set()
        waiting = [element]
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting += self.around(key)
        return found

    def code(self, element: str) -> str:
        """Return the code that an event catches, empty if it catches all."""
        match self.elements[element].details:
            case Error(code=code) | Escalation(code=code) if code is not None:
                return code.text
        return ""


def details_of(element: Element) -> list[Details]:
    """Return what an event waits for or throws: one thing, or several."""
    details = element.details
    return [one.details for one in details.all] if isinstance(details, Triggers) else [details]


def read(text: str) -> Graph:
    """Return the processes of a file as FlowMaster runs them."""
    found = {one.process.id: one.process for one in read_processes(parse_bpmn(text), RUNNABLE)}
    return Graph(found)


class _Desk(Desk):
    """A desk that looks at each step: its events give the state that is stored, and no token is lost."""

    log: Log
    now_in: dict[str, State]

    def _append(self, request: Request, model: Executable, expected: int, decided: Decided) -> None:
        key = decided.state.instance
        after = fold(self.now_in.get(key, blank("", "", 0)), decided.events)
        assert after == decided.state
        check(after)
        self.now_in[key] = after
        self.log += [(key, event) for event in decided.events]
        super()._append(request, model, expected, decided)


class _Sandbox(Sandbox):
    def __init__(self) -> None:
        super().__init__(Models(), BEGINS)
        self.log: Log = []
        self.states: dict[str, State] = {}

    def _desk(self, transaction: Transaction) -> Desk:
        desk = _Desk(transaction, self.models, self.clock, FOLLOW)
        desk.log, desk.now_in = self.log, self.states
        return desk


class FlowMasterPlayer:
    """An instance in FlowMaster.

    What happens beside an activity is offered once per visit: SpiffWorkflow lets it happen once, where BPMN 2.0.2,
    10.5.4, lets it happen as often as it is triggered.
    """

    def __init__(self, text: str, rules: Mapping[str, str] | None = None) -> None:
        self.graph = read(text)
        self._sandbox = _Sandbox()
        self._sandbox.write(lambda transaction: self._publish(transaction, text, rules or {}))
        for key, process in self.graph.processes.items():
            self._sandbox.models.replace(TENANT, key, 1, process)
        self._happened: set[tuple[str, int, str]] = set()
        self._counted = 0
        self._completed: Counter[str] = Counter()
        self._main = ""
        self._main = self._do(lambda desk: desk.start(_REQUEST, Start("p", 1)))

    def _publish(self, transaction: Transaction, text: str, rules: Mapping[str, str]) -> None:
        for key in self.graph.processes:
            transaction.put_version(TENANT, "process", key, name=key, content=text, by="tester", at=BEGINS)
        for key, rule in rules.items():
            transaction.put_version(TENANT, "decision", key, name=key, content=rule, by="tester", at=BEGINS)

    def _do(self, work: Callable[[Desk], Any], *chosen: tuple[str, int, str]) -> Any:
        """Do something with all that follows from it, and remember what has happened beside an activity, and where."""
        begun = len(self.log)
        done = self._sandbox.do(work)
        self._happened.update(chosen)
        beside = Counter(
            (instance, event.scope, event.element)
            for instance, event in self.log[begun:]
            if isinstance(event, ev.ElementEntered) and self._is_beside(event.element)
        )
        for (instance, scope, border), number in beside.items():
            nodes = self.states[instance].nodes.values()
            visits = [one.key for one in nodes if (one.scope, one.element) == (scope, self._host(border))]
            new = [place for key in visits if (place := (instance, key, border)) not in self._happened]
            known = sum(one[::2] == (instance, border) for one in chosen)
            self._happened.update(new[: number - known])
        return done

    def _host(self, border: str) -> str:
        return self.graph.elements[border].host

    def _is_beside(self, event: str) -> bool:
        return bool(self._host(event)) and not self.graph.elements[event].interrupting

    @property
    def log(self) -> Log:
        """Return what has happened."""
        return self._sandbox.log

    @property
    def states(self) -> Mapping[str, State]:
        """Return the instances as they stand."""
        return self._sandbox.states

    def _open(self) -> Iterator[tuple[Choice, str, Wait]]:
        for instance, state in self.states.items():
            for wait in state.waits.values():
                word = self._word(wait)
                if not word or (instance, wait.node, wait.element) in self._happened:
                    continue
                if isinstance(wait, EventWait) and word == "signal":
                    yield Choice(word, wait.name), instance, wait
                    continue
                several = "ultiple" in self.graph.elements[wait.element].family
                what = wait.name if several and isinstance(wait, EventWait) else ""
                yield Choice(word, wait.element, self._turns(state, wait.node), what), instance, wait

    def happens_again(self, choice: Choice) -> bool:
        """Return whether a signal would reach an event beside an activity once more."""
        waits = [(key, wait) for key, state in self.states.items() for wait in state.waits.values()]
        return choice.word == "signal" and any(
            isinstance(wait, EventWait)
            and wait.name == choice.element
            and (key, wait.node, wait.element) in self._happened
            for key, wait in waits
        )

    def _word(self, wait: Wait) -> str:
        match wait:
            case TaskWait():
                return "complete"
            case JobWait():
                return "work"
            case TimerWait():
                return "fire"
            case EventWait(kind="message"):
                return "receive"
            case EventWait(kind="signal"):
                return "signal"
        return ""

    def _turns(self, state: State, key: int) -> tuple[int, ...]:
        """Return which of the visits that stand side by side a node stands in, from outside; a turn has its number."""
        found = self._turn(state, key)
        while True:
            if key != ROOT:
                key = state.nodes[key].scope
            elif state.parent is None:
                return tuple(reversed(found))
            else:
                wait = state.parent.wait
                state = self.states[state.parent.instance]
                key = state.waits[wait].node
            if key != ROOT:
                found += self._turn(state, key) or [self._rank(state, key)] * self._is_scope(state, key)

    def _turn(self, state: State, key: int) -> list[int]:
        node = state.nodes[key]
        if key == ROOT or state.nodes[node.scope].element != node.element:
            return []
        number = (node.variables or {})[COUNTER]
        assert isinstance(number, int)
        return [number]

    def _is_scope(self, state: State, key: int) -> bool:
        return self.graph.elements[state.nodes[key].element].loop is None

    def _rank(self, state: State, key: int) -> int:
        node = state.nodes[key]
        beside = (
            one for one in state.nodes.values() if (one.scope, one.element) == (node.scope, node.element)
        )
        return sum(one.key <= key for one in beside)

    def choices(self) -> Counter[Choice]:
        """Return what may come next; a signal is one choice, however many wait for it."""
        found = Counter(choice for choice, _, _ in self._open())
        return Counter({choice: 1 if choice.word == "signal" else number for choice, number in found.items()})

    def choose(self, choice: Choice, variables: Mapping[str, int], fails: str = "") -> None:
        """Let it come; work is completed with variables, or fails with an error."""
        instance, wait = next(
            (instance, wait) for offered, instance, wait in self._open() if offered == choice
        )

        def command(state: State, now: int) -> cmd.Command:
            match wait:
                case TaskWait():
                    return cmd.ActOnTask(now, "tester", wait.id, "complete", variables)
                case JobWait() if fails:
                    return cmd.ThrowJobError(now, "tester", wait.id, fails)
                case JobWait():
                    return cmd.CompleteJob(now, "tester", wait.id, variables)
                case TimerWait():
                    return cmd.FireTimer(now, "tester", wait.id)
            return cmd.ReceiveEvent(now, "tester", wait.id)

        def work(desk: Desk) -> None:
            if isinstance(wait, TimerWait):
                desk.now = max(desk.now, wait.due)
                desk.transaction.put_setting("", CLOCK_SETTING, desk.now)
            if choice.word == "signal":
                broadcast(desk, _REQUEST, choice.element, {})
            else:
                desk.step(_REQUEST, instance, command)

        is_beside = choice.word != "signal" and self._is_beside(wait.element)
        self._do(work, *([(instance, wait.node, wait.element)] if is_beside else []))

    def completed(self) -> Counter[str]:
        """Return how often each element completed."""
        for _, event in self.log[self._counted :]:
            if isinstance(event, ev.ElementCompleted):
                self._completed[event.element] += 1
        self._counted = len(self.log)
        return self._completed

    def waiting(self) -> Counter[str]:
        """Return how often each element waits for something."""
        return Counter(wait.element for state in self.states.values() for wait in state.waits.values())

    def is_over(self) -> bool:
        """Return whether the instance has come to its end."""
        return self.states[self._main].status not in ("active", "paused")

    def variables(self) -> Mapping[str, Any]:
        """Return the variables of the process."""
        return self.states[self._main].variables

    def written(self) -> dict[str, list[Any]]:
        """Return the values that each variable of a process, called or not, has had, in order."""
        found: dict[str, list[Any]] = {}
        for _, event in self.log:
            if isinstance(event, ev.VariablesSet) and event.element in self.graph.processes:
                for name, value in event.values.items():
                    found.setdefault(name, []).append(value)
        return found


_REQUEST = Request(TENANT, "tester", "test")
