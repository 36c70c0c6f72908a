"""What is known between the rounds of a call that asks: sealed, so that nobody but this server can make or read it.

A client of 2026-07-28 is asked by an answer, and makes the whole call again with the replies. What was asked and
replied so far travels with it, as text that is encrypted, expires, and fits only the same caller, tool and arguments.
The key lies in the data folder or, where servers share a database, in that, so that each of them can go on with the
call.
"""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mcp import MCPError
from mcp.types import INVALID_PARAMS

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.runtime.clock import real_now
from flowmaster.runtime.runtime import Runtime
from flowmaster.server.options import MEMORY
from flowmaster.stores.protocol import Transaction
from flowmaster.stores.rows import Once
from flowmaster.tools.json_text import read_own, write_json, write_sorted
from flowmaster.tools.registry import Caller

if TYPE_CHECKING:
    from mcp.server.request_state import AESGCMRequestStateCodec

KEY_SETTING: Final = "request-state.key"
"""The setting that holds the key where servers share a database."""

KEY_FILE: Final = "request-state.key"
"""The file of the data folder that holds the key."""

ROUND_MS_MAX: Final = 600_000
"""How long somebody may take to reply."""

REPLIES_BYTES_MAX: Final = 100_000
"""How long the replies of all rounds of one call may be together."""


class Asked(NamedTuple):
    """Whose call asks: who made it, of what, with what."""

    caller: Caller
    target: str
    arguments: Mapping[str, Any]

    def digest(self) -> str:
        """Return what stands for just this call."""
        owner = [self.caller.tenant, self.caller.actor, self.caller.on_behalf_of]
        return sha256(write_sorted([owner, self.target, dict(self.arguments)])).hexdigest()


class Round(NamedTuple):
    """What was asked and replied so far in one call."""

    number: int = 0
    chain: str = ""
    asked: Mapping[str, str] = {}
    replies: Mapping[str, Mapping[str, Json]] = {}


class Seal:
    """Seals rounds, opens them again, and lets what was confirmed in one count once."""

    def __init__(self, data: str, runtime: Runtime, *, shared: bool = False) -> None:
        self._data = data
        self._shared = shared
        self._runtime = runtime
        self._made: AESGCMRequestStateCodec | None = None

    def close(self, asked: Asked, known: Round) -> str:
        """Return the text that stands for a round."""
        content: dict[str, Json] = {
            "for": asked.digest(),
            "until": real_now() + ROUND_MS_MAX,
            "number": known.number,
            "chain": known.chain or secrets.token_urlsafe(16),
            "asked": dict(known.asked),
            "replies": {name: dict(reply) for name, reply in known.replies.items()},
        }
        text = write_json(content)
        if len(text) > REPLIES_BYTES_MAX:
            raise MCPError(INVALID_PARAMS, "The replies to the questions of this call are too long.")
        return self._codec().seal(text)

    def open(self, asked: Asked, state: object) -> Round:
        """Return the round that a text stands for, or refuse it."""
        from mcp.server.request_state import InvalidRequestState

        with suppress(InvalidRequestState, TypeError, ValueError):
            content = read_own(self._codec().unseal(state if isinstance(state, str) else ""))
            if content["for"] == asked.digest() and real_now() < content["until"]:
                return Round(content["number"], content["chain"], content["asked"], content["replies"])
        raise MCPError(
            INVALID_PARAMS,
            "Invalid or expired requestState: make the call again without it.",
            {"reason": "invalid_request_state"},
        )

    async def redeem(self, known: Round) -> bool:
        """Let what this round confirms count, and say whether it did not count before."""
        once = Once(f"{known.chain}/{known.number}", "round")
        try:
            await self._runtime.write(
                lambda transaction: transaction.put_once("", once, at=real_now()), lasting=False
            )
        except FlowMasterError as error:
            if error.code != "idempotency.conflict":
                raise
            return False
        return True

    def _codec(self) -> "AESGCMRequestStateCodec":
        if self._made is None:
            # The library for it takes its time to load, and most sessions never ask.
            from mcp.server.request_state import AESGCMRequestStateCodec

            key = self._runtime.writer.do_now(_shared_key) if self._shared else _key(self._data)
            self._made = AESGCMRequestStateCodec([key])
        return self._made


def _shared_key(transaction: Transaction) -> str:
    """Return the key of a database, made when it is first needed."""
    now = real_now()
    transaction.lease(KEY_SETTING, secrets.token_hex(4), now=now, until=now)  # Servers come here one by one.
    kept = transaction.setting("", KEY_SETTING)
    if isinstance(kept, str):
        return kept
    fresh = secrets.token_hex(32)
    transaction.put_setting("", KEY_SETTING, fresh)
    return fresh


def _key(data: str) -> str:
    """Return the key of a data folder, made when it is first needed; without a folder, one for this process."""
    fresh = secrets.token_hex(32)
    if data == MEMORY:
        return fresh
    file = Path(data) / KEY_FILE
    if not file.exists():
        made = file.with_name(f"{KEY_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as text:
            text.write(fresh)
        # Whichever server links its file first gives the key to all.
        with suppress(FileExistsError):
            os.link(made, file)
        made.unlink()
    return file.read_text(encoding="ascii")
