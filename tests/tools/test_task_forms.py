"""What a person is asked for: forms of form-js as JSON Schemas, and the checks that an answer has to pass."""

from typing import Any

from flowmaster.tools.forms import schema_of
from tests.acceptance.agent import Agent, played

OUTLINE = """
process: leave
roles: [boss]
steps:
  - approve: {ask: boss, form: {approved: boolean, reason?: text}, into: approved,
      checks: {a no needs a reason: approved or reason != null}}
  - end: granted
"""


def field(**component: Any) -> dict[str, Any]:
    """Return the schema of one component."""
    schema = schema_of({"components": [{"key": "x", **component}]})
    assert schema is not None
    found: Any = schema["properties"]
    result: dict[str, Any] = found["x"]
    return result


def test_values_to_choose_from_keep_their_names() -> None:
    values = [{"label": "Ja, sofort", "value": "yes"}, {"label": "Nein", "value": "no"}]
    assert field(type="select", label="Go?", values=values) == {
        "title": "Go?",
        "enum": ["yes", "no"],
        "enumNames": ["Ja, sofort", "Nein"],
    }
    assert field(type="checklist", values=values)["items"]["enumNames"] == ["Ja, sofort", "Nein"]


def test_values_that_are_called_what_they_are_need_no_names() -> None:
    assert field(type="radio", values=[{"label": "a", "value": "a"}]) == {"enum": ["a"]}
    assert field(type="radio", values=[{"value": 1}]) == {"enum": [1]}
    assert field(type="taglist", valuesKey="tags") == {"type": "array", "items": {"type": "string"}}


def test_dates_and_times_say_which_they_are() -> None:
    assert field(type="datetime", subtype="date", dateLabel="Day")["title"] == "Day"
    found = [field(type="datetime", subtype=each)["format"] for each in ("date", "time", "datetime")]
    assert found == ["date", "time", "date-time"]
    assert field(type="datetime")["format"] == "date"


def test_a_long_text_says_that_it_is_one() -> None:
    asked = field(type="textarea", label="Why", description="In your own words.")
    assert asked["contentMediaType"] == "text/plain"
    assert asked["description"] == "In your own words."


def test_a_task_tells_what_its_answer_is_checked_for() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(OUTLINE)
        task = await agent.task((await agent.started("leave"))["instance"])
        (check,) = (await agent.ask("task_read", task=task))["checks"]
        assert check["message"] == "a no needs a reason"
        assert check["condition"] == "approved or reason != null"
        done = await agent.ask("task_act", task=task, action="complete", variables={"approved": True})
        assert "checks" not in done

    played(play)


def test_what_a_check_forbids_of_the_prefilled_values_is_to_be_given_anew() -> None:
    outline: Any = {
        "process": "leave",
        "data": {"days": "integer", "note": "text"},
        "start": {"needs": ["days", "note"]},
        "steps": [
            {
                "look": {
                    "ask": "boss",
                    "form": {"days": "integer", "note": "text"},
                    "into": ["days", "note"],
                    "checks": {"Too many.": "days <= 30"},
                }
            }
        ],
    }

    async def play(agent: Agent) -> None:
        process = await agent.published(outline)
        for days, proposed in ((10, 10), (40, None)):
            task = await agent.task((await agent.started(process, days=days, note="sun"))["instance"])
            read = await agent.ask("task_read", task=task)
            assert read["next"][0]["arguments"]["variables"] == {"days": proposed, "note": "sun"}

    played(play)


def test_a_check_sees_no_older_value_of_a_field_that_is_left_out() -> None:
    outline: Any = {
        "process": "twice",
        "data": {"ok": "boolean", "reason": "text"},
        "steps": [
            {
                "look": {
                    "ask": "boss",
                    "form": {"ok": "boolean", "reason?": "text"},
                    "into": ["ok", "reason"],
                    "checks": {"Say why.": "ok or reason != null"},
                }
            },
            {"name": "again?", "if": "not(ok)", "then": [{"goto": "look"}]},
        ],
    }

    async def play(agent: Agent) -> None:
        instance = (await agent.started(await agent.published(outline)))["instance"]
        task = await agent.task(instance)
        await agent.ask("task_act", task=task, action="complete", variables={"ok": False, "reason": "late"})
        again = await agent.task(instance)
        refused = await agent.refusal("task_act", task=again, action="complete", variables={"ok": False})
        assert refused["code"] == "task.answer_forbidden"
        assert "Say why." in refused["message"]
        await agent.ask("task_act", task=again, action="complete", variables={"ok": True})

    played(play)
