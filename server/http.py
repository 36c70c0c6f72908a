"""The HTTP server: MCP at `/mcp`, REST at `/api/v1`, health at `/health`, in one process on one address."""

import contextlib
import signal
import socket
import sys
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
from flowmaster.runtime.clock import CLOCK_SETTING
from flowmaster.runtime.feed import Feed
from flowmaster.server import mcp_http, rest
from flowmaster.server.bodies import Bodies
from flowmaster.server.collector import settle_collector
from flowmaster.server.gathered import GatheredHTTPProtocol
from flowmaster.server.grounds import Grounds
from flowmaster.server.http_body import LOCAL_HOSTS, Guard, host_name, response_of
from flowmaster.server.issuer import Issuer
from flowmaster.server.resource import Resource
from flowmaster.server.settings import Settings
from flowmaster.server.sign_in import SignIn
from flowmaster.server.tokens import Tokens
from flowmaster.server.wiring import allowed_hosts, open_app
from flowmaster.tools.answer import Answer
from flowmaster.tools.app import App
from flowmaster.tools.invoke import refused
from flowmaster.tools.json_text import write_json

SHUTDOWN_SECONDS = 5

READY_SECONDS = 2.0
"""How long the store may take to answer a server that says that it is ready."""


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
    for path in (mcp_http.PATH, f"{mcp_http.PATH}/"):
        api.router.routes.append(Route(path, endpoint=door))
    for path in ("/health", "/health/live"):
        api.router.routes.append(Route(path, _live, methods=["GET"]))
    api.router.routes.append(Route("/health/ready", _ready(app), methods=["GET"]))
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
    async with open_app(settings) as app:
        settle_collector()
        config = uvicorn.Config(
            api := http_app(app),
            http=GatheredHTTPProtocol,
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        server = _Server(config)
        host, port = listening.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        print(f"FlowMaster listens on {address} (MCP at {address}/mcp)", file=sys.stderr, flush=True)  # noqa: T201
        async with anyio.create_task_group() as group:
            group.start_soon(_end_on_signal, server, (app.runtime.feed, api.state.door))
            await server.serve(sockets=[listening])
            group.cancel_scope.cancel()


class _Server(uvicorn.Server):
    """A server that leaves signals to us, so that everything is closed in order when one comes."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _end_on_signal(server: uvicorn.Server, streams: tuple[Feed, mcp_http.McpHttpDoor]) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            for each in streams:
                each.end()
            server.should_exit = True


async def _live(request: Request) -> Response:
    return response_of(Answer(write_json({"status": "ok", "version": __version__})))


def _ready(app: App) -> Callable[[Request], Awaitable[Response]]:
    """Return what tells whether calls can be answered now: whether the store answers, and soon."""

    def look() -> None:
        app.runtime.reader.setting("", CLOCK_SETTING)

    async def answer(request: Request) -> Response:
        try:
            with anyio.fail_after(READY_SECONDS):
                await anyio.to_thread.run_sync(look, abandon_on_cancel=True)
        except (FlowMasterError, TimeoutError) as error:
            why = (
                error.message if isinstance(error, FlowMasterError) else "The store does not answer in time."
            )
            fix = "Wait, or look at the store: `flowmaster doctor`."
            return response_of(refused(FlowMasterError("server.not_ready", why, fix=fix, status=503)))
        return await _live(request)

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
