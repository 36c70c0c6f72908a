"""What of the corpus comes through without loss, and what of it runs: writes `docs/corpus.md`.

Run `python benchmarks/corpus.py`. The corpus lies beside the checkout or in `FLOWMASTER_SHARED`.
"""

import csv
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from tests.bpmn.content import Content, content

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "corpus.md"
_QUOTED = re.compile(r" '[^']*'")


@dataclass
class Report:
    """What came of one file: what an import loses or why it is refused, and what cannot run with the reasons."""

    file: str
    refused: str = ""
    lost: tuple[str, ...] = ()
    without_process: str = ""
    processes: int = 0
    elements: int = 0
    stopped: Counter[tuple[str, str]] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def runs(self) -> int:
        """Return how many elements run."""
        return self.elements - self.stopped.total()

    @property
    def is_lossless(self) -> bool:
        """Return whether the file was read and written back with all it holds."""
        return not self.refused and not self.lost

    @property
    def runs_whole(self) -> bool:
        """Return whether there is something to run, all of it runs, and nothing keeps it from being published."""
        return self.elements > 0 and not self.stopped and not self.errors


def main() -> int:
    """Write the page."""
    folder = Path(os.environ.get("FLOWMASTER_SHARED") or ROOT.parent / "shared") / "corpus"
    if not folder.is_dir():
        print(f"There is no corpus in {folder}; the page stays as it is.")
        return 0
    PAGE.write_text(page(folder, survey(folder)), encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}.")
    return 0


def survey(folder: Path) -> list[Report]:
    """Read every model of the corpus, write it back and ask what runs."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".bpmn", ".xml"))
    return [_report(path, path.relative_to(folder).as_posix()) for path in files]


def _report(path: Path, name: str) -> Report:
    source = path.read_bytes()
    report = Report(name)
    try:
        document = parse_bpmn(source)
    except FlowMasterError as error:
        report.refused = str(error.message)
        return report
    report.lost = tuple(_lost(source, document))
    try:
        reads = read_processes(document, RUNNABLE)
    except FlowMasterError as error:
        report.without_process = str(error.message)
        return report
    report.processes = len(reads)
    for read in reads:
        for element in read.process.elements.values():
            if element is not read.process.root:
                report.elements += 1
                if element.unsupported:
                    report.stopped[element.kind, _QUOTED.sub("", element.unsupported)] += 1
        report.errors.update(problem.code for problem in check_process(read) if problem.severity == "error")
    return report


def _lost(source: bytes, document: BpmnDocument) -> Iterator[str]:
    """Say what differs in the file that is written, and whether writing it again changes it."""
    text = document.to_xml()
    before, after = content(source), content(text.encode())
    for part in Content._fields:
        if getattr(before, part) != getattr(after, part):
            yield part
    if parse_bpmn(text).to_xml() != text:
        yield "bytes of a second export"


def page(folder: Path, reports: Sequence[Report]) -> str:
    """Return the page: what came of all files, the reasons, and one line for each file."""
    reasons = Counter(reason for report in reports for _, reason in report.stopped.elements())
    numbers = {reason: number for number, (reason, _) in enumerate(reasons.most_common(), 1)}
    lines = [
        "# What of other tools' models comes through, and what runs",
        "<!-- Written by `make docs` where the corpus is. Change benchmarks/corpus.py, not this page. -->",
        "",
        "The corpus holds models that other tools and engines wrote, unchanged, from public repositories. Each is read,"
        " written back and compared: all elements with ids, attributes and text; all diagram data; all foreign content."
        " A second export must equal the first byte by byte. Then each process is read as the engine runs it.",
        "",
        *_summary(reports),
        "",
        "## Why elements do not run",
        "An instance that comes to such an element stops there with an incident; publishing warns of it. Numbers in the"
        " lists below stand for these reasons:",
        "",
        "| | elements | reason |",
        "|---|---|---|",
        *(f"| {number} | {reasons[reason]} | {reason} |" for reason, number in numbers.items()),
        "",
        "Codes in the lists are errors that refuse publishing ([problems.md](problems.md)).",
    ]
    sources = _sources(folder)
    for name in dict.fromkeys(report.file.partition("/")[0] for report in reports):
        lines += [
            "",
            f"## {name.replace('__', '/')}",
            f"{sources[name]}.",
            "",
            "| file | import | processes | elements that run | what does not |",
            "|---|---|---|---|---|",
            *(_line(report, numbers) for report in reports if report.file.startswith(f"{name}/")),
        ]
    return "\n".join(lines) + "\n"


def _summary(reports: Sequence[Report]) -> Iterator[str]:
    elements, runs = sum(report.elements for report in reports), sum(report.runs for report in reports)
    yield "| | |"
    yield "|---|---|"
    yield f"| files | {len(reports)} |"
    yield f"| read and written back without loss | {sum(report.is_lossless for report in reports)} |"
    yield f"| read with a loss | {sum(bool(report.lost) for report in reports)} |"
    yield f"| refused, with line, element and reason | {sum(bool(report.refused) for report in reports)} |"
    yield f"| without a process, so nothing to run | {sum(bool(report.without_process) for report in reports)} |"
    yield f"| every element runs | {sum(report.elements > 0 and not report.stopped for report in reports)} |"
    yield f"| every element runs, and no error refuses publishing | {sum(report.runs_whole for report in reports)} |"
    yield f"| elements that run | {runs:,} of {elements:,} |"


def _line(report: Report, numbers: dict[str, int]) -> str:
    fate = "refused" if report.refused else f"loses {', '.join(report.lost)}" if report.lost else "lossless"
    said = report.refused or report.without_process
    stopped = [
        f"{count} {kind} ({numbers[reason]})" for (kind, reason), count in sorted(report.stopped.items())
    ]
    errors = [
        f"`{code}`{f' × {count}' if count > 1 else ''}" for code, count in sorted(report.errors.items())
    ]
    what = f"`{said.replace('`', '')}`" if said else ", ".join([*stopped, *errors])
    runs = f"{report.runs} of {report.elements}" if report.processes else ""
    return f"| {report.file.partition('/')[2]} | {fate} | {report.processes or ''} | {runs} | {what.replace('|', ' ')} |"


def _sources(folder: Path) -> dict[str, str]:
    """Return where the files of each folder come from, and their licence."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["file"].partition("/")[
                0
            ]: f"From `github.com/{row['repo']}`, {row['licence'].partition(' (')[0]}"
            for row in csv.DictReader(file)
        }


if __name__ == "__main__":
    raise SystemExit(main())
