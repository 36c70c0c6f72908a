"""Variables that nothing declares and that steps compute as dates, times or durations, which are kept as texts.

FEEL reads such a text as a text: `2 * period` is null. Once the variable is declared it is read as what it is.
"""

from collections.abc import Iterator, Mapping

from flowmaster.engine.bpmn import fixes
from flowmaster.engine.bpmn.checks_data import values_read
from flowmaster.engine.bpmn.expression_types import Type, Typing, type_of_schema
from flowmaster.engine.bpmn.findings import Findings, called
from flowmaster.engine.bpmn.known import OUTSIDE, Known
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.expression import Expression
from flowmaster.engine.model import Element, Process, Script

ROUNDS_MAX = 3
"""How often a type that was found is handed on to what is computed from it."""
_WORDS = {
    "date": "date",
    "time": "time",
    "date and time": "datetime",
    "days and time duration": "duration",
    "years and months duration": "duration",
}
SCHEMAS: Mapping[str, Mapping[str, str]] = {
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"},
    "datetime": {"type": "string", "format": "date-time"},
    "duration": {"type": "string", "format": "duration"},
}
"""The schema of each type of the outline that is found here."""


def check_computed_times(process: Process, known: Known, findings: Findings) -> None:
    """Name the variables that are computed as times, read in expressions, and not declared."""
    read: dict[str, Expression] = {}
    for _, _, value in values_read(process):
        if isinstance(value, Expression) and not isinstance(value.node, s.Name):
            for name in value.names:
                read.setdefault(name, value)
    for name, word in computed_times(process, known).items():
        if name not in read:
            continue
        writer = process.elements[min(known.writers[name])]
        findings.add(
            "variable.time_as_text",
            writer.id,
            f"{called(writer.id, writer.name)} computes {name!r} as a {word}, which nothing declares: it is kept as a "
            f"text, and `{read[name].text.removeprefix('=').strip()}` reads a text.",
            line=writer.line,
            fix=f"Declare it under `data`: `{name}: {word}`; then FEEL computes with it.",
            fix_edit=fixes.declare(name, word) if findings.strict else None,
        )


def computed_times(process: Process, known: Known) -> dict[str, str]:
    """Return the undeclared variables that every step which writes them computes as one kind of time, with its type."""
    types = {name: type_of_schema(schema) for name, schema in known.schemas.items()}
    open_ones = {name for name in known.writers if name not in types and name not in known.local}
    found: dict[str, str] = {}
    for _ in range(ROUNDS_MAX):
        kinds = {name: _kinds(process, known, name, types) for name in open_ones - found.keys()}
        new = {name: word for name, listed in kinds.items() if (word := _word(listed))}
        if not new:
            break
        found |= new
        types |= {name: Type(tuple(sorted(kinds[name]))) for name in new}
    return dict(sorted(found.items()))


def _word(kinds: set[str]) -> str:
    words = {_WORDS.get(kind, "") for kind in kinds}
    return words.pop() if len(words) == 1 else ""


def _kinds(process: Process, known: Known, name: str, types: Mapping[str, Type]) -> set[str]:
    """Return the kinds of values that are written into a variable; an empty one stands for what is not known."""
    return {
        one
        for writer in known.writers[name]
        for kind in _written(process.elements[writer], name, types)
        if kind.kinds != ("null",)
        for one in kind.kinds or ("",)
    }


def _written(element: Element, name: str, types: Mapping[str, Type]) -> Iterator[Type]:
    """Yield the types of what an element writes into a variable."""
    hidden = {mapping.target[0] for mapping in element.inputs}
    own = {} if _brings(element) else {one: kind for one, kind in types.items() if one not in hidden}
    script = element.details if isinstance(element.details, Script) else None
    if element.loop is not None:
        yield Type()
    elif script is not None and not element.outputs and isinstance(script.expression, Expression):
        yield from _leaves(script.expression.node, own)
    elif not element.outputs:
        yield Type()
    for mapping in element.outputs:
        if mapping.target[:1] != (name,):
            continue
        if len(mapping.target) > 1 or not isinstance(mapping.source, Expression):
            yield Type()
            continue
        yield from _leaves(_spread(mapping.source.node, script), own)


def _brings(element: Element) -> bool:
    """Return whether names in outputs may stand for what comes from outside."""
    return isinstance(element.details, OUTSIDE)


def _spread(node: s.Node, script: Script | None) -> s.Node:
    """Return what is computed, where an output only takes one of several values of a script."""
    if script is None or not isinstance(script.expression, Expression):
        return node
    whole = script.expression.node
    if isinstance(node, s.Name) and node.name == script.result:
        return whole
    if isinstance(node, s.Path) and isinstance(node.source, s.Name) and node.source.name == script.result:
        entries = dict(whole.entries) if isinstance(whole, s.ContextOf) else {}
        return entries.get(node.name, node)
    return node


def _leaves(node: s.Node, types: Mapping[str, Type]) -> Iterator[Type]:
    """Yield the type of an expression, of each branch where it is a choice."""
    if isinstance(node, s.If):
        yield from _leaves(node.yes, types)
        yield from _leaves(node.no, types)
        return
    yield Typing(types).of(node)
