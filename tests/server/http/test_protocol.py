"""HTTP around the calls: paths, verbs, types, versions, encodings, and what is no HTTP at all."""

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
from tests.server.http.asking import ask, frames, plug, read_error, wrap

SERVICE = "/magenta_bridge.v1.GenerationService"
LIST, GET = f"{SERVICE}/ListGenerators", f"{SERVICE}/GetGenerator"
GENERATE, STREAM = f"{SERVICE}/Generate", f"{SERVICE}/StreamGenerate"
JSON = "application/json"
SCALE = urllib.parse.quote('{"generatorId":"scale"}')


def test_json_takes_and_gives_the_names_that_protobuf_gives_them(live: LiveServer) -> None:
    """Either way of writing a name is read; camelCase is written."""
    for name in ("pageSize", "page_size"):
        body = json.dumps({name: 1}).encode()
        answer = ask(live.web.place, LIST, body, Content_Type="application/json; charset=utf-8")
        assert len(answer.json()["generators"]) == 1
        assert answer.json()["nextPageToken"]
    assert answer.headers["content-type"] == JSON
    assert "access-control-allow-origin" not in answer.headers


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
def test_what_changes_nothing_may_be_got(live: LiveServer, query: str) -> None:
    answer = ask(live.web.place, f"{GET}?{query}")
    assert answer.status == 200, answer.body
    assert b"scale" in answer.body


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
def test_a_get_that_is_wrong_is_told_so(
    live: LiveServer, query: str, status: int, code: str
) -> None:
    answer = ask(live.web.place, f"{LIST}?{query}")
    assert (answer.status, answer.failure().code) == (status, code)


@pytest.mark.parametrize(
    ("path", "verb", "status", "named"),
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
def test_an_unknown_path_or_verb_is_told_what_there_is(
    live: LiveServer, path: str, verb: str, status: int, named: str
) -> None:
    answer = ask(live.web.place, path, b"{}", verb=verb, Content_Type=JSON)
    failure = answer.failure()
    assert (answer.status, failure.code) == (status, "UNIMPLEMENTED")
    assert named in failure.message
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (LIST, "text/plain"),
        (LIST, "application/x-www-form-urlencoded"),
        (LIST, "application/connect+json"),
        (LIST, "application/grpc-web"),
        (LIST, "application/json; charset=utf-16"),
        (LIST, "x" * 4_000),
        (STREAM, JSON),
    ],
)
def test_another_content_type_is_not_read(live: LiveServer, path: str, kind: str) -> None:
    """A web page may send some of them without asking; none of ours is among them."""
    answer = ask(live.web.place, path, b"{}", Content_Type=kind)
    assert (answer.status, answer.failure().code) == (415, "UNIMPLEMENTED")
    assert "json" in answer.headers["accept-post"]


def test_a_compressed_body_is_refused_unread(live: LiveServer) -> None:
    """Four kilobytes that would be four megabytes, and one that would be more than is accepted."""
    for size in (MESSAGE_BYTES.value, 64 << 20):
        body = gzip.compress(b" " * size + b"{}", 1)
        answer = ask(live.web.place, LIST, body, Content_Type=JSON, Content_Encoding="gzip")
        assert (answer.status, answer.failure().code) == (501, "UNIMPLEMENTED")
        assert "identity" in answer.failure().message
    framed = wrap(gzip.compress(b"{}"), 1)
    for headers in ({}, {"Connect_Content_Encoding": "gzip"}):
        stream = "application/connect+json"
        answer = ask(live.web.place, STREAM, framed, Content_Type=stream, **headers)
        [(flags, end)] = frames(answer.body)
        assert (answer.status, flags) == (200, 2)
        assert read_error(json.loads(end)["error"]).code in {"INVALID_ARGUMENT", "UNIMPLEMENTED"}


