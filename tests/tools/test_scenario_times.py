"""When things happen in a scenario: messages and answers come in the order of their times, and starts may be refused."""

from typing import Any

from tests.acceptance.agent import Agent, Body, played

STAY: dict[str, Any] = {
    "process": "stay",
    "roles": ["clerk"],
    "data": {"first": "date", "nights": "number > 0", "guest": "person", "paid": "text"},
    "start": {"needs": ["first", "nights", "guest"], "checks": {"not in the past": "first >= today()"}},
    "steps": [
        {
            "check": {
                "ask": "clerk",
                "form": {"ok": "boolean", "room": "integer 1..99"},
                "into": ["ok", "room"],
            }
        },
        {"charge": {"call": "bank", "into": "paid?"}},
        {"end": "booked"},
    ],
    "events": [{"message": "cancel", "key": "guest", "then": [{"end": "cancelled"}]}],
}
BASE: dict[str, Any] = {
    "at": "2030-01-31",
    "given": {"first": "2030-01-31", "nights": 1, "guest": "ann"},
    "answers": {"check": {"ok": True, "room": 7, "after": "P2D"}},
}
CANCEL = {"name": "cancel", "key": "ann"}


def outcome(**scenario: Any) -> Body:
    """Return the outcome of one scenario of the stay."""
    found: list[Body] = []

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=STAY)
        case = {"name": "case", **BASE, **scenario}
        found.extend((await agent.ask("process_test", process="stay", scenarios=[case]))["scenarios"])

    played(play)
    return found[0]


def test_a_message_comes_before_an_answer_that_is_later() -> None:
    early = outcome(messages=[{**CANCEL, "after": "P1D"}], expect={"end": "cancelled", "skips": ["charge"]})
    assert early["passed"], early
    late = outcome(messages=[{**CANCEL, "after": "P3D"}], expect={"end": "booked"})
    assert late["passed"], late


def test_a_message_right_after_a_step_comes_while_the_next_one_is_under_way() -> None:
    found = outcome(messages=[{**CANCEL, "after": "check"}], expect={"end": "cancelled", "path": ["check"]})
    assert found["passed"], found
    assert found["path"][0] == "check"


def test_a_scenario_begins_when_it_says() -> None:
    assert outcome(expect={"end": "booked"})["passed"]
    found = outcome(at="2030-02-01", expect={"end": "booked"})
    assert not found["passed"]
    assert "not in the past" in found["refused"]["message"]


def test_a_start_that_shall_be_refused_is_expected_by_name() -> None:
    past = outcome(at="2030-02-01T00:00:00Z", expect={"refused": "start"})
    assert past["passed"], past
    bad = {**BASE["given"], "nights": 0}
    assert outcome(given=bad, expect={"refused": ["nights"]})["passed"]
    assert not outcome(given=bad, expect={"refused": ["first"]})["passed"]
    assert not outcome(expect={"refused": "start"})["passed"]


def test_an_answer_that_does_not_fit_the_form_is_refused() -> None:
    answers = {"check": {"ok": True, "room": 100}}
    assert outcome(answers=answers, expect={"refused": ["check"], "waits_at": ["check"]})["passed"]
    found = outcome(answers=answers, expect={"end": "booked"})
    assert not found["passed"]
    assert "100 is greater than the maximum of 99" in str(found["differences"])


def test_a_result_that_is_not_of_the_declared_type_leaves_the_job_open() -> None:
    answers = {"check": {"ok": True, "room": 7}}
    found = outcome(answers=answers, services={"charge": {"paid": 5}}, expect={"end": "booked"})
    assert not found["passed"]
    assert "5 is not of type 'string'" in str(found["differences"])
    assert "charge" in found["waits_at"]


def test_a_scenario_that_is_not_saved_may_be_like_one_that_is() -> None:
    async def play(agent: Agent) -> None:
        base = {"name": "base", **BASE, "expect": {"end": "booked"}}
        await agent.ask("process_create", outline={**STAY, "scenarios": [base]})
        case = {"name": "case", "like": "base", "given": {"nights": 3}, "expect": {"end": "booked"}}
        tested = await agent.ask("process_test", process="stay", scenarios=[case])
        assert tested["passed"] == 1

    played(play)


