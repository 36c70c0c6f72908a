"""The catalogue of rules: what each problem of a model means, how grave it is, and what to do about it.

The reference of problems in the documentation is generated from here. Where a rule has a `strict` severity, that
one holds for models that declare data or roles in FlowMaster's own namespace; what a plain BPMN file leaves open
is only warned of.
"""

from flowmaster.engine.bpmn.problem import ERROR, HINT, WARNING
from flowmaster.engine.bpmn.rule import Rule
from flowmaster.engine.bpmn.rules_data import DATA
from flowmaster.engine.bpmn.rules_events import EVENTS
from flowmaster.engine.bpmn.rules_soundness import SOUNDNESS

_STRUCTURE = {
    "element.kind_unknown": Rule(
        ERROR,
        "Use an element of BPMN 2.0, for example `task`, `userTask` or `serviceTask`.",
        "An element in the BPMN namespace has a name that BPMN 2.0.2 does not define.",
    ),
    "element.id_missing": Rule(
        WARNING,
        "Give the element an `id`.",
        "A flow node has no id, so that no sequence flow can reach it and history cannot name it.",
    ),
    "element.name_twice": Rule(
        WARNING,
        "Give each step a name of its own; until then, name them by their ids.",
        "Two steps have one name, so that an edit, a scenario or a reader cannot tell by it which one is meant.",
    ),
    "element.not_executable": Rule(
        WARNING,
        "Model it with elements that run, or publish and expect an incident where the instance reaches it.",
        "The element is kept in the model, but this version cannot run it: an instance that reaches it stops "
        "there with an incident.",
    ),
    "element.unreachable": Rule(
        WARNING,
        "Connect it with a sequence flow, or remove it.",
        "No path leads from a start of its scope to the element (BPMN 2.0.2, 10.5.2: where a start event is used, "
        "every other flow node needs an incoming flow).",
    ),
    "element.dead_end": Rule(
        WARNING,
        "Connect it to the next step or to an end event.",
        "The element has no outgoing flow although its scope has end events; its path simply stops there "
        "(BPMN 2.0.2, 10.5.3).",
    ),
    "element.extension_ignored": Rule(
        WARNING,
        "Express it with the zeebe vocabulary, or leave it if it does not matter here.",
        "An extension of another engine has no equivalent here; it is kept in the file and has no effect.",
    ),
    "flow.source_unknown": Rule(
        ERROR,
        "Let the flow begin at an element of the process, or remove it.",
        "The `sourceRef` of a sequence flow names nothing that a flow can begin at (BPMN 2.0.2, 8.4.13).",
    ),
    "flow.target_unknown": Rule(
        ERROR,
        "Let the flow end at an element of the process, or remove it.",
        "The `targetRef` of a sequence flow names nothing that a flow can end at (BPMN 2.0.2, 8.4.13).",
    ),
    "flow.crosses_scope": Rule(
        ERROR,
        "Connect the sub-process itself, or move the element.",
        "A sequence flow crosses the border of a sub-process or process (BPMN 2.0.2, 7.6.1).",
    ),
    "flow.default_unknown": Rule(
        ERROR,
        "Let it name one of the element's own outgoing flows, or take it away; an outline says `else: [...]`.",
        "The default flow of an element does not exist or begins elsewhere (BPMN 2.0.2, 8.4.13).",
    ),
    "flow.default_has_condition": Rule(
        WARNING,
        "Remove the condition.",
        "A default flow has a condition; it is ignored (BPMN 2.0.2, 10.3, attribute `default`).",
    ),
    "flow.condition_missing": Rule(
        WARNING,
        "Give the flow a condition (`if: amount > 100`), or make it the default (`else`).",
        "One of several flows out of an exclusive, inclusive or complex gateway has no condition and is not the "
        "default (BPMN 2.0.2, 10.6.2).",
        strict=ERROR,
    ),
    "flow.condition_ignored": Rule(
        WARNING,
        "Remove the condition, or use an exclusive or inclusive gateway.",
        "A flow out of a parallel or event-based gateway, or of a start, catch or boundary event, has a condition; "
        "it is not looked at (BPMN 2.0.2, 10.6.4).",
    ),
    "gateway.default_missing": Rule(
        WARNING,
        "Say what is done otherwise: `else: [...]` (the default flow).",
        "All flows out of the element have conditions and none is the default: an instance for which no condition "
        "holds stops with an incident.",
        strict=ERROR,
    ),
    "gateway.event_target_wrong": Rule(
        ERROR,
        "Let each way of `first` begin with a `wait`: a catching message, timer, signal or conditional event, or a "
        "receive task.",
        "An event-based gateway leads to something that does not wait for an event (BPMN 2.0.2, 10.6.6).",
    ),
    "gateway.event_target_has_boundary": Rule(
        ERROR,
        "Remove the boundary event; give `first` another way that begins with a `wait` instead.",
        "A receive task behind an event-based gateway has a boundary event (BPMN 2.0.2, 10.6.6).",
    ),
    "gateway.event_target_shared": Rule(
        ERROR,
        "Let no `goto` or flow lead to the `wait` but that of its `first`.",
        "A target of an event-based gateway has another incoming flow (BPMN 2.0.2, 10.6.6).",
    ),
    "gateway.event_single": Rule(
        WARNING,
        "Give `first` the other way to wait for, or leave the `wait` alone without `first`.",
        "An event-based gateway has fewer than two outgoing flows (BPMN 2.0.2, 10.6.6).",
    ),
    "process.empty": Rule(
        ERROR,
        "Add a start event, a task and an end event.",
        "The process has no flow node, so there is nothing to run.",
    ),
    "process.id_missing": Rule(
        ERROR,
        "Give the process an `id`, for example `leave-request`.",
        "A process has no id, so that nobody could start it.",
    ),
    "process.start_missing": Rule(
        ERROR,
        "Add a start event.",
        "Nothing can begin the process: it has no start event, and every node has an incoming flow.",
    ),
    "process.start_ambiguous": Rule(
        ERROR,
        "Keep one start without a trigger, or give the others one: `message`, `signal`, `every` or `at` under `start`.",
        "A process or sub-process has several start events without trigger, so it is open where it begins.",
    ),
    "subprocess.empty": Rule(
        WARNING,
        "Put steps into the `group`, or make it a plain step.",
        "A sub-process holds nothing to run.",
    ),
    "process.not_executable": Rule(
        WARNING,
        "Set `isExecutable` to true to publish it.",
        'The process says `isExecutable="false"`: it is documentation. Its problems are shown as warnings.',
    ),
}

