"""The issuer of access tokens: its public keys, fetched through the guarded client and kept for a while."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import anyio
from anyio import to_thread

from flowmaster.connectors.http import Response, fetch
from flowmaster.engine.errors import FlowMasterError

logger = logging.getLogger(__name__)

KEYS_SECONDS: Final = 600.0
"""How long fetched keys are taken for the issuer's keys of now."""
AGAIN_SECONDS: Final = 30.0
"""How long no second look is taken for a key that is not among them, or after a look that failed."""
FETCH_SECONDS: Final = 5.0
"""How long a caller waits for the issuer."""
KEYS_MAX: Final = 100


class Issuer:
    """Finds an issuer's public keys by its metadata (RFC 8414, OpenID Connect Discovery)."""

    def __init__(
        self, address: str, allowed_hosts: tuple[str, ...] = (), now: Callable[[], float] = time.monotonic
    ) -> None:
        """Take an issuer; its own host, which the server's keeper has named, may be a private one."""
        self.address = address
        self._allowed = (*allowed_hosts, urlsplit(address).netloc)
        self._now = now
        self._keys: list[Mapping[str, Any]] = []
        self._fetched = self._tried = float("-inf")
        self._turn = anyio.Lock()

    async def key(self, identity: object, kind: str) -> dict[str, Any] | None:
        """Return the public key of that id and kind, or nothing; without an id, the only one of its kind.

        Raises:
            FlowMasterError: there are no keys, since the issuer cannot be reached.
        """
        found = self._find(identity, kind)
        if found is None or self._is_old(KEYS_SECONDS):
            async with self._turn:
                if self._now() - self._tried >= AGAIN_SECONDS:
                    await self._fetch()
            found = self._find(identity, kind)
        if not self._keys:
            raise FlowMasterError(
                "sign_in.unavailable",
                "Tokens cannot be verified now: their issuer does not answer.",
                fix="Try again in a minute.",
                status=503,
            )
        return found

    def _is_old(self, seconds: float) -> bool:
        return self._now() - self._fetched >= seconds

    def _find(self, identity: object, kind: str) -> dict[str, Any] | None:
        found = [key for key in self._keys if key["kty"] == kind and identity in (None, key.get("kid"))]
        return dict(found[0]) if len(found) == 1 or (found and identity is not None) else None

    async def _fetch(self) -> None:
        """Fetch the keys again; those known stay if that fails."""
        self._tried = self._now()
        try:
            with anyio.fail_after(FETCH_SECONDS):
                self._keys = await to_thread.run_sync(self._published, abandon_on_cancel=True)
            self._fetched = self._now()
        except (FlowMasterError, TimeoutError, ValueError, LookupError, TypeError) as error:
            logger.warning("The keys of %s cannot be fetched: %s", self.address, error)

    def _published(self) -> list[Mapping[str, Any]]:
        """Return the public signing keys that the issuer publishes; blocks the thread."""
        keys = self._json(self._metadata()["jwks_uri"])["keys"]
        return [key for key in keys[:KEYS_MAX] if key["kty"] != "oct" and key.get("use", "sig") == "sig"]

    def _metadata(self) -> Mapping[str, Any]:
        for address in _places(self.address):
            response = fetch(address, allowed_hosts=self._allowed)
            if response.status == 200:
                found = _object(response)
                if found["issuer"] == self.address:
                    return found
        raise LookupError("it publishes no metadata with its own name")

    def _json(self, address: str) -> Mapping[str, Any]:
        return _object(fetch(address, allowed_hosts=self._allowed))


def _object(response: Response) -> Mapping[str, Any]:
    found = json.loads(response.body)
    if response.status != 200 or not isinstance(found, dict):
        raise ValueError("it answers no JSON object")
    return found


def _places(issuer: str) -> Iterator[str]:
    """Yield where an issuer's metadata may stand."""
    parts = urlsplit(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    yield f"{origin}/.well-known/oauth-authorization-server{path}"
    yield f"{origin}/.well-known/openid-configuration{path}"
    yield f"{origin}{path}/.well-known/openid-configuration"
