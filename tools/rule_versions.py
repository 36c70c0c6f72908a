"""The versions of a decision: which one is in force, and the refusals when there is none."""

from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import DefinitionFilter, Version

KIND = "decision"
TESTS = "decision_tests"
"""The kind under which the test cases of a decision are kept, as versions of their own."""

KNOWN_MAX = 1_000
SHOWN_CHARACTERS = 120


def number_of(reader: Reader, tenant: str, decision: str, version: int | str | None, at: int) -> int:
    """Return the number of a version: given as such, the newest with a tag, or the one in force at an instant."""
    row = reader.find_definition(tenant, KIND, decision)
    if row is None or not row.version:
        raise unknown_decision(reader, tenant, decision)
    if isinstance(version, int):
        if 1 <= version <= row.version:
            return version
        raise unknown_version(reader, tenant, decision, version)
    found = reader.version_number(tenant, KIND, decision, tag=version or "", at=at)
    if found is None and version:
        raise unknown_version(reader, tenant, decision, version)
    if found is None:
        raise FlowMasterError(
            "rule.not_in_force",
            f"No version of {decision[:SHOWN_CHARACTERS]!r} is in force at {iso(at)}.",
            path="at",
            expected=[
                f"version {each.version} from {iso(each.valid_from)}"
                for each in _all(reader, tenant, decision)
            ],
            fix="Name a version, or an instant at which one is in force.",
            next=[Hint("rule_read", {"decision": decision, "view": "versions"}, "List its versions.")],
            status=409,
        )
    return found


def version_of(reader: Reader, tenant: str, decision: str, version: int | str | None, at: int) -> Version:
    """Return a version with its content."""
    number = number_of(reader, tenant, decision, version, at)
    found = reader.version(tenant, KIND, decision, number)
    assert found is not None, "a version that has a number is there"
    return found


def _all(reader: Reader, tenant: str, decision: str) -> list[Version]:
    return reader.versions(tenant, KIND, decision)


def unknown_decision(reader: Reader, tenant: str, decision: str) -> FlowMasterError:
    """Return the refusal of a decision that was never saved."""
    page = reader.find_definitions(tenant, DefinitionFilter(kind=KIND, limit=KNOWN_MAX))
    known = [found.key for found in page.items]
    shown = decision[:SHOWN_CHARACTERS]
    return FlowMasterError(
        "rule.unknown",
        f"There is no decision {shown!r}.{did_you_mean(shown, known)}",
        path="decision",
        expected=list(known[:20]),
        fix="Save it with `rule_save`, or name one that exists.",
        status=404,
    )


def unknown_version(reader: Reader, tenant: str, decision: str, version: int | str) -> FlowMasterError:
    """Return the refusal of a version or tag that a decision does not have."""
    known: list[Json] = []
    for found in _all(reader, tenant, decision):
        known += [found.version, found.tag] if found.tag else [found.version]
    what = (
        f"version {version}" if isinstance(version, int) else f"version tagged {version[:SHOWN_CHARACTERS]!r}"
    )
    return FlowMasterError(
        "rule.version_unknown",
        f"The decision {decision[:SHOWN_CHARACTERS]!r} has no {what}.",
        path="version",
        expected=known,
        fix="Use one of the listed versions or tags.",
        status=404,
    )
