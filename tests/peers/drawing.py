"""Random models that two engines read alike: blocks that are well nested, and then some flows bent.

A model is drawn once and written in the dialect of each engine, with the same ids: the two differ in how they write
expressions and scripts, and in nothing else. Each way out of a gateway hangs on answers that a person gives right
before it (`ask`), so that both engines come there with the same data. A seed always draws the same model.

What BPMN allows and SpiffWorkflow 3.2 does not run, or runs otherwise, is not drawn here; `test_differences.py` shows
each of these with its clause: several flows out of an activity and conditions on them, complex gateways, compensation,
links, errors that nothing catches, events that happen twice beside an activity, events on the border of a sub-process
that runs several times.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from random import Random

DEPTH_MAX = 2
BLOCKS_MAX, BLOCKS_BENT_MAX = 3, 2
BENDS_MAX = 3
LIKELY = 0.3
SPLITS = ("exclusiveGateway", "inclusiveGateway", "parallelGateway")
Ends = tuple[str, str]
"""The first and the last element of a block."""


@dataclass
class Part:
    """One element: its kind and what it says, without its id and flows.

    `asks` are the answers that a user task gets; `script` is the variable and the expression of a script task; `turns`
    says how an activity runs several times: `parallel 2`, `sequential 3`, `loop 2`.
    """

    kind: str
    event: str = ""
    host: str = ""
    interrupting: bool = True
    asks: list[str] = field(default_factory=list)
    script: tuple[str, str] = ("", "")
    turns: str = ""
    inside: "Sheet | None" = None


@dataclass
class Sheet:
    """What stands in one scope: elements by id, and flows as source, target and condition."""

    parts: dict[str, Part] = field(default_factory=dict)
    flows: list[tuple[str, str, str]] = field(default_factory=list)

    def flow(self, source: str, target: str, condition: str = "") -> None:
        """Connect two elements."""
        self.flows.append((source, target, condition))

    def all_parts(self) -> Iterator[tuple[str, Part]]:
        """Go through the elements of this scope and of those inside."""
        for key, part in self.parts.items():
            yield key, part
            if part.inside is not None:
                yield from part.inside.all_parts()

    def broken(self) -> dict[str, str]:
        """Return the sub-processes that an error may end, by the events on their borders that catch it."""
        return {key: part.host for key, part in self.all_parts() if part.host and part.event == "error"}

    def sheets(self) -> Iterator["Sheet"]:
        """Go through this scope and those inside."""
        yield self
        for part in self.parts.values():
            if part.inside is not None:
                yield from part.inside.sheets()


def draw(seed: int, *, bent: bool) -> Sheet:
    """Draw the model of a seed.

    Loops of bent models do not count: a jump past the start of the count would leave a condition over a variable that
    is not there, which is false in FEEL and a fault in Python; BPMN 2.0.2, 8.4.6, leaves it to the language.
    """
    dice = Random(f"{seed} {bent}")
    artist = _Artist(dice, counts=not bent)
    sheet = artist.sheet(0)
    if bent:
        for _ in range(dice.randint(1, BENDS_MAX)):
            artist.bend(dice.choice(list(sheet.sheets())))
    return sheet


class _Artist:
    """Draws one model."""

    def __init__(self, dice: Random, *, counts: bool) -> None:
        self._dice = dice
        self._counts = counts
        self._blocks_max = BLOCKS_MAX if counts else BLOCKS_BENT_MAX
        self._count = 0

    def sheet(self, depth: int) -> Sheet:
        """Draw a scope from its start to its end."""
        sheet = Sheet()
        first, last = self._put(sheet, Part("startEvent")), self._last(sheet, depth)
        inner = self._sequence(sheet, depth)
        sheet.flow(first, inner[0])
        sheet.flow(inner[1], last)
        return sheet

    def bend(self, sheet: Sheet) -> None:
        """Let a flow jump to another place, by a gateway in each; or change a gateway into another."""
        dice = self._dice
        gateways = [one for one in sheet.parts.items() if one[1].kind in SPLITS]
        if gateways and dice.random() < 0.4:
            self._change(sheet, *dice.choice(gateways))
            return
        places = [
            number
            for number, (source, target, _) in enumerate(sheet.flows)
            if sheet.parts[source].kind != "eventBasedGateway"
            and not (sheet.parts[target].kind == "endEvent" and sheet.parts[target].event)
            and not (sheet.parts[source].asks and sheet.parts[target].kind in SPLITS)
        ]
        if len(places) < 2:
            return
        here, there = dice.sample(places, 2)
        merge = self._put(sheet, Part("exclusiveGateway"))
        source, target, when = sheet.flows[there]
        sheet.flows[there] = (source, merge, when)
        sheet.flow(merge, target)
        ask, split = self._choice(sheet, dice.choice(SPLITS[:2]))
        source, target, when = sheet.flows[here]
        sheet.flows[here] = (source, ask, when)
        sheet.flow(split, target)
        self._option(sheet, ask, split, merge)

    def _change(self, sheet: Sheet, key: str, gateway: Part) -> None:
        leaving = [when for source, _, when in sheet.flows if source == key]
        may_choose = len(leaving) < 2 or any(leaving)
        gateway.kind = self._dice.choice(SPLITS) if may_choose else "parallelGateway"

    def _put(self, sheet: Sheet, part: Part) -> str:
        self._count += 1
        letter = {"subProcess": "sub", "boundaryEvent": "on", "startEvent": "start", "endEvent": "end"}
        key = f"{letter.get(part.kind, part.kind[:4])}{self._count}"
        if part.kind == "userTask" and not part.asks and not part.turns:
            part.asks.append(f"v{self._count}")
        sheet.parts[key] = part
        return key

    def _last(self, sheet: Sheet, depth: int = 0) -> str:
        """Draw an end and return where it begins.

        A person's work comes before an end that ends all else: how far the others have come by then hangs on the order
        in which tokens move, which BPMN 2.0.2, 13.5.6, leaves open.
        """
        choice = self._dice.random()
        event = "terminate" if choice < 0.06 else "error" if depth and choice < 0.2 else ""
        end = self._put(sheet, Part("endEvent", event))
        if not event:
            return end
        work = self._put(sheet, Part("userTask"))
        sheet.flow(work, end)
        return work

    def _sequence(self, sheet: Sheet, depth: int) -> Ends:
        blocks = [self._block(sheet, depth) for _ in range(self._dice.randint(1, self._blocks_max))]
        for before, after in zip(blocks, blocks[1:], strict=False):
            sheet.flow(before[1], after[0])
        return blocks[0][0], blocks[-1][1]

    def _block(self, sheet: Sheet, depth: int) -> Ends:
        draws: list[Callable[[Sheet, int], Ends]] = [*[self._activity] * 5, self._event]
        if depth < DEPTH_MAX:
            draws += [*[self._gateway] * 3, self._loop, self._choice_of_events, self._sub]
        return self._dice.choice(draws)(sheet, depth + 1)

    def _activity(self, sheet: Sheet, depth: int) -> Ends:
        dice = self._dice
        kind = dice.choice(["userTask", "userTask", "scriptTask", "manualTask", "task"])
        part = Part(kind)
        if kind in ("userTask", "scriptTask") and dice.random() < 0.2:
            part.turns = f"{dice.choice(['parallel', 'sequential', 'loop'])} {dice.randint(1, 3)}"
        if kind == "scriptTask":
            part.script = (f"s{self._count}", "1" if part.turns else str(dice.randint(0, 9)))
        host = self._put(sheet, part)
        return self._bordered(sheet, host, ("timer", "message")) if kind == "userTask" else (host, host)

    def _event(self, sheet: Sheet, depth: int) -> Ends:
        key = self._put(sheet, self._catch(self._dice.choice(["timer", "message", ""])))
        return key, key

    def _catch(self, event: str) -> Part:
        if event == "message" and self._dice.random() < LIKELY:
            return Part("receiveTask", event)
        return Part("intermediateCatchEvent" if event else "intermediateThrowEvent", event)

    def _bordered(self, sheet: Sheet, host: str, events: tuple[str, ...]) -> Ends:
        """Put events on the border of an activity; what leaves them ends, or goes on behind the activity."""
        dice = self._dice
        if dice.random() > 0.4:
            return host, host
        merge = self._put(sheet, Part("exclusiveGateway"))
        sheet.flow(host, merge)
        for event in dice.sample(events, dice.randint(1, 2)):
            interrupting = dice.random() < 0.6
            border = self._put(sheet, Part("boundaryEvent", event, host, interrupting))
            after = self._put(sheet, Part(dice.choice(["userTask", "task"])))
            sheet.flow(border, after)
            joins = interrupting and dice.random() < 0.6
            sheet.flow(after, merge if joins else self._put(sheet, Part("endEvent")))
        return host, merge

    def _choice(self, sheet: Sheet, kind: str) -> Ends:
        """Draw a person's answer and the gateway that hangs on it."""
        split = self._put(sheet, Part(kind))
        ask = self._put(sheet, Part("userTask", asks=[f"d{self._count}"]))
        sheet.parts[ask].asks.clear()
        sheet.flow(ask, split)
        return ask, split

    def _option(self, sheet: Sheet, ask: str, split: str, target: str) -> None:
        """Add a way that is taken if the answer says so."""
        answer = f"{split}_{len(sheet.parts[ask].asks)}"
        sheet.parts[ask].asks.append(answer)
        sheet.flow(split, target, f"{answer} > 0")

    def _gateway(self, sheet: Sheet, depth: int) -> Ends:
        dice = self._dice
        kind = dice.choice(SPLITS)
        if kind == "parallelGateway":
            first = split = self._put(sheet, Part(kind))
        else:
            first, split = self._choice(sheet, kind)
        join = self._put(sheet, Part(kind))
        for number in range(dice.randint(2, 3)):
            inner = self._sequence(sheet, depth)
            if number == 0 or kind == "parallelGateway":
                sheet.flow(split, inner[0])
            else:
                self._option(sheet, first, split, inner[0])
            early = number > 0 and dice.random() < 0.15
            sheet.flow(inner[1], self._last(sheet) if early else join)
        return first, join

    def _loop(self, sheet: Sheet, depth: int) -> Ends:
        """Draw a part that comes again, by a count or by an answer."""
        dice = self._dice
        merge = self._put(sheet, Part("exclusiveGateway"))
        inner = self._sequence(sheet, depth)
        if not self._counts or dice.random() < 0.5:
            ask, again = self._choice(sheet, "exclusiveGateway")
            sheet.flow(merge, inner[0])
            sheet.flow(inner[1], ask)
            self._option(sheet, ask, again, merge)
            first = merge
        else:
            count = f"n{self._count}"
            first = self._put(sheet, Part("scriptTask", script=(count, "0")))
            more = self._put(sheet, Part("scriptTask", script=(count, f"{count} + 1")))
            again = self._put(sheet, Part("exclusiveGateway"))
            sheet.flow(first, merge)
            sheet.flow(merge, inner[0])
            sheet.flow(inner[1], more)
            sheet.flow(more, again)
            sheet.flow(again, merge, f"{count} < 2")
        after = self._put(sheet, Part("task"))
        sheet.flow(again, after)
        return first, after

    def _choice_of_events(self, sheet: Sheet, depth: int) -> Ends:
        gateway = self._put(sheet, Part("eventBasedGateway"))
        merge = self._put(sheet, Part("exclusiveGateway"))
        for event in self._dice.choice([("timer", "message"), ("message", "message")]):
            key = self._put(sheet, Part("intermediateCatchEvent", event))
            sheet.flow(gateway, key)
            sheet.flow(key, merge)
        return gateway, merge

    def _sub(self, sheet: Sheet, depth: int) -> Ends:
        """Draw a sub-process; an error in it is caught on its border, for nothing is laid down about one that is not.

        BPMN 2.0.2, table 10.88; FlowMaster lets the instance fail, SpiffWorkflow goes on behind the sub-process.
        """
        inside = self.sheet(depth)
        key = self._put(sheet, Part("subProcess", inside=inside))
        if all(part.event != "error" for part in inside.parts.values() if part.kind == "endEvent"):
            if self._dice.random() < 0.2:
                sheet.parts[key].turns = "sequential 2"
                return key, key
            return self._bordered(sheet, key, ("timer", "message"))
        merge = self._put(sheet, Part("exclusiveGateway"))
        sheet.flow(key, merge)
        sheet.flow(self._put(sheet, Part("boundaryEvent", "error", key)), merge)
        return key, merge


