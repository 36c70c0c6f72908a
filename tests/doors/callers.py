"""Callers over HTTP for tests: a server on a folder, keys made on it, and an issuer of tokens on this machine."""

import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt import algorithms

from flowmaster.server.attempts import Attempts
from flowmaster.server.http import http_app
from flowmaster.server.keys import add_key, revoke_key
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app, open_store
from flowmaster.tools.app import App

RESOURCE = "https://flow.example.com/mcp"
"""The address under which the server of these tests is known."""
JSON = {"content-type": "application/json"}
MCP = {**JSON, "accept": "application/json"}


class Served(NamedTuple):
    """A server that is up: what it works with, and a client of it."""

    app: App
    client: httpx.AsyncClient

    async def rest(self, operation: str, credential: str = "", /, **arguments: Any) -> httpx.Response:
        """Call an operation over REST."""
        return await self.client.post(
            f"/api/v1/{operation}", content=json.dumps(arguments), headers={**JSON, **bearer(credential)}
        )

    async def mcp(self, method: str, credential: str = "", /, **params: Any) -> httpx.Response:
        """Send a request over MCP, in the older way that needs no session."""
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return await self.client.post(
            "/mcp", content=json.dumps(message), headers={**MCP, **bearer(credential)}
        )

    async def tool(self, name: str, credential: str = "", /, **arguments: Any) -> httpx.Response:
        """Call a tool over MCP."""
        return await self.mcp("tools/call", credential, name=name, arguments=arguments)

    async def tools(self, credential: str = "") -> list[str]:
        """Return the names in the tool list of a caller."""
        listed = (await self.mcp("tools/list", credential)).json()["result"]["tools"]
        return [tool["name"] for tool in listed]


def bearer(credential: str) -> dict[str, str]:
    """Return the header that shows a key or token."""
    return {"authorization": f"Bearer {credential}"} if credential else {}


def settings_on(folder: Path | str, **further: Any) -> Settings:
    """Return the settings of a server of these tests."""
    return Settings(**{"data": str(folder), "clock": "virtual", "tools": ("all",), **further})


@asynccontextmanager
async def served(folder: Path | str, **further: Any) -> AsyncIterator[Served]:
    """Serve a folder in this process."""
    async with open_app(settings_on(folder, **further)) as app:
        web = http_app(app)
        web.state.grounds.attempts = Attempts(pause=_at_once)
        async with (
            web.router.lifespan_context(web),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(web, raise_app_exceptions=False), base_url="http://127.0.0.1"
            ) as client,
        ):
            yield Served(app, client)


async def _at_once(seconds: float) -> None:
    """Wait for nothing."""


def key_on(
    folder: Path | str,
    name: str,
    *rights: str,
    tenant: str = "default",
    person: str = "",
    until: int | None = None,
) -> str:
    """Make a key on a folder, as a process of its own does."""
    store = open_store(settings_on(folder))
    try:
        with store.transaction() as transaction:
            return add_key(
                transaction, name, rights=rights or ("admin",), tenant=tenant, person=person, until=until
            )
    finally:
        store.close()


def revoked_on(folder: Path | str, name: str) -> None:
    """Revoke a key on a folder, as a process of its own does."""
    store = open_store(settings_on(folder))
    try:
        with store.transaction() as transaction:
            revoke_key(transaction, name)
    finally:
        store.close()


class LocalIssuer:
    """An issuer of tokens on this machine, with the keys that it publishes and counts of who asked."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.private: dict[str, Any] = {
            "one": rsa.generate_private_key(public_exponent=65537, key_size=2048),
            "two": ec.generate_private_key(ec.SECP256R1()),
        }
        self.asked: list[str] = []
        self.metadata: dict[str, Any] = {"issuer": address, "jwks_uri": f"{address}/keys"}

    def published(self) -> dict[str, Any]:
        """Return the public keys."""
        return {"keys": [_public(name, key) for name, key in self.private.items()]}

    def token(self, scope: str | None = "flowmaster:admin", *, key: str = "one", **claims: Any) -> str:
        """Return a token that counts, but for the claims that are given; None leaves one out."""
        now = int(time.time())
        said = {
            "iss": self.address,
            "aud": RESOURCE,
            "sub": "ann",
            "scope": scope,
            "iat": now,
            "exp": now + 300,
            **claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        algorithm = "RS256" if key == "one" else "ES256"
        return jwt.encode(said, self.private[key], algorithm, headers={"kid": key})


def _public(name: str, key: Any) -> Mapping[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        made = algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        made = algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": name, "use": "sig"}


@contextmanager
def local_issuer() -> Iterator[LocalIssuer]:
    """Run an issuer on a free port of this machine."""
    holder: list[LocalIssuer] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer = holder[0]
            issuer.asked.append(self.path)
            told = {
                "/keys": issuer.published,
                "/.well-known/oauth-authorization-server": lambda: issuer.metadata,
            }
            found: Callable[[], Any] | None = told.get(self.path)
            body = json.dumps(found() if found else {}).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    holder.append(LocalIssuer(f"http://127.0.0.1:{server.server_port}"))
    thread.start()
    try:
        yield holder[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
