"""Traces and figures reach a collector: what a call did, in whose trace, and nothing of what it was about."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client, MCPError

from tests.doors.collector import Server, collector, served
from tests.doors.doors import command, stdio_server

TRACE, ABOVE = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{ABOVE}-01"
SECRET = "hunter2-and-a-long-tail"
SERVER, CLIENT, INTERNAL = 2, 3, 1
FAILED = 2
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_METRIC_EXPORT_INTERVAL": "200"}


def outline(address: str) -> dict[str, Any]:
    """Return a process that calls a service."""
    return {
        "process": "ping",
        "data": {"who": "text", "response": "context"},
        "start": {"needs": ["who"]},
        "steps": [
            {
                "ask service": {
                    "call": "http.request",
                    "with": {"url": f'"{address}"', "method": '"POST"', "body": "who"},
                }
            },
            {"end": "done"},
        ],
    }


def published(server: Server, address: str) -> None:
    assert server.call("process_create", outline=outline(address)).status_code == 200
    made = server.call("process_publish", process="ping")
    assert made.status_code == 200, made.text


def test_a_call_with_all_that_follows_is_one_tree_in_the_callers_trace(tmp_path: Path) -> None:
    with collector() as found, served(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=found.address, **SOON) as server:
        published(server, f"{found.address}/service/{SECRET}")
        headers = {"traceparent": PARENT, "tracestate": "vendor=1", "x-request-id": "ask-7"}
        started = server.call("instance_start", headers, process="ping", variables={"who": SECRET})
        assert started.headers["x-request-id"] == "ask-7"
        call = found.span(name="POST /api/v1/instance_start")
        assert (call.trace, call.parent, call.kind) == (TRACE, ABOVE, SERVER)
        expected = {
            "http.request.method": "POST",
            "http.route": "/api/v1/instance_start",
            "http.response.status_code": 200,
            "url.scheme": "http",
            "network.protocol.version": "1.1",
            "flowmaster.operation": "instance_start",
            "flowmaster.door": "rest",
            "flowmaster.tenant": "default",
            "flowmaster.caller": "local",
            "flowmaster.outcome": "ok",
            "flowmaster.request.id": "ask-7",
            "flowmaster.instance": "ping:1",
        }
        assert call.told == expected
        commit = found.below(call, "commit")
        assert commit.told["flowmaster.commit.pieces"] >= 1
        job = found.below(call, "job http.request")
        assert (job.told["flowmaster.instance"], job.told["flowmaster.element"]) == ("ping:1", "ask_service")
        asked = found.below(job, "POST")
        host, _, port = found.address.removeprefix("http://").partition(":")
        told = {"http.response.status_code": 200, "server.address": host, "server.port": int(port)}
        assert asked.kind == CLIENT
        assert told.items() <= asked.told.items()
        assert found.below(job, "commit").status == 0
        (sent,) = found.asked
        assert sent["traceparent"] == f"00-{TRACE}-{asked.span}-01"
        assert sent["tracestate"] == "vendor=1"
        assert set(found.services) == {"flowmaster"}
    assert not any(SECRET.encode() in body for body in found.bodies)


def test_the_place_in_an_mcp_request_counts_before_that_of_its_transport(tmp_path: Path) -> None:
    other = "0af7651916cd43dd8448eb211c80319c"
    meta = {"traceparent": PARENT, "io.modelcontextprotocol/protocolVersion": "2026-07-28"}
    meta |= {"io.modelcontextprotocol/clientCapabilities": {}}  # type: ignore[dict-item]
    params = {
        "name": "operation_query",
        "arguments": {"operation": "rule_find", "arguments": {}},
        "_meta": meta,
    }
    with collector() as found, served(tmp_path, "--telemetry", found.address, **SOON) as server:
        headers = {
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call",
            "mcp-name": "operation_query",
            "traceparent": f"00-{other}-{ABOVE}-01",
        }
        body = {"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": params}
        assert httpx.post(f"{server.address}/mcp", json=body, headers=headers).status_code == 200
        call = found.span(name="tools/call operation_query")
    assert (call.trace, call.parent, call.links, call.kind) == (TRACE, ABOVE, (other,), SERVER)
    expected = {
        "mcp.method.name": "tools/call",
        "mcp.protocol.version": "2026-07-28",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "operation_query",
        "jsonrpc.request.id": "5",
        "network.transport": "tcp",
        "flowmaster.operation": "rule_find",
        "flowmaster.door": "mcp-http",
    }
    assert expected.items() <= call.told.items()


def test_calls_over_stdio_are_traced_and_refusals_are_told_by_their_code(tmp_path: Path) -> None:
    async def play(address: str) -> None:
        place = stdio_server(tmp_path, "--telemetry", address)
        assert place.env is not None
        place.env.update(SOON)
        async with Client(place) as client:
            refused = await client.call_tool("task_read", {"task": SECRET}, meta={"traceparent": PARENT})  # type: ignore[arg-type]
            assert refused.is_error
            await client.call_tool(SECRET, {})
            with pytest.raises(MCPError):
                await client.read_resource("task://no/such.1")

    with collector() as found:
        anyio.run(play, found.address)
        call = found.span(name="tools/call task_read")
        unknown = found.span(name="tools/call unknown")
        read = found.span(name="resources/read")
    assert (call.trace, call.parent, call.status) == (TRACE, ABOVE, FAILED)
    told = {"error.type": "tool_error", "flowmaster.outcome": "task.unknown", "network.transport": "pipe"}
    assert told.items() <= call.told.items()
    assert unknown.told["flowmaster.outcome"] == "operation.unknown"
    assert (read.told["flowmaster.operation"], read.told["mcp.method.name"]) == (
        "task_read",
        "resources/read",
    )
    assert not any(SECRET.encode() in body for body in found.bodies)


def test_over_http_only_a_fault_of_the_server_fails_a_span(tmp_path: Path) -> None:
    with collector() as found, served(tmp_path, "--telemetry", found.address, **SOON) as server:
        assert server.call("task_read", task="no/such.1").status_code == 404
        call = found.span(name="POST /api/v1/task_read")
    assert (call.status, call.told["flowmaster.outcome"]) == (0, "task.unknown")
    assert "error.type" not in call.told


def test_timers_fire_in_traces_of_their_own_that_are_linked_to_the_call_which_began_them(
    tmp_path: Path,
) -> None:
    waits = {"process": "nap", "steps": [{"sleep": {"wait": "PT0.2S"}}, {"end": "done"}]}
    with collector() as found, served(tmp_path, "--telemetry", found.address, **SOON) as server:
        assert server.call("process_create", outline=waits).status_code == 200
        assert server.call("process_publish", process="nap").status_code == 200
        assert server.call("instance_start", {"traceparent": PARENT}, process="nap").status_code == 200
        fired = found.span(name="timer")
        around = found.span(name="timers", span=fired.parent)
        found.below(around, "commit")
    assert fired.links == (TRACE,)
    assert fired.trace != TRACE
    assert fired.told["flowmaster.instance"] == "nap:1"
    assert 0 <= fired.told["flowmaster.timer.lag_ms"] < 5_000


def test_a_call_of_the_command_line_goes_on_in_the_trace_of_its_script(tmp_path: Path) -> None:
    with collector() as found:
        words = [command(), "call", "server_info", "--data", str(tmp_path), "--telemetry", found.address]
        subprocess.run(
            words, check=True, capture_output=True, env={"TRACEPARENT": PARENT, "PATH": ""}, timeout=60
        )
        call = found.span(name="server_info")
    assert (call.trace, call.parent, call.kind, call.told["flowmaster.door"]) == (
        TRACE,
        ABOVE,
        INTERNAL,
        "cli",
    )


def test_the_samplers_of_the_standard_decide_what_is_recorded(tmp_path: Path) -> None:
    never = {"OTEL_TRACES_SAMPLER": "parentbased_always_off", **SOON}
    with collector() as found, served(tmp_path, "--telemetry", found.address, **never) as server:
        server.call("server_info")
        server.call("task_find", {"traceparent": PARENT})
        server.call("rule_find", {"traceparent": PARENT.removesuffix("1") + "0"})
        found.span(name="POST /api/v1/task_find")
    assert [span.name for span in found.spans] == ["POST /api/v1/task_find"]


def test_figures_are_told_to_the_collector(tmp_path: Path) -> None:
    with collector() as found, served(tmp_path, "--telemetry", found.address, **SOON) as server:
        published(server, f"{found.address}/service")
        for _ in range(3):
            server.call("instance_start", process="ping", variables={"who": "ann"})
        server.call("task_read", task="no/such.1")

        def ended() -> bool:
            return [count for _, count, _ in found.metrics.get("flowmaster.instance.ended", [])] == [3]

        found.wait_for(ended)
        metrics = found.metrics
    calls = {
        (told["flowmaster.operation"], told["flowmaster.outcome"]): count
        for told, count, _ in metrics["flowmaster.operation.duration"]
    }
    assert calls["instance_start", "ok"] == 3
    assert calls["task_read", "task.unknown"] == 1
    assert {told["flowmaster.door"] for told, _, _ in metrics["flowmaster.operation.duration"]} == {"rest"}
    ((_, started, _),) = metrics["flowmaster.instance.started"]
    assert started == 3
    ((asked, count, seconds),) = metrics["flowmaster.connector.duration"]
    assert (asked, count) == ({"flowmaster.connector": "http.request", "flowmaster.outcome": "ok"}, 3)
    assert seconds > 0
    ((_, commits, _),) = metrics["flowmaster.commit.duration"]
    ((_, batches, pieces),) = metrics["flowmaster.commit.pieces"]
    assert commits == batches <= pieces
    (waiting,) = metrics["flowmaster.writer.queue"]
    assert waiting[1] == 0
    assert {told["flowmaster.instance.status"] for told, _, _ in metrics["flowmaster.instance.count"]} >= {
        "active",
        "completed",
    }


def test_a_collector_that_hangs_holds_up_neither_calls_nor_the_end(tmp_path: Path) -> None:
    with collector() as found:
        found.hangs.set()
        small = {**SOON, "OTEL_BSP_MAX_QUEUE_SIZE": "16", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4"}
        small["OTEL_EXPORTER_OTLP_TIMEOUT"] = "60"
        with served(tmp_path, "--telemetry", found.address, **small) as server:
            begun = time.monotonic()
            assert {server.call("server_info").status_code for _ in range(100)} == {200}
            assert time.monotonic() - begun < 20
            told = server.call("operation_query", operation="server_load", arguments={}).json()
            assert told["calls"]["per_second"] > 0
            lost = httpx.get(f"{server.address}/metrics").text
            ending = time.monotonic()
        assert time.monotonic() - ending < 15
    (line,) = [each for each in lost.splitlines() if each.startswith("flowmaster_telemetry_lost_total")]
    assert int(line.split()[1]) >= 50


def test_a_collector_that_is_not_there_is_told_once_in_the_log_and_in_the_overview(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    soon = {**SOON, "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    with served(tmp_path, "--telemetry", nowhere, **soon) as server:
        until = time.monotonic() + 20
        answer = httpx.get(f"{server.address}/health")
        while answer.json()["status"] == "ok" and time.monotonic() < until:
            assert server.call("server_info").status_code == 200
            time.sleep(0.05)
            answer = httpx.get(f"{server.address}/health")
        overview: dict[str, Any] = answer.json()
        assert answer.status_code == 200
        (broken,) = overview["broken"]
        assert (overview["status"], broken["part"]) == ("degraded", "telemetry")
        assert broken["code"] == "telemetry.not_taken"
        info = server.call("server_info").json()["parts"]
        (part,) = [each for each in info if each["part"] == "telemetry"]
        assert (part["state"], part["since"]) == ("failing", broken["since"])
        time.sleep(1.0)
    assert [line for line in server.log if "collector of telemetry" in line][1:] == []


WITHOUT_TELEMETRY = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter')):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from flowmaster.__main__ import main
sys.exit(main())
"""
"""What a program sees where the protocol library's own part of OpenTelemetry alone is installed."""


