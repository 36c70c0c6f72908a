"""PDFs are parsed in a process of their own: what a hostile file does there ends with that process.

The parser is pure Python and can be made to unpack gigabytes or to run for hours; neither can be stopped inside
one's own process. The helper is started by the first PDF, serves one after the other, and ends when it was idle for
a while, when its memory or time is up, or when the server ends. Messages are a length in eight bytes and msgpack.
"""

import atexit
import os
import select
import subprocess
import sys
import threading
from importlib.util import find_spec
from typing import IO, Any

import msgspec

from flowmaster.engine.errors import FlowMasterError
from flowmaster.knowledge.documents.extras import missing_extra
from flowmaster.knowledge.documents.limits import Limits, corrupt, too_large
from flowmaster.knowledge.documents.pdf import PdfContent, causes, read_pdf
from flowmaster.knowledge.documents.work import Work

IDLE_SECONDS_MAX = 120
"""How long the helper waits for the next PDF before it ends."""
_ANSWER_BYTES_MAX = 500_000_000
_DOCUMENTS_MAX = 200
_LENGTH = 8
_LOOK_SECONDS = 0.1
"""How often it is looked whether the work goes on."""


class _Refusal(msgspec.Struct):
    """The parts of a refusal, on their way to the parent."""

    code: str
    message: str
    path: str
    expected: Any
    fix: str
    status: int


class _Order(msgspec.Struct):
    """One PDF to read."""

    filename: str
    limits: Limits
    data: bytes


class _Answer(msgspec.Struct):
    """What the helper made of it."""

    content: PdfContent | None = None
    refusal: _Refusal | None = None
    out_of_memory: bool = False


class _Helper:
    """The one helper process, and the lock that lets one document in at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._limits: Limits | None = None
        self._served = 0

    def read(self, order: _Order, work: Work) -> _Answer | None:
        """Return the helper's answer, or None if it died over the document or was ended with the work."""
        while not self._lock.acquire(timeout=_LOOK_SECONDS):
            work.step()
        try:
            process = self._running(order.limits)
            done = threading.Event()
            threading.Thread(target=_watch, args=(process, work, done), daemon=True).start()
            try:
                assert process.stdin is not None
                assert process.stdout is not None
                _send(process.stdin, msgspec.msgpack.encode(order))
                answer = _received(process.stdout)
            except OSError:
                answer = None
            finally:
                done.set()
            self._served += 1
            if answer is None or self._served >= _DOCUMENTS_MAX:
                self.stop()
        finally:
            self._lock.release()
        return msgspec.msgpack.decode(answer, type=_Answer) if answer is not None else None

    def _running(self, limits: Limits) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._process.poll() is None and self._limits == limits:
            return self._process
        self.stop()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "flowmaster.knowledge.documents.pdf_process",
                str(limits.memory_bytes_max),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._limits = limits
        self._served = 0
        return self._process

    def stop(self) -> None:
        """End the helper, if it runs."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    _close(pipe)


_helper = _Helper()
atexit.register(_helper.stop)


def _watch(process: "subprocess.Popen[bytes]", work: Work, done: threading.Event) -> None:
    """End the process with the work that it does."""
    while not done.wait(_LOOK_SECONDS):
        if work.is_over():
            process.kill()
            return


def read_pdf_apart(data: bytes, filename: str, work: Work) -> PdfContent:
    """Read a PDF in the helper process, within its limit of memory and the time of the work."""
    limits = work.limits
    if find_spec("pdfplumber") is None:
        raise missing_extra("documents", ImportError("No module named 'pdfplumber'", name="pdfplumber"))
    order = _Order(filename, limits, data)
    answer = _helper.read(order, work)
    work.step()
    answer = answer or _helper.read(order, work)
    work.step()
    if answer is None:
        raise corrupt(filename, "a PDF", "its reader broke down over it")
    if answer.out_of_memory:
        raise too_large(
            filename,
            limit="memory_bytes_max",
            allowed=limits.memory_bytes_max,
            found="it needs more memory than that to be read",
        )
    if answer.refusal is not None:
        refusal = answer.refusal
        raise FlowMasterError(
            refusal.code,
            refusal.message,
            path=refusal.path,
            expected=refusal.expected,
            fix=refusal.fix,
            status=refusal.status,
        )
    assert answer.content is not None
    return answer.content


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(len(message).to_bytes(_LENGTH))
    pipe.write(message)
    pipe.flush()


def _received(pipe: IO[bytes]) -> bytes | None:
    head = pipe.read(_LENGTH)
    length = int.from_bytes(head)
    if len(head) < _LENGTH or length > _ANSWER_BYTES_MAX:
        return None
    message = pipe.read(length)
    return message if len(message) == length else None


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:
        return


def _answered(order: _Order) -> _Answer:
    try:
        return _Answer(content=read_pdf(order.data, order.filename, order.limits))
    except FlowMasterError as error:
        if any(isinstance(cause, MemoryError) for cause in causes(error)):
            return _Answer(out_of_memory=True)
        return _Answer(
            refusal=_Refusal(error.code, error.message, error.path, error.expected, error.fix, error.status)
        )


def main() -> None:
    """Serve PDFs from standard input until it ends, nothing comes for a while, or memory was short."""
    _limit_memory(int(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    orders = sys.stdin.buffer
    while select.select([orders], [], [], IDLE_SECONDS_MAX)[0]:
        message = _received(orders)
        if message is None:
            return
        answer = _answered(msgspec.msgpack.decode(message, type=_Order))
        _send(answers, msgspec.msgpack.encode(answer))
        if answer.out_of_memory:
            return


def _limit_memory(limit: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the limit of time still holds there.
        return
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
