"""From ``google.rpc.Status`` to what an HTTP client gets to read."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.any_pb2 import Any as Packed
from google.rpc import code_pb2, status_pb2

from magenta_bridge.errors import MagentaBridgeError

# Source: Connect Protocol Reference, "Error Codes".
_HTTP_STATUS: Final = {
    "canceled": 499,
    "unknown": 500,
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
    "internal": 500,
    "unavailable": 503,
    "data_loss": 500,
    "unauthenticated": 401,
}


class Fault(Exception):  # noqa: N818 - it carries an error, and is none itself
    """A request that is refused before it is a call of a method.

    Attributes:
        http_status: Status of the HTTP answer.
        error: What is wrong.
        headers: Headers that the answer must have.
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


def error_object(status: status_pb2.Status) -> dict[str, Any]:
    """Returns a status as Connect's Error: its code, its message, its details."""
    return {
        "code": _name(status),
        "message": status.message,
        "details": [_detail(packed) for packed in status.details],
    }


def error_body(status: status_pb2.Status) -> bytes:
    """Returns a status as the body of an answer to a unary call, in JSON."""
    return json.dumps(error_object(status), ensure_ascii=False).encode("utf-8")


def end_body(status: status_pb2.Status | None = None) -> bytes:
    """Returns the last message of a stream, in JSON: empty when all went well."""
    end = {} if status is None else {"error": error_object(status)}
    return json.dumps(end, ensure_ascii=False).encode("utf-8")


def http_status(status: status_pb2.Status) -> int:
    """Returns the HTTP status that goes with a status other than OK."""
    return _HTTP_STATUS[_name(status)]


def _name(status: status_pb2.Status) -> str:
    name = str(code_pb2.Code.Name(status.code)).lower()
    return "canceled" if name == "cancelled" else name


def _detail(packed: Packed) -> dict[str, Any]:
    debug = json_format.MessageToDict(packed)
    debug.pop("@type")
    return {
        "type": packed.TypeName(),
        "value": base64.b64encode(packed.value).decode("ascii").rstrip("="),
        "debug": debug,
    }