def without_telemetry(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the command as if the part were not installed."""
    program = [sys.executable, "-c", WITHOUT_TELEMETRY, *words]
    return subprocess.run(
        program, capture_output=True, text=True, timeout=60, check=False, env={"PATH": "", **variables}
    )


def test_telemetry_without_its_part_of_the_installation_is_refused_with_the_command_that_adds_it(
    tmp_path: Path,
) -> None:
    ran = without_telemetry(
        "call", "server_info", "--data", str(tmp_path), "--telemetry", "http://127.0.0.1:4318"
    )
    assert (ran.returncode, "telemetry.extra_missing" in ran.stderr) == (1, True), ran.stderr
    assert "pip install 'flowmaster[telemetry]'" in ran.stderr


def test_a_variable_that_asks_for_telemetry_stops_no_server_that_cannot_export(tmp_path: Path) -> None:
    collectors = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
    ran = without_telemetry("call", "server_info", "--json", "--data", str(tmp_path), **collectors)
    assert ran.returncode == 0, ran.stderr
    (part,) = [each for each in json.loads(ran.stdout)["parts"] if each["part"] == "telemetry"]
    assert (part["state"], "flowmaster[telemetry]" in part["says"]) == ("failing", False)
    assert "missing" in part["says"]
    log = (tmp_path / "flowmaster.log").read_text(encoding="utf-8")
    assert "pip install 'flowmaster[telemetry]'" in log


def test_nothing_is_exported_unless_it_is_asked_for(tmp_path: Path) -> None:
    with collector() as found:
        asks_for_nothing = {"OTEL_EXPORTER_OTLP_ENDPOINT": found.address, "OTEL_SDK_DISABLED": "true", **SOON}
        for further in ([], ["--telemetry", "off"]):
            variables = asks_for_nothing if not further else {**asks_for_nothing, "OTEL_SDK_DISABLED": ""}
            with served(tmp_path, *further, **variables) as server:
                assert server.call("server_info").status_code == 200
                time.sleep(0.5)
        assert found.bodies == []
