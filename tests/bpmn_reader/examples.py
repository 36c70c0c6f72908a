"""For each rule of the catalogue a model that breaks it, and the element that the problem must name."""

from tests.bpmn_reader.examples_soundness import SOUNDNESS, Example
from tests.bpmn_reader.models import bpmn, condition, ext, flow, line, node

_MESSAGE = '<message id="m" name="hello"/>'
_TIMER = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
_DATA = ext('<fm:data name=\'amount\'>{"type": "number"}</fm:data>')
_ROLES = ext('<fm:role id="clerk" name="Clerk"/>')


_SCRIPT = "<extensionElements><zeebe:script expression='{}' resultVariable='{}'/></extensionElements>"
_HIDES = (
    "<zeebe:ioMapping><zeebe:input source='=2 * amount' target='amount'/>"
    "<zeebe:input source='=amount' target='x'/></zeebe:ioMapping>"
)
_SETS_SUM = '<scriptTask id="a">' + _SCRIPT.format("=amount + 1", "sum") + "</scriptTask>"


_RULE = node("businessRuleTask", "<zeebe:calledDecision decisionId='price' resultVariable='r'/>")


def _event(kind: str, definition: str, attributes: str = "") -> str:
    return f'<{kind} id="x" {attributes}>{definition}</{kind}>'


def _boundary(definition: str, attributes: str = "", rest: str = flow("x", "e")) -> str:
    return (
        line('<task id="a"/>') + _event("boundaryEvent", definition, f'attachedToRef="a" {attributes}') + rest
    )


def _human(extensions: str, process: str = "") -> str:
    return bpmn(process + line(node("userTask", extensions)))


def _gateway(kind: str, first: str, second: str, attributes: str = "") -> str:
    return (
        f'<startEvent id="s"/><{kind} id="g" {attributes}/><task id="a"/><task id="b"/><endEvent id="e"/>'
        + flow("s", "g")
        + flow("g", "a", first)
        + flow("g", "b", second)
        + flow("a", "e")
        + flow("b", "e")
    )


def _event_gateway(first: str, second: str, more: str = "") -> str:
    return (
        f'<startEvent id="s"/><eventBasedGateway id="g"/>{first}{second}<endEvent id="e"/>'
        + flow("s", "g")
        + flow("g", "a")
        + flow("g", "b")
        + flow("a", "e")
        + flow("b", "e")
        + more
    )


def _catch(identifier: str) -> str:
    return f'<intermediateCatchEvent id="{identifier}">{_TIMER}</intermediateCatchEvent>'


_ERROR = '<error id="er" name="Refused" errorCode="REFUSED"/>'
_THROWS = '<endEvent id="x"><errorEventDefinition errorRef="er"/></endEvent>'


def _timed(kind: str, text: str) -> str:
    return (
        f'<intermediateCatchEvent id="a"><timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>'
        "</intermediateCatchEvent>"
    )


def _event_subprocess(start: str, attributes: str = "", rest: str = "") -> str:
    return (
        line('<task id="a"/>')
        + f'<subProcess id="es" triggeredByEvent="true" {attributes}>{start}<endEvent id="y"/></subProcess>{rest}'
    )


_ES_START = f'<startEvent id="x">{_TIMER}</startEvent>' + flow("x", "y")

