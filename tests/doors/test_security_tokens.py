"""Access tokens: only those of our issuer, made for this server, in their time; scopes are rights."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import jwt
import pytest
from anyio import to_thread
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt import algorithms

from flowmaster.connectors import http as connector
from flowmaster.connectors.guard import Place
from flowmaster.engine.errors import FlowMasterError
from flowmaster.server import issuer as issuers
from flowmaster.server.issuer import AGAIN_SECONDS, KEYS_SECONDS, Issuer
from flowmaster.server.options import UsageError, split
from flowmaster.server.tokens import KEPT_SECONDS, Tokens
from tests.doors.callers import RESOURCE, LocalIssuer, Served, bearer, key_on, local_issuer, served

PLACE = "https://flow.example.com/.well-known/oauth-protected-resource/mcp"


@pytest.fixture(scope="module")
def one() -> Iterator[LocalIssuer]:
    """Yield an issuer for all tests of this file."""
    with local_issuer() as issuer:
        yield issuer


def with_server(
    issuer: LocalIssuer, use: Callable[[Served], Awaitable[Any]], folder: Path | str = ":memory:"
) -> Any:
    """Run the function with a server that trusts the issuer."""

    async def play() -> Any:
        async with served(folder, issuer=issuer.address, resource=RESOURCE) as server:
            return await use(server)

    return anyio.run(play)


def status(issuer: LocalIssuer, token: str) -> int:
    """Return what a token is answered."""

    async def use(server: Served) -> int:
        return (await server.rest("server_info", token)).status_code

    found: int = with_server(issuer, use)
    return found


def unsigned(header: dict[str, Any], claims: dict[str, Any], secret: bytes = b"") -> str:
    """Return a token that is signed by hand: with nothing, or with a secret of ours."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    text = b".".join(parts)
    seal = hmac.new(secret, text, hashlib.sha256).digest() if secret else b""
    return (text + b"." + base64.urlsafe_b64encode(seal).rstrip(b"=")).decode()


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token claims."""
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


@pytest.mark.parametrize("key", ["one", "two"])
def test_a_token_of_the_issuer_for_this_server_counts(one: LocalIssuer, key: str) -> None:
    assert status(one, one.token(key=key)) == 200


def test_one_of_several_audiences_suffices_and_a_slash_at_the_end_is_none(one: LocalIssuer) -> None:
    assert status(one, one.token(aud=["https://other.example.com", RESOURCE])) == 200
    assert status(one, one.token(aud=f"{RESOURCE}/")) == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example.com/mcp"},
        {"aud": "https://flow.example.com"},
        {"aud": f"{RESOURCE}x"},
        {"aud": []},
        {"aud": {"x": 1}},
        {"aud": None},
        {"iss": "https://evil.example.com"},
        {"iss": None},
        {"exp": "now -60"},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": "now +300"},
        {"iat": "now +300"},
        {"sub": None},
        {"sub": ""},
        {"sub": "local"},
        {"sub": "a\nb"},
        {"sub": "x" * 201},
        {"tenant": ""},
        {"tenant": 7},
        {"act": {}},
        {"act": {"sub": "local"}},
        {"act": "agent"},
    ],
    ids=str,
)
def test_a_token_that_does_not_fit_is_refused(one: LocalIssuer, claims: dict[str, Any]) -> None:
    claims = {name: _at(value) for name, value in claims.items()}
    try:
        token = one.token(**claims)
    except TypeError:
        token = unsigned({"alg": "RS256", "kid": "one"}, {**claims_of(one.token()), **claims})
    assert status(one, token) == 401


def _at(value: Any) -> Any:
    """Return the instant that `now -60` says, and any other value as it is."""
    if isinstance(value, str) and value.startswith("now "):
        return int(time.time()) + int(value.removeprefix("now "))
    return value


def test_unsigned_foreign_and_confused_signatures_are_refused(one: LocalIssuer) -> None:
    claims = claims_of(one.token())
    public = one.private["one"].public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    head, body, seal = one.token().split(".")
    other = one.token(sub="boss").split(".")[1]
    forged = {
        "none": unsigned({"alg": "none", "kid": "one"}, claims),
        "None": unsigned({"alg": "None", "kid": "one"}, claims),
        "no algorithm": unsigned({"kid": "one"}, claims),
        "HS256 with the public key": unsigned({"alg": "HS256", "kid": "one"}, claims, pem),
        "HS256 with the modulus": unsigned(
            {"alg": "HS256", "kid": "one"}, claims, public.public_numbers().n.to_bytes(256, "big")
        ),
        "another key": jwt.encode(claims, stranger, "RS256", headers={"kid": "one"}),
        "the key sent along": jwt.encode(
            claims,
            stranger,
            "RS256",
            headers={"jwk": algorithms.RSAAlgorithm.to_jwk(stranger.public_key(), as_dict=True)},
        ),
        "the address of keys sent along": jwt.encode(
            claims, stranger, "RS256", headers={"kid": "one", "jku": "https://evil.example.com/keys"}
        ),
        "an unknown key": jwt.encode(claims, stranger, "RS256", headers={"kid": "three"}),
        "a key of another kind": jwt.encode(claims, stranger, "RS256", headers={"kid": "two"}),
        "something critical": jwt.encode(
            claims, one.private["one"], "RS256", headers={"kid": "one", "crit": ["exp2"], "exp2": 1}
        ),
        "other claims": f"{head}.{other}.{seal}",
        "cut": f"{head}.{body}.{seal[:-4]}",
        "no seal": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "nothing": "..",
        "long": "x" * 9_000,
        "binary": "\u0000\u0001.a.b",
    }

    async def use(server: Served) -> dict[str, tuple[int, Any]]:
        told = {}
        for name, token in forged.items():
            headers = {b"authorization": f"Bearer {token}".encode()}
            response = await server.client.post("/api/v1/server_info", headers=headers)
            told[name] = response.status_code, response.json()
        return told

    found = with_server(one, use)
    assert {name: code for name, (code, _) in found.items() if code != 401} == {}
    assert len({json.dumps(body) for _, body in found.values()}) == 1


def test_a_key_that_is_for_encryption_or_is_weak_verifies_nothing() -> None:
    with local_issuer() as issuer:
        token = issuer.token()
        published = issuer.published()
        for entry in published["keys"]:
            entry["use"] = "enc"
        issuer.published = lambda: published  # type: ignore[method-assign]  # what it publishes now
        assert status(issuer, token) == 503
    with local_issuer() as issuer:
        issuer.private = {"one": rsa.generate_private_key(public_exponent=65537, key_size=1024)}
        import warnings

        with warnings.catch_warnings(action="ignore"):
            assert status(issuer, issuer.token()) == 401


def test_without_a_token_the_answer_says_where_to_get_one(one: LocalIssuer) -> None:
    async def use(server: Served) -> None:
        for response in (await server.rest("server_info"), await server.mcp("tools/list")):
            assert response.status_code == 401
            assert response.headers["www-authenticate"] == f'Bearer resource_metadata="{PLACE}"'
        wrong = await server.mcp("tools/list", one.token(aud="x"))
        assert (
            wrong.headers["www-authenticate"] == f'Bearer error="invalid_token", resource_metadata="{PLACE}"'
        )

    with_server(one, use)


def test_the_metadata_of_the_resource_stands_at_the_root(one: LocalIssuer) -> None:
    async def use(server: Served) -> list[httpx.Response]:
        root = "/.well-known/oauth-protected-resource"
        return [await server.client.get(path) for path in (root, f"{root}/mcp", f"{root}/other")]

    first, second, other = with_server(one, use)
    assert first.json() == second.json()
    assert first.json()["resource"] == RESOURCE
    assert first.json()["authorization_servers"] == [one.address]
    assert first.json()["bearer_methods_supported"] == ["header"]
    assert "flowmaster:worker" in first.json()["scopes_supported"]
    assert other.status_code == 404


def test_without_an_issuer_there_is_no_metadata(tmp_path: Path) -> None:
    async def play() -> int:
        async with served(tmp_path) as server:
            return (await server.client.get("/.well-known/oauth-protected-resource")).status_code

    assert anyio.run(play) == 404


@pytest.mark.parametrize("era", ["2026-07-28", "2025-11-25", "in a session"])
def test_a_missing_scope_is_asked_for_beside_those_there_are(one: LocalIssuer, era: str) -> None:
    token = one.token("flowmaster:reader openid flowmaster:instance.start")
    wanted = 'scope="flowmaster:reader flowmaster:instance.start flowmaster:worker"'
    challenge = f'Bearer error="insufficient_scope", resource_metadata="{PLACE}", {wanted}'

    async def use(server: Served) -> None:
        for arguments in (
            {"name": "task_act", "arguments": {"task": "x", "action": "claim"}},
            {
                "name": "operation_call",
                "arguments": {"operation": "task_act", "arguments": {"task": "x", "action": "claim"}},
            },
        ):
            response = await _called(server, token, arguments, era)
            assert response.status_code == 403
            assert response.headers["www-authenticate"] == challenge
        rest = await server.rest("task_act", token, task="x", action="claim")
        assert (rest.status_code, rest.headers["www-authenticate"]) == (403, challenge)
        assert rest.json()["expected"] == "task.act"
        allowed = await server.rest("process_find", token)
        assert allowed.status_code == 200
        assert "www-authenticate" not in allowed.headers

    with_server(one, use)


async def _called(server: Served, token: str, params: dict[str, Any], era: str) -> httpx.Response:
    """Call a tool as clients do that take streams as well."""
    headers = {
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        **bearer(token),
    }
    if era == "2026-07-28":
        meta = {
            "io.modelcontextprotocol/protocolVersion": era,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        params = {**params, "_meta": meta}
        headers |= {
            "mcp-protocol-version": era,
            "mcp-method": "tools/call",
            "mcp-name": params["name"],
        }
    if era == "in a session":
        greeting = {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        }
        message = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": greeting}
        greeted = await server.client.post("/mcp", content=json.dumps(message), headers=headers)
        headers["mcp-session-id"] = greeted.headers["mcp-session-id"]
        note = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert (await server.client.post("/mcp", content=note, headers=headers)).status_code == 202
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return await server.client.post("/mcp", content=json.dumps(message), headers=headers)


def test_scopes_of_others_give_no_rights(one: LocalIssuer) -> None:
    async def use(server: Served) -> None:
        for scope in ("admin *", "openid", "other:admin", "", "flowmaster:", "flowmaster:nothing"):
            assert await server.tools(one.token(scope)) == []
        assert await server.tools(one.token(scope=None, scp=["flowmaster:reader"])) != []
        assert await server.tools(one.token(scope=None, scp=7)) == []

    with_server(one, use)


def test_an_agent_in_a_token_acts_for_its_subject(one: LocalIssuer, tmp_path: Path) -> None:
    token = one.token(act={"sub": "helper"}, tenant="north")

    async def use(server: Served) -> dict[str, Any]:
        await server.rest("process_find", token)
        assert server.app.calls is not None
        return next(server.app.calls.newest(1))

    line = with_server(one, use, tmp_path)
    assert (line["caller"], line["on_behalf_of"], line["tenant"]) == ("helper", "ann", "north")


def test_keys_and_tokens_stand_beside_each_other(one: LocalIssuer, tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot")

    async def use(server: Served) -> list[int]:
        return [(await server.rest("server_info", each)).status_code for each in (key, one.token(), "", "x")]

    assert with_server(one, use, tmp_path) == [200, 200, 401, 401]


def test_the_token_of_a_client_is_sent_to_nobody_and_stands_nowhere(
    one: LocalIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []
    plain = connector._send

    def noting(
        place: Place, method: str, headers: Any, body: bytes | None, until: float
    ) -> connector.Response:
        sent.append((place, method, dict(headers), body))
        return plain(place, method, headers, body, until)

    monkeypatch.setattr(connector, "_send", noting)
    token = one.token()

    async def use(server: Served) -> None:
        await server.rest("document_add", token, url=f"{one.address}/x")
        await server.rest("process_find", token, query=token)

    with_server(one, use, tmp_path)
    assert sent
    assert token not in str(sent)
    for file in tmp_path.iterdir():
        assert token[-40:].encode() not in file.read_bytes(), file.name


def play_clock(issuer: LocalIssuer) -> tuple[Issuer, list[float]]:
    """Return what fetches the issuer's keys, and its clock."""
    now = [1_000.0]
    return Issuer(issuer.address, now=lambda: now[0]), now


