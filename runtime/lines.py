"""Lines of drafts: the main one of a process, and branches beside it, addressed as `process@branch`.

The id of a process is an XML name and cannot hold `@`, so an address says by itself which of the two it is.
"""

from typing import Final, NamedTuple

from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import DefinitionFilter, DefinitionRow

MARK: Final = "@"
BRANCH: Final = "branch"
"""The kind under which the drafts of a branch are kept, by its address."""

PROCESS: Final = "process"
BRANCHES_READ: Final = 1_000


class Line(NamedTuple):
    """A line of drafts: of a process, and of its branch unless that is empty."""

    process: str
    branch: str = ""

    @property
    def address(self) -> str:
        """What it is called in calls, and the key that it is kept by."""
        return f"{self.process}{MARK}{self.branch}" if self.branch else self.process

    @property
    def kind(self) -> str:
        """The kind that it is kept under."""
        return BRANCH if self.branch else PROCESS

    def sibling(self, process: str) -> "Line":
        """Return the line of the same branch of another process of its file."""
        return Line(process, self.branch)


def line_at(address: str) -> Line:
    """Return the line of an address, whether there is one or not."""
    process, _, branch = address.partition(MARK)
    return Line(process, branch) if branch else Line(address)


def branches_of(reader: Reader, tenant: str, process: str) -> list[DefinitionRow]:
    """Return the branches of a process, the newest first."""
    start = f"{process}{MARK}"
    page = reader.find_definitions(tenant, DefinitionFilter(kind=BRANCH, query=start, limit=BRANCHES_READ))
    return [row for row in page.items if row.key.startswith(start)]


def unknown_branch(reader: Reader, tenant: str, line: Line, path: str = "process") -> FlowMasterError:
    """Return the refusal of a branch that a process does not have."""
    known = [row.key for row in branches_of(reader, tenant, line.process)]
    return FlowMasterError(
        "branch.unknown",
        f"{line.process!r} has no branch {line.branch[:80]!r}.{did_you_mean(line.address, known)}",
        path=path,
        expected=[*known],
        fix="Use a branch that is there, or make one with `process_branch`.",
        next=[Hint("process_branches", {"process": line.process}, "List its branches.")],
        status=404,
    )


def not_merged(line: Line, path: str = "process") -> FlowMasterError:
    """Return the refusal to do with a branch what is done with a process alone."""
    return FlowMasterError(
        "branch.not_merged",
        f"{line.address!r} is a branch of drafts: what is published, runs and is operated is {line.process!r} itself.",
        path=path,
        expected=line.process,
        fix=f"Merge the branch with `process_merge` first, or name {line.process!r}.",
        next=[Hint("process_compare", {"process": line.address}, "See what `process_merge` would bring.")],
        status=409,
    )
