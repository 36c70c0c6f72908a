"""The first words of an MCP session over stdio, answered before anything heavy is loaded.

A client may wait no longer than a second for a server, and loading the protocol library alone takes most of it.
So the process starts here, with next to nothing imported: it reads the frames, answers `initialize`,
`server/discover` and `tools/list` from a snapshot that is committed with the code, and keeps the rest for the
server that is being loaded meanwhile. This object stays the only reader of the input for the whole session, so
that no frame is lost or seen twice when the server takes over.

Only what needs no state is answered here; `initialize` is answered and kept, since the server must see it too
(its second answer is left out by the door). Everything unusual is kept for the server to judge.
"""

import _thread
import os
import select
import sys

from flowmaster.server.options import ALL, CORE, READ_ONLY_NOTE, TOOL_FILE, data_folder
from flowmaster.server.quick_json import read, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Deliver = Callable[[list[bytes], bool], None]
    """Takes frames, and whether the input has ended."""

LINE_LENGTH_MAX = 64_000_000
"""Bytes of one frame; a longer one is cut, and so refused as not being JSON."""
LISTEN_SECONDS = 0.05
"""How long the first frame is waited for before the heavy imports start."""

_VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
_CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
_READS = '"readOnlyHint":true'
"""What stands in a tool that changes nothing."""
_CHUNK = 65_536


class Snapshot:
    """The answers to opening frames, as JSON text; read line by line, since the file has one entry a line."""

    def __init__(self, text: str, *, read_only: bool = False) -> None:
        entries: dict[str, str] = {}
        self._tools: dict[str, str] = {}
        into = entries
        for line in text.splitlines():
            if line == '"tools": {':
                into = self._tools
            elif line[:1] == '"':
                name, _, value = line.partition(": ")
                into[name[1:-1]] = value.removesuffix(",")
        self.versions: list[str] = read(entries["versions"])
        self.modern: list[str] = read(entries["modern"])
        self._core: list[str] = read(entries["core"])
        self._greeting = entries["initialize"]
        self.discovery = entries["discover"]
        self._list = entries["list"]
        self._read_only = read_only
        if read_only:
            note = f'"instructions":{text_of(READ_ONLY_NOTE)[:-1]}'
            self._greeting = self._greeting.replace('"instructions":"', note)
            self.discovery = self.discovery.replace('"instructions":"', note)

    def greeting(self, version: str) -> str:
        """Return the answer to `initialize` for a client that speaks that version."""
        newest = self.versions[-1]
        spoken = version if version in self.versions else newest
        return self._greeting.replace(f'"protocolVersion":"{newest}"', f'"protocolVersion":"{spoken}"')

    def tool_list(self, shown: str, processes: str, *, modern: bool) -> str | None:
        """Return the answer to `tools/list`, or nothing if a shown tool is not known.

        `processes` names the file with the published processes that are tools; it need not be there.
        """
        names = [name.strip() for name in shown.split(",") if name.strip()]
        own: list[str] = []
        if names in ([ALL], [CORE]):
            names = self._core if names == [CORE] else list(self._tools)
            own = _lines_of(processes)
        if not all(name in self._tools for name in names):
            return None
        found = [*(text for name, text in self._tools.items() if name in names), *own]
        tools = ",".join(text for text in found if not self._read_only or _READS in text)
        fields = f"{self._list[1:-1]}," if modern else ""
        return f'{{{fields}"tools":[{tools}]}}'