_FLOWS = {
    "element.kind_unknown": Example("a", bpmn(line('<teleportTask id="a"/>'))),
    "element.id_missing": Example("task_1", bpmn(line() + "<task/>")),
    "element.name_twice": Example(
        "b", bpmn(line('<task id="a" name="Check it"/><task id="b" name="check  it"/>'))
    ),
    "element.not_executable": Example(
        "a",
        bpmn(
            line(
                node(
                    "task",
                    "<zeebe:taskListeners><zeebe:taskListener eventType='creating' type='t'/></zeebe:taskListeners>",
                )
            )
        ),
    ),
    "element.unreachable": Example("a", bpmn(line() + '<task id="a"/>' + flow("a", "e"))),
    "element.dead_end": Example("a", bpmn(line() + '<task id="a"/>' + flow("s", "a"))),
    "element.extension_ignored": Example(
        "a", bpmn(line(node("task", "<camunda:executionListener event='start'/>")))
    ),
    "flow.source_unknown": Example("ghost_e", bpmn(line() + flow("ghost", "e"))),
    "flow.target_unknown": Example("s_ghost", bpmn(line() + flow("s", "ghost"))),
    "flow.crosses_scope": Example(
        "a_i",
        bpmn(line('<subProcess id="sub"><task id="i"/></subProcess>', '<task id="a"/>') + flow("a", "i")),
    ),
    "flow.default_unknown": Example("a", bpmn(line('<task id="a" default="ghost"/>'))),
    "flow.default_has_condition": Example(
        "g_b", bpmn(_gateway("exclusiveGateway", condition("=a"), condition("=b"), 'default="g_b"'))
    ),
    "flow.condition_missing": Example("g_b", bpmn(_gateway("exclusiveGateway", condition("=a"), ""))),
    "flow.condition_ignored": Example("g_a", bpmn(_gateway("parallelGateway", condition("=a"), ""))),
    "gateway.default_missing": Example(
        "g", bpmn(_gateway("exclusiveGateway", condition("=a"), condition("=b")))
    ),
    "gateway.conditions_overlap": Example(
        "g",
        bpmn(_gateway("exclusiveGateway", condition("=a &gt; 3"), condition('=b = "x"'))),
    ),
    "flow.condition_never": Example(
        "g_a",
        bpmn(_gateway("exclusiveGateway", condition("=a &gt; 3 and a &lt; 2"), "", 'default="g_b"')),
    ),
    "flow.condition_shadowed": Example(
        "g_b", bpmn(_gateway("exclusiveGateway", condition("=a &gt; 3"), condition("=a &gt; 4")))
    ),
    "gateway.event_target_wrong": Example("g", bpmn(_event_gateway('<userTask id="a"/>', _catch("b")))),
    "gateway.event_target_has_boundary": Example(
        "a",
        bpmn(
            _event_gateway(
                '<receiveTask id="a" messageRef="m"/>',
                _catch("b"),
                f'<boundaryEvent id="x" attachedToRef="a">{_TIMER}</boundaryEvent>' + flow("x", "e"),
            ),
            _MESSAGE,
        ),
    ),
    "gateway.event_target_shared": Example(
        "a", bpmn(_event_gateway(_catch("a"), _catch("b"), flow("s", "a")))
    ),
    "gateway.event_single": Example("g", bpmn(line('<eventBasedGateway id="g"/>', _catch("a")))),
    "process.empty": Example("p", bpmn("")),
    "process.id_missing": Example("process_1", bpmn(line()).replace('<process id="p"', "<process")),
    "process.start_missing": Example(
        "p", bpmn('<task id="a"/><task id="b"/>' + flow("a", "b") + flow("b", "a"))
    ),
    "process.start_ambiguous": Example("t", bpmn(line() + '<startEvent id="t"/>' + flow("t", "e"))),
    "subprocess.empty": Example("a", bpmn(line('<subProcess id="a"/>'))),
    "process.not_executable": Example("p", bpmn(line(), process='isExecutable="false"')),
}

