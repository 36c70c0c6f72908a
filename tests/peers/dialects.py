"""How each engine writes a random model: expressions, scripts, lists, work for others, calls and rules differ."""

from html import escape

from tests.peers.sheets import SPLITS, Model, Part, Sheet, Trigger

_HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
    ' xmlns:spiff="http://spiffworkflow.org/bpmn/schema/1.0/core" id="d" targetNamespace="urn:t">'
)
_DEFINED = {
    "message": '<message id="message_{0}" name="{0}"/>',
    "signal": '<signal id="signal_{0}" name="{0}"/>',
    "error": '<error id="error_{0}" name="{0}" errorCode="{0}"/>',
    "escalation": '<escalation id="escalation_{0}" name="{0}" escalationCode="{0}"/>',
}
NOTHING = "nothing"
"""The variable that all throws bring along in FlowMaster, which passes on what an input mapping says."""


class Dialect:
    """How one engine writes a model: the parts in which the two differ are told apart by `is_python`."""

    def __init__(self, *, is_python: bool) -> None:
        self._is_python = is_python
        self._flows = 0

    def write(self, model: Model) -> str:
        """Write a whole file with the process `p` and those that it calls."""
        self._flows = 0
        named = {trigger for part in model.parts().values() for trigger in part.triggers if trigger.name}
        named |= {Trigger("error", part.fails) for part in model.parts().values() if part.fails}
        defined = sorted((one.kind, one.name) for one in named if one.kind in _DEFINED)
        processes = "".join(
            f'<process id="{key}" isExecutable="true">{self._inside(sheet)}</process>'
            for key, sheet in model.processes().items()
        )
        return (
            _HEAD
            + "".join(_DEFINED[kind].format(name) for kind, name in defined)
            + processes
            + "</definitions>"
        )

    def _inside(self, sheet: Sheet) -> str:
        written = "".join(
            f'<dataObject id="{name}" name="{name}"/><dataObjectReference id="{name}_at" dataObjectRef="{name}"/>'
            for name in sheet.data
        )
        leaving = [source for source, _, _ in sheet.flows]
        defaults: dict[str, str] = {}
        for source, target, when in sheet.flows:
            self._flows += 1
            key = f"f{self._flows}"
            if not when and sheet.parts[source].kind in SPLITS[:2] and leaving.count(source) > 1:
                defaults[source] = key
            inner = f"<conditionExpression>{self._feel(when)}</conditionExpression>" if when else ""
            written += (
                f'<sequenceFlow id="{key}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'
            )
        for key, part in sheet.parts.items():
            written += self._part(key, part, defaults.get(key, ""))
        return written

    def _part(self, key: str, part: Part, default: str) -> str:
        said = {"default": default, "attachedToRef": part.host, "calledElement": part.called}
        if part.host:
            said["cancelActivity"] = _word(part.interrupting)
        if part.kind == "startEvent" and part.triggers:
            said["isInterrupting"] = _word(part.interrupting)
        if part.kind in ("receiveTask", "sendTask"):
            said["messageRef"] = f"message_{part.triggers[0].name}"
        if part.triggered:
            said["triggeredByEvent"] = "true"
        if part.together:
            said["parallelMultiple"] = "true"
        if part.kind == "adHocSubProcess":
            said["bpmn:" * self._is_python + "cancelRemainingInstances"] = _word(part.cancels_rest)
        attributes = "".join(f' {name}="{value}"' for name, value in said.items() if value)
        inner = self._details(part) + _moved(part) + self._turns(part)
        if "messageRef" not in said:
            inner += "".join(map(self._event, part.triggers))
        if part.inside is not None:
            inner += self._inside(part.inside)
        if part.until:
            inner += f"<completionCondition>{self._feel(f'{part.until} > 0')}</completionCondition>"
        return f'<{part.kind} id="{key}"{attributes}>{inner}</{part.kind}>'

    def _details(self, part: Part) -> str:
        """Write what a task does, in the words of the engine's own."""
        variable, expression = part.script
        read, given = part.rule
        if self._is_python:
            if variable:
                return f"<script>{variable} = {expression}</script>"
            return _extended(f"<spiff:calledDecisionId>{given}</spiff:calledDecisionId>") if given else ""
        if variable:
            return _extended(f'<zeebe:script expression="={expression}" resultVariable="{variable}"/>')
        if given:
            return _extended(f'<zeebe:calledDecision decisionId="{given}" resultVariable="{given}"/>')
        if part.called:
            called = f'<zeebe:calledElement processId="{part.called}" propagateAllParentVariables="false"/>'
            return _extended(called)
        if part.throws and any(
            trigger.kind in ("signal", "message", "escalation") for trigger in part.triggers
        ):
            return _extended(
                f'<zeebe:ioMapping><zeebe:input source="=0" target="{NOTHING}"/></zeebe:ioMapping>'
            )
        own = {"userTask": "<zeebe:userTask/>", "serviceTask": '<zeebe:taskDefinition type="work"/>'}
        return _extended(own[part.kind]) if part.kind in own else ""

    def _event(self, trigger: Trigger) -> str:
        """Write one definition of an event."""
        kind, inner, reference = trigger.kind, "", ""
        if kind in _DEFINED and trigger.name:
            reference = f' {kind}Ref="{kind}_{trigger.name}"'
        if kind == "timer":
            inner = f"<timeDuration>{_quoted('PT1H') if self._is_python else 'PT1H'}</timeDuration>"
        if kind == "conditional":
            inner = f"<condition>{self._feel(f'{trigger.name} > 0')}</condition>"
        return f"<{kind}EventDefinition{reference}>{inner}</{kind}EventDefinition>"

    def _turns(self, part: Part) -> str:
        turns = part.turns
        if turns is None:
            return ""
        until = self._feel(f"{turns.until} > 0") if turns.until else ""
        if turns.order == "loop":
            inner = f"<loopCondition>{until}</loopCondition>" if until else ""
            said = f' loopMaximum="{turns.number}" testBefore="{_word(turns.before)}"'
            return f"<standardLoopCharacteristics{said}>{inner}</standardLoopCharacteristics>"
        inner = self._items(part)
        if until:
            inner += f"<completionCondition>{until}</completionCondition>"
        said = f' isSequential="{_word(turns.order == "sequential")}"'
        return f"<multiInstanceLoopCharacteristics{said}>{inner}</multiInstanceLoopCharacteristics>"

    def _items(self, part: Part) -> str:
        """Write how often an activity runs: a number, or once for each item of a list."""
        turns = part.turns
        assert turns is not None
        if not turns.over:
            return f"<loopCardinality>{self._feel(str(turns.number))}</loopCardinality>"
        if self._is_python:
            return (
                f"<loopDataInputRef>{turns.over}</loopDataInputRef><loopDataOutputRef>{turns.into}</loopDataOutputRef>"
                f'<inputDataItem id="{turns.item}"/><outputDataItem id="{turns.gives}"/>'
            )
        return _extended(
            f'<zeebe:loopCharacteristics inputCollection="={turns.over}" inputElement="{turns.item}"'
            f' outputCollection="{turns.into}" outputElement="={turns.gives}"/>'
        )

    def _feel(self, expression: str) -> str:
        return escape(expression if self._is_python else f"={expression}", quote=False)


