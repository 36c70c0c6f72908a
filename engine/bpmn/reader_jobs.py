"""Work for connectors and outside workers: job types, retries and headers."""

from collections.abc import Mapping

from flowmaster.engine.bpmn.element import Element as XmlElement
from flowmaster.engine.bpmn.reading import Reading, camunda_attribute
from flowmaster.engine.bpmn.vocabulary import (
    ZEEBE_EXECUTION_LISTENER,
    ZEEBE_EXECUTION_LISTENERS,
    ZEEBE_HEADER,
    ZEEBE_TASK_DEFINITION,
    ZEEBE_TASK_HEADERS,
    ZEEBE_TASK_LISTENER,
    ZEEBE_TASK_LISTENERS,
    fm,
)
from flowmaster.engine.model import Constant, Job, Value

RETRIES = 3
"""Tries that a job has where the model does not say."""

_AGENT = fm("agent")
_RETRY = fm("retry")


def job_of(reading: Reading, xml: XmlElement, owner: XmlElement | None = None) -> Job | None:
    """Read the job of an element; None where it names no job type and is no agent step."""
    owner = owner or xml
    identifier = reading.id_of(owner)
    definition = xml.extension(ZEEBE_TASK_DEFINITION)
    agent = xml.extension(_AGENT)
    kind = definition.get("type") if definition is not None else _camunda_topic(xml)
    if not kind.strip() and agent is not None:
        kind = "agent"
    job_type = reading.values.literal_or_feel(kind, xml, identifier, "The job type")
    if job_type is None:
        return None
    return Job(
        type=job_type,
        retries=_retries(reading, definition, owner),
        headers=_headers(xml),
        backoff=_backoff(reading, xml, identifier),
        agent=agent.attributes() if agent is not None else None,
    )


def listeners_of(reading: Reading, xml: XmlElement, event: str) -> tuple[Job, ...]:
    """Read the jobs of the execution listeners for an event (`start`, `end`), in their order."""
    return _heard(reading, xml, ZEEBE_EXECUTION_LISTENERS, ZEEBE_EXECUTION_LISTENER).get(event, ())


def task_listeners_of(reading: Reading, xml: XmlElement) -> Mapping[str, tuple[Job, ...]]:
    """Read the jobs of the listeners of a user task, by what they decide on (`completing`)."""
    return _heard(reading, xml, ZEEBE_TASK_LISTENERS, ZEEBE_TASK_LISTENER)


def _heard(reading: Reading, xml: XmlElement, holders: str, kind: str) -> Mapping[str, tuple[Job, ...]]:
    found: dict[str, tuple[Job, ...]] = {}
    for holder in xml.extensions(holders):
        for one in holder.children(kind):
            job = reading.values.literal_or_feel(one.get("type"), xml, reading.id_of(xml), "The job type")
            event = one.get("eventType")
            if job is None:
                told = f"The listener to {event!r} of {reading.called(xml)} names no job type, so nobody hears it."
                reading.add("job.type_missing", xml, told)
            else:
                found[event] = (*found.get(event, ()), Job(job, _retries(reading, one, xml), _headers(xml)))
    return found


def _camunda_topic(xml: XmlElement) -> str:
    return (
        camunda_attribute(xml, "topic")
        if camunda_attribute(xml, "type") in ("external", "external-worker")
        else ""
    )


def _retries(reading: Reading, definition: XmlElement | None, owner: XmlElement) -> Value:
    written = definition.get("retries").strip() if definition is not None else ""
    if not written:
        return Constant(RETRIES)
    if written.isascii() and written.isdigit():
        return Constant(int(written[:9]))
    if not written.startswith("="):
        reading.add(
            "job.retries_malformed",
            owner,
            f"{reading.called(owner)} has {written!r} as its number of retries.",
        )
        return Constant(RETRIES)
    return reading.values.feel(written, owner, reading.id_of(owner), "The number of retries")


def _headers(xml: XmlElement) -> dict[str, str]:
    holder = xml.extension(ZEEBE_TASK_HEADERS)
    if holder is None:
        return {}
    return {header.get("key"): header.get("value") for header in holder.children(ZEEBE_HEADER)}


def _backoff(reading: Reading, xml: XmlElement, identifier: str) -> Value | None:
    retry = xml.extension(_RETRY)
    if retry is None:
        return None
    return reading.values.literal_or_feel(retry.get("wait"), retry, identifier, "The wait between tries")
