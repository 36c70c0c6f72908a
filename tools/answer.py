"""The answer of a call, as every door sends it: JSON text made once, and whether it is a refusal."""

from collections.abc import Mapping
from typing import NamedTuple

from flowmaster.engine.values import Json
from flowmaster.tools.json_text import read_own


class Answer(NamedTuple):
    """The outcome of one call: the JSON object as bytes, and the HTTP status (200, or that of the refusal).

    `shown` are the contents that a door which can show more than text shows instead of the body's text (pictures,
    sounds, embedded resources, in the form of MCP). `goes_on` is the instance whose end the caller waits for.
    """

    body: bytes
    status: int = 200
    shown: tuple[Mapping[str, Json], ...] = ()
    goes_on: str = ""

    @property
    def refused(self) -> bool:
        """Whether the call was refused; the body is then an error body."""
        return self.status >= 400

    @property
    def text(self) -> str:
        """The JSON text."""
        return self.body.decode()

    def data(self) -> Json:
        """The JSON value, numbers exact."""
        value: Json = read_own(self.body)
        return value
