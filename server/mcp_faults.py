"""Keeps the insides of a fault out of the protocol: the client gets a reference, the log gets the rest."""

import logging
from typing import Any
from uuid import uuid4

import mcp.types as types
from mcp import MCPError
from mcp.server import ServerRequestContext
from mcp.server.context import CallNext, HandlerResult
from pydantic import ValidationError

from flowmaster.tools.invoke import fault

logger = logging.getLogger(__name__)


async def hide_faults(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Answer a request, or say that it failed; the library would tell clients of 2025-11-25 the exception's text."""
    try:
        return await call_next(ctx)
    except (MCPError, ValidationError):
        raise
    except Exception:
        reference = uuid4().hex[:12]
        logger.exception("The request %s failed; reference %s", ctx.method, reference)
        raise MCPError(types.INTERNAL_ERROR, fault(reference).message) from None
