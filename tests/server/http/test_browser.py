"""A web page of another origin, in a real browser, against the server on the same computer."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium import webdriver

from magenta_bridge.server.settings import HttpSettings
from tests.cli.browser import open_browser
from tests.contract.live_server import LiveServer

SERVICE = "/magenta_bridge.v1.GenerationService"
# Sends one request of a page and returns what the page can see of the response.
ATTEMPT = """
const [url, kind, mode, body, done] = arguments;
const options = {method: body === null ? 'GET' : 'POST', mode, body};
if (kind) options.headers = {'content-type': kind, 'connect-protocol-version': '1'};
if (!kind) delete options.headers;
fetch(url, options)
    .then(async response => done([response.type, response.status, await response.text()]))
    .catch(error => done(['error', 0, String(error)]));
"""


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing."""


@contextlib.contextmanager
def _page() -> Iterator[str]:
    """Serve a page on another port of this computer; yield its origin."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture(scope="module")
def window() -> Iterator[webdriver.Chrome]:
    """A browser."""
    with open_browser() as browser:
        browser.set_script_timeout(30)
        yield browser


def _try(
    window: webdriver.Chrome,
    url: str,
    body: str | None = None,
    *,
    kind: str = "",
    mode: str = "cors",
) -> tuple[str, int, str]:
    answer: Any = window.execute_async_script(ATTEMPT, url, kind, mode, body)
    visible, status, text = answer
    return visible, status, text


def test_a_page_of_another_origin_cannot_send_calls_or_read_responses(
    window: webdriver.Chrome,
) -> None:
    """Neither with a preflight request nor with one that browsers send without it."""
    server = LiveServer(http=HttpSettings())
    request = '{"generatorId": "gated", "options": {"generateSections": [{"endTime": 4}]}}'
    try:
        with _page() as origin:
            port = urlsplit(server.web.url).port
            for host in ("127.0.0.1", "localhost"):
                url = f"http://{host}:{port}"
                generate = f"{url}{SERVICE}/Generate"
                window.get(origin)
                for kind in ("application/json", "text/plain"):
                    assert _try(window, generate, request, kind=kind)[0] == "error"
                assert _try(window, f"{url}/healthz")[0] == "error"
                # The page cannot read these; that the server did nothing is asserted below.
                assert _try(window, generate, request, mode="no-cors")[1:] == (0, "")
                assert _try(window, f"{url}/healthz", mode="no-cors")[1:] == (0, "")
                window.get("data:text/html,<title>nowhere</title>")
                assert _try(window, generate, request, kind="application/json")[0] == "error"
        assert not server.gated.waiting.is_set()
        assert server.pool.open == 0
    finally:
        server.close()


def test_a_page_of_an_allowed_origin_lists_and_generates(window: webdriver.Chrome) -> None:
    with _page() as origin, _page() as other:
        server = LiveServer(http=HttpSettings(origins=(origin,)))
        try:
            url = f"{server.web.url}{SERVICE}"
            request = '{"generatorId": "scale", "options": {"generateSections": [{"endTime": 4}]}}'
            window.get(origin)
            kind, status, text = _try(window, f"{url}/Generate", request, kind="application/json")
            assert (kind, status) == ("cors", 200)
            assert "sequences" in text
            kind, status, text = _try(
                window, f"{url}/ListGenerators?encoding=json&message=%7B%7D&connect=v1"
            )
            assert (kind, status) == ("cors", 200)
            assert "scale" in text
            kind, status, text = _try(window, f"{url}/Generate", "{}", kind="application/json")
            assert (kind, status) == ("cors", 404)
            assert "not_found" in text
            window.get(other)
            assert _try(window, f"{url}/Generate", request, kind="application/json")[0] == "error"
        finally:
            server.close()


def test_the_address_can_be_opened_in_a_browser(window: webdriver.Chrome) -> None:
    """A typed address has no origin."""
    server = LiveServer(http=HttpSettings())
    try:
        window.get(f"{server.web.url}/healthz")
        assert "SERVING" in window.page_source
    finally:
        server.close()
