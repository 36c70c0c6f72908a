"""A process of which versions are compared by what they do, and its changed versions."""

from copy import deepcopy
from typing import Any

from tests.acceptance.agent import Agent, Body

TRIP: dict[str, Any] = {
    "process": "trip",
    "name": "Business trip",
    "roles": ["boss", "clerk"],
    "data": {
        "cost": "number 0..10000",
        "traveller": "person",
        "level": "text",
        "ok": "boolean",
        "booking": "text",
    },
    "start": {"needs": ["cost", "traveller"], "checks": {"Somebody travels.": 'traveller != "nobody"'}},
    "steps": [
        {"find level": {"rule": "trip_level", "into": "level"}},
        {
            "approve": {
                "ask": "boss",
                "not": "traveller",
                "remind": "P2D",
                "within": "P3D",
                "late": {"escalate": "clerk"},
                "into": "ok",
            }
        },
        {"name": "refused?", "if": "not(ok)", "then": [{"end": "refused"}]},
        {
            "name": "expensive?",
            "if": "cost > 500",
            "then": [{"check cost": {"ask": "clerk", "form": {"note": "text"}}}],
        },
        {"book": {"call": "travel.book", "into": "booking", "retry": {"times": 3, "wait": "PT5M"}}},
        {"end": "booked"},
    ],
    "scenarios": [
        {
            "name": "cheap",
            "given": {"cost": 100, "traveller": "ann"},
            "answers": {"approve": {"ok": True, "by": "bob"}},
            "services": {"book": {"booking": "B-1"}},
            "expect": {"end": "booked"},
        },
    ],
}

LEVELS = {
    "decision": "trip_level",
    "hit": "UNIQUE",
    "inputs": [{"name": "cost", "expression": "cost", "type": "number"}],
    "outputs": [{"name": "level", "type": "string"}],
    "rules": [["<= 200", '"low"'], ["> 200", '"high"']],
}


def trip(*changes: tuple[tuple[str | int, ...], Any]) -> dict[str, Any]:
    """Return the process with values put at places; nothing in place of a value takes away what stands there."""
    outline = deepcopy(TRIP)
    for (*path, last), value in changes:
        part: Any = outline
        for step in path:
            part = part[step]
        if value is None:
            del part[last]
        else:
            part[last] = value
    return outline


async def published(agent: Agent, outline: dict[str, Any] = TRIP) -> None:
    """Save the rule if it is not there, and publish a version of the process."""
    await agent.ask("rule_save", decision="trip_level", table=LEVELS, valid_from="2020-01-01")
    await agent.ask("process_create", outline=outline)
    await agent.ask("process_publish", process="trip")


async def compared(agent: Agent, outline: dict[str, Any], **more: Any) -> Body:
    """Save another version as the draft and return what it does otherwise than the published one."""
    await agent.ask("process_create", outline=outline)
    return await agent.ask("process_compare", process="trip", what="behaviour", **more)
