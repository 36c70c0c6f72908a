"""How a server is, for whoever keeps it running: whether it lives, whether it can answer, and what is broken since when.

Everybody may ask, so nothing is told here but names of parts, codes and instants; `server_info` tells more.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from flowmaster import __version__
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.runtime.clock import CLOCK_SETTING
from flowmaster.runtime.observation.health import STORE
from flowmaster.server.http_body import response_of
from flowmaster.tools.answer import Answer
from flowmaster.tools.app import App
from flowmaster.tools.invoke import refused
from flowmaster.tools.json_text import write_json

READY_SECONDS: Final = 2.0
"""How long the store may take to answer a server that says that it is ready."""

TOO_SLOW: Final = FlowMasterError(
    "server.not_ready",
    "The store does not answer in time.",
    fix="Wait, or look at the store: `flowmaster doctor`.",
    status=503,
)

Tell = Callable[[Request], Awaitable[Response]]


async def live(request: Request) -> Response:
    """Tell that the server is up."""
    return response_of(Answer(write_json({"status": "ok", "version": __version__})))


def ready(app: App) -> Tell:
    """Return what tells whether calls can be answered now: whether the store answers, and soon."""

    async def answer(request: Request) -> Response:
        error = await _trouble(app)
        if error is None:
            return await live(request)
        fix = "Wait, or look at the store: `flowmaster doctor`."
        return response_of(refused(FlowMasterError("server.not_ready", error.message, fix=fix, status=503)))

    return answer


def overview(app: App) -> Tell:
    """Return what tells which parts are broken, and since when; 503 where calls cannot be answered."""
    health = app.runtime.observed.health

    async def answer(request: Request) -> Response:
        await _trouble(app)
        broken: list[Json] = [
            {"part": part, "since": iso(trouble.since), "code": trouble.code}
            for part, trouble in sorted(health.troubles.items())
        ]
        told: dict[str, Json] = {"status": health.status, "version": __version__}
        told |= {"broken": broken} if broken else {}
        status = 503 if health.status == "failing" else 200
        return Response(write_json(told), status, media_type="application/json")

    return answer


async def _trouble(app: App) -> FlowMasterError | None:
    """Look whether the store answers; return why not."""
    health = app.runtime.observed.health

    def look() -> None:
        app.runtime.reader.setting("", CLOCK_SETTING)

    try:
        with anyio.fail_after(READY_SECONDS):
            await anyio.to_thread.run_sync(look, abandon_on_cancel=True)
    except TimeoutError:
        health.broken(STORE, TOO_SLOW.code, TOO_SLOW.message)
        return TOO_SLOW
    except FlowMasterError as error:
        health.broken(STORE, error.code, error.message)
        return error
    health.works(STORE)
    return None
