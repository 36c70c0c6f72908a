"""Lines of the log tell the call they belong to, as text and as JSON, and the log of calls leads to the history."""

import io
import json
import logging
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import anyio
import httpx
import pytest

from flowmaster.server.http import http_app
from flowmaster.server.logs import FIELDS, JsonLines, TextLines
from tests.doors.collector import collector, served
from tests.doors.doors import command, rest_client
from tests.doors.sample import sample_app
from tests.doors.test_traces import PARENT, TRACE, outline

REQUEST = {"x-request-id": "ask-7", "traceparent": PARENT}


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Return what is written to the log."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger("flowmaster").addHandler(handler)
    yield stream
    logging.getLogger("flowmaster").removeHandler(handler)


def fault(formatter: logging.Formatter, headers: dict[str, str]) -> str:
    """Return the reference of a fault that a call over HTTP met, its log written by a formatter."""
    for handler in logging.getLogger("flowmaster").handlers:
        handler.setFormatter(formatter)
    app = sample_app()

    async def play() -> httpx.Response:
        async with rest_client(http_app(replace(app, calls=None))) as client:
            return await client.post("/api/v1/sample_break", json={}, headers=headers)

    answer = anyio.run(play)
    assert answer.status_code == 500
    assert answer.headers["x-request-id"]
    found = re.search(r"reference (\w+)", answer.json()["message"])
    assert found is not None
    return found[1]


def test_a_line_of_json_tells_the_request_its_trace_the_operation_and_the_caller(
    written: io.StringIO,
) -> None:
    reference = fault(JsonLines(), REQUEST)
    (line,) = map(json.loads, written.getvalue().splitlines())
    assert list(line) == [name for name in FIELDS if name in line]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert reference in line.pop("message")
    assert "the secret insides" in line.pop("fault")
    assert line == {
        "level": "error",
        "logger": "flowmaster.tools.invoke",
        "request": "ask-7",
        "trace": TRACE,
        "operation": "sample_break",
        "caller": "local",
        "tenant": "default",
        "door": "rest",
    }


def test_a_line_of_text_tells_the_same_at_its_end(written: io.StringIO) -> None:
    reference = fault(TextLines(), REQUEST)
    line = written.getvalue().splitlines()[0]
    about = f"request=ask-7 trace={TRACE} operation=sample_break caller=local tenant=default door=rest"
    assert line.endswith(f"reference {reference} [{about}]")
    assert " ERROR flowmaster.tools.invoke: " in line


@pytest.mark.parametrize("given", ["", "two words", "x" * 81, "ü", "a\tb"])
def test_a_request_without_a_sound_id_gets_one_and_no_place_in_a_trace(
    written: io.StringIO, given: str
) -> None:
    fault(
        JsonLines(),
        {"x-request-id": given.encode("latin-1").decode("latin-1"), "traceparent": "00-0-0-01"}
        if given.isascii()
        else {},
    )
    (line,) = map(json.loads, written.getvalue().splitlines())
    assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", line["request"])
    assert "trace" not in line


def test_every_line_of_a_server_is_json_from_the_first_to_that_of_a_failing_connector(tmp_path: Path) -> None:
    with collector() as found, served(tmp_path, "--log-format", "json") as server:
        steps = outline(f"{found.address}/broken")
        steps["steps"][0]["ask service"]["retry"] = {"times": 6}
        assert server.call("process_create", outline=steps).status_code == 200
        assert server.call("process_publish", process="ping").status_code == 200
        for _ in range(6):
            assert server.call("instance_start", process="ping", variables={"who": "x"}).status_code == 200
        found.wait_for(lambda: any("keeps failing" in line for line in server.log))
    lines = [json.loads(line) for line in server.log]
    assert [line["level"] for line in lines][0] == "info"
    assert lines[0]["message"].startswith("FlowMaster listens on http://")
    told = next(line for line in lines if "keeps failing" in line["message"])
    assert (told["operation"], told["caller"], told["tenant"]) == ("job", "connector:http.request", "default")


def test_the_id_of_a_request_leads_from_its_answer_to_the_instance_and_its_revision_and_back(
    tmp_path: Path,
) -> None:
    with served(tmp_path) as server:
        task = {"process": "ask", "roles": ["boss"], "steps": [{"approve": {"ask": "boss"}}]}
        assert server.call("process_create", outline=task).status_code == 200
        assert server.call("process_publish", process="ask").status_code == 200
        started = server.call("instance_start", REQUEST, process="ask")
        asked = started.json()["waiting"][0]["task"]
        done = server.call("task_act", task=asked, action="complete")
        assert done.status_code == 200, done.text
        tried = server.call("instance_start", REQUEST, process="ask", dry_run=True)
        assert tried.status_code == 200
        (ended,) = server.call("call_find", operation="task_act").json()["items"]
        first, second = server.call("call_find", instance="ask:1").json()["items"]
        (by_trace,) = [
            each for each in server.call("call_find", trace=TRACE).json()["items"] if "changed" in each
        ]
        by_request = server.call("call_find", request="ask-7").json()["items"]
        audit = server.call("audit_find", scope="ask:1").json()["items"]
    assert first == ended
    assert (ended["request"], second["request"]) == (done.headers["x-request-id"], "ask-7")
    assert second == by_trace
    assert [each.get("changed", []) == [] for each in by_request] == [True, False]
    steps = [(each["operation"].partition(".")[0], each["last"]) for each in audit]
    assert steps == [
        ("task_act", ended["changed"][0]["revision"]),
        ("instance_start", second["changed"][0]["revision"]),
    ]
    assert {each["instance"] for item in (ended, second) for each in item["changed"]} == {"ask:1"}


def test_a_call_of_the_command_line_has_an_id_of_its_own(tmp_path: Path) -> None:
    subprocess.run(
        [command(), "call", "server_info", "--data", str(tmp_path)], check=True, capture_output=True
    )
    (line,) = map(json.loads, (tmp_path / "calls.jsonl").read_text(encoding="utf-8").splitlines())
    assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", line["request"])
