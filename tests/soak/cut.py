"""A line to a database that can be cut, as when a cable is pulled: nothing gets through, and nobody is told."""

import asyncio
import threading
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit


class Line:
    """Passes on what comes to a port of its own, until it is cut."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._whole = threading.Event()
        self._whole.set()
        self._loop = asyncio.new_event_loop()
        self._ends: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._through, "127.0.0.1", 0), self._loop
        ).result()

    @property
    def url(self) -> str:
        """The address of the database at the near end."""
        port = self._server.sockets[0].getsockname()[1]
        name = self._parts.username
        return urlunsplit(self._parts._replace(netloc=f"{name}@127.0.0.1:{port}"))

    def cut(self) -> None:
        """Let nothing through."""
        self._whole.clear()

    def mend(self) -> None:
        """Let new connections through; what was on its way is lost."""
        self._loop.call_soon_threadsafe(self._hang_up)
        self._whole.set()

    def close(self) -> None:
        """Take the line down."""
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._hang_up)
        # The sockets close meanwhile.
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.1), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _hang_up(self) -> None:
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    async def _through(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            far_source, far_sink = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        except OSError:  # The database is down; whoever called is told so.
            sink.transport.abort()
            return
        self._ends |= {sink, far_sink}
        await asyncio.gather(self._pass_on(source, far_sink), self._pass_on(far_source, sink))

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                while not self._whole.is_set():
                    await asyncio.sleep(0.05)
                if sink not in self._ends:
                    return
                sink.write(data)
                await sink.drain()
            sink.close()
