"""The diagram as people look into it: where a case stands, which way it came, what stopped it, where its time went."""

import re

import pytest
from playwright.sync_api import Locator, expect

from flowmaster.tools import pages
from tests.views.browser import Host
from tests.views.models import travel

pytestmark = pytest.mark.views


def begun(host: Host, process: str, amount: int = 1200) -> str:
    """Publish the process of a journey, start an instance, and return its id."""
    host.stage.publish(travel(process))
    instance: str = host.stage.start(process, betrag=amount, antragsteller="ann")["instance"]
    return instance


def recorded(host: Host, instance: str) -> None:
    """Do the first task of a journey."""
    (task,) = host.stage.call("task_find", instance=instance)["items"]
    host.stage.call("task_act", task=task["task"], action="complete", variables={"betrag": 1300})


def shape(view: Locator, name: str) -> Locator:
    """Return the shape of an element by its name."""
    return view.locator(".stage").get_by_role("button", name=re.compile(f"^{name},"))


def test_a_diagram_shows_where_an_instance_stands_and_what_it_waits_for(host: Host) -> None:
    view = host.show("instance_read", {"instance": begun(host, "d-stands")})
    expect(view.get_by_role("heading", level=1)).to_contain_text(
        "Reisekostenabrechnungsgenehmigungsverfahren"
    )
    expect(view.locator("header")).to_contain_text("active d-stands:1 · version 1")
    expect(shape(view, "Belege erfassen")).to_have_attribute(
        "aria-label", "Belege erfassen, user task, active"
    )
    expect(view.locator(".stage")).to_contain_text("path taken")
    expect(view.get_by_text("a person: sachbearbeitung, due")).to_be_visible()
    (asked,) = host.calls()
    assert asked["operation"] == "instance_draw"


def test_a_click_on_an_element_tells_of_it_and_a_click_beside_it_leaves_it(host: Host) -> None:
    instance = begun(host, "d-click")
    recorded(host, instance)
    (job,) = host.stage.call("work_take", types=["d-click.pruefung"])["items"]
    host.stage.call("work_finish", job=job["job"], failure="Der Dienst antwortet nicht.", retries=0)
    view = host.show("instance_read", {"instance": instance})
    detail = view.locator(".detail")
    shape(view, "prüfen").click()
    expect(detail.get_by_role("heading")).to_have_text("prüfen")
    for text in (
        "service task",
        "incident",
        "1 time",
        "work of type d-click.pruefung",
        "Der Dienst antwortet nicht. (job.failed",
    ):
        expect(detail).to_contain_text(text)
    expect(shape(view, "prüfen")).to_have_attribute("aria-pressed", "true")
    view.locator(".stage svg").click(position={"x": 3, "y": 3})
    expect(detail).to_have_text("Choose an element to see more of it.")
    view.locator(".summary").get_by_role("button", name="prüfen").first.click()
    expect(detail.get_by_role("heading")).to_have_text("prüfen")


def test_colours_are_switched_to_time_and_to_how_often(host: Host) -> None:
    view = host.show("instance_read", {"instance": begun(host, "d-heat")})
    stage = view.locator(".stage")
    expect(stage).to_contain_text("active")
    view.get_by_label("Time").check()
    host.settled(view)
    expect(stage).to_contain_text(re.compile("time spent|times passed"))
    view.get_by_label("How often").check()
    host.settled(view)
    expect(stage).to_contain_text("times passed")
    assert [each["arguments"]["colours"] for each in host.calls()] == ["state", "time", "passes"]
    view.get_by_label("State").check()
    host.settled(view)
    expect(stage).not_to_contain_text("times passed")


def test_a_refresh_asks_again_through_the_host_and_keeps_what_was_chosen(host: Host) -> None:
    instance = begun(host, "d-refresh")
    view = host.show("instance_read", {"instance": instance})
    shape(view, "Belege erfassen").click()
    recorded(host, instance)
    view.get_by_role("button", name="Refresh").click()
    expect(shape(view, "prüfen")).to_have_attribute("aria-label", "prüfen, service task, active")
    expect(view.locator(".detail")).to_contain_text("Belege erfassen")
    expect(view.locator(".detail")).to_contain_text("completed")
    assert len(host.calls("operation_query")) == 2


