"""HTTP around the calls: paths, verbs, content types, versions, compression, malformed HTTP."""

from __future__ import annotations

import base64
import gzip
import json
import urllib.parse
from urllib.parse import urlsplit

import pytest

from magenta_bridge.limits import MESSAGE_BYTES
from magenta_bridge.v1 import generation_pb2 as pb
from tests.contract.live_server import LiveServer
from tests.server.http.client import fetch, frame, frames, open_socket, read_error

SERVICE = "/magenta_bridge.v1.GenerationService"
LIST, GET = f"{SERVICE}/ListGenerators", f"{SERVICE}/GetGenerator"
GENERATE, STREAM = f"{SERVICE}/Generate", f"{SERVICE}/StreamGenerate"
JSON = "application/json"
SCALE = urllib.parse.quote('{"generatorId":"scale"}')


def test_json_uses_the_names_of_protobufs_mapping(live: LiveServer) -> None:
    """CamelCase and snake_case are read; camelCase is written."""
    for name in ("pageSize", "page_size"):
        body = json.dumps({name: 1}).encode()
        response = fetch(live.web.url, LIST, body, Content_Type="application/json; charset=utf-8")
        assert len(response.json()["generators"]) == 1
        assert response.json()["nextPageToken"]
    assert response.headers["content-type"] == JSON
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    "query",
    [
        f"message={SCALE}&encoding=json&connect=v1",
        f"encoding=json&message={SCALE}",
        "connect=v1&encoding=json&base64=1&message="
        + base64.urlsafe_b64encode(b'{"generatorId":"scale"}').decode().rstrip("="),
        "connect=v1&encoding=proto&base64=1&message="
        + urllib.parse.quote(
            base64.urlsafe_b64encode(
                pb.GetGeneratorRequest(generator_id="scale").SerializeToString()
            ).decode()
        ),
    ],
)
def test_methods_without_side_effects_accept_get(live: LiveServer, query: str) -> None:
    response = fetch(live.web.url, f"{GET}?{query}")
    assert response.status == 200, response.body
    assert b"scale" in response.body


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("encoding=json", 400, "INVALID_ARGUMENT"),
        ("encoding=json&message=%7B", 400, "INVALID_ARGUMENT"),
        ("encoding=json&message=%FF%FE", 400, "INVALID_ARGUMENT"),
        ("encoding=json&message=*&base64=1", 400, "INVALID_ARGUMENT"),
        ("encoding=json&message=%7B%7D&connect=v2", 400, "INVALID_ARGUMENT"),
        ("encoding=json&message=%7B%7D&compression=gzip", 501, "UNIMPLEMENTED"),
        ("encoding=xml&message=%7B%7D", 415, "UNIMPLEMENTED"),
        ("message=%7B%7D", 415, "UNIMPLEMENTED"),
    ],
)
def test_an_invalid_get_is_rejected(live: LiveServer, query: str, status: int, code: str) -> None:
    response = fetch(live.web.url, f"{LIST}?{query}")
    assert (response.status, response.failure().code) == (status, code)


@pytest.mark.parametrize(
    ("path", "verb", "status", "part"),
    [
        (f"{SERVICE}/Compose", "POST", 404, "ListGenerators"),
        ("/grpc.health.v1.Health/Check", "POST", 404, "docs/http.md"),
        ("/../etc/passwd", "GET", 404, "docs/http.md"),
        (GENERATE, "GET", 405, "POST"),
        (STREAM, "GET", 405, "POST"),
        (LIST, "DELETE", 405, "GET and POST"),
        ("/healthz", "POST", 405, "GET"),
        (LIST, "OPTIONS", 405, "GET and POST"),
    ],
)
def test_an_unknown_path_or_verb_is_rejected_with_the_choices(
    live: LiveServer, path: str, verb: str, status: int, part: str
) -> None:
    response = fetch(live.web.url, path, b"{}", verb=verb, Content_Type=JSON)
    failure = response.failure()
    assert (response.status, failure.code) == (status, "UNIMPLEMENTED")
    assert part in failure.message
    assert ("allow" in response.headers) == (status == 405)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (LIST, "text/plain"),
        (LIST, "application/x-www-encoding-urlencoded"),
        (LIST, "application/connect+json"),
        (LIST, "application/grpc-web"),
        (LIST, "application/json; charset=utf-16"),
        (LIST, "x" * 4_000),
        (STREAM, JSON),
    ],
)
def test_another_content_type_is_rejected(live: LiveServer, path: str, kind: str) -> None:
    """Web pages may send some of them without a preflight request, but none of ours."""
    response = fetch(live.web.url, path, b"{}", Content_Type=kind)
    assert (response.status, response.failure().code) == (415, "UNIMPLEMENTED")
    assert "json" in response.headers["accept-post"]


