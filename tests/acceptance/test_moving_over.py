"""Row 28: whoever is under way moves over to another version, wherever they stand, and comes to the end by it."""

from typing import Any

from tests.acceptance.agent import Agent, Body, played, waits, whole_state

VET: Body = {
    "process": "vet",
    "roles": ["vet"],
    "steps": [{"look": {"ask": "vet", "form": {"good": "boolean"}, "into": "good"}}, {"end": "vetted"}],
    "data": {"good": "boolean"},
}


def order(
    form: Body,
    *more: Body,
    role: str = "clerk",
    within: str = "P2D",
    rest: str = "P7D",
    prompt: str = "Sum it up.",
) -> Body:
    """Return a process with a step of each kind; `more` comes before its end."""
    return {
        "process": "order",
        "roles": ["clerk", "boss"],
        "data": {
            **form, "k": "text", "board": ["person"], "seen": "boolean", "good": "boolean",
            "summary": "text", "again": "boolean", "thanked": "boolean",
        },
        "start": {"needs": ["k", "board"]},
        "steps": [
            {"fill": {"ask": role, "form": form, "into": list(form), "within": within, "late": {"escalate": "boss"}}},
            {"dig": {"group": [{"inner": {"ask": "clerk", "form": {"seen": "boolean"}, "into": "seen"}}]}},
            {"vote": {"ask": "=m", "form": {"ok": "boolean"}, "each": {"item": "m", "in": "board"}}},
            {"rest": {"wait": rest}},
            {"sum up": {"agent": prompt, "into": "summary"}},
            {"sub": {"run": "vet", "into": "good"}},
            {"turns": {"ask": "clerk", "form": {"again": "boolean"}, "into": "again", "repeat": {"while": "again"}}},
            {"news": {"wait": {"message": "paid", "key": "k"}}},
            *more,
            {"end": "done"},
        ],
    }  # fmt: skip


FIRST = order({"a": "text"})
PLACES = ("fill", "inner", "vote", "sum_up", "sub", "turns", "news", "rest")
"""Where instances are made to stand; the one that waits for a time is the last, since others let time pass."""


async def go_on(agent: Agent, instance: str) -> bool:
    """Do the next thing that an instance waits for; return whether there was any."""
    read = await agent.ask("instance_read", instance=instance)
    for wait in read["waiting"]:
        match wait["kind"]:
            case "user_task":
                task = await agent.ask("task_read", task=wait["task"])
                given = {"string": "x", "number": 3, "boolean": wait["element"] != "turns"}
                fields = task["form"]["properties"]
                answer = {name: given[field["type"]] for name, field in fields.items()}
                person = task.get("assignee", "zoe")
                await agent.ask(
                    "task_act", task=wait["task"], action="complete", variables=answer, as_user=person
                )
            case "job":
                (job,) = (await agent.ask("work_take", types=[wait["type"]], instance=instance))["items"]
                await agent.ask("work_finish", job=job["job"], variables={"summary": "short"})
            case "child":
                await go_on(agent, wait["child"])
            case "message":
                await agent.ask(
                    "event_send", kind="message", name="paid", correlation_key=wait["correlation_key"]
                )
            case _:
                await agent.advance("P10D")
        return True
    return False


async def come_to(agent: Agent, place: str) -> str:
    """Start an instance and let it go on until it stands at a place."""
    started = await agent.started("order", k=f"key {place}", board=["ann", "bob"])
    instance = str(started["instance"])
    for _ in range(20):
        read = await agent.ask("instance_read", instance=instance)
        if place in {wait["element"] for wait in read["waiting"]}:
            return instance
        await go_on(agent, instance)
    raise AssertionError(place)


async def standing(agent: Agent, instances: dict[str, str]) -> dict[str, tuple[int, set[str]]]:
    found = {}
    for place, instance in instances.items():
        read = await agent.ask("instance_read", instance=instance)
        found[place] = (read["version"], {wait["element"] for wait in read["waiting"]})
    return found


async def moved(agent: Agent, to: int) -> Body:
    """Plan, try and do a migration as the answers propose it; return what the batch answered."""
    planned = await agent.ask("process_compare", process="order", from_=1, to=to, what="migration")
    assert (planned["migration"]["migratable"], planned["migration"]["blocked"]) == (len(PLACES), [])
    assert {one["reason"] for one in planned["migration"]["mapping"]} == {"same id"}
    (hint,) = planned["next"]
    before = whole_state(agent.app)
    tried = await agent.ask(hint["operation"], **hint["arguments"])
    assert whole_state(agent.app) == before
    (real,) = tried["next"]
    done = await agent.ask(real["operation"], **real["arguments"])
    assert (done["done"], done["refused"]) == (len(PLACES), 0)
    return done


async def end(agent: Agent, instances: dict[str, str]) -> set[str]:
    """Let all go on to the end; return how they are then."""
    states = set()
    for instance in instances.values():
        for _ in range(30):
            if not await go_on(agent, instance):
                break
        states.add((await agent.ask("instance_read", instance=instance))["status"])
    return states


