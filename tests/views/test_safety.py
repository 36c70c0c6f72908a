"""What people write into names, forms and values stays text, and a view reaches nothing but its host."""

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.views.browser import Host
from tests.views.models import one_task

pytestmark = pytest.mark.views

HOSTILE = '<img src=x onerror="window.hit=1"></title></script><script>window.hit=2</script><svg onload=window.hit=3>\'"&amp;{{7*7}}'
WAYS = ["write", "srcdoc", "lax"]
"""How hosts bring a page into its frame: written, by `srcdoc` without an origin, and without any policy of theirs."""


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def hostile_task(host: Host, process: str) -> str:
    """Start an instance that is hostile wherever somebody may write, and return its task."""
    form: dict[str, Any] = {
        "type": "object",
        "properties": {
            HOSTILE: {"type": "string", "title": HOSTILE, "description": HOSTILE},
            "choice": {"enum": [HOSTILE, "b"], "title": HOSTILE},
            "menu": {"enum": [HOSTILE, "b", "c", "d", "e"], "enumNames": [HOSTILE] * 5},
            "rows": {"type": "array", "title": HOSTILE, "items": {"type": "object", "title": HOSTILE, "properties": {"a": {"title": HOSTILE, "type": "string"}}}},
            "__proto__": {"type": "string"},
            "constructor": {"type": "string"},
        },
    }  # fmt: skip
    host.stage.call("process_create", bpmn=one_task(process, form, name=HOSTILE))
    host.stage.call("process_publish", process=process)
    values = {HOSTILE: HOSTILE, "rows": [{"a": HOSTILE}], "other": HOSTILE[:100]}
    started = host.stage.call("instance_start", process=process, variables=values, business_key=HOSTILE)
    task: str = started["waiting"][0]["task"]
    return task


def unharmed(host: Host) -> None:
    """Nothing of what was written has become an element or has run."""
    found = host.frame.evaluate(
        "() => [window.hit ?? null, document.querySelectorAll('img, [onerror], [onload], script:not([type=module])').length]"
    )
    assert found == [None, 0]
    assert host.page.evaluate("window.hit ?? null") is None


