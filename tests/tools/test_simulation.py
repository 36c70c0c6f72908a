"""Many cases of a process in virtual time, through the operation: figures, sources, variants, refusals."""

import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import anyio
import pytest
from mcp import Client

from flowmaster.runtime.simulation.figures import Figures
from flowmaster.runtime.simulation.run import Simulation
from flowmaster.server.mcp_door import mcp_server
from flowmaster.tools.invoke import invoke
from flowmaster.tools.registry import Call, Caller
from flowmaster.tools.steps import Stopped
from tests.acceptance.agent import Agent, body_of, played, whole_state
from tests.acceptance.town import LEAVE, bpmn, settled
from tests.doors.agents_door import stage
from tests.token_count import token_count

TOKENS_MAX = 2_000
HALF_AN_HOUR = {"distribution": "exponential", "mean": "PT30M"}


def test_cases_of_the_scenarios_end_wait_work_and_cost() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        before = whole_state(agent.app)
        found = await agent.ask(
            "process_simulate",
            process="leave",
            cases=2_000,
            arrivals={"per_hour": 1},
            durations={"check": HALF_AN_HOUR, "sign": "PT10M", "hr.book": "PT1M"},
            staff={"clerk": 1, "boss": {"number": 2, "cost_per_hour": 60}},
            costs={"book": Decimal("0.5")},
        )
        assert whole_state(agent.app) == before
        assert found["ended"] == {"done": 2_000}
        assert "stuck" not in found
        steps = {step["step"]: step for step in found["steps"]}
        assert {name: step["visits"] for name, step in steps.items()} == dict.fromkeys(
            ("check", "sign", "book"), 2_000
        )
        assert (steps["sign"]["worked"], steps["book"]["worked"]) == ("PT10M", "PT1M")
        assert {step["duration"] for step in steps.values()} == {"given"}
        roles = {role["role"]: role for role in found["roles"]}
        # One an hour and half an hour of work: a clerk works half of the time, and a case waits half an hour for one (M/M/1).
        assert float(roles["clerk"]["busy"]) == pytest.approx(0.5, abs=0.05)
        assert steps["check"]["waited"] in {
            f"PT{minutes}M{seconds}S" for minutes in range(22, 39) for seconds in range(60)
        }
        # Ten minutes of a boss at 60 an hour are 10; booking is 0.5.
        assert found["cost"] == {"sum": 21_000, "per_case": Decimal("10.5")}
        assert found["cycle"]["median"] > "PT2"
        assert found["assumed"] == ["arrivals: as given", "inputs and answers: all scenarios, each as often"]

    played(play)


def test_the_same_seed_gives_the_same_answer_and_another_one_gives_another() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        given: dict[str, Any] = {"process": "leave", "cases": 300, "durations": {"check": HALF_AN_HOUR}}
        first, again, other = [await agent.ask("process_simulate", seed=seed, **given) for seed in (3, 3, 4)]
        assert first == again
        assert first["cycle"] != other["cycle"]
        with_svg = await agent.ask("process_simulate", seed=3, view="svg", **given)
        assert with_svg["summary"] == first["summary"]

    played(play)


def test_a_variant_meets_the_same_cases_and_more_people_wait_less() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        office = {"zone": "Europe/Berlin", "hours": {"mon-fri": "09:00-17:00"}}
        given: dict[str, Any] = {
            "process": "leave",
            "cases": 500,
            "arrivals": {"per_hour": 2, "calendar": office},
            "durations": {
                "check": {"distribution": "triangular", "min": "PT10M", "mode": "PT20M", "max": "PT1H"}
            },
            "staff": {"clerk": {"number": 1, "cost_per_hour": 40, "calendar": office}},
        }
        found = await agent.ask("process_simulate", **given, with_={"staff": {"clerk": 2}})
        rows = {row["figure"]: (row["base"], row["variant"]) for row in found["compared"]}
        assert [int(part.partition(" ")[0]) for part in rows["clerk busy"]] == [
            pytest.approx(97, abs=3),
            pytest.approx(50, abs=5),
        ]
        # More people keep their hours and what they cost: the same work costs the same.
        assert "cost per case" not in rows
        assert "clerk: 1 person is busy" in found["bottlenecks"][0]
        alone = await agent.ask(
            "process_simulate", **{**given, "staff": {"clerk": {**given["staff"]["clerk"], "number": 2}}}
        )
        assert rows["cycle mean"][1] == alone["cycle"]["mean"]
        assert token_count(str(found)) < TOKENS_MAX

    played(play)