def test_the_keys_are_fetched_once_and_again_when_they_are_old_or_one_is_new() -> None:
    with local_issuer() as issuer:
        found, now = play_clock(issuer)

        async def play() -> None:
            async def fetches(kid: str, there: bool) -> int:
                assert (await found.key(kid, "RSA") is not None) == there
                return issuer.asked.count("/keys")

            assert await fetches("one", True) == 1
            assert await fetches("one", True) == 1
            assert await fetches("three", False) == 1
            now[0] += AGAIN_SECONDS
            assert await fetches("three", False) == 2
            assert [await fetches(f"forged-{number}", False) for number in range(20)] == [2] * 20
            issuer.private["three"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            now[0] += AGAIN_SECONDS
            assert await fetches("three", True) == 3
            del issuer.private["one"]
            now[0] += KEYS_SECONDS
            assert await fetches("one", False) == 4

        anyio.run(play)


def test_known_keys_stay_while_the_issuer_does_not_answer() -> None:
    with local_issuer() as issuer:
        found, now = play_clock(issuer)

        async def play() -> None:
            assert await found.key("one", "RSA") is not None
            issuer.metadata = {"issuer": issuer.address}
            now[0] += KEYS_SECONDS
            assert await found.key("one", "RSA") is not None

        anyio.run(play)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://other.example.com", "jwks_uri": "{here}/keys"},
        {"issuer": "{here}"},
        {"issuer": "{here}", "jwks_uri": "{here}/nowhere"},
        {"issuer": "{here}", "jwks_uri": "file:///etc/passwd"},
        {"issuer": "{here}", "jwks_uri": "http://169.254.169.254/latest/meta-data"},
        {"issuer": "{here}", "jwks_uri": "http://[::1]:1/keys"},
        {"issuer": "{here}", "jwks_uri": "http://0x7f000001:1/keys"},
    ],
    ids=str,
)
def test_metadata_that_leads_astray_gives_no_keys_and_says_so(metadata: dict[str, str]) -> None:
    with local_issuer() as issuer:
        issuer.metadata = {name: text.format(here=issuer.address) for name, text in metadata.items()}

        async def use(server: Served) -> httpx.Response:
            return await server.rest("server_info", issuer.token())

        response = with_server(issuer, use)
        assert (response.status_code, response.json()["code"]) == (503, "sign_in.unavailable")
        assert response.headers["retry-after"] == "60"