@pytest.mark.parametrize(
    "body",
    [b"", b"\0\0\0\0", b"\0\0\0\0\5{}", wrap(b"{}") * 2, wrap(b"{}", 2), wrap(b"{}", 255), b"{}"],
)
def test_a_stream_takes_exactly_one_whole_message(live: LiveServer, body: bytes) -> None:
    answer = ask(live.web.place, STREAM, body, Content_Type="application/connect+json")
    [(flags, end)] = frames(answer.body)
    failure = read_error(json.loads(end)["error"])
    assert (answer.status, flags, failure.code) == (200, 2, "INVALID_ARGUMENT")
    assert failure.fields == ("request",)


@pytest.mark.parametrize("version", ["1", None])
def test_version_one_is_spoken(live: LiveServer, version: str | None) -> None:
    headers = {} if version is None else {"Connect_Protocol_Version": version}
    assert ask(live.web.place, LIST, b"{}", Content_Type=JSON, **headers).status == 200


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
def test_a_header_of_the_protocol_that_is_wrong_is_named(
    live: LiveServer, name: str, value: str
) -> None:
    answer = ask(live.web.place, LIST, b"{}", Content_Type=JSON, **{name: value})
    assert answer.status == 400
    assert answer.failure().fields == (name.replace("_", "-").lower(),)


def test_no_time_at_all_is_a_deadline_that_has_passed(live: LiveServer) -> None:
    body = b'{"generatorId": "gated", "options": {"generateSections": [{"endTime": 4}]}}'
    answer = ask(live.web.place, GENERATE, body, Content_Type=JSON, Connect_Timeout_Ms="0")
    assert (answer.status, answer.failure().code) == (504, "DEADLINE_EXCEEDED")


def test_the_front_door_says_what_this_is(live: LiveServer) -> None:
    answer = ask(live.web.place, "/")
    assert b"Magenta Bridge" in answer.body
    assert b"docs/http.md" in answer.body
    assert ask(live.web.place, "/healthz").body == b"SERVING\n"
    head = ask(live.web.place, "/healthz", verb="HEAD")
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
def test_what_is_no_http_gets_a_clean_answer(
    live: LiveServer, head: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with plug(live.web.place) as line:
        line.sendall(head)
        answer = b""
        while part := line.recv(65_536):
            answer += part
    assert answer.startswith(b"HTTP/1.0 400 ") or answer.startswith(b"HTTP/1.1 400 ")
    body = answer.partition(b"\r\n\r\n")[2]
    assert read_error(json.loads(body)).code == "INVALID_ARGUMENT"
    assert not caplog.records


def test_requests_may_follow_each_other_on_one_connection(live: LiveServer) -> None:
    """Two that are sent at once, and one whose body is asked for before it is sent."""
    address = urlsplit(live.web.place)
    head = f"Host: {address.netloc}\r\nContent-Type: {JSON}\r\nContent-Length: 2\r\n".encode()
    post = b"POST " + LIST.encode() + b" HTTP/1.1\r\n" + head
    with plug(live.web.place) as line:
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


def test_a_cut_off_body_is_told_so(live: LiveServer) -> None:
    address = urlsplit(live.web.place)
    head = (
        f"POST {LIST} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: {JSON}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nnonsense\r\n"
    )
    with plug(live.web.place) as line:
        line.sendall(head.encode())
        with line.makefile("rb") as stream:
            answer = stream.read()
    assert b" 400 " in answer.partition(b"\r\n")[0]


def test_every_answer_says_what_the_call_is_called(live: LiveServer) -> None:
    body = json.dumps({"generatorId": "nobody", "requestId": "take ♭5"}).encode()
    for headers, name in (({}, None), ({"X_Request_Id": "mine"}, "mine")):
        answer = ask(live.web.place, LIST, b"{}", Content_Type=JSON, **headers)
        assert answer.headers["x-request-id"] == (name or answer.headers["x-request-id"])
        assert len(answer.headers["x-request-id"]) == (len(name) if name else 16)
    refused = ask(live.web.place, GENERATE, body, Content_Type=JSON)
    assert refused.status == 404
    assert refused.headers["x-request-id"] == urllib.parse.quote("take ♭5", safe="")
