"""Long work in steps: it tells how far it is, and stops between two of them where its call was cancelled."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import anyio.to_thread

from flowmaster.tools.asking import NOBODY
from flowmaster.tools.registry import Call

T = TypeVar("T")


class Stopped(Exception):
    """The call that the work is for was cancelled."""


class Steps:
    """What work in a thread of its own says between its steps."""

    def __init__(self, call: Call) -> None:
        self._client = call.client
        self._over = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._told: list[Future[None]] = []

    def is_over(self) -> bool:
        """Tell whether nobody waits for the work any more."""
        return self._over.is_set()

    def check(self) -> None:
        """Stop the work if nobody waits for it any more."""
        if self.is_over():
            raise Stopped

    def tell(self, done: int, total: int, message: str) -> None:
        """Tell how far the work is, and stop it if nobody waits for it any more."""
        self.check()
        if self._client is not NOBODY:
            # The thread does not wait to be heard: nobody might be there to hear it by then.
            telling = self._client.tell_progress(done, total, message)
            self._told.append(asyncio.run_coroutine_threadsafe(telling, self._loop))

    async def heard(self) -> None:
        """Wait until all that was told is heard."""
        await asyncio.gather(*(asyncio.wrap_future(told) for told in self._told))

    def end(self) -> None:
        """Let the work stop at its next step."""
        self._over.set()


async def in_steps(call: Call, work: Callable[[Steps], T]) -> T:
    """Do work in a thread and return what comes of it; a call that is cancelled does not wait for the thread."""
    steps = Steps(call)
    try:
        result = await anyio.to_thread.run_sync(work, steps, abandon_on_cancel=True)
        await steps.heard()
        return result
    finally:
        steps.end()