def test_durations_are_measured_from_what_tasks_really_took() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        for _ in range(3):
            started = await agent.started("leave", days=1, who="ann")
            instance = started["instance"]
            await agent.advance("PT2H")
            check = await agent.task(instance, "check")
            await agent.ask("task_act", task=check, action="claim", as_user="bob")
            await agent.advance("PT20M")
            await agent.ask("task_act", task=check, action="complete", as_user="bob", variables={"ok": True})
            await agent.advance("PT5M")
            sign = await agent.task(instance, "sign")
            await agent.ask(
                "task_act", task=sign, action="complete", as_user="cid", variables={"signed": True}
            )
            job = (await agent.ask("work_take", types=["hr.book"]))["items"][0]["job"]
            await agent.ask("work_finish", job=job, variables={"receipt": "R"})
        found = await agent.ask("process_simulate", process="leave", cases=50, durations={"book": "PT3M"})
        steps = {step["step"]: (step.get("worked"), step["duration"]) for step in found["steps"]}
        assert steps["check"] == ("PT20M", "measured of 3")
        assert steps["sign"] == ("PT5M", "measured of 3")
        assert steps["book"] == ("PT3M", "given")
        recorded = await agent.ask("process_simulate", process="leave", cases=50, inputs="recorded")
        assert "inputs: those of the newest 3 instances" in recorded["assumed"]

    played(play)


def test_reminders_and_escalations_come_from_the_engine_and_the_task_goes_to_the_other_role() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        found = await agent.ask(
            "process_simulate",
            process="reminded",
            cases=10,
            arrivals={"every": "PT1H", "distribution": "fixed"},
            inputs=[{}],
            answers={"look": [{"variables": {"seen": True}}]},
            durations={"look": "PT8H"},
            staff={"clerk": 0, "boss": 1},
        )
        assert found["ended"] == {"done": 10}
        assert found["timers"] == {"look escalate": 10, "look remind": 10}
        roles = {role["role"]: role["tasks"] for role in found["roles"] if role["tasks"]}
        assert roles == {"boss": 10}
        assert "look: 100 % of its tasks are escalated." in found["bottlenecks"]

    played(play)


def test_cases_that_do_not_go_on_are_told_with_place_and_reason() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        letter = await agent.ask(
            "process_simulate", process="letter", cases=20, inputs=[{"variables": {"number": "1"}}]
        )
        assert letter["stuck"] == [{"at": "reply", "cases": 20, "why": "The message 'answer' does not come."}]
        come = await agent.ask(
            "process_simulate",
            process="letter",
            cases=20,
            inputs=[{"variables": {"number": "1"}}],
            messages={"answer": {"after": "P2D"}},
        )
        assert (come["ended"], come["cycle"]["max"]) == ({"filed": 20}, "P2D")
        silent = await agent.ask("process_simulate", process="reminded", cases=5, inputs=[{}])
        assert silent["stuck"] == [{"at": "look", "cases": 5, "why": "Nobody answers `seen`."}]
        nobody = await agent.ask("process_simulate", process="leave", cases=5, staff={"clerk": 0})
        assert nobody["stuck"] == [{"at": "check", "cases": 5, "why": "The role 'clerk' has no people."}]
        excluded = await agent.ask("process_simulate", process="leave", cases=5, errors={"book": {"AWAY": 1}})
        (place,) = excluded["stuck"]
        assert (place["at"], place["cases"]) == ("book", 5)
        assert "AWAY" in place["why"]

    played(play)


def test_who_checked_does_not_sign_though_one_person_is_alone_in_both_roles() -> None:
    """The process excludes who did the first step from the second one; one person cannot do both."""
    outline = {
        **LEAVE,
        "process": "pair",
        "steps": [
            {"check": {"ask": "clerk", "form": {"ok": "boolean"}, "into": "ok"}},
            {"sign": {"ask": "clerk", "not": ["check"], "form": {"signed": "boolean"}, "into": "signed"}},
            {"end": "done"},
        ],
        "scenarios": [],
    }

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=outline)
        given: dict[str, Any] = {
            "process": "pair",
            "cases": 10,
            "inputs": [{"variables": {"days": 1, "who": "ann"}}],
            "answers": {"check": [{"variables": {"ok": True}}], "sign": [{"variables": {"signed": True}}]},
        }
        alone = await agent.ask("process_simulate", **given, staff={"clerk": 1})
        assert (alone["stuck"][0]["at"], alone["stuck"][0]["cases"]) == ("sign", 10)
        assert "excluded" in alone["stuck"][0]["why"]
        two = await agent.ask("process_simulate", **given, staff={"clerk": 2})
        assert two["ended"] == {"done": 10}

    played(play)


