"""Completion: ids that begin with what is typed come first, a hundred at most, and how many there are is told."""

from typing import Any

import anyio
import mcp.types as types
import pytest
from mcp import Client, MCPError

from flowmaster.prompts.catalog import PROMPTS
from flowmaster.tools.completions import FINDERS, completed
from flowmaster.tools.registry import Call, Caller
from flowmaster.tools.resource_table import RESOURCES
from tests.doors.agents_door import LEAVE, Era, Stage, in_era, stage


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> Era:
    chosen: Era = request.param
    return chosen


async def offered(client: Client, form: str, name: str, typed: str = "", **given: str) -> types.Completion:
    reference = types.ResourceTemplateReference(uri=form)
    asked = {"name": name, "value": typed}
    return (await client.complete(reference, asked, context_arguments=given or None)).completion


def test_every_value_of_every_template_is_completed(era: Era) -> None:
    async def use(client: Client, stage: Stage) -> None:
        expected = {
            "process": ["leave"],
            "version": ["1"],
            "instance": [stage.instance],
            "step": [stage.task.partition("/")[2]],
            "document": [stage.document],
            "decision": ["level"],
        }
        for resource in RESOURCES:
            for name in resource.variables:
                others = {other: expected[other][0] for other in resource.variables if other != name}
                found = await offered(client, resource.form, name, **others)
                assert found.values == expected[name], (resource.form, name)
                assert (found.total, found.has_more) == (1, False)

    in_era(era, use)


def test_what_begins_with_the_typed_letters_comes_first(era: Era) -> None:
    async def use(client: Client, stage: Stage) -> None:
        for process, name in (("sick-leave", "x"), ("leave-2", "x"), ("holidays", "Leave for fun")):
            outline = LEAVE.replace("process: leave", f"process: {process}").replace("Leave request", name)
            await stage.does("process_create", outline=outline)
        found = await offered(client, "process://{process}", "process", "LEAVE")
        assert set(found.values[:2]) == {"leave", "leave-2"}
        assert found.values[2:] == ["sick-leave", "holidays"]
        assert (await offered(client, "process://{process}", "process", "nobody")).values == []

    in_era(era, use)


def test_a_hundred_are_shown_and_how_many_there_are_is_told(era: Era) -> None:
    async def use(client: Client, stage: Stage) -> None:
        for _ in range(130):
            await stage.does("instance_start", process="leave", variables={"days": 1})
        found = await offered(client, "instance://{instance}", "instance", "leave:")
        assert len(set(found.values)) == 100
        assert (found.total, found.has_more) == (131, True)
        found = await offered(client, "instance://{instance}", "instance", "leave:13")
        assert set(found.values) == {"leave:13", "leave:130", "leave:131"}

    in_era(era, use)


def test_values_depend_on_those_that_are_given(era: Era) -> None:
    async def use(client: Client, stage: Stage) -> None:
        await stage.does("process_create", outline=LEAVE)
        await stage.does("process_publish", process="leave")
        version = "process://{process}/{version}"
        assert (await offered(client, version, "version", process="leave")).values == ["2", "1"]
        assert (await offered(client, version, "version", "1", process="leave")).values == ["1"]
        assert (await offered(client, version, "version", process="nobody")).values == []
        assert (await offered(client, version, "version")).values == []
        task = "task://{instance}/{step}"
        assert (await offered(client, task, "step")).values == []
        assert (await offered(client, task, "step", "zzz", instance=stage.instance)).values == []
        await stage.does("instance_start", process="leave", variables={"days": 1})
        assert (await offered(client, task, "instance")).values == [stage.instance], "only with open tasks"

    in_era(era, use)


def test_arguments_of_prompts_are_completed(era: Era) -> None:
    async def use(client: Client, stage: Stage) -> None:
        expected: dict[str, list[str]] = {"process": ["leave"], "instance": [stage.instance]}
        for prompt in PROMPTS:
            for argument in prompt.arguments:
                asked = {"name": argument.name, "value": "le"}
                reference = types.PromptReference(name=prompt.name)
                found = (await client.complete(reference, asked)).completion
                assert found.values == expected.get(argument.name, [])
        triage = types.PromptReference(name="triage_tasks")
        roles = (await client.complete(triage, {"name": "role", "value": ""})).completion
        assert roles.values == ["boss"]

    in_era(era, use)


@pytest.mark.parametrize(
    ("reference", "name", "near"),
    [
        (types.ResourceTemplateReference(uri="process://{proces}"), "process", "process://{proces}"),
        (types.ResourceTemplateReference(uri="guide://rule-table"), "process", "'process'"),
        (types.ResourceTemplateReference(uri="process://{process}"), "proces", "process"),
        (types.PromptReference(name="build_proces"), "brief", "build_process"),
        (types.PromptReference(name="build_process"), "breif", "brief"),
    ],
)
def test_what_cannot_be_completed_is_refused_with_what_is_near(reference: Any, name: str, near: str) -> None:
    async def use(client: Client, stage: Stage) -> None:
        with pytest.raises(MCPError) as refused:
            await client.complete(reference, {"name": name, "value": ""})
        assert refused.value.code == types.INVALID_PARAMS
        assert near in refused.value.message

    in_era("auto", use)


def test_hostile_letters_offer_nothing_and_break_nothing(era: Era) -> None:
    async def use(client: Client, stage: Stage) -> None:
        for typed in ("%", "_", "\x00", "'; DROP TABLE", "../..", "\ud7ff", "x" * 100_000):
            assert (await offered(client, "process://{process}", "process", typed)).values == []

    in_era(era, use)


def test_nothing_of_another_tenant_and_nothing_without_the_right_is_offered() -> None:
    async def play() -> None:
        async with stage() as set_up:
            given = {"process": "leave", "instance": set_up.instance, "decision": "level"}
            for caller in (Caller(tenant="other"), Caller(rights=frozenset())):
                call = Call(app=set_up.app, caller=caller)
                for name in FINDERS:
                    scheme, _, variable = name.rpartition(":")
                    found = await completed(call, variable, "", given, scheme=scheme)
                    assert found == ([], 0), name

    anyio.run(play)