_ACTIVITIES = {
    "activity.quantity_wrong": Rule(
        ERROR,
        "Give a whole number from 1, or leave the attribute out.",
        "A startQuantity or completionQuantity is no whole number from 1 (BPMN 2.0.2, table 10.3).",
    ),
    "loop.number_missing": Rule(
        ERROR,
        "Say over what: `each: line in lines`, or how often: `each: {times: 3}` (`inputCollection` of "
        "`zeebe:loopCharacteristics`, or `loopCardinality`).",
        "A multi-instance activity says neither how often nor over what it runs (BPMN 2.0.2, 10.3.8).",
    ),
    "loop.condition_missing": Rule(
        ERROR,
        "Say how long: `repeat: {while: not(done), max: 10}` (`loopCondition`, `loopMaximum`).",
        "A loop has neither a condition nor a maximum, so it would never end (BPMN 2.0.2, 10.3.8).",
    ),
    "call.target_missing": Rule(
        ERROR,
        "Name the process: `run: onboarding` (`zeebe:calledElement processId`).",
        "A call activity does not say which process it calls.",
    ),
    "call.global_task": Rule(
        WARNING,
        "Run a process (`run: onboarding`), or put a step of that kind in its place.",
        "A call activity calls a global task, which cannot run; it stops there with an incident.",
        strict=ERROR,
    ),
    "call.process_unknown": Rule(
        WARNING,
        "Publish that process first, or correct the id.",
        "The called process does not exist (yet); an instance that reaches the call stops with an incident.",
        strict=ERROR,
    ),
    "call.version_unknown": Rule(
        WARNING,
        "Publish a version with that tag (`process_tag`), or leave the version out to call the newest.",
        "The called process has no version of that number or tag (yet); an instance that reaches the call stops with an incident.",
        strict=ERROR,
    ),
    "call.endless": Rule(
        WARNING,
        "Put the call behind a condition under which the process can end without it, or call another process.",
        "A process calls itself on every way to its end, directly or through others, so that no instance of it ends.",
        strict=ERROR,
    ),
    "event.endless": Rule(
        ERROR,
        "Put what is sent behind a condition or a wait, or let another message or signal begin the process.",
        "A process begins itself again by a message or signal that it surely sends, directly or through others, and "
        "nothing on the way waits, so that instances begin without end.",
    ),
    "rule.decision_missing": Rule(
        WARNING,
        "Name the decision: `rule: approval_level` (`zeebe:calledDecision decisionId`).",
        "A business rule task names no decision and no job type, so there is nothing to run.",
        strict=ERROR,
    ),
    "rule.decision_unknown": Rule(
        WARNING,
        "Save the decision with `rule_save` first, or correct the id.",
        "The decision does not exist (yet); an instance that reaches the task stops with an incident.",
        strict=ERROR,
    ),
    "rule.result_missing": Rule(
        ERROR,
        "Name the variable: `into: level`, of a computation `set: {level: ...}` (`resultVariable`).",
        "The result of a decision or script goes into no variable.",
    ),
    "script.missing": Rule(
        WARNING,
        "Compute something, `set: {total: net + tax}` (`zeebe:script`), or let a worker do it, `call: totals` "
        "(`zeebe:taskDefinition`).",
        "A script task has no FEEL script and no job type, so there is nothing to run.",
        strict=ERROR,
    ),
    "job.type_missing": Rule(
        WARNING,
        "Name the service or worker: `call: bank.transfer` (`zeebe:taskDefinition type`, or the listener's `type`).",
        "A service task or a listener names no job type, so neither a connector nor a worker can take it.",
        strict=ERROR,
    ),
    "job.retries_malformed": Rule(
        ERROR, "Write a whole number, for example `retry: 3`.", "The number of retries cannot be read."
    ),
    "job.wait_malformed": Rule(
        ERROR,
        "Write an ISO 8601 duration, for example `retry: {times: 3, wait: PT5M}`.",
        "The wait between two tries cannot be read.",
    ),
    "task.performer_missing": Rule(
        WARNING,
        "Name who does it: `ask: clerk`, or a person, `ask: =requester` (`zeebe:assignmentDefinition`, or a lane).",
        "Nobody is named who may do the task, so everybody may.",
        strict=ERROR,
    ),
    "task.role_unknown": Rule(
        ERROR,
        "Use a declared role, or declare this one under `roles` (`fm:role`; in edits `set_roles`).",
        "The task is for a role that the process does not declare although it declares others.",
    ),
    "task.form_missing": Rule(
        WARNING,
        "Say what is asked for: `form: {approved: boolean, reason?: text}`, or `into: [approved, reason]`, which makes the "
        "form (`zeebe:formDefinition`).",
        "The task has no form and says nothing about the data that it gives.",
    ),
    "task.form_unknown": Rule(
        WARNING,
        "Write its fields at the step, `form: {approved: boolean}`, declare it under `forms` (in edits `set_forms`), or save it "
        "with `form_save`.",
        "The form of the task is not there.",
        strict=ERROR,
    ),
    "task.form_type_wrong": Rule(
        WARNING,
        "Ask for it in the declared type, or correct the type under `data`.",
        "A field of a form goes into a variable that is declared with another type.",
    ),
    "tool.name_wrong": Rule(
        ERROR,
        "Take small letters, digits and single underscores between them, at most 64: `tool: {name: pay_invoice}`.",
        "The process is to be called as a tool under a name that no tool can have.",
    ),
    "tool.about_missing": Rule(
        WARNING,
        "Say in one sentence what it does and when to use it: `tool: Pays an invoice that is approved`.",
        "The process is to be called as a tool, and does not say what the tool does: an agent knows nothing but its name.",
    ),
    "role.kind_unknown": Rule(
        ERROR,
        "Write internal, affiliated, third_party, machine or agent.",
        "A role stands for something that no role can stand for.",
    ),
    "role.unused": Rule(
        HINT,
        "Remove it, or give it a step.",
        "A declared role performs no step, gets no escalation and has no lane.",
    ),
    "task.priority_malformed": Rule(
        ERROR,
        "Write a whole number from 0 to 100, or FEEL with a leading `=`: `priority: 80`.",
        "The priority cannot be read.",
    ),
    "task.due_malformed": Rule(
        ERROR,
        "Write a duration (`within: P2D`), or for `due` an ISO 8601 date-time (`2027-01-31T12:00:00Z`) or FEEL with a leading "
        "`=`.",
        "The due or follow-up date of a task cannot be read.",
    ),
    "exclusion.step_unknown": Rule(
        ERROR,
        "Let `not` name an `ask` step of this process, or a variable that holds a person.",
        "An exclusion names a step that the process does not have or that no person does.",
    ),
    "exclusion.empty": Rule(
        ERROR,
        "Say whom `not` excludes: a variable or a step.",
        "An exclusion says neither whom nor whose step it excludes.",
    ),
    "deadline.after_malformed": Rule(
        ERROR,
        "Write an ISO 8601 duration, for example `remind: PT48H`.",
        "The time of a deadline cannot be read.",
    ),
    "deadline.action_unknown": Rule(
        ERROR,
        "Use `remind: P1D`, or `within: P2D, late: {escalate: head}`.",
        "A deadline has an action other than `remind` and `escalate`.",
    ),
    "deadline.to_missing": Rule(
        ERROR, "Name the role: `late: {escalate: head}`.", "An escalation does not say to whom it goes."
    ),
    "deadline.order_odd": Rule(
        WARNING,
        "Let the reminder come before the escalation: `remind: P1D, within: P2D`.",
        "A task is escalated before or when its reminder is due, so the reminder comes too late.",
    ),
}

RULES: dict[str, Rule] = {**_STRUCTURE, **EVENTS, **_ACTIVITIES, **DATA, **SOUNDNESS}
"""Every rule by the code of its problem."""
