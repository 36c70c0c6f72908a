"""What the events of a model wait for or throw."""

from flowmaster.engine.bpmn.element import Element as XmlElement
from flowmaster.engine.bpmn.reader_jobs import job_of
from flowmaster.engine.bpmn.reader_values import NULL
from flowmaster.engine.bpmn.reading import Reading, says
from flowmaster.engine.bpmn.vocabulary import (
    ACTIVITY_KINDS,
    CATCH_EVENT_KINDS,
    EVENT_DEFINITION_KINDS,
    ZEEBE_SUBSCRIPTION,
    fm,
)
from flowmaster.engine.model import (
    Compensation,
    Conditional,
    Details,
    Error,
    Escalation,
    Job,
    Link,
    Message,
    Signal,
    Timer,
    Trigger,
    Triggers,
)
from flowmaster.engine.timers import MISSED

_SUFFIX = "EventDefinition"

MISSED_RUNS = fm("missed")
_TIMES = {"timeDuration": "duration", "timeDate": "date", "timeCycle": "cycle"}


def definitions_of(reading: Reading, xml: XmlElement) -> list[XmlElement]:
    """Return the event definitions of an event, also those it names in `eventDefinitionRef`."""
    found = xml.children(*EVENT_DEFINITION_KINDS)
    for reference in xml.texts_of("eventDefinitionRef"):
        shared = reading.document.find(reference)
        if shared is None or shared.kind not in EVENT_DEFINITION_KINDS:
            reading.add(
                "event.definition_unknown",
                xml,
                f"{reading.called(xml)} names the event definition {reference!r}, which the file does not have.",
            )
        else:
            found.append(shared)
    return found


def name_of(definition: XmlElement) -> str:
    """Return the short name of an event definition: `message` for `messageEventDefinition`."""
    return definition.kind.removesuffix(_SUFFIX)


def event_family(xml: XmlElement, definitions: list[XmlElement]) -> str:
    """Return the family of an event: its kind and its definition."""
    if not definitions:
        return xml.kind
    if len(definitions) == 1:
        return f"{xml.kind}/{name_of(definitions[0])}"
    return f"{xml.kind}/{'parallelMultiple' if xml.is_true('parallelMultiple') else 'multiple'}"


def event_details(reading: Reading, xml: XmlElement, definitions: list[XmlElement]) -> Details:
    """Read what an event waits for or throws."""
    if len(definitions) > 1:
        triggers = [trigger_of(reading, xml, definition) for definition in definitions]
        return Triggers(tuple(triggers))
    if not definitions:
        return None
    if name_of(definitions[0]) == "message" and xml.kind not in CATCH_EVENT_KINDS:
        job = _throwing_job(reading, xml, definitions[0])
        if job is not None:
            return job
    return trigger_of(reading, xml, definitions[0]).details


def trigger_of(reading: Reading, xml: XmlElement, definition: XmlElement) -> Trigger:
    """Read one event definition of an event."""
    name = name_of(definition)
    catches = xml.kind in CATCH_EVENT_KINDS
    match name:
        case "message":
            return Trigger(name, message_of(reading, definition, xml))
        case "signal":
            return Trigger(name, _signal(reading, definition, xml))
        case "timer":
            return Trigger(name, _timer(reading, definition, xml))
        case "error":
            return Trigger(name, _error(reading, definition, xml, catches))
        case "escalation":
            return Trigger(name, _escalation(reading, definition, xml, catches))
        case "conditional":
            return Trigger(name, _conditional(reading, definition, xml))
        case "link":
            return Trigger(name, Link(" ".join((definition.name or xml.name).split())))
        case "compensate":
            return Trigger(name, _compensation(reading, definition, xml))
        case _:
            return Trigger(name, None)


def message_of(reading: Reading, xml: XmlElement, owner: XmlElement) -> Message | None:
    """Read the message that an event definition, receive task or send task names."""
    identifier = reading.id_of(owner)
    message = reading.resolve(xml, "messageRef", owner, "message")
    if message is None:
        if not says(xml, "messageRef"):
            reading.add("message.missing", owner, f"{reading.called(owner)} names no message.")
        return None
    name = reading.values.literal_or_feel(message.name, message, identifier, "The message name")
    if name is None:
        reading.add(
            "message.name_missing",
            owner,
            f"The message {message.id!r} of {reading.called(owner)} has no name.",
        )
        return None
    subscription = message.extension(ZEEBE_SUBSCRIPTION)
    key = subscription.get("correlationKey") if subscription is not None else ""
    return Message(name, reading.values.literal_or_feel(key, message, identifier, "The correlation key"))


