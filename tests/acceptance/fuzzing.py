"""Calls made by chance: arguments as the schema of an operation asks for them, filled with what exists, then spoilt."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hypothesis import strategies as st

from flowmaster.tools.catalog import catalog
from flowmaster.tools.registry import AnyOperation
from tests.acceptance.agent import Agent, Body
from tests.acceptance.test_hostile import TEXTS
from tests.acceptance.town import LEAVE, LETTER, LEVELS, REMINDED, bpmn, settled

Spoil = tuple[int, str, str]
Calls = list[tuple[str, Body, list[Spoil]]]
Anything = st.SearchStrategy[Any]

LIKELY: Final = 9
"""How much likelier a value is that means something."""

DEPTH_MAX: Final = 6
"""How deep arguments are made as their schema says; below that stands null."""

JOB: Final = "@job"
"""Stands for the leased job of the town, whose id no two runs share."""

FURTHER_MAX: Final = 3
"""How many arguments that an operation can do without are given."""

SPOILS_MAX: Final = 2
"""How many things are spoilt in one call at most."""

ROUTE: Final = '<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="e"/><endEvent id="e"/>'

PROPER: Final[Mapping[str, list[Any]]] = {
    "process": ["leave", "letter", "reminded", "broken"],
    "instance": ["leave:1", "leave:2", "leave:3", "leave:4", "letter:1", "letter:2", "letter:3", "reminded:1"],
    "task": ["leave:1/check.4", "leave:2/sign.6", "reminded:1/look.4"],
    "job": [JOB],
    "decision": ["level"],
    "document": ["note:1"],
    "element": ["check", "sign", "book", "reply", "file", "look"],
    "from": ["check", "sign", "book", "reply"],
    "to": ["check", "book", "file", "ann", "boss", "2026-12-01T09:00:00Z", 1],
    "scope": ["leave:1", "process:leave", "decision:level", "clock", "check"],
    "name": ["answer", "leave"],
    "correlation_key": ["4711", "letter:1"],
    "operation": list(catalog().names),
    "arguments": [{}, {"instance": "leave:1"}, {"process": "leave"}, {"query": "leave"}],
    "variables": [{"ok": True}, {"days": 2, "who": "ann"}, {"number": "4711"}, {"seen": True}, {}],
    "inputs": [{"amount": 5}, {"amount": None}, {}],
    "outline": [LEAVE, LETTER, REMINDED],
    "bpmn": [bpmn(ROUTE)],
    "table": [LEVELS],
    "tests": [[{"name": "small", "inputs": {"amount": 5}, "expect": "low"}]],
    "scenarios": [LEAVE["scenarios"]],
    "edits": [
        [{"rename": "check", "to": "look"}],
        [{"set": "sign", "within": "PT48H"}, {"delete": "book"}],
        [{"add_after": "check", "step": {"more": {"call": "work"}}}],
    ],
    "instances[]": ["leave:1", "leave:4", "letter:2", "leave:99"],
    "scenarios[]": LEAVE["scenarios"],
    "tests[]": [{"name": "small", "inputs": {"amount": 5}, "expect": "low"}],
    "edits[]": [{"rename": "check", "to": "look"}, {"delete": "book"}],
    "types": [["hr.book"], ["archive"]],
    "version": [1, 2],
    "at": [1, 5, "2026-12-31"],
    "wait_seconds": [0],
    "as_user": ["ann", "bob"],
    "content_base64": ["UmVjaG51bmcgNDcxMQ=="],
    "filename": ["note.txt"],
    "expression": ["amount + 1", "for i in 1..9 return i"],
}  # fmt: skip
"""What means something in the town, by the name of the argument."""

SPOILT: Final[Mapping[str, Any]] = {
    "null": None, "true": True, "none": 0, "below": -1, "large": 2**63, "larger": 10**400, "part": 1.5,
    "nan": float("nan"), "infinity": float("-inf"), "empty": "", "space": " ", "nul": "a\x00b", "half": "\ud800",
    "turned": "\u202e", "huge": "x" * 10_000_000, "list": [], "object": {}, "nulls": [None], "lists": [[]],
    "unnamed": {"": ""}, "inside": {"a": {"a": {"a": 1}}}, "many": [0] * 20_000, **TEXTS,
}  # fmt: skip
"""What stands where something else was meant."""

KINDS: Final = ("drop", "misspell", "replace", "replace", "wrap", "deepen", "repeat", "add")
"""The ways in which arguments are spoilt."""


async def peopled(agent: Agent) -> None:
    """Let the town have instances in all states, an incident, a leased job, a draft with errors, a document."""
    await settled(agent)
    for _ in range(4):
        await agent.started("leave", days=1, who="ann")
    for instance, elements in (("leave:2", 1), ("leave:3", 2), ("leave:4", 2)):
        for element in ("check", "sign")[:elements]:
            await agent.ask("instance_control", instance=instance, action="skip", element=element)
    (failing,) = (await agent.ask("work_take", instance="leave:4"))["items"]
    await agent.ask("work_finish", job=failing["job"], failure="down", retries=0)
    for number in ("4711", "4712", "4713"):
        await agent.started("letter", number=number)
    await agent.ask("instance_control", instance="letter:2", action="pause")
    await agent.ask("instance_control", instance="letter:3", action="cancel")
    await agent.started("reminded")
    await agent.ask("process_create", outline={"process": "broken", "steps": [{"a": {"ask": "nobody"}}]})
    await agent.ask("document_add", content_base64="UmVjaG51bmcgNDcxMQ==", filename="note.txt")


def calls(*, at_most: int) -> st.SearchStrategy[Calls]:
    """Return short runs of calls of any operations."""
    one = st.one_of([calls_of(operation) for operation in catalog()])
    return st.lists(one, min_size=at_most // 2, max_size=at_most)


def calls_of(operation: AnyOperation) -> Anything:
    """Return calls of an operation: sound ones, and such in which something is spoilt."""
    arguments = _objects(operation.input_schema, operation.input_schema, 0)
    spoils = st.lists(_SPOILS, min_size=1, max_size=SPOILS_MAX)
    return st.tuples(
        st.just(operation.name), arguments, st.one_of(st.just([]), st.just([]), st.just([]), spoils)
    )


def _objects(root: Body, node: Body, depth: int) -> Anything:
    required = set(node.get("required", ()))
    made = {name: _values(root, inner, name, depth) for name, inner in node.get("properties", {}).items()}
    needed = {name: value for name, value in made.items() if name in required}
    further = sorted(made.keys() - required)
    if not further:
        return st.fixed_dictionaries(needed)
    chosen = st.lists(st.sampled_from(further), max_size=FURTHER_MAX, unique=True)
    return chosen.flatmap(lambda names: st.fixed_dictionaries(needed | {name: made[name] for name in names}))


def _values(root: Body, node: Body, name: str, depth: int) -> Anything:
    """Return values as the schema of an argument describes them, most of them with a meaning in the town."""
    if "$ref" in node:
        node = root["$defs"][str(node["$ref"]).rsplit("/", 1)[1]]
    if depth > DEPTH_MAX:
        return st.none()
    known = PROPER.get(name) or node.get("examples", [])
    likely = [st.sampled_from(known)] * LIKELY if known else []
    return st.one_of([*likely, *_by_kind(root, node, name, depth)])


def _by_kind(root: Body, node: Body, name: str, depth: int) -> Iterator[Anything]:
    if "enum" in node or "const" in node:
        yield st.sampled_from(node.get("enum", [node.get("const")]))
        return
    for word in ("anyOf", "oneOf"):
        if word in node:
            yield from (_values(root, each, name, depth) for each in node[word])
            return
    kinds = node.get("type", "string")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        match kind:
            case "integer" | "number":
                least = node.get("minimum", -5)
                yield (
                    st.just(0)
                    if name == "wait_seconds"
                    else st.integers(least, node.get("maximum", least + 2_000))
                )
            case "boolean":
                yield st.booleans()
            case "array":
                yield st.lists(_values(root, node.get("items", {}), f"{name}[]", depth + 1), max_size=3)
            case "object":
                yield _objects(root, node, depth + 1)
            case _:
                yield st.text(max_size=min(20, node.get("maxLength", 20)))


_SPOILS: Final = st.tuples(
    st.integers(0, 10_000), st.sampled_from(KINDS), st.sampled_from(list(SPOILT)) | st.text(max_size=9)
)


def spoilt(arguments: Body, spoils: list[Spoil]) -> Body:
    """Return a copy of the arguments in which some things are spoilt."""
    copied = copy.deepcopy(arguments)
    for place, kind, value in spoils:
        spoil(copied, place, kind, copy.deepcopy(SPOILT.get(value, value)))
    return copied


def spoil(arguments: Body, place: int, kind: str, value: Any) -> None:
    """Spoil one thing at one of the places in the arguments, or add what nobody asked for."""
    places = list(_places(arguments))
    if not places or kind == "add":
        arguments[value if isinstance(value, str) else "more"] = value
        return
    holder, key = places[place % len(places)]
    match kind:
        case "drop":
            del holder[key]
        case "misspell" if isinstance(holder, dict):
            holder[f"{key[:-1]}q"] = holder.pop(key)
        case "wrap":
            holder[key] = [holder[key]]
        case "deepen":
            for _ in range(200):
                value = [value]
            holder[key] = value
        case "repeat" if isinstance(holder, list):
            holder.extend(copy.deepcopy(holder[key]) for _ in range(40))
        case _:
            holder[key] = value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield where anything stands: what holds it, and under which key."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in list(pairs)[:50]:
        yield value, key
        yield from _places(each)
