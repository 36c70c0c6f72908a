"""Work that is handed out to connectors and workers: the job of an element, and those of its listeners."""

from decimal import Decimal
from typing import TYPE_CHECKING

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import Element, Job
from flowmaster.engine.state import JobWait, Node

if TYPE_CHECKING:
    from flowmaster.engine.execution import Execution

RETRIES_MAX = 1_000
START, END = "start", "end"
"""What a listener's job is for, before the number of the listener: `start:0`."""


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
            f"The retries `{job.retries.text}` gave {found!r}.",
            path=f"element:{element.id}",
            expected=f"a number from 0 to {RETRIES_MAX}",
        )
    run.wait(JobWait(run.key(), node.key, element.id, run.at, kind, max(1, retries), None, purpose))
