"""Access tokens of an OAuth 2.1 issuer: verified here, by its public keys, for this server alone.

A token counts when its signature fits a public key of the issuer, it is made by that issuer for exactly our
resource, and now lies within its time. Only asymmetric algorithms are known, whatever a token says of itself, and
a token is never passed on to anybody.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from flowmaster.server.issuer import Issuer
from flowmaster.tools.registry import Caller
from flowmaster.tools.roles import LOCAL, rights_of

SCOPE: Final = "flowmaster:"
"""What scopes that are ours begin with: `flowmaster:worker` is a role, `flowmaster:task.act` a right."""

LEEWAY_SECONDS: Final = 10
"""How far the clocks of issuer and server may be apart."""
KEPT_SECONDS: Final = 60
"""How long a token that was verified is not verified again."""
KEPT_MAX: Final = 1_000
LENGTH_MAX: Final = 8_000

_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    "EdDSA": "OKP",
}
"""The algorithms that are accepted, with the kind of key that each needs."""
_NAME_LENGTH_MAX: Final = 200


class Token(NamedTuple):
    """What a token that counts says: whom it stands for, its scopes, and until when (epoch seconds)."""

    caller: Caller
    scopes: tuple[str, ...]
    until: float


class Tokens:
    """Verifies tokens of one issuer for one resource."""

    def __init__(self, issuer: Issuer, resource: str, now: Callable[[], float] = time.time) -> None:
        self._issuer = issuer
        self._audience = [resource, f"{resource}/"]
        self._now = now
        self._kept: dict[bytes, tuple[Token, float]] = {}

    async def read(self, text: str) -> Token | None:
        """Return what a token says, or nothing for one that does not count.

        Raises:
            FlowMasterError: the keys of the issuer cannot be had.
        """
        digest = hashlib.sha256(text.encode()).digest()
        token, good_until = self._kept.get(digest, (None, 0.0))
        now = self._now()
        if token is not None and now < good_until:
            return token
        claims = await self._verified(text)
        token = None if claims is None else _token(claims)
        if token is not None:
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            self._kept[digest] = token, min(token.until, now + KEPT_SECONDS)
        return token

    async def _verified(self, text: str) -> Mapping[str, Any] | None:
        """Return the claims of a token whose signature, issuer, audience and time are right."""
        import jwt

        if len(text) > LENGTH_MAX:
            return None
        try:
            header = jwt.get_unverified_header(text)
            algorithm = header.get("alg")
            kind = _KINDS.get(algorithm) if isinstance(algorithm, str) else None
            if kind is None or "crit" in header:
                return None
            entry = await self._issuer.key(header.get("kid"), kind)
            if entry is None or entry.get("alg", algorithm) != algorithm:
                return None
            claims: dict[str, Any] = jwt.decode(
                text,
                jwt.PyJWK(entry, algorithm),
                algorithms=[*_KINDS],
                audience=self._audience,
                issuer=self._issuer.address,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"], "enforce_minimum_key_length": True},
            )
        except jwt.PyJWTError:
            return None
        return claims


def _token(claims: Mapping[str, Any]) -> Token | None:
    """Return what verified claims say; an actor in them acts for their subject (RFC 8693)."""
    actor = claims.get("act")
    subject, agent = claims["sub"], actor.get("sub") if isinstance(actor, Mapping) else None
    tenant = claims.get("tenant", "default")
    if not _is_name(subject) or not _is_name(tenant) or (actor is not None and not _is_name(agent)):
        return None
    scopes = tuple(scope for scope in _scopes(claims) if scope.startswith(SCOPE))
    caller = Caller(
        actor=agent or subject,
        tenant=tenant,
        rights=rights_of(tuple(scope.removeprefix(SCOPE) for scope in scopes)),
        on_behalf_of=subject if agent else None,
    )
    return Token(caller, scopes, float(claims["exp"]) + LEEWAY_SECONDS)


def _scopes(claims: Mapping[str, Any]) -> list[str]:
    given = claims.get("scope", claims.get("scp", ""))
    if isinstance(given, str):
        return given.split()
    return [each for each in given if isinstance(each, str)] if isinstance(given, list) else []


def _is_name(text: object) -> bool:
    return (
        isinstance(text, str) and text != LOCAL and 0 < len(text) <= _NAME_LENGTH_MAX and text.isprintable()
    )
