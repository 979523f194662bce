"""Which requests are admitted: those of programs and of pages of allowed origins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.server.http.origin_guard import read_origin
from magenta_bridge.server.settings import HttpSettings
from tests.contract.live_server import LiveServer
from tests.server.http.client import Response, fetch, open_socket

LIST = "/magenta_bridge.v1.GenerationService/ListGenerators"
PAGE = "http://localhost:8000"


@pytest.fixture(scope="module")
def closed() -> Iterator[LiveServer]:
    """A server that allows no origin."""
    server = LiveServer(http=HttpSettings())
    yield server
    server.close()


@pytest.fixture(scope="module")
def opened() -> Iterator[LiveServer]:
    """A server that allows one origin."""
    server = LiveServer(http=HttpSettings(origins=(PAGE,)))
    yield server
    server.close()


def _post(server: LiveServer, **headers: str) -> Response:
    return fetch(server.web.url, LIST, b"{}", Content_Type="application/json", **headers)


def _rejected(response: Response) -> bool:
    failed = response.status == 403 and response.failure().code == "PERMISSION_DENIED"
    assert failed or response.status in (200, 204)
    assert not failed or "access-control-allow-origin" not in response.headers
    return failed


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost:{}", "LocalHost:{}"])
def test_a_localhost_name_with_our_port_is_admitted(closed: LiveServer, host: str) -> None:
    port = urlsplit(closed.web.url).port
    assert not _rejected(_post(closed, Host=host.format(port)))


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
def test_any_other_host_is_rejected(closed: LiveServer, host: str, path: str) -> None:
    """A page whose host name resolves to this computer (DNS rebinding) sends its own name."""
    port = urlsplit(closed.web.url).port
    response = fetch(closed.web.url, path, Host=host.format(port))
    assert _rejected(response)


@pytest.mark.parametrize(
    "head",
    [
        "GET {path} HTTP/1.0\r\n",
        "GET {path} HTTP/1.0\r\nHost: evil.example\r\n",
        "GET {path} HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1:{port}\r\n",
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\n",
    ],
)
def test_no_host_and_two_hosts_are_rejected(closed: LiveServer, head: str) -> None:
    port = urlsplit(closed.web.url).port
    with open_socket(closed.web.url) as line:
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
def test_a_page_that_nobody_let_in_is_rejected(
    closed: LiveServer, opened: LiveServer, headers: dict[str, Any]
) -> None:
    """For every verb, including the preflight's."""
    for server in (closed, opened):
        assert _rejected(_post(server, **headers))
        assert _rejected(fetch(server.web.url, "/healthz", **headers))
        headers_sent: dict[str, Any] = {"Access_Control_Request_Method": "POST", **headers}
        assert _rejected(fetch(server.web.url, LIST, verb="OPTIONS", **headers_sent))


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_a_typed_address_is_admitted(closed: LiveServer, site: str) -> None:
    assert not _rejected(fetch(closed.web.url, "/healthz", Sec_Fetch_Site=site))


def test_the_servers_own_origin_is_rejected(closed: LiveServer) -> None:
    """It serves no page that could send requests."""
    assert _rejected(_post(closed, Origin=closed.web.url))


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_an_allowed_origin_gets_responses(opened: LiveServer, site: str) -> None:
    headers_sent: dict[str, Any] = {"Origin": PAGE, "Sec_Fetch_Site": site}
    headers_sent["Access_Control_Request_Method"] = "POST"
    preflight = fetch(opened.web.url, LIST, verb="OPTIONS", **headers_sent)
    assert (preflight.status, preflight.body) == (204, b"")
    allowed = preflight.headers["access-control-allow-headers"].split(", ")
    assert {"content-type", "x-request-id"} <= set(allowed)
    for response in (
        preflight,
        _post(opened, Origin=PAGE, Sec_Fetch_Site=site),
        fetch(opened.web.url, LIST, b"{", Content_Type="application/json", Origin=PAGE),
        fetch(opened.web.url, "/nothing", Origin=PAGE),
    ):
        assert response.headers["access-control-allow-origin"] == PAGE
        assert response.headers["access-control-expose-headers"] == "x-request-id"
        assert response.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://localhost:8000", "http://localhost:8000"),
        ("HTTP://LocalHost:8000/", "http://localhost:8000"),
        ("https://studio.example:443", "https://studio.example"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_origin_is_normalized_as_browsers_do(text: str, origin: str) -> None:
    assert read_origin(text) == origin


@pytest.mark.parametrize(
    "text", ["*", "null", "", "localhost:8000", "http://", "http://a/b", "file://x", "http://*.a.b"]
)
def test_what_is_no_origin_is_rejected(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match="not the origin"):
        read_origin(text)
