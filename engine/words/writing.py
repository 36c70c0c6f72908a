"""Writes an outline as numbered sentences; what has no sentence of its own is said by its word and value."""

from collections.abc import Mapping, Sequence

from flowmaster.engine.outline.json_text import json_text
from flowmaster.engine.outline.vocabulary import KINDS
from flowmaster.engine.values import Json
from flowmaster.engine.words.openings import BLOCKS, BRANCHES, HANDLERS, INCIDENT
from flowmaster.engine.words.sentences import END, HEAD, HEADS, LAWS, START, STEP, Sentence
from flowmaster.engine.words.slots import SLOTS, quoted

_INDENT = "   "
_LAWS = ("always", "never", "scenarios")


def words_of(plain: Mapping[str, Json]) -> str:
    """Return an outline in words."""
    head = {
        word: value
        for word, value in plain.items()
        if word not in ("process", "start", "steps", "events", *_LAWS)
    }
    writer = _Writer()
    writer.lines.append(f"The process {quoted(plain['process'])} in words.")
    writer.facts(head, HEAD, "")
    start = plain.get("start")
    writer.lines += ["", "## How it begins"]
    if isinstance(start, Mapping):
        writer.facts(start, START, "")
    elif start is not None:
        writer.other("start", start, "")
    writer.lines += ["", "## What is done"]
    writer.steps(_list(plain.get("steps", [])), "", "")
    if "events" in plain:
        writer.lines += ["", "## At any time"]
        writer.handlers(_list(plain["events"]), "", "")
    laws = {word: plain[word] for word in _LAWS if word in plain}
    if laws:
        writer.lines += ["", "## What holds, and tests"]
        writer.facts(laws, LAWS, "")
    return "\n".join(writer.lines) + "\n"


def step_words(node: Json, number: str) -> list[str]:
    """Return one step of an outline in words, under a number."""
    writer = _Writer()
    writer._node(node, "", number)
    return writer.lines


def said(sentences: Sequence[Sentence], word: str, value: Json) -> list[str]:
    """Return the sentences that say a word with its value, none where it has none of its own."""
    if word == "scenarios" and isinstance(value, Sequence) and not isinstance(value, str):
        return [f"Test: {_json(entry)}." for entry in value]
    for sentence in sentences:
        if sentence.word == word and not sentence.is_entry and (text := sentence.write(value)):
            return [text]
    for sentence in sentences:
        if sentence.word == word and sentence.is_entry and isinstance(value, Mapping) and value:
            texts = [sentence.write({"key": key, "value": entry}) for key, entry in value.items()]
            if None not in texts:
                return [str(text) for text in texts]
    return []


