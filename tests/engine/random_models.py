"""Random processes out of everything the engine runs: blocks that are well nested, and then some flows bent.

A seed always draws the same process. What publishing would refuse is thrown away and drawn again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.jobs import TASK_EVENTS
from flowmaster.engine.library import Decision, LinkedDecision
from flowmaster.engine.model import Executable
from flowmaster.runtime.models import compile_decisions
from tests.engine.cases import HEAD
from tests.engine.random_elements import (
    ACTIVITIES,
    DEFINITIONS,
    LIKELY,
    RARELY,
    Drawn,
    caught,
    condition,
    counter,
    end,
    several_times,
    thrown,
)

HAPPENINGS = ("message", "timer", "signal", "conditional", "multiple", "parallelMultiple")
TOOL_BOX = "choose"
"""The job of an ad-hoc sub-process whose activities a worker chooses."""
DRAWS_MAX = 100
DEPTH_MAX = 3
BLOCKS_MAX = 3
RULES = """<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" id="r" name="r" namespace="urn:r">
<decision id="rate" name="rate"><variable name="rate"/><decisionTable hitPolicy="FIRST"><input id="i"><inputExpression>
<text>n</text></inputExpression></input><output id="o"/><rule id="one"><inputEntry><text>&lt; 2</text></inputEntry>
<outputEntry><text>1</text></outputEntry></rule><rule id="two"><inputEntry><text>-</text></inputEntry><outputEntry>
<text>n + 1</text></outputEntry></rule></decisionTable></decision></definitions>"""
Ends = tuple[str, str]
"""The first and the last element of a block."""


@cache
def decisions() -> dict[str, Decision]:
    """Return the decisions that random processes call."""
    return dict(compile_decisions(RULES))


class Rules:
    """A library with one decision."""

    def decision(self, decision: str, version: str) -> LinkedDecision | None:
        found = decisions().get(decision)
        return None if found is None else LinkedDecision(decision, 1, found)


@dataclass
class Sheet:
    """What stands in one scope: elements by id, and flows as source, target and condition."""

    elements: dict[str, Drawn] = field(default_factory=dict)
    flows: list[tuple[str, str, str]] = field(default_factory=list)
    associations: list[tuple[str, str]] = field(default_factory=list)

    def flow(self, source: str, target: str, condition: str = "") -> None:
        """Connect two elements."""
        self.flows.append((source, target, condition))


class Artist:
    """Draws one process."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._count = 0
        self._flow_count = 0

    def process(self) -> str:
        """Draw a whole file."""
        sheet = self._sheet(0, Drawn("startEvent"))
        if self._dice.random() < RARELY * 2:
            self._begun_by_events(sheet)
        if self._dice.random() < 0.4:
            for _ in range(self._dice.randint(1, 3)):
                self._bend(sheet)
        inside = self._write(sheet)
        heard = (
            f"<extensionElements>{self._heard()}</extensionElements>" if self._dice.random() < RARELY else ""
        )
        return (
            f'{HEAD}{DEFINITIONS}<process id="p" isExecutable="true">{heard}{inside}</process></definitions>'
        )

    def _begun_by_events(self, sheet: Sheet) -> None:
        """Let events begin the process as well: a start event, a receive task, or events behind a gateway."""
        first = sheet.flows[-2][1] if len(sheet.flows) > 1 else sheet.flows[0][1]
        merge = self._put(sheet, Drawn(self._dice.choice(["exclusiveGateway", "parallelGateway"])))
        sheet.flow(merge, first)
        if self._dice.random() < 0.4:
            start = caught("startEvent", self._dice, (*HAPPENINGS, "parallelMultiple"))
            start.attributes.pop("isInterrupting", None)
            sheet.flow(self._put(sheet, start), merge)
            return
        if self._dice.random() < 0.5:
            task = Drawn(
                "receiveTask", {"messageRef": "m0", "instantiate": "true"}, several_times(self._dice)
            )
            sheet.flow(self._put(sheet, task), merge)
            return
        kind = self._dice.choice(["Parallel", "Exclusive"])
        gateway = self._put(
            sheet, Drawn("eventBasedGateway", {"instantiate": "true", "eventGatewayType": kind})
        )
        for number in range(2):
            inner = f'<messageEventDefinition messageRef="m{number}"/>'
            event = self._put(sheet, Drawn("intermediateCatchEvent", {}, inner))
            sheet.flow(gateway, event)
            sheet.flow(event, merge)

    def _put(self, sheet: Sheet, drawn: Drawn) -> str:
        self._count += 1
        letter = {"subProcess": "sub", "boundaryEvent": "on", "startEvent": "start", "endEvent": "end"}.get(
            drawn.kind, drawn.kind[:4]
        )
        key = f"{letter}{self._count}"
        sheet.elements[key] = drawn
        return key

    def _sheet(self, depth: int, start: Drawn) -> Sheet:
        sheet = Sheet()
        first, last = self._put(sheet, start), self._put(sheet, end(self._dice))
        inner = self._sequence(sheet, depth)
        sheet.flow(first, inner[0])
        sheet.flow(inner[1], last)
        while depth < DEPTH_MAX and self._dice.random() < 0.25:
            kind = ("error", "escalation", "compensate", *HAPPENINGS)
            handler = self._sheet(depth + 1, caught("startEvent", self._dice, kind))
            self._put(sheet, Drawn("subProcess", {"triggeredByEvent": "true"}, self._write(handler)))
        return sheet

    def _sequence(self, sheet: Sheet, depth: int) -> Ends:
        blocks = [self._block(sheet, depth) for _ in range(self._dice.randint(1, BLOCKS_MAX))]
        for before, after in zip(blocks, blocks[1:], strict=False):
            sheet.flow(before[1], after[0])
        return blocks[0][0], blocks[-1][1]

    def _block(self, sheet: Sheet, depth: int) -> Ends:
        draws: list[Callable[[Sheet, int], Ends]] = [*[self._activity] * 6, self._event, self._event]
        if depth < DEPTH_MAX:
            draws += [self._gateway, self._gateway, self._loop, self._choice_of_events, self._sub, self._link]
            draws += [self._transaction, self._ad_hoc]
        return self._dice.choice(draws)(sheet, depth + 1)

    def _activity(self, sheet: Sheet, depth: int) -> Ends:
        return self._bordered(
            sheet, self._put(sheet, self._varied(self._dice.choice(ACTIVITIES)(self._dice)))
        )

    def _varied(self, drawn: Drawn) -> Drawn:
        """Let an activity run several times, wait for several tokens or make several, or take a mutex, at times."""
        if drawn.kind == "intermediateThrowEvent":
            return drawn
        drawn.inner += several_times(self._dice)
        for attribute in ("startQuantity", "completionQuantity"):
            if self._dice.random() < RARELY / 2:
                drawn.attributes[attribute] = "2"
        if self._dice.random() < RARELY:
            drawn.extensions += '<fm:mutex name="one"/>'
        if self._dice.random() < RARELY:
            drawn.extensions += self._heard()
        if drawn.kind == "userTask" and self._dice.random() < RARELY:
            heard = "".join(
                f'<zeebe:taskListener eventType="{self._dice.choice(TASK_EVENTS)}" type="=name"/>'
                for _ in range(self._dice.randint(1, 4))
            )
            drawn.extensions += f"<zeebe:taskListeners>{heard}</zeebe:taskListeners>"
        return drawn

    def _heard(self) -> str:
        heard = "".join(
            f'<zeebe:executionListener eventType="{self._dice.choice(["start", "end"])}" type="listen"/>'
            for _ in range(self._dice.randint(1, 3))
        )
        return f"<zeebe:executionListeners>{heard}</zeebe:executionListeners>"

    def _transaction(self, sheet: Sheet, depth: int) -> Ends:
        inner = self._sheet(depth, Drawn("startEvent"))
        stop = self._put(inner, Drawn("endEvent", {}, "<cancelEventDefinition/>"))
        split = self._put(inner, Drawn("inclusiveGateway", default=True))
        last = next(key for key, one in inner.elements.items() if one.kind == "endEvent")
        inner.flows = [(a, split if b == last else b, when) for a, b, when in inner.flows]
        inner.flow(split, last)
        inner.flow(split, stop, condition(self._dice))
        inside = self._write(inner) + several_times(self._dice)
        key = self._put(sheet, Drawn("transaction", {}, inside, default=True))
        border = Drawn("boundaryEvent", {"attachedToRef": key}, "<cancelEventDefinition/>")
        merge = self._put(sheet, Drawn("exclusiveGateway"))
        sheet.flow(key, merge)
        sheet.flow(self._put(sheet, border), merge)
        return key, merge

    def _ad_hoc(self, sheet: Sheet, depth: int) -> Ends:
        inner = Sheet()
        for _ in range(self._dice.randint(1, 3)):
            self._activity(inner, depth)
        attributes = {"ordering": self._dice.choice(["Parallel", "Sequential"])}
        over = ""
        if self._dice.random() < 0.5:
            over = f"<completionCondition>={condition(self._dice)}</completionCondition>"
            attributes["cancelRemainingInstances"] = str(self._dice.random() < 0.5).lower()
        chosen = self._dice.choice([*inner.elements, "nobody"]) if self._dice.random() < LIKELY else ""
        active = f' activeElementsCollection="=[&quot;{chosen}&quot;]"' if chosen else ""
        collected = self._dice.choice(["", ' outputCollection="results" outputElement="=n"'])
        held = f"<zeebe:adHoc{active}{collected}/>"
        if self._dice.random() < 0.3:
            held += f'<zeebe:taskDefinition type="{TOOL_BOX}"/>'
        drawn = Drawn("adHocSubProcess", attributes, self._write(inner) + over, held, default=True)
        return self._bordered(sheet, self._put(sheet, drawn))

    def _event(self, sheet: Sheet, depth: int) -> Ends:
        if self._dice.random() < 0.5:
            event = thrown(self._dice)
            hosts = [sheet.elements[border].attributes["attachedToRef"] for border, _ in sheet.associations]
            if hosts and self._dice.random() < 0.5:
                named = f'<compensateEventDefinition activityRef="{self._dice.choice(hosts)}"'
                event.inner = event.inner.replace("<compensateEventDefinition", named)
            key = self._put(sheet, event)
        else:
            key = self._put(sheet, caught("intermediateCatchEvent", self._dice, HAPPENINGS))
        return key, key

    def _sub(self, sheet: Sheet, depth: int) -> Ends:
        inside = self._write(self._sheet(depth, Drawn("startEvent")))
        drawn = Drawn("subProcess", {}, inside + several_times(self._dice), default=True)
        return self._bordered(sheet, self._put(sheet, drawn))

    def _bordered(self, sheet: Sheet, host: str) -> Ends:
        """Put events on the border of an activity; what leaves them ends, or goes on behind the activity."""
        if sheet.elements[host].kind == "intermediateThrowEvent" or self._dice.random() > 0.35:
            return host, host
        if self._dice.random() < LIKELY:
            self._undone(sheet, host)
        merge = self._put(sheet, Drawn("exclusiveGateway"))
        sheet.flow(host, merge)
        kinds = ("error", "escalation", *HAPPENINGS)
        for _ in range(self._dice.randint(1, 2)):
            drawn = caught("boundaryEvent", self._dice, kinds)
            drawn.attributes["attachedToRef"] = host
            border = self._put(sheet, drawn)
            after = self._put(sheet, self._dice.choice(ACTIVITIES)(self._dice))
            sheet.flow(border, after)
            sheet.flow(after, merge if self._dice.random() < 0.5 else self._put(sheet, end(self._dice)))
        return host, merge

    def _undone(self, sheet: Sheet, host: str) -> None:
        """Give an activity a compensation handler."""
        handler = self._dice.choice(ACTIVITIES[:-1])(self._dice)
        if self._dice.random() < RARELY * 2:
            handler = Drawn("subProcess", {}, self._write(self._sheet(DEPTH_MAX, Drawn("startEvent"))))
        handler.attributes["isForCompensation"] = "true"
        handler.inner += several_times(self._dice)
        key = self._put(sheet, handler)
        if self._dice.random() < LIKELY:
            drawn = caught("boundaryEvent", self._dice, ("error", "escalation", *HAPPENINGS))
            drawn.attributes["attachedToRef"] = key
            after = self._put(sheet, self._dice.choice(ACTIVITIES)(self._dice))
            sheet.flow(self._put(sheet, drawn), after)
            sheet.flow(after, self._put(sheet, end(self._dice)))
        event = Drawn("boundaryEvent", {"attachedToRef": host}, "<compensateEventDefinition/>")
        border = self._put(sheet, event)
        sheet.associations.append((border, key))

    def _gateway(self, sheet: Sheet, depth: int) -> Ends:
        kind = self._dice.choice(
            ["exclusiveGateway", "parallelGateway", "inclusiveGateway", "complexGateway"]
        )
        split = self._put(sheet, Drawn(kind, default=kind != "parallelGateway" and self._dice.random() < 0.8))
        counts = ["", "activationCount &gt;= 1", "activationCount &gt;= 2"]
        least = condition(self._dice) if self._dice.random() < RARELY * 2 else self._dice.choice(counts)
        starts = f"<activationCondition>={least}</activationCondition>" if least else ""
        join = self._put(sheet, Drawn(kind, {}, starts if kind == "complexGateway" else ""))
        chooses = kind != "parallelGateway"
        for number in range(self._dice.randint(2, 3)):
            inner = self._sequence(sheet, depth)
            first = number == 0 and sheet.elements[split].default
            sheet.flow(split, inner[0], condition(self._dice) if chooses and not first else "")
            early = number > 0 and kind == "exclusiveGateway" and self._dice.random() < 0.2
            sheet.flow(inner[1], self._put(sheet, end(self._dice)) if early else join)
        return split, join

    def _loop(self, sheet: Sheet, depth: int) -> Ends:
        merge = self._put(sheet, Drawn("exclusiveGateway"))
        again = self._put(sheet, Drawn("exclusiveGateway", default=True))
        count, after = self._put(sheet, counter()), self._put(sheet, Drawn("task"))
        inner = self._sequence(sheet, depth)
        sheet.flow(merge, count)
        sheet.flow(count, inner[0])
        sheet.flow(inner[1], again)
        sheet.flow(again, after)
        sheet.flow(again, merge, "n &lt; 3" if self._dice.random() < 0.9 else "x")
        return merge, after

    def _choice_of_events(self, sheet: Sheet, depth: int) -> Ends:
        gateway = self._put(sheet, Drawn("eventBasedGateway"))
        merge = self._put(sheet, Drawn("exclusiveGateway"))
        for _ in range(self._dice.randint(2, 3)):
            if self._dice.random() < 0.2:
                event = self._put(sheet, Drawn("receiveTask", {"messageRef": "m0"}))
            else:
                kinds = ("message", "timer", "signal", "conditional", "multiple")
                event = self._put(sheet, caught("intermediateCatchEvent", self._dice, kinds))
            sheet.flow(gateway, event)
            sheet.flow(event, merge)
        return gateway, merge

    def _link(self, sheet: Sheet, depth: int) -> Ends:
        before, after = self._put(sheet, Drawn("task")), self._put(sheet, Drawn("task"))
        name = f"l{self._count}"
        inner = f'<linkEventDefinition name="{name}"/>'
        sheet.flow(before, self._put(sheet, Drawn("intermediateThrowEvent", {"name": name}, inner)))
        sheet.flow(self._put(sheet, Drawn("intermediateCatchEvent", {"name": name}, inner)), after)
        return before, after

    def _bend(self, sheet: Sheet) -> None:
        """Add, turn or drop a flow, or change a gateway into another."""
        dice, number = self._dice, self._dice.randrange(len(sheet.flows))
        source, target, when = sheet.flows[number]
        elsewhere = dice.choice([key for key, one in sheet.elements.items() if _may_be_entered(one)])
        match dice.randrange(4):
            case 0:
                leaving = [key for key, one in sheet.elements.items() if _may_be_left(one)]
                sheet.flow(dice.choice(leaving), elsewhere, condition(dice) if dice.random() < 0.5 else "")
            case 1:
                sheet.flows[number] = (source, elsewhere, when)
            case 2 if len(sheet.flows) > 1:
                del sheet.flows[number]
            case _:
                gateways = [one for one in sheet.elements.values() if one.kind in _GATEWAYS]
                if gateways:
                    dice.choice(gateways).kind = dice.choice(_GATEWAYS)

    def _write(self, sheet: Sheet) -> str:
        written = ""
        defaults: dict[str, str] = {}
        for source, target, when in sheet.flows:
            self._flow_count += 1
            key = f"f{self._flow_count}"
            if not when:
                defaults.setdefault(source, key)
            inner = f"<conditionExpression>={when}</conditionExpression>" if when else ""
            written += (
                f'<sequenceFlow id="{key}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'
            )
        leaving = [source for source, _, _ in sheet.flows]
        for number, (event, handler) in enumerate(sheet.associations):
            written += f'<association id="l{number}{event}" sourceRef="{event}" targetRef="{handler}"/>'
        for key, drawn in sheet.elements.items():
            written += drawn.xml(key, defaults.get(key, "") if leaving.count(key) > 1 else "")
        return written


_APART = frozenset({"triggeredByEvent", "isForCompensation"})
_GATEWAYS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway")


def _may_be_entered(drawn: Drawn) -> bool:
    return drawn.kind not in ("startEvent", "boundaryEvent") and not _APART.intersection(drawn.attributes)


def _may_be_left(drawn: Drawn) -> bool:
    undo = drawn.inner == "<compensateEventDefinition/>" and drawn.kind == "boundaryEvent"
    ends = drawn.kind in ("endEvent", "eventBasedGateway")
    return not undo and not ends and not _APART.intersection(drawn.attributes)


def draw(dice: Random) -> tuple[Executable, str]:
    """Draw a process that could be published, and return it with its BPMN."""
    for _ in range(DRAWS_MAX):
        text = Artist(dice).process()
        (read,) = read_processes(parse_bpmn(text), RUNNABLE)
        if all(problem.severity != "error" for problem in check_process(read)):
            return Executable(read.process, 1, Rules()), text
    raise AssertionError(f"No process that could be published in {DRAWS_MAX} drawings.")
