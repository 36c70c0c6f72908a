"""The operations on what holds in every case of a process, or in none."""

from collections.abc import Mapping

from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS, fm
from flowmaster.engine.edits.context import Batch
from flowmaster.engine.edits.targets import known_words, refused
from flowmaster.engine.outline.compile import write_laws
from flowmaster.engine.outline.decompile import laws
from flowmaster.engine.outline.laws import EXPECTED, read_laws
from flowmaster.engine.outline.problems import Problems
from flowmaster.engine.outline.writing_words import remove_extension
from flowmaster.engine.values import Json

Edit = Mapping[str, Json]


def set_always(batch: Batch, edit: Edit, path: str) -> None:
    """`{set_always: {the requester never approves: not(requester = approve.by), old: null}}`."""
    _set(batch, edit, path, "always")


def set_never(batch: Batch, edit: Edit, path: str) -> None:
    """`{set_never: {paid twice: pay.times > 1, old: null}}`."""
    _set(batch, edit, path, "never")


def _set(batch: Batch, edit: Edit, path: str, word: str) -> None:
    operation = f"set_{word}"
    known_words(edit, (operation,), path)
    given, known = edit[operation], laws(batch.process, word)
    if not isinstance(given, Mapping):
        raise refused(f"{path}.{operation}", "edit.value_wrong", "A mapping stands here.", expected=EXPECTED)
    for name, condition in given.items():
        if condition is None and name not in known:
            raise refused(
                f"{path}.{operation}.{name}",
                "edit.law_unknown",
                f"There is no law {name!r} under `{word}`.",
                expected=list(known),
                status=404,
            )
    problems = Problems()
    kept: Json = {name: condition for name, condition in given.items() if condition is not None}
    nodes = batch.process.descendants(*FLOW_NODE_KINDS)
    names = [node.name for node in nodes if node.name]
    fresh = read_laws(kept, f"{path}.{operation}", problems, names)
    problems.raise_if_any()
    after = {
        name: condition for name, condition in (known | fresh).items() if given.get(name, "") is not None
    }
    for holder in list(batch.process.extensions(fm(word))):
        remove_extension(batch.process, holder)
    write_laws(batch.process, word, after)
