"""Where the log goes and how its lines look: to the errors of a server, and for a single command into the data folder.

A line tells the work it belongs to, where it belongs to any: the id of the request and of its trace, the operation,
the caller and the tenant. With `--log-format json` each line is one object; nothing else is written then.
"""

import json
import logging
import sys
import time
from pathlib import Path
from typing import Final

from flowmaster.runtime.observation.errands import ERRAND
from flowmaster.server.options import MEMORY
from flowmaster.server.settings import Settings
from flowmaster.stores.files import FAULTS

FIELDS: Final = (
    "time",
    "level",
    "logger",
    "message",
    "request",
    "trace",
    "operation",
    "caller",
    "tenant",
    "door",
    "fault",
)
"""What a line may hold, in order; what is not known is left out."""

_SHAPE: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s%(about)s"


def log_to_errors(form: str) -> None:
    """Write warnings and faults where a server's keeper looks for them."""
    handler = logging.StreamHandler()
    _set_up(handler, form)


def log_to_folder(settings: Settings) -> None:
    """Write faults beside the data: the errors of a command are for people."""
    if settings.data == MEMORY:
        logging.basicConfig(handlers=[logging.NullHandler()])
        return
    # The file is made with its first line, when the store has made the folder.
    _set_up(
        logging.FileHandler(Path(settings.data) / FAULTS, encoding="utf-8", delay=True), settings.log_format
    )


def say(form: str, message: str) -> None:
    """Tell a server's keeper something that is no warning."""
    if form == "json":
        record = logging.LogRecord("flowmaster", logging.INFO, "", 0, message, (), None)
        message = JsonLines().format(record)
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


class JsonLines(logging.Formatter):
    """Writes each line as a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        told: dict[str, str] = {
            "time": _instant(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_about(),
        }
        if record.exc_info:
            told["fault"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


class TextLines(logging.Formatter):
    """Writes lines for people, with what they are about at the end."""

    def __init__(self) -> None:
        super().__init__(_SHAPE)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        about = " ".join(f"{name}={value}" for name, value in _about().items())
        record.about = f" [{about}]" if about else ""
        return super().format(record)


def _set_up(handler: logging.Handler, form: str) -> None:
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def _about() -> dict[str, str]:
    """Return what is known of the work that goes on."""
    errand = ERRAND.get()
    if errand is None:
        return {}
    told = {
        "request": errand.request,
        "trace": "" if errand.place is None else errand.place.trace_id,
        "operation": errand.operation,
        "caller": errand.caller,
        "tenant": errand.tenant,
        "door": errand.door,
    }
    return {name: value for name, value in told.items() if value}


def _instant(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"
