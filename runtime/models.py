"""Compiled processes and decisions, kept by what was published: a version never changes, so it compiles once."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.dmn.compiled import CompiledDecision
from flowmaster.engine.dmn.reader import read_dmn
from flowmaster.engine.dmn.run import DecisionResult
from flowmaster.engine.elements.scopes import gathered, instantiating_gateways
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.feel.declared import reader_of
from flowmaster.engine.feel.expression import compile_expression
from flowmaster.engine.library import Decision, LinkedDecision
from flowmaster.engine.lookup import condition_of
from flowmaster.engine.model import Executable, Process, Value
from flowmaster.runtime.lines import line_at, not_merged
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import DefinitionFilter, StartSubscription

KEPT_MAX = 500
"""Compiled processes, and decisions, that stay in memory."""

KNOWN_MAX = 1_000
"""How many processes are looked through for a name that is near an unknown one."""

STARTS_KEPT_MAX = 20_000
"""Conditions of start events that stay in memory, so that reported facts are asked of each without its process."""

FILES_KEPT_MAX = 16
"""Files that stay compiled whoever asks for them."""

V = TypeVar("V")


class _Kept(Generic[V]):
    """Keeps the most recently used values."""

    def __init__(self, most: int = KEPT_MAX) -> None:
        self._values: OrderedDict[Hashable, V] = OrderedDict()
        self._lock = Lock()
        self._most = most

    def find(self, key: Hashable) -> V | None:
        """Return a value that is kept; which was used last counts only once room grows short."""
        value = self._values.get(key)
        if value is not None and len(self._values) > self._most // 2:
            with self._lock:
                if key in self._values:
                    self._values.move_to_end(key)
        return value

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        value = self.find(key)
        if value is None:
            value = make()
            self.put(key, value)
        return value

    def put(self, key: Hashable, value: V) -> None:
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)


class StartCondition(NamedTuple):
    """The condition that a process begins by, and where it begins: at the start event, or at the gateway before it.

    With `together`, instances wait there for what else is needed.
    """

    condition: Value
    place: str
    together: bool


class Models:
    """Finds what an instance runs on: its process, and the decisions that it calls."""

    def __init__(self) -> None:
        self._processes: _Kept[Process] = _Kept()
        self._decisions: _Kept[Mapping[str, Decision]] = _Kept()
        self._starts: _Kept[StartCondition] = _Kept(STARTS_KEPT_MAX)
        self._conditions: _Kept[Value] = _Kept()

    def process(self, reader: Reader, tenant: str, process: str, version: int) -> Process:
        """Return a published version, compiled."""
        kept = self._processes.find((tenant, process, version))
        if kept is not None:
            return kept
        found = reader.version(tenant, "process", process, version)
        if found is None:
            if reader.find_definition(tenant, "process", process) is None:
                raise unknown_process(reader, tenant, process)
            raise unknown_version(process, version)
        compiled = compile_process(found.content, process)
        self._processes.put((tenant, process, version), compiled)
        return compiled

    def start_condition(self, reader: Reader, start: StartSubscription) -> StartCondition:
        """Return the condition that a start subscription stands for."""

        def load() -> StartCondition:
            process = self.process(reader, start.tenant, start.process, start.version)
            element = process.elements[start.element]
            gateways = instantiating_gateways(process, element)
            place = gateways[0].id if gateways else element.id
            together = bool(gathered(process, element))
            return StartCondition(condition_of(element, start.name), place, together)

        return self._starts.get((*start[:4], start.name), load)

    def route_condition(self, reader: Reader, tenant: str, process: str, version: int, text: str) -> Value:
        """Return the condition of a route, over the start values as a version of the process declares them."""

        def load() -> Value:
            return compile_start_condition(self.process(reader, tenant, process, version), text)

        return self._conditions.get((tenant, process, version, text), load)

    def replace(self, tenant: str, process: str, version: int, compiled: Process) -> None:
        """Put another process in the place of a version; only sandboxes do that."""
        self._processes.put((tenant, process, version), compiled)

    def executable(self, reader: Reader, tenant: str, process: str, version: int, at: int) -> Executable:
        """Return a published version with the decisions in reach at an instant, as a step runs it."""
        library = StepLibrary(self, reader, tenant, at)
        return Executable(self.process(reader, tenant, process, version), version, library)

    def decision(self, reader: Reader, tenant: str, decision: str, version: int) -> Decision | None:
        """Return one published version of a decision, compiled."""

        def load() -> Mapping[str, Decision]:
            found = reader.version(tenant, "decision", decision, version)
            return {} if found is None else compile_decisions(found.content)

        return self._decisions.get((tenant, decision, version), load).get(decision)


class StepLibrary:
    """The library of one step: decisions as the tenant has published them, at the step's engine time."""

    def __init__(self, models: Models, reader: Reader, tenant: str, at: int) -> None:
        self._models = models
        self._reader = reader
        self._tenant = tenant
        self._at = at

    def decision(self, decision: str, version: str) -> LinkedDecision | None:
        """Return a decision by id: the given version, the newest with that tag, or the one in force."""
        number = self._number(decision, version)
        if number is None:
            return None
        compiled = self._models.decision(self._reader, self._tenant, decision, number)
        return None if compiled is None else LinkedDecision(decision, number, compiled)

    def _number(self, decision: str, version: str) -> int | None:
        if version.isascii() and version.isdigit() and len(version) < 16:
            return int(version)
        return self._reader.version_number(self._tenant, "decision", decision, tag=version, at=self._at)


