"""What the views are tested on: a FlowMaster over HTTP, beside it the page of a host and the sandbox of its views."""

import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from flowmaster.server.http import http_app
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app

HOST_PAGE = """<!doctype html><meta charset="utf-8"><title>Host</title><link rel="icon" href="data:,">
<style>
body { margin: 0; padding: 8px; font: 14px sans-serif; background: #fff; } body.dark { background: #131417; }
iframe { width: 100%; height: 60px; border: 1px solid #888; border-radius: 10px; display: block; box-sizing: border-box; }
iframe.whole { position: fixed; inset: 0; height: 100% !important; }
</style>
<iframe title="View" sandbox="allow-scripts allow-same-origin"></iframe>
<script type="module" src="/host.js"></script>"""

SANDBOX_PAGE = """<!doctype html><meta charset="utf-8"><title>Sandbox</title>
<style>html, body, iframe { margin: 0; width: 100%; height: 100%; border: 0; display: block; overflow: hidden; }</style>
<script>
const strict = new URLSearchParams(location.search).get("way") === "srcdoc";
const frame = document.createElement("iframe");
frame.sandbox = strict ? "allow-scripts" : "allow-scripts allow-same-origin";
document.documentElement.append(frame);
const host = new URL(document.referrer).origin;
addEventListener("message", (event) => {
  if (event.source === frame.contentWindow) return parent.postMessage(event.data, host);
  if (event.source !== parent || event.origin !== host) return;
  if (event.data?.method !== "ui/notifications/sandbox-resource-ready") return frame.contentWindow.postMessage(event.data, "*");
  if (strict) return void (frame.srcdoc = event.data.params.html);
  frame.contentDocument.open();
  frame.contentDocument.write(event.data.params.html);
  frame.contentDocument.close();
});
parent.postMessage({ jsonrpc: "2.0", method: "ui/notifications/sandbox-proxy-ready", params: {} }, host);
</script>"""


class Stage:
    """A server that runs, and a way to prepare what the views show."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.knocks: list[str] = []
        """What pages have asked of the address that only an escape would ask for."""

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Call an operation; it must not be refused."""
        answer = httpx.post(f"{self.url}/api/v1/{operation}", json=arguments, timeout=30)
        body: dict[str, Any] = answer.json()
        assert answer.status_code == 200, body
        return body

    def publish(self, outline: str) -> str:
        """Publish a process and return its id."""
        process: str = self.call("process_create", outline=outline)["process"]
        self.call("process_publish", process=process)
        return process

    def start(self, process: str, **variables: Any) -> dict[str, Any]:
        """Start an instance."""
        return self.call("instance_start", process=process, variables=variables)


@contextmanager
def running(host_script: str) -> Iterator[Stage]:
    """Serve while the context is open."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    stage = Stage(listening.getsockname()[1])
    config = uvicorn.Config(
        _application(stage, host_script), log_level="warning", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=20)) as client:
            client.get(f"{stage.url}/host", timeout=30)
        yield stage
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def _application(stage: Stage, host_script: str) -> Starlette:
    inner: list[Any] = []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with open_app(Settings(data=":memory:")) as app:
            served = http_app(app)
            async with served.router.lifespan_context(served):
                inner.append(served)
                yield

    async def flowmaster(scope: Scope, receive: Receive, send: Send) -> None:
        await inner[0](scope, receive, send)

    async def host_page(_: Request) -> Response:
        return HTMLResponse(HOST_PAGE)

    async def script(_: Request) -> Response:
        return Response(host_script, media_type="text/javascript")

    async def sandbox(request: Request) -> Response:
        return HTMLResponse(SANDBOX_PAGE, headers={"content-security-policy": _policy(request)})

    async def knock(request: Request) -> Response:
        stage.knocks.append(str(request.url))
        return Response(headers={"access-control-allow-origin": "*"})

    routes = [
        Route("/host", host_page),
        Route("/host.js", script),
        Route("/sandbox", sandbox),
        Route("/knock", knock, methods=["GET", "POST"]),
        Mount("/", flowmaster),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


def _policy(request: Request) -> str:
    """Return the policy that a host makes of what a view asks for; `lax` hosts, which set none, exist as well."""
    if request.query_params.get("way") == "lax":
        return "default-src * 'unsafe-inline' 'unsafe-eval' data: blob:"
    asked = json.loads(request.query_params.get("csp", "{}"))
    resources = " ".join(asked["resourceDomains"])
    connects = " ".join(asked["connectDomains"]) or "'none'"
    inline = f"'self' 'unsafe-inline' {resources}".strip()
    return (
        f"default-src 'none'; script-src {inline}; style-src {inline}; img-src 'self' data: {resources}; "
        f"media-src 'self' data: {resources}; connect-src {connects}; frame-src 'self'"
    )