def test_the_picture_is_zoomed_and_moved(host: Host) -> None:
    view = host.show("instance_read", {"instance": begun(host, "d-zoom")})
    svg, stage = view.locator(".stage svg"), view.locator(".stage")

    def width() -> float:
        box = svg.bounding_box()
        assert box is not None
        return box["width"]

    fitted = width()
    for _ in range(4):
        view.get_by_role("button", name="Zoom in").click()
    assert width() == pytest.approx(fitted * 1.25**4, rel=0.01)
    before = stage.evaluate("each => each.scrollLeft")
    box = stage.bounding_box()
    assert box is not None
    x, y = box["x"] + 200, box["y"] + 150
    host.page.mouse.move(x, y)
    host.page.mouse.down()
    host.page.mouse.move(x - 60, y - 20, steps=4)
    host.page.mouse.up()
    assert stage.evaluate("each => each.scrollLeft") == before + 60
    expect(view.locator(".detail")).to_contain_text("Choose an element")
    view.get_by_role("button", name="Zoom out").click()
    assert width() < fitted * 1.25**4
    host.page.keyboard.down("Control")
    host.page.mouse.wheel(0, -120)
    host.page.keyboard.up("Control")
    view.get_by_role("button", name="Fit the picture").click()
    assert width() == pytest.approx(fitted, rel=0.01)


def test_the_picture_is_walked_through_with_keys_alone(host: Host) -> None:
    view = host.show("instance_read", {"instance": begun(host, "d-keys")})
    first = view.locator(".stage [tabindex='0']")
    expect(first).to_have_count(1)
    first.focus()
    host.page.keyboard.press("ArrowRight")
    host.page.keyboard.press("ArrowRight")
    expect(shape(view, "prüfen")).to_be_focused()
    host.page.keyboard.press("Enter")
    expect(view.locator(".detail").get_by_role("heading")).to_have_text("prüfen")
    host.page.keyboard.press("ArrowLeft")
    expect(shape(view, "Belege erfassen")).to_be_focused()
    host.page.keyboard.press("Escape")
    expect(view.locator(".detail").get_by_role("heading")).to_have_count(0)
    wide = view.locator("svg").evaluate("each => each.clientWidth")
    host.page.keyboard.press("+")
    assert view.locator("svg").evaluate("each => each.clientWidth") > wide


def test_a_process_shows_where_all_its_instances_stand(host: Host) -> None:
    instance = begun(host, "d-many")
    recorded(host, instance)
    for amount in (1, 2):
        host.stage.start("d-many", betrag=amount, antragsteller="ann")
    view = host.show("process_read", {"process": "d-many"})
    expect(view.locator("header")).to_contain_text("draft 1 · 3 instances")
    expect(view.locator(".summary")).to_contain_text("Belege erfassen 2 tokens")
    expect(view.locator(".stage")).to_contain_text("tokens there")


def test_an_instance_is_shown_as_it_stood_after_an_event(host: Host) -> None:
    instance = begun(host, "d-past")
    recorded(host, instance)
    view = host.show("instance_read", {"instance": instance, "at": 3})
    assert host.calls()[0]["arguments"]["at"] == 3
    expect(shape(view, "prüfen")).to_have_attribute("aria-label", "prüfen, service task")


def test_a_long_picture_is_fetched_page_by_page(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = begun(host, "d-pages")
    monkeypatch.setattr(pages, "PAGE_CHARACTERS", 3_000)
    view = host.show("instance_read", {"instance": instance})
    expect(shape(view, "Genehmigung einholen")).to_be_visible()
    assert len(host.calls()) > 2


def test_it_fills_the_window_where_the_host_lets_it(host: Host) -> None:
    view = host.show("instance_read", {"instance": begun(host, "d-whole")})
    view.get_by_role("button", name="Full screen").click()
    expect(view.get_by_role("button", name="Smaller")).to_be_visible()
    view.get_by_role("button", name="Smaller").click()
    expect(view.get_by_role("button", name="Full screen")).to_be_visible()
    assert host.page.evaluate("host.modes") == ["fullscreen", "inline"]
    small = host.show(
        "instance_read", {"instance": "d-whole:1"}, context={"availableDisplayModes": ["inline"]}
    )
    expect(small.get_by_role("button", name="Full screen")).to_be_hidden()


def test_without_calls_it_shows_what_the_answer_held(host: Host) -> None:
    asked = {"instance": begun(host, "d-bare"), "detail": ["diagram"]}
    view = host.show("instance_read", asked, passesCalls=False)
    expect(view).to_contain_text("The host passes no calls on")
    expect(view.locator(".stage svg")).to_be_visible()
    expect(view.locator(".summary")).to_contain_text("Belege erfassen a person: sachbearbeitung")
    expect(view.get_by_role("button", name="Refresh")).to_have_count(0)


def test_a_refusal_is_shown_with_its_fix(host: Host) -> None:
    view = host.show("instance_read", {"instance": "d-nowhere:1"})
    expect(view.get_by_role("alert")).to_contain_text("d-nowhere:1")
