"""Which step sets and reads which variable: where it comes from, of what type it is, and where it is used last."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from flowmaster.engine.bpmn.checks_data import ENGINE_NAMES, values_read
from flowmaster.engine.bpmn.known import Known, known_of, may_write_anything, written_by
from flowmaster.engine.bpmn.signatures import NO_LIBRARY, DecisionSignature
from flowmaster.engine.bpmn.vocabulary import SUB_PROCESS_KINDS
from flowmaster.engine.forms import fields_of
from flowmaster.engine.model import (
    AdHoc,
    Call,
    Conditional,
    Constant,
    Element,
    Job,
    Message,
    MultiInstance,
    Process,
    Rule,
    Script,
    Signal,
    Timer,
    Triggers,
    UserTask,
    Value,
)
from flowmaster.engine.outline.datatypes import type_of
from flowmaster.engine.values import Json

PERSONAL: Final = ("person", "email")
"""The formats of values that are about a person."""

CONDITION: Final = "condition to "
"""How the use of a variable by a condition begins."""

CHECK: Final = "check of the form"
"""How the use of a variable by what a form demands is called; its own fields are no variables."""

SEEN_BY_SHOWN: Final = 3
_DEPTH_MAX: Final = 12

Decisions = Callable[[str], DecisionSignature | None]
"""Finds what a decision asks for."""


class Use(NamedTuple):
    """A step that sets or reads a variable, and how."""

    element: str
    how: str


class Variable(NamedTuple):
    """What becomes of one variable."""

    name: str
    schema: Mapping[str, Json]
    sets: tuple[Use, ...]
    reads: tuple[Use, ...]
    last: tuple[str, ...]
    scope: str
    notes: tuple[str, ...]

    @property
    def personal(self) -> list[str]:
        """The parts of it that are about a person."""
        return list(_personal(self.schema, self.name, 0))

    def body(self) -> dict[str, Json]:
        """Return the variable as an answer shows it."""
        row: dict[str, Json] = {"name": self.name, "type": type_of(self.schema) if self.schema else "any"}
        row["set_by"] = [one._asdict() for one in self.sets]
        row["read_by"] = [one._asdict() for one in self.reads]
        if self.last:
            row["last_used"] = list(self.last)
        if self.scope:
            row["lives_in"] = self.scope
        if self.personal:
            row["personal"] = [*self.personal]
        if self.notes:
            row["notes"] = list(self.notes)
        return row


class Dataflow(NamedTuple):
    """All variables of a process by name, and the steps that are handed every one of them."""

    variables: Mapping[str, Variable]
    sees_all: tuple[str, ...]

    def read_at(self, element: str) -> list[str]:
        """Return the names of the variables that a step reads by name."""
        return [
            one.name for one in self.variables.values() if any(use.element == element for use in one.reads)
        ]

    def written_at(self, name: str) -> list[str]:
        """Return the steps that set a variable by name."""
        return [use.element for use in self.variables[name].sets]

    def decides(self, element: str) -> bool:
        """Return whether a condition asks for something that a step sets."""
        return any(
            use.element == element and any(one.how.startswith(CONDITION) for one in variable.reads)
            for variable in self.variables.values()
            for use in variable.sets
        )


def dataflow(process: Process, decisions: Decisions = NO_LIBRARY.decision) -> Dataflow:
    """Return what becomes of the variables of a process, those that are declared first."""
    sets, reads = _sets(process), _reads(process, decisions)
    known = known_of(process)
    items = {item.name: item for item in process.data}
    scopes = {name: one.id for one in process.elements.values() for name in one.data if one.id != process.id}
    names = dict.fromkeys([*items, *scopes, *sets, *reads])
    sees_all = tuple(one.id for one in process.elements.values() if _sees_all(one, decisions))
    may_set = [one.id for one in process.elements.values() if may_write_anything(process, one)]
    found: dict[str, Variable] = {}
    for name in names:
        schema = items[name].schema if name in items else known.schemas.get(name, {})
        own_sets, own_reads = tuple(sets.get(name, ())), tuple(reads.get(name, ()))
        notes = _notes(process, name, own_sets, own_reads, known, sees_all, may_set)
        last = _last(process, [use.element for use in own_reads])
        found[name] = Variable(name, schema, own_sets, own_reads, last, scopes.get(name, ""), tuple(notes))
    return Dataflow(found, sees_all)


def _sets(process: Process) -> dict[str, list[Use]]:
    """Return who sets each variable by its name."""
    found: dict[str, list[Use]] = {}
    for item in process.data:
        if item.input:
            how = "start input" if item.required else "start input, may be left out"
            found.setdefault(item.name, []).append(Use(process.id, how))
    for element in process.elements.values():
        for name in dict.fromkeys(written_by(process, element)):
            if name:
                found.setdefault(name, []).append(Use(element.id, _source(element)))
        if element.kind in SUB_PROCESS_KINDS:
            for mapping in element.inputs:
                found.setdefault(mapping.target[0], []).append(Use(element.id, "inside it"))
        if isinstance(element.loop, MultiInstance) and element.loop.item:
            found.setdefault(element.loop.item, []).append(Use(element.id, "each time round"))
    return found


def _source(element: Element) -> str:
    """Return where the values that an element sets come from."""
    match element.details:
        case UserTask(form=form):
            return "form" if form else "answer of a person"
        case Rule(decision=decision):
            return f"rule {decision.text}"
        case Script():
            return "formula"
        case Job(agent=agent):
            return "job" if agent is None else "agent"
        case Call(process=called):
            return f"process {called.text}"
        case Message(name=name):
            return f"message {name.text}"
        case Signal(name=name):
            return f"signal {name.text}"
        case Triggers():
            return "event"
    return "mapping"


def _reads(process: Process, decisions: Decisions) -> dict[str, list[Use]]:
    """Return who reads each variable by its name."""
    flows = {flow.id: flow for one in process.elements.values() for flow in one.outgoing}
    found: dict[str, dict[Use, None]] = {}
    for key, _, value in values_read(process):
        flow = flows.get(key)
        if flow is not None:
            use = Use(flow.source, f"{CONDITION}{flow.target}")
        elif key == process.id:
            use = Use(key, "check of the start")
        else:
            use = Use(key, _purpose(process.elements[key], value))
        for name in sorted(value.names - ENGINE_NAMES - _bound(process, use.element, use.how)):
            found.setdefault(name, {})[use] = None
    for element in process.elements.values():
        for name in _asked_by_rule(element, decisions):
            found.setdefault(name, {})[Use(element.id, "rule")] = None
    return {name: list(uses) for name, uses in found.items()}


def _bound(process: Process, key: str, how: str) -> set[str]:
    """Return the names that a step has given a meaning of its own by what is handed to it."""
    if how == "input" or key == process.id:
        return set()
    element = process.elements[key]
    bound = {mapping.target[0] for mapping in element.inputs}
    if isinstance(element.details, Script | Rule) and element.outputs:
        bound.add(element.details.result)
    if isinstance(element.details, UserTask) and how == CHECK:
        bound |= set(fields_of(process.forms.get(element.details.form)))
    return bound


def _purpose(element: Element, value: Value) -> str:
    """Return what an element reads a value for."""
    if any(mapping.source is value for mapping in element.inputs):
        return "input"
    match element.details:
        case _ if element.loop is not None and value.text in repr(element.loop):
            return "loop"
        case UserTask(checks=checks):
            return CHECK if any(one.condition is value for one in checks) else "people and times"
        case Script():
            return "formula"
        case Timer():
            return "time"
        case Message():
            return "message"
        case Conditional():
            return "condition"
    return "work"


def _asked_by_rule(element: Element, decisions: Decisions) -> Iterator[str]:
    """Yield the variables that a decision asks for and is not handed under another name."""
    details = element.details
    if isinstance(details, Rule) and isinstance(details.decision, Constant):
        asked = decisions(str(details.decision.content))
        given = {mapping.target[0] for mapping in element.inputs}
        yield from (name for name in (asked.inputs if asked is not None else ()) if name not in given)


def _sees_all(element: Element, decisions: Decisions) -> bool:
    """Return whether an element is handed all variables, since its model names none."""
    match element.details:
        case Rule(decision=Constant(content=key)):
            return not element.inputs and decisions(str(key)) is None
        case Rule() | Job() | UserTask() | AdHoc():
            return not element.inputs
        case Call(pass_all=pass_all):
            return pass_all and not element.inputs
    return False


def _notes(
    process: Process,
    name: str,
    sets: tuple[Use, ...],
    reads: tuple[Use, ...],
    known: Known,
    sees_all: tuple[str, ...],
    may_set: list[str],
) -> Iterator[str]:
    """Yield what is odd about a variable: that nobody sets it, or nobody reads it."""
    if not sets and name not in known.local:
        yield "Set by no step and no start" + (f"; {_some(may_set)} may bring it." if may_set else ".")
    if not reads:
        seen = f"; {_some(sees_all)} sees all data." if sees_all else "."
        yield f"Read by no step by its name{seen}"


def _some(keys: list[str] | tuple[str, ...]) -> str:
    shown = ", ".join(repr(key) for key in keys[:SEEN_BY_SHOWN])
    return shown if len(keys) <= SEEN_BY_SHOWN else f"{shown} or one of {len(keys) - SEEN_BY_SHOWN} more"


def _last(process: Process, readers: list[str]) -> tuple[str, ...]:
    """Return the readers behind which no other one can come, all of a loop that nothing leaves."""
    steps = [one for one in dict.fromkeys(readers) if one in process.elements and one != process.id]
    reached = {one: _behind(process, one) for one in steps}
    return tuple(
        one
        for one in steps
        if not any(other in reached[one] and one not in reached[other] for other in steps if other != one)
    )


def _behind(process: Process, key: str) -> set[str]:
    """Return all elements that can come behind one."""
    seen: set[str] = set()
    waiting = [key]
    while waiting:
        element = process.elements[waiting.pop()]
        following = [flow.target for flow in element.outgoing]
        following += [event.id for event in element.boundaries]
        following += element.starts
        if element.scope in process.elements and element.scope != process.id and not element.outgoing:
            following += [flow.target for flow in process.elements[element.scope].outgoing]
        for one in following:
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return seen


def _personal(schema: Mapping[str, Json], path: str, depth: int) -> Iterator[str]:
    """Yield the paths of a schema whose values are about a person."""
    if depth > _DEPTH_MAX:
        return
    if schema.get("format") in PERSONAL:
        yield path
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        for name, inner in properties.items():
            if isinstance(inner, Mapping):
                yield from _personal(inner, f"{path}.{name}", depth + 1)
    items = schema.get("items")
    if isinstance(items, Mapping):
        yield from _personal(items, path, depth + 1)
