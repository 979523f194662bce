"""Which requests may pass: honest ones, and those of pages that were let in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.server.http.origin_guard import read_origin
from magenta_bridge.server.settings import HttpSettings
from tests.contract.live_server import LiveServer
from tests.server.http.asking import Answer, ask, plug

LIST = "/magenta_bridge.v1.GenerationService/ListGenerators"
PAGE = "http://localhost:8000"


@pytest.fixture(scope="module")
def closed() -> Iterator[LiveServer]:
    """A server that lets no page in."""
    server = LiveServer(http=HttpSettings())
    yield server
    server.close()


@pytest.fixture(scope="module")
def opened() -> Iterator[LiveServer]:
    """A server that lets one page in."""
    server = LiveServer(http=HttpSettings(origins=(PAGE,)))
    yield server
    server.close()


def _post(server: LiveServer, **headers: str) -> Answer:
    return ask(server.web.place, LIST, b"{}", Content_Type="application/json", **headers)


def _refused(answer: Answer) -> bool:
    failed = answer.status == 403 and answer.failure().code == "PERMISSION_DENIED"
    assert failed or answer.status in (200, 204)
    assert not failed or "access-control-allow-origin" not in answer.headers
    return failed


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost:{}", "LocalHost:{}"])
def test_a_loopback_name_with_our_port_is_ours(closed: LiveServer, host: str) -> None:
    port = urlsplit(closed.web.place).port
    assert not _refused(_post(closed, Host=host.format(port)))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:{}",
        "evil.example",
        "127.0.0.1",
        "localhost",
        "localhost:1",
        "localhost.evil.example:{}",
        "127.0.0.1.nip.io:{}",
        "[::1]:{}",
        "0.0.0.0:{}",
        "localhost:{}@evil.example",
        "",
    ],
)
@pytest.mark.parametrize("path", [LIST, "/healthz", "/"])
def test_any_other_host_is_refused(closed: LiveServer, host: str, path: str) -> None:
    """A page whose name points here, for a moment, says its own name."""
    port = urlsplit(closed.web.place).port
    answer = ask(closed.web.place, path, Host=host.format(port))
    assert _refused(answer)


@pytest.mark.parametrize(
    "head",
    [
        "GET {path} HTTP/1.0\r\n",
        "GET {path} HTTP/1.0\r\nHost: evil.example\r\n",
        "GET {path} HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1:{port}\r\n",
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\n",
    ],
)
def test_no_host_and_two_hosts_are_refused(closed: LiveServer, head: str) -> None:
    port = urlsplit(closed.web.place).port
    with plug(closed.web.place) as line:
        line.sendall((head.format(path="/healthz", port=port) + "\r\n").encode())
        status = line.recv(65_536).split()[1]
    assert status in (b"400", b"403")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "file://"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "something-new"},
        {"Origin": f"{PAGE}.evil.example", "Sec_Fetch_Site": "cross-site"},
        {"Origin": "http://localhost:80000"},
        {"Origin": "https://localhost:8000"},
    ],
)
def test_a_page_that_nobody_let_in_is_refused(
    closed: LiveServer, opened: LiveServer, headers: dict[str, Any]
) -> None:
    """For every verb, the one with which a browser asks beforehand among them."""
    for server in (closed, opened):
        assert _refused(_post(server, **headers))
        assert _refused(ask(server.web.place, "/healthz", **headers))
        wanted: dict[str, Any] = {"Access_Control_Request_Method": "POST", **headers}
        assert _refused(ask(server.web.place, LIST, verb="OPTIONS", **wanted))


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_an_address_that_somebody_typed_is_answered(closed: LiveServer, site: str) -> None:
    assert not _refused(ask(closed.web.place, "/healthz", Sec_Fetch_Site=site))


def test_the_server_itself_is_no_page_that_may_ask(closed: LiveServer) -> None:
    """It serves no page; who says to be one has been made to."""
    assert _refused(_post(closed, Origin=closed.web.place))


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_that_was_let_in_is_answered(opened: LiveServer, site: str) -> None:
    wanted: dict[str, Any] = {"Origin": PAGE, "Sec_Fetch_Site": site}
    wanted["Access_Control_Request_Method"] = "POST"
    before = ask(opened.web.place, LIST, verb="OPTIONS", **wanted)
    assert (before.status, before.body) == (204, b"")
    named = before.headers["access-control-allow-headers"].split(", ")
    assert {"content-type", "x-request-id"} <= set(named)
    for answer in (
        before,
        _post(opened, Origin=PAGE, Sec_Fetch_Site=site),
        ask(opened.web.place, LIST, b"{", Content_Type="application/json", Origin=PAGE),
        ask(opened.web.place, "/nothing", Origin=PAGE),
    ):
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert answer.headers["access-control-expose-headers"] == "x-request-id"
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://localhost:8000", "http://localhost:8000"),
        ("HTTP://LocalHost:8000/", "http://localhost:8000"),
        ("https://studio.example:443", "https://studio.example"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_origin_is_read_as_browsers_write_it(text: str, origin: str) -> None:
    assert read_origin(text) == origin


@pytest.mark.parametrize(
    "text", ["*", "null", "", "localhost:8000", "http://", "http://a/b", "file://x", "http://*.a.b"]
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match="origin"):
        read_origin(text)
