"""The rules of the control flow: what can go wrong in a run, whatever each step does (`engine/soundness`)."""

from flowmaster.engine.bpmn.problem import ERROR, HINT, WARNING
from flowmaster.engine.bpmn.rule import Rule

SOUNDNESS = {
    "soundness.deadlock": Rule(
        WARNING,
        "Let every branch that begins come to the join; end a branch that must not by `{end: name, terminate: true}`; or make "
        "the join inclusive (`any` for `all`), so that it waits only for what can still come.",
        "A join can wait in vain: a token stands there, nothing else moves in its scope, and nothing can come over "
        "another of its flows (BPMN 2.0.2, 13.4). The message tells a shortest run that leads there. It is never more "
        "than a warning where the conditions on the way read the same data and so may exclude each other, or where an "
        "event from outside can still end the scope.",
        strict=ERROR,
    ),
    "soundness.doubled": Rule(
        WARNING,
        "Put the branches into one `all` or `any` and the step behind it (a parallel or inclusive join), if it is meant once.",
        "A step can be under way twice at the same time, or a join can get a second token over one flow: branches "
        "that run side by side come together without a join (workflow pattern 8, multi-merge).",
    ),
    "soundness.dead_step": Rule(
        WARNING,
        "Change what comes before so that a run can take the way to it, or remove it.",
        "A path leads to the element, but no run ever comes to it, whatever the data: it stands behind a join that "
        "never has all its tokens, a sub-process that cannot end, or an event that nothing in the process throws.",
        strict=ERROR,
    ),
    "soundness.no_end": Rule(
        WARNING,
        "Add a way out: a choice in the loop that leads to an end.",
        "A run can come to where no end can be reached any more, whatever happens then. The message tells a shortest "
        "run that leads there. It is never more than a warning where the conditions on the way may exclude each "
        "other, or where an event from outside can still end the scope.",
        strict=ERROR,
    ),
    "soundness.cut_off": Rule(
        HINT,
        "Leave it if that is meant; else leave `terminate` out, or let the branches come together first.",
        "A terminate end event can withdraw work that is still under way in its scope (BPMN 2.0.2, 13.5.3).",
    ),
    "soundness.undecided": Rule(
        HINT,
        "Let each split have a join of its own, or move branches into a `group`.",
        "The branches of a scope interleave in too many ways: the check stopped at its limit. What it found until "
        "then is told; that there is nothing more is not certain.",
    ),
}
"""Rules that take all the ways through a scope to see."""
