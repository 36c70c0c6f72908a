"""Files in answers: data URLs (RFC 2397), which every door can carry and never cuts."""

from base64 import b64encode
from typing import Final

PNG: Final = "data:image/png;base64,"
PDF: Final = "data:application/pdf;base64,"
KINDS: Final = (PNG, PDF)


def url_of(kind: str, data: bytes) -> str:
    """Return bytes of one kind as a data URL."""
    return kind + b64encode(data).decode()


def base64_of(text: str) -> str | None:
    """Return what a data URL holds, in base64; None of other texts."""
    kind = next((each for each in KINDS if text.startswith(each)), None)
    return None if kind is None else text.removeprefix(kind)
