"""Keeps the tools that published processes are where the opening of a session finds them before the store is open."""

import json
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from flowmaster.server.options import MEMORY, TOOL_FILE
from flowmaster.tools.app import App
from flowmaster.tools.process_tools import ProcessTool, process_tools
from flowmaster.tools.registry import Call, Caller

logger = logging.getLogger(__name__)


def write_tool_file(app: App) -> None:
    """Write down the tools that published processes are for the local caller; without any there is no file."""
    if app.settings.data == MEMORY:
        return
    file = Path(app.settings.data) / TOOL_FILE
    tools = process_tools(Call(app=app, caller=Caller(door="mcp")))
    try:
        _keep(file, tools)
    except OSError as error:
        # What is published is stored; a client only hears of its tools a moment later.
        logger.warning("The tools of processes are not written to %s: %s", file, error.strerror)


def _keep(file: Path, tools: Sequence[ProcessTool]) -> None:
    text = "".join(f"{json.dumps(tool.shown, separators=(',', ':'), ensure_ascii=False)}\n" for tool in tools)
    if not text:
        with suppress(FileNotFoundError):
            file.unlink()
    elif not file.is_file() or file.read_text(encoding="utf-8") != text:
        fresh = file.with_suffix(f".{os.getpid()}.new")
        try:
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(file)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
