"""Variables in layers: what an expression introduces lies above what it was given."""

from collections.abc import Mapping


class Scope(dict[str, object]):
    """A layer of variables above another one; only `[name]` looks through to the layers below."""

    __slots__ = ("below",)

    def __init__(self, names: Mapping[str, object], below: Mapping[str, object]) -> None:
        dict.__init__(self, names)
        self.below = below

    def __missing__(self, name: str) -> object:
        return self.below[name]


NOTHING: Mapping[str, object] = {}
