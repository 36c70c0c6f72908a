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


def _by_message(process: str, begins: str, sends: str, *steps: Body, **start: Any) -> Body:
    return {
        "process": process,
        "roles": ["clerk"],
        "data": {"k": "text", "more": "boolean"},
        "start": {"message": begins, "needs": ["k"], "into": ["k"], **start},
        "steps": [*steps, {"tell": {"send": sends, "key": "k", "with": {"k": "k"}}}, {"end": "done"}],
    }


def test_a_circle_of_messages_without_a_wait_is_refused_with_its_path_and_one_with_a_wait_is_not() -> None:
    async def story(agent: Agent) -> None:
        await agent.published(_by_message("a", "ping", "pong"))
        code, message = await _refused(agent, _by_message("b", "pong", "ping"))
        assert code == "event.endless"
        assert "message 'ping' of b begins a, message 'pong' of a begins b" in message
        wait: Body = {"rest": {"wait": "P1D"}}
        ask: Body = {"more?": {"ask": "clerk", "form": {"more": "boolean"}}}
        leave: Body = {"if": "more", "then": [], "else": [{"end": "enough"}]}
        for steps in ([wait], [ask], [leave]):
            await agent.published(_by_message("b", "pong", "ping", *steps))
        code, message = await _refused(agent, _by_message("c", "round", "round"))
        assert (code, "message 'round' of c begins c" in message) == ("event.endless", True)
        await agent.published(_by_message("d", "round", "nowhere"))
        await agent.ask("process_publish", process="c")  # It may go to d, so it need not come back.

    played(story)


def test_errors_deadlines_and_cancelling_go_over_a_call_as_they_are_modelled() -> None:
    async def story(agent: Agent) -> None:
        await agent.published(
            {
                "process": "pack",
                "roles": ["house"],
                "data": {"ok": "boolean"},
                "steps": [
                    {"wrap": {"ask": "house", "form": {"ok": "boolean"}, "into": "ok"}},
                    {"if": "not(ok)", "then": [{"end": {"error": "BROKEN"}}]},
                    {"end": "packed"},
                ],
            }
        )
        late, broken = [{"end": "too late"}], [{"end": "broken goods"}]
        call: Body = {"run": "pack", "within": "P3D", "late": late, "on": {"BROKEN": broken}}
        await agent.published({"process": "order", "steps": [{"pack": call}, {"end": "sent"}]})

        async def begun() -> tuple[str, str]:
            order = await agent.started("order")
            return str(order["instance"]), next(
                str(wait["child"]) for wait in order["waiting"] if "child" in wait
            )

        async def stand(*instances: str) -> list[str]:
            read = [await agent.ask("instance_read", instance=one, detail=["history"]) for one in instances]
            return [one["status"] for one in read]

        order, child = await begun()
        task = await agent.task(child)
        await agent.ask("task_act", task=task, action="complete", variables={"ok": False})
        assert await stand(order, child) == ["completed", "failed"]
        order, child = await begun()
        await agent.advance("P4D")
        assert await stand(order, child) == ["completed", "cancelled"]
        order, child = await begun()
        await agent.ask("instance_control", instance=order, action="cancel", reason="not wanted")
        assert await stand(order, child) == ["cancelled", "cancelled"]
        order, child = await begun()
        await agent.ask("instance_control", instance=child, action="cancel", reason="lost")
        read = await agent.ask("instance_read", instance=order)
        (incident,) = read["incidents"]
        assert (incident["code"], incident["message"]) == ("call.cancelled", "lost")
        again = next(fix for fix in incident["fixes"] if fix["arguments"]["action"] == "retry")
        await agent.ask(again["operation"], **again["arguments"])
        read = await agent.ask("instance_read", instance=order)
        (child,) = (wait["child"] for wait in read["waiting"] if "child" in wait)
        await agent.ask("task_act", task=await agent.task(child), action="complete", variables={"ok": True})
        assert await stand(order, child) == ["completed", "completed"]

    played(story)
