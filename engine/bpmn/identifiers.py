"""Ids that people can read, made from names, and the check that a text may be an id in XML."""

import re
import unicodedata
from collections.abc import Container

ID_LENGTH_MAX = 60
PROCESS_ID_LENGTH_MAX = 200
"""Characters of the id of a process that is made or brought in."""

_START = "A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf"
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Matches a character that XML cannot hold."""

_NOT_NAME = re.compile(rf"[^{_START}0-9.\-]+")
_DOT = "\u00b7"
_NO_START = frozenset(f"0123456789.-{_DOT}")


def is_id(text: str) -> bool:
    """Return whether `text` may stand as an XML id (an NCName)."""
    return bool(text) and text[0] not in _NO_START and _NOT_NAME.search(text.replace(_DOT, "")) is None


def id_from_name(name: str, taken: Container[str] = (), fallback: str = "element") -> str:
    """Return a readable id for `name` that is not in `taken`: `Check invoice` gives `check_invoice`.

    Letters keep their alphabet, everything that an id cannot hold becomes an underscore, and a second `Check
    invoice` becomes `check_invoice_2`.
    """
    plain = unicodedata.normalize("NFC", name).lower()
    base = _NOT_NAME.sub("_", plain)[:ID_LENGTH_MAX].strip("_.-") or fallback
    if not is_id(base):
        base = f"_{base}"
    candidate, number = base, 1
    while candidate in taken:
        number += 1
        candidate = f"{base}_{number}"
    return candidate


def xml_safe(text: str) -> str:
    """Return `text` without the characters that XML cannot hold."""
    return NOT_XML.sub("", text)