def _throwing_job(reading: Reading, xml: XmlElement, definition: XmlElement) -> Job | None:
    return job_of(reading, xml) or job_of(reading, definition, xml)


def _signal(reading: Reading, definition: XmlElement, owner: XmlElement) -> Signal | None:
    identifier = reading.id_of(owner)
    signal = reading.resolve(definition, "signalRef", owner, "signal")
    if signal is None:
        if not says(definition, "signalRef"):
            reading.add("signal.missing", owner, f"{reading.called(owner)} names no signal.")
        return None
    name = reading.values.literal_or_feel(signal.name, signal, identifier, "The signal name")
    if name is None:
        reading.add(
            "signal.missing", owner, f"The signal {signal.id!r} of {reading.called(owner)} has no name."
        )
        return None
    return Signal(name)


def _timer(reading: Reading, definition: XmlElement, owner: XmlElement) -> Timer | None:
    identifier = reading.id_of(owner)
    times = [time for time in definition.children(*_TIMES) if time.text]
    if not times:
        reading.add("timer.missing", owner, f"The timer {reading.called(owner)} has no time.")
        return None
    if len(times) > 1:
        kinds = ", ".join(f"`{time.kind}`" for time in times)
        reading.add(
            "timer.malformed",
            owner,
            f"The timer {reading.called(owner)} has several times ({kinds}); one is wanted.",
        )
    value = reading.values.literal_or_feel(times[0].text, times[0], identifier, "The time")
    return Timer(_TIMES[times[0].kind], value or NULL, _missed(reading, owner))


def _missed(reading: Reading, owner: XmlElement) -> str:
    """Return what is done about times that passed while no server ran."""
    said = owner.extension(MISSED_RUNS)
    if said is None:
        return ""
    if said.get("run") not in MISSED:
        reading.add(
            "timer.missed_unknown",
            owner,
            f"What the timer {reading.called(owner)} does about missed times is {said.get('run')!r}.",
        )
        return ""
    return said.get("run")


def _error(reading: Reading, definition: XmlElement, owner: XmlElement, catches: bool) -> Error:
    identifier = reading.id_of(owner)
    error = reading.resolve(definition, "errorRef", owner, "error")
    code = None
    if error is not None:
        written = error.get("errorCode") or error.name
        code = reading.values.literal_or_feel(written, error, identifier, "The error code")
    if code is None and not catches and (error is not None or not says(definition, "errorRef")):
        reading.add("error.missing", owner, f"{reading.called(owner)} does not say which error it throws.")
    return Error(code)


def _escalation(reading: Reading, definition: XmlElement, owner: XmlElement, catches: bool) -> Escalation:
    identifier = reading.id_of(owner)
    escalation = reading.resolve(definition, "escalationRef", owner, "escalation")
    code = None
    if escalation is not None:
        written = escalation.get("escalationCode") or escalation.name
        code = reading.values.literal_or_feel(written, escalation, identifier, "The escalation code")
    if code is None and not catches and (escalation is not None or not says(definition, "escalationRef")):
        reading.add(
            "escalation.missing", owner, f"{reading.called(owner)} does not say which escalation it throws."
        )
    return Escalation(code)


def _conditional(reading: Reading, definition: XmlElement, owner: XmlElement) -> Conditional | None:
    identifier = reading.id_of(owner)
    condition = definition.child("condition")
    if condition is None or not condition.text:
        reading.add(
            "condition.missing", owner, f"The conditional event {reading.called(owner)} has no condition."
        )
        return None
    return Conditional(reading.values.expression(condition, identifier, "The condition"))


def _compensation(reading: Reading, definition: XmlElement, owner: XmlElement) -> Compensation:
    if owner.kind == "boundaryEvent":
        handler = compensation_handler(reading, owner)
        return Compensation(reading.id_of(handler) if handler is not None else "")
    activity = definition.get("activityRef") or definition.text_of("activityRef")
    if activity:
        found = reading.document.find(activity)
        if (
            found is None
            or found.kind not in ACTIVITY_KINDS
            or reading.document.process_of(found) != reading.process
        ):
            reading.add(
                "compensation.activity_unknown",
                owner,
                f"{reading.called(owner)} undoes {activity!r}, which is no activity of the file.",
            )
        else:
            activity = reading.id_of(found)
    return Compensation(activity, definition.is_true("waitForCompletion", True))


def compensation_handler(reading: Reading, boundary: XmlElement) -> XmlElement | None:
    """Return the activity that an association connects with a compensation boundary event."""
    return next((other for other in reading.associated(boundary) if other.kind in ACTIVITY_KINDS), None)