class Opening:
    """Reads the frames of a session, answering the opening ones until a server takes over."""

    def __init__(self, source: int, sink: int, snapshot: Snapshot, tools: str, processes: str = "") -> None:
        self._source = source
        self.sink = sink
        self._snapshot = snapshot
        self._tools = tools
        self._processes = processes
        self._lock = _thread.allocate_lock()
        self._rest: list[bytes] = []
        self._rest_length = 0
        self._kept: list[bytes] = []
        self._answered: list[int | str] = []
        self._initialized = False
        self._ended = False
        self._deliver: Deliver | None = None

    def listen(self) -> None:
        """Answer what comes at once in this thread, then go on reading in another."""
        ready = select.poll()
        ready.register(self._source, select.POLLIN)
        while not self._answered and not self._ended and ready.poll(int(LISTEN_SECONDS * 1000)):
            self._read()
        _thread.start_new_thread(self._go_on, ())

    def hand_over(self, deliver: "Deliver") -> list[int | str]:
        """Pass on the kept frames and all later ones; return the ids that are answered already.

        `deliver` is called by the reading thread, one call after the other.
        """
        with self._lock:
            deliver(self._kept, self._ended)
            self._deliver = deliver
            self._kept = []
            return self._answered

    def refuse_all(self, complaint: str) -> None:
        """Answer every kept request with an error: the server could not be opened."""
        with self._lock:
            for line in self._kept:
                message = _parsed(line)
                if "id" in message and "method" in message and message["id"] not in self._answered:
                    error = f'{{"code":-32603,"message":{text_of(complaint)}}}'
                    self._write(message["id"], "error", error)

    def _go_on(self) -> None:
        while not self._ended:
            self._read()

    def _read(self) -> None:
        try:
            chunk = os.read(self._source, _CHUNK)
        except OSError:
            chunk = b""
        with self._lock:
            self._ended = not chunk
            lines = self._lines(chunk)
            if self._deliver is not None:
                self._deliver(lines, self._ended)
            else:
                self._kept += [line for line in lines if not self._answer(line)]

    def _lines(self, chunk: bytes) -> list[bytes]:
        """Return the frames that the chunk completes; the end of the input completes the last one."""
        *whole, rest = chunk.split(b"\n")
        if whole:
            whole[0] = b"".join([*self._rest, whole[0]])
            self._rest, self._rest_length = [], 0
        self._rest_length += len(rest)
        if rest and self._rest_length <= LINE_LENGTH_MAX:
            self._rest.append(rest)
        if not chunk and self._rest:
            whole.append(b"".join(self._rest))
        return [line for line in whole if line.strip()]

    def _answer(self, line: bytes) -> bool:
        """Answer the frame if it is one of the opening ones; return whether the server need not see it."""
        message = _parsed(line)
        method, params = message.get("method"), message.get("params", {})
        identity: Any = message.get("id")
        if (
            type(identity) not in (int, str)
            or not isinstance(params, dict)
            or message.get("jsonrpc") != "2.0"
        ):
            return False
        modern = _is_modern(params, self._snapshot.modern)
        result: str | None = None
        if method == "initialize" and not self._initialized and _greets(params):
            result = self._snapshot.greeting(params["protocolVersion"])
            self._initialized = True
            self._answered.append(identity)
        elif method == "server/discover" and modern:
            result = self._snapshot.discovery
        elif method == "tools/list" and params.get("cursor") is None and (modern or self._initialized):
            result = self._snapshot.tool_list(self._tools, self._processes, modern=modern)
        if result is None:
            return False
        self._write(identity, "result", result)
        return method != "initialize"

    def _write(self, identity: int | str, kind: str, content: str) -> None:
        frame = f'{{"jsonrpc":"2.0","id":{text_of(identity)},"{kind}":{content}}}\n'.encode()
        while frame:
            frame = frame[os.write(self.sink, frame) :]


def opened(tools: str, data: str, *, read_only: bool = False) -> Opening:
    """Take the standard streams for frames, so that nothing else can get between them, and start to listen."""
    with open(os.path.join(os.path.dirname(__file__), "opening.json"), encoding="utf-8") as file:
        snapshot = Snapshot(file.read(), read_only=read_only)
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    opening = Opening(source, sink, snapshot, tools, os.path.join(data_folder(data), TOOL_FILE))
    sys.setswitchinterval(0.001)
    opening.listen()
    return opening


def _lines_of(file: str) -> list[str]:
    try:
        with open(file, encoding="utf-8") as lines:
            return [line for line in lines.read().splitlines() if line]
    except OSError:
        return []


def _parsed(line: bytes) -> "dict[str, Any]":
    try:
        message = read(line.decode())
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _is_modern(params: "dict[str, Any]", versions: list[str]) -> bool:
    meta = params.get("_meta")
    if not isinstance(meta, dict):
        return False
    return meta.get(_VERSION_KEY) in versions and isinstance(meta.get(_CAPABILITIES_KEY), dict)


def _greets(params: "dict[str, Any]") -> bool:
    """Whether these are sound arguments of `initialize`; others are for the server to refuse."""
    client = params.get("clientInfo")
    return (
        isinstance(params.get("protocolVersion"), str)
        and isinstance(params.get("capabilities"), dict)
        and isinstance(client, dict)
        and isinstance(client.get("name"), str)
        and isinstance(client.get("version"), str)
    )
