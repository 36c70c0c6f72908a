"""Frames over standard streams that no answer could be sent to, or that break what answers."""

import json

import pytest

from flowmaster.server.frames import read_frame


@pytest.mark.parametrize(
    ("frame", "identity"),
    [
        ('{"jsonrpc": "2.0", "id": "\\ud800", "method": "ping"}', None),
        ('{"jsonrpc": "2.0", "id": 7, "method": "\\ud800"}', 7),
        ('{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "\\ud800"}}', 7),
        (
            '{"jsonrpc": "2.0", "id": 7, "method": "ping", "params": {"_meta": {"progressToken": "\\udfff"}}}',
            7,
        ),
        ('{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', None),
        ('{"jsonrpc": "2.0", "id": true, "method": "ping"}', None),
        ('{"jsonrpc": "2.0", "id": null, "method": "ping"}', None),
        (f'{{"jsonrpc": "2.0", "id": {"9" * 5000}, "method": "ping"}}', None),
        ("[]", None),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused_at_once(frame: str, identity: int | None) -> None:
    refusal = read_frame(frame.encode())
    assert isinstance(refusal, bytes)
    told = json.loads(refusal)
    assert told["error"]["code"] == -32600
    assert told["id"] == identity
