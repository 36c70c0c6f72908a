"""Writes `process.bpmn` and `process.svg` of every example again, from its outline: part of `make docs`.

A test holds both files to what the server makes of the outline.
"""

from pathlib import Path

from flowmaster.engine.outline.compile import compile_outline
from flowmaster.tools.outline_text import read_outline_text
from flowmaster.tools.pictures import picture

HERE = Path(__file__).parent


def drawn(folder: Path) -> dict[str, str]:
    """Return the files that the outline of an example gives, by name."""
    given = read_outline_text((folder / "process.yaml").read_text(encoding="utf-8"))
    document = compile_outline(*given).document
    return {"process.bpmn": document.to_xml(), "process.svg": picture(document)}


def main() -> None:
    """Write the files of all examples."""
    for outline in sorted(HERE.glob("*/process.yaml")):
        for name, text in drawn(outline.parent).items():
            (outline.parent / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
