"""One instance in each engine, played by the same choices: which work, which timer, which message comes next.

A choice is a pair such as `complete user4` or `fire on7`; both players offer what waits in their engine, in the same
words. SpiffWorkflow (LGPL) is a peer to test against and is imported here alone.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.util.task import TaskState

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.model import Executable, Process
from flowmaster.engine.state import EventWait, TaskWait, TimerWait, Wait
from tests.engine.cases import Case, NoRules

Choice = tuple[str, str]
"""What comes next, and at which element: `complete`, `fire` or `receive`."""
STEPS_MAX = 1_000


class BreaksOff(Exception):
    """SpiffWorkflow cannot go on: it lays out steps to come without end, or misses what it has taken out itself."""


def read(text: str) -> Process:
    """Return the process of a file as FlowMaster runs it."""
    return read_processes(parse_bpmn(text), RUNNABLE)[0].process


class FlowMasterPlayer:
    """An instance in FlowMaster's engine.

    What happens beside an activity is offered once per visit: SpiffWorkflow lets it happen once, where BPMN 2.0.2,
    10.5.4, lets it happen as often as it is triggered.
    """

    def __init__(self, process: Process) -> None:
        self.case = Case(Executable(process, 1, NoRules()))
        self._happened: set[tuple[int, str]] = set()

    def _open(self) -> Iterator[tuple[Choice, Wait]]:
        for wait in self.case.state.waits.values():
            match wait:
                case TaskWait():
                    yield ("complete", wait.element), wait
                case TimerWait():
                    yield ("fire", wait.element), wait
                case EventWait() if (wait.node, wait.element) not in self._happened:
                    yield ("receive", wait.element), wait
                case _:
                    pass

    def choices(self) -> Counter[Choice]:
        """Return what may come next."""
        return Counter(choice for choice, _ in self._open())

    def choose(self, choice: Choice, variables: Mapping[str, int]) -> None:
        """Let it come; work is completed with variables."""
        case = self.case
        wait = next(wait for offered, wait in self._open() if offered == choice)
        match wait:
            case TaskWait():
                case.do(cmd.ActOnTask, wait.id, "complete", variables)
            case TimerWait():
                case.now = max(case.now, wait.due)
                case.do(cmd.FireTimer, wait.id)
            case _:
                self._happened.add((wait.node, wait.element))
                case.do(cmd.ReceiveEvent, wait.id)

    def completed(self) -> Counter[str]:
        """Return how often each element completed."""
        return Counter(self.case.completed())

    def is_over(self) -> bool:
        """Return whether the instance has come to its end."""
        return self.case.state.status not in ("active", "paused")

    def written(self) -> dict[str, list[Any]]:
        """Return the values that each variable of the process has had, in order."""
        found: dict[str, list[Any]] = {}
        for event in self.case.events:
            if isinstance(event, ev.VariablesSet) and event.element == "p":
                for name, value in event.values.items():
                    found.setdefault(name, []).append(value)
        return found


class SpiffPlayer:
    """An instance in SpiffWorkflow; `broken` are the sub-processes by the error events on their borders.

    It counts a sub-process that an error ended as completed; by BPMN 2.0.2, 13.3.2, such an activity has failed.
    """

    def __init__(self, text: str, broken: Mapping[str, str] | None = None) -> None:
        self._broken = broken or {}
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.fromstring(text.encode()))
        with _breaking_off():
            self._workflow = BpmnWorkflow(parser.get_spec("p"), parser.get_subprocess_specs("p"))
        self._completed: Counter[str] = Counter()
        self._steps = 0
        self.settle()

    def settle(self) -> None:
        """Go on until it waits; manual and abstract tasks pass, as they do by BPMN 2.0.2, 13.3.3."""
        with _breaking_off():
            self._workflow.do_engine_steps(did_complete_task=self._note)
        while passing := [task for task in self._ready() if not _is_work(task)]:
            self._run(passing[0])
            with _breaking_off():
                self._workflow.do_engine_steps(did_complete_task=self._note)

    def _ready(self) -> list[Any]:
        return [task for task in self._workflow.get_tasks(state=TaskState.READY) if task.task_spec.manual]

    def _run(self, task: Any) -> None:
        task.run()
        self._note(task)

    def _note(self, task: Any) -> None:
        self._steps += 1
        assert self._steps < STEPS_MAX, "SpiffWorkflow goes on without end"
        if task.task_spec.bpmn_id and task.state == TaskState.COMPLETED:
            self._completed[task.task_spec.bpmn_id] += 1

    def _open(self) -> Iterator[tuple[Choice, Any, Any]]:
        for task in self._ready():
            yield ("complete", task.task_spec.bpmn_id), task, None
        waiting: list[Any] = list(self._workflow.get_tasks(state=TaskState.WAITING))
        for task in waiting:
            definition = getattr(task.task_spec, "event_definition", None)
            if isinstance(definition, MultipleEventDefinition):
                events: list[Any] = task.task_spec.outputs
                for spec, one in zip(events, definition.event_definitions, strict=True):
                    yield (_word(one), spec.bpmn_id), task, one
            elif isinstance(definition, TimerEventDefinition | MessageEventDefinition):
                yield (_word(definition), task.task_spec.bpmn_id), task, definition

    def choices(self) -> Counter[Choice]:
        """Return what may come next."""
        return Counter(choice for choice, _, _ in self._open())

    def choose(self, choice: Choice, variables: Mapping[str, int]) -> None:
        """Let it come; work is completed with variables."""
        open_now = [(task, one) for offered, task, one in self._open() if offered == choice]
        task, definition = min(open_now, key=lambda pair: pair[0].parent.last_state_change)
        if definition is None:
            task.set_data(**variables)
            self._run(task)
        elif isinstance(task.task_spec.event_definition, MultipleEventDefinition):
            task.internal_data["seen_events"] = [BpmnEvent(definition, payload={})]
            task.task_spec._update(task)
        else:
            if isinstance(definition, TimerEventDefinition):
                task._set_internal_data(event_fired=True)
            else:
                task.task_spec.catch(task, BpmnEvent(definition, payload={}))
            task.task_spec._update(task)
        self.settle()

    def completed(self) -> Counter[str]:
        """Return how often each element completed."""
        failed = Counter({host: self._completed[event] for event, host in self._broken.items()})
        return self._completed - failed

    def is_over(self) -> bool:
        """Return whether the instance has come to its end."""
        return bool(self._workflow.completed)

    def variables(self) -> Mapping[str, Any]:
        """Return the variables of an instance that is over."""
        last: Any = self._workflow.last_task
        found: Mapping[str, Any] = last.data
        return found


@contextmanager
def _breaking_off() -> Iterator[None]:
    try:
        yield
    except (RecursionError, AttributeError) as error:
        raise BreaksOff(repr(error)) from error


def _is_work(task: Any) -> bool:
    return type(task.task_spec).__name__ == "UserTask"


def _word(definition: Any) -> str:
    return "fire" if isinstance(definition, TimerEventDefinition) else "receive"
