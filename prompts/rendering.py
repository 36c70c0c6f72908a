"""Fills templates: in a sandbox, with calls written out as an agent makes them, and with people's text marked as data.

What a prompt is filled with never gets into its text as it is. A template writes it as an argument of a call, where
it is JSON, or between the tags that say that it is data; anything else fails.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flowmaster.prompts.catalog import Prompt

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

TEMPLATES: Final = Path(__file__).with_name("templates")

_TAG = re.compile(r"<(?=\s*/?\s*data\b)", re.IGNORECASE)


class Given:
    """Something that a prompt is filled with; it cannot be written into a text without being marked."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = "".join(letter for letter in text if letter.isprintable() or letter in "\n\t").strip()

    def __str__(self) -> str:
        raise TypeError("what people wrote goes into a prompt through `call` or `data`")

    def __bool__(self) -> bool:
        return bool(self._text)


def filled(prompt: Prompt, arguments: Mapping[str, str]) -> str:
    """Return the text of a prompt filled with these arguments; those that are left out are empty."""
    given = {each.name: Given(arguments.get(each.name, "")) for each in prompt.arguments}
    return _environment().get_template(prompt.file).render(given).strip()


def call(operation: str, /, **arguments: Any) -> str:
    """Write a call out: the operation, and its arguments as JSON."""
    return f"`{operation}` {json.dumps(_plain(arguments), ensure_ascii=False)}"


def data(given: Given, name: str) -> str:
    """Write a text between tags that say that it is data, so that nothing in it can end them."""
    return f'<data name="{name}">\n{_TAG.sub("&lt;", given._text)}\n</data>'


@cache
def _environment() -> "SandboxedEnvironment":
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals = {"call": call}
    environment.filters["data"] = data
    return environment


def _plain(value: Any) -> Any:
    if isinstance(value, Given):
        return value._text
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
