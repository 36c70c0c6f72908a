"""Where the log goes: to the errors of a server, and for a single command into the data folder."""

import logging
from pathlib import Path

from flowmaster.server.options import MEMORY
from flowmaster.server.settings import Settings
from flowmaster.stores.files import FAULTS

_SHAPE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def log_to_errors() -> None:
    """Write warnings and faults where a server's keeper looks for them."""
    logging.basicConfig(level=logging.WARNING, format=_SHAPE)


def log_to_folder(settings: Settings) -> None:
    """Write faults beside the data: the errors of a command are for people."""
    if settings.data == MEMORY:
        logging.basicConfig(handlers=[logging.NullHandler()])
        return
    # The file is made with its first line, when the store has made the folder.
    handler = logging.FileHandler(Path(settings.data) / FAULTS, encoding="utf-8", delay=True)
    logging.basicConfig(level=logging.WARNING, format=_SHAPE, handlers=[handler])
