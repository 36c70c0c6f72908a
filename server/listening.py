"""Where the server listens: looked at before anything heavy is loaded, so that a refusal comes at once."""

import socket

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.logs import log_to_errors, say
from flowmaster.server.options import LOOPBACK
from flowmaster.server.settings import Settings


def serve(settings: Settings) -> int:
    """Serve HTTP until a signal ends it; return the exit code."""
    log_to_errors(settings.log_format)
    try:
        with _listening(settings) as listening:
            import anyio

            from flowmaster.server.http import serve_http

            anyio.run(serve_http, settings, listening)
    except FlowMasterError as error:
        say(settings.log_format, f"FlowMaster could not start: {error.message} {error.fix}".strip())
        return 1
    return 0


def _listening(settings: Settings) -> socket.socket:
    """Return the socket that listens, or say why there is none."""
    if settings.host not in LOOPBACK and not _callers_sign_in(settings):
        raise FlowMasterError(
            "server.sign_in_missing",
            f"Everybody who reaches {settings.host} could use FlowMaster, since sign-in is not set up.",
            path="host",
            expected=list(LOOPBACK),
            fix="Make a key first (`flowmaster key add NAME`), or name an issuer of tokens with --auth-issuer.",
        )
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named, since asyncio sends small answers at once (TCP_NODELAY) only where it is.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise FlowMasterError(
            "server.port_taken",
            f"Port {settings.port} on {settings.host} cannot be had: {error.strerror}.",
            path="port",
            fix="Choose another with --port, or 0 for any free one.",
        ) from None
    return listening


def _callers_sign_in(settings: Settings) -> bool:
    """Whether callers need a key or a token."""
    if settings.issuer:
        return True
    from flowmaster.server.keys import are_made
    from flowmaster.server.wiring import open_store

    store = open_store(settings)
    try:
        return are_made(store.reader())
    finally:
        store.close()