def test_a_rule_that_was_saved_today_decides_in_a_scenario_of_the_past() -> None:
    table = {
        "decision": "rate",
        "inputs": [{"name": "nights", "type": "number"}],
        "outputs": [{"name": "rate", "type": "number"}],
        "rules": [["< 7", "80"], [">= 7", "60"]],
    }

    async def play(agent: Agent) -> None:
        await agent.ask("rule_save", table=table)
        steps = [{"find rate": {"rule": "rate", "into": "rate"}}, {"end": "known"}]
        await agent.ask(
            "process_create", outline={"process": "rates", "data": {"nights": "number"}, "steps": steps}
        )
        case = {
            "name": "past",
            "at": "2001-01-01",
            "given": {"nights": 9},
            "expect": {"variables": {"rate": 60}},
        }
        tested = await agent.ask("process_test", process="rates", scenarios=[case])
        assert tested["passed"] == 1, tested

    played(play)


def test_what_nobody_does_stays_open_whatever_a_like_scenario_brings() -> None:
    async def play(agent: Agent) -> None:
        base = {"name": "base", **BASE, "expect": {"end": "booked"}}
        nobody = {
            "name": "nobody",
            "like": "base",
            "answers": {"check": None},
            "expect": {"waits_at": ["check"], "path": ["check"]},
        }
        slow = {
            "name": "slow",
            "like": "base",
            "services": {"charge": None},
            "messages": [{**CANCEL, "after": "check"}],
            "expect": {"end": "cancelled", "path": ["check", "charge", "cancel"]},
        }
        await agent.ask("process_create", outline={**STAY, "scenarios": [base, nobody, slow]})
        tested = await agent.ask("process_test", process="stay")
        assert tested["failed"] == 0, tested["scenarios"]

    played(play)


def test_what_a_timer_begins_comes_before_an_answer_that_is_later() -> None:
    step = {
        "ask": "clerk",
        "form": {"ok": "boolean"},
        "into": "ok",
        "on": [{"after": "P1D", "keep": True, "then": [{"tell": {"call": "mail"}}]}],
    }
    case = {
        "name": "case",
        "answers": {"look": {"ok": True, "after": "P2D"}},
        "expect": {"end": "seen", "path": ["tell", "look"]},
    }

    async def play(agent: Agent) -> None:
        steps = [{"look": step}, {"end": "seen"}]
        outline = {"process": "look", "roles": ["clerk"], "steps": steps, "scenarios": [case]}
        await agent.ask("process_create", outline=outline)
        tested = await agent.ask("process_test", process="look")
        assert tested["failed"] == 0, tested["scenarios"]

    played(play)


def test_a_scenario_may_end_in_a_wait_for_a_time_and_a_group_says_what_its_ends_are() -> None:
    outline = {
        "process": "pause",
        "data": {"days": "integer"},
        "start": {"needs": ["days"]},
        "steps": [
            {
                "rest": {
                    "group": [
                        {
                            "sleep": {
                                "group": [{"dream": {"wait": '=duration("P" + string(days) + "D")'}}],
                                "on": [{"after": "PT1H", "keep": True, "then": [{"end": "turned over"}]}],
                            }
                        },
                        {"end": "rested"},
                    ]
                }
            },
            {"end": "awake"},
        ],
        "scenarios": [
            {"name": "early", "given": {"days": 2}, "clock": ["P1D"], "expect": {"waits_at": "dream"}},
            {"name": "late", "given": {"days": 2}, "expect": {"end": "awake"}},
        ],
    }

    async def play(agent: Agent) -> None:
        created = await agent.ask("process_create", outline=outline)
        assert [text for text in created["defaults"] if "turned over" in text] == []
        assert any("'rested' in 'rest' ends that group alone" in text for text in created["defaults"])
        assert (await agent.ask("process_test", process="pause"))["failed"] == 0

    played(play)


REMINDED: dict[str, Any] = {
    "process": "call-back",
    "data": {"done": "boolean"},
    "steps": [
        {"call back": {"ask": "clerk", "into": "done", "within": "P1D", "late": [{"goto": "call back"}]}},
        {"end": "called"},
    ],
}


