"""Errors as Connect's JSON and as HTTP statuses."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import json_format
from google.rpc import code_pb2, status_pb2

from magenta_bridge.errors import MagentaBridgeError

# Source: Connect Protocol Reference, "Error Codes". All others are 500.
_HTTP_STATUS: Final = {
    "canceled": 499,
    "invalid_argument": 400,
    "deadline_exceeded": 504,
    "not_found": 404,
    "already_exists": 409,
    "permission_denied": 403,
    "resource_exhausted": 429,
    "failed_precondition": 400,
    "aborted": 409,
    "out_of_range": 400,
    "unimplemented": 501,
    "unavailable": 503,
    "unauthenticated": 401,
}


class HttpError(Exception):
    """A request that is rejected before it calls a method.

    Attributes:
        http_status: HTTP status of the response.
        error: What is wrong.
        headers: Headers that the response must have.
    """

    def __init__(
        self,
        http_status: int,
        error: MagentaBridgeError,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(error.message)
        self.http_status = http_status
        self.error = error
        self.headers = dict(headers or {})


def error_body(status: status_pb2.Status) -> bytes:
    """Return the body of an error response to a unary call."""
    return _encode(_error_object(status))


def end_body(status: status_pb2.Status | None = None) -> bytes:
    """Return the last message of a stream: empty if it succeeded, else its error."""
    return _encode({} if status is None else {"error": _error_object(status)})


def http_status(status: status_pb2.Status) -> int:
    """Return the HTTP status for a status other than OK."""
    return _HTTP_STATUS.get(_code_name(status), 500)


def _encode(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


def _error_object(status: status_pb2.Status) -> dict[str, Any]:
    details = []
    for packed in status.details:
        debug = json_format.MessageToDict(packed)
        debug.pop("@type")
        value = base64.b64encode(packed.value).decode("ascii").rstrip("=")
        details.append({"type": packed.TypeName(), "value": value, "debug": debug})
    return {"code": _code_name(status), "message": status.message, "details": details}


def _code_name(status: status_pb2.Status) -> str:
    return str(code_pb2.Code.Name(status.code)).lower().replace("cancelled", "canceled")
