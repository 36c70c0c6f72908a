"""What a scenario expects of reminders and escalations, and what a service answers that another scenario answers otherwise."""

from typing import Any

import pytest

from flowmaster.engine.values import Json
from tests.acceptance.agent import Agent, Body, played

BILL: dict[str, Any] = {
    "process": "bill",
    "roles": ["clerk", "boss", "head"],
    "data": {"receipt": "text"},
    "result": "outcome",
    "steps": [
        {
            "look": {
                "ask": "clerk",
                "form": {},
                "remind": "P1D",
                "within": "P2D",
                "late": {"escalate": ["boss", "head"]},
            }
        },
        {"pay": {"call": "bank", "into": "receipt?", "on": {"CLOSED": [{"end": "closed"}]}}},
        {"end": "paid"},
    ],
}


def case(name: str, after: str, **expect: Json) -> dict[str, Any]:
    """Return a scenario in which somebody looks after a while."""
    return {"name": name, "answers": {"look": {"after": after}}, "expect": {"end": "paid", **expect}}


def outcomes_of(*scenarios: Json) -> Body:
    """Return by name how scenarios of the bill went that are saved with it."""
    found: Body = {}

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline={**BILL, "scenarios": list(scenarios)})
        body = await agent.ask("process_test", process="bill")
        found.update({each["name"]: each for each in body["scenarios"]})
        for edit in (each["fix_edit"] for each in body["scenarios"] if "fix_edit" in each):
            await agent.ask("process_edit", process="bill", edits=[edit])

    played(play)
    return found


def test_an_escalation_to_several_roles_is_expected_by_a_list() -> None:
    found = outcomes_of(
        case("both", "P3D", escalated={"look": ["boss", "head"]}),
        case("one of them", "P3D", escalated={"look": "head"}),
        case("any", "P3D", escalated=["look"]),
        case("another", "P3D", escalated={"look": ["boss", "clerk"]}),
    )
    assert [name for name, each in found.items() if each["passed"]] == ["both", "one of them", "any"]
    (differs,) = found["another"]["differences"]
    assert differs == {"what": "escalated.look", "expected": "boss, clerk", "got": "boss, head"}
    assert found["another"]["fix_edit"]["set_scenarios"][0]["expect"]["escalated"] == {
        "look": ["boss", "head"]
    }


def test_nothing_escalated_and_nobody_reminded_are_expectations() -> None:
    found = outcomes_of(
        case("soon", "PT1H", escalated={}, reminded=[]),
        case("reminded", "PT25H", escalated={}, reminded=["look"]),
        case("late", "P3D", escalated={}, reminded=[]),
        case("whatever", "P3D"),
    )
    assert {name for name, each in found.items() if each["passed"]} == {"soon", "reminded", "whatever"}
    assert [each["what"] for each in found["late"]["differences"]] == ["escalated", "reminded"]


def test_an_error_of_a_service_takes_the_place_of_the_result_and_a_result_that_of_an_error() -> None:
    good: Json = {**case("good", "PT1H", variables={"receipt": "R1"}), "services": {"pay": {"receipt": "R1"}}}
    found = outcomes_of(
        good,
        {
            "name": "closed",
            "like": "good",
            "services": {"pay": {"error": "CLOSED"}},
            "expect": {"end": "closed", "variables": {"receipt": None}},
        },
        {
            "name": "down",
            "like": "closed",
            "services": {"pay": {"fail": "down"}},
            "expect": {"incident": "pay"},
        },
        {
            "name": "good again",
            "like": "closed",
            "services": {"pay": {"receipt": "R2"}},
            "expect": {"end": "paid", "variables": {"receipt": "R2"}},
        },
        {"name": "never", "like": "closed", "services": {"pay": None}, "expect": {"waits_at": ["pay"]}},
    )
    assert [name for name, each in found.items() if not each["passed"]] == []


HOLIDAY: dict[str, Any] = {
    "process": "holiday",
    "roles": ["boss"],
    "data": {"employee": "person"},
    "start": {"needs": ["employee"]},
    "steps": [{"give dates": {"ask": "employee", "form": {"dates": "text"}}}, {"end": "known"}],
}


def test_whoever_is_named_in_a_scenario_may_not_do_the_task_of_another() -> None:
    found: Body = {}

    async def play(agent: Agent) -> None:
        asked = {"dates": "May"}
        own = {"name": "own", "answers": {"give dates": asked | {"by": "ben"}}, "expect": {"end": "known"}}
        other = {
            "name": "other",
            "answers": {"give dates": asked | {"by": "mia"}},
            "expect": {"refused": "give dates"},
        }
        cases = [each | {"given": {"employee": "ben"}} for each in (own, other)]
        found.update(await agent.ask("process_create", outline={**HOLIDAY, "scenarios": cases}))

    played(play)
    assert found["scenarios"].startswith("2 of 2 scenarios passed")


def test_a_person_without_a_name_is_refused_at_the_start() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=HOLIDAY)
        await agent.ask("process_publish", process="holiday")
        refused = await agent.answer("instance_start", {"process": "holiday", "variables": {"employee": ""}})
        assert refused.refused
        assert "variables.employee" in refused.text

    played(play)


@pytest.mark.parametrize(
    ("kind", "wrong", "right"),
    [
        ("date", "2026-02-30", "2026-02-28"),
        ("time", "25:99", "09:00:00"),
        ("datetime", "yesterday", "2026-02-28T09:00:00Z"),
        ("duration", "P", "PT1H"),
        ("email", "no mail", "ann@example.org"),
    ],
)
def test_texts_of_a_kind_are_refused_where_they_are_none(kind: str, wrong: str, right: str) -> None:
    outline = {
        "process": "kinds",
        "data": {"x": kind},
        "start": {"needs": ["x"]},
        "steps": [{"end": "done"}],
    }

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=outline)
        await agent.ask("process_publish", process="kinds")
        refused = await agent.answer("instance_start", {"process": "kinds", "variables": {"x": wrong}})
        assert refused.status == 422
        assert "variables.x" in refused.text
        assert (await agent.ask("instance_start", process="kinds", variables={"x": right}))[
            "status"
        ] == "completed"

    played(play)


def test_the_entry_that_a_turn_is_about_is_seen_beside_its_task() -> None:
    changes = [{"product": "pen", "price": 3}, {"product": "ink", "price": 4}]
    steps = [
        {"look": {"ask": "boss", "each": "change in changes", "form": {"fine": "boolean"}}},
        {"end": "done"},
    ]
    outline = {
        "process": "prices",
        "roles": ["boss"],
        "data": {"changes": [{"product": "text", "price": "number"}]},
        "start": {"needs": ["changes"]},
        "steps": steps,
    }

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=outline)
        await agent.ask("process_publish", process="prices")
        started = await agent.ask("instance_start", process="prices", variables={"changes": changes})
        for waiting, change in zip(started["waiting"], changes, strict=True):
            task = await agent.ask("task_read", task=waiting["task"], detail=["briefing"])
            assert task["data"]["change"] == change
            assert change["product"] in task["briefing"][-1]

    played(play)


def test_a_start_of_an_unknown_process_names_the_near_one() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=HOLIDAY)
        refused = await agent.answer("instance_start", {"process": "hollyday"})
        assert "Did you mean 'holiday'?" in refused.text

    played(play)
