"""Pictures in answers: at the MCP door an image of its own instead of text, on the command line a file."""

from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flowmaster.engine.values import Json
from flowmaster.server.options import UsageError
from flowmaster.tools.answer import Answer
from flowmaster.tools.json_text import write_json
from flowmaster.tools.raster import PREFIX

FIELDS = ("content", "picture", "diagram")
"""Where an answer may hold a picture."""

_MARK = PREFIX.encode()


def with_pictures(answer: Answer) -> Answer:
    """Return an answer whose PNG pictures are shown as images of their own, not as text.

    An agent would pay for the letters of a picture as text and could not see it.
    """
    if answer.refused or answer.shown or _MARK not in answer.body:
        return answer
    body = answer.data()
    assert isinstance(body, Mapping), "answers are objects"
    images: list[Mapping[str, Json]] = []
    told = dict(body)
    for name in FIELDS:
        value = told.get(name)
        if isinstance(value, str) and value.startswith(PREFIX):
            images.append({"type": "image", "data": value.removeprefix(PREFIX), "mimeType": "image/png"})
            told[name] = f"PNG, shown as image {len(images)} of this answer."
    text = write_json(told)
    return answer._replace(body=text, shown=({"type": "text", "text": text.decode()}, *images))


def write_view(body: Any, file: Path) -> str:
    """Write the picture or text that an answer shows into a file, and say so.

    Raises:
        UsageError: the answer shows neither, or the file cannot be written.
    """
    held = [name for name in FIELDS if isinstance(body, Mapping) and isinstance(body.get(name), str)]
    if not held:
        raise UsageError("--out needs an answer with a text or picture: ask for a view such as svg or png.")
    text = body[held[0]]
    data = b64decode(text.removeprefix(PREFIX)) if text.startswith(PREFIX) else text.encode()
    try:
        file.write_bytes(data)
    except OSError as error:
        raise UsageError(f"--out cannot write {str(file)!r}: {error.strerror}.") from None
    rest = " The view is longer: `next_cursor` of --json gives the rest." if body.get("next_cursor") else ""
    return f"{held[0]} written to {file} ({len(data):,} bytes).{rest}"
