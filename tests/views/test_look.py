"""How the views look, and whom they leave out: nobody. Light and dark, wide and narrow, with names as long as German."""

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.views.browser import Host
from tests.views.models import one_task, travel

pytestmark = pytest.mark.views

LONG = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetzesänderungsantragsformular"
FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        LONG: {"type": "string"},
        "wahl": {"enum": [LONG + "eins", LONG + "zwei"]},
        "auswahl": {"enum": [f"{LONG}{number}" for number in range(6)]},
        "mehrere": {"type": "array", "items": {"enum": [LONG, "b"]}},
        "posten": {"type": "array", "items": {"type": "object", "properties": {LONG: {"type": "number"}, "b": {"type": "boolean"}}}},
        "tag": {"type": "string", "format": "date"},
        "zeitpunkt": {"type": "string", "format": "date-time"},
    },
    "required": [LONG, "wahl", "auswahl"],
}  # fmt: skip


def journey(host: Host, process: str) -> str:
    """Start an instance that has stopped at an incident, and return its id."""
    host.stage.publish(travel(process))
    started = host.stage.start(process, betrag=1200, antragsteller="ann")
    task = started["waiting"][0]["task"]
    host.stage.call("task_act", task=task, action="complete", variables={"betrag": 1200})
    (job,) = host.stage.call("work_take", types=[f"{process}.pruefung"])["items"]
    host.stage.call("work_finish", job=job["job"], failure=f"Der Dienst {LONG} antwortet nicht.", retries=0)
    instance: str = started["instance"]
    return instance


def long_task(host: Host, process: str) -> str:
    """Start an instance whose task has long names everywhere, and return the task's id."""
    host.stage.call("process_create", bpmn=one_task(process, FORM, name=LONG))
    host.stage.call("process_publish", process=process)
    started = host.stage.call(
        "instance_start",
        process=process,
        variables={LONG.lower(): LONG, "posten": [{LONG: 1}]},
        business_key=LONG,
    )
    task: str = started["waiting"][0]["task"]
    return task


def shown(host: Host, kind: str, theme: str, width: int) -> Locator:
    """Show a view with all that it may hold."""
    name = f"l-{kind}-{theme}-{width}"
    if kind == "diagram":
        view = host.show("instance_read", {"instance": journey(host, name)}, theme=theme)
        view.locator(".summary .link").first.click()
    elif kind == "task":
        view = host.show("task_read", {"task": long_task(host, name)}, theme=theme)
        for summary in view.locator("summary").all():
            summary.click()
        view.get_by_role("button", name="Complete").click()
        expect(view.get_by_role("alert")).to_be_visible()
    else:
        long_task(host, name)
        view = host.show("task_find", {"process": name}, theme=theme)
    host.settled(view)
    return view


@pytest.mark.parametrize("width", [800, 320])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["diagram", "task", "work"])
def test_everybody_can_use_it_and_long_names_stay_inside(
    host: Host, kind: str, theme: str, width: int
) -> None:
    host.resize(width)
    shown(host, kind, theme, width)
    assert host.violations() == []
    assert host.overflow() <= 0


@pytest.mark.parametrize(("theme", "dark"), [("light", False), ("dark", True)])
def test_the_theme_of_the_host_is_worn_also_when_it_changes(host: Host, theme: str, dark: bool) -> None:
    view = host.show("task_find", {}, theme=theme)
    assert is_dark(view) is dark
    host.page.evaluate("theme => host.bridge.sendHostContextChange({ theme })", "light" if dark else "dark")
    expect(host.root).to_have_attribute("data-theme", "light" if dark else "dark")
    assert is_dark(view) is not dark


def test_without_a_theme_of_the_host_that_of_the_system_is_worn(host: Host) -> None:
    host.page.emulate_media(color_scheme="dark")
    view = host.show("task_find", {}, theme="")
    assert is_dark(view)
    expect(host.root).to_have_attribute("data-theme", "dark")
    host.page.emulate_media(color_scheme="light")


def is_dark(view: Locator) -> bool:
    """Whether the view has a dark ground."""
    found: bool = view.evaluate(
        "() => getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).every((each) => Number(each) < 80)"
    )
    return found


def test_colours_letters_language_and_zone_are_the_hosts(host: Host) -> None:
    context = {
        "styles": {"variables": {"--color-background-primary": "rgb(1, 2, 3)", "--font-sans": "monospace"}},
        "locale": "de-DE",
        "timeZone": "Asia/Tokyo",
    }
    host.stage.call("process_create", bpmn=one_task("l-words", None))
    host.stage.call("process_publish", process="l-words")
    task = host.stage.start("l-words")["waiting"][0]["task"]
    view = host.show("task_read", {"task": task}, context=context)
    style = view.evaluate(
        "() => { const { backgroundColor, fontFamily } = getComputedStyle(document.body); return [backgroundColor, fontFamily]; }"
    )
    assert style == ["rgb(1, 2, 3)", "monospace"]
    since = host.stage.call("task_read", task=task)["since"]
    told = host.page.evaluate(
        "at => new Intl.DateTimeFormat('de-DE', {dateStyle: 'medium', timeStyle: 'short', timeZone: 'Asia/Tokyo'}).format(new Date(at))",
        since,
    )
    expect(view).to_contain_text(told)


def test_a_language_that_nobody_knows_does_no_harm(host: Host) -> None:
    view = host.show("task_find", {}, context={"locale": "x", "timeZone": "Nowhere/Else"})
    expect(view.get_by_role("heading", name="Open work")).to_be_visible()


def test_the_host_gives_each_view_the_height_that_it_needs(host: Host) -> None:
    host.show("task_read", {"task": long_task(host, "l-height")})
    host.page.wait_for_function("document.querySelector('iframe').offsetHeight > 400")
    hidden = host.frame.evaluate("document.documentElement.scrollHeight - innerHeight")
    assert hidden <= 2
