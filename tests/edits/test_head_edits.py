"""What a process declares is edited entry by entry: null takes one away, the others stay."""

from typing import Any

import pytest

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.vocabulary import fm, zeebe
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.values import Json
from tests.edits.models import DOCUMENT, changed_elements, edited, moved_shapes, refusal


def shown_head(document: BpmnDocument) -> dict[str, Json]:
    """Return the outline without the foreign extension of its start."""
    shown = decompile(document)
    start = shown["start"]
    assert isinstance(start, dict)
    return {**shown, "start": {key: value for key, value in start.items() if key != "extra"}}


BEFORE = shown_head(DOCUMENT)


@pytest.mark.parametrize(
    ("edit", "key", "value"),
    [
        (
            {"set_data": {"total": "number > 5", "note": "text", "who": None}},
            "data",
            {"total": "number > 5", "fine": "boolean", "lines": ["text"], "note": "text"},
        ),
        ({"set_start": {"needs": ["total?", "fine"]}}, "start", {"needs": ["total?", "fine"]}),
        ({"set_start": {"needs": "total"}}, "start", {"needs": ["total"]}),
        ({"set_start": {"needs": None}}, "start", {"needs": []}),
        (
            {"set_start": {"checks": {"some": "total > 0"}}},
            "start",
            {"needs": ["total", "who?"], "checks": {"some": "total > 0"}},
        ),
        ({"set_roles": {"boss": "The boss"}}, "roles", {"buyer": "Buyers", "boss": "The boss"}),
        ({"set_roles": {"cfo": "Money"}}, "roles", {"buyer": "Buyers", "boss": "Boss", "cfo": "Money"}),
        (
            {"set_roles": {"cfo": {"name": "Money", "kind": "third party"}}},
            "roles",
            {"buyer": "Buyers", "boss": "Boss", "cfo": {"name": "Money", "kind": "third_party"}},
        ),
        ({"set_forms": {"other": {"a": "text"}}}, "forms", {"other": {"a": "text"}}),
        ({"set_process": {"name": "Buying"}}, "name", "Buying"),
        ({"set_process": {"about": "Why."}}, "about", "Why."),
        ({"set_process": {"version_tag": 7}}, "version_tag", "7"),
        (
            {"set_scenarios": {"name": "two", "like": "one"}},
            "scenarios",
            [
                {"name": "one", "given": {"total": 5}, "expect": {"end": "done"}},
                {"name": "two", "like": "one"},
            ],
        ),
        (
            {"set_scenarios": [{"name": "one", "expect": {"end": "late"}}]},
            "scenarios",
            [{"name": "one", "expect": {"end": "late"}}],
        ),
        ({"remove_scenarios": ["one"]}, "scenarios", None),
    ],
)
def test_an_entry_of_the_head_is_set(edit: dict[str, Any], key: str, value: Json) -> None:
    now = edited(edit)
    shown = shown_head(now)
    assert shown.get(key) == value
    left = {key: None, "start": None} if key == "data" else {key: None}
    assert {**shown, **left} == {**BEFORE, **left}
    assert changed_elements(now) == set()
    assert moved_shapes(now) <= set()


def test_what_was_set_can_be_set_again_and_taken_away() -> None:
    filled = edited(
        {"set_forms": {"other": {"a": "text"}}},
        {"set_roles": {"cfo": "Money"}},
        {"set_process": {"name": "Buying", "about": "Why.", "version_tag": "v1"}},
        {"set_start": {"checks": {"some": "total > 0"}}},
    )
    (pool,) = filled.root.descendants("participant")
    assert pool.name == "Buying"
    other = edited({"set_forms": {"other": {"b": "text"}}}, {"set_process": {"about": "So."}}, of=filled)
    assert (decompile(other)["forms"], decompile(other)["about"]) == ({"other": {"b": "text"}}, "So.")
    bare = edited(
        {"set_forms": {"other": None}},
        {"set_roles": {"cfo": None}},
        {"set_process": {"name": None, "about": None, "version_tag": None}},
        {"set_start": {"checks": None}},
        of=other,
    )
    assert shown_head(bare) == BEFORE
    (pool,) = bare.root.descendants("participant")
    assert pool.name == "buy"


def test_several_holders_of_scenarios_become_one() -> None:
    twice = edited({"relayout": False})
    twice.processes[0].add_extension(fm("scenarios"), text='[{"name": "other", "expect": {"end": "late"}}]')
    twice.processes[0].add_extension(fm("scenarios"), text='"none"')
    now = edited({"set_scenarios": [{"name": "third", "expect": {"end": "done"}}]}, of=twice)
    assert len(now.processes[0].extensions(fm("scenarios"))) == 1
    listed = decompile(now)["scenarios"]
    assert isinstance(listed, list)
    assert [one["name"] for one in listed if isinstance(one, dict)] == ["one", "other", "third"]


