"""Work that is handed out to connectors and workers: the job of an element, and those of its listeners."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.said import said
from flowmaster.engine.model import AdHoc, Element, Job, UserTask
from flowmaster.engine.state import JobWait, Node

if TYPE_CHECKING:
    from flowmaster.engine.execution import Execution

RETRIES_MAX = 1_000
START, END = "start", "end"
"""What a listener's job is for, before the number of the listener: `start:0`."""
CREATING, ASSIGNING, UPDATING, COMPLETING = TASK_EVENTS = ("creating", "assigning", "updating", "completing")
"""What the job of a listener of a person's task decides on, before its number; the task is in a state of that name."""


def jobs_of(element: Element) -> Iterator[Job]:
    """Yield all work that an element hands out: its own, and that of its listeners."""
    details = element.details
    own = details.job if isinstance(details, AdHoc) else details
    if isinstance(own, Job):
        yield own
    yield from element.at_start
    yield from element.at_end
    if isinstance(details, UserTask):
        for heard in details.listeners.values():
            yield from heard


def open_job(run: "Execution", node: Node, element: Element, job: Job, purpose: str = "") -> None:
    """Offer a job; `purpose` says which listener it is for, if it is not the element's own."""
    kind = run.text(node, job.type, "The job type")
    found = run.value(node, job.retries)
    try:
        retries = int(found) if isinstance(found, int | str | Decimal) else -1
    except ValueError:
        retries = -1
    if not 0 <= retries <= RETRIES_MAX:
        raise FlowMasterError(
            "job.retries_wrong",
            f"The retries `{job.retries.text}` gave {said(found)}.",
            path=f"element:{element.id}",
            expected=f"a number from 0 to {RETRIES_MAX}",
        )
    run.wait(JobWait(run.key(), node.key, element.id, run.at, kind, max(1, retries), None, purpose))
