"""JSON with the scanner of the standard library's C part: the package `json` takes 12 ms to import, for `re`."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

try:
    from _json import encode_basestring_ascii, make_scanner
except ImportError:  # an interpreter without the C part
    from json import loads as _loads
    from json.encoder import encode_basestring_ascii

    def _scan(text: str) -> "tuple[Any, int]":
        return _loads(text), len(text)
else:

    class _Rules:
        """What the scanner asks of the package `json`."""

        strict = True
        object_hook = None
        object_pairs_hook = None
        parse_float = float
        parse_int = int
        parse_constant = float

    # The stub of `_json` types the rules as a scanner; they are any object with these names.
    _scanner = make_scanner(_Rules)  # type: ignore[arg-type]

    def _scan(text: str) -> "tuple[Any, int]":
        try:
            value, end = _scanner(text, 0)
        except (StopIteration, SystemError):  # It finds no class for its error while `json` is not imported.
            raise ValueError("the text is not JSON") from None
        return value, end


def read(text: str) -> "Any":
    """Return the value of a JSON text.

    Raises:
        ValueError: the text is not JSON.
    """
    text = text.strip(" \t\r\n")
    value, end = _scan(text)
    if end != len(text):
        raise ValueError("the text goes on after its JSON")
    return value


def text_of(value: int | str) -> str:
    """Return the JSON text of a whole number or a string."""
    return str(value) if isinstance(value, int) else encode_basestring_ascii(value)
