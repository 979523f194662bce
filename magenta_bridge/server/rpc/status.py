"""Convert errors to ``google.rpc.Status``."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Final

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from magenta_bridge.errors import InternalError, MagentaBridgeError

DOMAIN: Final = "magenta-bridge"

# A status is sent in HTTP headers, which may be 8 KiB everywhere and contain the message twice,
# once percent-encoded. These limits keep the headers below that size for any request.
_MESSAGE_BYTES: Final = 1_000
_VALUE_BYTES: Final = 200
_METADATA_ENTRIES: Final = 8

_RETRY_DELAYS_MS: Final = {"UNAVAILABLE": 1_000, "RESOURCE_EXHAUSTED": 250}

_log = logging.getLogger(__name__)


def status_of(
    error: Exception, *, where: str, about: Mapping[str, str] | None = None
) -> status_pb2.Status:
    """Return the status that the caller receives.

    Args:
        error: Any exception. An unexpected one is logged with its traceback under an incident id,
            and the caller receives only that id.
        where: Method and request id, for the text log.
        about: The same, as fields of the JSON log.
    """
    if not isinstance(error, MagentaBridgeError) or error.code == "UNKNOWN":
        error = _incident(error, where, about or {})
    message = _cut(error.message, _MESSAGE_BYTES)
    status = status_pb2.Status(code=grpc.StatusCode[error.code].value[0], message=message)
    for detail in (_error_info(error), *_advice(error, message)):
        status.details.add().Pack(detail)
    return status


def _incident(error: Exception, where: str, about: Mapping[str, str]) -> InternalError:
    incident = secrets.token_hex(4)
    fields = {"incident": incident, **about}
    _log.error("Incident %s in %s", incident, where, exc_info=error, extra={"fields": fields})
    return InternalError(
        f"The server failed on this request; for the cause, see incident {incident} in its log. "
        "Please report it.",
        metadata={"incident": incident},
    )


def _error_info(error: MagentaBridgeError) -> error_details_pb2.ErrorInfo:
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN)
    entries = {**error.metadata, "field": error.field} if error.field else error.metadata
    for key, value in list(entries.items())[-_METADATA_ENTRIES:]:
        info.metadata[key] = _cut(value, _VALUE_BYTES)
    return info


def _advice(error: MagentaBridgeError, message: str) -> list[Message]:
    if error.code == "INVALID_ARGUMENT":
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=_cut(error.field or "request", _VALUE_BYTES), description=message
        )
        return [error_details_pb2.BadRequest(field_violations=[violation])]
    if error.code not in _RETRY_DELAYS_MS:
        return []
    retry = error_details_pb2.RetryInfo(retry_delay=_retry_delay(error))
    return [retry] if error.code == "UNAVAILABLE" else [retry, _quota(error, message)]


def _retry_delay(error: MagentaBridgeError) -> Duration:
    """Return the delay in the error's metadata, or the default of its code."""
    stated = error.metadata.get("retry_after_ms", "")
    delay = Duration()
    delay.FromMilliseconds(int(stated) if stated.isdecimal() else _RETRY_DELAYS_MS[error.code])
    return delay


def _quota(error: MagentaBridgeError, message: str) -> error_details_pb2.QuotaFailure:
    violation = error_details_pb2.QuotaFailure.Violation(
        subject=_cut(error.metadata.get("limit", "requests"), _VALUE_BYTES), description=message
    )
    return error_details_pb2.QuotaFailure(violations=[violation])


def _cut(text: str, most_bytes: int) -> str:
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= most_bytes:
        return encoded.decode("utf-8")
    return encoded[: most_bytes - 3].decode("utf-8", "ignore") + "..."
