"""A value in the words of a message: texts as JSON writes them, everything else as FEEL does, and never long."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from flowmaster.engine.feel.convert import literal

SAID_LENGTH = 200
"""Characters of a value that a sentence repeats."""


def said(value: object, length: int = SAID_LENGTH) -> str:
    """Return `null`, `true`, `1.5`, `"text"`, `[1, {"a": true}]`; what is longer than `length` ends in `...`."""
    text = "".join(islice(_parts(value, length), length + 1))
    return text if len(text) <= length else f"{text[:length]}..."


def quoted(name: object) -> str:
    """Return a name in quotes; what stands in its place and is none, as the value that it is."""
    return repr(name) if isinstance(name, str) else said(name)


def named(values: Mapping[str, object]) -> str:
    """Return `a = 1, b = null` for values by their names."""
    return ", ".join(f"{name} = {said(value)}" for name, value in values.items())


def _parts(value: object, length: int) -> Iterator[str]:
    """Yield the text of a value in parts, none of them empty, so that a long value is not written to its end."""
    if isinstance(value, str):
        yield json.dumps(value[: length + 1], ensure_ascii=False)
    elif isinstance(value, Mapping):
        yield "{"
        for index, (key, each) in enumerate(value.items()):
            yield f"{', ' if index else ''}{json.dumps(str(key), ensure_ascii=False)}: "
            yield from _parts(each, length)
        yield "}"
    elif isinstance(value, Sequence):
        yield "["
        for index, each in enumerate(value):
            if index:
                yield ", "
            yield from _parts(each, length)
        yield "]"
    else:
        yield literal(value)