def test_an_issuer_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuers, "FETCH_SECONDS", 0.05)
    held = anyio.Event()

    async def hang(*_: object, **__: object) -> None:
        await held.wait()

    monkeypatch.setattr(to_thread, "run_sync", hang)

    async def play() -> None:
        with pytest.raises(FlowMasterError, match="does not answer"):
            await Issuer("https://issuer.example.com").key("one", "RSA")

    anyio.run(play)


def test_a_verified_token_is_remembered_for_a_while_and_never_beyond_its_time() -> None:
    with local_issuer() as issuer:
        now = [time.time()]
        tokens = Tokens(Issuer(issuer.address), RESOURCE, now=lambda: now[0])
        verified = 0
        plain = tokens._verified

        async def counting(text: str) -> Any:
            nonlocal verified
            verified += 1
            return await plain(text)

        tokens._verified = counting  # type: ignore[method-assign]  # counts

        async def play() -> None:
            text = issuer.token()
            assert await tokens.read(text) is not None
            assert await tokens.read(text) is not None
            assert verified == 1
            now[0] += KEPT_SECONDS
            assert await tokens.read(text) is not None
            assert verified == 2
            short = issuer.token(exp=int(now[0]) - KEPT_SECONDS + 5)
            first = await tokens.read(short)
            assert first is not None
            now[0] = first.until
            await tokens.read(short)
            assert verified == 4

        anyio.run(play)


