"""External functions: a model may name one, and whoever compiles the model decides which exist."""

from collections.abc import Callable, Sequence

External = Callable[[object], Callable[[Sequence[object]], object] | None]
"""Given the mapping of an external function (a context), return what to call, or None when it is not allowed."""
