"""Brings candidates into a shape that is sound as a process: what cannot be so is asked, not kept.

Jumps go to a step of the same process and only under a condition; ends stand last and never inside what is done side by
side; what is decided by people is answered by the step before, and what is compared is given at the start.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from flowmaster.knowledge.procedures.candidates import (
    Beside,
    Candidates,
    Choice,
    Doubt,
    End,
    Jump,
    Node,
    Step,
    all_in,
    inside,
    lists_in,
    steps_in,
)
from flowmaster.knowledge.procedures.conditions import Condition

STEPS_MAX = 300
"""How many steps one draft may have."""
NODES_MAX = 600
"""How many steps, decisions, jumps and ends together."""
UNASSIGNED = "unassigned"
"""The role of steps of which the text does not say who does them."""


@dataclass(slots=True, kw_only=True)
class Shaped:
    """Candidates that can be written as an outline, with the variables that they need."""

    steps: list[Node]
    inputs: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)


def shaped(found: Candidates, *, jumps: bool, ways: bool) -> Shaped:
    """Return candidates in a sound shape; without `jumps` nothing goes back, without `ways` all is one sequence."""
    steps = found.steps if ways else _plain(found.steps)
    result = Shaped(steps=steps, doubts=list(found.doubts))
    _Exits(result, jumps=jumps).mend()
    _name_apart(result.steps)
    _give_roles(found, result)
    _Answers(result).walk(result.steps, (), set())
    return result


def _plain(nodes: list[Node]) -> list[Node]:
    steps: list[Node] = []
    for step in steps_in(nodes):
        step.children, step.late, step.until, step.asks = [], [], None, None
        steps.append(step)
    return steps


class _Exits:
    """Takes out jumps and ends that would break the process."""

    def __init__(self, result: Shaped, *, jumps: bool) -> None:
        self._result = result
        self._jumps = jumps

    def mend(self) -> None:
        """Mend the whole process."""
        for held in list(lists_in(self._result.steps)):
            self._flatten(held)
        self._list(
            self._result.steps, top=True, may_end=True, may_jump=True, scope=_scope(self._result.steps)
        )
        _drop_empty(self._result.steps)

    def _flatten(self, held: list[Node]) -> None:
        """Put sub-steps behind their step where something in them leaves the group or is gone to."""
        targets = {id(node.target) for node in all_in(self._result.steps) if isinstance(node, Jump)}
        for node in list(held):
            if not isinstance(node, Step) or not node.children:
                continue
            leaves = any(
                isinstance(each, End | Jump) or id(each) in targets for each in all_in(node.children)
            )
            if leaves or not self._jumps:
                at = held.index(node)
                held[at + 1 : at + 1] = node.children
                node.children = []

    def _list(self, held: list[Node], *, top: bool, may_end: bool, may_jump: bool, scope: set[int]) -> None:
        for at, node in enumerate(list(held)):
            last = at == len(held) - 1
            if isinstance(node, Jump):
                self._jump(held, node, ok=may_jump and not top and last and id(node.target) in scope)
            elif isinstance(node, End):
                if not may_end or not _is_last(held, node):
                    _remove(held, node)
                    self._ask(
                        node, f"What ends here: {node.source.quote[:120]!r}? Steps follow it in the draft."
                    )
            else:
                self._inner(node, may_end=may_end, may_jump=may_jump, scope=scope)
        self._blocked(held)

    def _inner(self, node: Node, *, may_end: bool, may_jump: bool, scope: set[int]) -> None:
        match node:
            case Choice():
                for branch in (node.then, node.other):
                    self._list(branch, top=False, may_end=may_end, may_jump=may_jump, scope=scope)
            case Beside():
                for branch in node.branches:
                    self._list(branch, top=False, may_end=False, may_jump=False, scope=set())
            case Step():
                self._list(node.children, top=False, may_end=False, may_jump=False, scope=set())
                self._list(node.late, top=False, may_end=False, may_jump=False, scope=set())
            case _:
                pass

    def _jump(self, held: list[Node], node: Jump, *, ok: bool) -> None:
        if ok and self._jumps:
            return
        _remove(held, node)
        why = "no step has this number" if node.target is None else "the draft cannot go there from here"
        self._ask(node, f"Where does it go on after {node.source.quote[:120]!r}? {why[:1].upper()}{why[1:]}.")

    def _blocked(self, held: list[Node]) -> None:
        """Let something lead on where both ways of a choice would leave, though steps follow."""
        for node in held[:-1]:
            if isinstance(node, Choice) and _leaves(node.then) and _leaves(node.other):
                left = node.other.pop()
                self._ask(left, f"What leads to the steps after {left.source.quote[:120]!r}?")

    def _ask(self, node: Node, text: str) -> None:
        self._result.doubts.append(Doubt(node.source.where, text, Decimal("0.3")))


def _scope(nodes: list[Node]) -> set[int]:
    """Return the steps that can be gone to: those of the process itself, not those beside others or in groups."""
    found: set[int] = set()
    for node in nodes:
        if isinstance(node, Step):
            found.add(id(node))
        elif isinstance(node, Choice):
            found |= _scope(node.then) | _scope(node.other)
    return found


def _leaves(branch: list[Node]) -> bool:
    last = branch[-1] if branch else None
    if isinstance(last, Choice):
        return _leaves(last.then) and _leaves(last.other)
    return isinstance(last, End | Jump)


def _is_last(held: list[Node], node: Node) -> bool:
    return held[-1] is node


def _remove(held: list[Node], node: Node) -> None:
    held[:] = [each for each in held if each is not node]


def _drop_empty(nodes: list[Node]) -> None:
    for node in list(nodes):
        for inner in inside(node):
            _drop_empty(inner)
        if isinstance(node, Beside):
            node.branches = [branch for branch in node.branches if branch]
            if len(node.branches) < 2:
                at = next(place for place, each in enumerate(nodes) if each is node)
                nodes[at : at + 1] = node.branches[0] if node.branches else []
        elif isinstance(node, Choice) and not node.then and not node.other:
            _remove(nodes, node)


def _name_apart(nodes: list[Node]) -> None:
    taken: set[str] = set()
    for step in steps_in(nodes):
        name, number = step.name, 1
        while step.name.casefold() in taken:
            number += 1
            step.name = f"{name} ({number})"
        taken.add(step.name.casefold())


def _give_roles(found: Candidates, result: Shaped) -> None:
    """Give steps that name nobody the one role that there is, or one that is to be named."""
    without = [
        step for step in steps_in(result.steps) if step.kind == "ask" and not step.roles and not step.children
    ]
    if not without:
        return
    only = found.roles[0] if len(found.roles) == 1 else None
    for step in without:
        step.roles = [only.id if only is not None else UNASSIGNED]
    named = ", ".join(repr(step.name) for step in without[:3]) + (
        f" and {len(without) - 3} more" if len(without) > 3 else ""
    )
    text = f"Who does {named}? The text does not say."
    if only is not None:
        text += f" Drafted as {only.name!r}, the only role there is."
    result.doubts.append(Doubt(without[0].source.where, text, Decimal("0.4")))


class _Answers:
    """Lets conditions be answered: by the step before them, or at the start."""

    def __init__(self, result: Shaped) -> None:
        self._result = result

    def walk(self, nodes: list[Node], before: tuple[Step, ...], known: set[str]) -> tuple[Step, ...]:
        """Walk through nodes; return the last steps that people do, of which one surely comes before what follows."""
        for node in nodes:
            match node:
                case Step():
                    before = self._step(node, before, known)
                case Choice():
                    self._choice(node, before, known)
                    ways = [self.walk(branch, (), set(known)) for branch in (node.then, node.other)]
                    staying = [
                        tails
                        for branch, tails in zip((node.then, node.other), ways, strict=True)
                        if not _leaves(branch)
                    ]
                    if all(staying) and staying:
                        before = tuple(step for tails in staying for step in tails)
                case Beside():
                    for branch in node.branches:
                        last = self.walk(branch, before, set(known))
                    before = last
                case _:
                    pass
        return before

    def _step(self, node: Step, before: tuple[Step, ...], known: set[str]) -> tuple[Step, ...]:
        self.walk(node.late, before, set(known))
        if node.children:
            node.asks = node.until = None
            self.walk(node.children, before, set(known))
            return before
        if node.kind != "ask":
            node.asks = node.until = None
            return before
        for asked in (node.asks, node.until):
            if asked is not None:
                self._answer(node, asked)
                known.add(asked.variable)
        return (node,)

    def _choice(self, node: Choice, before: tuple[Step, ...], known: set[str]) -> None:
        condition = node.condition
        if condition.variable in known or condition.variable in self._result.inputs:
            if self._type(condition) == condition.type:
                return
            node.condition = condition = _renamed(condition)
        if condition.type == "boolean" and before:
            if condition.variable in self._result.inputs or self._type(condition) != condition.type:
                node.condition = condition = _renamed(condition)
            for step in before:
                self._answer(step, condition)
            known.add(condition.variable)
            return
        if condition.variable in self._result.answers:
            node.condition = condition = _renamed(condition)
        self._result.inputs[condition.variable] = condition.type

    def _type(self, condition: Condition) -> str:
        known = self._result.inputs | self._result.answers
        return known.get(condition.variable, condition.type)

    def _answer(self, step: Step, condition: Condition) -> None:
        step.answers[condition.variable] = condition.type
        self._result.answers[condition.variable] = condition.type


def _renamed(condition: Condition) -> Condition:
    """Return a condition over a variable of another name, since the name is taken for something of another kind."""
    name = f"{condition.variable}_{'holds' if condition.type == 'boolean' else 'value'}"
    feel = condition.feel.replace(condition.variable, name)
    return Condition(
        text=condition.text, feel=feel, variable=name, type=condition.type, confidence=condition.confidence,
        rule=condition.rule, unit=condition.unit,
    )  # fmt: skip
