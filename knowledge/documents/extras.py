"""The refusal that a missing optional package gets."""

from flowmaster.engine.errors import FlowMasterError


def missing_extra(extra: str, error: ImportError) -> FlowMasterError:
    """Return the error that names the command which adds the extra."""
    return FlowMasterError(
        "server.extra_missing",
        f"This needs the extra {extra!r}, which is not installed ({error.name or error}).",
        expected={"extra": extra},
        fix=f"Run `pip install 'flowmaster[{extra}]'` where FlowMaster is installed, then start it again.",
        status=501,
    )
