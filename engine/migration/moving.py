"""How a running instance moves over to another version: tokens take the new ids, and waits what the new version says.

What is waited for and means the same stays as it is, down to the due date. A time that was changed counts from when it
was first waited for; what is newly waited for counts from now. What has happened already does not happen again.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.compare.aspects import plain
from flowmaster.engine.compare.plan import Plan
from flowmaster.engine.elements.gateways import await_event
from flowmaster.engine.elements.people import deadline_of, revised_task
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.execution import Execution, Fault, fresh_data
from flowmaster.engine.jobs import START, TASK_EVENTS
from flowmaster.engine.lookup import job_of, mutex_wait
from flowmaster.engine.migration.hindrances import Hindrance, flows_of, hindrances
from flowmaster.engine.model import Element, Process, Timer, UserTask
from flowmaster.engine.naming import Names
from flowmaster.engine.state import (
    ROOT,
    EventWait,
    JobWait,
    Node,
    State,
    TaskWait,
    TimerWait,
    Wait,
)

_NO_WAIT: Final = ("/error", "/escalation", "/compensate", "/cancel", "/link")
"""Endings of the families of events that nothing is waited for: what is thrown looks for them."""


def migrate(run: Execution, command: cmd.MigrateInstance) -> None:
    """Move the instance over, or refuse with all that is in the way."""
    plan, state = command.plan, run.state
    found = hindrances(plan, state)
    if found:
        raise not_migratable(state, run.model.version, found)
    stood = {node.key: node.element for node in state.nodes.values()}
    run.emit(_migrated(plan, state, run.model.version))
    for key, before in stood.items():
        if key in state.nodes:
            _Place(run, plan, state.nodes[key], plan.old.elements[before]).adapt()
    run.watch()
    for scope in [node for node in state.nodes.values() if node.arrivals]:
        for join in list(scope.arrivals or ()):
            run.look_at_join(scope, join)


def not_migratable(state: State, version: int, found: list[Hindrance]) -> FlowMasterError:
    """Return the refusal of an instance that cannot move over, with every cause and what would help."""
    told = "; ".join(one.text.rstrip(".") for one in found)
    options = dict.fromkeys(option for one in found for option in one.options)
    return FlowMasterError(
        "instance.not_migratable",
        f"{state.instance!r} cannot go on by version {version}: {told}.",
        path=f"element:{found[0].element}",
        expected=[
            {"element": one.element, "cause": one.code, "text": one.text, "options": list(one.options)}
            for one in found
        ],
        fix=f"Choose one: {'; '.join(options)}.",
        next=[
            Hint(
                "process_compare",
                {"process": state.process, "from": state.version, "to": version, "what": "migration"},
                "See the whole plan.",
            )
        ],
        status=409,
    )


def _migrated(plan: Plan, state: State, version: int) -> ev.InstanceMigrated:
    """Return the event that gives the new ids to all of the state."""
    ids = {old: new for old, new in plan.ids.items() if old != new}
    joins = {
        join for node in state.nodes.values() for join in (*(node.arrivals or ()), *(node.started or ()))
    }
    joins |= {incident.element for incident in state.incidents.values()}
    flows = {old: new for join in sorted(joins) for old, new in flows_of(plan, join).items() if old != new}
    names = Names(ids, flows)
    waits = [
        names.wait(wait)
        for wait in state.waits.values()
        if plan.after(wait.element) is not None and _found_otherwise(plan, wait, names)
    ]
    return ev.InstanceMigrated(version, tuple(ids.items()), tuple(flows.items()), tuple(waits))


def _found_otherwise(plan: Plan, wait: Wait, names: Names) -> bool:
    """Return whether a wait has another id or label in the new version."""
    after = plan.after(wait.element)
    same_label = after is not None and plan.old.elements[wait.element].label == after.label
    return names.wait(wait) != wait or not same_label


class _Place(NamedTuple):
    """One node that has its new ids, and the element at which it stood before."""

    run: Execution
    plan: Plan
    node: Node
    before: Element

    @property
    def now(self) -> Element:
        """Return the element at which it stands now."""
        return self.run.element(self.node)

    def adapt(self) -> None:
        """Bring what the node waits for to what the new version says."""
        run, node, now = self.run, self.node, self.now
        turn = now.loop is not None and run.is_turn(node)
        if now.data and (now.loop is None or turn) and (data := fresh_data(node, now)):
            run.emit(ev.VariablesSet(node.key, now.id, data))
        try:
            for wait in self._waits(now.id):
                self._adapt_own(wait)
            self._adapt_beside(turn=turn)
        except Fault as fault:
            raise _cannot_wait(run.state, now, fault) from fault

    def _waits(self, element: str) -> list[Wait]:
        waits = [self.run.state.waits[key] for key in self.node.waits]
        return [wait for wait in waits if wait.element == element]

    # What the node itself waits for.

    def _adapt_own(self, wait: Wait) -> None:
        run, node, now = self.run, self.node, self.now
        match wait:
            case TaskWait():
                self._adapt_task(wait)
            case JobWait():
                self._adapt_job(wait)
            case TimerWait() if wait.purpose:
                pass  # A deadline: that comes with its task.
            case TimerWait() | EventWait():
                if mutex_wait(run.state, node) is None and _differs(self.before, now):
                    self._arm_again(now)

    def _adapt_job(self, job: JobWait) -> None:
        """Offer a job by the type that the new version names; what it has left of retries stays."""
        old, new = job_of(self.before, job.purpose), job_of(self.now, job.purpose)
        if old is not None and new is not None and old.type.text != new.type.text:
            self._revise(job, job.but(type=self.run.text(self.node, new.type, "The job type")))

    def _adapt_task(self, task: TaskWait) -> None:
        """Bring a task and its deadlines to the new version; deadlines count from when the task was opened."""
        run, node, old, new = self.run, self.node, self.before.details, self.now.details
        assert isinstance(old, UserTask)
        assert isinstance(new, UserTask)
        self._revise(task, revised_task(run, node, old, self.now, task))
        was, now = [[str(plain(one, {})) for one in details.deadlines] for details in (old, new)]
        for wait in self._waits(self.now.id):
            if isinstance(wait, TimerWait) and wait.purpose:
                number = int(wait.purpose.partition(":")[2])
                if now[number : number + 1] != [was[number]]:
                    self._close(wait)
        for number, text in enumerate(now):
            if was[number : number + 1] != [text]:
                run.wait(deadline_of(run, node, self.now, number, task.since))

    def _revise(self, before: Wait, after: Wait) -> None:
        if before != after:
            self.run.emit(ev.WaitRevised(after))

    # What is waited for beside it: on its border, inside it, or behind an event-based gateway.

    def _adapt_beside(self, *, turn: bool) -> None:
        run, now = self.run, self.now
        events = {one.id: one for one in self._events(self.plan.new, now, turn=turn)}
        were = {one.id for one in self._events(self.plan.old, self.before, turn=turn)}
        known = {found.id: old for old, found in self.plan.pairs.items() if old in were}
        for wait in [run.state.waits[key] for key in self.node.waits]:
            if wait.element not in events and wait.element != now.id:
                self._close(wait)
        if not self._is_at_work():
            return
        for event in events.values():
            if event.family.endswith(_NO_WAIT):
                continue
            if event.id not in known:
                self._arm(event)
            elif self._waits(event.id) and _differs(self.plan.old.elements[known[event.id]], event):
                self._arm_again(event)

    def _events(self, process: Process, at: Element, *, turn: bool) -> Iterator[Element]:
        """Yield the events that are waited for where a node stands at an element of a version."""
        if at.kind == "eventBasedGateway":
            yield from (process.elements[flow.target] for flow in at.outgoing)
        if not turn:
            yield from at.boundaries
        if not self.run.is_body(self.node) and self.node.undo is None:
            yield from (process.elements[start] for start in process.handlers.get(at.id, ()))

    def _is_at_work(self) -> bool:
        """Return whether the node has begun with its own work, so that events beside it are waited for."""
        run, node = self.run, self.node
        if mutex_wait(run.state, node) is not None or node.undo is not None:
            return False
        incidents = run.state.incidents.values()
        if any(one.node == node.key and _stopped(one.stage) for one in incidents):
            return False
        jobs = [wait for wait in self._waits(self.now.id) if isinstance(wait, JobWait)]
        if any(job.purpose and job.purpose.partition(":")[0] not in TASK_EVENTS for job in jobs):
            return False
        inside = (one for one in run.state.nodes.values() if one.scope == node.key and one.key != ROOT)
        return not any(_interrupts(run, one) for one in inside)

    def _close(self, wait: Wait) -> None:
        self.run.emit(ev.WaitClosed(wait.id, wait.element, "withdrawn", {}))

    def _arm(self, event: Element) -> None:
        """Begin to wait for an event."""
        if self.now.kind == "eventBasedGateway" and not event.host:
            await_event(self.run, self.node, event)
            return
        family = event.family
        if family.startswith("startEvent/"):  # That of an event sub-process waits as on a border.
            family = family.replace("startEvent", "boundaryEvent")
        self.run.behaviours[family].activate(self.run, self.node, event)

    def _arm_again(self, event: Element) -> None:
        """Wait for a changed event: a time that is not a cycle counts from when it was first waited for."""
        run, waits = self.run, self._waits(event.id)
        for wait in waits:
            self._close(wait)
        now, details = run.at, event.details
        if isinstance(details, Timer) and details.kind != "cycle":
            run.at = min(wait.since for wait in waits)
        try:
            self._arm(event)
        finally:
            run.at = now


def _stopped(stage: str) -> bool:
    """Return whether an incident of a stage stopped its node before or at the beginning of its work."""
    return stage in ("entering", "active") or stage.startswith(
        (START, "starting/", "triggered/", "arriving/")
    )


def _interrupts(run: Execution, node: Node) -> bool:
    """Return whether a node is an event sub-process that has interrupted its scope."""
    element = run.element(node)
    return element.triggered_by_event and any(run.elements[one].interrupting for one in element.starts)


def _differs(before: Element, now: Element) -> bool:
    """Return whether the new version says something else about what is waited for."""
    return bool(plain(before.details, {}) != plain(now.details, {}))


def _cannot_wait(state: State, element: Element, fault: Fault) -> FlowMasterError:
    return FlowMasterError(
        "instance.not_migratable",
        f"{state.instance!r} cannot go on by version {state.version}: at {element.label!r}, {fault.message}",
        path=f"element:{element.id}",
        expected=f"data over which {element.label!r} can wait",
        fix="Set the variables that it needs (`set_variables`), or change the new version.",
        next=[Hint("instance_read", {"instance": state.instance}, "See its variables.")],
        status=409,
    )
