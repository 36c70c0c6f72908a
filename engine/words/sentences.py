"""The sentences: which part of an outline each says. A sentence is written only where it reads back as the same."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from flowmaster.engine.values import Json
from flowmaster.engine.words.slots import SLOTS

_GAP = re.compile(r"\{(\w*):(\w+)\}")
_ENTRY: Final = "key"


class Sentence(NamedTuple):
    """One form: the word of the outline that it says, and its text with gaps `{name:kind}`.

    One gap without a name is the whole value, gaps with names are an object of just these; `key` is an entry of one.
    """

    word: str
    text: str
    fixed: Json = None

    @property
    def is_entry(self) -> bool:
        """Return whether each entry of the value is a sentence of its own."""
        return f"{{{_ENTRY}:" in self.text

    @property
    def example(self) -> str:
        """Return the sentence with its gaps filled."""
        return _GAP.sub(lambda gap: SLOTS[gap[2]].example, self.text)

    def write(self, value: Json) -> str | None:
        """Return the sentence of a value, None where it cannot say it."""
        gaps = _GAP.findall(self.text)
        if not gaps:
            return self.text if value == self.fixed and type(value) is type(self.fixed) else None
        given: Mapping[str, Json]
        if gaps[0][0] == "":
            given = {"": value}
        elif isinstance(value, Mapping) and set(value) == {name for name, _ in gaps}:
            given = value
        else:
            return None
        said = self.text
        for name, kind in gaps:
            filled = SLOTS[kind].write(given[name])
            if filled is None:
                return None
            said = said.replace(f"{{{name}:{kind}}}", filled, 1)
        return said if self.read(said) == value else None

    def read(self, said: str) -> Json:
        """Return the value of a sentence, None where it is of another form."""
        parts = _GAP.split(self.text)
        literals, gaps = parts[::3], list(zip(parts[1::3], parts[2::3], strict=True))
        if not gaps:
            return self.fixed if said == self.text else None
        if not said.startswith(literals[0]) or not said.endswith(literals[-1]):
            return None
        rest = said[len(literals[0]) : len(said) - len(literals[-1])]
        found: dict[str, Json] = {}
        for index, (name, kind) in enumerate(gaps):
            if index == len(gaps) - 1:
                filled = rest
            else:
                filled, joint, rest = rest.partition(literals[index + 1])
                if not joint:
                    return None
            value = SLOTS[kind].read(filled)
            if value is None:
                return None
            found[name] = value
        return found.get("", found)


S = Sentence
HEADS: Final = (
    S("ask", "anyone does it.", "anyone"),
    S("ask", "{:words} does it."),
    S("call", "the service {:text} does it."),
    S("agent", "an AI agent does it: {:text}."),
    S("rule", "the rule {:text} decides it."),
    S("run", "the process {:text} runs and ends."),
    S("send", "the message {:text} goes out."),
    S("wait", "it waits for {:time}."),
    S("wait", "it waits for the message {message:text} whose key is {key:if}."),
    S("wait", "it waits for the message {message:text}."),
    S("wait", "it waits for the signal {signal:text}."),
    S("throw", "it raises the escalation {escalation:text}."),
    S("throw", "it raises the signal {signal:text}."),
    S("set", "it is computed.", True),
    S("group", "these steps together:", True),
)
"""What a step does, behind its name."""

STEP: Final = (
    S("name", "It is called {:text}."),
    S("keep", "All else goes on beside it.", True),
    S("title", "It is shown as {:text}."),
    S("about", "Note: {:text}."),
    S("when", "It is done only if {:if}."),
    S("not", "It may not be done by {:words}."),
    S("within", "It must be done within {:time}."),
    S("late", "If it is late, it is escalated to {escalate:words}."),
    S("late", "If it is late, go to {:text}."),
    S("remind", "A reminder is sent after {:time}."),
    S("into", "It keeps {:words}."),
    S("with", "It is given {key:word}: {value:value}."),
    S("into", "It keeps {value:value} as {key:word}."),
    S("set", "It sets {key:word} to {value:value}."),
    S("form", "The form asks for {key:text}: {value:kind}."),
    S("checks", "It is taken only if {value:if}, else the answer is {key:text}."),
    S("retry", "If it fails, it is tried {times:number} times, every {wait:time}."),
    S("retry", "If it fails, it is tried {:number} times."),
    S("key", "Its key is {:if}."),
    S("via", "It goes out by {:word}."),
    S("on", "On the error {key:text}, go to {value:text}."),
    S("lane", "It stands in the lane of {:word}."),
)
"""What else is said of a step."""

END: Final = (
    S("end", "It ends.", True),
    S("end", "It ends as {:text}."),
    S("end", "It ends with the error {error:text}."),
    S("end", "It ends with the error {error:text}, called {name:text}."),
    S("end", "It ends so: {:json}."),
)
"""How it ends."""

HEAD: Final = (
    S("name", "It is called {:text}."),
    S("about", "Purpose: {:text}."),
    S("roles", "The roles are {:words}."),
    S("roles", "The only role is {:list}."),
    S("roles", "The role {key:word} is {value:text}."),
    S("data", "The fact {key:word} is {value:kind}."),
    S("result", "Each end writes its name into {:word}."),
)
"""What is said of the process."""

START: Final = (
    S("needs", "It needs {:list}."),
    S("message", "It begins when the message {:text} comes."),
    S("signal", "It begins when the signal {:text} comes."),
    S("condition", "It begins as soon as {:if}."),
    S("checks", "It begins only if {value:if}, else the answer is {key:text}."),
)
"""How it begins."""

LAWS: Final = (
    S("always", "It always holds that {value:if}: {key:text}."),
    S("never", "It never holds that {value:if}: {key:text}."),
    S("scenarios", "Test: {:json}."),
)
"""What is promised of it, and its tests."""

OTHER: Final = S("", "Its {key:word} is {value:json}.")
"""What has no sentence of its own."""
