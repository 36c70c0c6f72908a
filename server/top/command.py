"""The command `flowmaster top`."""

import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

import anyio

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.logs import log_to_folder
from flowmaster.server.options import MEMORY, UsageError
from flowmaster.server.readable import error_text
from flowmaster.server.settings import settings_from
from flowmaster.server.top.frame import Load, lines_of
from flowmaster.server.top.screen import Screen, has_colours, is_terminal, plain_width
from flowmaster.server.top.sources import Source, asked, looked_at

KEY: Final = "FLOWMASTER_KEY"
"""The environment variable with the key that is shown to a server."""

INTERVAL_SECONDS: Final = 2.0
INTERVAL_SECONDS_MIN: Final = 0.5


def top(options: Mapping[str, str]) -> int:
    """Show how a server is doing; return the exit code."""
    interval = _interval(options.get("interval", ""))
    if "url" not in options and "key-file" in options:
        raise UsageError("--key-file goes with --url.")
    settings = settings_from({name: options[name] for name in ("data", "store") if name in options})
    log_to_folder(settings if "url" not in options else settings_from({"data": MEMORY}))
    place = options.get("url") or options.get("store", "").rpartition("@")[2] or settings.data
    source: AbstractAsyncContextManager[Source] = (
        asked(options["url"], _key(options)) if "url" in options else looked_at(settings)
    )
    show = _View(place, as_json="json" in options)
    try:
        if "once" in options:
            return anyio.run(_once, source, show)
        return anyio.run(_live if is_terminal() and "json" not in options else _lines, source, show, interval)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except FlowMasterError as error:
        sys.stderr.write(error_text(error.body()) + "\n")
        return 1


class _View:
    """How pictures are shown."""

    def __init__(self, place: str, *, as_json: bool) -> None:
        self._place = place
        self._as_json = as_json

    def write(self, load: Load) -> None:
        """Write a picture as lines, or as one line of JSON."""
        if self._as_json:
            text = json.dumps(load)
        else:
            text = "\n".join(self.lines(load, plain_width(), None, colours=has_colours()))
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def lines(
        self, load: Load, width: int, height: int | None, *, colours: bool, trouble: str = ""
    ) -> list[str]:
        """Return the lines of a picture."""
        return lines_of(load, place=self._place, width=width, height=height, colours=colours, trouble=trouble)


async def _once(source: AbstractAsyncContextManager[Source], view: _View) -> int:
    async with source as look:
        view.write(await look())
    return 0


async def _lines(source: AbstractAsyncContextManager[Source], view: _View, interval: float) -> int:
    async with source as look:
        while True:
            view.write(await look())
            await anyio.sleep(interval)


async def _live(source: AbstractAsyncContextManager[Source], view: _View, interval: float) -> int:
    """Show picture after picture; while none is to be had, the last one with the reason."""
    async with source as look:
        load = await look()
        trouble = ""
        with Screen().taken() as screen:
            while True:
                width, height = screen.size
                colours = has_colours()
                screen.show(view.lines(load, width, height, colours=colours, trouble=trouble))
                if not await anyio.to_thread.run_sync(screen.wait, interval, abandon_on_cancel=True):
                    return 0
                try:
                    load, trouble = await look(), ""
                except FlowMasterError as error:
                    since = trouble.partition(": ")[0] or f"no picture since {time.strftime('%H:%M:%S')}"
                    trouble = f"{since}: {error.message}"


def _interval(text: str) -> float:
    try:
        seconds = float(text) if text else INTERVAL_SECONDS
    except ValueError:
        seconds = 0.0
    if not INTERVAL_SECONDS_MIN <= seconds <= 3600:
        raise UsageError(
            f"--interval is a number of seconds from {INTERVAL_SECONDS_MIN} to 3600, not {text!r}."
        )
    return seconds


def _key(options: Mapping[str, str]) -> str:
    """Return the key to show: from a file or the environment, since command lines are seen by everybody."""
    if "key-file" not in options:
        return os.environ.get(KEY, "").strip()
    try:
        return Path(options["key-file"]).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(f"the key file {options['key-file']!r} cannot be read: {error.strerror}.") from None