class Dialect:
    """How one engine writes a model: the parts in which the two differ are told apart by `is_python`."""

    def __init__(self, *, is_python: bool) -> None:
        self._is_python = is_python
        self._flows = 0

    def write(self, sheet: Sheet) -> str:
        """Write a whole file with the process `p`."""
        self._flows = 0
        messages = "".join(
            f'<message id="m_{key}" name="{key}"/>'
            for key, part in sheet.all_parts()
            if part.event == "message"
        )
        return (
            '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
            ' xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="urn:t">'
            f'{messages}<error id="broken" name="broken" errorCode="broken"/>'
            f'<process id="p" isExecutable="true">{self._inside(sheet)}</process></definitions>'
        )

    def _inside(self, sheet: Sheet) -> str:
        written = ""
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
        attributes = f' id="{key}"'
        if default:
            attributes += f' default="{default}"'
        if part.host:
            attributes += (
                f' attachedToRef="{part.host}" cancelActivity="{"true" if part.interrupting else "false"}"'
            )
        if part.kind == "receiveTask":
            attributes += f' messageRef="m_{key}"'
        inner = self._details(part) + self._turns(part)
        if part.kind != "receiveTask":
            inner += self._event(key, part)
        if part.inside is not None:
            inner += self._inside(part.inside)
        return f"<{part.kind}{attributes}>{inner}</{part.kind}>"

    def _details(self, part: Part) -> str:
        variable, expression = part.script
        if self._is_python:
            return f"<script>{variable} = {expression}</script>" if variable else ""
        if variable:
            script = f'<zeebe:script expression="={expression}" resultVariable="{variable}"/>'
            return f"<extensionElements>{script}</extensionElements>"
        is_work = part.kind == "userTask"
        return "<extensionElements><zeebe:userTask/></extensionElements>" if is_work else ""

    def _event(self, key: str, part: Part) -> str:
        match part.event:
            case "timer":
                text = '"PT1H"' if self._is_python else "PT1H"
                return f"<timerEventDefinition><timeDuration>{text}</timeDuration></timerEventDefinition>"
            case "message":
                return f'<messageEventDefinition messageRef="m_{key}"/>'
            case "error":
                return '<errorEventDefinition errorRef="broken"/>'
            case "terminate":
                return "<terminateEventDefinition/>"
        return ""

    def _turns(self, part: Part) -> str:
        if not part.turns:
            return ""
        order, number = part.turns.split()
        if order == "loop":
            return f'<standardLoopCharacteristics loopMaximum="{number}"/>'
        sequential = "true" if order == "sequential" else "false"
        return (
            f'<multiInstanceLoopCharacteristics isSequential="{sequential}"><loopCardinality>{self._feel(number)}'
            "</loopCardinality></multiInstanceLoopCharacteristics>"
        )

    def _feel(self, expression: str) -> str:
        return escape(expression if self._is_python else f"={expression}", quote=False)
