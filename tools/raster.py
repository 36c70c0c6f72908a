"""Pictures as PNG: SVG drawn by resvg, with a font of our own so that text looks the same on every machine."""

import re
from pathlib import Path

import anyio.to_thread

from flowmaster.tools.data_urls import PNG, url_of

EDGE_MAX = 2_000
"""Pixels of the longer side; a larger picture is drawn smaller."""

BYTES_MAX = 400_000
"""Length of a PNG in an answer; one that comes out longer is drawn smaller once more."""

PRINTED_ZOOM = 3.0
PRINTED_MAX = 6_000
"""How much larger a picture is drawn that is printed, and pixels of its longer side at most."""


_FONT = Path(__file__).parent / "fonts" / "LiberationSans-Regular.ttf"
_FAMILY = "Liberation Sans"
_SIZE = re.compile(r'<svg [^>]*viewBox="0 0 (\d+) (\d+)"')
_BEYOND_FONT = re.compile("[^\u0000-\u024f\u0370-\u052f\u2010-\u2044\u20a0-\u20bf]")
"""Letters for which the fonts of the machine are asked."""


def png_of(svg: str) -> bytes:
    """Draw one of our SVG pictures as PNG, scaled down to what an answer can carry."""
    found = _SIZE.match(svg)
    assert found is not None, "our pictures tell their size"
    longest = max(int(found[1]), int(found[2]))
    zoom = min(1.0, EDGE_MAX / longest)
    drawn = _drawn(svg, zoom)
    while len(drawn) > BYTES_MAX:
        zoom *= 0.7
        drawn = _drawn(svg, zoom)
    return drawn


def beyond_font(text: str) -> bool:
    """Tell whether a text holds letters for which the fonts of the machine are asked."""
    return _BEYOND_FONT.search(text) is not None


def font_file() -> Path:
    """Return the file of our font."""
    return _FONT


def large_png(svg: str) -> bytes:
    """Draw one of our pictures so large that it can be printed."""
    found = _SIZE.match(svg)
    assert found is not None, "our pictures tell their size"
    return _drawn(svg, min(PRINTED_ZOOM, PRINTED_MAX / max(int(found[1]), int(found[2]))))


async def png_url(svg: str) -> str:
    """Return a picture as PNG in a data URL, which every answer can hold; others are served while it is drawn."""
    drawn = await anyio.to_thread.run_sync(png_of, svg)
    return url_of(PNG, drawn)


def _drawn(svg: str, zoom: float) -> bytes:
    from resvg_py import svg_to_bytes

    return svg_to_bytes(
        svg_string=svg,
        zoom=zoom,
        font_files=[str(_FONT)],
        font_family=_FAMILY,
        sans_serif_family=_FAMILY,
        skip_system_fonts=not beyond_font(svg),
    )
