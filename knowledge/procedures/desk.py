"""What lies on the desk while a procedure is read: its roles, marks, doubts, and texts of which nothing was made."""

from collections.abc import Sequence
from decimal import Decimal

from flowmaster.knowledge.documents.work import Work
from flowmaster.knowledge.procedures.candidates import (
    Candidates,
    Doubt,
    Jump,
    Node,
    Source,
    Step,
    Unused,
    all_in,
    lists_in,
    steps_in,
)
from flowmaster.knowledge.procedures.language import Clause, Language
from flowmaster.knowledge.procedures.roles import RoleBook, plain_role

QUOTE_LENGTH_MAX = 300
_VERBLESS_WORDS_MAX = 12


class Desk:
    """Gathers what one reading finds beside the steps."""

    def __init__(self, language: Language, known: Sequence[str], work: Work) -> None:
        self.language = language
        self.work = work
        self.last_step: Step | None = None
        self.roles = RoleBook(language, tuple(known))
        self.section_roles: list[str] = []
        self.last_roles: list[str] = []
        self.unused: list[Unused] = []
        self.doubts: list[Doubt] = []
        self._marks: dict[str, Step] = {}

    def clause(self, text: str) -> Clause:
        """Read a main clause with the roles that are known."""
        return self.language.clause(text, self.roles.knows)

    def role_of(self, clause: Clause) -> str:
        """Return the role that a clause names as the one who acts."""
        if clause.actor_kind == "same":
            return self.last_roles[0] if self.last_roles else ""
        return self.roles.add(clause.actor) if clause.actor_kind == "role" else ""

    def may_be_role(self, phrase: str) -> bool:
        """Tell whether a phrase can name a role."""
        name = plain_role(phrase)
        return bool(name) and (self.roles.knows(name) or self.language.role_kind(name) == "role")

    def leave(self, where: str, text: str, why: str) -> None:
        """Keep a text of which nothing is made."""
        self.unused.append(Unused(where, text[:QUOTE_LENGTH_MAX], why))

    def doubt(self, where: str, text: str, confidence: str) -> None:
        """Ask what the text leaves open."""
        self.doubts.append(Doubt(where, text, Decimal(confidence)))

    def mark(self, mark: str, added: Sequence[Node], made: Node | None) -> None:
        """Keep under which number the first step of an entry stands, for jumps to it."""
        first = made if isinstance(made, Step) else next(steps_in(list(added)), None)
        if mark and mark != "-" and first is not None:
            self._marks.setdefault(mark, first)

    def candidates(self, title: str, nodes: list[Node], looked_for: Sequence[str]) -> Candidates:
        """Put together what was found."""
        self._tidy(nodes)
        for node in all_in(nodes):
            if isinstance(node, Jump):
                node.target = self._marks.get(node.mark)
        used = [
            role
            for step in steps_in(nodes)
            for role in (*step.roles, *([step.escalate] if step.escalate else []))
        ]
        return Candidates(
            title=title,
            steps=nodes,
            roles=self.roles.found(used),
            unused=self.unused,
            doubts=self.doubts,
            looked_for=looked_for,
        )

    def _tidy(self, nodes: list[Node]) -> None:
        """Make sub-steps that only name things notes of their step, and take the header of steps for what it is."""
        for held in lists_in(nodes):
            for node in list(held):
                if isinstance(node, Step) and node.children and not _tells_steps(node.children):
                    node.notes.extend(step.source.quote for step in steps_in(node.children))
                    node.children = []


def _tells_steps(children: list[Node]) -> bool:
    steps = list(steps_in(children))
    return len(steps) < len(children) or any(step.source.rule != "entry" for step in steps)


def source_of(where: str, quote: str, confidence: str | Decimal, rule: str) -> Source:
    """Return a source with a quote of bounded length."""
    short = quote if len(quote) <= QUOTE_LENGTH_MAX else f"{quote[: QUOTE_LENGTH_MAX - 1]}…"
    return Source(where, short, Decimal(confidence), rule)
