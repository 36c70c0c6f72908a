"""The rules of events: messages, timers, errors, links, compensation."""

from flowmaster.engine.bpmn.problem import ERROR, HINT, WARNING
from flowmaster.engine.bpmn.rule import Rule

EVENTS = {
    "start.has_incoming": Rule(
        ERROR,
        "Remove the flow; to go back, lead it to the first step or to a gateway before it.",
        "A sequence flow ends at a start event (BPMN 2.0.2, 10.5.2).",
    ),
    "end.has_outgoing": Rule(
        ERROR,
        "Remove the flow, or make the event an intermediate event.",
        "A sequence flow begins at an end event (BPMN 2.0.2, 10.5.3).",
    ),
    "boundary.has_incoming": Rule(
        ERROR,
        "Remove the flow: a boundary event is triggered by its activity alone.",
        "A sequence flow ends at a boundary event (BPMN 2.0.2, 10.5.4).",
    ),
    "boundary.has_no_outgoing": Rule(
        WARNING,
        "Connect the boundary event to what should happen then.",
        "A boundary event leads nowhere: what triggers it just ends that path (BPMN 2.0.2, 10.5.4).",
    ),
    "boundary.host_unknown": Rule(
        ERROR,
        "Attach it to a step or group of the same scope; an outline says it as `on: [...]` there.",
        "`attachedToRef` of a boundary event names no activity beside it (BPMN 2.0.2, 10.5.4).",
    ),
    "boundary.trigger_missing": Rule(
        ERROR,
        "Say what it waits for: `after: P1D`, `message: name`, `error: CODE` (an event definition).",
        "A boundary event has no event definition, so nothing can trigger it (BPMN 2.0.2, 10.5.4).",
    ),
    "catch.trigger_missing": Rule(
        ERROR,
        "Say what is waited for: `wait: P14D`, `wait: {message: paid, key: order.id}`; or make it a throw event.",
        "An intermediate catch event has no event definition, so nothing can trigger it (BPMN 2.0.2, 10.5.4).",
    ),
    "event.definition_wrong": Rule(
        ERROR,
        "Use an event definition that BPMN allows at this place.",
        "BPMN does not have this kind of event at this place (BPMN 2.0.2, table 10.93).",
    ),
    "event.definition_unknown": Rule(
        ERROR,
        "Name an event definition of this file in `eventDefinitionRef`.",
        "An `eventDefinitionRef` names no event definition of the file.",
    ),
    "event.must_interrupt": Rule(
        ERROR,
        "Leave `keep` out (`cancelActivity`, of start events `isInterrupting`, is true).",
        "Error and cancel boundary events always interrupt their activity (BPMN 2.0.2, 10.5.4).",
    ),
    "reference.unknown": Rule(
        ERROR,
        "Add the missing definition to the file, or name one that is there.",
        "A reference such as `messageRef` or `signalRef` names nothing that the file defines.",
    ),
    "message.missing": Rule(
        ERROR,
        "Name the message: `wait: {message: paid}`, `send: paid` (a `message` with a name, which `messageRef` names).",
        "A message event, receive task or send task does not say which message it is about.",
    ),
    "message.correlation_ignored": Rule(
        WARNING,
        "Write the key beside the message: `{message: paid, key: order.id}` (`zeebe:subscription correlationKey`).",
        "The process correlates messages by a `correlationSubscription`, which is kept in the file and not looked at.",
        strict=ERROR,
    ),
    "message.name_missing": Rule(
        ERROR,
        "Give the message a `name`; messages are delivered by name.",
        "A message has no name.",
    ),
    "signal.missing": Rule(
        ERROR,
        "Name the signal: `{signal: alarm}` (a `signal` with a name, which `signalRef` names).",
        "A signal event does not say which signal it is about, or that signal has no name.",
    ),
    "escalation.missing": Rule(
        ERROR,
        "Name the escalation: `throw: {escalation: LATE}` (an `escalation` with a code, which `escalationRef` names).",
        "A throwing escalation event does not say which escalation it throws.",
    ),
    "error.missing": Rule(
        ERROR,
        "Name the error: `end: {error: CODE}` (an `error` with a code, which `errorRef` names).",
        "An error end event does not say which error it throws.",
    ),
    "condition.missing": Rule(
        ERROR,
        "Write the condition, for example `{condition: stock < 10}`.",
        "A conditional event has no condition.",
    ),
    "link.name_missing": Rule(
        ERROR, "Give the link a name.", "A link event has no name to find its other end by."
    ),
    "link.target_missing": Rule(
        ERROR,
        "Add a catching link event of the same name in the same scope.",
        "A throwing link event has no catching link event of its name in its scope (BPMN 2.0.2, 10.5.5).",
    ),
    "link.target_ambiguous": Rule(
        ERROR,
        "Rename one of them.",
        "Two catching link events of one scope have the same name (BPMN 2.0.2, 10.5.5).",
    ),
    "link.flow_wrong": Rule(
        ERROR,
        "Remove the flow.",
        "A throwing link event has an outgoing flow or a catching one an incoming flow (BPMN 2.0.2, 10.5.5).",
    ),
    "cancel.outside_transaction": Rule(
        ERROR,
        "Put it into a group with `transaction: true` (onto it), or end by `terminate: true` or `{error: CODE}`.",
        "A cancel event stands outside a transaction (BPMN 2.0.2, 10.5.3 and 10.5.4).",
    ),
    "compensation.handler_missing": Rule(
        ERROR,
        "Say what undoes the step: `undo: {release: {call: stock.release}}` (an association to an activity with "
        '`isForCompensation="true"`).',
        "A compensation boundary event has no handler (BPMN 2.0.2, 10.7.2).",
    ),
    "compensation.handler_has_flow": Rule(
        ERROR,
        "Remove the flow: the handler is reached by its association only.",
        "A compensation handler has a sequence flow (BPMN 2.0.2, 10.7.2).",
    ),
    "compensation.boundary_has_flow": Rule(
        ERROR,
        "Replace the flow by an association to the handler.",
        "A compensation boundary event has a sequence flow (BPMN 2.0.2, 10.7.2).",
    ),
    "compensation.activity_unknown": Rule(
        ERROR,
        "Name a step: `throw: {compensate: book}` (`activityRef`), or `compensate: true` to undo all of the scope.",
        "A compensation throw event names an activity that does not exist.",
    ),
    "subprocess.start_has_trigger": Rule(
        ERROR,
        "Let the group begin without a trigger; put a `wait` before it, or the event under its `on`.",
        "An embedded sub-process begins with a start event that has a trigger (BPMN 2.0.2, 10.5.2).",
    ),
    "event_subprocess.start_count": Rule(
        ERROR,
        "Keep exactly one start event in it.",
        "An event sub-process has no start event or several (BPMN 2.0.2, 10.3.5).",
    ),
    "event_subprocess.start_has_no_trigger": Rule(
        ERROR,
        "Give its start event a message, timer, error or other trigger.",
        "The start event of an event sub-process has no trigger (BPMN 2.0.2, 10.5.2).",
    ),
    "event_subprocess.has_boundary": Rule(
        ERROR,
        "Attach the event to the sub-process around it, or remove it.",
        "A boundary event is attached to an event sub-process (BPMN 2.0.2, 10.3.5).",
    ),
    "event_subprocess.has_flow": Rule(
        ERROR,
        "Remove the flow, or remove `triggeredByEvent`.",
        "An event sub-process has a sequence flow (BPMN 2.0.2, 10.3.5).",
    ),
    "error.uncaught": Rule(
        HINT,
        "Catch it at the group around it, `on: {CODE: [...]}`, or under `events`, unless a calling process does.",
        "An error end event throws an error that no scope around it catches: the instance fails, unless it was called by a "
        "process that catches it.",
    ),
    "error.never_thrown": Rule(
        WARNING,
        "Correct the code, or remove the event.",
        "A boundary event catches an error that nothing in its activity throws: no error end event has that code, and no "
        "worker or called process is there that might.",
    ),
    "message.key_missing": Rule(
        HINT,
        "Give it a key that tells instances apart: `{message: paid, key: order.id}` (`zeebe:subscription correlationKey`).",
        "An instance waits for a message without a key, so that any of several waiting instances gets it.",
    ),
    "timer.at_once": Rule(
        WARNING,
        "Write how long it takes, for example `wait: PT1H`.",
        "A timer or deadline of no or negative duration is due at once.",
    ),
    "timer.past": Rule(
        WARNING,
        "Write a date that is still to come, or one that is computed.",
        "A constant date lies in the past, so that the timer is due at once.",
    ),
    "timer.repeat_unused": Rule(
        WARNING,
        "Write a duration (`after: P1D`), or let the step go on (`keep: true`).",
        "A timer repeats where it can occur only once: it interrupts its activity, or it is waited for on the way.",
    ),
    "timer.missing": Rule(
        ERROR,
        "Write how long (`after: PT1H`), until when (`at: 2027-01-31`) or how often (`every: P1D`).",
        "A timer event has no time.",
    ),
    "timer.malformed": Rule(
        ERROR,
        "Write ISO 8601 (duration `PT1H`, date `2027-01-31T12:00:00Z`, cycle `R3/PT1H`), cron for cycles, or "
        "FEEL with a leading `=`.",
        "The time of a timer event cannot be read.",
    ),
    "timer.missed_unknown": Rule(
        ERROR,
        "Write `skip` (they are left out), `once` (one run for all of them) or `all` (a run for each).",
        "What a start by the clock does about times that passed while no server ran is not one of the three.",
    ),
}
"""Each rule by the code of its problem."""
