"""The type of every expression against the types of variables: conditions are true or false, times are times."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flowmaster.engine.bpmn import fixes
from flowmaster.engine.bpmn.expression_types import (
    ANY,
    BOOLEAN,
    NUMBER,
    TEXT,
    Type,
    Typing,
    joined,
    stored,
    type_of_schema,
)
from flowmaster.engine.bpmn.findings import Findings
from flowmaster.engine.bpmn.known import OUTSIDE, Known
from flowmaster.engine.bpmn.signatures import Library
from flowmaster.engine.feel.expression import Expression
from flowmaster.engine.jobs import jobs_of
from flowmaster.engine.model import (
    Activation,
    AdHoc,
    Call,
    Conditional,
    Element,
    IoMapping,
    Message,
    MultiInstance,
    Process,
    Rule,
    Script,
    StandardLoop,
    Timer,
    Triggers,
    UserTask,
    Value,
)

ROUNDS_MAX = 3
"""How often types are handed on from step to step."""

_OUTPUT = "The output"
_TIMES = ("string", "days and time duration", "years and months duration", "date", "date and time")
_WANTED: Mapping[str, tuple[str, ...]] = {
    "duration": ("string", "days and time duration", "years and months duration"),
    "date": ("string", "date", "date and time"),
    "cycle": ("string", "days and time duration", "years and months duration"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """An expression where it stands: what it is called, and the kinds of values that it may have (none: any)."""

    element: str
    line: int
    what: str
    value: Expression
    wanted: tuple[str, ...] = ()
    is_flow: bool = False


def check_types(process: Process, types: Mapping[str, Type], findings: Findings, library: Library) -> None:
    """Check every expression of a process."""
    for element in process.elements.values():
        before = _seen_at(element, types, library, after=False)
        after = _seen_at(element, types, library)
        for place in _places(process, element):
            _check(place, after if place.what.startswith(_OUTPUT) else before, findings)


def types_of(process: Process, known: Known, library: Library) -> Mapping[str, Type]:
    """Return the types of the variables whose types are known."""
    types = {name: type_of_schema(schema) for name, schema in known.schemas.items()}
    fixed = frozenset(types)
    written = [one for one in process.elements.values() if isinstance(one.details, Script | Rule)]
    for _ in range(ROUNDS_MAX):
        found: dict[str, list[Type]] = {}
        for element in written:
            for name, kind in _written(element, types, library):
                found.setdefault(name, []).append(kind)
        new = types | {
            name: joined(kinds)
            for name, kinds in found.items()
            if name not in fixed and name not in known.local and len(known.writers[name]) == len(kinds)
        }
        if new == types:
            break
        types = new
    return {name: _opened(name, kind, known) for name, kind in types.items()}


def _opened(name: str, kind: Type, known: Known) -> Type:
    """Return a structure with the fields that steps add to it."""
    added = known.fields.get(name)
    if kind.fields is None or not added:
        return kind
    return Type(kind.kinds, kind.item, {**dict.fromkeys(added, ANY), **kind.fields}, kind.closed)


def _written(element: Element, types: Mapping[str, Type], library: Library) -> Iterator[tuple[str, Type]]:
    """Yield the variables that a script or rule writes, with the types of what it writes."""
    own = _seen_at(element, types, library)
    if isinstance(element.details, Script | Rule) and not element.outputs:
        yield element.details.result, _result(element, own, library)
    for mapping in element.outputs:
        if len(mapping.target) == 1 and isinstance(mapping.source, Expression):
            yield mapping.target[0], stored(Typing(own).of(mapping.source.node))


def _seen_at(
    element: Element, types: Mapping[str, Type], library: Library, *, after: bool = True
) -> Mapping[str, Type]:
    """Return the types as an element sees them: inputs, and once it is done its result, are its own."""
    hidden = _own_names(element)
    if not hidden and not element.outputs:
        return types
    own = {name: kind for name, kind in types.items() if name not in hidden}
    if after and element.outputs and isinstance(element.details, Script | Rule):
        own[element.details.result] = _result(element, own, library)
    return own


def _result(element: Element, types: Mapping[str, Type], library: Library) -> Type:
    match element.details:
        case Script(expression=Expression() as expression):
            return stored(Typing(types).of(expression.node))
        case Rule(decision=decision):
            signature = None if decision.names else library.decision(decision.text)
            return ANY if signature is None else stored(signature.answer)
        case _:
            return ANY


def _own_names(element: Element) -> frozenset[str]:
    """Return the names that input mappings give a meaning of its own at an element."""
    return frozenset(mapping.target[0] for mapping in element.inputs)


def _check(place: Place, types: Mapping[str, Type], findings: Findings) -> None:
    typing = Typing(types)
    found = typing.of(place.value.node)
    at = f"{place.what} of {place.element!r}"
    for wrong in typing.wrong[:1]:
        code = "variable.field_unknown" if wrong.field else "expression.type_wrong"
        end = "" if wrong.text.endswith((".", "?")) else "."
        mended = fixes.with_field(place.value.text, wrong.field, wrong.meant)
        findings.add(
            code,
            place.element,
            f"{at}: {wrong.text}{end}",
            line=place.line,
            fix_edit=fixes.set_condition(place.element, mended) if wrong.meant and place.is_flow else None,
        )
    if place.wanted and found.kinds and not typing.wrong and not set(found.kinds) & set(place.wanted):
        wanted, text = Type(place.wanted).words, place.value.text.removeprefix("=").strip()
        findings.add(
            "expression.type_wrong",
            place.element,
            f"{at}, `{text}`, is a {found.words} instead of a {wanted}.",
            line=place.line,
            fix=_other_time(text, found, place.wanted),
        )


def _other_time(text: str, found: Type, wanted: tuple[str, ...]) -> str:
    """Return how a point in time is said where a duration is wanted, and the other way round; empty for all else."""
    if wanted == _WANTED["duration"] and set(found.kinds) <= {"date", "date and time"}:
        now = "today()" if found.kinds == ("date",) else "now()"
        return f"Write how long: `{text} - {now}`; or, for a handler of a step, at what time: `on: [{{at: ={text}, then: [...]}}]`."
    if wanted == _WANTED["date"] and all("duration" in kind for kind in found.kinds):
        return (
            f"Write the point in time: `now() + {text}`; or `wait` (`after` in a handler) with the duration."
        )
    return ""


def _places(process: Process, element: Element) -> Iterator[Place]:
    """Yield the expressions of an element and of the flows behind it."""
    if element.id == process.id:
        for check in process.checks:
            yield from _place(element, f"The check {check.message!r}", check.condition, BOOLEAN.kinds)
    for flow in element.outgoing:
        if isinstance(flow.condition, Expression):
            yield Place(flow.id, flow.line, "The condition", flow.condition, BOOLEAN.kinds, is_flow=True)
    yield from _mappings(element, "The input", element.inputs)
    if not isinstance(element.details, OUTSIDE):
        yield from _mappings(element, _OUTPUT, element.outputs)
    yield from _of_details(element, element.details)
    for job in jobs_of(element):
        yield from _place(element, "The job type", job.type, TEXT.kinds)
        yield from _place(element, "The number of tries", job.retries, (*NUMBER.kinds, *TEXT.kinds))
        yield from _place(element, "The wait between two tries", job.backoff, _WANTED["duration"])
    yield from _of_loop(element)


def _mappings(element: Element, what: str, mappings: tuple[IoMapping, ...]) -> Iterator[Place]:
    for mapping in mappings:
        yield from _place(element, f"{what} {'.'.join(mapping.target)!r}", mapping.source)


def _of_details(element: Element, details: object) -> Iterator[Place]:
    match details:
        case Script(expression=expression):
            yield from _place(element, "The script", expression)
        case Timer(kind=kind, expression=expression):
            yield from _place(element, "The time", expression, _WANTED[kind])
        case Conditional(condition=condition) | Activation(condition=condition):
            yield from _place(element, "The condition", condition, BOOLEAN.kinds)
        case Message(key=key):
            yield from _place(element, "The correlation key", key)
        case Triggers(all=triggers):
            for trigger in triggers:
                yield from _of_details(element, trigger.details)
        case Call(process=called):
            yield from _place(element, "The called process", called, TEXT.kinds)
        case AdHoc(completion=completion):
            yield from _place(element, "The condition to complete", completion, BOOLEAN.kinds)
        case UserTask():
            yield from _of_task(element, details)
        case _:
            pass


def _of_task(element: Element, task: UserTask) -> Iterator[Place]:
    yield from _place(element, "The assignee", task.assignee, TEXT.kinds)
    yield from _place(element, "The due date", task.due, _TIMES)
    yield from _place(element, "The follow-up date", task.follow_up, _TIMES)
    yield from _place(element, "The priority", task.priority, (*NUMBER.kinds, *TEXT.kinds))
    for deadline in task.deadlines:
        yield from _place(element, "The deadline", deadline.after, _WANTED["duration"])


def _of_loop(element: Element) -> Iterator[Place]:
    match element.loop:
        case StandardLoop(condition=condition):
            yield from _place(element, "The loop condition", condition, BOOLEAN.kinds)
        case MultiInstance(cardinality=cardinality, collection=collection, completion=completion):
            yield from _place(element, "The number of instances", cardinality, NUMBER.kinds)
            yield from _place(element, "The collection", collection, ("list",))
            yield from _place(element, "The condition to complete", completion, BOOLEAN.kinds)
        case _:
            pass


def _place(element: Element, what: str, value: Value | None, wanted: tuple[str, ...] = ()) -> Iterator[Place]:
    if isinstance(value, Expression):
        yield Place(element.id, element.line, what, value, wanted)
