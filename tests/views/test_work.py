"""The table of open work: filtered, sorted, paged, and the way to a task's form and back."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.views.browser import Host

pytestmark = pytest.mark.views

OUTLINE = """
process: {id}
roles: [clerk, boss]
data: {{label: text, hours: integer}}
start: {{needs: [label, hours]}}
steps:
- all:
  - [{{Zahlung prüfen: {{ask: clerk, form: {{x: integer}}, into: x, within: P2D}}}}]
  - [{{Antrag lesen: {{ask: boss, form: {{y: integer}}, into: y}}}}]
- end: fertig
"""


def begun(host: Host, process: str, instances: int = 1) -> None:
    """Publish a process of two tasks side by side, and start instances of it."""
    host.stage.publish(OUTLINE.format(id=process))
    for number in range(instances):
        host.stage.call(
            "instance_start",
            process=process,
            variables={"label": "x", "hours": 1},
            business_key=f"R-{number}",
        )


def names(view: Locator) -> list[str]:
    """Return the names of the tasks in the order of the table."""
    return view.locator("tbody th button").all_inner_texts()


def test_open_tasks_stand_in_a_table_with_whom_they_are_for_and_when_they_are_due(host: Host) -> None:
    begun(host, "w-table")
    view = host.show("task_find", {"process": "w-table"})
    expect(view.get_by_role("row")).to_have_count(3)
    row = view.get_by_role("row", name=re.compile("Zahlung prüfen"))
    for text in ("R-0 · w-table:1", "clerk", "in 2 days"):
        expect(row).to_contain_text(text)
    expect(view.get_by_role("status")).to_have_text("2 tasks")
    expect(view.get_by_label("Process")).to_have_value("w-table")


def test_filters_ask_the_server_again(host: Host) -> None:
    begun(host, "w-filter")
    view = host.show("task_find", {"process": "w-filter"})
    view.get_by_label("Role").fill("boss")
    expect(view.get_by_role("status")).to_have_text("1 task")
    assert names(view) == ["Antrag lesen"]
    view.get_by_label("Role").fill("")
    expect(view.get_by_role("status")).to_have_text("2 tasks")
    view.get_by_label("Person").fill("nobody")
    expect(view).to_contain_text("No open task fits.")
    view.get_by_label("Person").fill("")
    view.get_by_label("Words").fill("zahlung")
    expect(view.get_by_role("status")).to_have_text("1 task")
    view.get_by_label("State").select_option("reserved")
    expect(view).to_contain_text("No open task fits.")
    assert host.calls("task_find")[-1] == {"process": "w-filter", "query": "zahlung", "state": "reserved"}
    known = view.locator("#process-known option").evaluate_all("all => all.map((each) => each.value)")
    assert "w-filter" in known


def test_columns_sort_up_down_and_as_they_came(host: Host) -> None:
    begun(host, "w-sort", instances=2)
    view = host.show("task_find", {"process": "w-sort"})
    came = names(view)
    head = view.get_by_role("columnheader", name="Task")
    sort = head.get_by_role("button")
    sort.click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert names(view) == ["Antrag lesen", "Antrag lesen", "Zahlung prüfen", "Zahlung prüfen"]
    expect(sort).to_be_focused()
    sort.click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert names(view)[0] == "Zahlung prüfen"
    sort.click()
    assert names(view) == came
    view.get_by_role("columnheader", name="Due").get_by_role("button").click()
    assert names(view)[:2] == ["Zahlung prüfen", "Zahlung prüfen"]
    assert len(host.calls("task_find")) == 0


def test_pages_follow_each_other_by_cursor(host: Host) -> None:
    begun(host, "w-pages", instances=3)
    view = host.show("task_find", {"process": "w-pages", "limit": 4})
    expect(view.get_by_role("status")).to_have_text("4 of 6 tasks")
    view.get_by_role("columnheader", name="Instance").get_by_role("button").click()
    expect(view.get_by_role("status")).to_have_text("4 of 6 tasks, sorted among these")
    view.get_by_role("button", name="More").click()
    expect(view.get_by_role("status")).to_have_text("6 tasks")
    expect(view.get_by_role("button", name="More")).to_be_hidden()
    expect(view.locator("tbody tr")).to_have_count(6)
    (asked,) = host.calls("task_find")
    assert asked["cursor"]
    assert asked["limit"] == 4


def test_a_task_opens_in_the_same_view_and_the_table_knows_when_it_is_done(host: Host) -> None:
    begun(host, "w-open")
    view = host.show("task_find", {"process": "w-open"})
    view.get_by_role("button", name="Zahlung prüfen").click()
    expect(view.get_by_role("heading", name="Zahlung prüfen")).to_be_visible()
    expect(view.get_by_role("table")).to_be_hidden()
    expect(view.get_by_role("button", name="All open work")).to_be_focused()
    view.get_by_label("X", exact=True).fill("1")
    view.get_by_role("button", name="Complete").click()
    expect(view.get_by_role("heading", name="Done: Zahlung prüfen")).to_be_visible()
    view.get_by_role("button", name="All open work").click()
    expect(view.get_by_role("status")).to_have_text("1 task")
    expect(view.get_by_role("button", name="Antrag lesen")).to_be_focused()


def test_one_comes_back_to_the_task_that_one_left(host: Host) -> None:
    begun(host, "w-back")
    view = host.show("task_find", {"process": "w-back"})
    link = view.get_by_role("button", name="Antrag lesen")
    link.press("Enter")
    expect(view.get_by_role("heading", name="Antrag lesen")).to_be_visible()
    view.get_by_role("button", name="All open work").press("Enter")
    expect(link).to_be_focused()


def test_where_columns_have_no_room_each_task_is_a_card_and_a_menu_sorts(host: Host) -> None:
    begun(host, "w-narrow")
    host.resize(320)
    view = host.show("task_find", {"process": "w-narrow"})
    expect(view.locator("thead")).to_be_hidden()
    view.get_by_label("Sort by").select_option("name down")
    assert names(view) == ["Zahlung prüfen", "Antrag lesen"]
    assert host.overflow() <= 0


def test_without_calls_the_table_can_only_be_read(host: Host) -> None:
    begun(host, "w-mute", instances=2)
    view = host.show("task_find", {"process": "w-mute", "limit": 2}, passesCalls=False)
    expect(view.locator("tbody tr")).to_have_count(2)
    expect(view.get_by_role("button", name=re.compile("Zahlung|Antrag|More|Refresh"))).to_have_count(0)
    expect(view.get_by_label("Role")).to_have_count(0)