def test_values_are_drawn_and_the_conditions_of_the_process_decide_over_them() -> None:
    outline = {
        "process": "sort",
        "data": {"letter": {"pages": "number", "kind": "text"}},
        "start": {"needs": ["letter"]},
        "steps": [
            {"if": "letter.pages > 75", "then": [{"end": "thick"}]},
            {"if": 'letter.kind = "bill"', "then": [{"end": "bill"}]},
            {"end": "other"},
        ],
    }

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=outline)
        vary = {
            "letter.pages": {"distribution": "uniform", "min": 0, "max": 100, "places": 0},
            "letter.kind": {"one_of": ["bill", "note"]},
        }
        found = await agent.ask("process_simulate", process="sort", cases=4_000, inputs=[{"vary": vary}])
        assert sum(found["ended"].values()) == 4_000
        assert found["ended"]["thick"] == pytest.approx(1_000, rel=0.1)
        assert found["ended"]["bill"] == pytest.approx(1_500, rel=0.1)
        wide = {"letter.pages": {"distribution": "normal", "mean": 0, "deviation": 1}}
        half = [{"variables": {"letter": {"kind": "note"}}, "vary": wide}]
        assert (await agent.ask("process_simulate", process="sort", cases=10, inputs=half))["ended"] == {
            "other": 10
        }

    played(play)


