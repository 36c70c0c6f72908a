"""The processes of a small town hall that the acceptance tests work with."""

from typing import Any

from tests.acceptance.agent import Agent

LEAVE: dict[str, Any] = {
    "process": "leave",
    "roles": ["clerk", "boss"],
    "data": {"days": "number > 0", "who": "person", "ok": "boolean", "signed": "boolean", "receipt": "text"},
    "start": {"needs": ["days", "who"]},
    "steps": [
        {"check": {"ask": "clerk", "not": "who", "form": {"ok": "boolean", "note?": "text"}, "into": "ok"}},
        {"sign": {"ask": "boss", "not": ["who", "check"], "form": {"signed": "boolean"}, "into": "signed"}},
        {"book": {"call": "hr.book", "retry": {"times": 2, "wait": "PT5M"}, "into": "receipt?"}},
        {"end": "done"},
    ],
    "scenarios": [
        {
            "name": "granted",
            "given": {"days": 2, "who": "ann"},
            "answers": {"check": {"ok": True, "by": "bob"}, "sign": {"signed": True, "by": "cid"}},
            "services": {"book": {"receipt": "R-1"}},
            "expect": {"end": "done"},
        }
    ],
}
"""Two people who must differ from the asker and from each other, and a service that may fail."""

LETTER: dict[str, Any] = {
    "process": "letter",
    "data": {"number": "text"},
    "start": {"needs": ["number"]},
    "steps": [
        {"reply": {"wait": {"message": "answer"}, "key": "number"}},
        {"file": {"call": "archive"}},
        {"end": "filed"},
    ],
}
"""A message is waited for by its key, then there is work."""

REMINDED: dict[str, Any] = {
    "process": "reminded",
    "roles": ["clerk", "boss"],
    "steps": [
        {
            "look": {
                "ask": "clerk",
                "form": {"seen": "boolean"},
                "remind": "PT24H",
                "within": "PT48H",
                "late": {"escalate": "boss"},
            }
        },
        {"end": "done"},
    ],
}
"""A task with a reminder and an escalation."""

LEVELS: dict[str, Any] = {
    "decision": "level",
    "inputs": [{"name": "amount", "type": "number"}],
    "outputs": [{"name": "level", "type": "string"}],
    "hit": "UNIQUE",
    "rules": [["<= 100", '"low"'], ["> 100", '"high"']],
}
"""A decision table."""

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:fm="https://flowmaster.dev/bpmn/1.0"'
    ' id="d" targetNamespace="urn:town">'
)


def bpmn(body: str, process: str = "p", definitions: str = "") -> str:
    """Write a BPMN file with one executable process."""
    return f'{HEAD}{definitions}<process id="{process}" isExecutable="true">{body}</process></definitions>'


async def settled(agent: Agent) -> None:
    """Publish the town's processes and rule."""
    await agent.ask("rule_save", table=LEVELS)
    for outline in (LEAVE, LETTER, REMINDED):
        await agent.published(outline)
