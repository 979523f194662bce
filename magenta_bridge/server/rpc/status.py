"""From our errors to ``google.rpc.Status``: the one place where they meet."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Final

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from magenta_bridge.errors import InternalError, MagentaBridgeError

DOMAIN: Final = "magenta-bridge"

# A status travels in HTTP headers, of which 8 KiB arrive everywhere; the text goes there
# twice, once percent-encoded. These bounds keep the sum below, whatever a caller sent.
_MESSAGE_BYTES: Final = 1_000
_VALUE_BYTES: Final = 200
_METADATA_ENTRIES: Final = 8

_RETRY_DELAYS_MS: Final = {"UNAVAILABLE": 1_000, "RESOURCE_EXHAUSTED": 250}

_log = logging.getLogger(__name__)


def status_of(
    error: Exception, *, where: str, about: Mapping[str, str] | None = None
) -> status_pb2.Status:
    """Returns what the caller gets to know of an error.

    Args:
        error: Any exception. One that is not ours is a bug: it is logged with its traceback
            under an incident id, and the caller is told that id and nothing else.
        where: Method and request id, for the log.
        about: The same for a log that programs read.
    """
    if not isinstance(error, MagentaBridgeError) or error.code == "UNKNOWN":
        error = _incident(error, where, about or {})
    message = _cut(error.message, _MESSAGE_BYTES)
    details = [_error_info(error), *_advice(error, message)]
    return status_pb2.Status(
        code=grpc.StatusCode[error.code].value[0],
        message=message,
        details=[_packed(detail) for detail in details],
    )


def _incident(error: Exception, where: str, about: Mapping[str, str]) -> InternalError:
    incident = secrets.token_hex(4)
    fields = {"incident": incident, **about}
    _log.error("Incident %s in %s", incident, where, exc_info=error, extra={"fields": fields})
    return InternalError(
        f"The server failed on this request (incident {incident}); its log says why. "
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
    """Returns the time that the error names, else the usual one of its code."""
    told = error.metadata.get("retry_after_ms", "")
    delay = Duration()
    delay.FromMilliseconds(int(told) if told.isdecimal() else _RETRY_DELAYS_MS[error.code])
    return delay


def _quota(error: MagentaBridgeError, message: str) -> error_details_pb2.QuotaFailure:
    violation = error_details_pb2.QuotaFailure.Violation(
        subject=_cut(error.metadata.get("limit", "requests"), _VALUE_BYTES), description=message
    )
    return error_details_pb2.QuotaFailure(violations=[violation])


def _packed(detail: Message) -> Any:
    packed = Any()
    packed.Pack(detail)
    return packed


def _cut(text: str, most_bytes: int) -> str:
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= most_bytes:
        return encoded.decode("utf-8")
    return encoded[: most_bytes - 3].decode("utf-8", "ignore") + "..."
