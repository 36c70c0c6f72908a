"""What decisions and processes ask for and answer, for checks of whoever calls them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from flowmaster.engine.bpmn.expression_types import ANY, Type
from flowmaster.engine.model import DataItem


@dataclass(frozen=True, slots=True)
class DecisionSignature:
    """The inputs of a decision with their types, and the type of its answer."""

    inputs: Mapping[str, Type]
    answer: Type = ANY


@dataclass(frozen=True, slots=True)
class ProcessSignature:
    """What the start of a process may bring and what it must."""

    data: tuple[DataItem, ...]


class Library(NamedTuple):
    """Finds signatures by id; None stands for what does not exist or cannot be read."""

    decision: Callable[[str], DecisionSignature | None]
    process: Callable[[str], ProcessSignature | None]


NO_LIBRARY = Library(lambda key: None, lambda key: None)
"""Knows nothing."""
