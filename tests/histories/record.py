"""Records a history: reads events as the codec writes them (a JSON array), prints them with the state they lead to.

    .venv/bin/python -m tests.histories.record < events.json > tests/histories/NAME_v1.json

A recorded history never changes afterwards: what it says must hold with every later version of the code.
"""

import sys

from flowmaster.engine.evolve import blank, fold
from flowmaster.stores import codec


def recorded(text: str) -> str:
    """Return the recorded form of a history."""
    events = codec.decode_events(text)
    state = fold(blank("", "", 0), events)
    head = {
        "instance": state.instance,
        "process": state.process,
        "version": state.version,
        "status": state.status,
        "business_key": state.business_key,
        "started": state.started,
        "seq": state.seq,
        "parent": state.parent,
        **({"sandbox": True} if state.sandbox else {}),
    }
    waits = [codec.encode_wait(wait).decode() for wait in state.waits.values()]
    lines = [codec.encode_events([event]).decode()[1:-1] for event in events]
    return (
        f'{{\n"state": {codec.dump(head).decode()},\n"body": {codec.encode_body(state).decode()},\n"waits": ['
        + ",".join(f"\n  {wait}" for wait in waits)
        + '],\n"events": ['
        + ",".join(f"\n  {line}" for line in lines)
        + "\n]\n}\n"
    )


if __name__ == "__main__":
    sys.stdout.write(recorded(sys.stdin.read()))
