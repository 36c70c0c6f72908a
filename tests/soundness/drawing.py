"""Random small processes for the check of soundness: blocks with some flows bent, and graphs without any order.

Every step is a person's task, so that the engine stands wherever the token game stands. Each flow out of a choice has
a condition of its own; what it gives is decided by whoever plays the process.
"""

from random import Random

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import ReadProcess, read_processes
from flowmaster.engine.elements.table import RUNNABLE
from tests.engine.cases import HEAD, user

_TIMER = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
_GATEWAYS = ("exclusive", "parallel", "inclusive")
_DEFINITIONS = (
    '<error id="e1" errorCode="E1"/><escalation id="c1" escalationCode="C1"/>'
    '<error id="e2" errorCode="E2"/><escalation id="c2" escalationCode="C2"/>'
)
DEPTH_MAX = 2
Ends = tuple[str, str]


class _Artist:
    """Draws the elements and flows of one process; `left` is how many more nodes it may have."""

    def __init__(self, dice: Random, size: int) -> None:
        self._dice = dice
        self._count = 0
        self.left = size

    def process(self) -> str:
        """Draw a whole file."""
        inside = self._scope(0, "<startEvent id={0!r}/>")
        return f'{HEAD}{_DEFINITIONS}<process id="p" isExecutable="true">{inside}</process></definitions>'

    def _name(self, letter: str) -> str:
        self._count += 1
        self.left -= 1
        return f"{letter}{self._count}"

    def _scope(self, depth: int, start: str) -> str:
        sheet = _Sheet()
        first = self._name("s")
        sheet.nodes[first] = start.format(first)
        if self._dice.random() < 0.35:
            self._graph(sheet, depth, first)
        else:
            begin, end = self._sequence(sheet, depth)
            sheet.flows.append((first, begin))
            sheet.flows.append((end, self._end(sheet)))
            if self._dice.random() < 0.7:
                for _ in range(self._dice.randint(1, 3)):
                    self._bend(sheet)
        while depth < DEPTH_MAX and self._dice.random() < 0.12:
            self._handler(sheet, depth)
        return sheet.xml(self._dice)

    def _graph(self, sheet: "_Sheet", depth: int, first: str) -> None:
        """Draw nodes and connect them without any order."""
        inner = [self._node(sheet, depth) for _ in range(self._dice.randint(3, 6))]
        ends = [self._end(sheet) for _ in range(self._dice.randint(1, 2))]
        sheet.flows.append((first, self._dice.choice(inner)))
        for node in inner:
            chooses = node in sheet.gateways
            for _ in range(self._dice.randint(1, 2) if chooses else 1):
                sheet.flows.append((node, self._dice.choice([*inner, *ends])))

    def _node(self, sheet: "_Sheet", depth: int) -> str:
        if self._dice.random() < 0.5:
            return self._gateway(sheet, self._dice.choice(_GATEWAYS))
        return self._step(sheet, depth)

    def _gateway(self, sheet: "_Sheet", kind: str) -> str:
        key = self._name("g")
        sheet.gateways[key] = kind
        return key

    def _step(self, sheet: "_Sheet", depth: int) -> str:
        dice = self._dice
        if depth < DEPTH_MAX and self.left > 5 and dice.random() < 0.15:
            key = self._name("sub")
            sheet.nodes[key] = (
                f'<subProcess id="{key}">{self._scope(depth + 1, "<startEvent id={0!r}/>")}</subProcess>'
            )
        else:
            key = self._name("t")
            sheet.nodes[key] = user(key)
        if dice.random() < 0.2:
            self._border(sheet, key)
        return key

    def _border(self, sheet: "_Sheet", host: str) -> None:
        dice, key = self._dice, self._name("b")
        cancel, inner = dice.choice(["true", "false"]), _TIMER
        if host.startswith("sub") and dice.random() < 0.6:
            inner = dice.choice(
                ['<errorEventDefinition errorRef="e1"/>', "<errorEventDefinition/>", '<escalationEventDefinition escalationRef="c1"/>']
            )  # fmt: skip
            cancel = "true" if "error" in inner else cancel
        sheet.nodes[key] = (
            f'<boundaryEvent id="{key}" attachedToRef="{host}" cancelActivity="{cancel}">{inner}</boundaryEvent>'
        )
        others = [
            one for one in (*sheet.nodes, *sheet.gateways) if one[0] not in "sbe" or one.startswith("sub")
        ]
        if dice.random() < 0.4 and others:
            sheet.flows.append((key, dice.choice(others)))
        else:
            task = self._name("t")
            sheet.nodes[task] = user(task)
            sheet.flows += [
                (key, task),
                (task, dice.choice([self._end(sheet), dice.choice(others or [task])])),
            ]

    def _end(self, sheet: "_Sheet") -> str:
        key = self._name("e")
        inner = self._dice.choice(
            [""] * 8
            + ["<terminateEventDefinition/>", '<errorEventDefinition errorRef="e1"/>']
            + ['<errorEventDefinition errorRef="e2"/>', '<escalationEventDefinition escalationRef="c1"/>']
        )
        sheet.nodes[key] = f'<endEvent id="{key}">{inner}</endEvent>'
        return key

    def _sequence(self, sheet: "_Sheet", depth: int) -> Ends:
        blocks = [self._block(sheet, depth) for _ in range(self._dice.randint(1, 2))]
        for before, after in zip(blocks, blocks[1:], strict=False):
            sheet.flows.append((before[1], after[0]))
        return blocks[0][0], blocks[-1][1]

    def _block(self, sheet: "_Sheet", depth: int) -> Ends:
        choice = self._dice.random()
        if self.left < 4 or choice < 0.3:
            key = self._step(sheet, depth)
            return key, key
        if choice < 0.4:
            return self._loop(sheet, depth)
        if choice < 0.5:
            return self._events(sheet, depth)
        if choice < 0.55:
            return self._thrown(sheet)
        return self._branches(sheet, depth)

    def _branches(self, sheet: "_Sheet", depth: int) -> Ends:
        kind = self._dice.choice(_GATEWAYS)
        split, join = self._gateway(sheet, kind), self._gateway(sheet, kind)
        for _ in range(self._dice.randint(2, 3)):
            if self._dice.random() < 0.2:
                sheet.flows.append((split, join))
                continue
            first, last = self._sequence(sheet, depth)
            sheet.flows += [(split, first), (last, join)]
        return split, join

    def _loop(self, sheet: "_Sheet", depth: int) -> Ends:
        merge, again = self._gateway(sheet, "exclusive"), self._gateway(sheet, "exclusive")
        first, last = self._sequence(sheet, depth)
        sheet.flows += [(merge, first), (last, again)]
        if self._dice.random() < 0.5:
            sheet.flows.append((again, merge))
        else:
            back = self._step(sheet, depth)
            sheet.flows += [(again, back), (back, merge)]
        return merge, again

    def _events(self, sheet: "_Sheet", depth: int) -> Ends:
        gateway, merge = self._name("w"), self._gateway(sheet, "exclusive")
        sheet.nodes[gateway] = f'<eventBasedGateway id="{gateway}"/>'
        for _ in range(2):
            event = self._name("i")
            sheet.nodes[event] = f'<intermediateCatchEvent id="{event}">{_TIMER}</intermediateCatchEvent>'
            sheet.flows += [(gateway, event), (event, merge)]
        return gateway, merge

    def _thrown(self, sheet: "_Sheet") -> Ends:
        key = self._name("x")
        code = self._dice.choice(["c1", "c2"])
        sheet.nodes[key] = (
            f'<intermediateThrowEvent id="{key}"><escalationEventDefinition escalationRef="{code}"/>'
            "</intermediateThrowEvent>"
        )
        return key, key

    def _handler(self, sheet: "_Sheet", depth: int) -> None:
        trigger = self._dice.choice(
            [
                _TIMER,
                '<errorEventDefinition errorRef="e1"/>',
                '<escalationEventDefinition escalationRef="c1"/>',
            ]
        )
        interrupting = "true" if "error" in trigger else self._dice.choice(["true", "false"])
        start = f'<startEvent id="{{0}}" isInterrupting="{interrupting}">{trigger}</startEvent>'
        key = self._name("h")
        inside = self._scope(depth + 1, start)
        sheet.nodes[key] = f'<subProcess id="{key}" triggeredByEvent="true">{inside}</subProcess>'

    def _bend(self, sheet: "_Sheet") -> None:
        """Turn a flow, add one, or change a gateway into another."""
        dice = self._dice
        number = dice.randrange(len(sheet.flows))
        source, _ = sheet.flows[number]
        entered = [
            one for one in (*sheet.nodes, *sheet.gateways) if one[0] not in "sbhi" or one.startswith("sub")
        ]
        match dice.randrange(3):
            case 0 if not source.startswith("w"):
                sheet.flows[number] = (source, dice.choice(entered))
            case 1 if sheet.gateways:
                sheet.flows.append((dice.choice(list(sheet.gateways)), dice.choice(entered)))
            case _ if sheet.gateways:
                sheet.gateways[dice.choice(list(sheet.gateways))] = dice.choice(_GATEWAYS)
            case _:
                pass