@pytest.mark.parametrize(
    ("issuer", "resource", "said"),
    [
        ("https://a.example.com", None, "go together"),
        (None, "https://a.example.com/mcp", "go together"),
        ("http://a.example.com", "https://b.example.com/mcp", "--auth-issuer is an https address"),
        ("https://a.example.com", "http://b.example.com/mcp", "--auth-resource is an https address"),
        ("https://a.example.com?x=1", "https://b.example.com/mcp", "--auth-issuer"),
        ("https://u:p@a.example.com", "https://b.example.com/mcp", "--auth-issuer"),
        ("a.example.com", "https://b.example.com/mcp", "--auth-issuer"),
        ("http://localhost.evil.example.com", "https://b.example.com/mcp", "--auth-issuer"),
    ],
)
def test_unsafe_addresses_of_issuer_and_resource_are_not_taken(
    issuer: str | None, resource: str | None, said: str
) -> None:
    given = [f"--auth-issuer={issuer}"] if issuer else []
    given += [f"--auth-resource={resource}"] if resource else []
    with pytest.raises(UsageError, match=said):
        split(given, valued=("auth-issuer", "auth-resource"))


def test_addresses_on_this_machine_may_do_without_encryption() -> None:
    split(
        ["--auth-issuer=http://127.0.0.1:9000", "--auth-resource", "http://localhost/mcp"],
        valued=("auth-issuer", "auth-resource"),
    )
