"""JSON-RPC frames in and out, numbers exact in both directions.

The protocol library reads numbers as binary floats; here arguments are read as `int` and `Decimal`, and a result
that is JSON text already is put into its frame as it is.
"""

import re
from typing import Any

import msgspec
from mcp.shared.message import SessionMessage
from mcp.types import INVALID_REQUEST, PARSE_ERROR, JSONRPCResponse, jsonrpc_message_adapter
from pydantic import ValidationError

from flowmaster.tools.json_text import read_json, write_json

ID_MAX = 2**63
_TOLD = ("name", "uri", "_meta", "requestId", "taskId", "cursor")
"""What of the parameters is told again in answers and logs."""
_IDENTITY = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]|-?\d+')


def read_frame(line: bytes) -> SessionMessage | bytes:
    """Return the message of a frame, or the frame that refuses it."""
    try:
        message = read_json(line.decode())
    except UnicodeDecodeError:
        return _refusal(line, PARSE_ERROR, "The frame is not UTF-8.")
    except ValueError as error:
        return _refusal(line, PARSE_ERROR, f"The frame is not JSON: {error}.")
    wrong = _wrong_with(message, escaped=b"\\u" in line)
    if wrong:
        known = line if _is_identity(message.get("id")) else b""
        return _refusal(known, INVALID_REQUEST, wrong)
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_python(message, by_name=False))
    except ValidationError:
        return _refusal(
            line, INVALID_REQUEST, "The frame is not a JSON-RPC request, notification or response."
        )


def _wrong_with(message: Any, *, escaped: bool) -> str:
    """Return why a message cannot be answered under its own id or not be told of at all; nothing if it can.

    Only escapes bring half a surrogate pair.
    """
    if not isinstance(message, dict):
        return ""
    if "method" in message and "id" in message and not _is_identity(message["id"]):
        return "The id of a request is a text or a whole number of at most 64 bits."
    if not escaped:
        return ""
    params = message.get("params")
    told = [params.get(word) for word in _TOLD] if isinstance(params, dict) else []
    try:
        write_json([message.get("id"), message.get("method"), *told])
    except (UnicodeEncodeError, ValueError):
        return "Half of a surrogate pair stands in the id, the method or a name: that is no text."
    return ""


def _is_identity(value: Any) -> bool:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str) or (is_number and abs(value) < ID_MAX)


def write_frame(message: SessionMessage) -> bytes:
    """Return the frame of a message."""
    content = message.message
    if isinstance(content, JSONRPCResponse):
        return write_json({"jsonrpc": "2.0", "id": content.id, "result": content.result}) + b"\n"
    return content.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"


def as_it_is(body: bytes) -> Any:
    """Return JSON text in the form in which a frame takes it up unread."""
    return msgspec.Raw(body)


def _refusal(line: bytes, code: int, complaint: str) -> bytes:
    error = {"code": code, "message": complaint}
    return write_json({"jsonrpc": "2.0", "id": identity_in(line), "error": error}) + b"\n"


def identity_in(line: bytes) -> int | str | None:
    """Find the id of a frame that may be no sound JSON, so that its sender does not wait for ever."""
    depth, last, wanted = 0, b"", False
    for match in _IDENTITY.finditer(line):
        word = match[0]
        if word in b"{[":
            depth += 1
        elif word in b"}]":
            depth -= 1
        elif wanted and depth == 1:
            try:
                found = msgspec.json.decode(word, type=int | str)
            except msgspec.DecodeError:
                return None
            return found
        wanted = depth == 1 and word == b'"id"' and last != b'"method"'
        last = word
    return None