def test_a_compressed_body_is_rejected_unread(live: LiveServer) -> None:
    """Whether or not its uncompressed size would be accepted."""
    for size in (MESSAGE_BYTES.value, 64 << 20):
        body = gzip.compress(b" " * size + b"{}", 1)
        response = fetch(live.web.url, LIST, body, Content_Type=JSON, Content_Encoding="gzip")
        assert (response.status, response.failure().code) == (501, "UNIMPLEMENTED")
        assert "identity" in response.failure().message
    framed = frame(gzip.compress(b"{}"), 1)
    for headers in ({}, {"Connect_Content_Encoding": "gzip"}):
        stream = "application/connect+json"
        response = fetch(live.web.url, STREAM, framed, Content_Type=stream, **headers)
        [(flags, end)] = frames(response.body)
        assert (response.status, flags) == (200, 2)
        assert read_error(json.loads(end)["error"]).code in {"INVALID_ARGUMENT", "UNIMPLEMENTED"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0\0\0",
        b"\0\0\0\0\5{}",
        frame(b"{}") * 2,
        frame(b"{}", 2),
        frame(b"{}", 255),
        b"{}",
    ],
)
def test_a_stream_request_has_exactly_one_whole_message(live: LiveServer, body: bytes) -> None:
    response = fetch(live.web.url, STREAM, body, Content_Type="application/connect+json")
    [(flags, end)] = frames(response.body)
    failure = read_error(json.loads(end)["error"])
    assert (response.status, flags, failure.code) == (200, 2, "INVALID_ARGUMENT")
    assert failure.fields == ("request",)


@pytest.mark.parametrize("version", ["1", None])
def test_version_one_is_accepted(live: LiveServer, version: str | None) -> None:
    headers = {} if version is None else {"Connect_Protocol_Version": version}
    assert fetch(live.web.url, LIST, b"{}", Content_Type=JSON, **headers).status == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Connect_Protocol_Version", "2"),
        ("Connect_Protocol_Version", ""),
        ("Connect_Timeout_Ms", "-1"),
        ("Connect_Timeout_Ms", "1.5"),
        ("Connect_Timeout_Ms", "soon"),
        ("Connect_Timeout_Ms", "12345678901"),
        ("Connect_Timeout_Ms", ""),
    ],
)
def test_an_invalid_protocol_header_is_named(live: LiveServer, name: str, value: str) -> None:
    response = fetch(live.web.url, LIST, b"{}", Content_Type=JSON, **{name: value})
    assert response.status == 400
    assert response.failure().fields == (name.replace("_", "-").lower(),)


def test_a_timeout_of_zero_has_passed(live: LiveServer) -> None:
    body = b'{"generatorId": "gated", "options": {"generateSections": [{"endTime": 4}]}}'
    response = fetch(live.web.url, GENERATE, body, Content_Type=JSON, Connect_Timeout_Ms="0")
    assert (response.status, response.failure().code) == (504, "DEADLINE_EXCEEDED")


def test_the_root_path_describes_the_server(live: LiveServer) -> None:
    response = fetch(live.web.url, "/")
    assert b"Magenta Bridge" in response.body
    assert b"docs/http.md" in response.body
    assert fetch(live.web.url, "/healthz").body == b"SERVING magenta_bridge.v1\n"
    head = fetch(live.web.url, "/healthz", verb="HEAD")
    assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize(
    "head",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"a%d: b\r\n" % number for number in range(500)) + b"\r\n",
    ],
)
def test_malformed_http_gets_a_clean_response(
    live: LiveServer, head: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with open_socket(live.web.url) as line:
        line.sendall(head)
        response = b""
        while part := line.recv(65_536):
            response += part
    assert response.startswith(b"HTTP/1.0 400 ") or response.startswith(b"HTTP/1.1 400 ")
    body = response.partition(b"\r\n\r\n")[2]
    assert read_error(json.loads(body)).code == "INVALID_ARGUMENT"
    assert not caplog.records


def test_a_connection_carries_several_requests(live: LiveServer) -> None:
    """Two that are pipelined, and one that waits for 100 Continue before its body."""
    address = urlsplit(live.web.url)
    head = f"Host: {address.netloc}\r\nContent-Type: {JSON}\r\nContent-Length: 2\r\n".encode()
    post = b"POST " + LIST.encode() + b" HTTP/1.1\r\n" + head
    with open_socket(live.web.url) as line:
        stream = line.makefile("rb")
        line.sendall(2 * (post + b"\r\n{}") + post + b"Expect: 100-continue\r\n\r\n")
        for status in (b"200", b"200", b"100"):
            assert stream.readline().split()[1] == status
            length = 0
            while (header := stream.readline()) != b"\r\n":
                name, _, value = header.partition(b":")
                length = int(value) if name == b"Content-Length" else length
            stream.read(length)
        line.sendall(b"{}")
        assert stream.readline().split()[1] == b"200"
        stream.close()


def test_a_damaged_chunk_is_rejected(live: LiveServer) -> None:
    address = urlsplit(live.web.url)
    head = (
        f"POST {LIST} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: {JSON}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nnonsense\r\n"
    )
    with open_socket(live.web.url) as line:
        line.sendall(head.encode())
        with line.makefile("rb") as stream:
            response = stream.read()
    assert b" 400 " in response.partition(b"\r\n")[0]


def test_every_response_has_the_request_id(live: LiveServer) -> None:
    body = json.dumps({"generatorId": "missing", "requestId": "take ♭5"}).encode()
    for headers, name in (({}, None), ({"X_Request_Id": "mine"}, "mine")):
        response = fetch(live.web.url, LIST, b"{}", Content_Type=JSON, **headers)
        assert response.headers["x-request-id"] == (name or response.headers["x-request-id"])
        assert len(response.headers["x-request-id"]) == (len(name) if name else 16)
    rejected = fetch(live.web.url, GENERATE, body, Content_Type=JSON)
    assert rejected.status == 404
    assert rejected.headers["x-request-id"] == urllib.parse.quote("take ♭5", safe="")
