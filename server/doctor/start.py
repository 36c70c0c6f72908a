"""Looks at whether `flowmaster mcp` answers a client, and how quickly."""

from typing import Final

from flowmaster import __version__
from flowmaster.server.clients.launch import Launch
from flowmaster.server.clients.trial import Failed, measured
from flowmaster.server.doctor.finding import Finding

SLOW_MS: Final = 1_000
"""Some clients leave a server's tools out, without a word, when it takes longer than this."""


def start(launch: Launch) -> Finding:
    """Start the server on data of its own, greet it, ask for its tools and call one."""
    try:
        times = measured(launch)
    except Failed as error:
        return Finding(
            "start over MCP",
            "fault",
            str(error),
            "Run that command by hand to see what it says; then install FlowMaster anew.",
        )
    says = (
        f"initialize answered in {times.greeted:.0f} ms, tools/list with {times.tools} tools in"
        f" {times.listed:.0f} ms, a first call in {times.worked:.0f} ms"
    )
    if times.version != __version__:
        fix = "Install FlowMaster anew, so that its command and its package are of one version."
        return Finding("start over MCP", "fault", f"{says}; it says it is {times.version}", fix)
    if max(times.greeted, times.listed) > SLOW_MS:
        return Finding(
            "start over MCP",
            "warning",
            f"{says}; some clients leave a server out after {SLOW_MS} ms",
            "Try again: a first start after an installation is slow. In Codex, set"
            " `startup_timeout_sec` higher and `required = true`.",
        )
    return Finding("start over MCP", "ok", says)
