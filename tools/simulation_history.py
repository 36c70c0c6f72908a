"""What recorded instances tell a simulation: how often they came, with what, and how long their steps took."""

from collections.abc import Mapping, Sequence
from typing import Final

from flowmaster.engine import events as ev
from flowmaster.engine.state import EventWait, JobWait, TaskWait
from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import HistoryEntry, InstanceFilter

INSTANCES_MAX: Final = 200
"""Instances, the newest first, that are measured."""

EVENTS_MAX: Final = 30_000
"""Events of them that are looked through."""

SAMPLES_MAX: Final = 1_000
"""Times of one step that are kept."""

ARRIVALS_MIN: Final = 10
"""Fewer instances say nothing of how often cases come."""


def measured_times(reader: Reader, tenant: str, process: str) -> dict[str, list[int]]:
    """Return how long the steps of completed instances took, by element, in milliseconds.

    A person's work counts from when the task was claimed, and from when it was opened where nobody claimed it.
    """
    times: dict[str, list[int]] = {}
    left = EVENTS_MAX
    which = InstanceFilter(process=process, statuses=("completed",), limit=INSTANCES_MAX)
    for row in reader.find_instances(tenant, which).items:
        left -= row.revision
        if left < 0:
            break
        _measure(reader.history(tenant, row.instance, limit=row.revision), times)
    return times


def _measure(history: Sequence[HistoryEntry], times: dict[str, list[int]]) -> None:
    begun: dict[int, int] = {}
    for entry in history:
        match entry.event:
            case ev.WaitOpened(wait=TaskWait() | JobWait(purpose="") | EventWait(kind="message") as wait):
                begun[wait.id] = entry.at
            case ev.TaskChanged(wait=wait, action="claim") if wait.id in begun:
                begun[wait.id] = entry.at
            case ev.WaitClosed(wait=key, element=element, how="completed" | "received") if key in begun:
                known = times.setdefault(element, [])
                if len(known) < SAMPLES_MAX:
                    known.append(entry.at - begun.pop(key))
            case _:
                pass


def recorded_starts(reader: Reader, tenant: str, process: str) -> list[Mapping[str, Json]]:
    """Return what the newest instances began with."""
    found: list[Mapping[str, Json]] = []
    for row in reader.find_instances(tenant, InstanceFilter(process=process, limit=INSTANCES_MAX)).items:
        for entry in reader.history(tenant, row.instance, limit=1):
            if isinstance(entry.event, ev.InstanceStarted) and not entry.erased:
                found.append(entry.event.variables)
    return found


def recorded_gap(reader: Reader, tenant: str, process: str) -> tuple[float, int] | None:
    """Return the mean time between the newest instances in milliseconds, and how many they are."""
    rows = reader.find_instances(tenant, InstanceFilter(process=process, limit=INSTANCES_MAX)).items
    starts = [row.started for row in rows]
    if len(starts) < ARRIVALS_MIN or max(starts) == min(starts):
        return None
    return (max(starts) - min(starts)) / (len(starts) - 1), len(starts)
