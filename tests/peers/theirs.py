"""One instance in SpiffWorkflow (LGPL), a peer to test against that is imported here alone."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import (
    ErrorEventDefinition,
    SignalEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import EventBasedGateway
from SpiffWorkflow.bpmn.specs.mixins.service_task import ServiceTask
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.dmn.parser.BpmnDmnParser import BpmnDmnParser
from SpiffWorkflow.exceptions import TaskNotFoundException
from SpiffWorkflow.spiff.parser.task_spec import BusinessRuleTaskParser
from SpiffWorkflow.spiff.specs.defaults import BusinessRuleTask
from SpiffWorkflow.util.task import TaskState

from tests.peers.choices import Choice

STEPS_MAX = 1_000
_STANDING = TaskState.READY | TaskState.STARTED | TaskState.WAITING
_TURNS = ("key_or_index", "item", "iteration")
"""Where SpiffWorkflow keeps the number of a turn, from 0."""


class BreaksOff(Exception):
    """SpiffWorkflow cannot go on: it lays out steps to come without end, or misses what it has taken out itself."""


class MissesTask(BreaksOff):
    """What SpiffWorkflow misses is a task.

    It takes out those of a scope that runs several times when that is interrupted, and those behind a join when a token
    comes to it again; and goes on inside of them.
    """


class _Parser(BpmnDmnParser):  # type: ignore[misc]  # SpiffWorkflow has no types
    OVERRIDE_PARSER_CLASSES = {full_tag("businessRuleTask"): (BusinessRuleTaskParser, BusinessRuleTask)}


class SpiffPlayer:
    """An instance in SpiffWorkflow.

    What it has gone on with though it was interrupted can be excused, and counts no longer as completed.
    """

    def __init__(self, text: str, rules: Mapping[str, str] | None = None) -> None:
        parser = _Parser()
        for rule in (rules or {}).values():
            parser.add_dmn_xml(etree.fromstring(rule.encode()))
        parser.add_bpmn_xml(etree.fromstring(text.encode()))
        with _breaking_off():
            self._workflow: Any = BpmnWorkflow(parser.get_spec("p"), parser.get_subprocess_specs("p"))
        self._completed: Counter[str] = Counter()
        self._steps = 0
        self._open_now: list[tuple[Choice, Any, Any]] = []
        self._handlers = self._starts_of_handlers()
        self.settle()

    def _starts_of_handlers(self) -> list[Any]:
        """Return the starts of the event sub-processes, which do not stand in the workflow before they begin."""
        specs = self._workflow.subprocess_specs
        names: list[str] = self._workflow.spec.start.trigger_specs
        return [start for name in names for start in specs[name].bpmn_start_events]

    def settle(self) -> None:
        """Go on until it waits; manual and abstract tasks pass, as they do by BPMN 2.0.2, 13.3.3."""
        with _breaking_off():
            self._workflow.do_engine_steps(did_complete_task=self._note)
        while passing := [task for task in self._tasks() if _is_manual(task) and not _is_work(task)]:
            self._run(passing[0])
            with _breaking_off():
                self._workflow.do_engine_steps(did_complete_task=self._note)
        self._open_now = list(self._open())

    def _tasks(self) -> list[Any]:
        """Return the tasks at which it stands."""
        with _breaking_off():
            return list(self._workflow.get_tasks(state=_STANDING))

    def _run(self, task: Any) -> None:
        with _breaking_off():
            task.run()
        self._note(task)

    def _note(self, task: Any) -> None:
        self._steps += 1
        assert self._steps < STEPS_MAX, "SpiffWorkflow goes on without end"
        if task.task_spec.bpmn_id and task.state == TaskState.COMPLETED:
            self._completed[task.task_spec.bpmn_id] += 1

    def _open(self) -> Iterator[tuple[Choice, Any, Any]]:
        for task in self._tasks():
            if _is_manual(task):
                yield self._choice("complete", task), task, None
            elif task.state == TaskState.STARTED and isinstance(task.task_spec, ServiceTask):
                yield self._choice("work", task), task, None
            elif task.state == TaskState.WAITING:
                yield from self._awaited(task)
        for start in [] if self.is_over() else self._handlers:
            definition = start.event_definition
            choice = _signal(definition) or Choice("receive", start.bpmn_id)
            yield choice, None, definition

    def _awaited(self, task: Any) -> Iterator[tuple[Choice, Any, Any]]:
        """Tell what an event waits for: one thing, or several of which some may have come."""
        definition = getattr(task.task_spec, "event_definition", None)
        if not isinstance(definition, MultipleEventDefinition):
            choice = _signal(definition) or self._choice(_word(definition), task)
            if choice.word:
                yield choice, task, definition
            return
        seen = [event.event_definition for event in task.internal_data.get("seen_events", [])]
        is_gateway = isinstance(task.task_spec, EventBasedGateway)
        several: list[Any] = definition.event_definitions
        for number, one in enumerate(several):
            if one in seen:
                continue
            key = task.task_spec.outputs[number].bpmn_id if is_gateway else task.task_spec.bpmn_id
            what = str(one.name) if isinstance(one, MessageEventDefinition) and not is_gateway else ""
            yield _signal(one) or Choice(_word(one), key, _turns(task), what), task, one

    def _choice(self, word: str, task: Any) -> Choice:
        return Choice(word, task.task_spec.bpmn_id, _turns(task))

    def choices(self) -> Counter[Choice]:
        """Return what may come next; a signal is one choice, however many wait for it."""
        found = Counter(choice for choice, _, _ in self._open_now)
        return Counter({choice: 1 if choice.word == "signal" else number for choice, number in found.items()})

    def choose(self, choice: Choice, variables: Mapping[str, int], fails: str = "") -> None:
        """Let it come; work is completed with variables, or fails with an error."""
        open_now = [(task, one) for offered, task, one in self._open_now if offered == choice]
        with _breaking_off():
            if choice.word == "signal" or open_now[0][0] is None:
                self._workflow.catch(BpmnEvent(open_now[0][1], payload={}))
            else:
                task, definition = min(open_now, key=lambda pair: pair[0].parent.last_state_change)
                self._let(task, definition, variables, fails)
        self.settle()

    def _let(self, task: Any, definition: Any, variables: Mapping[str, int], fails: str) -> None:
        if fails:
            ErrorEventDefinition(fails, fails).throw(task)
        elif definition is None:
            task.set_data(**variables)
            if isinstance(task.task_spec, ServiceTask):
                task.complete()
                self._note(task)
            else:
                self._run(task)
        elif isinstance(task.task_spec.event_definition, MultipleEventDefinition):
            seen = [*task.internal_data.get("seen_events", []), BpmnEvent(definition, payload={})]
            task.internal_data["seen_events"] = seen
            task.task_spec._update(task)
        else:
            if isinstance(definition, TimerEventDefinition):
                task._set_internal_data(event_fired=True)
            else:
                task.task_spec.catch(task, BpmnEvent(definition, payload={}))
            task.task_spec._update(task)

    def completed(self) -> Counter[str]:
        """Return how often each element completed, save for what is excused."""
        return self._completed

    def waiting(self) -> Counter[str]:
        """Return how often each element waits for something, also for a condition."""
        tasks = [task for task in self._tasks() if _is_manual(task) or task.state == TaskState.WAITING]
        return Counter(task.task_spec.bpmn_id for task in tasks if task.task_spec.bpmn_id)

    def excuse(self, more: Counter[str], less: Counter[str]) -> None:
        """Take no longer into account that these elements completed, and take it that those did."""
        self._completed = self._completed - more + less

    def is_over(self) -> bool:
        """Return whether the instance has come to its end."""
        return bool(self._workflow.completed)

    def variables(self) -> Mapping[str, Any]:
        """Return the variables of an instance that is over."""
        last: Any = self._workflow.last_task
        return {name: value for name, value in last.data.items() if name != "data_objects"}

    def data_objects(self) -> Mapping[str, Any]:
        """Return the data objects of the process."""
        found: Mapping[str, Any] = self._workflow.data_objects
        return found


@contextmanager
def _breaking_off() -> Iterator[None]:
    try:
        yield
    except TaskNotFoundException as error:
        raise MissesTask(repr(error)) from error
    except (RecursionError, AttributeError) as error:
        raise BreaksOff(repr(error)) from error


def _turns(task: Any) -> tuple[int, ...]:
    """Return which of the visits that stand side by side a task stands in, from outside; a turn has its number."""
    found = _turn(task)
    while (parent := task.workflow.parent_task_id) is not None:
        task = task.workflow.top_workflow.get_task_from_id(parent)
        found += _turn(task) or [_rank(task)]
    return tuple(reversed(found))


def _turn(task: Any) -> list[int]:
    return [task.internal_data[name] + 1 for name in _TURNS if name in task.internal_data][:1]


def _rank(task: Any) -> int:
    top = task.workflow.top_workflow
    visits = [top.get_task_from_id(key) for key in top.subprocesses if key in task.workflow.tasks]
    beside = [one.id for one in visits if one.task_spec is task.task_spec and one.state == TaskState.STARTED]
    return beside.index(task.id) + 1 if task.id in beside else 0


def _is_manual(task: Any) -> bool:
    return task.state == TaskState.READY and bool(task.task_spec.manual)


def _is_work(task: Any) -> bool:
    return type(task.task_spec).__name__ == "UserTask"


def _signal(definition: Any) -> Choice | None:
    return Choice("signal", str(definition.name)) if isinstance(definition, SignalEventDefinition) else None


def _word(definition: Any) -> str:
    if isinstance(definition, TimerEventDefinition):
        return "fire"
    return "receive" if isinstance(definition, MessageEventDefinition) else ""
