"""Whether something is exported, where to and how: by the standard variables of OpenTelemetry, or by `--telemetry`."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from flowmaster.engine.errors import FlowMasterError
from flowmaster.tools.extras import command_for, is_installed

EXTRA: Final = "telemetry"
OFF: Final = "off"
HTTP: Final = "http/protobuf"
ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"

ENDPOINTS: Final = (
    ENDPOINT,
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)
"""The variables that ask for something to be exported."""

VARIABLES: Final = (
    "OTEL_SDK_DISABLED",
    *ENDPOINTS,
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_METRIC_EXPORT_INTERVAL",
)
"""The variables that are read here; those of the exporter itself (headers, certificates, time limits) count as well."""


class Plan(NamedTuple):
    """What is exported, and how. An empty address leaves it to the variables, which the exporter reads itself."""

    traces: bool
    metrics: bool
    traces_to: str
    metrics_to: str
    sampler: str
    sampler_argument: str
    delay_seconds: float
    queue_max: int
    batch_max: int
    interval_seconds: float


def planned(asked: str, given: Mapping[str, str]) -> Plan | None:
    """Return what is exported, or nothing.

    Args:
        asked: the address of a collector, `off`, or nothing to go by the variables.
        given: the environment.

    Raises:
        FlowMasterError: it cannot be exported: the extra is missing, or it is asked for in a way we do not speak.
    """
    if asked == OFF or (not asked and given.get("OTEL_SDK_DISABLED", "").lower() == "true"):
        return None
    address = asked or given.get(ENDPOINT, "")
    traces, metrics = (
        bool(address or given.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"))
        and "otlp" in given.get(f"OTEL_{signal}_EXPORTER", "otlp").split(",")
        for signal in ("TRACES", "METRICS")
    )
    if not (traces or metrics):
        return None
    _check(given)
    base = asked.rstrip("/")
    return Plan(
        traces,
        metrics,
        f"{base}/v1/traces" if base else "",
        f"{base}/v1/metrics" if base else "",
        given.get("OTEL_TRACES_SAMPLER", "parentbased_always_on"),
        given.get("OTEL_TRACES_SAMPLER_ARG", ""),
        _number(given, "OTEL_BSP_SCHEDULE_DELAY", 5_000) / 1000,
        _number(given, "OTEL_BSP_MAX_QUEUE_SIZE", 8_192),
        _number(given, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512),
        _number(given, "OTEL_METRIC_EXPORT_INTERVAL", 60_000) / 1000,
    )


def _check(given: Mapping[str, str]) -> None:
    protocol = given.get("OTEL_EXPORTER_OTLP_PROTOCOL", HTTP)
    if protocol != HTTP:
        raise FlowMasterError(
            "telemetry.protocol_unknown",
            f"Telemetry is exported by {HTTP} only, and OTEL_EXPORTER_OTLP_PROTOCOL asks for {protocol!r}.",
            path="telemetry",
            expected=HTTP,
            fix="Name the collector's address for OTLP over HTTP (mostly port 4318), or give `--telemetry off`.",
        )
    if not is_installed(EXTRA):
        raise FlowMasterError(
            "telemetry.extra_missing",
            f"Telemetry is asked for, and the part `{EXTRA}` of the installation is missing.",
            path="telemetry",
            fix=f"Run: {command_for(EXTRA)}; or give `--telemetry off`.",
            status=501,
        )


def _number(given: Mapping[str, str], name: str, otherwise: int) -> int:
    text = given.get(name, "").strip()
    return max(1, int(text)) if text.isdecimal() else otherwise
