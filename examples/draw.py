"""Writes the BPMN and the picture of every example again, from its outlines: part of `make docs`.

A test holds the files to what the server makes of the outlines.
"""

from pathlib import Path

from examples.load import outlines
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.tools.outline_text import read_outline_text
from flowmaster.tools.pictures import picture

HERE = Path(__file__).parent


def drawn(folder: Path) -> dict[str, str]:
    """Return the files that the outlines of an example give, by name."""
    files: dict[str, str] = {}
    for outline in outlines(folder):
        document = compile_outline(*read_outline_text(outline.read_text(encoding="utf-8"))).document
        name = outline.relative_to(folder).with_suffix("").as_posix()
        files |= {f"{name}.bpmn": document.to_xml(), f"{name}.svg": picture(document)}
    return files


def main() -> None:
    """Write the files of all examples."""
    for outline in sorted(HERE.glob("*/process.yaml")):
        for name, text in drawn(outline.parent).items():
            (outline.parent / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
