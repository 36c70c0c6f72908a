"""Signals: whoever waits for a kind of change is woken when it comes."""

import asyncio
from collections.abc import Callable, Set
from typing import Final

STORED: Final = "stored"
"""What is woken whenever something was stored, whatever it was."""


class Signals:
    """Wakes whoever waits for a kind of change: timers, jobs, instances."""

    def __init__(self, tell: Callable[[Set[str]], None]) -> None:
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._tell = tell

    def wake(self, topics: Set[str]) -> None:
        """Wake everybody who waits for one of these topics, here and in other servers on the store."""
        self.heard(topics)
        self._tell(topics)

    def heard(self, topics: Set[str]) -> None:
        """Wake everybody who waits here for one of these topics; from any thread."""
        for topic in topics:
            for future in self._waiting.pop(topic, ()):
                if not future.done():
                    future.get_loop().call_soon_threadsafe(_wake_one, future)

    async def wait(self, topic: str, seconds: float) -> None:
        """Wait until the topic is woken, `seconds` at most."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(topic, set()).add(future)
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            pass
        finally:
            self._waiting.get(topic, set()).discard(future)


def _wake_one(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
