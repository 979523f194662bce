"""Whether calls are traced: asked for, or by the variables that every OpenTelemetry program reads.

The extra ``otel`` holds what is needed; without it nothing of OpenTelemetry is imported.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from magenta_bridge.errors import UnsupportedError

if TYPE_CHECKING:
    from magenta_bridge.server.telemetry.tracing import Tracing

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_MISSING: Final = 'Traces need OpenTelemetry; run: pip install "magenta-bridge[otel]"'

_log = logging.getLogger(__name__)


def open_tracing(*, insist: bool) -> Tracing | None:
    """Returns what traces calls; None when nobody asks for it.

    Args:
        insist: Whether it was asked for; otherwise ``OTEL_...`` variables decide, which may be
            meant for other programs, so that it is only logged when it cannot be done.

    Raises:
        UnsupportedError: It was asked for, and what it needs is not installed.
    """
    if not insist and not traces_wanted(os.environ):
        return None
    try:
        _check_protocol(os.environ)
        from magenta_bridge.server.telemetry.tracing import Tracing
    except ImportError as error:
        fault = UnsupportedError(_MISSING)
        fault.__cause__ = error
    except UnsupportedError as error:
        fault = error
    else:
        return Tracing()
    if insist:
        raise fault
    _log.warning("%s", fault.message)
    return None


def traces_wanted(environment: Mapping[str, str]) -> bool:
    """Returns whether the standard variables ask for traces over OTLP."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if exporter:
        return "otlp" in exporter.split(",")
    return any(environment.get(name) for name in _ENDPOINTS)


def _check_protocol(environment: Mapping[str, str]) -> None:
    for name in _PROTOCOLS:
        protocol = environment.get(name, "").strip().lower()
        if protocol not in ("", "grpc"):
            raise UnsupportedError(
                f"Traces are sent over gRPC, and {name} says {protocol!r}; set it to grpc."
            )