def test_views_show_all_steps_and_where_the_time_goes() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        given: dict[str, Any] = {"process": "leave", "cases": 20, "durations": {"check": "PT30M"}}
        table = await agent.ask("process_simulate", **given, view="table")
        assert "| check | 20 |  | PT30M | given |" in table["content"]
        picture = await agent.ask("process_simulate", **given, view="svg")
        assert picture["content"].startswith("<svg")
        assert "30 min" in picture["content"] or "10 h" in picture["content"]
        assert "time spent" in picture["content"]
        assert (await agent.ask("process_simulate", **given, view="png"))["content"].startswith(
            "data:image/png"
        )

    played(play)


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"durations": {"chek": "PT1M"}}, "simulation.step_unknown", "durations.chek"),
    ({"answers": {"chek": [{}]}}, "simulation.step_unknown", "answers.chek"),
    ({"staff": {"clrk": 1}}, "simulation.role_unknown", "staff.clrk"),
    ({"staff": {"clerk": -1}}, "arguments.invalid", "staff.clerk"),
    ({"staff": {"clerk": {"number": -1}}}, "arguments.invalid", "staff.clerk"),
    ({"staff": {"clerk": {"cost_per_hour": -1}}}, "simulation.number_wrong", "staff.clerk.cost_per_hour"),
    ({"staff": {"clerk": {"calendar": "office"}}}, "simulation.calendar_unknown", "staff.clerk.calendar"),
    (
        {"staff": {"clerk": {"calendar": {"hours": {"mon": "9-5"}}}}},
        "calendar.malformed",
        "staff.clerk.calendar",
    ),
    ({"durations": {"check": "soon"}}, "timer.unreadable", "durations.check"),
    ({"durations": {"check": "-PT1M"}}, "arguments.invalid", "durations.check"),
    ({"durations": {"check": "P99Y"}}, "simulation.duration_wrong", "durations.check"),
    (
        {"durations": {"check": {"distribution": "triangular", "min": "PT1M", "max": "PT2M"}}},
        "simulation.distribution_impossible",
        "durations.check.mode",
    ),
    (
        {"durations": {"check": {"distribution": "uniform", "min": "PT2M", "max": "PT1M"}}},
        "simulation.distribution_impossible",
        "durations.check.min",
    ),
    (
        {"durations": {"check": {"distribution": "exponential", "mean": "PT0S"}}},
        "simulation.distribution_impossible",
        "durations.check.mean",
    ),
    (
        {"durations": {"check": {"distribution": "uniform", "min": "PT1M", "max": "PT2M", "mean": "PT1M"}}},
        "simulation.distribution_impossible",
        "durations.check.mean",
    ),
    ({"durations": {"check": {"distribution": "gamma"}}}, "arguments.invalid", "durations.check"),
    ({"answers": {"check": [{"weight": 0}]}}, "simulation.answer_wrong", "answers.check"),
    (
        {"answers": {"check": [{"variables": {"ok": "maybe"}}]}},
        "simulation.answer_wrong",
        "answers.check[0].variables",
    ),
    ({"answers": {"check": [{"error": "X"}]}}, "simulation.error_of_person", "answers.check[0]"),
    ({"answers": {"book": [{"error": "X", "fail": "y"}]}}, "simulation.answer_wrong", "answers.book[0].fail"),
    ({"answers": {"book": [{"weight": -1}]}}, "simulation.number_wrong", "answers.book[0].weight"),
    ({"errors": {"check": {"X": 1}}}, "simulation.error_of_person", "errors.check"),
    ({"errors": {"book": {"X": 2}}}, "simulation.number_wrong", "errors.book.X"),
    (
        {"errors": {"book": {"X": Decimal("0.6"), "Y": Decimal("0.6")}}},
        "simulation.number_wrong",
        "errors.book",
    ),
    ({"inputs": []}, "simulation.inputs_wrong", "inputs"),
    ({"inputs": [{"weight": 0, "scenario": "granted"}]}, "simulation.inputs_wrong", "inputs"),
    (
        {"inputs": [{"variables": {"days": 0, "who": "ann"}}]},
        "simulation.inputs_wrong",
        "inputs[0].variables",
    ),
    ({"inputs": [{"scenario": "grantd"}]}, "simulation.inputs_wrong", "inputs[0].scenario"),
    (
        {"inputs": [{"scenario": "granted", "vary": {"days": {}}}]},
        "simulation.distribution_impossible",
        "inputs[0].vary.days",
    ),
    ({"inputs": "recorded"}, "simulation.inputs_wrong", "inputs"),
    ({"arrivals": {"per_hour": 1, "every": "PT1H"}}, "simulation.arrivals_wrong", "arrivals.every"),
    ({"arrivals": {"per_hour": 0}}, "simulation.number_wrong", "arrivals.per_hour"),
    ({"arrivals": {"every": "P3000D"}}, "simulation.arrivals_wrong", "arrivals"),
    ({"messages": {"x": {"probability": 2}}}, "simulation.number_wrong", "messages.x.probability"),
    ({"costs": {"check": -1}}, "simulation.number_wrong", "costs.check"),
    ({"begins": "tomorrow"}, "timer.unreadable", "begins"),
    ({"begins": "1900-01-01"}, "simulation.begins_wrong", "begins"),
    ({"cases": 0}, "arguments.invalid", "cases"),
    ({"cases": 100_001}, "arguments.invalid", "cases"),
    ({"version": 1, "draft": 1}, "arguments.invalid", "draft"),
    ({"version": 9}, "process.version_unknown", "version"),
    ({"process": "leaf"}, "process.unknown", "process"),
    ({"with_": {"staff": {"clrk": 1}}}, "simulation.role_unknown", "with.staff.clrk"),
    (
        {"with_": {"durations": {"check": {"distribution": "fixed"}}}},
        "simulation.distribution_impossible",
        "with.durations.check.mean",
    ),
    ({"with_": {"cases": 3}}, "arguments.invalid", "with.cases"),
]


@pytest.mark.parametrize(("given", "code", "path"), WRONG, ids=[f"{path} {code}" for _, code, path in WRONG])
def test_what_makes_no_sense_is_refused_with_its_place_and_what_helps(
    given: dict[str, Any], code: str, path: str
) -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        refused = await agent.refusal("process_simulate", **{"process": "leave", "cases": 200, **given})
        assert refused["code"] == code, refused
        assert refused.get("path", "").startswith(path), refused
        assert refused.get("fix") or refused.get("expected") is not None, refused

    played(play)