class _Writer:
    """Writes lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def facts(self, words: Mapping[str, Json], sentences: Sequence[Sentence], indent: str) -> None:
        """Write what is said of a thing, a line for each sentence."""
        for word, value in words.items():
            texts = said(sentences, word, value)
            self.lines += [f"{indent}- {text}" for text in texts]
            if not texts:
                self.other(word, value, indent)

    def other(self, word: str, value: Json, indent: str) -> None:
        """Write a word that has no sentence of its own."""
        self.lines.append(f"{indent}- Its {SLOTS['word'].write(word)} is {_json(value)}.")

    def steps(self, steps: Sequence[Json], indent: str, number: str) -> None:
        """Write steps with their numbers."""
        for index, node in enumerate(steps, 1):
            self._node(node, indent, f"{number}{index}.")

    def _node(self, node: Json, indent: str, number: str) -> None:
        start = f"{indent}{number} "
        deeper = indent + _INDENT
        if node == "end":
            self.lines.append(f"{start}It ends.")
            return
        assert isinstance(node, Mapping)
        if "end" in node:
            ended = "It ends here." if node["end"] is True else said(END, "end", node["end"])[0]
            self.lines.append(f"{start}{ended}")
            self.facts({word: value for word, value in node.items() if word != "end"}, STEP, deeper)
        elif "goto" in node and isinstance(node["goto"], str):
            self.lines.append(f"{start}Go to {quoted(node['goto'])}.")
        elif block := next((word for word in ("if", *BLOCKS) if word in node), None):
            self._block(block, node, start, deeper, number)
        else:
            ((name, body),) = node.items()
            assert isinstance(body, Mapping)
            self._step(name, body, start, deeper, number)

    def _block(self, block: str, node: Mapping[str, Json], start: str, indent: str, number: str) -> None:
        rest = {word: value for word, value in node.items() if word not in (block, "then", "else")}
        if block == "if":
            self.lines.append(f"{start}If {SLOTS['if'].write(node['if'])}:")
            self.facts(rest, STEP, indent)
            self.steps(_list(node["then"]), indent, number)
        else:
            self.lines.append(f"{start}{BLOCKS[block]}")
            self.facts(rest, STEP, indent)
            for index, entry in enumerate(_list(node[block]), 1):
                self._branch(entry, indent, f"{number}{index}.")
        if node.get("else") == INCIDENT[0]:
            self.lines.append(f"{indent}- {INCIDENT[1]}")
        elif "else" in node:
            self._opened("Otherwise:", {"then": node["else"]}, indent, f"{number}0.")

    def _branch(self, entry: Json, indent: str, number: str) -> None:
        if not isinstance(entry, Mapping):
            self._opened(BRANCHES[0], {"then": entry}, indent, number)
        elif "else" in entry:
            body = {("then" if word == "else" else word): value for word, value in entry.items()}
            self._opened(BRANCHES[1], body, indent, number)
        else:
            body = {word: value for word, value in entry.items() if word != "if"}
            self._opened(f"If {SLOTS['if'].write(entry['if'])}:", body, indent, number)

    def _opened(self, text: str, body: Mapping[str, Json], indent: str, number: str) -> None:
        """Write a line with steps below it, and what else is said of them."""
        self.lines.append(f"{indent}- {text}")
        deeper = indent + _INDENT
        then = body.get("then")
        self.facts({word: value for word, value in body.items() if word != "then"}, STEP, deeper)
        if isinstance(then, str):
            self.lines.append(f"{deeper}- Then go to {quoted(then)}.")
        else:
            self.steps(_list(then), deeper, number)

    def _step(self, name: str, body: Mapping[str, Json], start: str, indent: str, number: str) -> None:
        kind = next(word for word in KINDS if word in body)
        rest = {
            word: value for word, value in body.items() if word not in (kind, "on", "late", "undo", "events")
        }
        value = body[kind]
        computed = kind == "set" and bool(said(STEP, "set", value))
        texts = said(HEADS, kind, True if computed or kind == "group" else value)
        self.lines.append(
            f"{start}{quoted(name)}: {texts[0] if texts else f'this is done: {_json({kind: value})}.'}"
        )
        if computed:
            self.facts({"set": value}, STEP, indent)
        self.facts(rest, STEP, indent)
        if kind == "group":
            self.steps(_list(value), indent, number)
        self._handled(body, indent, number)

    def _handled(self, body: Mapping[str, Json], indent: str, number: str) -> None:
        if "late" in body:
            late = body["late"]
            if isinstance(late, str) or (isinstance(late, Mapping) and "then" not in late):
                self.facts({"late": late}, STEP, indent)
            else:
                self._opened("If it is late:", _body(late), indent, f"{number}1.")
        on = body.get("on")
        if isinstance(on, Mapping):
            for index, (code, then) in enumerate(on.items(), 2):
                self._opened(f"On the error {quoted(code)}:", _body(then), indent, f"{number}{index}.")
        elif on is not None:
            self.handlers(_list(on), indent, number)
        if "undo" in body:
            self._opened("To undo it:", {"then": [body["undo"]]}, indent, f"{number}9.")
        if "events" in body:
            self.other("events", body["events"], indent)

    def handlers(self, handlers: Sequence[Json], indent: str, number: str) -> None:
        """Write what may happen, and what is done then."""
        for index, handler in enumerate(handlers, 1):
            assert isinstance(handler, Mapping)
            trigger = next(word for word in handler if word not in ("then", "keep", "key"))
            texts = said(HANDLERS, trigger, handler[trigger])
            text = texts[0] if texts else f"When this happens: {_json({trigger: handler[trigger]})}:"
            rest = {word: value for word, value in handler.items() if word != trigger}
            self._opened(text, rest, indent, f"{number}{index}.")


def _body(then: Json) -> Mapping[str, Json]:
    return then if isinstance(then, Mapping) else {"then": then}


def _json(value: Json) -> str:
    return str(SLOTS["json"].write(value) or json_text(value))


def _list(value: Json) -> Sequence[Json]:
    assert isinstance(value, Sequence)
    assert not isinstance(value, str)
    return value
