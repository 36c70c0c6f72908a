"""Row 29 of what a demanding user tests: links between processes, and what is refused between them."""

from typing import Any

from tests.acceptance.agent import Agent, Body, played


def _caller(process: str, called: str, **words: Any) -> Body:
    return {
        "process": process,
        "data": {"n": "number", "t": "text"},
        "start": {"needs": ["n", "t"]},
        "steps": [{"go": {"run": called, "with": {"n": "n"}, **words}}, {"end": "done"}],
    }


CALLED: Body = {
    "process": "called",
    "data": {"n": "number"},
    "start": {"needs": ["n"]},
    "steps": [{"end": "done"}],
}


async def _refused(agent: Agent, outline: Body) -> tuple[str, str]:
    await agent.ask("process_create", outline=outline)
    told = await agent.refusal("process_publish", process=outline["process"])
    assert told["code"] == "process.has_errors"
    assert told["next"]
    return told["expected"][0]["code"], told["expected"][0]["message"]


def test_calls_of_what_is_missing_in_name_version_and_type_are_refused() -> None:
    async def story(agent: Agent) -> None:
        assert (await _refused(agent, _caller("a", "called")))[0] == "call.process_unknown"
        await agent.published(CALLED)
        await agent.ask("process_publish", process="a")
        for version in ("stable", "7"):
            code, message = await _refused(agent, _caller("b", "called", version=version))
            assert code == "call.version_unknown"
            assert version in message
        await agent.published({**CALLED, "version_tag": "stable"})
        await agent.published(_caller("b", "called", version="stable"))
        code, message = await _refused(agent, _caller("c", "called", **{"with": {"n": "t"}}))
        assert code == "call.input_type_wrong"
        assert "a text as 'n'" in message
        assert (await _refused(agent, _caller("d", "called", **{"with": {"m": "n"}, "pass_all": False})))[
            0
        ] == "call.input_missing"

    played(story)


def test_a_circle_without_a_wait_is_refused_with_its_path_and_one_with_a_wait_is_not() -> None:
    async def story(agent: Agent) -> None:
        await agent.published(CALLED)
        await agent.published(_caller("a", "called"))
        code, message = await _refused(
            agent, {**_caller("called", "a"), "data": {"n": "number"}, "start": {"needs": ["n"]}}
        )
        assert code == "call.endless"
        assert "a -> called" in message

    played(story)


def test_a_breaking_change_names_the_callers_it_breaks() -> None:
    async def story(agent: Agent) -> None:
        await agent.published(CALLED)
        await agent.published(_caller("a", "called"))
        await agent.ask("process_create", outline={**CALLED, "data": {"n": "text"}})
        told = await agent.ask("process_publish", process="called", dry_run=True)
        (broken,) = (one for one in told["problems"] if one["code"] == "caller.breaks")
        assert "'a' (version 1)" in broken["message"]
        impact = (await agent.ask("process_links", process="called", direction="up"))["impact"]
        assert [one["what"] for one in impact] == ["process:a"]

    played(story)