_EVENTS = {
    "start.has_incoming": Example("s", bpmn(line('<task id="a"/>') + flow("a", "s"))),
    "end.has_outgoing": Example("e", bpmn(line() + '<task id="a"/>' + flow("e", "a"))),
    "boundary.has_incoming": Example("x", bpmn(_boundary(_TIMER) + flow("a", "x"))),
    "boundary.has_no_outgoing": Example("x", bpmn(_boundary(_TIMER, rest=""))),
    "boundary.host_unknown": Example(
        "x", bpmn(line() + f'<boundaryEvent id="x" attachedToRef="ghost">{_TIMER}</boundaryEvent>')
    ),
    "boundary.trigger_missing": Example("x", bpmn(_boundary(""))),
    "catch.trigger_missing": Example("a", bpmn(line('<intermediateCatchEvent id="a"/>'))),
    "event.definition_wrong": Example(
        "x", bpmn(line(_event("intermediateCatchEvent", "<escalationEventDefinition/>")))
    ),
    "event.definition_unknown": Example(
        "x", bpmn(line(_event("intermediateCatchEvent", "<eventDefinitionRef>ghost</eventDefinitionRef>")))
    ),
    "event.must_interrupt": Example(
        "x", bpmn(_boundary("<errorEventDefinition/>", 'cancelActivity="false"'))
    ),
    "reference.unknown": Example(
        "x", bpmn(line(_event("intermediateCatchEvent", '<signalEventDefinition signalRef="ghost"/>')))
    ),
    "message.missing": Example(
        "x", bpmn(line(_event("intermediateCatchEvent", "<messageEventDefinition/>")))
    ),
    "message.correlation_ignored": Example(
        "p", bpmn(line() + '<correlationSubscription id="c" correlationKeyRef="k"/>')
    ),
    "message.name_missing": Example(
        "a", bpmn(line('<receiveTask id="a" messageRef="m"/>'), '<message id="m"/>')
    ),
    "signal.missing": Example("x", bpmn(line(_event("intermediateCatchEvent", "<signalEventDefinition/>")))),
    "escalation.missing": Example(
        "x", bpmn(line(_event("intermediateThrowEvent", "<escalationEventDefinition/>")))
    ),
    "error.missing": Example(
        "x", bpmn(line('<task id="a"/>') + _event("endEvent", "<errorEventDefinition/>") + flow("a", "x"))
    ),
    "condition.missing": Example(
        "x", bpmn(line(_event("intermediateCatchEvent", "<conditionalEventDefinition/>")))
    ),
    "link.name_missing": Example(
        "x",
        bpmn(
            '<startEvent id="s"/>'
            + _event("intermediateThrowEvent", "<linkEventDefinition/>")
            + flow("s", "x")
        ),
    ),
    "link.target_missing": Example(
        "x",
        bpmn(
            '<startEvent id="s"/>'
            + _event("intermediateThrowEvent", '<linkEventDefinition name="there"/>')
            + flow("s", "x")
        ),
    ),
    "link.target_ambiguous": Example(
        "x",
        bpmn(
            line()
            + _event("intermediateCatchEvent", '<linkEventDefinition name="there"/>')
            + '<intermediateCatchEvent id="z"><linkEventDefinition name="there"/></intermediateCatchEvent>'
            + flow("x", "e")
            + flow("z", "e")
        ),
    ),
    "link.flow_wrong": Example(
        "x", bpmn(line(_event("intermediateCatchEvent", '<linkEventDefinition name="there"/>')))
    ),
    "cancel.outside_transaction": Example("x", bpmn(_boundary("<cancelEventDefinition/>"))),
    "compensation.handler_missing": Example("x", bpmn(_boundary("<compensateEventDefinition/>", rest=""))),
    "compensation.handler_has_flow": Example("a", bpmn(line('<task id="a" isForCompensation="true"/>'))),
    "compensation.boundary_has_flow": Example("x", bpmn(_boundary("<compensateEventDefinition/>"))),
    "compensation.activity_unknown": Example(
        "x", bpmn(line(_event("intermediateThrowEvent", '<compensateEventDefinition activityRef="ghost"/>')))
    ),
    "subprocess.start_has_trigger": Example(
        "x", bpmn(line(f'<subProcess id="a"><startEvent id="x">{_TIMER}</startEvent></subProcess>'))
    ),
    "event_subprocess.start_count": Example("es", bpmn(_event_subprocess(""))),
    "event_subprocess.start_has_no_trigger": Example(
        "x", bpmn(_event_subprocess('<startEvent id="x"/>' + flow("x", "y")))
    ),
    "event_subprocess.has_boundary": Example(
        "z",
        bpmn(
            _event_subprocess(
                _ES_START, rest=f'<boundaryEvent id="z" attachedToRef="es">{_TIMER}</boundaryEvent>'
            )
        ),
    ),
    "event_subprocess.has_flow": Example("es", bpmn(_event_subprocess(_ES_START, rest=flow("a", "es")))),
    "error.uncaught": Example("x", bpmn(line() + _THROWS + flow("s", "x"), _ERROR)),
    "error.never_thrown": Example("x", bpmn(_boundary('<errorEventDefinition errorRef="er"/>'), _ERROR)),
    "message.key_missing": Example("a", bpmn(line('<receiveTask id="a" messageRef="m"/>'), _MESSAGE)),
    "timer.at_once": Example("a", bpmn(line(_timed("timeDuration", "PT0S")))),
    "timer.past": Example("a", bpmn(line(_timed("timeDate", "2020-01-01T00:00:00Z")))),
    "timer.repeat_unused": Example("a", bpmn(line(_timed("timeCycle", "R/PT1H")))),
    "timer.missing": Example("x", bpmn(line(_event("intermediateCatchEvent", "<timerEventDefinition/>")))),
    "timer.malformed": Example("a", bpmn(line(_timed("timeDuration", "10 minutes")))),
    "timer.missed_unknown": Example(
        "x", bpmn(line(_event("intermediateCatchEvent", ext("<fm:missed run='perhaps'/>") + _TIMER)))
    ),
}

