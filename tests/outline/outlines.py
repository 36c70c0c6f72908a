"""Random outlines that are right, for the properties of the language."""

from typing import Any

from hypothesis import strategies as st

CONDITIONS = (
    "amount > 100",
    "approved",
    "not(approved)",
    'level = "high"',
    "count(lines) > 1 and amount < 5",
)
HEAD: dict[str, Any] = {
    "process": "random",
    "roles": {"clerk": "Clerks", "boss": {"name": "The boss", "kind": "affiliated"}},
    "data": {
        "amount": "number > 0",
        "approved": "boolean",
        "level": "low|high",
        "lines": [{"sku": "text"}],
        "requester": "person",
    },
    "start": {"needs": ["amount", "level?", "lines", "requester"]},
}


class Names:
    """Gives every step its own name and remembers those that can be jumped to."""

    def __init__(self) -> None:
        self.count = 0

    def new(self, word: str) -> str:
        """Return a name that was not given before."""
        self.count += 1
        return f"{word} {self.count}"


@st.composite
def outlines(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a whole outline."""
    names = Names()
    steps = draw(step_lists(names, depth=0, jumps=[]))
    if draw(st.booleans()):
        steps = [*steps, {"end": "done"}]
    outline = {**HEAD, "steps": steps}
    if draw(st.booleans()):
        handler = {
            "message": "cancelled",
            "key": "requester",
            "then": draw(step_lists(names, depth=2, jumps=[])),
        }
        outline["events"] = [handler]
    return outline


@st.composite
def step_lists(draw: st.DrawFn, names: Names, depth: int, jumps: list[str]) -> list[Any]:
    """Draw a list of one to four steps."""
    known = list(jumps)
    return [draw(one_step(names, depth, known)) for _ in range(draw(st.integers(1, 4 - min(depth, 2))))]


@st.composite
def one_step(draw: st.DrawFn, names: Names, depth: int, jumps: list[str]) -> Any:
    """Draw a step or a block; its name can be jumped to by what stands behind."""
    kinds = ["ask", "call", "rule", "set", "run", "wait", "send", "agent"]
    if depth < 3:
        kinds += ["if", "when", "choose", "all", "any", "first", "group", "handlers"]
    kind = draw(st.sampled_from(kinds))
    if kind in BLOCKS:
        return draw(BLOCKS[kind](names, depth, jumps))
    name = names.new(kind)
    jumps.append(name)
    return {name: draw(bodies(kind))}


@st.composite
def bodies(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """Draw what a simple step says."""
    extra: dict[str, Any] = draw(st.sampled_from(EXTRAS[kind]))
    return {**MAIN[kind], **extra}


MAIN: dict[str, dict[str, Any]] = {
    "ask": {"ask": "clerk", "into": "approved"},
    "call": {"call": "bank.transfer"},
    "rule": {"rule": "grade", "into": "level"},
    "set": {"set": {"amount": "amount + 1"}},
    "run": {"run": "other"},
    "wait": {"wait": "PT1H"},
    "send": {"send": "hello", "key": "requester"},
    "agent": {"agent": "Look at it", "into": "approved"},
}
EXTRAS: dict[str, list[dict[str, Any]]] = {
    "ask": [
        {},
        {"ask": "boss", "not": "requester", "within": "PT72H", "late": {"escalate": "clerk"}},
        {"ask": ["clerk", "boss"], "remind": ["PT4H", "PT8H"], "priority": 70, "about": "Look closely."},
        {"ask": "=requester", "form": {"approved": "boolean", "why?": "text <= 200"}, "within": "P3D"},
        {"each": "line in lines", "title": "Check each line"},
    ],
    "call": [
        {},
        {"retry": {"times": 5, "wait": "PT5M"}, "with": {"amount": "amount", "text": '"a, b"'}},
        {"headers": {"method": "POST"}, "into": {"amount": "sum(answer)"}},
        {"each": {"item": "line", "in": "lines", "collect": "lines", "from": "line", "sequential": True}},
        {"repeat": {"while": "not(approved)", "max": 3}},
    ],
    "rule": [{}, {"with": {"score": 5}}],
    "set": [{}, {"set": {"amount": 1, "approved": "amount > 5", "lines": []}}],
    "run": [{}, {"with": {"amount": "amount"}, "into": "approved"}],
    "wait": [
        {},
        {"wait": {"message": "paid", "key": "requester"}, "into": "amount"},
        {"wait": {"until": "=today()"}},
        {"wait": {"message": "paid", "key": "requester"}, "within": "P3D", "late": [{"end": "unpaid"}]},
    ],
    "send": [{}, {"with": {"amount": "amount"}, "via": "mail"}],
    "agent": [{}, {"tools": ["search", "read"]}],
}


@st.composite
def decisions(draw: st.DrawFn, names: Names, depth: int, jumps: list[str]) -> Any:
    """Draw `if`, whose branches may end, jump back or go on."""
    found = {"if": draw(st.sampled_from(CONDITIONS)), "then": draw(ways(names, depth, jumps))}
    if draw(st.booleans()):
        found["else"] = draw(step_lists(names, depth + 1, jumps))
    return found


@st.composite
def ways(draw: st.DrawFn, names: Names, depth: int, jumps: list[str]) -> list[Any]:
    """Draw a branch and how it closes."""
    steps = draw(step_lists(names, depth + 1, jumps))
    close = draw(st.integers(0, 3))
    if close == 0:
        return [*steps, draw(st.sampled_from([{"end": "stopped"}, "end", {"end": {"error": "BAD"}}]))]
    if close == 1 and jumps:
        return [*steps, {"goto": draw(st.sampled_from(jumps))}]
    return steps


@st.composite
def guarded(draw: st.DrawFn, names: Names, depth: int, jumps: list[str]) -> Any:
    """Draw a step with `when`."""
    kind = draw(st.sampled_from(sorted(MAIN)))
    name = names.new(kind)
    jumps.append(name)
    return {name: {**draw(bodies(kind)), "when": draw(st.sampled_from(CONDITIONS))}}


@st.composite
def choices(draw: st.DrawFn, names: Names, depth: int, jumps: list[str], kind: str = "choose") -> Any:
    """Draw `choose` or `any` with two or three cases."""
    inside = jumps if kind == "choose" else []
    branch = ways if kind == "choose" else step_lists
    cases = [
        {"if": condition, "then": draw(branch(names, depth + 1, inside))}
        for condition in draw(st.permutations(CONDITIONS))[: draw(st.integers(2, 3))]
    ]
    found: dict[str, Any] = {kind: cases}
    match draw(st.integers(0, 2)):
        case 0:
            found["else"] = draw(step_lists(names, depth + 1, []))
        case 1:
            found["else"] = "incident"
        case _:
            pass
    return found


def inclusive(names: Names, depth: int, jumps: list[str]) -> st.SearchStrategy[Any]:
    """Draw `any`."""
    return choices(names, depth, jumps, "any")


@st.composite
def parallels(draw: st.DrawFn, names: Names, depth: int, jumps: list[str]) -> Any:
    """Draw `all`."""
    return {"all": [draw(step_lists(names, depth + 1, [])) for _ in range(draw(st.integers(2, 3)))]}


@st.composite
def races(draw: st.DrawFn, names: Names, depth: int, jumps: list[str]) -> Any:
    """Draw `first`."""
    waits = ["P14D", {"message": "paid", "key": "requester"}, {"signal": "alarm"}]
    return {
        "first": [
            [{names.new("until"): {"wait": wait}}, *draw(step_lists(names, depth + 1, []))] for wait in waits
        ]
    }


@st.composite
def groups(draw: st.DrawFn, names: Names, depth: int, jumps: list[str]) -> Any:
    """Draw a group, perhaps with a deadline and events."""
    name = names.new("group")
    body: dict[str, Any] = {"group": draw(step_lists(names, depth + 1, []))}
    if draw(st.booleans()):
        body |= {"within": "P3D", "late": draw(ways(names, depth + 1, jumps))}
    if draw(st.booleans()):
        body["events"] = [
            {"signal": "alarm", "then": draw(step_lists(names, depth + 2, [])), "keep": draw(st.booleans())}
        ]
    return {name: body}


@st.composite
def handled(draw: st.DrawFn, names: Names, depth: int, jumps: list[str]) -> Any:
    """Draw a step with handlers."""
    name = names.new("risky")
    body: dict[str, Any] = {"call": "risky"}
    if draw(st.booleans()):
        body |= {"within": "PT4H", "late": {"then": draw(step_lists(names, depth + 1, [])), "keep": True}}
    body["on"] = {"REFUSED": draw(ways(names, depth + 1, jumps)), "*": [{"end": "broken"}]}
    jumps.append(name)
    return {name: body}


BLOCKS: dict[str, Any] = {
    "if": decisions,
    "when": guarded,
    "choose": choices,
    "any": inclusive,
    "all": parallels,
    "first": races,
    "group": groups,
    "handlers": handled,
}
