"""What operating instances takes away, in the words in which somebody is asked to confirm it."""

from collections.abc import Sequence

from flowmaster.tools.instance_view import InstanceView, load, view
from flowmaster.tools.registry import Call

NAMES_SHOWN = 10
"""How many steps or instances a question names."""


def loss_of(call: Call, action: str, element: str, target: str, tried: InstanceView) -> str:
    """Return what an action on an instance takes away, given how the instance would be after it; nothing for others."""
    what = f"{tried.instance} ({tried.process!r}, {tried.business_key or 'no business key'})"
    match action:
        case "cancel":
            runtime, tenant = call.app.runtime, call.caller.tenant
            state = load(runtime.reader, tenant, tried.instance)
            held = [wait.name for wait in view(runtime, runtime.reader, tenant, state).waiting]
            given_up = f", and {_listed(held)} is given up" if held else ""
            return f"Cancel {what}? It ends for good{given_up}."
        case "skip":
            return f"Skip {element!r} in {what}? It counts as done without being done. {_outlook(tried)}"
        case "move":
            return f"Move {what} from {element!r} to {target!r}? What was begun at {element!r} is given up. {_outlook(tried)}"
        case _:
            return ""


def losses_of(action: str, named: Sequence[str], *, of: int, meant: int, element: str, target: str) -> str:
    """Return what an action on so many instances takes away, some of them named; nothing if it takes nothing away."""
    if not of:
        return ""
    whom = f"{of} of {meant} instances ({_listed(named, of)})"
    match action:
        case "cancel":
            return f"Cancel {whom}? They end for good."
        case "skip":
            return f"Skip {element!r} in {whom}? It counts as done without being done."
        case "move":
            return f"Move {whom}, from {element!r} to {target!r}? What was begun at {element!r} is given up."
        case _:
            return ""


def _outlook(tried: InstanceView) -> str:
    if tried.status != "active":
        return f"The instance is {tried.status} then."
    waits = [wait.name for wait in tried.waiting]
    return f"It waits for {_listed(waits)} then." if waits else "It goes on then."


def _listed(names: Sequence[str], of: int = 0) -> str:
    """Return names, and how many more there are of all."""
    shown = [repr(name) for name in names[:NAMES_SHOWN]]
    more = max(of, len(names)) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
