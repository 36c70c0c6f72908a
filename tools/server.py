"""What the server says of itself."""

from typing import Literal

from pydantic import Field

from flowmaster import __version__
from flowmaster.tools.models import Arguments, Result, Shape
from flowmaster.tools.registry import Call, operation

PROTOCOLS = ("2025-11-25", "2026-07-28")
"""The revisions of the Model Context Protocol that are spoken."""


class ServerInfoRead(Arguments):
    """Nothing to say."""


class Part(Shape):
    """A part of the server and how it is."""

    part: str = Field(description="Its name.")
    state: Literal["ok", "absent", "failing"] = Field(description="How it is.")
    says: str = Field(default="", description="More, where there is more to say.")


class ServerInfo(Result):
    """The running server."""

    version: str = Field(description="The version of FlowMaster.")
    protocols: list[str] = Field(description="Spoken revisions of the Model Context Protocol.")
    data: str = Field(description="The data folder.")
    clock: Literal["real", "virtual"] = Field(description="The kind of clock.")
    operations: int = Field(description="How many operations there are.")
    parts: list[Part] = Field(description="The health of each part.")


@operation(right="server.read", read_only=True)
async def server_info(call: Call, arguments: ServerInfoRead) -> ServerInfo:
    """Tell the version, the stores, the health of each part and the time of the server."""
    settings = call.app.settings
    return ServerInfo(
        version=__version__,
        protocols=list(PROTOCOLS),
        data=settings.data,
        clock="virtual" if settings.clock == "virtual" else "real",
        operations=len(call.app.registry),
        parts=[],
    )


OPERATIONS = (server_info,)
