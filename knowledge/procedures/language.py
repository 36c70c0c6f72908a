"""What a language gives to the rules: its words for sections, labels, columns and roles, and how its clauses are read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

ActorKind = Literal["role", "system", "thing", "same", ""]
Form = Literal["active", "passive", "imperative", "noun", "event", ""]


class Clause(NamedTuple):
    """A main clause, read: what is done (`name`, in the infinitive), who does it, and how it is said."""

    name: str
    verb: str = ""
    actor: str = ""
    actor_kind: ActorKind = ""
    form: Form = ""
    sure: bool = False
    """Whether the verb is in the vocabulary."""


class Split(NamedTuple):
    """A sentence parted into its condition and what is done: `kind` is if, unless, else, when or empty."""

    kind: str
    condition: str
    main: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language."""

    name: str
    sections: Mapping[str, str]
    """Title (casefolded) and what its section holds: steps, roles, exceptions, or nothing of the process (skip)."""
    labels: Mapping[str, str]
    """Label and what stands behind it: role, deadline, system, document, note, approver, next, condition."""
    columns: Mapping[str, str]
    external: frozenset[str]
    clause: Callable[[str, "Knows"], Clause]
    split: Callable[[str], Split]
    role_kind: Callable[[str], ActorKind]
    stopwords: frozenset[str]
    parallel: re.Pattern[str]
    """Opens a sentence that is done beside the one before."""
    sequence: re.Pattern[str]
    ending: re.Pattern[str]
    """Says that the process ends."""
    jump: re.Pattern[str]
    """Says at which step it goes on: the group `step`; backwards or forwards."""
    repeat: re.Pattern[str]
    until: re.Pattern[str]
    remind: re.Pattern[str]
    mail: re.Pattern[str]
    automatic: re.Pattern[str]
    escalate: re.Pattern[str]
    no_answer: re.Pattern[str]
    message: re.Pattern[str]
    """Waits for something that comes from outside: the group `what`."""
    using: re.Pattern[str]
    """Names a document or a system that is used: the groups `document` and `system`."""
    together: re.Pattern[str]
    """Says that what follows is done side by side."""
    exception: re.Pattern[str]
    yes: frozenset[str]
    no: frozenset[str]
    said: Mapping[str, str]
    """What the draft itself has to say, in this language."""


Knows = Callable[[str], bool]
"""Tells whether a noun phrase names a role that is known already."""