def test_too_many_cases_at_once_are_refused_with_the_line_that_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowmaster.runtime.simulation.run.OPEN_MAX", 100)

    async def play(agent: Agent) -> None:
        await settled(agent)
        given: dict[str, Any] = {"process": "leave", "cases": 1_000, "durations": {"check": "PT5H"}}
        refused = await agent.refusal("process_simulate", **given, staff={"clerk": 1})
        assert (refused["code"], refused["path"]) == ("simulation.too_many_open", "staff")
        assert "'clerk'" in refused["message"]

    played(play)


def test_a_timer_that_goes_round_for_ever_ends_the_case_as_stuck() -> None:
    round_and_round = bpmn(
        '<startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="t"/>'
        '<intermediateCatchEvent id="t"><timerEventDefinition><timeDuration>PT1H</timeDuration>'
        '</timerEventDefinition></intermediateCatchEvent><sequenceFlow id="b" sourceRef="t" targetRef="g"/>'
        '<exclusiveGateway id="g" default="again"/><sequenceFlow id="again" sourceRef="g" targetRef="t"/>'
    )

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", bpmn=round_and_round)
        found = await agent.ask("process_simulate", process="p", cases=3)
        assert found["stuck"] == [
            {"at": "t", "cases": 3, "why": "Its timers fire again and again, and nobody acts."}
        ]

    played(play)


def test_it_tells_how_far_it_is() -> None:
    told: list[float] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append(progress)
        assert (total, message) == (4_000, "cases simulated")

    async def play() -> None:
        async with stage() as opened, Client(mcp_server(opened.app), mode="auto") as client:
            asked = {"process": "leave", "cases": 2_000, "with": {"arrivals": {"per_hour": 2}}}
            named = {"operation": "process_simulate", "arguments": asked}
            answer = await client.call_tool("operation_call", named, progress_callback=hear)
            assert not answer.is_error, answer

    anyio.run(play)
    assert told == sorted(told)
    assert len(told) > 20
    assert told[-1] > 3_900


def test_it_stops_when_its_call_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, stopped = threading.Event(), threading.Event()
    whole = Simulation.run

    def run(simulation: Simulation, between: Callable[[int], object]) -> Figures:
        begun.set()
        try:
            return whole(simulation, between)
        except Stopped:
            stopped.set()
            raise

    monkeypatch.setattr(Simulation, "run", run)

    async def play() -> None:
        async with stage() as opened:
            call = Call(app=opened.app, caller=Caller(door="test"))
            asked = {"process": "leave", "cases": 100_000}
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as group:
                    group.start_soon(invoke, opened.app.registry, call, "process_simulate", asked)
                    await anyio.to_thread.run_sync(begun.wait)
                    scope.cancel()

    anyio.run(play)
    assert stopped.wait(5)


def test_its_answers_stay_short_however_wide_the_process_and_the_question() -> None:
    outline: dict[str, Any] = {
        "process": "wide",
        "roles": [f"people of department {number}" for number in range(40)],
        "steps": [
            {
                "all": [
                    [{f"Step number {number} of the many": {"ask": f"people of department {number}"}}]
                    for number in range(40)
                ]
            }
        ],
    }

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=outline)
        steps = {f"Step number {number} of the many": "PT20M" for number in range(40)}
        staff = dict.fromkeys(outline["roles"], 1)
        asked: dict[str, Any] = {"process": "wide", "cases": 30, "durations": steps, "staff": staff}
        asked["with"] = {"staff": dict.fromkeys(staff, 2), "arrivals": {"per_hour": 4}}
        answer = await agent.answer("process_simulate", asked)
        assert not answer.refused, answer.text
        assert token_count(answer.text) < TOKENS_MAX
        assert set(body_of(answer)["left_out"]) >= {"steps", "roles", "compared"}

    played(play)


def test_what_instances_began_with_is_for_those_who_may_read_instances() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        await agent.started("letter", number="secret")
        reader = Agent(agent.app, replace(agent.caller, rights=frozenset({"process.read"})))
        assert (await agent.ask("process_simulate", process="letter", cases=5))["stuck"][0]["cases"] == 5
        for asked in ({}, {"inputs": "recorded"}):
            refused = await reader.refusal("process_simulate", process="letter", cases=5, **asked)
            assert (refused["code"], refused["path"]) == ("simulation.inputs_wrong", "inputs")
        given = [{"variables": {"number": "1"}}]
        assert "stuck" in await reader.ask("process_simulate", process="letter", cases=5, inputs=given)

    played(play)