def test_a_form_shows_what_is_written_as_it_is_written(host: Host, way: str) -> None:
    view = host.show("task_read", {"task": hostile_task(host, f"s-form-{way}")}, way=way)
    expect(view.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    view.get_by_text("What is known").click()
    view.get_by_role("button", name="Complete").click()
    expect(view.get_by_role("heading", level=1)).to_contain_text("Done:")
    unharmed(host)


def test_a_picture_and_its_details_show_names_as_they_are_written(host: Host, way: str) -> None:
    task = hostile_task(host, f"s-picture-{way}")
    view = host.show("instance_read", {"instance": task.split("/")[0]}, way=way)
    view.locator(".summary .link").first.click()
    expect(view.locator(".detail").get_by_role("heading")).to_have_text(HOSTILE)
    expect(view.locator(".stage")).to_contain_text("onerror")
    unharmed(host)


def test_a_table_shows_names_and_keys_as_they_are_written(host: Host, way: str) -> None:
    hostile_task(host, f"s-table-{way}")
    view = host.show("task_find", {"process": f"s-table-{way}"}, way=way)
    expect(view.locator("tbody th button")).to_have_text(HOSTILE)
    unharmed(host)


def test_a_refusal_is_shown_as_it_is_written(host: Host) -> None:
    body = {"code": "task.unknown", "message": HOSTILE, "fix": HOSTILE}
    told = {"isError": True, "content": [{"type": "text", "text": json.dumps(body)}]}
    view = host.show("task_read", {"task": "x"}, answer=told)
    expect(view.get_by_role("alert")).to_contain_text("onerror")
    unharmed(host)


PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" viewBox="0 0 9 9" width="9" height="9" onload="window.hit=1" style="background:url({url}?a)">
<script>window.hit=2</script><style>@import url({url}?b);</style><image href="{url}?c"/><use href="{url}?d#x"/><a x:href="javascript:window.hit=3"><rect width="9" height="9" onclick="window.hit=4" fill="url({url}?e)"/></a>
<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="{url}?f" onerror="window.hit=5"/></body></foreignObject><g data-element="a"><title>A</title><circle r="3" onmouseover="window.hit=6"/></g>
<animate attributeName="href" values="{url}?g"/><set attributeName="onload" to="window.hit=7"/></svg>"""


def test_of_a_picture_only_shapes_are_taken_over(host: Host) -> None:
    picture = PICTURE.format(url=f"{host.stage.url}/knock")
    answer = {"content": [], "structuredContent": {"process": "p", "view": "svg", "content": picture}}
    view = host.show("process_read", {"process": "p"}, passesCalls=False, way="lax", answer=answer)
    expect(view.locator("svg circle")).to_have_count(1)
    left = view.locator("svg").evaluate(
        "each => [...new Set([each, ...each.querySelectorAll('*')].flatMap((one) => [one.localName, ...one.getAttributeNames()]))].sort()"
    )
    assert set(left) <= {
        "svg",
        "g",
        "title",
        "circle",
        "viewBox",
        "width",
        "height",
        "r",
        "data-element",
        "role",
        "aria-label",
        "style",
    }
    unharmed(host)
    assert host.stage.knocks == []
    host.complaints.clear()  # The browser tells what it has blocked.


def knocking(kind: str, url: str) -> str:
    """Return what would reach an address outside, run in the view."""
    return {
        "fetch": f"fetch('{url}').then(() => 'reached', () => 'blocked')",
        "beacon": f"Promise.resolve(navigator.sendBeacon('{url}') ? 'asked' : 'blocked')",
        "socket": f"new Promise((done) => {{ try {{ const s = new WebSocket('{url.replace('http', 'ws')}'); s.onopen = () => done('reached'); s.onerror = () => done('blocked'); }} catch {{ done('blocked'); }} }})",
        "image": f"new Promise((done) => {{ const i = new Image(); i.onload = () => done('reached'); i.onerror = () => done('blocked'); i.src = '{url}'; }})",
        "script": f"new Promise((done) => {{ const s = document.createElement('script'); s.onload = () => done('reached'); s.onerror = () => done('blocked'); s.src = '{url}'; document.head.append(s); }})",
        "style": f"new Promise((done) => {{ const l = document.createElement('link'); l.rel = 'stylesheet'; l.onload = () => done('reached'); l.onerror = () => done('blocked'); l.href = '{url}'; document.head.append(l); }})",
        "frame": f"new Promise((done) => {{ const f = document.createElement('iframe'); f.src = '{url}'; document.body.append(f); setTimeout(() => done('asked'), 300); }})",
        "form": f"new Promise((done) => {{ const f = document.createElement('form'); f.action = '{url}'; f.method = 'post'; document.body.append(f); f.submit(); setTimeout(() => done('asked'), 300); }})",
        "inline": "new Promise((done) => { const s = document.createElement('script'); s.textContent = 'window.hit = 9'; document.head.append(s); setTimeout(() => done(window.hit ? 'reached' : 'blocked'), 100); })",
        "handler": "new Promise((done) => { const b = document.createElement('button'); b.setAttribute('onclick', 'window.hit = 9'); b.click(); setTimeout(() => done(window.hit ? 'reached' : 'blocked'), 100); })",
        "eval": "new Promise((done) => { const s = document.createElement('script'); s.textContent = 'eval(\"window.hit = 9\")'; document.head.append(s); setTimeout(() => done(window.hit ? 'reached' : 'blocked'), 100); })",
    }[kind]  # fmt: skip


@pytest.mark.parametrize(
    "kind",
    ["fetch", "beacon", "socket", "image", "script", "style", "frame", "form", "inline", "handler", "eval"],
)
def test_a_view_reaches_nothing_outside_even_where_a_host_sets_no_policy(host: Host, kind: str) -> None:
    host.show("task_find", {}, way="lax")
    url = f"{host.stage.url}/knock?{kind}"
    assert host.frame.evaluate(knocking(kind, url)) in ("blocked", "asked")
    assert host.stage.knocks == []
    host.complaints.clear()  # The browser tells what it has blocked.


def test_what_others_than_the_host_say_is_not_heard(host: Host) -> None:
    host.show("task_find", {})
    forged = {
        "jsonrpc": "2.0",
        "method": "ui/notifications/host-context-changed",
        "params": {"theme": "dark"},
    }
    host.frame.evaluate("message => window.postMessage(message, '*')", forged)
    host.frame.evaluate("() => new Promise((done) => setTimeout(done, 100))")
    expect(host.root).to_have_attribute("data-theme", "light")


def test_a_request_that_a_view_does_not_know_is_answered_with_an_error(host: Host) -> None:
    host.show("task_find", {})
    assert host.page.evaluate("host.bridge.teardownResource({}).then(() => 'answered')") == "answered"
    refused = host.page.evaluate(
        "host.bridge.callTool({ name: 'x' }).then(() => 'answered', (error) => error.code ?? 'refused')"
    )
    assert refused != "answered"