def test_a_process_without_scenarios_and_roles_gets_its_first() -> None:
    bare = edited({"remove_scenarios": "one"})
    for holder in bare.processes[0].extensions(fm("scenarios")):
        holder.remove()
    now = edited({"set_scenarios": [{"name": "first", "expect": {"end": "done"}}]}, of=bare)
    assert decompile(now)["scenarios"] == [{"name": "first", "expect": {"end": "done"}}]
    unchanged = edited({"set_scenarios": []}, of=bare)
    assert unchanged.processes[0].extension(fm("scenarios")) is None


def test_a_form_is_written_into_the_process_once() -> None:
    now = edited({"set_forms": {"other": {"a": "text"}}}, {"set_forms": {"other": {"b": "text"}}})
    forms = [one.get("id") for one in now.processes[0].extensions(zeebe("userTaskForm"))]
    assert forms.count("other") == 1


@pytest.mark.parametrize(
    ("edit", "code", "path", "says"),
    [
        ({"set_data": []}, "edit.value_wrong", "set_data", "A mapping stands here"),
        ({"set_data": {"none": None}}, "edit.data_unknown", "set_data.none", "no variable 'none'"),
        ({"set_data": {"two words": "text"}}, "edit.value_wrong", "set_data.two words", "cannot be the name"),
        ({"set_data": {"a": "nmber"}}, "outline.type_unknown", "set_data.a", "Did you mean 'number'"),
        ({"set_data": {}, "needs": []}, "edit.word_unknown", "needs", "no word of this edit"),
        ({"set_start": {"need": []}}, "edit.word_unknown", "set_start.need", "Did you mean 'needs'"),
        ({"set_start": {"needs": 5}}, "edit.value_wrong", "set_start.needs", "lists inputs"),
        ({"set_start": {"needs": ["none"]}}, "edit.data_unknown", "set_start.needs", "not declared"),
        ({"set_start": {"checks": 5}}, "edit.value_wrong", "set_start.checks", "A mapping stands here"),
        ({"set_start": {"checks": {"a": "b >"}}}, "outline.expression_wrong", "set_start.checks.a", "FEEL"),
        ({"set_start": {"checks": {"a": "b > 1"}}}, "outline.variable_unknown", "set_start.checks.a", "'b'"),
        (
            {"set_calendars": {"none": None}},
            "edit.calendar_unknown",
            "set_calendars.none",
            "no calendar 'none'",
        ),
        ({"set_calendars": {"c": {}}}, "outline.value_wrong", "set_calendars.c", "it says no `hours`"),
        ({"set_roles": {"none": None}}, "edit.role_unknown", "set_roles.none", "no role 'none'"),
        ({"set_roles": {"cfo": ["x"]}}, "outline.value_wrong", "set_roles.cfo", "a text, not a list"),
        ({"set_forms": {"none": None}}, "edit.form_unknown", "set_forms.none", "no form 'none'"),
        ({"set_forms": {"a": 5}}, "outline.value_wrong", "set_forms.a", "A form is a mapping"),
        ({"set_process": {"nme": "x"}}, "edit.word_unknown", "set_process.nme", "Did you mean 'name'"),
        ({"set_process": {"name": []}}, "outline.value_wrong", "set_process.name", "a text, not a list"),
        ({"set_scenarios": 5}, "edit.value_wrong", "", "Scenarios are a list"),
        ({"set_scenarios": [{"name": "x"}]}, "scenario.value_wrong", "set_scenarios[0].expect", "expects"),
        ({"remove_scenarios": 5}, "edit.value_wrong", "", "Names of scenarios"),
        ({"remove_scenarios": ["none"]}, "edit.scenario_unknown", "", "no scenario 'none'"),
        ({"relayout": "yes"}, "outline.value_wrong", "relayout", "neither true nor false"),
    ],
)
def test_what_cannot_be_declared_is_refused(edit: dict[str, Any], code: str, path: str, says: str) -> None:
    refused = refusal({"set_process": {"about": "x"}}, edit)
    assert refused.code == code
    assert refused.path == ".".join(("edits[1]", path) if path else ("edits[1]",))
    assert says in refused.message


def test_a_scenario_that_another_one_needs_stays() -> None:
    both = edited({"set_scenarios": [{"name": "two", "like": "one", "expect": {"end": "late"}}]})
    assert refusal({"remove_scenarios": ["one"]}, of=both).code == "scenario.unknown"
