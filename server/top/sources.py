"""Where the pictures come from: a running server that is asked, or a store that is looked at."""

import http.client
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from time import monotonic, time
from typing import Any, Final
from urllib.parse import urlsplit

import anyio.to_thread

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.observation.figures import Figures
from flowmaster.server.options import MEMORY, UsageError
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.stores.call_log import FILE
from flowmaster.tools.invoke import invoke
from flowmaster.tools.registry import Call, Caller

OPERATION: Final = "server_load"
SECONDS: Final = 10
"""Over how much time the rates of a picture are reckoned."""
ANSWER_SECONDS: Final = 5.0
TAIL_BYTES: Final = 1_000_000
"""How much of the end of the log of calls is read at once."""

Load = Mapping[str, Any]
Source = Callable[[], Awaitable[Load]]
"""Returns how the server is doing now; refuses if that cannot be found out."""


@asynccontextmanager
async def asked(url: str, key: str) -> AsyncIterator[Source]:
    """Ask a running server."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"--url is the address of a server, such as http://127.0.0.1:8321, not {url!r}.")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    line = kind(parts.hostname, parts.port, timeout=ANSWER_SECONDS)
    base = parts.path.rstrip("/").removesuffix("/mcp")
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})

    def ask() -> Load:
        try:
            line.request("POST", f"{base}/api/v1/{OPERATION}", json.dumps({"seconds": SECONDS}), headers)
            response = line.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            line.close()
            raise FlowMasterError(
                "server.unreachable",
                f"No server answers at {parts.scheme}://{parts.netloc}: {error}.",
                path="url",
                fix="Look whether `flowmaster serve` runs there; without --url the data folder itself is looked at.",
                status=502,
            ) from None
        return _answered(response.status, text)

    try:
        yield lambda: anyio.to_thread.run_sync(ask)
    finally:
        line.close()


@asynccontextmanager
async def looked_at(settings: Settings) -> AsyncIterator[Source]:
    """Look at a store without changing it; calls are those that all servers on the data folder have logged."""
    if settings.data == MEMORY and not settings.store:
        raise UsageError(
            "there is nothing to look at in :memory:; name a folder (--data), a --store or a --url."
        )
    async with open_app(replace(settings, read_only=True, telemetry="off")) as app:
        app.runtime.observed.figures = Figures(began=monotonic() - SECONDS)
        log = LoggedCalls(Path(settings.data) / FILE, app.runtime.observed.figures)
        call = Call(app=replace(app, calls=None), caller=Caller(door="cli"))

        async def look() -> Load:
            await anyio.to_thread.run_sync(log.take)
            answer = await invoke(app.registry, call, OPERATION, {"seconds": SECONDS})
            return _answered(answer.status, answer.body)

        yield look


class LoggedCalls:
    """Follows the log of calls of a data folder, and brings what comes there into figures."""

    def __init__(self, path: Path, figures: Figures) -> None:
        self._path = path
        self._figures = figures
        self._read = -1

    def take(self) -> None:
        """Take in what has come since the last time; the first time what came within the last seconds."""
        begun, newest = self._read < 0, self._fresh()
        since = time() - SECONDS if begun else 0.0
        for line in newest.splitlines():
            try:
                told = json.loads(line)
                if not begun or _epoch(told["at"]) >= since:
                    labels = (str(told["operation"]), str(told["door"]), str(told["outcome"]))
                    self._figures.operations.record(labels, float(told["ms"]) / 1000)
            except (ValueError, KeyError, TypeError):
                continue  # A line that is cut at its beginning, or one that tells of lines left out.

    def _fresh(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, 2)
                if self._read > size:  # It was put aside, and begun anew.
                    self._read = 0
                file.seek(max(self._read, size - TAIL_BYTES, 0))
                data = file.read(TAIL_BYTES)
                whole = data[: data.rfind(b"\n") + 1]
                self._read = file.tell() - len(data) + len(whole)
                return whole
        except FileNotFoundError:
            self._read = 0
            return b""


def _answered(status: int, text: bytes) -> Load:
    """Return what a server answered, or raise its refusal."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise FlowMasterError(
            "server.answer_unknown",
            f"What answers there is no FlowMaster: status {status}, and no JSON.",
            path="url",
            fix="Give the address that `flowmaster serve` names when it starts.",
            status=502,
        )
    if status >= 400:
        raise FlowMasterError(
            str(body.get("code", "server.answer_unknown")),
            str(body.get("message", f"It answered with status {status}.")),
            path=str(body.get("path", "")),
            expected=body.get("expected"),
            fix=str(body.get("fix", "Look into the log of the server.")),
            status=status,
        )
    return body


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
