"""Pictures in answers: at the MCP door an image of its own instead of text, on the command line a file."""

from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from flowmaster.engine.values import Json
from flowmaster.server.options import UsageError
from flowmaster.tools.answer import Answer
from flowmaster.tools.data_urls import KINDS, PNG, base64_of
from flowmaster.tools.json_text import write_json

FIELDS = ("content", "picture", "diagram")
"""Where an answer may hold a picture."""

_MARKS = tuple(kind.encode() for kind in KINDS)


def with_pictures(answer: Answer) -> Answer:
    """Return an answer whose PNG pictures are shown as images of their own and whose PDFs as files, not as text.

    An agent would pay for their letters as text and could not see them.
    """
    if answer.refused or answer.shown or not any(mark in answer.body for mark in _MARKS):
        return answer
    body = answer.data()
    assert isinstance(body, Mapping), "answers are objects"
    blocks: list[Mapping[str, Json]] = []
    told = dict(body)
    for name in FIELDS:
        value = told.get(name)
        if isinstance(value, str) and (held := base64_of(value)) is not None:
            blocks.append(_image(held) if value.startswith(PNG) else _file(held))
            kind = "PNG, shown as image" if value.startswith(PNG) else "PDF, a file:"
            told[name] = f"{kind} {len(blocks)} of this answer."
    text = write_json(told)
    return answer._replace(body=text, shown=({"type": "text", "text": text.decode()}, *blocks))


def _image(held: str) -> Mapping[str, Json]:
    return {"type": "image", "data": held, "mimeType": "image/png"}


def _file(held: str) -> Mapping[str, Json]:
    """Return a file within an answer (Model Context Protocol, Tools, embedded resources), addressed by its digest."""
    address = f"urn:sha256:{sha256(held.encode()).hexdigest()}"
    return {"type": "resource", "resource": {"uri": address, "mimeType": "application/pdf", "blob": held}}


def write_view(body: Any, file: Path) -> str:
    """Write the picture or text that an answer shows into a file, and say so.

    Raises:
        UsageError: the answer shows neither, or the file cannot be written.
    """
    held = [name for name in FIELDS if isinstance(body, Mapping) and isinstance(body.get(name), str)]
    if not held:
        raise UsageError(
            "--out needs an answer with a text or picture: ask for a view such as svg, png or pdf."
        )
    text = body[held[0]]
    inside = base64_of(text)
    data = text.encode() if inside is None else b64decode(inside)
    try:
        file.write_bytes(data)
    except OSError as error:
        raise UsageError(f"--out cannot write {str(file)!r}: {error.strerror}.") from None
    rest = " The view is longer: `next_cursor` of --json gives the rest." if body.get("next_cursor") else ""
    return f"{held[0]} written to {file} ({len(data):,} bytes).{rest}"
