"""Small processes for engine tests: BPMN text compiled by the reader, and a case that commands are given to."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.decide import decide
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.evolve import blank, fold
from flowmaster.engine.model import Executable
from flowmaster.engine.state import State, Wait

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
    ' xmlns:fm="https://flowmaster.dev/bpmn/1.0" id="d" targetNamespace="urn:t">'
)


class NoRules:
    """A library without decisions."""

    def decision(self, decision: str, version: str) -> None:
        return None


def model(body: str, definitions: str = "") -> Executable:
    """Compile the inside of a process `p`; flows are written `a -> b` by `flows`."""
    text = f'{HEAD}{definitions}<process id="p" isExecutable="true">{body}</process></definitions>'
    (read,) = read_processes(parse_bpmn(text), RUNNABLE)
    return Executable(read.process, 1, NoRules())


def flows(*pairs: str) -> str:
    """Write sequence flows: `a b`, or `a b: condition`, named f1, f2, ..."""
    written = []
    for number, pair in enumerate(pairs, 1):
        ends, _, condition = pair.partition(": ")
        source, target = ends.split()
        inner = f"<conditionExpression>={condition}</conditionExpression>" if condition else ""
        written.append(
            f'<sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'
        )
    return "".join(written).replace("<b>", "")


class Case:
    """One instance under test; every step checks that folding its events gives the same state."""

    def __init__(
        self, executable: Executable, variables: Mapping[str, Any] | None = None, **more: Any
    ) -> None:
        self.model = executable
        self.now = 1_000_000
        self.events: list[ev.Event] = []
        start = cmd.StartInstance(self.now, "tester", "p:1", variables or {}, **more)
        self.state: State = blank("", "", 0)
        self._do(None, start)

    def do(self, kind: Any, *arguments: Any, by: str = "tester", **more: Any) -> list[ev.Event]:
        """Give a command, made with the case's time and actor."""
        return self._do(self.state, kind(self.now, by, *arguments, **more))

    def _do(self, before: State | None, command: cmd.Command) -> list[ev.Event]:
        untouched = None if before is None else before.copy()
        decided = decide(self.model, before, command)
        assert before == untouched
        assert fold(before or blank("", "", 0), decided.events) == decided.state
        self.state = decided.state
        self.events += decided.events
        self._check_tokens()
        return list(decided.events)

    def _check_tokens(self) -> None:
        """Each scope is held open by the nodes inside it and the tokens at its joins, and by nothing else."""
        inside = Counter(node.scope for node in self.state.nodes.values())
        for key, node in self.state.nodes.items():
            joined = sum(sum(counts.values()) for counts in (node.arrivals or {}).values())
            assert node.open == inside[key] + joined, (node, inside, joined)
        if self.state.status == "active":
            joined = any(node.arrivals for node in self.state.nodes.values())
            assert self.state.waits or self.state.incidents or joined

    def wait(self, element: str) -> Any:
        """Return the wait at an element."""
        found: list[Wait] = [wait for wait in self.state.waits.values() if wait.element == element]
        assert len(found) == 1, (element, self.waiting)
        return found[0]

    @property
    def waiting(self) -> list[str]:
        """Return the elements that wait, in order."""
        return sorted(wait.element for wait in self.state.waits.values())

    def complete(self, element: str, by: str = "tester", **variables: Any) -> list[ev.Event]:
        """Complete the user task at an element."""
        return self.do(cmd.ActOnTask, self.wait(element).id, "complete", variables, by=by)

    def job(self, element: str, **variables: Any) -> list[ev.Event]:
        """Complete the job at an element."""
        return self.do(cmd.CompleteJob, self.wait(element).id, variables)

    def fire(self, element: str) -> list[ev.Event]:
        """Let the timer at an element fire when it is due."""
        timer = self.wait(element)
        self.now = max(self.now, timer.due)
        return self.do(cmd.FireTimer, timer.id)

    def receive(self, element: str, **variables: Any) -> list[ev.Event]:
        """Let a message or signal reach an element."""
        return self.do(cmd.ReceiveEvent, self.wait(element).id, variables)

    def completed(self) -> list[str]:
        """Return the elements completed so far, in order."""
        return [event.element for event in self.events if isinstance(event, ev.ElementCompleted)]

    def cancelled(self) -> list[str]:
        """Return the elements withdrawn so far, in order."""
        return [event.element for event in self.events if isinstance(event, ev.ElementCancelled)]

    def incidents(self) -> dict[str, str]:
        """Return the code of the incident at each element."""
        return {incident.element: incident.code for incident in self.state.incidents.values()}


def user(key: str, inner: str = "") -> str:
    """Write a user task."""
    return f'<userTask id="{key}"><extensionElements><zeebe:userTask/>{inner}</extensionElements></userTask>'


def job(key: str, kind: str = "work", inner: str = "", retries: str = "3") -> str:
    """Write a service task."""
    definition = f'<zeebe:taskDefinition type="{kind}" retries="{retries}"/>'
    return f'<serviceTask id="{key}"><extensionElements>{definition}{inner}</extensionElements></serviceTask>'


def script(key: str, expression: str, result: str) -> str:
    """Write a script task."""
    inner = f'<zeebe:script expression="={expression}" resultVariable="{result}"/>'
    return f'<scriptTask id="{key}"><extensionElements>{inner}</extensionElements></scriptTask>'


def timer(
    key: str, host: str, duration: str, *, interrupting: bool = True, kind: str = "timeDuration"
) -> str:
    """Write a timer on the border of an activity."""
    return (
        f'<boundaryEvent id="{key}" attachedToRef="{host}" cancelActivity="{str(interrupting).lower()}">'
        f"<timerEventDefinition><{kind}>{duration}</{kind}></timerEventDefinition></boundaryEvent>"
    )


S, E = '<startEvent id="s"/>', '<endEvent id="e"/>'
