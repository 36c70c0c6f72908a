"""Whom steps are done by: people of the house, of affiliated or third parties, machines, agents, decisions, processes."""

from typing import Any

import pytest

from flowmaster.engine.performers import PERFORMER_KINDS
from tests.acceptance.agent import Agent, Body, played
from tests.acceptance.town import bpmn
from tests.engine.cases import E, S, flows, user

SUPPLY: dict[str, Any] = {
    "process": "supply",
    "roles": {
        "buyer": "Buyers",
        "plant": {"name": "Sister plant", "kind": "affiliated"},
        "supplier": {"kind": "third party"},
        "robot": {"name": "Packing robot", "kind": "machine"},
        "triage": {"name": "Triage agent", "kind": "agent"},
    },
    "data": {"item": "text", "ok": "boolean", "price": "number"},
    "start": {"needs": ["item"]},
    "steps": [
        {"sort": {"ask": "triage", "form": {"ok": "boolean"}, "into": "ok"}},
        {"lend": {"ask": "plant", "form": {}}},
        {"offer": {"ask": "supplier", "form": {"price": "number"}, "into": "price", "escalate": {"P1D": "buyer"}}},
        {"judge": {"rule": "judgement", "into": "ok"}},
        {"book": {"call": "stock.book"}},
        {"pack": {"ask": "robot", "form": {}}},
        {"both": {"ask": ["buyer", "supplier"], "form": {}}},
        {"check": {"group": [{"look": {"ask": "buyer", "form": {}}}]}},
        {"end": "done"},
    ],
}  # fmt: skip

DONE_BY = {
    "internal": ["both", "look"],
    "affiliated": ["lend"],
    "third_party": ["offer", "both"],
    "machine": ["book", "pack"],
    "agent": ["sort"],
    "decision": ["judge"],
    "sub_process": ["check"],
}


async def names(agent: Agent, **which: Any) -> list[str]:
    found = await agent.ask("task_find", **which)
    return [task["name"] for task in found["items"]]


def test_every_kind_of_performer_is_said_kept_and_found() -> None:
    assert set(DONE_BY) == set(PERFORMER_KINDS)

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=SUPPLY)
        for kind, steps in DONE_BY.items():
            shown = await agent.ask("process_read", process="supply", view="table", performer=kind)
            assert [row["name"] for row in shown["content"]] == steps
        whole = await agent.ask("process_read", process="supply", view="table")
        rows: dict[str, Body] = {row["name"]: row for row in whole["content"]}
        assert rows["both"]["performer"] == ["internal", "third_party"]
        assert "performer" not in rows["done"]
        text = (await agent.ask("process_read", process="supply"))["content"]
        again = await agent.ask("process_create", outline=text)
        assert again["draft"] == 2
        assert (await agent.ask("process_read", process="supply"))["content"] == text
        assert "supplier: {kind: third_party}" in text
        assert "plant: {name: Sister plant, kind: affiliated}" in text

    played(play)


def test_a_receive_task_waits_and_is_done_by_nobody_while_the_send_task_before_it_is_a_machines() -> None:
    steps = '<sendTask id="ask" messageRef="m"/><receiveTask id="await" messageRef="m"/>'
    model = bpmn(S + steps + E + flows("s ask", "ask await", "await e")).replace(
        "<process ", '<message id="m" name="answer"/><process ', 1
    )

    async def play(agent: Agent) -> None:
        process = (await agent.ask("process_create", bpmn=model))["process"]
        machines = await agent.ask("process_read", process=process, view="table", performer="machine")
        assert [row["element"] for row in machines["content"]] == ["ask"]
        whole = await agent.ask("process_read", process=process, view="table")
        (waiting,) = [row for row in whole["content"] if row["element"] == "await"]
        assert "performer" not in waiting

    played(play)


