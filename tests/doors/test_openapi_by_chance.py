"""The REST door keeps what its OpenAPI document promises, whatever is sent: schemathesis finds no fault."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flowmaster.server.rest import openapi
from flowmaster.tools.catalog import catalog
from tests.doors.callers import key_on
from tests.doors.doors import command

BESIDE = "positive_data_acceptance"
"""What is not promised: arguments that fit may still name what does not exist."""

LENGTHY = ("wait_seconds",)
"""Arguments that only make a call take long."""


SAMPLE = "/(health|instance_start|rule_evaluate|task_act|operation_query)$"
"""The paths that are called in every run; the others take minutes, and are the same to the door."""


@pytest.mark.parametrize(
    ("paths", "examples"),
    [pytest.param(SAMPLE, 4, id="a few"), pytest.param("", 300, id="many", marks=pytest.mark.soak)],
)
def test_the_rest_door_keeps_the_promises_of_its_document(tmp_path: Path, paths: str, examples: int) -> None:
    key = key_on(tmp_path / "data", "chance")
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(promised()), encoding="utf-8")
    process = subprocess.Popen(
        [command(), "serve", "--data", str(tmp_path / "data"), "--clock", "virtual", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        address = process.stderr.readline().split(" ")[3]
        run = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")), "run", str(document), "--url", address,
                "--header", f"Authorization: Bearer {key}", "--phases", "examples,coverage,fuzzing",
                "--max-examples", str(examples), "--generation-deterministic",
                "--checks", "all", "--exclude-checks", BESIDE, "--include-path-regex", paths,
                "--warnings", "off", "--no-color",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )  # fmt: skip
    finally:
        process.terminate()
        process.wait(10)
        process.stderr.close()
    assert run.returncode == 0, run.stdout[-6_000:] + run.stderr[-2_000:]
    assert "No issues found" in run.stdout, run.stdout[-2_000:]


def promised() -> dict[str, Any]:
    """Return the document of a server with keys, so that each call without one must be refused."""
    document = copy.deepcopy(openapi(catalog()))
    document["security"] = [{"bearer": []}]
    for path in document["paths"].values():
        for call in path.values():
            schema = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            for name in LENGTHY if schema else ():
                schema["properties"].pop(name, None)
    for path in ("/health", "/health/ready"):
        document["paths"][path]["get"]["security"] = []
    return document