def test_a_visit_that_nobody_answers_gives_way_to_the_next_one() -> None:
    async def play(agent: Agent) -> None:
        scenarios = [
            {
                "name": "third",
                "answers": {"call back": [None, None, {"done": True}]},
                "clock": ["next", "next"],
                "expect": {"end": "called"},
            },
            {"name": "never", "answers": {"call back": []}, "expect": {"waits_at": ["call back"]}},
            {
                "name": "exactly",
                "answers": {"call back": [None, {"done": True}]},
                "clock": ["P2D"],
                "expect": {"end": "called", "path": ["call back"], "exactly": True},
            },
        ]
        await agent.ask("process_create", outline={**REMINDED, "scenarios": scenarios})
        body = await agent.ask("process_test", process="call-back")
        third, never, exactly = body["scenarios"]
        assert (third["passed"], exactly["passed"]) == (True, True), body
        assert never["status"] == "active"

    played(play)


def test_a_case_that_repeats_itself_without_end_says_so() -> None:
    async def play(agent: Agent) -> None:
        outline: dict[str, Any] = {
            "process": "again",
            "data": {"n": "number"},
            "steps": [{"ask": {"ask": "clerk", "into": "n"}}, {"if": "n > 0", "then": [{"goto": "ask"}]}],
            "scenarios": [{"name": "ever", "answers": {"ask": {"n": 1}}, "expect": {"path": ["ask"]}}],
        }
        await agent.ask("process_create", outline=outline)
        (ever,) = (await agent.ask("process_test", process="again"))["scenarios"]
        (differs,) = ever["differences"]
        assert differs == {"what": "acts", "expected": "at most 500", "got": "it still goes on"}

    played(play)


def test_what_an_error_end_sets_is_known_to_who_catches_it() -> None:
    outline = {
        "process": "order",
        "steps": [
            {
                "try it": {
                    "group": [
                        {"count": {"call": "stock.count", "into": "left"}},
                        {
                            "if": "left = 0",
                            "then": [{"end": {"error": "STOP"}, "set": {"why": '"sold out"'}}],
                        },
                    ],
                    "on": {
                        "STOP": [
                            {"if": 'why = "sold out"', "then": [{"end": "sold out"}]},
                            {"end": "stopped"},
                        ]
                    },
                }
            },
            {"end": "there"},
        ],
        "data": {"why": "text", "left": "integer"},
        "scenarios": [
            {
                "name": "none left",
                "services": {"count": {"left": 0}},
                "expect": {"end": "sold out", "variables": {"why": "sold out"}},
            }
        ],
    }

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=outline)
        assert (await agent.ask("process_test", process="order"))["failed"] == 0

    played(play)


def test_a_test_of_a_draft_with_errors_leads_to_them_and_not_to_publishing() -> None:
    stop = {"group": [{"end": {"error": "STOP"}}], "on": {"STOP": [{"end": "stopped"}]}}
    outline = {
        "process": "order",
        "data": {"why": "text"},
        "steps": [{"try it": stop}],
        "scenarios": [{"name": "it stops", "expect": {"end": "stopped"}}],
    }

    async def play(agent: Agent) -> None:
        created = await agent.ask("process_create", outline=outline)
        assert created["problems"][0]["severity"] == "error"
        told = await agent.ask("process_test", process="order")
        assert told["passed"] == 1
        assert [hint["operation"] for hint in told["next"]] == ["process_read"]

    played(play)


def test_an_event_comes_again_and_again_after_a_duration_that_was_computed() -> None:
    outline = {
        "process": "watch",
        "data": {"every": "duration", "rounds": "integer"},
        "start": {"needs": ["every"]},
        "steps": [
            {"count none": {"set": {"rounds": 0}}},
            {"look": {"wait": {"message": "over"}}},
            {"end": "over"},
        ],
        "events": [
            {
                "every": "=every * 2",
                "keep": True,
                "then": [{"count": {"set": {"rounds": "rounds + 1"}}}, {"end": "counted"}],
            }
        ],
        "scenarios": [
            {
                "name": "six hours",
                "given": {"every": "PT1H"},
                "clock": ["PT6H"],
                "expect": {"waits_at": ["look"], "variables": {"rounds": 3}},
            },
        ],
    }

    async def play(agent: Agent) -> None:
        created = await agent.ask("process_create", outline=outline)
        assert [problem for problem in created["problems"] if problem["severity"] == "error"] == []
        assert (await agent.ask("process_test", process="watch"))["failed"] == 0

    played(play)