class _Sheet:
    """What stands in one scope."""

    def __init__(self) -> None:
        self.nodes: dict[str, str] = {}
        self.gateways: dict[str, str] = {}
        self.flows: list[tuple[str, str]] = []

    def xml(self, dice: Random) -> str:
        """Write the scope; every flow out of a choice has a condition, but for the default."""
        written = "".join(self.nodes.values())
        defaults: dict[str, str] = {}
        flows = ""
        for number, (source, target) in enumerate(self.flows):
            key = f"{source}_{target}_{number}"
            several = sum(one == source for one, _ in self.flows) > 1
            inner = ""
            if several and self.gateways.get(source) in ("exclusive", "inclusive"):
                if source not in defaults:
                    defaults[source] = key
                else:
                    inner = f"<conditionExpression>=c_{key}</conditionExpression>"
            flows += (
                f'<sequenceFlow id="{key}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'
            )
        for key, kind in self.gateways.items():
            default = f' default="{defaults[key]}"' if key in defaults else ""
            written += f'<{kind}Gateway id="{key}"{default}/>'
        return written + flows


def draw(seed: int) -> tuple[ReadProcess, str]:
    """Draw the process of a seed, and return it with its BPMN."""
    dice = Random(seed)
    text = _Artist(dice, dice.randint(6, 14)).process()
    (read,) = read_processes(parse_bpmn(text), RUNNABLE)
    return read, text
