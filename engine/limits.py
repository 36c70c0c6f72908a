"""The named limits of the engine: reaching one is an incident or a refusal that names it, never a hang."""

STEPS_MAX = 10_000
"""Elements that one command may pass before the instance is stopped: a loop without a wait."""

ENDLESS = f"The instance passed {STEPS_MAX} elements without a wait; a loop has no exit."
"""What the incident says that stops it."""

TURNS_MAX = 10_000
"""Turns of one activity one after the other."""

NODES_MAX = 20_000
"""Nodes that an instance may have at once."""

CALL_DEPTH_MAX = 50
"""Processes that may call each other in one chain."""

CYCLES_MAX = 1_000_000
"""Repetitions that a timer cycle may ask for."""
