"""The elements that random processes are made of, each drawn with all its variations, some of them faulty."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

DEFINITIONS = (
    '<message id="m0" name="paid"/>'
    '<message id="m1" name="=name"><extensionElements><zeebe:subscription correlationKey="=key"/>'
    '</extensionElements></message><signal id="s0" name="go"/><signal id="s1" name="=name"/>'
    '<error id="e0" errorCode="E1"/><error id="e1" errorCode="E2"/><error id="e2" errorCode="=code"/>'
    '<escalation id="c0" escalationCode="C1"/><escalation id="c1" escalationCode="C2"/>'
    '<escalation id="c2" escalationCode="=code"/><escalationEventDefinition id="thrown" escalationRef="c2"/>'
)
CONDITIONS = ("x", "y", "n &gt; 1", "n &lt; 2", "not(x)", "true", "false", "code = null", "nothing")
LIKELY = 0.3
RARELY = 0.05


@dataclass
class Drawn:
    """One element: its kind, attributes and inside, without its id and flows."""

    kind: str
    attributes: dict[str, str] = field(default_factory=dict)
    inner: str = ""
    extensions: str = ""
    default: bool = False

    def xml(self, key: str, default: str) -> str:
        """Write the element under an id."""
        attributes = self.attributes | ({"default": default} if default and self.default else {})
        written = "".join(f' {name}="{value}"' for name, value in attributes.items())
        held = f"<extensionElements>{self.extensions}</extensionElements>" if self.extensions else ""
        return f'<{self.kind} id="{key}"{written}>{held}{self.inner}</{self.kind}>'


def condition(dice: Random) -> str:
    """Draw a condition; the last one is never true or false."""
    return dice.choice(CONDITIONS[:-1] if dice.random() > RARELY else CONDITIONS)


def mapped(dice: Random) -> str:
    """Draw input and output mappings, or none."""
    written = ""
    if dice.random() < LIKELY:
        written += '<zeebe:input source="=n" target="m"/><zeebe:input source="=x" target="deep.seen"/>'
    if dice.random() < LIKELY:
        written += '<zeebe:output source="=n + 1" target="n"/><zeebe:output source="=m" target="kept.m"/>'
    return f"<zeebe:ioMapping>{written}</zeebe:ioMapping>" if written else ""


def several_times(dice: Random) -> str:
    """Draw a loop marker, or mostly none."""
    if dice.random() > RARELY * 3:
        return ""
    choice = dice.randrange(4)
    if choice == 0:
        when = "<loopCondition>=x</loopCondition>" if dice.random() < 0.7 else ""
        tested = dice.choice(["", ' testBefore="true"'])
        return f'<standardLoopCharacteristics loopMaximum="3"{tested}>{when}</standardLoopCharacteristics>'
    over = "<completionCondition>=x and n instance of number</completionCondition>"
    over = over if dice.random() < LIKELY else ""
    sequential = f' isSequential="{str(dice.random() < 0.5).lower()}"' + _behavior(dice)
    if "Complex" in sequential:
        over += (
            f"<complexBehaviorDefinition><condition>={condition(dice)}</condition>"
            '<event><escalationEventDefinition escalationRef="c0"/></event></complexBehaviorDefinition>'
        )
    if choice == 1:
        number = dice.choice(["2", "=n", "0"])
        return (
            f"<multiInstanceLoopCharacteristics{sequential}><loopCardinality>{number}</loopCardinality>"
            f"{over}</multiInstanceLoopCharacteristics>"
        )
    items = dice.choice(["=[1, 2]", "=list", "=[x, y, null]", "=[]"])
    collected = ' outputCollection="results" outputElement="=n"' if dice.random() < 0.5 else ""
    return (
        f"<multiInstanceLoopCharacteristics{sequential}><extensionElements><zeebe:loopCharacteristics"
        f' inputCollection="{items}" inputElement="item"{collected}/></extensionElements>{over}'
        "</multiInstanceLoopCharacteristics>"
    )


def _behavior(dice: Random) -> str:
    """Draw what the turns throw, or mostly nothing."""
    if dice.random() > LIKELY:
        return ""
    return dice.choice(
        [
            ' behavior="None" noneBehaviorEventRef="thrown"',
            ' behavior="One" oneBehaviorEventRef="thrown"',
            ' behavior="Complex"',
        ]
    )


def user_task(dice: Random) -> Drawn:
    """Draw work for people, with candidates, deadlines and exclusions."""
    inner = "<zeebe:userTask/>" + mapped(dice)
    choice = dice.random()
    if choice < LIKELY:
        inner += '<zeebe:assignmentDefinition candidateGroups="clerk" candidateUsers="=[boss]"/>'
    elif choice < LIKELY * 2:
        inner += '<zeebe:assignmentDefinition assignee="=boss"/>'
    if dice.random() < LIKELY:
        inner += '<fm:deadline after="PT1H" action="remind"/>'
        inner += f'<fm:deadline after="PT2H" action="escalate" to="{dice.choice(["cfo", "=boss", "=n"])}"/>'
    if dice.random() < LIKELY:
        inner += '<fm:exclude person="=boss"/>'
    if dice.random() < RARELY:
        inner += '<zeebe:taskSchedule dueDate="=when" followUpDate="2030-01-01T00:00:00Z"/>'
        inner += '<zeebe:priorityDefinition priority="=n"/>'
    return Drawn("userTask", {}, "", inner, default=True)


def _definition(kind: str) -> Callable[[Random], Drawn]:
    def draw(dice: Random) -> Drawn:
        retries = "=name" if dice.random() < RARELY else "2"
        inner = f'<zeebe:taskDefinition type="{dice.choice(["work", "=name"])}" retries="{retries}"/>'
        return Drawn(kind, {}, "", inner + mapped(dice), default=True)

    return draw


def _message_task(kind: str) -> Callable[[Random], Drawn]:
    def draw(dice: Random) -> Drawn:
        return Drawn(kind, {"messageRef": dice.choice(["m0", "m1"])}, "", mapped(dice), default=True)

    return draw


def script_task(dice: Random) -> Drawn:
    """Draw a computation, which at times goes into a name of its own."""
    expression, result = dice.choice([("n + 1", "n"), ("not(x)", "x"), ("null", "x"), ("[n, x]", "list")])
    inner = f'<zeebe:script expression="={expression}" resultVariable="{result}"/>'
    return Drawn("scriptTask", {}, "", inner + mapped(dice), default=True)


def counter() -> Drawn:
    """Return a computation that counts the rounds of a loop."""
    inner = '<zeebe:script expression="=if n instance of number then n + 1 else 0" resultVariable="n"/>'
    return Drawn("scriptTask", {}, "", inner)


def rule_task(dice: Random) -> Drawn:
    """Draw a decision, which at times does not exist."""
    decision = "missing" if dice.random() < RARELY else "rate"
    inner = f'<zeebe:calledDecision decisionId="{decision}" resultVariable="rate"/>'
    return Drawn("businessRuleTask", {}, "", inner + mapped(dice), default=True)


def call(dice: Random) -> Drawn:
    """Draw a call of another process."""
    all_in, all_out = (str(dice.random() < 0.5).lower() for _ in range(2))
    inner = f'<zeebe:calledElement processId="{dice.choice(["other", "=name"])}"'
    inner += f' propagateAllParentVariables="{all_in}" propagateAllChildVariables="{all_out}"/>'
    return Drawn("callActivity", {}, "", inner + mapped(dice), default=True)


def plain(dice: Random) -> Drawn:
    """Draw something that passes at once."""
    kind = dice.choice(["task", "manualTask", "intermediateThrowEvent"])
    return Drawn(kind, {}, "", mapped(dice), default=kind != "intermediateThrowEvent")


ACTIVITIES: tuple[Callable[[Random], Drawn], ...] = (
    user_task, user_task, _definition("serviceTask"), _definition("serviceTask"), _definition("sendTask"),
    _message_task("sendTask"), _message_task("receiveTask"), script_task, rule_task, call, plain,
)  # fmt: skip


def _event(definition: str, dice: Random, *, throws: bool = False) -> str:
    if definition == "timer":
        text = dice.choice(["PT1H", "P1D", "=when"])
        return f"<timerEventDefinition><timeDuration>{text}</timeDuration></timerEventDefinition>"
    if definition == "conditional":
        return f"<conditionalEventDefinition><condition>={condition(dice)}</condition></conditionalEventDefinition>"
    if definition in ("multiple", "parallelMultiple"):
        kinds = (
            ["message", "signal", "escalation"] if throws else ["message", "signal", "timer", "conditional"]
        )
        if throws:
            kinds += ["compensate", "error"]
        twice = not throws and dice.random() < LIKELY
        drawn = dice.choices(kinds, k=2) if twice else dice.sample(kinds, 2)
        return "".join(_event(one, dice, throws=throws) for one in drawn)
    if definition == "compensate" and throws:
        return f'<compensateEventDefinition waitForCompletion="{str(dice.random() < 0.5).lower()}"/>'
    if definition in ("compensate", "cancel"):
        return f"<{definition}EventDefinition/>"
    if definition == "cycle":
        text = dice.choice(["R3/PT1H", "R1/PT1H", "R/PT30M", "0 9 * * *"])
        return f"<timerEventDefinition><timeCycle>{text}</timeCycle></timerEventDefinition>"
    letter, size = {"message": ("m", 2), "signal": ("s", 2), "error": ("e", 3), "escalation": ("c", 3)}[
        definition
    ]
    number = dice.randrange(size) if dice.random() > LIKELY else 0
    if not throws and letter in "ec" and dice.random() < LIKELY:
        return f"<{definition}EventDefinition/>"
    return f'<{definition}EventDefinition {definition}Ref="{letter}{number}"/>'


def caught(kind: str, dice: Random, definitions: tuple[str, ...]) -> Drawn:
    """Draw an event that waits: in the flow, on a border, or at the start of an event sub-process."""
    definition = dice.choice(definitions)
    attributes = {}
    if kind != "intermediateCatchEvent" and definition != "error" and (dice.random() < 0.5):
        attributes["cancelActivity" if kind == "boundaryEvent" else "isInterrupting"] = "false"
    if definition == "timer" and attributes and dice.random() < 0.5:
        definition = "cycle"
    if definition == "parallelMultiple":
        attributes["parallelMultiple"] = "true"
    return Drawn(kind, attributes, _event(definition, dice), mapped(dice) if dice.random() < LIKELY else "")


def thrown(dice: Random) -> Drawn:
    """Draw an event that sends in the flow."""
    definition = dice.choice(["message", "signal", "escalation", "multiple", "compensate"])
    return Drawn("intermediateThrowEvent", {}, _event(definition, dice, throws=True), mapped(dice))


def end(dice: Random) -> Drawn:
    """Draw an end: mostly a plain one."""
    kinds = ["terminate", "error", "escalation", "message", "signal", "multiple", "compensate"]
    definition = dice.choice(["", "", "", "", "", *kinds])
    if definition == "terminate":
        return Drawn("endEvent", {}, "<terminateEventDefinition/>")
    return Drawn("endEvent", {}, _event(definition, dice, throws=True) if definition else "")
