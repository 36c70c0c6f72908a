"""The ids of requests: under one a request is found in logs, traces and the log of calls."""

import re
import secrets
from itertools import count
from typing import Final

_SOUND: Final = re.compile(rb"[A-Za-z0-9._-]{1,80}")
_PROCESS: Final = secrets.token_hex(6)
_NUMBERS: Final = count(1)


def request_id(given: bytes = b"") -> str:
    """Return the id that a caller gave its request, or one of our own that no other request has."""
    return given.decode() if _SOUND.fullmatch(given) else f"{_PROCESS}-{next(_NUMBERS):x}"
