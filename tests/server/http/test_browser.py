"""A web page from elsewhere, in a real browser, against the server on the same computer."""

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
# Everything that a page can try, and what came of it.
ATTEMPT = """
const [place, kind, mode, body, done] = arguments;
const asked = {method: body === null ? 'GET' : 'POST', mode, body};
if (kind) asked.headers = {'content-type': kind, 'connect-protocol-version': '1'};
if (!kind) delete asked.headers;
fetch(place, asked).then(async answer => done([answer.type, answer.status, await answer.text()]))
    .catch(error => done(['error', 0, String(error)]));
"""


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@contextlib.contextmanager
def _page() -> Iterator[str]:
    """Serves a page on another port of this computer; yields its origin."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture(scope="module")
def window() -> Iterator[webdriver.Chrome]:
    """A browser that looks at a page from elsewhere."""
    with open_browser() as browser:
        browser.set_script_timeout(30)
        yield browser


def _try(
    window: webdriver.Chrome,
    place: str,
    body: str | None = None,
    *,
    kind: str = "",
    mode: str = "cors",
) -> tuple[str, int, str]:
    answer: Any = window.execute_async_script(ATTEMPT, place, kind, mode, body)
    seen, status, text = answer
    return seen, status, text


def test_a_page_from_elsewhere_can_neither_ask_nor_hear(window: webdriver.Chrome) -> None:
    """Not by a plain request, not by one that a browser sends without asking first."""
    server = LiveServer(http=HttpSettings())
    order = '{"generatorId": "gated", "options": {"generateSections": [{"endTime": 4}]}}'
    try:
        with _page() as origin:
            port = urlsplit(server.web.place).port
            for host in ("127.0.0.1", "localhost"):
                place = f"http://{host}:{port}"
                generate = f"{place}{SERVICE}/Generate"
                window.get(origin)
                for kind in ("application/json", "text/plain"):
                    assert _try(window, generate, order, kind=kind)[0] == "error"
                assert _try(window, f"{place}/healthz")[0] == "error"
                # What comes back of these a page cannot see; that nothing was done is seen below.
                assert _try(window, generate, order, mode="no-cors")[1:] == (0, "")
                assert _try(window, f"{place}/healthz", mode="no-cors")[1:] == (0, "")
                window.get("data:text/html,<title>nowhere</title>")
                assert _try(window, generate, order, kind="application/json")[0] == "error"
        assert not server.gated.waiting.is_set()
        assert server.pool.open == 0
    finally:
        server.close()


def test_a_page_that_was_let_in_lists_and_generates(window: webdriver.Chrome) -> None:
    with _page() as origin, _page() as other:
        server = LiveServer(http=HttpSettings(origins=(origin,)))
        try:
            place = f"{server.web.place}{SERVICE}"
            order = '{"generatorId": "scale", "options": {"generateSections": [{"endTime": 4}]}}'
            window.get(origin)
            kind, status, text = _try(window, f"{place}/Generate", order, kind="application/json")
            assert (kind, status) == ("cors", 200)
            assert "sequences" in text
            kind, status, text = _try(
                window, f"{place}/ListGenerators?encoding=json&message=%7B%7D&connect=v1"
            )
            assert (kind, status) == ("cors", 200)
            assert "scale" in text
            kind, status, text = _try(window, f"{place}/Generate", "{}", kind="application/json")
            assert (kind, status) == ("cors", 404)
            assert "not_found" in text
            window.get(other)
            assert _try(window, f"{place}/Generate", order, kind="application/json")[0] == "error"
        finally:
            server.close()


def test_somebody_may_look_at_it(window: webdriver.Chrome) -> None:
    """Who types the address gets an answer: it is the browser's own, and no page's."""
    server = LiveServer(http=HttpSettings())
    try:
        window.get(f"{server.web.place}/healthz")
        assert "SERVING" in window.page_source
    finally:
        server.close()
