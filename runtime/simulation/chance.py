"""Chance that can be told again: each draw depends on the seed and on what it is for, not on what was drawn before.

So the same case meets the same luck whoever else is there, and two variants of a process are compared case by case.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import accumulate
from math import exp, log, sqrt
from random import Random
from typing import TypeAlias
from zlib import crc32

Draw: TypeAlias = Callable[[Random], float]
"""Gives a value at random: a span of time in milliseconds, or a number."""


class Chance:
    """Gives a random source for a case, a place and the number of the visit there."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = Random()
        self._codes: dict[str, int] = {}

    def of(self, case: int, place: str, visit: int = 0) -> Random:
        """Return the source, which is good until the next call."""
        code = self._codes.get(place)
        if code is None:
            code = self._codes[place] = crc32(place.encode())
        self._random.seed(((self._seed << 32 | case) << 32 | code) << 32 | visit)
        return self._random


def fixed(value: float) -> Draw:
    """Return always the same."""
    return lambda random: value


def uniform(low: float, high: float) -> Draw:
    """Return a value between two, each as likely."""
    return lambda random: random.uniform(low, high)


def triangular(low: float, mode: float, high: float) -> Draw:
    """Return a value between two, most likely near a third."""
    return lambda random: random.triangular(low, high, mode)


def normal(mean: float, deviation: float) -> Draw:
    """Return a value of a normal distribution."""
    return lambda random: random.normalvariate(mean, deviation)


def exponential(mean: float) -> Draw:
    """Return a value of an exponential distribution."""
    return lambda random: random.expovariate(1.0) * mean


def lognormal(mean: float, deviation: float) -> Draw:
    """Return a value of a lognormal distribution, by the mean and deviation of the values themselves."""
    variance = log(1 + (deviation / mean) ** 2)
    place, width = log(mean) - variance / 2, sqrt(variance)
    return lambda random: exp(random.normalvariate(place, width))


def measured(values: Sequence[float]) -> Draw:
    """Return a value as those measured are: evenly between neighbours of the sorted ones."""
    known = sorted(values)
    last = len(known) - 1

    def draw(random: Random) -> float:
        place = random.random() * last
        below = int(place)
        above = min(below + 1, last)
        return known[below] + (known[above] - known[below]) * (place - below)

    return draw


def bounded(draw: Draw, low: float | None, high: float | None) -> Draw:
    """Return what is drawn, but nothing outside the bounds."""
    if low is None and high is None:
        return draw
    least, most = float("-inf") if low is None else low, float("inf") if high is None else high
    return lambda random: min(most, max(least, draw(random)))


class Weights:
    """Chooses places of a list by their weights."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._sums = list(accumulate(weights))

    def pick(self, random: Random) -> int:
        """Return the place of one."""
        if len(self._sums) == 1:
            return 0
        return bisect_left(self._sums, (1 - random.random()) * self._sums[-1])
