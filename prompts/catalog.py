"""The prompts: what each one is for, what it is filled with, and what is read beside it.

A prompt is a template in `templates/`, named after the prompt and its version. A template that was published is not
changed: what is better goes into the next version.
"""

from dataclasses import dataclass
from typing import Final

TEXT_LENGTH_MAX: Final = 20_000
"""Characters of an argument that is a text."""

WORD_LENGTH_MAX: Final = 200
"""Characters of an argument that is an id or a name."""


@dataclass(frozen=True, slots=True)
class Argument:
    """Something that a prompt is filled with: an id or name, or a whole text."""

    name: str
    about: str
    required: bool = True
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt.

    `reads` are the addresses of what is shown beside it, filled with its arguments; `needs` is the operation without
    which nobody can do what it is for.
    """

    name: str
    version: int
    title: str
    about: str
    arguments: tuple[Argument, ...]
    needs: str
    reads: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The name of its template."""
        return f"{self.name}.{self.version}.j2"


_PROCESS: Final = Argument("process", "Id of the process.")

PROMPTS: Final[tuple[Prompt, ...]] = (
    Prompt(
        "build_process",
        2,
        "Build a process",
        "Turn a brief into a tested, published process.",
        (Argument("brief", "What the process shall do, in plain words.", is_text=True),),
        "process_publish",
    ),
    Prompt(
        "review_process",
        1,
        "Review a process",
        "Find what is missing, wrong or risky in a process, and propose edits.",
        (_PROCESS,),
        "process_read",
        ("process://{process}", "process://{process}/problems"),
    ),
    Prompt(
        "test_process",
        1,
        "Test a process",
        "Cover a process with scenarios and judge what they show.",
        (_PROCESS,),
        "process_test",
        ("process://{process}",),
    ),
    Prompt(
        "debug_instance",
        1,
        "Debug an instance",
        "Find out why an instance stands where it does, try a repair in a copy, and repair it.",
        (Argument("instance", "Id of the instance."),),
        "instance_control",
        ("instance://{instance}", "instance://{instance}/history"),
    ),
    Prompt(
        "migrate_process",
        1,
        "Migrate a process",
        "Bring running instances of a process to its newest version, one by one and only where it is needed.",
        (_PROCESS,),
        "instance_control",
        ("process://{process}",),
    ),
    Prompt(
        "triage_tasks",
        1,
        "Triage my tasks",
        "Put the open tasks of a person in order and prepare the first ones.",
        (
            Argument("person", "Who the tasks are for."),
            Argument("role", "A role whose tasks count as well.", required=False),
        ),
        "task_find",
    ),
)
"""All prompts, in the order of the work."""
