"""Pieces of BPMN for the tests of loops, compensation, events and gateways; ids of inner flows begin with their scope."""

from tests.engine.cases import flows

UNDO = '<intermediateThrowEvent id="c"><compensateEventDefinition/></intermediateThrowEvent>'
"""An event that compensates all that is done around it."""
DEFINITIONS = (
    '<message id="m" name="go"/><signal id="go" name="go"/><error id="E" errorCode="E"/>'
    '<escalation id="C" escalationCode="C"/>'
)


def ways(scope: str, *pairs: str) -> str:
    """Write the sequence flows of an inner scope."""
    return flows(*pairs).replace('Flow id="f', f'Flow id="{scope}_')


def sub(key: str, body: str, *pairs: str, marker: str = "", kind: str = "subProcess", more: str = "") -> str:
    """Write a sub-process with a start `KEY_s` and an end `KEY_e`."""
    ends = f'<startEvent id="{key}_s"/><endEvent id="{key}_e"/>'
    return f'<{kind} id="{key}"{more}>{ends}{body}{ways(key, *pairs)}{marker}</{kind}>'


def handler(key: str, start: str, body: str, *pairs: str, interrupting: bool = True) -> str:
    """Write an event sub-process whose start `KEY_s` is triggered by `start`."""
    stops = "" if interrupting else ' isInterrupting="false"'
    ends = f'<startEvent id="{key}_s"{stops}>{start}</startEvent><endEvent id="{key}_e"/>'
    return f'<subProcess id="{key}" triggeredByEvent="true">{ends}{body}{ways(key, *pairs)}</subProcess>'


def marked(activity: str, marker: str) -> str:
    """Put a loop marker into an activity."""
    place = activity.rindex("</")
    return activity[:place] + marker + activity[place:]


def several(
    number: str = "",
    items: str = "",
    *,
    sequential: bool = False,
    until: str = "",
    collected: str = "",
    behavior: str = "",
    inner: str = "",
) -> str:
    """Write a multi-instance marker: `number` times, or once per member of `items` as `item`."""
    held = ""
    if items:
        output = f' outputCollection="results" outputElement="={collected}"' if collected else ""
        held = (
            f'<extensionElements><zeebe:loopCharacteristics inputCollection="={items}"'
            f' inputElement="item"{output}/></extensionElements>'
        )
    if number:
        held += f"<loopCardinality>={number}</loopCardinality>"
    if until:
        held += f"<completionCondition>={until}</completionCondition>"
    return (
        f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}"{behavior}>'
        f"{held}{inner}</multiInstanceLoopCharacteristics>"
    )


def repeated(condition: str = "", *, first: bool = False, most: str = "") -> str:
    """Write a standard loop; with `first`, the condition is tested before each turn."""
    limit = f' loopMaximum="{most}"' if most else ""
    held = f"<loopCondition>={condition}</loopCondition>" if condition else ""
    return f'<standardLoopCharacteristics testBefore="{str(first).lower()}"{limit}>{held}</standardLoopCharacteristics>'


def undone(key: str, undoing: str) -> str:
    """Write the compensation handler of an activity, attached to it."""
    boundary = (
        f'<boundaryEvent id="c_{key}" attachedToRef="{key}"><compensateEventDefinition/></boundaryEvent>'
    )
    undoing = undoing.replace(" id=", ' isForCompensation="true" id=', 1)
    name = undoing.split(' id="')[1].split('"')[0]
    return boundary + undoing + f'<association id="l_{key}" sourceRef="c_{key}" targetRef="{name}"/>'


def throw(key: str, attributes: str = "", kind: str = "intermediateThrowEvent") -> str:
    """Write an event that compensates, with what its definition says."""
    return f'<{kind} id="{key}"><compensateEventDefinition {attributes}/></{kind}>'


def border(key: str, host: str, *definitions: str, interrupting: bool = True, all_of: bool = False) -> str:
    """Write an event on the border of an activity."""
    flags = f'cancelActivity="{str(interrupting).lower()}" parallelMultiple="{str(all_of).lower()}"'
    return f'<boundaryEvent id="{key}" attachedToRef="{host}" {flags}>{"".join(definitions)}</boundaryEvent>'


def caught(key: str, *definitions: str, all_of: bool = False) -> str:
    """Write an intermediate event that waits."""
    flag = f'parallelMultiple="{str(all_of).lower()}"'
    return f'<intermediateCatchEvent id="{key}" {flag}>{"".join(definitions)}</intermediateCatchEvent>'


def when(condition: str) -> str:
    """Write a condition that an event waits for."""
    return f"<conditionalEventDefinition><condition>={condition}</condition></conditionalEventDefinition>"


def after(duration: str, kind: str = "timeDuration") -> str:
    """Write a time that an event waits for."""
    return f"<timerEventDefinition><{kind}>{duration}</{kind}></timerEventDefinition>"


MESSAGE = '<messageEventDefinition messageRef="m"/>'
SIGNAL = '<signalEventDefinition signalRef="go"/>'
ERROR = '<errorEventDefinition errorRef="E"/>'
ESCALATION = '<escalationEventDefinition escalationRef="C"/>'
TERMINATE = "<terminateEventDefinition/>"
CANCEL = "<cancelEventDefinition/>"
