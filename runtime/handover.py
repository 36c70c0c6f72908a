"""The settings that a job is handed to a worker or connector with."""

from flowmaster.engine.lookup import job_of, open_task
from flowmaster.engine.model import Process
from flowmaster.engine.state import JobWait, State
from flowmaster.stores.identifiers import task_id


def headers_of(process: Process, state: State, wait: JobWait) -> dict[str, str]:
    """Return the settings of a job: those of the model, what an agent is to do with what, and what a listener is asked."""
    job = job_of(process.elements[wait.element], wait.purpose)
    headers = {**(job.agent or {}), **job.headers} if job is not None else {}
    task = open_task(state, state.nodes[wait.node]) if wait.purpose else None
    if task is None or task.asked is None:
        return headers
    asked = task.asked
    told = {"action": asked.action, "by": asked.by, "to": ", ".join(asked.to), "assignee": task.assignee}
    named = {name: text for name, text in told.items() if text}
    return {**headers, "task": task_id(state.instance, task.element, task.id), "event": task.state, **named}