_ACTIVITIES = {
    "activity.quantity_wrong": Example("a", bpmn(line('<task id="a" startQuantity="0"/>'))),
    "loop.number_missing": Example(
        "a", bpmn(line('<task id="a"><multiInstanceLoopCharacteristics/></task>'))
    ),
    "loop.condition_missing": Example("a", bpmn(line('<task id="a"><standardLoopCharacteristics/></task>'))),
    "call.target_missing": Example("a", bpmn(line('<callActivity id="a"/>'))),
    "call.global_task": Example(
        "a", bpmn(line('<callActivity id="a" calledElement="gt"/>'), '<globalTask id="gt" name="Check"/>')
    ),
    "call.endless": Example("a", bpmn(line('<callActivity id="a" calledElement="p"/>'))),
    "event.endless": Example(
        "x",
        bpmn(
            line(_event("intermediateThrowEvent", '<signalEventDefinition signalRef="g"/>')),
            '<signal id="g" name="again"/>',
        ),
    ),
    "call.process_unknown": Example("a", bpmn(line('<callActivity id="a" calledElement="ghost"/>'))),
    "call.version_unknown": Example(
        "a",
        bpmn(
            line(
                node(
                    "callActivity",
                    "<zeebe:calledElement processId='ship' bindingType='versionTag' versionTag='gone'/>",
                )
            )
        ),
    ),
    "rule.decision_missing": Example("a", bpmn(line('<businessRuleTask id="a"/>'))),
    "rule.decision_unknown": Example(
        "a",
        bpmn(line(node("businessRuleTask", "<zeebe:calledDecision decisionId='ghost' resultVariable='r'/>"))),
    ),
    "rule.result_missing": Example("a", bpmn(line(node("scriptTask", "<zeebe:script expression='=1'/>")))),
    "script.missing": Example("a", bpmn(line('<scriptTask id="a"><script>print(1)</script></scriptTask>'))),
    "job.type_missing": Example("a", bpmn(line('<serviceTask id="a"/>'))),
    "job.retries_malformed": Example(
        "a",
        bpmn(line(node("serviceTask", "<zeebe:taskDefinition type='w' retries='many'/>"))),
    ),
    "job.wait_malformed": Example(
        "a",
        bpmn(line(node("serviceTask", "<zeebe:taskDefinition type='w'/><fm:retry wait='soon'/>"))),
    ),
    "task.performer_missing": Example("a", _human("<zeebe:userTask/>")),
    "task.role_unknown": Example(
        "a", _human("<zeebe:assignmentDefinition candidateGroups='clark'/>", _ROLES)
    ),
    "task.form_missing": Example("a", _human("<zeebe:userTask/>")),
    "task.form_unknown": Example("a", _human("<zeebe:formDefinition formKey='camunda-forms:bpmn:ghost'/>")),
    "task.form_type_wrong": Example(
        "a",
        _human(
            "<zeebe:formDefinition formId='f'/>",
            _DATA.replace(
                "</extensionElements>",
                """<zeebe:userTaskForm id='f'>{"type": "object", "properties": {"amount": {"type": "string"}}}"""
                "</zeebe:userTaskForm></extensionElements>",
            ),
        ),
    ),
    "role.kind_unknown": Example(
        "p", bpmn(ext('<fm:role id="r" name="R" kind="alien"/>') + line('<task id="a"/>'))
    ),
    "role.unused": Example("p", bpmn(_ROLES + line('<task id="a"/>'))),
    "task.priority_malformed": Example("a", _human("<zeebe:priorityDefinition priority='high'/>")),
    "task.due_malformed": Example("a", _human("<zeebe:taskSchedule dueDate='tomorrow'/>")),
    "exclusion.step_unknown": Example("a", _human("<fm:exclude step='ghost'/>")),
    "exclusion.empty": Example("a", _human("<fm:exclude/>")),
    "deadline.after_malformed": Example("a", _human("<fm:deadline after='2 days' action='remind'/>")),
    "deadline.action_unknown": Example("a", _human("<fm:deadline after='P2D' action='shout'/>")),
    "deadline.to_missing": Example("a", _human("<fm:deadline after='P2D' action='escalate'/>")),
    "deadline.order_odd": Example(
        "a",
        _human(
            "<fm:deadline after='P2D' action='remind'/><fm:deadline after='P1D' action='escalate' to='cfo'/>"
        ),
    ),
}

