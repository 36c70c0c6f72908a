"""The HTTP server: MCP at `/mcp`, REST at `/api/v1`, health at `/health`, in one process on one address."""

import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
import uvicorn
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from flowmaster import __version__
from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.feed import Feed
from flowmaster.runtime.gauges import gauges
from flowmaster.server import health, mcp_http, rest
from flowmaster.server.bodies import Bodies
from flowmaster.server.callers import caller_in
from flowmaster.server.collector import settle_collector
from flowmaster.server.files import connections_within
from flowmaster.server.gathered import bounded
from flowmaster.server.grounds import Grounds
from flowmaster.server.http_body import LOCAL_HOSTS, Guard, host_name, response_of
from flowmaster.server.issuer import Issuer
from flowmaster.server.logs import say
from flowmaster.server.mcp_refused import PATH
from flowmaster.server.metrics_text import CONTENT_TYPE, metrics_text
from flowmaster.server.resource import Resource
from flowmaster.server.settings import Settings
from flowmaster.server.sign_in import SignIn
from flowmaster.server.tokens import Tokens
from flowmaster.server.wiring import allowed_hosts, open_app
from flowmaster.tools.answer import Answer
from flowmaster.tools.app import App
from flowmaster.tools.invoke import may_not, refused
from flowmaster.tools.json_text import write_json
from flowmaster.tools.load import WATCH

DATE_SECONDS = 1.0
"""How old the date of an answer may be."""
SHUTDOWN_SECONDS = 5


def http_app(app: App, extend: mcp_http.Extend = mcp_http.as_it_is) -> FastAPI:
    """Return the web application of an open FlowMaster."""
    settings = app.settings
    assert isinstance(settings, Settings)
    grounds = grounds_of(app, settings)
    door = mcp_http.McpHttpDoor(app, extend)
    api = FastAPI(
        title="FlowMaster",
        version=__version__,
        openapi_url=f"{rest.ROOT}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lambda _: door.open(),
        redirect_slashes=False,
    )
    document = rest.openapi(each for each in app.registry if each.read_only or not settings.read_only)
    api.openapi = lambda: document  # type: ignore[method-assign]  # how FastAPI wants a document of one's own
    for path in (PATH, f"{PATH}/"):
        api.router.routes.append(Route(path, endpoint=door))
    for path, tell in (
        ("/health", health.overview(app)),
        ("/health/live", health.live),
        ("/health/ready", health.ready(app)),
        ("/metrics", metrics(app)),
    ):
        api.router.routes.append(Route(path, tell, methods=["GET"]))
    api.router.routes.append(Route(f"{rest.ROOT}/{{operation}}", rest.RestDoor(app).call, methods=["POST"]))
    if grounds.resource is not None:
        metadata = _metadata(grounds.resource.metadata())
        api.router.routes += [Route(path, metadata, methods=["GET"]) for path in grounds.resource.paths]
    api.add_exception_handler(HTTPException, _unknown)
    api.state.grounds, api.state.door = grounds, door
    api.add_middleware(Bodies, most=app.runtime.bounds.bytes)
    api.add_middleware(SignIn, grounds=grounds)
    api.add_middleware(Guard, hosts=(*LOCAL_HOSTS, *public_hosts(settings)))
    return api


def grounds_of(app: App, settings: Settings) -> Grounds:
    """Return what the sign-in of callers is decided on."""
    grounds = Grounds(lambda: app.runtime.reader, calls=app.calls)
    if settings.issuer:
        grounds.resource = Resource(settings.resource, settings.issuer)
        grounds.tokens = Tokens(Issuer(settings.issuer, allowed_hosts()), settings.resource)
    return grounds


def public_hosts(settings: Settings) -> tuple[str, ...]:
    """Return the names, besides the local ones, under which callers may ask for this server."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    known = [urlsplit(settings.resource).netloc] if settings.resource else []
    return tuple(host_name(name) for name in (host, *known, *settings.public_hosts))


async def serve_http(settings: Settings, listening: socket.socket) -> None:
    """Serve on a socket that listens, until a signal ends it."""
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    async with open_app(settings, door=address) as app:
        settle_collector()
        config = uvicorn.Config(
            api := http_app(app),
            http=bounded(connections_within(app.runtime.bounds.connections)),
            ws="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        server = _Server(config)
        say(settings.log_format, f"FlowMaster listens on {address} (MCP at {address}/mcp)")
        async with anyio.create_task_group() as group:
            group.start_soon(_end_on_signal, server, (app.runtime.feed, api.state.door))
            await server.serve(sockets=[listening])
            group.cancel_scope.cancel()


class _Server(uvicorn.Server):
    """A server that leaves signals to us, so that everything is closed in order when one comes, and that rests meanwhile.

    uvicorn looks ten times a second whether it should end, which is most of what an idle server would do.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._leaving = anyio.Event()

    async def main_loop(self) -> None:
        """Keep the date of answers up to date until it is time to leave."""
        while not await self.on_tick(0):
            with anyio.move_on_after(DATE_SECONDS):
                await self._leaving.wait()

    def leave(self) -> None:
        """End once what is under way is answered."""
        self.should_exit = True
        self._leaving.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _end_on_signal(server: _Server, streams: tuple[Feed, mcp_http.McpHttpDoor]) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            for each in streams:
                each.end()
            server.leave()


def metrics(app: App) -> Callable[[Request], Awaitable[Response]]:
    """Return what tells the figures as Prometheus reads them, to whoever may watch the server."""

    async def answer(request: Request) -> Response:
        caller = caller_in(request.scope, "rest")
        if not caller.may(WATCH):
            return response_of(refused(may_not(caller, "/metrics", WATCH)))
        try:
            found = await anyio.to_thread.run_sync(gauges, app.runtime)
        except FlowMasterError as error:
            return response_of(refused(error))
        return Response(metrics_text(app.runtime.observed.figures, found), media_type=CONTENT_TYPE)

    return answer


def _metadata(document: dict[str, Any]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return response_of(Answer(write_json(document)))

    return answer


async def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    wrong_method = error.status_code == 405
    response = response_of(
        refused(
            FlowMasterError(
                "request.method_unknown" if wrong_method else "request.path_unknown",
                f"{request.method} {request.url.path[:120]!r} leads nowhere.",
                expected=f"POST {rest.ROOT}/<operation>",
                fix=f"See {rest.ROOT}/openapi.json for all paths.",
                status=error.status_code,
            )
        )
    )
    response.headers.update(error.headers or {})  # Which methods are allowed.
    return response
