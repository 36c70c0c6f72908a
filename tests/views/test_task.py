"""The form of a task as people fill it in: every kind of field, what is wrong where, drafts, claims, what comes next."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.views.browser import Host
from tests.views.models import one_task, travel

pytestmark = pytest.mark.views

FORM: dict[str, Any] = {
    "type": "object",
    "$defs": {"Stop": {"type": "object", "properties": {"city": {"type": "string"}, "nights": {"type": "integer", "multipleOf": 2}}, "required": ["city"]}},
    "properties": {
        "title": {"type": "string", "title": "Anlass der Reise", "description": "In eigenen Worten.", "maxLength": 30},
        "why": {"type": "string", "maxLength": 2000},
        "amount": {"type": "number", "minimum": 0, "maximum": 5000},
        "people": {"type": "integer"},
        "approved": {"type": "boolean"},
        "by": {"enum": ["train", "plane"], "enumNames": ["Bahn", "Flug"]},
        "reason": {"enum": ["a", "b", "c", "d", "e", 6]},
        "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "time"},
        "moment": {"type": "string", "format": "date-time"},
        "mail": {"type": ["string", "null"], "format": "email"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "meals": {"type": "array", "items": {"enum": ["lunch", "dinner"]}},
        "stops": {"type": "array", "items": {"$ref": "#/$defs/Stop"}, "minItems": 1},
        "address": {"type": "object", "properties": {"street": {"type": "string"}, "zip": {"type": "string", "pattern": "^[0-9]{5}$"}}, "required": ["street"]},
        "extra": {"type": "object"},
    },
    "required": ["title", "amount", "approved", "by", "day", "stops"],
}  # fmt: skip


def opened(
    host: Host, process: str, form: dict[str, Any] | None = FORM, **variables: Any
) -> tuple[Locator, str]:
    """Show the task of a process with a form, and return the view and the task's id."""
    created = host.stage.call("process_create", bpmn=one_task(process, form))
    host.stage.call("process_publish", process=created["process"])
    task: str = host.stage.start(process, **variables)["waiting"][0]["task"]
    return host.show("task_read", {"task": task}), task


def variables_of(host: Host, process: str) -> dict[str, Any]:
    """Return the variables of the first instance of a process."""
    found: dict[str, Any] = host.stage.call("instance_read", instance=f"{process}:1", detail=["variables"])[
        "variables"
    ]
    return found


def test_every_kind_of_field_gives_the_value_that_its_schema_wants(host: Host) -> None:
    view, _ = opened(host, "t-kinds")
    view.get_by_label("Anlass der Reise").fill("Messe")
    view.get_by_label("Why").fill("Neue Kunden\nund alte")
    view.get_by_label("Amount").fill("12.5")
    view.get_by_label("People").fill("3")
    view.get_by_role("radiogroup", name="Approved").get_by_label("No", exact=True).check()
    view.get_by_label("Flug").check()
    view.get_by_label("Reason").select_option("6")
    view.get_by_label("Day").fill("2027-01-31")
    view.get_by_label("At (optional)").fill("09:30:00")
    view.get_by_label("Moment").fill("2027-01-31T09:30:00")
    view.get_by_label("Mail").fill("ann@example.com")
    for text in ("one", "two"):
        view.get_by_role("button", name="Add to Tags").click()
        host.page.keyboard.type(text)
    view.get_by_label("dinner").check()
    view.get_by_role("button", name="Add to Stops").click()
    host.page.keyboard.type("Berlin")
    view.get_by_label("Nights").fill("2")
    view.get_by_label("Street").fill("Hauptstraße 1")
    view.get_by_label("Zip").fill("10115")
    view.get_by_label("Extra").fill('{"a": [1]}')
    view.get_by_role("button", name="Complete").click()
    expect(view.get_by_role("heading", name="Done: Fill in")).to_be_visible()
    assert variables_of(host, "t-kinds") == {
        "title": "Messe",
        "why": "Neue Kunden\nund alte",
        "amount": 12.5,
        "people": 3,
        "approved": False,
        "by": "plane",
        "reason": 6,
        "day": "2027-01-31",
        "at": "09:30:00",
        "moment": "2027-01-31T09:30:00Z",
        "mail": "ann@example.com",
        "tags": ["one", "two"],
        "meals": ["dinner"],
        "stops": [{"city": "Berlin", "nights": 2}],
        "address": {"street": "Hauptstraße 1", "zip": "10115"},
        "extra": {"a": [1]},
    }