@lru_cache(maxsize=FILES_KEPT_MAX)
def compile_process(bpmn: str, process: str) -> Process:
    """Compile one process of a BPMN file; the newest ones are kept, since every scenario has a sandbox of its own."""
    for read in read_processes(parse_bpmn(bpmn), runnable=RUNNABLE):
        if read.process.id == process:
            return read.process
    raise FlowMasterError(
        "process.missing", f"The file has no process {process!r}.", path="bpmn", fix="Name one of the file."
    )


def compile_start_condition(process: Process, text: str) -> Value:
    """Compile a condition over the start values of a process and the `business_key`."""
    read = {item.name: reader_of(item.schema) for item in process.data}
    declared = {name: found for name, found in read.items() if found is not None}
    names = [*(item.name for item in process.data), "business_key"]
    return compile_expression(text.strip().removeprefix("="), names=names, declared=declared)


class ProcessDecision:
    """A decision as a process calls it: over its variables, of which those named like a decision do not count.

    DMN lets a given value stand for a required decision; a variable that happens to hold an earlier result
    must not do that.
    """

    def __init__(self, decision: CompiledDecision, decisions: frozenset[str]) -> None:
        self._decision = decision
        self._decisions = decisions

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the names of the input data that it requires."""
        return tuple(name for name, _ in self._decision.inputs)

    def evaluate(self, inputs: Mapping[str, object], at: int = 0) -> DecisionResult:
        """Evaluate over the variables of a process."""
        given = {name: inputs[name] for name in inputs if name not in self._decisions}
        return self._decision.evaluate(given, at, surroundings=given)


@lru_cache(maxsize=FILES_KEPT_MAX)
def compile_decisions(dmn: str) -> Mapping[str, Decision]:
    """Compile the decisions of a DMN file, by id; the newest ones are kept like processes."""
    compiled = read_dmn(dmn).compile()
    names = frozenset(name for decision in compiled.decisions for name in (decision.id, decision.name))
    return {decision.id: ProcessDecision(decision, names) for decision in compiled.decisions}


def unknown_process(reader: Reader, tenant: str, process: str) -> FlowMasterError:
    """Return the refusal of a process that nobody knows, with the names that are near; a branch is told to be one."""
    line = line_at(process)
    if line.branch and reader.find_definition(tenant, line.kind, line.address) is not None:
        return not_merged(line)
    page = reader.find_definitions(tenant, DefinitionFilter(kind="process", limit=KNOWN_MAX))
    known = [row.key for row in page.items]
    return FlowMasterError(
        "process.unknown",
        f"There is no process {process[:120]!r}.{did_you_mean(process[:120], known)}",
        path="process",
        fix="Call `process_find` to see the processes.",
        next=[Hint("process_find", {}, "List the processes.")],
        status=404,
    )


def unknown_version(process: str, version: int) -> FlowMasterError:
    """Return the refusal of a version that was never published."""
    return FlowMasterError(
        "process.version_unknown",
        f"{process!r} has no version {version}.",
        path="version",
        fix="List its versions with `process_read`.",
        next=[Hint("process_read", {"process": process, "view": "versions"}, "List its versions.")],
        status=404,
    )
