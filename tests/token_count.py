"""What a text costs an agent, counted with the o200k vocabulary that lies on this machine."""

import warnings
from functools import cache
from typing import Any


@cache
def _vocabulary() -> Any:
    """Read the vocabulary when the first text is counted: it takes seconds, and most runs need it in one place."""
    with warnings.catch_warnings():  # it is read in a way that Python 3.11 deprecates
        warnings.simplefilter("ignore", DeprecationWarning)
        import bpe_openai

        return bpe_openai.get_encoding("o200k_base")


def token_count(text: str) -> int:
    """Return how many tokens a text is."""
    return len(_vocabulary().encode(text))
