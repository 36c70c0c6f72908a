"""Scenarios are read into one form, inherit by `like`, and say what is wrong with them."""

import pytest

from flowmaster.engine.outline.problems import OutlineRefused
from flowmaster.engine.outline.scenarios import Answer, ServiceAnswer, resolved_scenarios, scenarios_of
from flowmaster.engine.values import Json

BASE: dict[str, Json] = {
    "name": "base",
    "given": {"invoice": {"total": 400, "iban": "X"}},
    "answers": {"approve": {"approved": True, "by": "ann", "after": "49 hours"}},
    "services": {"pay": [{"error": "CLOSED"}, {"receipt": 1}, {"fail": "timeout"}]},
    "messages": [{"name": "paid", "key": 7, "after": "2 days"}],
    "clock": ["PT1H", "next"],
    "expect": {"end": "paid", "path": "approve", "escalated": {"approve": "cfo"}},
}


def test_a_scenario_is_read_whole() -> None:
    (found,) = scenarios_of([BASE])
    assert found.answers == {"approve": (Answer({"approved": True}, "ann", "PT49H"),)}
    assert found.services["pay"] == (
        ServiceAnswer({}, "CLOSED"),
        ServiceAnswer({"receipt": 1}),
        ServiceAnswer({}, "", "timeout"),
    )
    assert (found.messages[0].key, found.messages[0].after) == ("7", "P2D")
    assert found.clock == ("PT1H", "next")
    assert (found.expect.path, found.expect.escalated) == (("approve",), {"approve": ("cfo",)})


def test_one_message_stands_for_a_list_of_it() -> None:
    (alone, listed) = scenarios_of(
        [{**BASE, "messages": {"name": "paid"}}, {**BASE, "name": "listed", "messages": [{"name": "paid"}]}]
    )
    assert alone.messages == listed.messages


def test_like_takes_everything_and_changes_what_is_said() -> None:
    other: Json = {
        "name": "big",
        "like": "base",
        "given": {"invoice": {"total": 10001}},
        "expect": {"waits_at": ["sign"]},
    }
    _, found = scenarios_of([BASE, other])
    assert found.given == {"invoice": {"total": 10001, "iban": "X"}}
    assert found.services == scenarios_of([BASE])[0].services
    assert (found.expect.end, found.expect.waits_at) == (None, ("sign",))


@pytest.mark.parametrize(
    ("before", "after", "merged"),
    [
        ({"a": 1, "b": 2}, {"b": 3}, {"a": 1, "b": 3}),
        ({"a": 1}, {"error": "X"}, {"error": "X"}),
        ({"a": 1}, {"fail": "down"}, {"fail": "down"}),
        ({"error": "X", "a": 1}, {"b": 2}, {"b": 2}),
        ({"fail": "down"}, {"error": "X"}, {"error": "X"}),
        ({"a": 1}, None, None),
        (None, {"a": 1}, {"a": 1}),
        ([{"a": 1}, {"error": "X"}], {"b": 1}, {"b": 1}),
    ],
)
def test_an_error_and_a_result_of_a_service_replace_each_other_whole(
    before: Json, after: Json, merged: Json
) -> None:
    base: Json = {"name": "base", "services": {"pay": before, "tell": {"a": 1}}, "expect": {"end": "x"}}
    other: Json = {"name": "other", "like": "base", "services": {"pay": after}}
    assert resolved_scenarios([base, other])[1]["services"] == {"pay": merged, "tell": {"a": 1}}
    assert len(scenarios_of([base, other])) == 2


@pytest.mark.parametrize(
    ("scenario", "path", "says"),
    [
        ({"given": {}}, "scenarios[0].name", "has a name"),
        ({"name": "a"}, "scenarios[0].expect", "what it expects"),
        ({"name": "a", "expect": {"ends": "x"}}, "scenarios[0].expect.ends", "Did you mean 'end'"),
        ({"name": "a", "like": "b", "expect": {"end": "x"}}, "scenarios[0].like", "no scenario 'b'"),
        ({"name": "a", "like": "a", "expect": {"end": "x"}}, "scenarios[0].like", "circle"),
        ({"name": "a", "clock": ["soon"], "expect": {"end": "x"}}, "scenarios[0].clock[0]", "no duration"),
        ({"name": "a", "answers": 5, "expect": {"end": "x"}}, "scenarios[0].answers", "mapping"),
        (
            {"name": "a", "services": {"x": {"error": "A", "fail": "b"}}, "expect": {"end": "x"}},
            "scenarios[0].services.x",
            "both",
        ),
        (
            {"name": "a", "messages": [{"key": 1}], "expect": {"end": "x"}},
            "scenarios[0].messages[0]",
            "has a name",
        ),
        ({"name": "a", "messages": "paid", "expect": {"end": "x"}}, "scenarios[0].messages", "a list"),
        ({"name": "a", "at": "tomorrow", "expect": {"end": "x"}}, "scenarios[0].at", '"tomorrow" is no date'),
        (5, "scenarios[0]", "mapping"),
    ],
)
def test_what_is_wrong_is_named(scenario: Json, path: str, says: str) -> None:
    with pytest.raises(OutlineRefused) as caught:
        scenarios_of([scenario])
    assert caught.value.problems[0].path == path
    assert says in caught.value.problems[0].message


def test_services_that_are_no_mapping_are_refused_also_where_they_replace_others() -> None:
    with pytest.raises(OutlineRefused) as caught:
        scenarios_of([BASE, {"name": "other", "like": "base", "services": ["pay"]}])
    assert [one.path for one in caught.value.problems] == ["scenarios[1].services"]


def test_two_scenarios_of_one_name_are_refused() -> None:
    with pytest.raises(OutlineRefused, match="two scenarios"):
        scenarios_of([BASE, BASE])
