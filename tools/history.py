"""The history of an instance as people and models read it: one entry per event, in plain names."""

from collections.abc import Iterable, Mapping

from flowmaster.engine import events as ev
from flowmaster.engine.model import Process
from flowmaster.engine.state import ROOT, ChildWait, EventWait, JobWait, TaskWait, TimerWait, Wait
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.stores.identifiers import task_id
from flowmaster.stores.rows import HistoryEntry

EVENT_NAMES: Mapping[type, str] = {
    ev.InstanceStarted: "started",
    ev.ElementEntered: "entered",
    ev.ElementCompleted: "completed",
    ev.ElementCancelled: "cancelled",
    ev.FlowTaken: "taken",
    ev.TokenJoined: "joined",
    ev.TokensDropped: "dropped",
    ev.VariablesSet: "variables",
    ev.WaitOpened: "waiting",
    ev.WaitClosed: "waited",
    ev.TaskChanged: "task_changed",
    ev.TaskPerformed: "performed",
    ev.JobFailed: "job_failed",
    ev.JobRetried: "job_retried",
    ev.ChildRequested: "called",
    ev.ChildStarted: "child_started",
    ev.ChildCancelRequested: "child_cancelled",
    ev.DecisionMade: "decided",
    ev.MessageSent: "message_sent",
    ev.SignalSent: "signal_sent",
    ev.EscalationThrown: "escalation_thrown",
    ev.ErrorThrown: "error_thrown",
    ev.IncidentRaised: "incident",
    ev.IncidentResolved: "resolved",
    ev.InstancePaused: "paused",
    ev.InstanceResumed: "resumed",
    ev.InstanceEnded: "ended",
    ev.LoopBegan: "loop_began",
    ev.LoopStopped: "loop_stopped",
    ev.TurnCollected: "collected",
    ev.CompensationKept: "compensable",
    ev.CompensationBegan: "compensating",
    ev.ElementCompensated: "compensated",
    ev.GatewayStarted: "gateway_started",
    ev.GatewayReset: "gateway_reset",
    ev.ConditionSeen: "condition_seen",
    ev.InstanceForked: "forked",
    ev.InstanceMigrated: "migrated",
    ev.WaitRevised: "wait_revised",
}
"""What each event is called in a history."""


def entries(
    process: Process, history: Iterable[HistoryEntry], older: Process | None = None
) -> list[dict[str, Json]]:
    """Return history entries `{seq, at, event, element, name, type, by, data}`, oldest first.

    What the process does not have any more is named by an `older` version, if one is given.
    """
    elements = {**(older.elements if older else {}), **process.elements}
    flows = {flow.id: flow for element in elements.values() for flow in element.outgoing}
    shown: list[dict[str, Json]] = []
    for entry in history:
        element_id = element_of(process, entry.event)
        line: dict[str, Json] = {
            "seq": entry.seq,
            "at": iso(entry.at),
            "event": EVENT_NAMES[type(entry.event)],
        }
        element = elements.get(element_id)
        if element_id:
            flow = flows.get(element_id)
            line["element"] = element_id
            line["name"] = element.label if element else (flow.name or flow.id) if flow else element_id
            line["type"] = element.kind if element else "sequenceFlow" if flow else ""
        line["by"] = entry.by
        data = data_of(entry.event)
        if entry.reason:
            data["reason"] = entry.reason
        if data:
            line["data"] = data
        if entry.erased:
            line["erased"] = True
        shown.append(line)
    return shown


def element_of(process: Process, event: ev.Event) -> str:
    """Return the element or flow that an event is about, empty for the instance as a whole."""
    match event:
        case ev.WaitOpened(wait=wait) | ev.TaskChanged(wait=wait) | ev.JobFailed(wait=wait):
            return wait.element
        case ev.JobRetried(wait=wait) | ev.ChildStarted(wait=wait) | ev.ConditionSeen(wait=wait):
            return wait.element
        case ev.WaitRevised(wait=wait):
            return wait.element
        case ev.FlowTaken(flow=flow):
            return flow
        case ev.InstanceStarted() | ev.InstanceEnded() | ev.InstancePaused() | ev.InstanceResumed():
            return ""
        case ev.InstanceForked() | ev.InstanceMigrated():
            return ""
        case _:
            return "" if event.element == process.id else event.element


def data_of(event: ev.Event) -> dict[str, Json]:
    """Return what there is to say about an event beyond its name and place."""
    if type(event) in _NOTHING_MORE:
        return {}
    match event:
        case ev.InstanceStarted() | ev.InstanceForked():
            return _beginning(event)
        case ev.VariablesSet(values=values):
            return dict(values)
        case ev.WaitOpened(wait=wait) | ev.WaitRevised(wait=wait):
            return wait_data(wait)
        case ev.WaitClosed(how=how, data=data):
            return {"how": how, **{name: value for name, value in data.items() if value}}
        case ev.TaskChanged(action=action, data=data):
            return {"action": action, **{name: value for name, value in data.items() if value}}
        case ev.TokenJoined(flow=flow):
            return {"flow": flow}
        case ev.JobFailed(wait=wait, message=message):
            left = wait.retries if isinstance(wait, JobWait) else 0
            return {"message": message, "retries": left}
        case ev.ConditionSeen(wait=EventWait(key=key)):
            return {"holds": bool(key)}
        case ev.LoopBegan(total=total):
            return {"turns": total}
        case ev.ChildStarted(wait=wait):
            return {"child": wait.child} if isinstance(wait, ChildWait) else {}
        case _:
            hidden = {"element", "key", "wait", "waits", "scope", "id", "node", "at"}
            return {name: value for name, value in event.fields().items() if name not in hidden and value}


def _beginning(event: ev.InstanceStarted | ev.InstanceForked) -> dict[str, Json]:
    """Return what an instance begins with, and a fork from where."""
    told: dict[str, Json] = {}
    if isinstance(event, ev.InstanceForked):
        told = {"from": event.origin.instance, "at": event.origin.seq}
        variables = next((node.variables for node in event.nodes if node.key == ROOT), None) or {}
    else:
        variables = dict(event.variables)
    told["variables"] = dict(variables)
    if event.business_key:
        told["business_key"] = event.business_key
    return told


_NOTHING_MORE = frozenset(
    {
        ev.CompensationKept,
        ev.ElementCancelled,
        ev.ElementCompensated,
        ev.ElementCompleted,
        ev.ElementEntered,
        ev.FlowTaken,
        ev.JobRetried,
        ev.LoopStopped,
        ev.TokensDropped,
    }
)
"""Events whose name and place say it all."""


def wait_data(wait: Wait) -> dict[str, Json]:
    """Return what an instance waits for, as data."""
    match wait:
        case TaskWait():
            told: dict[str, Json] = {"kind": "user_task"}
            for name in ("assignee", "roles", "users", "excluded"):
                value = getattr(wait, name)
                if value:
                    told[name] = value if isinstance(value, str) else list(value)
            return told
        case JobWait():
            return {"kind": "job", "type": wait.type, "retries": wait.retries}
        case TimerWait():
            return {"kind": wait.purpose.partition(":")[0] or "timer", "due": iso(wait.due)}
        case EventWait():
            return {
                "kind": wait.kind,
                "name": wait.name,
                **({"correlation_key": wait.key} if wait.key else {}),
            }
        case ChildWait():
            return {"kind": "child", "process": wait.process}


def task_of(instance: str, wait: TaskWait) -> str:
    """Return the id of an open task."""
    return task_id(instance, wait.element, wait.id)
