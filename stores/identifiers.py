"""Readable ids of tasks and jobs: `leave-request:7/approve.4`, and `~nonce` behind it for one lease."""

import re
from typing import NamedTuple

_FORM = re.compile(
    r"(?s)(?P<instance>.+?)/(?P<element>[^/]*)\.(?P<wait>[0-9]{1,15})(?:~(?P<nonce>[0-9A-Za-z_-]+))?"
)


class WaitId(NamedTuple):
    """The parts of a task's or job's id; `nonce` is empty for a task."""

    instance: str
    element: str
    wait: int
    nonce: str


def task_id(instance: str, element: str, wait: int) -> str:
    """Return the id under which people know the task."""
    return f"{instance}/{element}.{wait}"


def job_id(instance: str, element: str, wait: int, nonce: str) -> str:
    """Return the id of one lease of a job."""
    return f"{instance}/{element}.{wait}~{nonce}"


def parse_wait_id(text: str) -> WaitId | None:
    """Return the parts of an id, or None if it has not the form of one."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    instance, element, wait, nonce = found.groups("")
    return WaitId(instance, element, int(wait), nonce)
