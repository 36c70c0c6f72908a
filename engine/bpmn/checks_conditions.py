"""What the conditions behind a gateway say together: some never hold, some meet, and some values pass none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flowmaster.engine.bpmn import fixes
from flowmaster.engine.bpmn.conditions import Conditions, Formula, Space, Truth
from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.bpmn.known import Known
from flowmaster.engine.feel.expression import Expression
from flowmaster.engine.model import Element, Flow, Process

STEPS_BACK_MAX = 20
"""How far back conditions are looked for that hold already."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """A condition that is known to hold, or not to hold, where a gateway is reached."""

    expression: Expression
    holds: bool


@dataclass(frozen=True, slots=True)
class Ways:
    """The conditions behind an element, read: `flows` and `truths` belong together, the default is left out."""

    flows: tuple[Flow, ...]
    truths: tuple[Truth, ...]
    space: Space
    assumed: tuple[Assumed, ...]

    @property
    def taken(self) -> int:
        """Return where any of the conditions holds."""
        taken = 0
        for truth in self.truths:
            taken |= truth.true
        return taken

    def gap(self) -> str | None:
        """Return values in words for which no condition holds, empty for values that cannot be told.

        None says that there are no such values but null and those of other kinds.
        """
        left = self.space.usual & ~self.taken
        if not left:
            return None
        example = self.space.certain(left)
        return "" if example is None else self.space.example(example)


def ways_of(process: Process, element: Element, known: Known) -> Ways | None:
    """Return the conditions behind an element, or None where they cannot be reasoned about."""
    flows = [flow for flow in element.outgoing if flow.condition is not None and flow is not element.default]
    expressions = [flow.condition for flow in flows if isinstance(flow.condition, Expression)]
    if not flows or len(expressions) < len(flows):
        return None
    names = frozenset().union(*map(_names, expressions))
    assumed = tuple(_assumed(process, element, known, names))
    reader = Conditions(known.schemas, known.free)
    formulas = [reader.read(expression.node) for expression in expressions]
    held: list[tuple[Formula, bool]] = [(reader.read(one.expression.node), one.holds) for one in assumed]
    space = reader.space(held)
    if space is None or not space.all:
        return None
    return Ways(tuple(flows), tuple(space.truth(formula) for formula in formulas), space, assumed)


def check_conditions(element: Element, ways: Ways, known: Known, findings: Findings) -> None:
    """Check the conditions behind one element against each other."""
    first_wins = element.kind == "exclusiveGateway"
    before = 0
    for number, (flow, truth) in enumerate(zip(ways.flows, ways.truths, strict=True)):
        mine = truth.true & ways.space.all
        if not mine:
            _never(flow, ways, known, findings)
        elif first_wins and not mine & ~before:
            _shadowed(flow, number, ways, findings)
        before |= truth.true
    if first_wins and not findings.strict:
        _overlap(element, ways, findings)


def _never(flow: Flow, ways: Ways, known: Known, findings: Findings) -> None:
    assert isinstance(flow.condition, Expression)
    if flow.condition.is_constant:
        return
    said = _text(flow)
    alone = Conditions({}, known.free)
    formula = alone.read(flow.condition.node)
    space = alone.space()
    possible = space is not None and space.truth(formula).true
    if not possible:
        why = "it contradicts itself"
    elif _holds_by_type(flow.condition, known):
        held = ", ".join(
            f"`{one.expression.text.removeprefix('=')}`{'' if one.holds else ' does not hold'}"
            for one in ways.assumed[:2]
        )
        why = f"at this place {held} is settled already"
    else:
        why = "the declared values leave none for it"
    findings.add(
        "flow.condition_never",
        flow.id,
        f"The condition `{said}` of the flow {flow.id!r} never holds: {why}.",
        line=flow.line,
    )


def _holds_by_type(expression: Expression, known: Known) -> bool:
    """Return whether a condition holds for some declared values, wherever it stands."""
    reader = Conditions(known.schemas, known.free)
    formula = reader.read(expression.node)
    space = reader.space()
    return space is not None and space.truth(formula).true != 0


def _shadowed(flow: Flow, number: int, ways: Ways, findings: Findings) -> None:
    mine = ways.truths[number].true & ways.space.all
    one = next((place for place in range(number) if not mine & ~ways.truths[place].true), None)
    by = f"`{_text(ways.flows[one])}`" if one is not None else "one of the conditions before it"
    findings.add(
        "flow.condition_shadowed",
        flow.id,
        f"The flow {flow.id!r} is never taken: whenever `{_text(flow)}` holds, {by} holds too and comes first.",
        line=flow.line,
        fix_edit=fixes.remove(flow.id)
        if len(ways.flows) > 2 and one is not None and _same(flow, ways.flows[one])
        else None,
    )


def _same(one: Flow, other: Flow) -> bool:
    return _text(one) == _text(other) and one.target == other.target


def _overlap(element: Element, ways: Ways, findings: Findings) -> None:
    """Name the first two conditions that meet without one of them being part of the other."""
    for number, truth in enumerate(ways.truths):
        for place in range(number):
            other = ways.truths[place]
            both = truth.true & other.true & ways.space.all
            apart = truth.true & ~other.true and other.true & ~truth.true
            example = ways.space.certain(both) if both and apart else None
            if example is None:
                continue
            first, second = ways.flows[place], ways.flows[number]
            findings.add(
                "gateway.conditions_overlap",
                element.id,
                f"`{_text(first)}` and `{_text(second)}` behind {named(element)} both hold when "
                f"{ways.space.example(example)}; {first.id!r} is taken, since it comes first in the file.",
                line=element.line,
            )
            return


def _text(flow: Flow) -> str:
    assert flow.condition is not None
    return " ".join(flow.condition.text.strip().removeprefix("=").split())


def _assumed(process: Process, element: Element, known: Known, names: frozenset[str]) -> Iterator[Assumed]:
    """Yield what is settled about some variables on the only way to an element."""
    names = frozenset(name for name in names if not _is_written_beside(name, known))
    at = element
    for _ in range(STEPS_BACK_MAX):
        if len(at.incoming) != 1 or not names or element.loop is not None:
            return
        flow = at.incoming[0]
        at = process.elements[flow.source]
        if at.kind == "exclusiveGateway":
            yield from settled(at, flow, names)
        names = frozenset(name for name in names if not known.writes(at, name))


def settled(gateway: Element, taken: Flow, names: frozenset[str]) -> Iterator[Assumed]:
    """Yield what holds, and what does not, once an exclusive gateway has sent a token over one of its flows."""
    for flow in gateway.outgoing:
        expression = flow.condition
        if flow is gateway.default or not isinstance(expression, Expression):
            continue
        if expression.names and _names(expression) <= names:
            yield Assumed(expression, flow is taken)
        if flow is taken:
            return


def _names(expression: Expression) -> frozenset[str]:
    return expression.names | expression.names_perhaps


def _is_written_beside(name: str, known: Known) -> bool:
    """Return whether another token may write a variable while the one of the gateway is on its way."""
    return known.concurrent and bool(known.anything or known.writers.get(name))


def conditions_by_element(process: Process, known: Known) -> Mapping[str, Ways]:
    """Return the conditions behind each element that has some."""
    found: dict[str, Ways] = {}
    for element in process.elements.values():
        ways = ways_of(process, element, known) if any(flow.condition for flow in element.outgoing) else None
        if ways is not None:
            found[element.id] = ways
    return found
