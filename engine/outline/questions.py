"""What an outline leaves open or says twice, asked of the person who ordered the process, in the words of its steps.

Few, the gravest first: contradictions before gaps, gaps before what merely was not said. What concerns several steps
is one question.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from flowmaster.engine.feel.syntax import mentions
from flowmaster.engine.outline.nodes import (
    Decision,
    End,
    Jump,
    Node,
    Outline,
    Parallel,
    Step,
    everywhere,
    on_the_way,
)
from flowmaster.engine.outline.questions_limits import gap_questions, limit_questions, parsed
from flowmaster.engine.outline.scopes import name_key
from flowmaster.engine.outline.values import duration_in_words
from flowmaster.engine.values import Json

QUESTIONS_MAX = 5
"""How many questions are asked at once; the next ones come when these are answered."""
_LOOKED_AT_MAX = 20
NAMES_MAX = 3
"""How many steps one question names."""

_REQUESTERS = ("requester", "requestor", "applicant", "initiator", "submitter", "requested_by", "created_by")
_APPROVES = re.compile(
    r"approv|accept|confirm|agree|authori|releas|grant|sign.?off|vote|consent", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Place:
    """A node with what stands around it."""

    node: Node
    before: str
    """The label of the step before it."""
    timed: bool
    """Whether a deadline of a group or a competing timer ends what is waited for."""
    caught: bool
    """Whether a group around it catches errors."""


def questions_of(outline: Outline, asked: Sequence[str]) -> tuple[str, ...]:
    """Return the questions about an outline; `asked` are those that reading it already raised."""
    places = list(_places(outline.steps, "the start", timed=False, caught=False))
    for handler in outline.events:
        places += _places(handler.steps, "the start", timed=False, caught=False)
    nodes = [place.node for place in places]
    steps = [node for node in nodes if isinstance(node, Step)]
    free = frozenset(item.name for item in outline.data) - _computed(steps)
    found = chain(
        limit_questions(nodes),
        gap_questions(nodes, outline, free),
        _ignored_answers(steps, nodes, outline),
        asked,
        _own_approvals(steps, outline),
        _endless_waits(places),
        _deadlines(steps),
        _loops(places),
        _failures(places),
        _untested_ends(outline),
    )
    return tuple(islice(dict.fromkeys(islice(found, _LOOKED_AT_MAX)), QUESTIONS_MAX))


def _places(steps: Sequence[Node], before: str, *, timed: bool, caught: bool) -> Iterator[Place]:
    """Yield every node at any depth with what stands around it."""
    for node in steps:
        yield Place(node, before, timed, caught)
        match node:
            case Step():
                kinds = {handler.trigger.kind for handler in node.handlers if not handler.keep}
                inside_timed, inside_caught = timed or "after" in kinds, caught or "error" in kinds
                yield from _places(node.steps, node.label, timed=inside_timed, caught=inside_caught)
                for handler in (*node.handlers, *node.events):
                    yield from _places(handler.steps, node.label, timed=timed, caught=caught)
                before = node.label
            case Decision():
                for case in node.cases:
                    yield from _places(case.steps, before, timed=timed, caught=caught)
            case Parallel():
                races = node.kind == "first" and any(
                    _is_timer(branch[0]) for branch in node.branches if branch
                )
                for branch in node.branches:
                    yield from _places(branch, before, timed=timed or races, caught=caught)
            case _:
                pass


def _is_timer(node: Node) -> bool:
    return isinstance(node, Step) and node.trigger.kind in ("after", "at", "every")


def _computed(steps: Sequence[Step]) -> frozenset[str]:
    """Return the variables that steps compute."""
    found: set[str] = set()
    for step in steps:
        if step.kind == "set" and isinstance(step.main, Mapping):
            found.update(name.partition(".")[0] for name in step.main)
        if step.kind == "rule":
            found.add(str(step.words.get("result", "")).partition(".")[0])
    return frozenset(found)


def _ignored_answers(steps: Sequence[Step], nodes: Sequence[Node], outline: Outline) -> Iterator[str]:
    """Ask about approvals that lead on whatever the answer is."""
    read = " ".join(_texts(nodes))
    for step in steps:
        for name in _answers(step):
            is_read = re.search(rf"\b{re.escape(name.partition('.')[0])}\b", read)
            if not is_read and name not in {item.name for item in outline.data if item.input}:
                yield f"What happens when {step.label!r} is answered with no? Nothing looks at `{name}` so far."


def _answers(step: Step) -> Iterator[str]:
    """Yield the variables that the yes or no of an approval goes into."""
    into, form = step.words.get("into"), step.words.get("form")
    schema = form.get("schema") if isinstance(form, Mapping) else None
    fields = schema.get("properties") if isinstance(schema, Mapping) else None
    if step.kind != "ask" or not isinstance(fields, Mapping) or not isinstance(into, Mapping):
        return
    for name, source in into.items():
        field = fields.get(str(source))
        is_answer = isinstance(field, Mapping) and field.get("type") == "boolean"
        if is_answer and (_APPROVES.search(name) or _APPROVES.search(step.name)):
            yield name


def _texts(value: object) -> Iterator[str]:
    """Yield every text in nodes, expressions among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, Step):
        yield from _texts(
            [value.main if value.kind != "ask" else None, _without_into(value.words), value.trigger.value]
        )
    elif isinstance(value, Decision):
        yield from (case.condition for case in value.cases)
    elif isinstance(value, End):
        yield from _texts(value.words)
    elif isinstance(value, Sequence):
        for entry in value:
            yield from _texts(entry)


