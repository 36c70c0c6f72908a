"""Where the text of an XML file holds what is not accepted, and why a parser gave up, for readers of any XML."""

import re

_BLANK = re.compile(r"\s*")
_BEFORE_THE_ROOT = {"<!--": "-->", "<?": "?>"}
"""What may stand before the root element and any document type, and what ends it."""


def doctype_line(text: str) -> int:
    """Return the line at which a document type is declared, 0 where none is."""
    end = _prolog_end(text)
    return text.count("\n", 0, end) + 1 if text[end : end + 9].upper() == "<!DOCTYPE" else 0


def reason(message: str | None) -> str:
    """Return why a text is not XML in the parser's words, without the place and the file that it names."""
    return re.sub(r",? line \d+, column \d+.*$", "", message or "nothing to read", flags=re.DOTALL).strip()


def near(text: str, line: int) -> str:
    """Return ` Near '<a b>'.` for a line of a text, an empty text for an empty line."""
    found = "".join(text.split("\n", line)[line - 1 : line]).strip()[:80]
    return f" Near {found!r}." if found else ""


def _prolog_end(text: str) -> int:
    """Return where blanks, comments and processing instructions at the beginning of a text end.

    Without a pattern: those that cannot be made to try for ever are read wrongly by some releases of Python 3.11.
    """
    end = 0
    while True:
        blank = _BLANK.match(text, end)
        end = blank.end() if blank else end
        closing = next(
            (shut for opening, shut in _BEFORE_THE_ROOT.items() if text.startswith(opening, end)), ""
        )
        found = text.find(closing, end + 2) if closing else -1
        if found < 0:
            return end
        end = found + len(closing)
