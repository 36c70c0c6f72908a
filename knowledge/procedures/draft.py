"""Candidates into the outline of a draft, each step with its source as an extension that any BPMN file keeps."""

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import quoteattr

from flowmaster.engine.bpmn.vocabulary import FM
from flowmaster.engine.values import Json
from flowmaster.knowledge.procedures.candidates import (
    Beside,
    Candidates,
    Choice,
    End,
    Jump,
    Node,
    Source,
    Step,
    steps_in,
)
from flowmaster.knowledge.procedures.names import identifier_of, step_name
from flowmaster.knowledge.procedures.shaping import UNASSIGNED, Shaped

ABOUT_LENGTH_MAX: Final = 1_500
_UNASSIGNED_NAME = "To be named"


def outline_of(
    found: Candidates, result: Shaped, *, process: str, name: str, document: str
) -> dict[str, Json]:
    """Return the outline of a draft."""
    writer = _Writer(document)
    steps: list[Json] = writer.nodes(result.steps)
    roles = _roles(found, result)
    data: dict[str, Json] = {**result.inputs, **result.answers}
    outline: dict[str, Json] = {"process": process, "name": name}
    if document:
        outline["about"] = f"Imported from {document}."
    if roles:
        outline["roles"] = roles
    if data:
        outline["data"] = data
    if data:
        outline["start"] = {"needs": list(result.inputs)}
    outline["steps"] = steps
    return outline


def _roles(found: Candidates, result: Shaped) -> dict[str, Json]:
    roles: dict[str, Json] = {
        role.id: {"name": role.name, "kind": "third_party"} if role.external else role.name
        for role in found.roles
    }
    if any(UNASSIGNED in step.roles for step in steps_in(result.steps)):
        roles[UNASSIGNED] = _UNASSIGNED_NAME
    return roles


class _Writer:
    """Writes nodes as the words of an outline."""

    def __init__(self, document: str) -> None:
        self._document = document

    def nodes(self, nodes: Sequence[Node]) -> list[Json]:
        """Return the steps of an outline."""
        return [self._node(node) for node in nodes]

    def _node(self, node: Node) -> Json:
        match node:
            case Step():
                return {node.name: self._step(node)}
            case Choice():
                return self._choice(node)
            case Beside():
                return {
                    "all": [self.nodes(branch) for branch in node.branches],
                    "extra": self._extra(node.source),
                }
            case Jump():
                assert node.target is not None, "jumps without a target are taken out before"
                return {"goto": node.target.name}
            case End():
                return {"end": node.name, "extra": self._extra(node.source)}

    def _choice(self, node: Choice) -> Json:
        then, other, feel = node.then, node.other, node.condition.feel
        if not then:
            then, other, feel = other, then, node.condition.negated()
        written: dict[str, Json] = {
            "if": feel,
            "name": f"{step_name(node.condition.text, 'Condition')}?",
            "then": self.nodes(then),
            "extra": self._extra(node.source),
        }
        return written | ({"else": self.nodes(other)} if other else {})

    def _step(self, step: Step) -> dict[str, Json]:
        written = self._kind(step)
        about = "\n".join(dict.fromkeys(filter(None, step.notes)))[:ABOUT_LENGTH_MAX].strip()
        if about:
            written["about"] = about
        written["extra"] = self._extra(step.source)
        return written

    def _kind(self, step: Step) -> dict[str, Json]:
        if step.children:
            return {"group": self.nodes(step.children)}
        match step.kind:
            case "call":
                return {"call": f"{identifier_of(step.system, 'system')}.{identifier_of(step.name, 'work')}"}
            case "send":
                return {"send": identifier_of(step.name, "message"), "via": "mail"}
            case "wait":
                return {"wait": step.wait}
            case "message":
                return {"wait": {"message": identifier_of(step.name, "message")}}
            case "ask":
                return self._ask(step)

    def _ask(self, step: Step) -> dict[str, Json]:
        written: dict[str, Json] = {"ask": step.roles[0] if len(step.roles) == 1 else list(step.roles)}
        if step.answers:
            written["into"] = list(step.answers)
        else:
            written["form"] = {}
        if step.until is not None:
            written["repeat"] = {"while": step.until.negated()}
        if step.remind:
            written["remind"] = step.remind
        if step.within:
            written["within"] = step.within
            if step.escalate:
                written["late"] = {"escalate": step.escalate}
            elif step.late:
                written["late"] = {"then": self.nodes(step.late), "keep": True}
        return written

    def _extra(self, source: Source) -> list[Json]:
        said = {
            "document": self._document,
            "place": source.where,
            "quote": source.quote,
            "confidence": f"{source.confidence:.2f}",
            "rule": source.rule,
        }
        written = " ".join(f"{key}={quoteattr(' '.join(text.split()))}" for key, text in said.items() if text)
        return [f'<fm:source xmlns:fm="{FM}" {written}/>']
