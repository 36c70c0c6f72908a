"""The rules of variables, expressions and conditions."""

from flowmaster.engine.bpmn.problem import ERROR, HINT, WARNING
from flowmaster.engine.bpmn.rule import Rule

DATA = {
    "gateway.conditions_overlap": Rule(
        HINT,
        "Narrow one of them so that they exclude each other, if the order is not meant.",
        "Two conditions behind an exclusive gateway hold for the same values, an example of which is named; the flow that "
        "comes first in the file is taken (BPMN 2.0.2, 13.4.2).",
    ),
    "flow.condition_never": Rule(
        WARNING,
        "Correct the condition, or remove the flow.",
        "No value makes the condition true: it contradicts itself, the declared types and ranges, or what earlier "
        "gateways on the only way to it have settled.",
    ),
    "flow.condition_shadowed": Rule(
        WARNING,
        "Move the narrower condition up, or remove the flow.",
        "Whenever the condition holds, one that comes before it at the same exclusive gateway holds too, so that the "
        "flow is never taken.",
    ),
    "feel.syntax": Rule(
        ERROR, "Correct the expression at that place.", "An expression is no valid FEEL; the place is named."
    ),
    "expression.language_unknown": Rule(
        WARNING,
        "Write it in FEEL, with a leading `=`.",
        "An expression is in another language than FEEL and too involved to be translated; it does not run.",
        strict=ERROR,
    ),
    "variable.unknown": Rule(
        WARNING,
        "Declare it under `data` (`fm:data`; in edits `set_data`), set it in an earlier step by `into` or `set`, or correct the "
        "name.",
        "An expression reads a variable that is declared nowhere and that no step sets; without a value it is null.",
        strict=ERROR,
    ),
    "expression.type_wrong": Rule(
        WARNING,
        "Correct the expression, or the type under `data`.",
        "By the types of its variables an expression can only be null, or it is of another type than is wanted at its "
        "place: a condition that is neither true nor false, a text compared with a number, a time that is none.",
        strict=ERROR,
    ),
    "variable.field_unknown": Rule(
        WARNING,
        "Correct the name, or declare the field under `data`: `order: {total: number}`.",
        "An expression reads a field that the declared structure does not have; without a value it is null.",
    ),
    "variable.unset": Rule(
        WARNING,
        "Set it on that way too, by `set` or `into`, or ask for it: `x != null and ...`.",
        "A condition reads a variable that no step sets on some way from a start to it, so that it is null there and the "
        "instance stops. The conditions on that way agree with each other; only models that declare roles or data are "
        "looked at.",
    ),
    "variable.perhaps_null": Rule(
        HINT,
        "Set it on that way too, by `set` or `into`, if null is not meant.",
        "A step reads a variable that no step sets on some way from a start to it, so that it is null there.",
    ),
    "variable.hidden": Rule(
        WARNING,
        "Give it another name, `{number: order.number, title: order.title}`, or let it stand last.",
        "An input of a step has the name of a variable of the process, and an input behind it reads that name. Inputs are "
        "made in order, so that it reads the first input: with `{order: order.number, title: order.title}` the title is null.",
    ),
    "variable.time_as_text": Rule(
        WARNING,
        "Declare it under `data`: `period: duration`; then FEEL computes with it.",
        "Steps compute a variable as a date, a time or a duration, an expression reads it, and nothing declares it: it is "
        "kept as a text and read as one, so that `2 * period` is null.",
    ),
    "data.unused": Rule(
        HINT,
        "Remove it, or use it.",
        "A declared variable is neither read nor set, asked for by a form or a decision, nor seen by a worker or called process.",
    ),
    "rule.input_missing": Rule(
        WARNING,
        "Declare it under `data`, set it in an earlier step, or hand it over by `with`.",
        "A decision asks for an input that the process neither declares nor sets; it is null there.",
    ),
    "call.input_missing": Rule(
        WARNING,
        "Hand it over by `with`.",
        "A called process needs an input that is not handed to it, so that it does not start.",
        strict=ERROR,
    ),
    "call.input_type_wrong": Rule(
        WARNING,
        "Hand over a value of that type, or correct one of the types.",
        "What is handed to a process is of another type there.",
        strict=ERROR,
    ),
    "rule.input_type_wrong": Rule(
        WARNING,
        "Hand over a value of that type, or correct one of the types.",
        "What is handed to a decision is of another type there.",
    ),
    "variable.target_malformed": Rule(
        ERROR, "Write a variable name such as `order.total`.", "The target of a mapping is no variable name."
    ),
    "data.target_elsewhere": Rule(
        WARNING,
        "Begin `to` with the name of the target, `order.total`, or let the association name the other target.",
        "An assignment of a data association writes to another variable than the target of the association (BPMN 2.0.2, "
        "10.4.2).",
    ),
    "data.name_missing": Rule(ERROR, "Give it a `name`.", "A declared data item has no name."),
    "data.schema_malformed": Rule(
        ERROR,
        'Write a JSON Schema object, for example `{"type": "number"}`.',
        "The schema of a declared data item cannot be read.",
    ),
    "data.name_duplicate": Rule(ERROR, "Remove one of the two.", "A data item is declared twice."),
    "calendar.malformed": Rule(
        ERROR,
        'Write JSON such as {"zone": "Europe/Berlin", "hours": {"mon-fri": "09:00-12:00 13:00-17:00"}, "closed": ["12-25"]}.',
        "A calendar of the working time cannot be used.",
    ),
    "scenario.step_unknown": Rule(
        WARNING,
        "Use the name or the id of a step, in `services` also the type of a job; correct the scenario by `set_scenarios`.",
        "A scenario names a step that the process does not have.",
    ),
    "scenarios.malformed": Rule(
        ERROR, "Write a JSON list of scenarios.", "The scenarios of the process cannot be read as JSON."
    ),
    "form.malformed": Rule(
        ERROR,
        "Write a form-js schema or a JSON Schema as JSON.",
        "A form of the process cannot be read as JSON.",
    ),
}
"""Each rule by the code of its problem."""
