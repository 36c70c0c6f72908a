"""The reader by rules: blocks of a document to candidate steps. No model has a part in it."""

import re
from collections.abc import Sequence

from flowmaster.knowledge.documents.work import Work
from flowmaster.knowledge.procedures.blocks import Block
from flowmaster.knowledge.procedures.candidates import (
    Beside,
    Candidates,
    Choice,
    Node,
    Step,
)
from flowmaster.knowledge.procedures.desk import Desk
from flowmaster.knowledge.procedures.languages import LANGUAGES
from flowmaster.knowledge.procedures.material import Material
from flowmaster.knowledge.procedures.sections import Placed, placed
from flowmaster.knowledge.procedures.sentences import Said, sentences_of
from flowmaster.knowledge.procedures.statements import Statements
from flowmaster.knowledge.procedures.tables import read_table

LOOKED_FOR = (
    "numbered or bulleted entries",
    "headings such as `Step 1: ...`",
    "sentences that say who does what",
    "tables with a column of steps, of roles (RACI) or one per role",
)
DEPTH_MAX = 4
"""How deep entries may stand in others; deeper ones count as this deep."""
_ENTRY = re.compile(r"(?P<role>[^:()\d]{2,50}?)\s*[:–—-]\s+\S")


class RulesReader:
    """Recognises steps by the form of a document and of its sentences."""

    name = "rules"

    def read(self, material: Material, work: Work) -> Candidates:
        """Return the candidate steps of a document."""
        language = LANGUAGES[material.language]
        sections = placed(material.blocks, language)
        found = _Walk(material, sections, work).candidates()
        if not found.steps and any(each.use != "open" for each in sections):
            opened = [
                each._replace(use="open", titled=False) if each.use == "skip" else each for each in sections
            ]
            found = _Walk(material, opened, work).candidates()
        return found


