"""Plays two files of one process with the same choices, and tells where they no longer do the same.

BPMN gives tokens that are under way at the same time no order, and the engine moves them by turns: a gateway that an
outline has no need of is one turn less. Where two files part, the first one is therefore played with its tokens in other
orders: what the second one did must be something that the first one can do.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, NamedTuple
from unittest.mock import patch

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine import state as st
from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.bpmn.vocabulary import GATEWAY_KINDS
from flowmaster.engine.decide import decide
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.evolve import blank
from flowmaster.engine.model import Executable
from tests.engine.random_models import Rules

COMMANDS_MAX = 25
NOW = 1_700_000_000_000
ORDERS = 400
CODES = ("E1", "E2", "C1", "nobody's")
_SAME = {"gateway.no_flow": "flow.none_holds"}
"""That no way holds has a code of its own at some gateways, whose ways may leave from another element afterwards."""
Step = dict[tuple[str, ...], int]
"""What one command made happen: what was entered, sent, raised and ended, each with its count."""


class Trace(NamedTuple):
    """What happened at each command, and how it ended."""

    steps: tuple[Step, ...]
    status: str
    variables: dict[str, Any]


def executable(document: BpmnDocument, process: str) -> Executable:
    """Return a process of a document, ready to run."""
    reads = read_processes(parse_bpmn(document.to_xml()), RUNNABLE)
    read = next(one for one in reads if one.process.id == process)
    return Executable(read.process, 1, Rules())


def trace(model: Executable, seed: int, names: Iterable[str] = (), start: str = "") -> Trace:
    """Play one instance; the same seed answers the same wait of the same element with the same data."""
    return _Run(model, seed, tuple(sorted(names))).play(start)


class _Run:
    def __init__(self, model: Executable, seed: int, names: tuple[str, ...]) -> None:
        self._model = model
        self._dice = Random(seed)
        self._names = names
        self._now = NOW
        self._state = blank("", "", 0)
        self._steps: list[Step] = []
        self._variables: dict[str, Any] = {}
        self._endless = False

    def play(self, start: str) -> Trace:
        self._do(cmd.StartInstance(NOW, "ann", "p:1", self._data(1.0), start=start))
        for _ in range(COMMANDS_MAX):
            waits = sorted(self._state.waits.values(), key=self._wait_key)
            if not waits or self._endless or self._state.status != "active":
                break
            self._do(self._answer(self._dice.choice(waits)))
        variables = {} if self._endless else self._variables
        return Trace(tuple(self._steps), self._state.status, variables)

    def _wait_key(self, wait: st.Wait) -> tuple[Any, ...]:
        purpose = wait.purpose if isinstance(wait, st.TimerWait) else ""
        return (type(wait).__name__, self._label(wait.element), purpose, wait.since, wait.id)

    def _do(self, command: cmd.Command) -> None:
        started = None if isinstance(command, cmd.StartInstance) else self._state
        try:
            events, self._state = decide(self._model, started, command)
        except FlowMasterError as refused:
            self._steps.append({("refused", refused.code): 1})
            return
        step = Counter(told for event in events if (told := self._told(event)))
        if any(told[:2] == ("incident", "engine.too_many_steps") for told in step):
            self._endless, step = True, Counter({("endless",): 1})
        self._steps.append(step)
        if self._state.variables:
            self._variables = dict(self._state.variables)

    def _told(self, event: ev.Event) -> tuple[str, ...]:
        match event:
            case ev.ElementEntered() if self._is_told(event.element):
                return ("entered", *self._label(event.element))
            case ev.MessageSent():
                return ("sent", event.name, event.key)
            case ev.SignalSent():
                return ("signal", event.name)
            case ev.EscalationThrown():
                return ("escalation", event.code)
            case ev.ErrorThrown():
                return ("error", event.code)
            case ev.ChildRequested():
                return ("called", event.process)
            case ev.IncidentRaised():
                return ("incident", _SAME.get(event.code, event.code), *self._incident_at(event))
            case ev.InstanceEnded():
                return ("ended", event.status, event.error)
            case _:
                return ()

    def _incident_at(self, event: ev.IncidentRaised) -> tuple[str, ...]:
        """Return where an incident stands; a choice may be a gateway in one file and a step in the other."""
        is_gateway = self._model.process.elements[event.element].kind in GATEWAY_KINDS
        chooses = event.stage == "leave" or event.code.partition(".")[0] in ("flow", "gateway", "condition")
        return () if is_gateway or chooses else self._label(event.element)

    def _label(self, identifier: str) -> tuple[str, ...]:
        """Return what makes an element the same in both files: its id, or for starts and ends where they stand."""
        element = self._model.process.elements[identifier]
        if element.kind not in ("startEvent", "endEvent"):
            return (element.kind, identifier)
        name = element.name if element.family == "endEvent" else ""
        return (element.kind, element.family, name, element.scope)

    def _is_told(self, identifier: str) -> bool:
        """Return whether a visit is part of what happens: gateways, plain starts and plain ends are only ways."""
        element = self._model.process.elements[identifier]
        plain_end = element.family == "endEvent" and not element.name
        return element.kind not in GATEWAY_KINDS and element.family != "startEvent" and not plain_end

    def _answer(self, wait: st.Wait) -> cmd.Command:
        dice = self._dice
        self._now += dice.choice((0, 1, 60_000))
        now, data = self._now, self._data(0.3)
        match wait:
            case st.TaskWait():
                return cmd.ActOnTask(now, dice.choice(("ann", "bob")), wait.id, "complete", data)
            case st.JobWait():
                draws: list[cmd.Command] = [
                    cmd.CompleteJob(now, "ann", wait.id, data),
                    cmd.CompleteJob(now, "ann", wait.id, data),
                    cmd.FailJob(now, "ann", wait.id, "down", dice.randint(0, 2)),
                    cmd.ThrowJobError(now, "ann", wait.id, dice.choice(CODES), "bad", data),
                ]
                return dice.choice(draws)
            case st.TimerWait():
                self._now = max(now, wait.due)
                return cmd.FireTimer(self._now, "system", wait.id)
            case st.EventWait():
                return cmd.ReceiveEvent(now, "ann", wait.id, data)
            case st.ChildWait():
                ends = (("completed", ""), ("completed", ""), ("cancelled", ""), ("failed", "E1"))
                status, error = dice.choice(ends)
                return cmd.ReportChildEnded(now, "system", wait.id, status, data, error, "over")

    def _data(self, share: float) -> dict[str, Any]:
        dice = self._dice
        values: dict[str, Any] = {name: dice.choice((True, False, 3, 12, "yes")) for name in self._names}
        values |= {
            "n": dice.randint(0, 3),
            "x": dice.choice((True, False)),
            "y": dice.choice((True, False)),
            "code": dice.choice(("E1", "C1")),
            "when": dice.choice(("PT1H", "2030-01-01T00:00:00Z")),
            "name": dice.choice(("paid", "go")),
            "key": dice.choice(("k", 7)),
            "boss": dice.choice(("ann", "bob")),
        }
        return {name: value for name, value in values.items() if dice.random() < share}


class _AnyOrder(deque[Any]):
    """An agenda that gives back its tokens in a random order."""

    dice = Random(0)

    def popleft(self) -> Any:
        self.rotate(self.dice.randrange(len(self)))
        return super().popleft()


@contextmanager
def _any_order(number: int) -> Iterator[None]:
    """Let tokens move in an order of their own, which a number stands for."""
    with (
        patch("flowmaster.engine.execution.deque", _AnyOrder),
        patch.object(_AnyOrder, "dice", Random(number)),
    ):
        yield


def names_read(model: Executable) -> set[str]:
    """Return the variables that conditions of a process read."""
    flows = [flow for element in model.process.elements.values() for flow in element.outgoing]
    return {name for flow in flows if flow.condition is not None for name in flow.condition.names}


def can_start(model: Executable) -> bool:
    """Return whether an instance of a process begins at all."""
    return ("incident", "process.no_start", "process", model.process.id) not in trace(model, 0).steps[0]


def difference(first: Executable, second: Executable, seeds: Iterable[int]) -> str:
    """Return where two models differ, empty where every seed makes the same happen."""
    names = names_read(first)
    for seed in seeds:
        done = trace(second, seed, names)
        told = _parting(trace(first, seed, names), done)
        if told and not _can_do(first, seed, names, done):
            return f"seed {seed}{told}"
    return ""


def _can_do(model: Executable, seed: int, names: Iterable[str], done: Trace) -> bool:
    """Return whether a model does something, too, with its tokens in some order."""
    for number in range(ORDERS):
        with _any_order(number):
            if not _parting(trace(model, seed, names), done):
                return True
    return False


def _parting(one: Trace, other: Trace) -> str:
    """Return where two traces part, empty where they do not."""
    for number, (left, right) in enumerate(zip(one.steps, other.steps, strict=False)):
        if left != right:
            return f", command {number}: only before {_only(left, right)}, only after {_only(right, left)}"
    if len(one.steps) != len(other.steps) or one.status != other.status:
        return f": {one.status} after {len(one.steps)}, {other.status} after {len(other.steps)}"
    return f": {one.variables} before, {other.variables} after" if one.variables != other.variables else ""


def _only(left: Step, right: Step) -> list[tuple[str, ...]]:
    return sorted((Counter(left) - Counter(right)).elements())