def _without_into(words: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in words.items() if key not in ("into", "form", "title", "about")}


def _own_approvals(steps: Sequence[Step], outline: Outline) -> Iterator[str]:
    """Ask whether the requester may approve, where no step or not every step excludes them."""
    person = next(
        (
            item.name
            for item in outline.data
            if item.name in _REQUESTERS and item.schema.get("type", "string") == "string"
        ),
        "",
    )
    if not person:
        return
    approvals = [
        step for step in steps if any(_answers(step)) and f"={person}" not in list(_texts(step.main))
    ]
    excluded = [step for step in approvals if f"={person}" in list(_texts(step.words.get("not")))]
    left = [step for step in approvals if step not in excluded]
    if left:
        only = (
            f"They are excluded from {_named(excluded)}." if excluded else f"`not: {person}` would forbid it."
        )
        yield f"May the {person.replace('_', ' ')} do {_named(left)} in a case of their own? {only}"


def _endless_waits(places: Sequence[Place]) -> Iterator[str]:
    waits = [
        place.node
        for place in places
        if isinstance(place.node, Step)
        and place.node.kind == "wait"
        and place.node.trigger.kind in ("message", "signal")
        and not place.timed
        and not any(one.trigger.kind in ("after", "at") and not one.keep for one in place.node.handlers)
    ]
    if waits:
        yield f"How long is {_named(waits)} waited for, and what happens if nothing comes?"


def _deadlines(steps: Sequence[Step]) -> Iterator[str]:
    """Ask about tasks that are due without anything following when they are late."""
    late = [
        step
        for step in steps
        if step.kind == "ask"
        and step.words.get("due")
        and not step.words.get("escalate")
        and not any(handler.trigger.kind in ("after", "at") for handler in step.handlers)
    ]
    if late:
        due = str(late[0].words["due"])
        when = f" within {duration_in_words(due)}" if len(late) == 1 and due.startswith("P") else ""
        yield f"What happens when {_named(late)} is not done{when}? It is due, but nothing follows (`late`)."


def _loops(places: Sequence[Place]) -> Iterator[str]:
    """Ask about ways back that nothing counts."""
    order = {
        name_key(place.node.name): number
        for number, place in enumerate(places)
        if isinstance(place.node, Step)
    }
    for number, place in enumerate(places):
        if not isinstance(place.node, Jump):
            continue
        target = order.get(name_key(place.node.to), number)
        inside = [one.node for one in places[target:number]]
        if target < number and not any(_counts(node) for node in inside):
            yield f"How often may the way lead from {place.before!r} back to {place.node.to!r}? Nothing ends it so far."
            return


def _counts(node: Node) -> bool:
    """Return whether a step computes a variable from its own value."""
    if not isinstance(node, Step) or node.kind != "set" or not isinstance(node.main, Mapping):
        return False
    return any(mentions(parsed(str(source)), name.partition(".")[0]) for name, source in node.main.items())


def _failures(places: Sequence[Place]) -> Iterator[str]:
    """Ask about services whose failure is not provided for."""
    open_calls = [
        place.node
        for place in places
        if isinstance(place.node, Step)
        and place.node.kind == "call"
        and not place.node.words.get("retry")
        and not place.caught
        and not any(handler.trigger.kind == "error" for handler in place.node.handlers)
    ]
    if open_calls:
        yield (
            f"What happens when {_named(open_calls)} fails? Neither `retry` nor `on` is said, so that the case stands "
            "still there until somebody acts."
        )


def _untested_ends(outline: Outline) -> Iterator[str]:
    """Ask for a case of each end that no scenario expects; without scenarios there is nothing to compare."""
    if not outline.scenarios:
        return
    expected = {name_key(text) for scenario in outline.scenarios for text in _texts(scenario.get("expect"))}
    ends = [
        node.name
        for node in (
            *on_the_way(outline.steps),
            *(one for event in outline.events if not event.keep for one in everywhere(event.steps)),
        )
        if isinstance(node, End) and node.name and name_key(node.name) not in expected
    ]
    if ends:
        yield f"Which case ends at {_listed(list(dict.fromkeys(ends)))}? No scenario does."


def _named(steps: Sequence[Step]) -> str:
    return _listed([step.label for step in steps])


def _listed(names: Sequence[str]) -> str:
    shown = [repr(name) for name in names[:NAMES_MAX]]
    if len(names) > NAMES_MAX:
        return f"{', '.join(shown)} (and {len(names) - NAMES_MAX} more)"
    return " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]