_EXPRESSIONS = {
    "feel.syntax": Example(
        "g_a", bpmn(_gateway("exclusiveGateway", condition("=amount &gt; &gt; 3"), "", 'default="g_b"'))
    ),
    "expression.language_unknown": Example(
        "g_a",
        bpmn(_gateway("exclusiveGateway", condition("${bean.check(amount)}"), "", 'default="g_b"')),
    ),
    "variable.unknown": Example(
        "g_a", bpmn(_DATA + _gateway("exclusiveGateway", condition("=ammount &gt; 3"), "", 'default="g_b"'))
    ),
    "expression.type_wrong": Example(
        "g_a",
        bpmn(_DATA + _gateway("exclusiveGateway", condition("=amount &gt; true"), "", 'default="g_b"')),
    ),
    "variable.field_unknown": Example(
        "g_a",
        bpmn(
            ext(
                """<fm:data name='order'>{"type": "object", "properties": {"total": {"type": "number"}}}</fm:data>"""
            )
            + _gateway("exclusiveGateway", condition("=order.totl &gt; 3"), "", 'default="g_b"')
        ),
    ),
    "variable.unset": Example(
        "g_a",
        bpmn(
            _DATA
            + _gateway("exclusiveGateway", condition("=sum &gt; 3"), "", 'default="g_b"').replace(
                '<task id="a"/>', _SETS_SUM
            )
        ),
    ),
    "variable.perhaps_null": Example(
        "b",
        bpmn(
            _DATA + line('<scriptTask id="b">' + _SCRIPT.format("=sum + 1", "x") + "</scriptTask>", _SETS_SUM)
        ),
    ),
    "variable.hidden": Example("a", bpmn(_DATA + line(node("task", _HIDES)))),
    "variable.time_as_text": Example(
        "b",
        bpmn(
            _DATA
            + line(
                '<scriptTask id="b">' + _SCRIPT.format('=duration("PT1H")', "period") + "</scriptTask>",
                '<scriptTask id="c">' + _SCRIPT.format("=2 * period", "x") + "</scriptTask>",
            )
        ),
    ),
    "tool.name_wrong": Example("p", bpmn(ext('<fm:tool name="Pay it!">Pays</fm:tool>') + line())),
    "tool.about_missing": Example("p", bpmn(ext("<fm:tool/>") + line())),
    "data.unused": Example("p", bpmn(_DATA + line('<task id="a"/>'))),
    "rule.input_missing": Example("a", bpmn(_DATA + line(_RULE))),
    "call.input_missing": Example(
        "a", bpmn(_DATA + line(node("callActivity", "<zeebe:calledElement processId='ship'/>")))
    ),
    "call.input_type_wrong": Example(
        "a",
        bpmn(
            _DATA
            + line(
                node(
                    "callActivity",
                    "<zeebe:calledElement processId='ship'/><zeebe:ioMapping><zeebe:input source='=string(amount)' "
                    "target='order'/></zeebe:ioMapping>",
                )
            )
        ),
    ),
    "rule.input_type_wrong": Example(
        "a",
        bpmn(
            _DATA
            + line(
                node(
                    "businessRuleTask",
                    "<zeebe:calledDecision decisionId='price' resultVariable='r'/><zeebe:ioMapping>"
                    "<zeebe:input source='=string(amount)' target='amount'/></zeebe:ioMapping>",
                )
            )
        ),
    ),
    "variable.target_malformed": Example(
        "a",
        bpmn(line(node("task", "<zeebe:ioMapping><zeebe:input source='=1' target='1x'/></zeebe:ioMapping>"))),
    ),
    "data.target_elsewhere": Example(
        "a",
        bpmn(
            line(
                '<task id="a"><dataOutputAssociation><targetRef>order</targetRef><assignment><from>=1</from>'
                "<to>total</to></assignment></dataOutputAssociation></task>"
            )
        ),
    ),
    "data.name_missing": Example("p", bpmn(ext("<fm:data/>") + line())),
    "data.schema_malformed": Example("p", bpmn(ext("<fm:data name='a'>number</fm:data>") + line())),
    "data.name_duplicate": Example(
        "p", bpmn(ext("<fm:data name='amount'/><fm:data name='amount'/>") + line(_SETS_SUM))
    ),
    "calendar.malformed": Example(
        "p", bpmn(ext("<fm:calendar name='office'>{&quot;hours&quot;: {}}</fm:calendar>") + line())
    ),
    "scenario.step_unknown": Example(
        "p", bpmn(ext('<fm:scenarios>[{"name": "a", "answers": {"nobody": {}}}]</fm:scenarios>') + line())
    ),
    "scenarios.malformed": Example("p", bpmn(ext("<fm:scenarios>none</fm:scenarios>") + line())),
    "form.malformed": Example(
        "p", bpmn(ext("<zeebe:userTaskForm id='f'>form</zeebe:userTaskForm>") + line())
    ),
}

EXAMPLES: dict[str, Example] = {**_FLOWS, **_EVENTS, **_ACTIVITIES, **_EXPRESSIONS, **SOUNDNESS}