def test_values_stand_in_the_form_and_what_is_not_touched_stays_to_the_letter(host: Host) -> None:
    known: dict[str, Any] = {
        "title": "Messe", "amount": 0.1, "approved": True, "by": "train", "reason": "e", "day": "2027-01-31",
        "moment": "2027-01-31T09:30:15.5+02:00", "tags": ["x"], "meals": ["lunch"], "stops": [{"city": "Bonn", "nights": 2}],
        "address": {"street": "Weg 2"}, "extra": {"b": None},
    }  # fmt: skip
    view, _ = opened(host, "t-known", **known)
    expect(view.get_by_label("Anlass der Reise")).to_have_value("Messe")
    expect(view.get_by_role("radiogroup", name="Approved").get_by_label("Yes")).to_be_checked()
    expect(view.get_by_label("Bahn")).to_be_checked()
    expect(view.get_by_label("lunch")).to_be_checked()
    expect(view.get_by_label("City")).to_have_value("Bonn")
    expect(view.get_by_label("Moment")).to_have_value("2027-01-31T07:30:15")
    view.get_by_label("Anlass der Reise").fill("Tagung")
    view.get_by_role("button", name="Complete").click()
    expect(view.get_by_role("heading", name="Done: Fill in")).to_be_visible()
    assert variables_of(host, "t-known") == {**known, "title": "Tagung"}
    assert set(host.calls("task_act")[0]["variables"]) == set(known)


def test_what_is_wrong_is_shown_at_its_field_before_anything_is_sent(host: Host) -> None:
    view, _ = opened(host, "t-wrong")
    view.get_by_label("Amount").fill("-1")
    view.get_by_label("People").fill("1.5")
    view.get_by_label("Zip").fill("abc")
    view.get_by_role("button", name="Complete").click()
    expect(view.get_by_role("alert")).to_have_text("9 answers are not right yet.")
    expect(view.get_by_label("Anlass der Reise")).to_be_focused()
    for label, text in (
        ("Anlass der Reise", "An answer is needed."),
        ("Amount", "At least 0 is needed."),
        ("People", "A whole number is needed."),
        ("Street", "An answer is needed."),
        ("Zip", "The form ^[0-9]{5}$ is needed."),
    ):
        field = view.get_by_label(label)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile(re.escape(text)))
    assert host.calls("task_act") == []
    view.get_by_label("Amount").fill("1")
    view.get_by_role("button", name="Complete").click()
    expect(view.get_by_label("Amount")).not_to_have_attribute("aria-invalid", "true")


def test_what_the_server_refuses_stands_at_the_field_that_it_names(host: Host) -> None:
    view, _ = opened(
        host,
        "t-refused",
        title="x",
        amount=1,
        approved=True,
        by="train",
        day="2027-01-31",
        stops=[{"city": "a"}, {"city": "b"}],
    )
    nights = view.get_by_label("Nights").nth(1)
    nights.fill("3")
    view.get_by_role("button", name="Complete").click()
    expect(nights).to_be_focused()
    expect(nights).to_have_attribute("aria-invalid", "true")
    expect(view.locator(".row").nth(1)).to_contain_text("3 is not a multiple of 2")
    nights.fill("4")
    view.get_by_role("button", name="Complete").click()
    expect(view.get_by_role("heading", name="Done: Fill in")).to_be_visible()


def test_checks_are_told_and_one_that_fails_stands_at_its_field(host: Host) -> None:
    checks = (
        '<fm:check path="note" message="Eine Ablehnung braucht einen Grund.">=ok or note != null</fm:check>'
    )
    form = {
        "type": "object",
        "properties": {"ok": {"type": "boolean"}, "note": {"type": "string"}},
        "required": ["ok"],
    }
    host.stage.call("process_create", bpmn=one_task("t-checks", form, checks=checks))
    host.stage.call("process_publish", process="t-checks")
    task = host.stage.start("t-checks")["waiting"][0]["task"]
    view = host.show("task_read", {"task": task})
    expect(view.locator(".checks")).to_contain_text("Eine Ablehnung braucht einen Grund.")
    view.get_by_label("No", exact=True).check()
    view.get_by_role("button", name="Complete").click()
    expect(view.get_by_label("Note")).to_be_focused()
    expect(view.get_by_label("Note")).to_have_attribute("aria-invalid", "true")
    view.get_by_label("Note").fill("zu teuer")
    view.get_by_role("button", name="Complete").click()
    expect(view.get_by_role("heading", name="Done: Fill in")).to_be_visible()


def test_who_may_not_do_it_is_told_where_the_person_is_named(host: Host) -> None:
    host.stage.publish(travel("t-four"))
    first = host.stage.start("t-four", betrag=1200, antragsteller="ann")
    task = first["waiting"][0]["task"]
    host.stage.call("task_act", task=task, action="complete", variables={"betrag": 1200})
    (job,) = host.stage.call("work_take", types=["t-four.pruefung"])["items"]
    host.stage.call("work_finish", job=job["job"], variables={})
    (task,) = host.stage.call("task_find", instance=first["instance"])["items"]
    view = host.show("task_read", {"task": task["task"]})
    view.get_by_role("radiogroup", name="Ok").get_by_label("Yes").check()
    view.get_by_text("In whose name").click()
    view.get_by_label("Acting as").fill("ann")
    view.get_by_label("Comment").fill("Passt.")
    view.get_by_role("button", name="Complete").click()
    expect(view.get_by_label("Acting as")).to_be_focused()
    expect(view.get_by_label("Acting as")).to_have_attribute("aria-invalid", "true")
    expect(view.get_by_role("alert")).to_contain_text("four-eyes")
    view.get_by_label("Acting as").fill("bob")
    view.get_by_role("button", name="Complete").click()
    expect(view).to_contain_text("t-four:1 is completed.")
    assert [each["as_user"] for each in host.calls("task_act")] == ["ann", "bob"]
    assert host.calls("task_act")[1]["comment"] == "Passt."


