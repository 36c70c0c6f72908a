"""The optional parts of an installation, and whether they are there."""

from importlib.util import find_spec

from flowmaster.engine.errors import FlowMasterError

EXTRAS: dict[str, tuple[str, ...]] = {
    "agents": ("litellm", "pydantic_ai", "tiktoken"),
    "knowledge": ("chromadb",),
    "documents": ("pdfplumber", "openpyxl", "reportlab"),
    "arango": ("arango",),
    "telemetry": ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
}
"""The parts and the packages that prove that they are there."""

_found: set[str] = set()


def is_installed(extra: str) -> bool:
    """Return whether all packages of a part can be imported; nothing is imported to find out."""
    if extra not in _found and all(map(_can_be_imported, EXTRAS[extra])):
        _found.add(extra)
    return extra in _found


def extra_missing(operation: str, extra: str) -> FlowMasterError:
    """Return the refusal of an operation whose part is not installed."""
    return FlowMasterError(
        "server.extra_missing",
        f"`{operation}` needs the part `{extra}`, which is not installed.",
        fix=f"Run: {command_for(extra)}",
        status=501,
    )


def command_for(extra: str) -> str:
    """Return the command that adds a part."""
    return f"pip install 'flowmaster[{extra}]'"


def _can_be_imported(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
