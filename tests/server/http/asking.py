"""Asks a server over HTTP as a client of the Connect protocol does, with Python's own client."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import struct
from collections.abc import Iterator, Mapping
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


class FailedAsking(Exception):  # noqa: N818 - it carries a failure
    """A call that did not end well.

    Attributes:
        failure: What the server says.
        http_status: Status of the HTTP answer.
    """

    def __init__(self, failure: Failure, http_status: int) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.http_status = http_status


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever it is
        """Returns the body, read as JSON."""
        return json.loads(self.body)

    def failure(self) -> Failure:
        """Returns what the body says went wrong."""
        assert self.headers["content-type"] == "application/json"
        return read_error(self.json())


@contextlib.contextmanager
def connection(place: str) -> Iterator[http.client.HTTPConnection]:
    """Yields a connection to ``http://HOST:PORT``."""
    made = http.client.HTTPConnection(urlsplit(place).netloc, timeout=30)
    try:
        yield made
    finally:
        made.close()


def plug(place: str, buffer: int | None = None) -> socket.socket:
    """Returns a bare connection to ``http://HOST:PORT``.

    Args:
        place: Where to.
        buffer: Bytes that the system takes in before they are read; None for many.
    """
    host, _, port = urlsplit(place).netloc.rpartition(":")
    line = socket.socket()
    if buffer is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    line.settimeout(30)
    line.connect((host, int(port)))
    return line


def ask(
    place: str,
    path: str,
    body: bytes | None = None,
    *,
    verb: str = "",
    **headers: str,
) -> Answer:
    """Sends one request and returns the answer.

    Args:
        place: ``http://HOST:PORT``.
        path: Path and query.
        body: The body; None for none.
        verb: HTTP's method; by default GET without a body, else POST.
        headers: Headers, with underscores for hyphens.
    """
    with connection(place) as made:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        made.request(verb or ("GET" if body is None else "POST"), path, body, sent)
        answer = made.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, names, answer.read())


def read_error(error: Mapping[str, Any]) -> Failure:
    """Returns what a Connect error says, after checking it against the rules for all errors."""
    code = error["code"].upper().replace("CANCELED", "CANCELLED")
    status = status_pb2.Status(code=code_pb2.Code.Value(code), message=error["message"])
    for detail in error["details"]:
        value = base64.b64decode(detail["value"] + "=" * (-len(detail["value"]) % 4))
        packed = status.details.add(type_url=f"type.googleapis.com/{detail['type']}", value=value)
        told = json_format.MessageToDict(packed)
        told.pop("@type")
        assert told == detail["debug"]
    return check_status(status)


def wrap(data: bytes, flags: int = 0) -> bytes:
    """Returns a message in its frame."""
    return struct.pack(">BI", flags, len(data)) + data


def content_type(case: RpcCase, form: str) -> str:
    """Returns the content type for a method's requests, ``json`` or ``proto``."""
    return f"application/connect+{form}" if case.streaming else f"application/{form}"


def write(message: Message, form: str) -> bytes:
    """Returns a message as bytes, ``json`` or ``proto``."""
    if form == "proto":
        return message.SerializeToString()
    return json_format.MessageToJson(message).encode()


def call(place: str, case: RpcCase, data: bytes, form: str, **headers: str) -> list[Message]:
    """Sends one message's bytes and returns all responses.

    Raises:
        FailedAsking: The call did not end well.
    """
    body = wrap(data) if case.streaming else data
    kind = content_type(case, form)
    answer = ask(place, case.method, body, Content_Type=kind, **headers)
    if not case.streaming:
        if answer.status != 200:
            raise _failed(read_error(answer.json()), answer.status)
        assert answer.headers["content-type"] == kind
        return [read(answer.body, case, form)]
    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    *pieces, (flags, last) = frames(answer.body)
    assert flags == _END
    end = json.loads(last)
    if "error" in end:
        raise FailedAsking(read_error(end["error"]), answer.status)
    assert all(flags == 0 for flags, _ in pieces)
    return [read(piece, case, form) for _, piece in pieces]


def _failed(failure: Failure, http_status: int) -> FailedAsking:
    assert http_status == HTTP_STATUS[failure.code]
    return FailedAsking(failure, http_status)


def read(data: bytes, case: RpcCase, form: str) -> Message:
    """Returns a response that came as bytes."""
    if form == "proto":
        return case.response.FromString(data)
    return json_format.Parse(data, case.response())


def frames(data: bytes) -> list[tuple[int, bytes]]:
    """Returns flags and message of each frame of a stream."""
    found = []
    while data:
        flags, length = struct.unpack_from(">BI", data)
        found.append((flags, data[5 : 5 + length]))
        assert len(found[-1][1]) == length
        data = data[5 + length :]
    return found
