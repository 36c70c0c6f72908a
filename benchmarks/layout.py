"""How long a diagram takes to be laid out and drawn, by the time of the processor.

Run `python benchmarks/layout.py`.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from flowmaster.engine.bpmn.layout import lay_out
from flowmaster.engine.bpmn.svg import draw_svg
from tests.bpmn.models import large_model

SIZES = (50, 500, 1_000)
REPEATS = 3


def main() -> int:
    """Lay out models of growing size and print what each took."""
    for size in SIZES:
        laid_out, drawn = [], []
        for _ in range(REPEATS):
            document = large_model(size)
            begun = time.process_time()
            lay_out(document)
            between = time.process_time()
            draw_svg(document)
            laid_out.append(between - begun)
            drawn.append(time.process_time() - between)
        print(f"{size:6,} elements: laid out in {min(laid_out):.2f} s, drawn in {min(drawn):.2f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
