"""What an agent is shown: few tools, few tokens, every one of them described, and the names the contract fixes."""

import re
from typing import Any

import anyio
import pytest
from mcp import Client

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.mcp_door import INSTRUCTIONS, mcp_server, shown_operations, tool_of
from flowmaster.server.options import MEMORY
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.catalog import catalog
from flowmaster.tools.registry import AnyOperation
from flowmaster.tools.schemas import canonical, shown_schema
from tests.token_count import token_count

TOOLS_MAX = 25
TOKENS_MAX = 3_500
INSTRUCTIONS_LENGTH_MAX = 2_048
TOOL_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")

REGISTRY = catalog()
CORE = [each for each in REGISTRY if each.core]


def tokens(operation: AnyOperation) -> int:
    """Return what the operation costs an agent before it does anything."""
    shown = {
        "name": operation.name,
        "description": operation.text,
        "input_schema": shown_schema(operation.input_schema),
    }
    return token_count(canonical(shown))


def test_the_default_tool_list_is_short() -> None:
    costs = {each.name: tokens(each) for each in CORE}
    assert len(costs) <= TOOLS_MAX
    assert sum(costs.values()) <= TOKENS_MAX, sorted(costs.items(), key=lambda pair: -pair[1])


def test_the_instructions_are_not_cut_and_name_only_what_there_is() -> None:
    assert len(INSTRUCTIONS) < INSTRUCTIONS_LENGTH_MAX
    named = set(re.findall(r"\b[a-z]+_[a-z]+\b", INSTRUCTIONS)) - {
        "dry_run",
        "idempotency_key",
        "next_cursor",
    }
    assert named <= set(REGISTRY.names)


@pytest.mark.parametrize("operation", list(REGISTRY), ids=lambda each: each.name)
def test_every_tool_is_annotated_described_and_answers_with_a_schema(operation: AnyOperation) -> None:
    tool = tool_of(operation)
    assert TOOL_NAME.fullmatch(tool.name)
    assert tool.title
    assert tool.description
    assert tool.output_schema is not None
    assert tool.output_schema["type"] == "object"
    assert tool.annotations is not None
    assert tool.annotations.read_only_hint == operation.read_only
    assert tool.annotations.destructive_hint is not None
    assert tool.annotations.open_world_hint is not None
    for name, node in tool.input_schema.get("properties", {}).items():
        assert node.get("description"), name


def test_the_list_can_be_all_operations_or_those_named() -> None:
    assert shown_operations(REGISTRY, ("all",)) == list(REGISTRY)
    named = shown_operations(REGISTRY, ("server_info", "operation_find"))
    assert [each.name for each in named] == [
        name for name in REGISTRY.names if name in ("server_info", "operation_find")
    ]
    with pytest.raises(FlowMasterError, match="Did you mean 'server_info'"):
        shown_operations(REGISTRY, ("server_inof",))


def test_both_eras_are_shown_the_same_tools_in_the_same_order() -> None:
    async def lists() -> list[list[dict[str, Any]]]:
        shown = []
        async with open_app(Settings(data=MEMORY)) as app:
            for mode in ("auto", "legacy"):
                async with Client(mcp_server(app), mode=mode) as client:
                    listed = await client.list_tools()
                    assert listed.next_cursor is None
                    shown.append([each.model_dump() for each in listed.tools])
        return shown

    modern, legacy = anyio.run(lists)
    assert modern == legacy
    assert [each["name"] for each in modern] == [each.name for each in CORE]


PROMISED = {
    "process_create": "bpmn dry_run name outline process",
    "process_edit": "base_draft dry_run edits process",
    "process_read": "draft process version view",
    "process_find": "cursor limit query state",
    "process_test": "process save scenarios version",
    "process_publish": "dry_run note process",
    "instance_start": "business_key process variables version wait_seconds",
    "instance_find": "business_key cursor limit process query status",
    "instance_read": "at detail instance",
    "instance_control": "action at element from incident instance mapping scope to variables version",
    "event_send": "correlation_key kind name ttl variables",
    "task_find": "assignee cursor instance limit process query role state",
    "task_read": "detail task",
    "task_act": "action as_user comment task to variables",
    "work_take": "instance lease_seconds limit types wait_seconds worker",
    "work_finish": "backoff error_code failure job message retries variables",
    "rule_save": "decision dmn dry_run table",
    "rule_evaluate": "decision expression inputs version",
    "document_add": "content_base64 filename knowledge path schema url",
    "document_read": "document pages question schema",
    "knowledge_search": "limit query scope",
    "agent_run": "agent context conversation message",
    "operation_find": "query",
    "operation_query": "arguments operation",
    "operation_call": "arguments operation",
    "process_compare": "from process to what",
    "clock_advance": "by to",
    "server_info": "",
}
"""The arguments that the contract names, for each operation that it names."""


LATER = {
    "document_add": {"knowledge"},
}
"""Arguments whose feature is not built; `docs/status.md` says what is missing."""


@pytest.mark.parametrize("name", PROMISED)
def test_the_names_of_the_contract_are_kept(name: str) -> None:
    operation = REGISTRY.find(name)
    if operation is None:
        pytest.skip(f"{name} is not built; docs/status.md says so")
    missing = set(PROMISED[name].split()) - set(operation.input_schema["properties"])
    assert missing == LATER.get(name, set())
    assert operation.core == (name not in ("process_compare", "clock_advance", "server_info"))
