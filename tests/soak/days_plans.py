"""What happens in the three days, drawn by a seed: who comes when, who answers after how long, what fails, what is sent.

Time is counted in steps of five minutes. Nothing here knows how the engine works.
"""

import random
from dataclasses import dataclass
from typing import Final

STEP_MINUTES: Final = 5
STEPS: Final = 72 * 60 // STEP_MINUTES
HOUR: Final = 60 // STEP_MINUTES
KEPT_STEPS: Final = 2 * HOUR
"""How long a message is kept for whoever comes later."""


@dataclass(frozen=True)
class Request:
    """A request: the clerk answers so many steps after it came, the boss so many after it is late; None is never."""

    key: str
    begins: int
    answers: int | None
    says: bool
    boss_answers: int | None
    cancelled: int | None


@dataclass(frozen=True)
class Order:
    """An order: packing fails so many times, or it is sold out; an incident is repaired so many steps later."""

    key: str
    begins: int
    failures: int
    is_sold_out: bool
    repaired: int | None


@dataclass(frozen=True)
class Letter:
    """A letter: an answer is sent so many steps later; before it, when negative."""

    key: str
    begins: int
    answered: int | None


@dataclass(frozen=True)
class Bundle:
    """A bundle, which needs nobody."""

    key: str
    begins: int


Plan = Request | Order | Letter | Bundle


def drawn(seed: int, count: int) -> list[Plan]:
    """Return the plans of so many cases, in the order in which they come."""
    chance = random.Random(seed)
    hours = [
        1 if hour % 24 in range(8, 19) else 4 for hour in range(72)
    ]  # It begins at noon; few come at night.
    begins = sorted(chance.choices(range(72), hours)[0] * HOUR + chance.randrange(HOUR) for _ in range(count))
    return [_drawn(chance, f"{number}", step) for number, step in enumerate(begins, 1)]


def _drawn(chance: random.Random, key: str, step: int) -> Plan:
    kind = chance.choices(("request", "order", "letter", "bundle"), (35, 30, 25, 10))[0]
    if kind == "request":
        return Request(
            key,
            step,
            _maybe(chance, 0.9, 1, 30 * HOUR),
            chance.random() < 0.7,
            _maybe(chance, 0.8, 1, 10 * HOUR),
            _maybe(chance, 0.1, 1, 20 * HOUR),
        )
    if kind == "order":
        failures = chance.choices((0, 1, 2, 3), (60, 15, 10, 15))[0]
        return Order(key, step, failures, chance.random() < 0.1, _maybe(chance, 0.7, 1, 8 * HOUR))
    if kind == "letter":
        early = chance.random() < 0.25
        answered = -chance.randint(1, min(4 * HOUR, step)) if early and step > 0 else None
        if answered is None or answered == -KEPT_STEPS:
            answered = _maybe(chance, 0.75, 1, 30 * HOUR)
        return Letter(key, step, answered)
    return Bundle(key, step)


def _maybe(chance: random.Random, likely: float, least: int, most: int) -> int | None:
    """Return a number of steps, small ones more often, or None."""
    if chance.random() >= likely:
        return None
    return least + int((most - least) * chance.random() ** 2)
