"""Random batches of edits on a document: most can be made, some cannot."""

from typing import Any

from hypothesis import strategies as st

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.vocabulary import ACTIVITY_KINDS, FLOW_NODE_KINDS

Edit = dict[str, Any]

CONDITION = st.sampled_from(("amount > 7", "approved", 'level = "low"'))
BODIES: tuple[Edit, ...] = (
    {"ask": "clerk", "into": "approved"},
    {"ask": "boss", "not": "requester", "within": "PT72H", "late": {"escalate": "clerk"}},
    {"call": "extra", "retry": 2, "with": {"amount": "amount"}},
    {"rule": "grade", "into": "level"},
    {"set": {"amount": "amount * 2"}},
    {"wait": "P2D"},
    {"send": "news", "key": "requester"},
    {"run": "other", "into": "approved"},
    {"call": "risky", "on": {"BROKEN": [{"end": "broken"}]}},
    {"call": "slow", "within": "P1D", "late": {"then": [{"end": "nudged"}], "keep": True}},
    {"group": [{"end": "inner"}]},
)
WORDS: dict[str, tuple[Edit, ...]] = {
    "userTask": (
        {"ask": "boss"},
        {"within": "PT9H"},
        {"within": "P1D", "late": {"escalate": "boss"}},
        {"late": None},
        {"remind": "PT1H", "priority": 10},
        {"not": "requester"},
        {"form": {"approved": "boolean"}},
        {"when": "amount > 3"},
        {"when": None},
        {"within": "P2D", "late": [{"end": "too late"}]},
        {"about": "Look twice.", "title": None},
    ),
    "serviceTask": (
        {"retry": {"times": 7, "wait": "PT1M"}},
        {"retry": None, "headers": {"method": "GET"}},
        {"with": {"amount": 1}, "into": {"amount": "answer"}},
        {"on": {"GONE": [{"end": "gone"}]}},
        {"on": None},
        {"each": "line in lines"},
        {"repeat": {"while": "approved", "max": 2}},
        {"within": "P1D", "late": [{"end": "too late"}]},
        {"when": "approved"},
    ),
    "businessRuleTask": ({"rule": "other"}, {"into": "level", "version": "v2"}),
    "scriptTask": ({"assign": {"amount": "amount + 5"}}, {"assign": {"amount": "1", "approved": "true"}}),
    "callActivity": ({"run": "another"}, {"into": "approved"}, {"pass_all": False}),
    "sendTask": ({"send": "other news"}, {"key": "level", "via": "mail"}),
    "intermediateCatchEvent": ({"wait": "P9D"}, {"signal": "alarm"}, {"message": "paid", "key": "requester"}),
    "boundaryEvent": ({"title": "Watch"}, {"keep": True}),
    "endEvent": ({"end": "finished"}, {"title": "Done"}),
    "subProcess": ({"about": "Together."}, {"on": {"GONE": [{"end": "gone"}]}}),
}
HEAD: tuple[Edit, ...] = (
    {"set_data": {"note": "text", "amount": "number > 1"}},
    {"set_roles": {"chief": {"name": "The chief", "kind": "agent"}, "clerk": "Clerks of the house"}},
    {"set_start": {"needs": ["amount", "level?"], "checks": {"some": "amount > 0"}}},
    {"set_forms": {"extra": {"comment": "text"}}},
    {"set_process": {"name": "Renamed", "about": "What it is for.", "version_tag": "v3"}},
    {"set_scenarios": [{"name": "one", "given": {"amount": 5}, "expect": {"end": "done"}}]},
    {"remove_scenarios": ["one"]},
    {"relayout": True},
    {"set_calendars": {"office": {"zone": "Europe/Berlin", "hours": {"mon-fri": "09:00-17:00"}}}},
)


class Numbers:
    """Gives every new step its own name."""

    def __init__(self) -> None:
        self.last = 0

    def new(self, word: str) -> str:
        """Return a name that was not given before."""
        self.last += 1
        return f"{word} {self.last}"


