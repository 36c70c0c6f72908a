"""Event loops under synchronous code: the driver is asynchronous, a store is not."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Loop(Protocol):
    """A loop on which connections live, and from which what they answer is fetched."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop and return what it returns."""
        ...

    def close(self) -> None:
        """Let go of the loop."""
        ...


class OwnLoop:
    """A loop that whoever calls turns itself: the fastest way for the one thread that writes."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the calling thread, or beside it if that has a loop of its own under way."""
        if asyncio._get_running_loop() is None:
            return self._loop.run_until_complete(work)
        with ThreadPoolExecutor(1) as aside:
            return aside.submit(self._loop.run_until_complete, work).result()

    def close(self) -> None:
        """Let go of the loop, once what was cut off has closed its sockets."""
        if asyncio._get_running_loop() is None:
            self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()


class SharedLoop:
    """A loop on a thread of its own, for callers in any thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="flowmaster-postgres", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def close(self) -> None:
        """End the thread and let go of the loop."""
        self.run(asyncio.sleep(0))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
