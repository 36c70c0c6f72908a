"""Where the bytes of a document come from: a file below an allowed folder, a web address, or the call itself."""

import base64
import binascii
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from flowmaster.engine.errors import FlowMasterError
from flowmaster.tools.registry import Caller

FILE_BYTES_MAX = 50_000_000
"""How large a document may be."""
_LOCAL_DOORS = frozenset({"inside", "cli", "mcp"})


class Source(NamedTuple):
    """The bytes of a document and the name they came with."""

    data: bytes
    filename: str


def from_path(path: str, folders: Sequence[str], caller: Caller) -> Source:
    """Read a file below an allowed folder; links are followed before the check, and HTTP callers are refused."""
    if caller.door not in _LOCAL_DOORS:
        raise FlowMasterError(
            "document.path_refused",
            "Files of the server are not read for callers over HTTP.",
            path="path",
            fix="Send the bytes as `content_base64` with `filename`.",
            status=403,
        )
    try:
        wanted = Path(path).expanduser().resolve()
        allowed = [Path(folder).resolve() for folder in folders]
    except (OSError, RuntimeError, ValueError) as error:
        raise _no_file(path, str(error)) from error
    if not any(wanted.is_relative_to(folder) for folder in allowed):
        raise FlowMasterError(
            "document.path_refused",
            f"{path!r} is not below a folder that may be read.",
            path="path",
            expected={"folders": list(folders)},
            fix="Move the file there, send `content_base64`, or name its folder in FLOWMASTER_DOCUMENT_FOLDERS.",
            status=403,
        )
    if not wanted.is_file():
        raise _no_file(path, "there is no such file")
    try:
        with wanted.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise _no_file(path, error.strerror or type(error).__name__) from error
    return Source(_within_limit(data, wanted.name), wanted.name)


def from_base64(content: str, filename: str) -> Source:
    """Decode bytes that came with the call."""
    if not filename:
        raise FlowMasterError(
            "arguments.invalid",
            "`content_base64` needs `filename`.",
            path="filename",
            expected="a file name",
            fix="Add `filename`, such as 'invoice.pdf'.",
        )
    try:
        data = base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FlowMasterError(
            "document.content_invalid",
            f"`content_base64` is not base64: {error}.",
            path="content_base64",
            fix="Encode the bytes of the file with standard base64.",
        ) from error
    return Source(_within_limit(data, filename), filename)


FETCH_SECONDS_MAX: Final = 8.0
"""How long an address may take; no call blocks for 10 seconds."""


def from_url(url: str) -> Source:
    """Fetch a public web address; the connector refuses addresses of private networks."""
    from flowmaster.connectors.http import fetch

    response = fetch(url, seconds=FETCH_SECONDS_MAX)
    if response.status != 200:
        raise FlowMasterError(
            "document.fetch_failed",
            f"{url!r} answered with status {response.status}.",
            path="url",
            fix="Check the address, or download the file and send `content_base64`.",
            status=502,
        )
    name = unquote(urlsplit(url).path.rpartition("/")[2]) or "document"
    return Source(_within_limit(response.body, name), name)


def _no_file(path: str, why: str) -> FlowMasterError:
    return FlowMasterError(
        "document.file_unknown",
        f"{path!r} cannot be read: {why}.",
        path="path",
        fix="Check the path; it is taken from the folder in which the server was started.",
        status=404,
    )


def _within_limit(data: bytes, name: str) -> bytes:
    if len(data) > FILE_BYTES_MAX:
        raise FlowMasterError(
            "document.too_large",
            f"{name!r} crosses the limit `bytes_max`: allowed are {FILE_BYTES_MAX:,} bytes.",
            path="filename",
            expected={"bytes_max": FILE_BYTES_MAX},
            fix="Split the file, or add only the part that the process needs.",
            status=413,
        )
    return data
