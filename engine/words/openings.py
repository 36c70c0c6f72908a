"""The lines that open something: blocks, branches and what is done when something happens."""

from typing import Final

from flowmaster.engine.words.sentences import Sentence as S

BLOCKS: Final = {
    "choose": "The first of these that holds is taken:",
    "any": "All of these that hold are taken, side by side:",
    "all": "All of these are done side by side:",
    "first": "Whichever of these happens first goes on:",
}
"""Blocks by the word of the outline."""

BRANCHES: Final = ("Branch:", "Else, under a name of its own:")
"""A branch without a condition, and the case of all others with a name."""

INCIDENT: Final = ("incident", "Otherwise it stops and asks for help.")
"""What happens where no condition holds and nothing is said of it."""

HANDLERS: Final = (
    S("after", "After {:time}:"),
    S("at", "At the time {:if}:"),
    S("every", "Each time of {:text}:"),
    S("message", "When the message {:text} comes:"),
    S("signal", "When the signal {:text} comes:"),
    S("condition", "As soon as {:if}:"),
    S("error", "When the error {:text} comes:"),
    S("error", "When any error comes:", True),
    S("escalation", "When the escalation {:text} comes:"),
    S("escalation", "When any escalation comes:", True),
    S("cancel", "When it is cancelled:", True),
)
"""What may happen."""