def test_steps_that_name_no_role_are_done_by_whom_their_lane_stands_for() -> None:
    roles = (
        '<extensionElements><fm:role id="supplier" name="Supplier" kind="third_party"/></extensionElements>'
    )
    lanes = (
        '<laneSet id="l"><lane id="lane_s" name="supplier"><flowNodeRef>pack</flowNodeRef><flowNodeRef>sign</flowNodeRef>'
        "</lane></laneSet>"
    )
    tasks = '<manualTask id="pack"/><userTask id="sign"/><task id="file"/><manualTask id="store"/>'
    model = bpmn(
        roles + lanes + S + tasks + E + flows("s pack", "pack sign", "sign file", "file store", "store e")
    )

    async def play(agent: Agent) -> None:
        process = (await agent.ask("process_create", bpmn=model))["process"]
        for performer, steps in (("third_party", ["pack", "sign"]), ("internal", ["file", "store"])):
            shown = await agent.ask("process_read", process=process, view="table", performer=performer)
            assert [row["element"] for row in shown["content"]] == steps

    played(play)


def test_open_tasks_are_found_by_what_their_roles_stand_for_also_after_an_escalation() -> None:
    people = ("sort", "lend", "offer", "pack", "both", "look")
    steps = [step for step in SUPPLY["steps"] if set(step) & {*people, "check", "end"}]
    outline = {**SUPPLY, "steps": steps}
    answers: dict[str, Body] = {"sort": {"ok": True}, "offer": {"price": 5}}

    async def play(agent: Agent) -> None:
        await agent.published(outline)
        instance = (await agent.started("supply", item="nut"))["instance"]
        seen = dict.fromkeys(("internal", "affiliated", "third_party", "machine", "agent"), "")
        while open_now := await names(agent, instance=instance):
            (name,) = open_now
            for kind in seen:
                found = await names(agent, performer=kind)
                assert found == ([name] if name in DONE_BY[kind] else []), (name, kind)
                seen[kind] += "x" if found else ""
            (task,) = (await agent.ask("task_find", instance=instance))["items"]
            if name == "offer":
                assert task["performers"] == ["third_party"]
                await agent.ask("task_act", task=task["task"], action="escalate", to="buyer")
                assert await names(agent, performer="third_party") == []
                assert await names(agent, performer="internal") == ["offer"]
            given = answers.get(name, {})
            await agent.ask("task_act", task=task["task"], action="complete", variables=given, as_user="ann")
        assert all(seen.values())

    played(play)


def test_the_kind_of_a_role_is_changed_by_an_edit_that_keeps_its_name() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=SUPPLY)
        edited = await agent.ask(
            "process_edit",
            process="supply",
            edits=[{"set_roles": {"buyer": {"kind": "affiliated"}, "plant": {"kind": "internal"}, "supplier": "Suppliers"}}],
        )  # fmt: skip
        assert edited["draft"] == 2
        text = (await agent.ask("process_read", process="supply"))["content"]
        assert "buyer: {name: Buyers, kind: affiliated}" in text
        assert "plant: Sister plant" in text
        assert "supplier: {name: Suppliers, kind: third_party}" in text
        assert (await agent.ask("process_read", process="supply", view="table", performer="affiliated"))[
            "content"
        ]

    played(play)


@pytest.mark.parametrize(
    ("roles", "path", "says"),
    [
        ({"a": {"kind": "third_prty"}}, "outline.roles.a.kind", "Did you mean 'third_party'"),
        ({"a": {"knd": "agent"}}, "outline.roles.a.knd", "Did you mean 'kind'"),
        ({"a": {"name": ["x"]}}, "outline.roles.a.name", "a text"),
    ],
)
def test_what_no_role_can_be_is_refused_with_its_place(roles: Body, path: str, says: str) -> None:
    async def play(agent: Agent) -> None:
        refusal = await agent.refusal(
            "process_create", outline={"process": "p", "roles": roles, "steps": [{"x": {"ask": "a"}}]}
        )
        assert (refusal["path"] or "").removeprefix("outline.") == path.removeprefix("outline.")
        assert says in refusal["message"]

    played(play)


def test_a_model_with_an_unknown_kind_of_role_is_not_published() -> None:
    extension = '<extensionElements><fm:role id="r" name="R" kind="alien"/></extensionElements>'
    model = bpmn(extension + S + user("a") + E + flows("s a", "a e"))

    async def play(agent: Agent) -> None:
        created = await agent.ask("process_create", bpmn=model)
        refusal = await agent.refusal("process_publish", process=created["process"])
        assert "role.kind_unknown" in str(refusal)
        wrong = await agent.refusal("process_read", process=created["process"], performer="agent")
        assert (wrong["code"], wrong["path"]) == ("process.view_unfiltered", "performer")

    played(play)
