"""The command line's options, read without a library: the MCP start has no milliseconds to spare for one."""

import os

CORE = "core"
ALL = "all"

SERVER_OPTIONS = (
    "data",
    "store",
    "graph",
    "clock",
    "tools",
    "host",
    "port",
    "public-host",
    "auth-issuer",
    "auth-resource",
    "limits",
    "bounds",
    "telemetry",
    "log-format",
)
"""The options that every server form takes; each has a value."""

SERVER_FLAGS = ("read-only",)
"""The options that every server form takes without a value."""

READ_ONLY_NOTE = "This server only reads: what changes something is not offered here, and refused.\n\n"
"""What the instructions begin with where nothing may be changed."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""The hosts that only programs of this machine reach."""

_CLOCKS = ("real", "virtual")

LOG_FORMATS = ("text", "json")


MEMORY = ":memory:"
"""The data folder that leaves no trace."""

TOOL_FILE = "tools.json"
"""The file of a data folder with the published processes that are tools, one a line as the tool list shows it."""


def data_folder(given: str) -> str:
    """Return the data folder: as given, else the user's own (XDG base directories)."""
    if given == MEMORY:
        return MEMORY
    if given:
        return os.path.abspath(os.path.expanduser(given))
    home = os.environ.get("XDG_DATA_HOME", "")
    folder = home if home.startswith("/") else os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(folder, "flowmaster")


class UsageError(Exception):
    """A command line that says something we do not know; the text tells what to write instead."""


def split(
    argv: list[str], *, valued: tuple[str, ...], flags: tuple[str, ...] = ()
) -> tuple[dict[str, str], list[str]]:
    """Return the options and the other words of a command line.

    Raises:
        UsageError: an unknown option, or one without its value.
    """
    options: dict[str, str] = {}
    words: list[str] = []
    rest = iter(argv)
    for word in rest:
        if word == "--":
            words += rest
        elif not word.startswith("--"):
            words.append(word)
        else:
            name, given, value = word[2:].partition("=")
            if name in flags and not given:
                options[name] = "yes"
            elif name in valued:
                options[name] = _value_of(name, value if given else next(rest, None))
            else:
                raise UsageError(_unknown(name, valued + flags))
    _check(options)
    return options, words


def _value_of(name: str, value: str | None) -> str:
    if not value or value.startswith("--"):
        raise UsageError(f"--{name} needs a value.")
    return value


def _unknown(name: str, known: tuple[str, ...]) -> str:
    from flowmaster.engine.errors import did_you_mean

    guess = did_you_mean(f"--{name}", [f"--{each}" for each in known])
    listed = f" Options: {', '.join(f'--{each}' for each in known)}." if known else ""
    return f"There is no option --{name} here.{guess}{listed}"


def _check(options: dict[str, str]) -> None:
    clock = options.get("clock", "real")
    if clock not in _CLOCKS:
        raise UsageError(f"--clock is real or virtual, not {clock!r}.")
    port = options.get("port", "8321")
    if not port.isdecimal() or int(port) > 65_535:
        raise UsageError(f"--port is a number from 0 to 65535, not {port!r}.")
    if options.get("log-format", "text") not in LOG_FORMATS:
        raise UsageError(f"--log-format is text or json, not {options['log-format']!r}.")
    telemetry = options.get("telemetry", "off")
    if telemetry != "off" and not telemetry.startswith(("http://", "https://")):
        raise UsageError(f"--telemetry is the http(s) address of a collector, or off, not {telemetry!r}.")
    if not options.get("tools", CORE).replace(",", "").strip():
        raise UsageError("--tools is core, all, or operations with commas between them.")
    if ("auth-issuer" in options) != ("auth-resource" in options):
        raise UsageError("--auth-issuer and --auth-resource go together.")
    for name in ("auth-issuer", "auth-resource"):
        if name in options and not _is_safe(options[name]):
            raise UsageError(f"--{name} is an https address without query, not {options[name]!r}.")


def _is_safe(address: str) -> bool:
    """Whether nobody on the way can read what goes to an address: https, or http on this machine."""
    scheme, given, rest = address.partition("://")
    host = rest.partition("/")[0]
    local = host.rpartition(":")[0].strip("[]") or host
    plain = bool(given and host) and not any(letter in address for letter in "?#@ ")
    return plain and (scheme == "https" or (scheme == "http" and local in LOOPBACK))
