"""A client of the Connect protocol, on Python's own HTTP client."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2

from tests.contract.answers import Failure, check_status
from tests.contract.rpc_cases import RpcCase

# Source: Connect Protocol Reference, "Error Codes".
HTTP_STATUS: Final = {
    "CANCELLED": 499,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
}
_END: Final = 2


class FailedCall(Exception):  # noqa: N818 - it carries a failure
    """A call that failed.

    Attributes:
        failure: The error in the response.
        http_status: HTTP status of the response.
    """

    def __init__(self, failure: Failure, http_status: int) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.http_status = http_status


@dataclass(frozen=True)
class Response:
    """A whole HTTP response; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever it is
        """Return the body, parsed as JSON."""
        return json.loads(self.body)

    def failure(self) -> Failure:
        """Return the error in the body."""
        assert self.headers["content-type"] == "application/json"
        return read_error(self.json())


def open_socket(url: str, buffer: int | None = None) -> socket.socket:
    """Return a TCP connection to ``http://HOST:PORT``.

    Args:
        url: The server.
        buffer: Size of the receive buffer in bytes; None for the default.
    """
    host, _, port = urlsplit(url).netloc.rpartition(":")
    line = socket.socket()
    if buffer is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    line.settimeout(30)
    line.connect((host, int(port)))
    return line


def connect(url: str) -> http.client.HTTPConnection:
    """Return an HTTP connection to ``http://HOST:PORT``."""
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)


def fetch(
    url: str,
    path: str,
    body: bytes | None = None,
    *,
    verb: str = "",
    **headers: str,
) -> Response:
    """Send one request and return the response.

    Args:
        url: ``http://HOST:PORT``.
        path: Path and query.
        body: The body; None for none.
        verb: HTTP method; by default GET without a body, else POST.
        headers: Headers, with underscores for hyphens.
    """
    connection = connect(url)
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(verb or ("GET" if body is None else "POST"), path, body, sent)
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Response(response.status, names, response.read())
    finally:
        connection.close()


def read_error(error: Mapping[str, Any]) -> Failure:
    """Return a Connect error, after checking it against the rules for all errors."""
    code = error["code"].upper().replace("CANCELED", "CANCELLED")
    status = status_pb2.Status(code=code_pb2.Code.Value(code), message=error["message"])
    for detail in error["details"]:
        value = base64.b64decode(detail["value"] + "=" * (-len(detail["value"]) % 4))
        packed = status.details.add(type_url=f"type.googleapis.com/{detail['type']}", value=value)
        debug = json_format.MessageToDict(packed)
        debug.pop("@type")
        assert debug == detail["debug"]
    return check_status(status)


def frame(data: bytes, flags: int = 0) -> bytes:
    """Return a message in its frame."""
    return struct.pack(">BI", flags, len(data)) + data


def frames(data: bytes) -> list[tuple[int, bytes]]:
    """Return the flags and message of each frame of a stream."""
    found = []
    while data:
        flags, length = struct.unpack_from(">BI", data)
        found.append((flags, data[5 : 5 + length]))
        assert len(found[-1][1]) == length
        data = data[5 + length :]
    return found


def content_type(case: RpcCase, encoding: str) -> str:
    """Return the content type of a method's requests, ``json`` or ``proto``."""
    return f"application/connect+{encoding}" if case.streaming else f"application/{encoding}"


def encode(message: Message, encoding: str) -> bytes:
    """Return a message as bytes, ``json`` or ``proto``."""
    if encoding == "proto":
        return message.SerializeToString()
    return json_format.MessageToJson(message).encode()


def decode(data: bytes, case: RpcCase, encoding: str) -> Message:
    """Return the response message in bytes."""
    if encoding == "proto":
        return case.response.FromString(data)
    return json_format.Parse(data, case.response())


def call(url: str, case: RpcCase, data: bytes, encoding: str, **headers: str) -> list[Message]:
    """Send one encoded message and return all responses.

    Raises:
        FailedCall: The call failed.
    """
    kind = content_type(case, encoding)
    body = frame(data) if case.streaming else data
    response = fetch(url, case.method, body, Content_Type=kind, **headers)
    if not case.streaming:
        if response.status != 200:
            failure = read_error(response.json())
            assert response.status == HTTP_STATUS[failure.code]
            raise FailedCall(failure, response.status)
        assert response.headers["content-type"] == kind
        return [decode(response.body, case, encoding)]
    assert (response.status, response.headers["content-type"]) == (200, kind)
    *messages, (flags, last) = frames(response.body)
    assert flags == _END
    end = json.loads(last)
    if "error" in end:
        raise FailedCall(read_error(end["error"]), response.status)
    assert all(flags == 0 for flags, _ in messages)
    return [decode(message, case, encoding) for _, message in messages]
