"""Open files: each connection is one, and the system lets a process have so many."""

import sys
from typing import Final

FILES_BESIDE: Final = 200
"""Files that a server needs beside its connections: the store, its readers, logs, connectors."""


def connections_within(wanted: int) -> int:
    """Ask the system for as many open files as connections are wanted, and return how many of these it allows."""
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + FILES_BESIDE
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    except (ValueError, OSError):  # Some systems have further limits, which they do not tell.
        allowed = soft
    return max(1, min(wanted, allowed - FILES_BESIDE))