def _extended(inner: str) -> str:
    return f"<extensionElements>{inner}</extensionElements>"


def _moved(part: Part) -> str:
    """Write which data objects are read and written."""
    written = ""
    if part.reads:
        written += f"<dataInputAssociation><sourceRef>{part.reads}_at</sourceRef></dataInputAssociation>"
    if part.writes:
        written += f"<dataOutputAssociation><targetRef>{part.writes}_at</targetRef></dataOutputAssociation>"
    return written


def _word(said: bool) -> str:
    return "true" if said else "false"


def _quoted(text: str) -> str:
    return f'"{text}"'


def rules(model: Model) -> dict[str, str]:
    """Return the decisions of a model by what they give; both engines read the same file."""
    return {part.rule[1]: _rule(*part.rule) for part in model.parts().values() if part.rule[1]}


def _rule(read: str, given: str) -> str:
    """Write a decision: over an answer that is 0, that is 1, and for more."""
    lines = "".join(
        f'<rule id="{given}_{number}"><inputEntry id="{given}_in{number}"><text>{test}</text></inputEntry>'
        f'<outputEntry id="{given}_out{number}"><text>{value}</text></outputEntry></rule>'
        for number, (test, value) in enumerate((("&lt; 1", "5"), ("1", f"{read} + 7"), ("-", "9")))
    )
    return (
        f'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d_{given}" name="{given}" namespace="urn:r">'
        f'<decision id="{given}" name="{given}"><decisionTable id="{given}_t" hitPolicy="FIRST">'
        f'<input id="{given}_i"><inputExpression id="{given}_e"><text>{read}</text></inputExpression></input>'
        f'<output id="{given}_o" name="{given}"/>{lines}</decisionTable></decision></definitions>'
    )
