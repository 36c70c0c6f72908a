"""Reads a process in words back into an outline; each sentence that is not understood is told with its line."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flowmaster.engine.outline.problems import PROBLEMS_MAX, OutlineRefused, Problem
from flowmaster.engine.values import Json
from flowmaster.engine.words.openings import BLOCKS, BRANCHES, HANDLERS, INCIDENT
from flowmaster.engine.words.sentences import END, HEAD, HEADS, LAWS, OTHER, START, STEP, Sentence
from flowmaster.engine.words.slots import read_json, read_quoted

LENGTH_MAX = 250_000
DEPTH_MAX = 60
"""How deep lines may stand below each other."""
LIKE_MAX = 6
"""How many sentences a refusal proposes."""
_FIRST = re.compile(r"The process (\".*\") in words\.\Z")
_STEP = re.compile(r"\d+(?:\.\d+)*\. ?")
_NAMED = re.compile(r"(\"(?:[^\"\\]|\\.)*\"): (.*)\Z")
_SECTIONS = ("How it begins", "What is done", "At any time", "What holds, and tests")


class Heard(NamedTuple):
    """What a text says as an outline, and the line of each place in it."""

    value: dict[str, Json]
    lines: dict[str, int]


@dataclass(slots=True)
class _Line:
    """A line with those below it; a step has a number, all else a hyphen."""

    number: int
    indent: int
    text: str
    step: bool
    below: list["_Line"] = field(default_factory=list)


def is_words(text: str) -> bool:
    """Return whether a text begins as a process in words does."""
    return text.lstrip().startswith("The process ")


def read_words(text: str) -> Heard:
    """Read a process in words, or refuse it with every sentence that is not understood."""
    return _Reader().whole(text)


class _Reader:
    """Reads one text."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.lines: dict[str, int] = {}

    def whole(self, text: str) -> Heard:
        """Read all of it."""
        if len(text) > LENGTH_MAX:
            self.unclear(1, f"The text has {len(text):,} characters.", [f"at most {LENGTH_MAX:,} characters"])
            raise OutlineRefused(self.found)
        sections = self._sections(text)
        first = sections[""][0] if sections[""] else _Line(1, 0, "", step=False)
        match = _FIRST.match(first.text)
        process = read_quoted(match[1]) if match else None
        if process is None:
            self.unclear(
                first.number,
                f"{first.text[:80]!r} does not name the process.",
                ['The process "order" in words.'],
            )
        value: dict[str, Json] = {"process": process}
        value |= self.facts(sections[""][1:], HEAD, "")
        start = self.facts(sections["How it begins"], START, "start")
        if "start" in start:
            value["start"] = start["start"]
        elif start:
            value["start"] = start
        if sections["What is done"]:
            value["steps"] = self.steps(sections["What is done"], "steps")
        if sections["At any time"]:
            value["events"] = [
                self.handler(line, f"events[{index}]") for index, line in enumerate(sections["At any time"])
            ]
        value |= self.facts(sections["What holds, and tests"], LAWS, "")
        if self.found:
            raise OutlineRefused(self.found[:PROBLEMS_MAX])
        return Heard(value, self.lines)

    def unclear(self, line: int, message: str, expected: Sequence[str]) -> None:
        """Note a line that is not understood."""
        fix = "Write the line as one of the expected sentences; what stands in their gaps is yours."
        self.found.append(
            Problem("words.unclear", message, f"outline:line {line}", line, list(expected), fix)
        )

    def _unlike(self, line: _Line, examples: Sequence[str]) -> None:
        near = (
            difflib.get_close_matches(line.text[:200], examples, n=LIKE_MAX, cutoff=0.3)
            or examples[:LIKE_MAX]
        )
        self.unclear(line.number, f"{line.text[:80]!r} is not understood.", near)

    def _sections(self, text: str) -> dict[str, list[_Line]]:
        """Return the lines below each heading, as trees."""
        found: dict[str, list[_Line]] = {name: [] for name in ("", *_SECTIONS)}
        section, open_lines = "", list[_Line]()
        for number, raw in enumerate(text.split("\n"), 1):
            line = raw.rstrip()
            if not line:
                continue
            if line.startswith("## "):
                section, open_lines = line[3:], []
                if section not in found:
                    self.unclear(
                        number,
                        f"The heading {section[:80]!r} is unknown.",
                        [f"## {name}" for name in _SECTIONS],
                    )
                    found[section] = []
                continue
            text_of = line.lstrip(" ")
            step = _STEP.match(text_of)
            told = text_of[step.end() :] if step else text_of.removeprefix("- ")
            one = _Line(number, len(line) - len(text_of), told, step=step is not None)
            while open_lines and open_lines[-1].indent >= one.indent:
                open_lines.pop()
            if len(open_lines) >= DEPTH_MAX:
                self.unclear(number, "The line stands too deep.", [f"at most {DEPTH_MAX} levels"])
                continue
            (open_lines[-1].below if open_lines else found[section]).append(one)
            open_lines.append(one)
        return found

    def facts(self, lines: Sequence[_Line], sentences: Sequence[Sentence], path: str) -> dict[str, Json]:
        """Read what is said of a thing."""
        found: dict[str, Json] = {}
        for line in lines:
            if line.below:
                self.unclear(
                    line.below[0].number,
                    "Nothing can stand below the line above it.",
                    ["the line further left"],
                )
            self._fact(line, sentences, path, found)
        return found

    def _fact(self, line: _Line, sentences: Sequence[Sentence], path: str, found: dict[str, Json]) -> None:
        for sentence in (*sentences, OTHER):
            value = sentence.read(line.text)
            if value is None:
                continue
            word: str = sentence.word
            one: Json = value
            if sentence.is_entry:
                assert isinstance(value, Mapping)
                key = str(value["key"])
                if sentence is OTHER:
                    word, one = key, value["value"]
                else:
                    entries = found.setdefault(word, {})
                    if not isinstance(entries, dict) or key in entries:
                        self.unclear(line.number, f"{key!r} is said twice.", ["each thing once"])
                        return
                    entries[key] = value["value"]
                    self._note(f"{path}.{word}.{key}", line)
                    return
            if word == "scenarios" and sentence is not OTHER:
                tests = found.setdefault(word, [])
                assert isinstance(tests, list)
                self._note(f"scenarios[{len(tests)}]", line)
                tests.append(one)
                return
            if word in found:
                self.unclear(line.number, f"{word!r} is said twice.", ["each thing once"])
                return
            found[word] = one
            self._note(f"{path}.{word}", line)
            return
        self._unlike(line, [sentence.example for sentence in (*sentences, OTHER)])

    def _note(self, path: str, line: _Line) -> None:
        self.lines.setdefault(path.lstrip("."), line.number)

    def steps(self, lines: Sequence[_Line], path: str) -> list[Json]:
        """Read steps."""
        found = []
        for index, line in enumerate(lines):
            place = f"{path}[{index}]"
            self._note(place, line)
            found.append(self._node(line, place))
        return found

    def _node(self, line: _Line, path: str) -> Json:
        if not line.step:
            self.unclear(
                line.number, f"{line.text[:80]!r} is no step: a step begins with a number.", ["1. It ends."]
            )
            return "end"
        if match := _NAMED.match(line.text):
            return self._step(line, match, path)
        if line.text in BLOCKS.values():
            return self._block(line, path)
        if line.text.startswith("If ") and line.text.endswith(":"):
            return self._if(line, path)
        if line.text == "It ends." and not line.below:
            return "end"
        if line.text == "It ends here.":
            return {"end": True, **self.facts(line.below, STEP, path)}
        goto = Sentence("goto", "Go to {:text}.")
        if (to := goto.read(line.text)) is not None and not line.below:
            return {"goto": to}
        for sentence in END:
            if (value := sentence.read(line.text)) is not None:
                return {"end": value, **self.facts(line.below, STEP, path)}
        examples = [
            *(f'"name": {head.example}' for head in HEADS),
            *(end.example for end in END),
            goto.example,
        ]
        self._unlike(line, [*examples, "If the cost is over 1,000:", *BLOCKS.values()])
        return "end"

    def _step(self, line: _Line, match: re.Match[str], path: str) -> Json:
        name = str(read_quoted(match[1]) or "")
        path = f"{path}.{name}"
        said = match[2]
        head = next(((one.word, value) for one in HEADS if (value := one.read(said)) is not None), None)
        body: dict[str, Json] = {}
        if head is None:
            given = read_json(said.removeprefix("this is done: ").removesuffix("."))
            if not said.startswith("this is done: ") or not isinstance(given, Mapping):
                self._unlike(line, [f"{match[1]}: {one.example}" for one in HEADS])
                given = {"call": "unclear"}
            body |= given
        elif head[0] == "group":
            body["group"] = self.steps([one for one in line.below if one.step], f"{path}.group")
        elif head[0] != "set":
            body[head[0]] = head[1]
        facts = [one for one in line.below if not self._opens(one, body, path)]
        if head is None or head[0] != "group":
            self._no_steps(facts)
        facts = [one for one in facts if not one.step]
        return {name: body | self.facts(facts, STEP, path)}

    def _no_steps(self, lines: Sequence[_Line]) -> None:
        for line in lines:
            if line.step:
                self.unclear(
                    line.number,
                    "No step can stand here.",
                    ["a sentence with a hyphen", "the step further left"],
                )

    def _opens(self, line: _Line, body: dict[str, Json], path: str) -> bool:
        """Read a line with steps below it into the words of a step; say whether it was one."""
        if line.step:
            return False
        if line.text == "If it is late:":
            body["late"] = self._body(line, f"{path}.late")
            return True
        if line.text == "To undo it:":
            steps = self.steps(line.below, f"{path}.undo")
            body["undo"] = steps[0] if len(steps) == 1 else steps
            return True
        code = Sentence("on", "On the error {:text}:").read(line.text)
        if code is not None:
            errors = body.setdefault("on", {})
            if isinstance(errors, dict):
                errors[str(code)] = self._body(line, f"{path}.on.{code}")
                return True
            self.unclear(
                line.number, "Errors stand before all else that may happen.", ["When the error ... comes:"]
            )
            return True
        if line.text.endswith(":"):
            handlers = body.setdefault("on", [])
            if isinstance(handlers, list):
                handlers.append(self.handler(line, f"{path}.on[{len(handlers)}]"))
                return True
            self.unclear(
                line.number, "What else may happen cannot stand beside errors.", ["When the error ... comes:"]
            )
            return True
        return False

    def _opened(self, line: _Line, path: str) -> dict[str, Json]:
        """Read the steps below a line, and what else is said of them."""
        facts = [one for one in line.below if not one.step]
        found: dict[str, Json] = {}
        go = Sentence("then", "Then go to {:text}.")
        jumps = [(one, to) for one in facts if (to := go.read(one.text)) is not None]
        steps = [one for one in line.below if one.step]
        found |= self.facts([one for one in facts if go.read(one.text) is None], STEP, path)
        found["then"] = jumps[0][1] if jumps and not steps else self.steps(steps, f"{path}.then")
        if jumps and (steps or len(jumps) > 1):
            self.unclear(
                jumps[0][0].number, "It goes to a step, or does steps, not both.", ['1. Go to "a name".']
            )
        return found

    def _body(self, line: _Line, path: str) -> Json:
        found = self._opened(line, path)
        return found["then"] if len(found) == 1 else found

    def handler(self, line: _Line, path: str) -> Json:
        """Read what may happen, and what is done then."""
        self._note(path, line)
        for sentence in HANDLERS:
            if (value := sentence.read(line.text)) is not None:
                return {sentence.word: value, **self._opened(line, path)}
        start = "When this happens: "
        given = read_json(line.text.removeprefix(start).removesuffix(":"))
        if line.text.startswith(start) and isinstance(given, Mapping):
            return {**given, **self._opened(line, path)}
        self._unlike(line, [one.example for one in HANDLERS])
        return {"signal": "unclear", "then": []}

    def _condition(self, line: _Line) -> str:
        found = Sentence("if", "If {:if}:").read(line.text)
        if found is None:
            shapes = [
                "If the cost is over 1,000:",
                "If approved does not hold:",
                'If the kind is "paid" and urgent holds:',
                "If `a FEEL expression`:",
            ]
            self.unclear(line.number, f"{line.text[:80]!r} is no condition that is understood.", shapes)
        return str(found or "true")

    def _if(self, line: _Line, path: str) -> Json:
        found: dict[str, Json] = {"if": self._condition(line)}
        rest = self._without_else(line, found, path)
        found["then"] = self.steps([one for one in rest if one.step], f"{path}.then")
        return found | self.facts([one for one in rest if not one.step], STEP, path)

    def _without_else(self, line: _Line, found: dict[str, Json], path: str) -> list[_Line]:
        rest = []
        for one in line.below:
            if one.text == "Otherwise:" and not one.step:
                found["else"] = self._body(one, f"{path}.else")
            elif one.text == INCIDENT[1]:
                found["else"] = INCIDENT[0]
            else:
                rest.append(one)
        return rest

    def _block(self, line: _Line, path: str) -> Json:
        block = next(word for word, text in BLOCKS.items() if text == line.text)
        found: dict[str, Json] = {}
        rest = self._without_else(line, found, path)
        self._no_steps(rest)
        branches = [one for one in rest if self._is_branch(one)]
        read: Callable[[_Line, str], Json] = self._case if block in ("choose", "any") else self._way
        entries = [read(one, f"{path}.{block}[{index}]") for index, one in enumerate(branches)]
        facts = [one for one in rest if not one.step and not self._is_branch(one)]
        return {block: entries} | found | self.facts(facts, STEP, path)

    def _is_branch(self, line: _Line) -> bool:
        return not line.step and (
            line.text in BRANCHES or line.text.startswith("If ") and line.text.endswith(":")
        )

    def _case(self, line: _Line, path: str) -> Json:
        self._note(path, line)
        if line.text == BRANCHES[1]:
            found = self._opened(line, path)
            return {"else": found.pop("then"), **found}
        return {"if": self._condition(line), **self._opened(line, path)}

    def _way(self, line: _Line, path: str) -> Json:
        self._note(path, line)
        if line.text != BRANCHES[0]:
            self._unlike(line, [f"- {BRANCHES[0]}"])
        return self._body(line, path)