def test_a_draft_is_saved_and_stands_in_the_form_when_it_is_opened_again(host: Host) -> None:
    view, task = opened(host, "t-draft")
    view.get_by_label("Anlass der Reise").fill("Messe")
    view.get_by_role("button", name="Save draft").click()
    expect(view.get_by_role("status")).to_have_text("The draft is saved.")
    again = host.show("task_read", {"task": task})
    expect(again.get_by_label("Anlass der Reise")).to_have_value("Messe")


def test_a_task_is_claimed_and_given_back_and_what_was_written_stays(host: Host) -> None:
    view, _ = opened(host, "t-claim")
    view.get_by_label("Anlass der Reise").fill("Messe")
    view.get_by_role("button", name="Claim").click()
    expect(view.get_by_role("button", name="Release")).to_be_visible()
    expect(view.locator("header")).to_contain_text("reserved")
    expect(view.get_by_label("Anlass der Reise")).to_have_value("Messe")
    view.get_by_role("button", name="Release").click()
    expect(view.get_by_role("button", name="Claim")).to_be_visible()


def test_when_a_task_is_done_the_model_is_told_and_the_next_one_can_be_opened(host: Host) -> None:
    host.stage.publish("""
process: t-next
roles: [clerk]
steps:
- Erst das: {ask: clerk, form: {x: integer}, into: x}
- Dann dies: {ask: clerk, form: {y: integer}, into: y}
- end: fertig
""")
    task = host.stage.start("t-next")["waiting"][0]["task"]
    view = host.show("task_read", {"task": task})
    view.get_by_label("X").fill("5")
    view.get_by_role("button", name="Complete").click()
    expect(view).to_contain_text("It waits for: Dann dies (user task).")
    (told,) = host.informed()
    assert '"Erst das"' in told
    assert '{"x":5}' in told
    view.get_by_role("button", name="Open Dann dies").click()
    view.get_by_label("Y").fill("6")
    view.get_by_role("button", name="Complete").click()
    expect(view).to_contain_text("t-next:1 is completed.")


def test_what_is_known_and_what_happened_before_is_told_on_request(host: Host) -> None:
    view, _ = opened(host, "t-story", customer="Müller AG")
    view.get_by_text("What is known").click()
    expect(view.locator("details").first).to_contain_text("Müller AG")
    expect(view.locator(".story")).to_contain_text("t-story:1 began at")


def test_rows_are_taken_away_and_counted_again(host: Host) -> None:
    view, _ = opened(host, "t-rows", stops=[{"city": "a"}, {"city": "b"}, {"city": "c"}])
    expect(view.locator("legend", has_text="Stops 3")).to_be_visible()
    view.get_by_role("button", name="Remove Stops 2").click()
    expect(view.locator("legend", has_text="Stops 3")).to_have_count(0)
    expect(view.get_by_role("button", name="Add to Stops")).to_be_focused()
    view.get_by_role("button", name="Save draft").click()
    expect(view.get_by_role("status")).to_be_visible()
    assert host.calls("task_act")[0]["variables"]["stops"] == [{"city": "a"}, {"city": "c"}]


def test_a_task_that_was_done_elsewhere_meanwhile_says_so(host: Host) -> None:
    view, task = opened(host, "t-elsewhere", form=None)
    expect(view).to_contain_text("This task asks for no values.")
    host.stage.call("task_act", task=task, action="complete")
    view.get_by_role("button", name="Complete").click()
    expect(view.get_by_role("alert")).to_contain_text("was completed by")


def test_a_suspended_task_can_be_resumed_and_nothing_else(host: Host) -> None:
    view, task = opened(host, "t-suspended", form=None)
    host.stage.call("task_act", task=task, action="suspend")
    view = host.show("task_read", {"task": task})
    expect(view.locator(".actions button")).to_have_text(["Resume"])
    view.get_by_role("button", name="Resume").click()
    expect(view.get_by_role("button", name="Complete")).to_be_visible()


def test_without_calls_a_form_can_only_be_read(host: Host) -> None:
    _, task = opened(host, "t-mute")
    view = host.show("task_read", {"task": task}, passesCalls=False)
    expect(view).to_contain_text("this form can only be read")
    expect(view.locator(".actions button")).to_have_count(0)
