"""The other end of an MCP request: how a call that is under way asks it and tells it something.

A client of 2025-11-25 is asked live. A client of 2026-07-28 is asked by the answer of the call, which it makes again
with the replies. Where the call has become a task, the task asks.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol, TypeAlias

import mcp.types as types
from mcp import MCPError
from mcp.server import ServerRequestContext
from mcp.shared.message import ServerMessageMetadata
from mcp.types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, ConfigDict, ValidationError

from flowmaster.engine.values import Json
from flowmaster.server.mcp_rounds import Asked, Round, Seal
from flowmaster.server.numbers import with_decimals, with_floats
from flowmaster.tools.asking import FORM, InputNeeded, Question, Replies, asked_again, is_sound

Context = ServerRequestContext[Any, Any]

LIVE_SECONDS_MAX: Final = 600.0
"""How long somebody who is asked live may take to reply."""

LIVE_TRIES_MAX: Final = 3
"""How often a live question is put until its reply is of the form asked for."""

ROUNDS_MAX: Final = 20
"""How often one call may ask by its answer."""

SAMPLING: Final = "sampling/createMessage"
ROOTS: Final = "roots/list"
_Request: TypeAlias = types.ElicitRequest | types.CreateMessageRequest | types.ListRootsRequest
_REQUESTS: Final[Mapping[str, type[_Request]]] = {
    FORM: types.ElicitRequest,
    SAMPLING: types.CreateMessageRequest,
    ROOTS: types.ListRootsRequest,
}


class _Raw(BaseModel):
    """A reply of any form."""

    model_config = ConfigDict(extra="allow")


class Sink(Protocol):
    """What asks and is told in place of the request, once its call has become a task."""

    async def answers(self, questions: Sequence[Question]) -> Replies:
        """Return sound answers to all the questions, however long they take."""
        ...

    async def tell_progress(self, done: float, total: float, message: str) -> None:
        """Note how far the call is."""
        ...


class McpClient:
    """Asks and tells whoever sent a request."""

    def __init__(self, ctx: Context, seal: Seal, asked: Asked) -> None:
        self.ctx = ctx
        """The request, for what only its protocol can say."""
        self._seal = seal
        self._asked = asked
        self._is_modern = ctx.protocol_version in MODERN_PROTOCOL_VERSIONS
        self._known = Round()
        self._replies: Replies = {}
        self._redeemed: bool | None = None
        self.sink: Sink | None = None
        """What asks instead, once the call has become a task."""
        params = ctx.params or {}
        if self._is_modern and ("inputResponses" in params or params.get("requestState") is not None):
            self._take_up(params)

    def can_answer(self, kind: str) -> bool:
        """Whether the client said that it takes questions of that kind."""
        told = self.ctx.session.client_capabilities
        if told is None or not (self._is_modern or self.ctx.session.can_send_request):
            return False
        if kind == FORM:
            return told.elicitation is not None and (
                told.elicitation.form is not None or told.elicitation.url is None
            )
        return (told.sampling if kind == SAMPLING else told.roots if kind == ROOTS else None) is not None

    async def answers(self, questions: Sequence[Question]) -> Replies | None:
        """Return sound answers to all the questions, or None if they cannot be had."""
        if not all(self.can_answer(question.kind) for question in questions):
            return None
        if self.sink is not None:
            return await self.sink.answers(questions)
        if not self._is_modern:
            return await self._live(questions)
        missing = [question for question in questions if not self._is_answered(question)]
        bound = [question for question in questions if question.bound]
        if bound and not missing and not await self._counts():
            missing = bound
        if missing:
            raise InputNeeded([asked_again(each, self._replies.get(each.name)) for each in missing])
        return {question.name: self._replies[question.name] for question in questions}

    async def tell_progress(self, done: float, total: float, message: str) -> None:
        """Tell how far the call is, if the client wants to know."""
        if self.sink is not None:
            await self.sink.tell_progress(done, total, message)
        else:
            await self.ctx.session.report_progress(done, total, message)

    def ask_by_answer(self, needed: InputNeeded) -> dict[str, Any]:
        """Return the answer that asks, for the call to be made again with the replies."""
        if self._known.number >= ROUNDS_MAX:
            raise MCPError(types.INVALID_PARAMS, f"The call has asked {ROUNDS_MAX} times; it asks no more.")
        names = {question.name for question in needed.questions}
        known = Round(
            self._known.number + 1,
            self._known.chain,
            {**self._known.asked, **{question.name: question.digest() for question in needed.questions}},
            {name: reply for name, reply in self._replies.items() if name not in names},
        )
        return {
            "resultType": "input_required",
            "inputRequests": {each.name: request_of(each) for each in needed.questions},
            "requestState": self._seal.close(self._asked, known),
        }

    def _take_up(self, params: Mapping[str, Any]) -> None:
        """Take up what was replied, in this round and before."""
        given = replies_in(params.get("inputResponses", {}))
        if params.get("requestState") is not None:
            self._known = self._seal.open(self._asked, params["requestState"])
            given = {name: reply for name, reply in given.items() if name in self._known.asked}
        self._replies = {**self._known.replies, **given}

    def _is_answered(self, question: Question) -> bool:
        reply = self._replies.get(question.name)
        if reply is None or (question.bound and self._known.asked.get(question.name) != question.digest()):
            return False
        return is_sound(question, reply)

    async def _counts(self) -> bool:
        """Whether what this round confirms counts: it does once, however often the round comes in."""
        if self._redeemed is None:
            self._redeemed = await self._seal.redeem(self._known)
        return self._redeemed

    async def _live(self, questions: Sequence[Question]) -> Replies | None:
        replies: dict[str, Mapping[str, Json]] = {}
        for question in questions:
            asked = question
            for _ in range(LIVE_TRIES_MAX):
                reply = await self._asked_live(asked)
                if reply is None or is_sound(question, reply):
                    break
                asked = asked_again(question, reply)
            else:
                reply = None
            if reply is None and question.kind != FORM:
                return None
            replies[question.name] = {"action": "cancel"} if reply is None else reply
        return replies

    async def _asked_live(self, question: Question) -> Mapping[str, Json] | None:
        """Put a question to the client and return what came, None if nothing did in time."""
        request = _REQUESTS[question.kind].model_validate(request_of(question))
        related = ServerMessageMetadata(related_request_id=self.ctx.request_id)
        with suppress(MCPError, ValidationError):
            reply = await self.ctx.session.send_request(request, _Raw, LIVE_SECONDS_MAX, related)
            told: Mapping[str, Json] = with_decimals(reply.model_dump())
            return told
        return None


def request_of(question: Question) -> dict[str, Any]:
    """Return a question as the protocol carries it."""
    return {"method": question.kind, "params": with_floats(dict(question.content))}


def replies_in(responses: object) -> dict[str, Mapping[str, Json]]:
    """Return replies by their names, or refuse what holds none."""
    if isinstance(responses, Mapping) and all(isinstance(each, Mapping) for each in responses.values()):
        return {name: with_decimals(dict(reply)) for name, reply in responses.items()}
    raise MCPError(types.INVALID_PARAMS, "inputResponses is an object with an object for each question.")