@st.composite
def batches(draw: st.DrawFn, document: BpmnDocument, numbers: Numbers) -> list[Edit]:
    """Draw one to three edits of a document."""
    return [draw(edits(document, numbers)) for _ in range(draw(st.integers(1, 3)))]


@st.composite
def edits(draw: st.DrawFn, document: BpmnDocument, numbers: Numbers) -> Edit:
    """Draw one edit."""
    process = document.processes[0]
    nodes = [(node.id, node.kind) for node in process.descendants(*FLOW_NODE_KINDS)]
    any_node = st.sampled_from([node for node, _ in nodes])
    steps = [(node, kind) for node, kind in nodes if kind in ACTIVITY_KINDS] or nodes
    any_step = st.sampled_from([node for node, _ in steps])
    flows = [flow.id for flow in process.descendants("sequenceFlow")]
    any_flow = st.sampled_from(flows) if flows else st.just("none")
    kind = draw(st.sampled_from(("new", "new", "words", "place", "head")))
    if kind == "new":
        step = draw(new_step(numbers, any_step))
        then = [step, *draw(st.sampled_from(([], [{"end": "aside"}])))]
        adding: tuple[Edit, ...] = (
            {"add_after": draw(any_node), "step": step},
            {"add_before": draw(any_node), "steps": [step]},
            {"insert_on_flow": draw(any_flow), "step": step},
            {"branch": draw(any_node), "if": draw(CONDITION), "then": then},
            {"replace": draw(any_step), "step": draw(new_step(numbers, any_step, blocks=False))},
        )
        return draw(st.sampled_from(adding))
    if kind == "words":
        node, sort = draw(st.sampled_from(nodes))
        flow_words: tuple[Edit, ...] = (
            {"if": "amount > 9"},
            {"title": "so"},
            {"default": True},
            {"if": None},
        )
        saying: tuple[Edit, ...] = (
            {"set": node, **draw(st.sampled_from(WORDS.get(sort, ({"title": "Which?"},))))},
            {"set": draw(any_flow), **draw(st.sampled_from(flow_words))},
            {"rename": draw(any_node), "to": numbers.new("renamed")},
            {"rename": draw(any_node), "id": numbers.new("id").replace(" ", "_")},
        )
        return draw(st.sampled_from(saying))
    if kind == "head":
        return draw(st.sampled_from(HEAD))
    keep = draw(st.sampled_from(({}, {"keep": draw(any_node)})))
    placing: tuple[Edit, ...] = (
        {"move": draw(any_step), draw(st.sampled_from(("after", "before"))): draw(any_node)},
        {"wrap": draw(st.lists(any_step, min_size=1, max_size=2)), "in": numbers.new("wrapped")},
        {"extract": draw(any_step), "to": numbers.new("extracted").replace(" ", "-")},
        {"delete": draw(any_node), **keep},
        {"connect": draw(any_node), "to": draw(any_node), "if": "approved"},
        {"disconnect": draw(any_flow)},
    )
    return draw(st.sampled_from(placing))


@st.composite
def new_step(
    draw: st.DrawFn, numbers: Numbers, any_step: st.SearchStrategy[str], *, blocks: bool = True
) -> Any:
    """Draw a step or, where that may be, a block of steps."""
    name = numbers.new("new")
    body = draw(st.sampled_from(BODIES))
    kind = draw(st.integers(0, 9)) if blocks else 9
    if kind == 0:
        return {"if": draw(CONDITION), "then": [{name: body}, {"goto": draw(any_step)}]}
    if kind == 1:
        return {"all": [[{name: body}], [{numbers.new("new"): {"call": "beside"}}]]}
    if kind == 2:
        return {"first": [[{name: {"wait": "P1D"}}], [{numbers.new("new"): {"wait": {"signal": "alarm"}}}]]}
    if kind == 3:
        return {name: {**body, "when": draw(CONDITION)}}
    return {name: body}
