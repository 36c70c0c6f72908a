"""What tells OAuth clients where to get a token for this server (RFC 9728), and which scopes it must have."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from flowmaster.server.tokens import SCOPE
from flowmaster.tools.roles import ROLES, role_for

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"


class Resource:
    """This server as a protected resource."""

    def __init__(self, address: str, issuer: str) -> None:
        self._address = address
        self._issuer = issuer
        parts = urlsplit(address)
        self._metadata = f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path.rstrip('/')}"
        self.paths = tuple(dict.fromkeys((WELL_KNOWN, f"{WELL_KNOWN}/mcp", urlsplit(self._metadata).path)))

    def metadata(self) -> dict[str, Any]:
        """Return the metadata document."""
        return {
            "resource": self._address,
            "resource_name": "FlowMaster",
            "authorization_servers": [self._issuer],
            "bearer_methods_supported": ["header"],
            "scopes_supported": [SCOPE + role for role in ROLES],
        }

    def challenge(self, *, error: str = "", scope: str = "") -> str:
        """Return the header that asks for a token, or for another one."""
        parts = [f'resource_metadata="{self._metadata}"']
        parts = [f'error="{error}"', *parts] if error else parts
        return "Bearer " + ", ".join([*parts, f'scope="{scope}"'] if scope else parts)

    def insufficient(self, right: str, scopes: Sequence[str]) -> str:
        """Return the header that asks for a token with one more right: the scopes there are, and a role with it."""
        wanted = dict.fromkeys((*scopes, SCOPE + role_for(right)))
        return self.challenge(error="insufficient_scope", scope=" ".join(wanted))
