"""Examines what is installed: Python, the packages and the extras, against what this FlowMaster needs."""

import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import flowmaster
from flowmaster.server.doctor.finding import Finding
from flowmaster.server.doctor.versions import Need, installed, is_enough, needs
from flowmaster.tools.extras import EXTRAS, command_for, is_installed

PINS = "constraints.txt"
"""The file of a checkout with the versions that everything was tested with."""


def python() -> Finding:
    """Look at the version of Python."""
    record = _record()
    asked = str(record.metadata["Requires-Python"] or "") if record is not None else ""
    given = ".".join(map(str, sys.version_info[:3]))
    if not is_enough(given, asked):
        return Finding(
            "python",
            "fault",
            f"{given} at {sys.executable}; FlowMaster needs {asked}",
            "Install FlowMaster with a newer Python, such as `uv tool install --python 3.12 flowmaster`.",
        )
    return Finding("python", "ok", f"{given} at {sys.executable}")


def packages() -> Iterator[Finding]:
    """Look at the packages that every installation needs, and in a checkout at the tested versions."""
    record = _record()
    if record is None:
        yield Finding(
            "packages",
            "fault",
            "FlowMaster runs from files that no installer knows of, so its needs cannot be looked up",
            "Install it: `pip install flowmaster`, or `make install` in a checkout.",
        )
        return
    wanted = [need for need in needs(record.requires or ()) if not need.extra]
    wrong = list(_wrong(wanted))
    if wrong:
        orders = " ".join(f"'{need.package}{need.bounds}'" for need, _ in wrong)
        yield Finding(
            "packages",
            "fault",
            ", ".join(says for _, says in wrong),
            f"Run: {_quoted(sys.executable)} -m pip install {orders}",
        )
    else:
        yield Finding("packages", "ok", f"all {len(wanted)} that are needed are there")
    yield from _pins(Path(flowmaster.__file__).resolve().parents[2] / PINS)


def extras() -> Iterator[Finding]:
    """Look at the optional parts: which are there, and the command that adds a missing one."""
    record = _record()
    known = list(needs(record.requires or ())) if record is not None else []
    there = [extra for extra in EXTRAS if is_installed(extra)]
    missing = [extra for extra in EXTRAS if extra not in there]
    yield Finding(
        "extras",
        "ok",
        f"there: {', '.join(there) or 'none'}; not there: {', '.join(missing) or 'none'}",
        "; ".join(f"to add {extra}: {command_for(extra)}" for extra in missing),
    )
    for extra in EXTRAS:
        parts = [need for need in known if need.extra == extra]
        wrong = list(_wrong(parts))
        begun = any(installed(need.package) for need in parts)
        if wrong and begun:
            says = ", ".join(says for _, says in wrong)
            yield Finding(f"extra {extra}", "warning", says, f"Run: {command_for(extra)}")


def _wrong(wanted: list[Need]) -> Iterator[tuple[Need, str]]:
    for need in wanted:
        given = installed(need.package)
        if given is None:
            yield need, f"{need.package} is missing"
        elif not is_enough(given, need.bounds):
            yield need, f"{need.package} is {given}, needed is {need.bounds}"


def _pins(file: Path) -> Iterator[Finding]:
    if not file.is_file():
        return
    pins = _pinned(file.read_text(encoding="utf-8"))
    others = [
        f"{package} {given} (pinned {pin})"
        for package, pin in pins.items()
        if (given := installed(package)) is not None and given != pin
    ]
    if others:
        shown = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
        yield Finding("pins", "warning", f"not the tested versions: {shown}", "Run: make install")
    else:
        yield Finding("pins", "ok", f"the versions of {PINS}")


def _pinned(text: str) -> Mapping[str, str]:
    pairs = (line.split("==") for line in text.splitlines() if "==" in line and not line.startswith("#"))
    return {package.strip(): pin.strip() for package, pin in pairs}


def _record() -> Distribution | None:
    try:
        return distribution("flowmaster")
    except PackageNotFoundError:
        return None


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path