class _Walk:
    """One way through the blocks of a document."""

    def __init__(self, material: Material, sections: Sequence[Placed], work: Work) -> None:
        self._sections = sections
        self._work = work
        self._desk = Desk(LANGUAGES[material.language], material.roles, work)
        self._say = Statements(self._desk)
        self._nodes: list[Node] = []
        self._parents: list[tuple[int, list[Node], str]] = []
        self._heading: Step | None = None
        self._title = next((each.block.text for each in sections if each.block.kind == "heading"), "")

    def candidates(self) -> Candidates:
        """Walk through the blocks and return what was found."""
        self._meet_roles()
        for number, each in enumerate(self._work.each(self._sections)):
            block = each.block
            if each.use in ("skip", "roles", "title") or each.titled:
                self._leave(each)
            elif each.use == "exceptions":
                self._exception(block)
            elif block.kind == "heading":
                self._open_heading(block, each, self._body_of(number))
            elif block.kind == "table":
                self._table(block)
            elif block.kind == "item":
                self._item(block)
            else:
                self._prose(block)
        return self._desk.candidates(self._title, self._nodes, LOOKED_FOR)

    def _meet_roles(self) -> None:
        """Learn the roles that a section on roles lists, so that sentences are read with them in mind."""
        for each in self._sections:
            if each.use == "roles" and each.block.kind in ("item", "text"):
                entry = _ENTRY.match(each.block.text)
                if entry is not None and self._desk.may_be_role(entry["role"]):
                    self._desk.roles.add(entry["role"])

    def _leave(self, each: Placed) -> None:
        block = each.block
        if block.kind == "heading":
            self._parents, self._heading = [], None
            self._desk.section_roles = []
            return
        why = {"roles": "a section on roles", "skip": "a section that tells no steps"}.get(
            each.use, "a title"
        )
        self._desk.leave(block.where, block.text or _row_text(block), why)

    def _exception(self, block: Block) -> None:
        if block.kind != "heading":
            self._desk.leave(block.where, block.text or _row_text(block), "an exception")
            self._desk.doubt(
                block.where, f"At which step does this exception apply: {_short(block.text)!r}?", "0.3"
            )

    # Headings

    def _body_of(self, number: int) -> list[Block]:
        level = self._sections[number].block.level
        body: list[Block] = []
        for each in self._sections[number + 1 :]:
            if each.block.kind == "heading" and each.block.level <= level:
                break
            body.append(each.block)
        return body

    def _open_heading(self, block: Block, each: Placed, body: Sequence[Block]) -> None:
        self._parents, self._heading = [], None
        self._desk.section_roles = []
        told = any(part.kind in ("item", "table", "heading") for part in body)
        if told and not block.mark.startswith("step"):
            return
        if told and any(part.kind in ("item", "table") for part in body):
            return
        read = self._desk.clause(block.text)
        names_step = block.mark.startswith("step") or (
            read.sure
            if each.use == "open"
            else read.form in ("imperative", "noun", "active", "passive") or bool(block.mark)
        )
        if not names_step or block.text.endswith("?"):
            return
        said = Said(block.text, block.where)
        made = self._say.read(said, self._nodes, rule="heading", listed=True)
        mark = block.mark.removeprefix("step ")
        self._desk.mark(mark, self._nodes, made)
        if isinstance(made, Step):
            self._heading = made

    # Entries of lists

    def _item(self, block: Block) -> None:
        level = min(block.level, DEPTH_MAX)
        while self._parents and self._parents[-1][0] >= level:
            self._parents.pop()
        into = self._parents[-1][1] if self._parents else self._nodes
        before = self._parents[-1][2] if self._parents else ""
        mark = block.mark if "." in block.mark or not before else f"{before}.{block.mark}"
        rule = "bullet" if block.mark in ("-", "") else "number"
        first = len(into)
        made = self._read_all(sentences_of(block), into, rule, listed=True)
        self._desk.mark(mark.removeprefix("step "), into[first:], made)
        self._heading = None
        self._parents.append((level, self._below(block, into, made), mark if block.mark != "-" else before))

    def _read_all(self, said: Sequence[Said], into: list[Node], rule: str, *, listed: bool) -> Node | None:
        """Read the sentences of one block; the first is what the block is about."""
        made: Node | None = None
        for sentence in said:
            found = self._say.read(sentence, into, rule=rule, listed=listed and made is None, current=made)
            made = made or found
        return made

    def _below(self, block: Block, into: list[Node], made: Node | None) -> list[Node]:
        """Return where the entries below an entry go."""
        text = block.text.rstrip()
        opens = text.endswith(":")
        if isinstance(made, Choice) and opens:
            return made.other if made.other or self._say.opened_other is made else made.then
        if opens and self._say.opened_other is not None:
            return self._say.opened_other.other
        if isinstance(made, Step) and self._desk.language.together.search(text) and opens:
            beside = Beside(source=made.source)
            into[into.index(made)] = beside
            return _Branches(beside)
        if isinstance(made, Step):
            return made.children
        return into

    # Tables and prose

    def _table(self, block: Block) -> None:
        self._parents, self._heading = [], None
        found = read_table(block, self._desk, self._say)
        if not found:
            self._desk.leave(block.where, _row_text(block), "a table without a column of steps")
        self._nodes.extend(found)

    def _prose(self, block: Block) -> None:
        last = self._parents[-1][1] if self._parents else None
        said = sentences_of(block)
        if self._heading is not None:
            self._body(self._heading, said)
            return
        current = self._desk.last_step if last is not None else None
        for sentence in said:
            self._say.read(sentence, self._nodes, rule="sentence", listed=False, current=current)

    def _body(self, heading: Step, said: Sequence[Said]) -> None:
        """Read the text below a heading that is a step: the first sentence tells of it, others are steps of their own."""
        told = bool(heading.roles)
        for sentence in said:
            if self._say.label(sentence, heading):
                continue
            split = self._desk.language.split(sentence.text)
            if not told and split.kind in ("", "when"):
                told = True
                self._say.describe(heading, sentence)
                continue
            if split.kind == "" and heading.roles and self._is_same(heading, sentence):
                heading.notes.append(sentence.text)
                continue
            self._say.read(sentence, self._nodes, rule="sentence", listed=False, current=heading)

    def _is_same(self, heading: Step, sentence: Said) -> bool:
        """Tell whether a sentence goes on about the step: the same people, or nobody, and no word of sequence."""
        if self._desk.language.sequence.match(sentence.text) or self._desk.language.parallel.match(
            sentence.text
        ):
            return False
        read = self._desk.clause(sentence.text)
        return read.actor_kind in ("", "same", "thing") or self._desk.role_of(read) in ("", *heading.roles)


class _Branches(list[Node]):
    """Entries that each become a branch of their own."""

    def __init__(self, beside: Beside) -> None:
        super().__init__()
        self._beside = beside

    def append(self, node: Node) -> None:
        """Open a branch with a node."""
        super().append(node)
        self._beside.branches.append([node])

    def extend(self, nodes: object) -> None:
        """Open a branch with each node."""
        for node in nodes if isinstance(nodes, list | tuple) else ():
            self.append(node)


def _row_text(block: Block) -> str:
    return " | ".join(cell.text for row in block.rows[:2] for cell in row)


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:119]}…"
