"""The matcher of patterns: backtracking on a stack of its own, paid for with the evaluation's fuel.

Where a pattern has no back-references, a choice that failed at a place once is never tried there again. So the
classic hostile patterns take time proportional to the text; the others end by fuel.
"""

from collections.abc import Iterator
from typing import Any

from flowmaster.engine.feel.evaluation import Evaluation
from flowmaster.engine.feel.pattern import (
    BACK,
    CHAR,
    DONE,
    EMPTY,
    END,
    JUMP,
    SAVE,
    SET,
    SPLIT,
    START,
    PatternError,
    Program,
)
from flowmaster.engine.feel.pattern_classes import variants

_CHUNK = 256
Spans = list[int]
"""Begin and end of the whole match and of each group, -1 for a group without a match."""


def matches(program: Program, text: str, run: Evaluation) -> bool:
    """Tell whether a pattern matches anywhere in a text."""
    if program.literal is not None:
        return program.literal in text
    return next(find(program, text, run), None) is not None


def find(program: Program, text: str, run: Evaluation) -> Iterator[Spans]:
    """Give all matches from left to right that do not overlap."""
    start, tried = 0, set[int]()
    while start <= len(text):
        spans = _match_at(program, text, start, tried, run)
        if spans is None:
            start += 1
            continue
        yield spans
        tried = set()
        start = spans[1] if spans[1] > start else start + 1


def replace(program: Program, text: str, replacement: str, run: Evaluation) -> str:
    r"""Replace all matches; `$1` in the replacement is a group, `\$` and `\\` are themselves."""
    parts = _replacement(replacement, program.groups)
    if _match_at(program, "", 0, set(), run) is not None:
        raise PatternError("the pattern matches the empty text")
    result: list[str] = []
    position, size = 0, 0
    for spans in find(program, text, run):
        pieces = [text[position : spans[0]]]
        for part in parts:
            pieces.append(part if isinstance(part, str) else _group(text, spans, part))
        size += sum(map(len, pieces))
        run.write(size)
        result.extend(pieces)
        position = spans[1]
    result.append(text[position:])
    return "".join(result)


def split(program: Program, text: str, run: Evaluation) -> list[str]:
    """Split a text at all matches."""
    if _match_at(program, "", 0, set(), run) is not None:
        raise PatternError("the pattern matches the empty text")
    if program.literal is not None:
        return text.split(program.literal)
    result: list[str] = []
    position = 0
    for spans in find(program, text, run):
        result.append(text[position : spans[0]])
        position = spans[1]
    result.append(text[position:])
    return result


def _group(text: str, spans: Spans, group: int) -> str:
    begin, end = spans[2 * group], spans[2 * group + 1]
    return text[begin:end] if begin >= 0 and end >= 0 else ""


def _replacement(text: str, groups: int) -> list[str | int]:
    parts: list[str | int] = []
    index = 0
    while index < len(text):
        char, following = text[index], text[index + 1 : index + 2]
        if char == "\\":
            if following not in ("\\", "$") or not following:
                raise PatternError(
                    "a backslash in the replacement must stand before a backslash or a dollar sign"
                )
            parts.append(following)
            index += 2
        elif char == "$":
            if not (following.isascii() and following.isdigit()):
                raise PatternError("a dollar sign in the replacement must stand before a digit")
            number, index = int(following), index + 2
            while text[index : index + 1].isascii() and text[index : index + 1].isdigit():
                longer = number * 10 + int(text[index])
                if longer > groups:
                    break
                number, index = longer, index + 1
            parts.append(number if number <= groups else "")
        else:
            parts.append(char)
            index += 1
    return parts


def _match_at(  # noqa: C901  # One loop over the instructions is the whole matcher; calls would cost its speed.
    program: Program, text: str, start: int, tried: set[int], run: Evaluation
) -> Spans | None:
    """Match at one position, or return None. The stack holds choices left, and values to restore."""
    code: tuple[Any, ...] = program.instructions
    remember = not program.looks_back
    width, size = len(text) + 1, len(text)
    spans = [-1] * (2 * program.groups + 2)
    loops = [-1] * program.loops
    stack: list[tuple[int, int, int]] = []
    pointer, position, steps = 0, start, 0
    while True:
        steps += 1
        if steps >= _CHUNK:
            run.spend(steps)
            steps = 0
        action, first, second = code[pointer]
        if action == CHAR:
            passed = position < size and text[position] == first
            position += 1
        elif action == SET:
            passed = position < size and first(text[position])
            position += 1
        elif action == SPLIT:
            key = pointer * width + position
            if remember and key in tried:
                passed = False
            else:
                if remember:
                    tried.add(key)
                stack.append((pointer + second, position, -1))
                pointer += first
                continue
        elif action == JUMP:
            pointer += first
            continue
        elif action == SAVE:
            stack.append((-1 - first, spans[first], -1))
            spans[first] = position
            passed = True
        elif action == EMPTY:
            passed = loops[first] != position
            if passed:
                stack.append((first, loops[first], -2))
                loops[first] = position
            else:
                pointer += second
                continue
        elif action == DONE:
            run.spend(steps)
            spans[0], spans[1] = start, position
            return spans
        else:
            passed, position = _look(action, first, text, position, spans, program)
        if passed:
            pointer += 1
            continue
        while stack:
            target, value, kind = stack.pop()
            if kind == -2:
                loops[target] = value
            elif target < 0:
                spans[-1 - target] = value
            else:
                pointer, position = target, value
                break
        else:
            run.spend(steps)
            return None


def _look(
    action: int, group: int, text: str, position: int, spans: Spans, program: Program
) -> tuple[bool, int]:
    """Carry out the instructions that look around: begin, end, back-reference."""
    if action == START:
        begins = position == 0 or (program.multiline and text[position - 1] == "\n" and position < len(text))
        return begins, position
    if action == END:
        ends = position == len(text) or (program.multiline and text[position] == "\n")
        return ends, position
    assert action == BACK
    begin, end = spans[2 * group], spans[2 * group + 1]
    if begin < 0 or end < 0:
        return True, position
    wanted = text[begin:end]
    found = text[position : position + len(wanted)]
    equal = found == wanted or (
        program.blind
        and len(found) == len(wanted)
        and all(b in variants(a) for a, b in zip(wanted, found, strict=True))
    )
    return equal, position + len(wanted)