def test_wherever_they_stand_they_move_over_together_and_come_to_the_end_by_the_new_version() -> None:
    async def story(agent: Agent) -> None:
        for outline in (VET, FIRST):
            await agent.published(outline)
        instances = {place: await come_to(agent, place) for place in PLACES}
        thanks: Body = {"thank": {"ask": "boss", "form": {"thanked": "boolean"}, "into": "thanked"}}
        await agent.published(
            order(
                {"a": "text", "b": "number"},
                thanks,
                role="boss",
                within="P5D",
                rest="P9D",
                prompt="In a line.",
            )  # fmt: skip
        )
        before = await standing(agent, instances)
        await moved(agent, 2)
        after = await standing(agent, instances)
        assert after == {place: (2, there) for place, (_, there) in before.items()}
        (task,) = (await agent.ask("task_find", instance=instances["fill"]))["items"]
        assert task["roles"] == ["boss"]
        read = await agent.ask("task_read", task=task["task"])
        assert set(read["form"]["properties"]) == {"a", "b"}
        assert await end(agent, instances) == {"completed"}
        for instance in instances.values():
            history = await agent.ask("instance_read", instance=instance, detail=["history"], limit=1000)
            assert "thank" in {str(one.get("element")) for one in history["history"]}

    played(story)


def test_where_a_form_alone_has_changed_who_stands_at_its_task_is_asked_by_the_new_one_and_back() -> None:
    async def story(agent: Agent) -> None:
        for outline in (VET, FIRST):
            await agent.published(outline)
        instance = await come_to(agent, "fill")
        task = await agent.task(instance)
        await agent.ask("task_act", task=task, action="claim", as_user="zoe")
        await agent.ask("task_act", task=task, action="save_draft", variables={"a": "half"}, as_user="zoe")
        await agent.published(order({"a": "text", "b": "number"}))
        compared = await agent.ask("process_compare", process="order", from_=1, to=2)
        assert 'The form of "fill" asks for "b" too: number.' in [one["text"] for one in compared["changes"]]

        async def asked() -> tuple[set[str], Any, Any]:
            read = await agent.ask("task_read", task=task)
            return (
                set(read["form"]["properties"]),
                read.get("assignee"),
                read["form"]["properties"]["a"].get("default"),
            )

        await agent.ask("instance_control", instance=instance, action="migrate", version=2)
        fields, holder, draft = await asked()
        assert (fields, holder) == ({"a", "b"}, "zoe")
        refused = await agent.refusal(
            "task_act", task=task, action="complete", variables={"a": "x"}, as_user="zoe"
        )
        assert (refused["code"], refused["path"]) == ("task.answer_invalid", "variables.b")
        await agent.ask("instance_control", instance=instance, action="migrate", version=1)
        fields, holder, again = await asked()
        assert (fields, holder, again) == ({"a"}, "zoe", draft)
        await agent.ask("task_act", task=task, action="complete", variables={"a": "x"}, as_user="zoe")
        assert {wait["element"] for wait in waits(await agent.ask("instance_read", instance=instance))} == {
            "inner"
        }

    played(story)


def test_who_cannot_move_over_is_told_with_cause_and_options_and_a_batch_leaves_them_where_they_stand() -> (
    None
):
    async def story(agent: Agent) -> None:
        for outline in (VET, FIRST):
            await agent.published(outline)
        fill, inner = await come_to(agent, "fill"), await come_to(agent, "inner")
        without = order({"a": "text"})
        without["steps"][1] = {
            "inner elsewhere": {"ask": "clerk", "form": {"seen": "boolean"}, "into": "seen"}
        }
        await agent.published(without)
        planned = await agent.ask("process_compare", process="order", from_=1, to=2, what="migration")
        assert (planned["migration"]["open"], planned["migration"]["migratable"]) == (2, 1)
        blocked = {one["element"]: one for one in planned["migration"]["blocked"]}
        assert set(blocked) == {"dig", "inner"}
        for one in blocked.values():
            assert (one["cause"], one["instances"], one["examples"]) == ("gone", 1, [inner])
            assert len(one["options"]) >= 2
        done = await agent.ask("instance_batch", action="migrate", process="order", version=1, to_version=2)
        assert (done["done"], done["refused"]) == (1, 1)
        assert done["refusals"][0]["code"] == "instance.not_migratable"
        assert (await standing(agent, {"fill": fill, "inner": inner})) == {
            "fill": (2, {"fill"}),
            "inner": (1, {"inner"}),
        }
        for given, code in (
            ({"version": 9}, "process.version_unknown"),
            ({"version": 1}, "instance.same_version"),
            ({"version": "stable"}, "process.version_unknown"),
            ({}, "arguments.invalid"),
            ({"version": 2, "mapping": {"inner": "nowhere"}}, None),
        ):
            refused = await agent.refusal("instance_control", instance=inner, action="migrate", **given)
            assert code in (None, refused["code"]), refused
        back = next(one for one in done["next"] if one["arguments"].get("of_batch"))
        tried = await agent.ask(back["operation"], **back["arguments"])
        await agent.ask("instance_batch", **tried["next"][0]["arguments"])
        assert (await standing(agent, {"fill": fill}))["fill"] == (1, {"fill"})

    played(story)
