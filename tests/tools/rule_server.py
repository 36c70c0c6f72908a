"""A server in memory for the tests of rules: calls of operations, told as JSON, refusals under `code`."""

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import anyio

from flowmaster.server.options import MEMORY
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.catalog import catalog
from flowmaster.tools.invoke import invoke
from flowmaster.tools.registry import Call, Caller

Told = dict[str, Any]
Ask = Callable[..., Awaitable[Told]]

LEVEL: Told = {
    "decision": "level",
    "hit": "U",
    "inputs": [{"name": "amount", "type": "number"}],
    "outputs": [{"name": "level", "type": "string"}],
    "rules": [["<= 1000", '"one"'], ["> 1000", '"two"']],
}


def served(story: Callable[[Ask], Awaitable[None]]) -> None:
    """Play a story on a server of its own, with a clock that stands still."""

    async def play() -> None:
        async with open_app(Settings(data=MEMORY, clock="virtual")) as app:
            registry = catalog()

            async def ask(name: str, **arguments: Any) -> Told:
                told = await invoke(registry, Call(app=app, caller=Caller(door="mcp")), name, arguments)
                body: Told = json.loads(told.text, parse_float=Decimal)
                return body

            await story(ask)

    anyio.run(play)


def table(*rules: list[str], **more: Any) -> Told:
    """Return the table of levels with other rules."""
    return {**LEVEL, "rules": list(rules), **more}


def ruled(version: str = "", decision: str = "level") -> str:
    """Return a process that asks a decision and waits for a person."""
    binding = f' bindingType="versionTag" versionTag="{version}"' if version else ""
    return (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="urn:t"'
        ' xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"><process id="order" isExecutable="true">'
        '<startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="rate"/>'
        '<businessRuleTask id="rate"><extensionElements>'
        f'<zeebe:calledDecision decisionId="{decision}" resultVariable="level"{binding}/>'
        '</extensionElements></businessRuleTask><sequenceFlow id="f2" sourceRef="rate" targetRef="look"/>'
        '<userTask id="look"/><sequenceFlow id="f3" sourceRef="look" targetRef="e"/><endEvent id="e"/>'
        "</process></definitions>"
    )


async def publish(ask: Ask, bpmn: str) -> None:
    """Publish the process of a file."""
    assert "code" not in await ask("process_create", bpmn=bpmn)
    assert "code" not in await ask("process_publish", process="order")


async def start(ask: Ask, **variables: Any) -> Told:
    """Start the process and return the instance."""
    told = await ask("instance_start", process="order", variables=variables)
    assert "code" not in told, told
    return told
