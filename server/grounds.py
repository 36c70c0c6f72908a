"""What a sign-in is decided on: the keys in the store, and the tokens of an issuer if there is one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic, time
from typing import Final

from flowmaster.server.attempts import Attempts
from flowmaster.server.keys import BEGINNING, are_made, key_caller
from flowmaster.server.resource import Resource
from flowmaster.server.tokens import Tokens
from flowmaster.stores.call_log import CallLog
from flowmaster.stores.protocol import Reader
from flowmaster.tools.registry import Caller

LOOK_SECONDS: Final = 0.05
"""How old the knowledge may be that nobody has made a key so far."""


@dataclass(slots=True)
class SignedIn:
    """Who signed in with a request, the scopes of its token (none for a key), and whether that still holds."""

    caller: Caller
    holds: Callable[[], bool]
    scopes: tuple[str, ...] | None = None


@dataclass(slots=True)
class Grounds:
    """What a sign-in is decided on: the keys in the store, and the issuer of tokens if there is one."""

    reader: Callable[[], Reader]
    tokens: Tokens | None = None
    resource: Resource | None = None
    attempts: Attempts = field(default_factory=Attempts)
    calls: CallLog | None = None
    _made: bool = False
    _looked: float = float("-inf")

    def needed(self) -> bool:
        """Whether callers have to sign in; once a key was made, they have to for good."""
        if self._made or self.tokens is not None:
            return True
        now = monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._made, self._looked = are_made(self.reader()), now
        return self._made

    async def signed_in(self, text: str) -> SignedIn | None:
        """Return who a key or token stands for, nothing for one that does not count."""
        if text.startswith(BEGINNING):
            caller = key_caller(self.reader(), text)
            if caller is None:
                return None
            return SignedIn(caller, lambda: key_caller(self.reader(), text) is not None)
        token = None if self.tokens is None else await self.tokens.read(text)
        if token is None:
            return None
        return SignedIn(token.caller, lambda: time() < token.until, token.scopes)
