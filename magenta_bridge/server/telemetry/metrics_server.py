"""The port that Prometheus reads: ``GET /metrics`` and ``GET /healthz``, on this computer only."""

from __future__ import annotations

import asyncio
import os
import socketserver
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.server.security.endpoint import Endpoint, check_free

HOST: Final = "127.0.0.1"

_Environment = dict[str, Any]
# WSGI's start_response, whose type has optional arguments.
_Start = Any

_PATIENCE_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.1
_LOST: Final = "There is nothing here; ask for GET /metrics or GET /healthz.\n"


class MetricsPort:
    """Answers scrapes on threads of its own, so that the event loop does not wait for them.

    Args:
        port: Where to listen; 0 for any free port.
        registry: What a scrape reads.
        serving: Whether requests are taken; false while the server goes away.
    """

    def __init__(self, port: int, registry: CollectorRegistry, serving: Callable[[], bool]) -> None:
        self._endpoint = Endpoint(HOST, port)
        self._metrics = make_wsgi_app(registry)
        self._serving = serving
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """Where it listens, ``HOST:PORT``; port 0 before it does."""
        port = self._server.server_port if self._server else self._endpoint.port
        return str(Endpoint(HOST, port))

    async def start(self) -> None:
        """Opens the port.

        Raises:
            UnsupportedError: Another program has the port, or the system forbids it.
        """
        check_free(self._endpoint)
        host, port = self._endpoint.host, self._endpoint.port
        try:
            self._server = make_server(host, port, self._answer, _Server, _Handler)
        except OSError as error:
            raise UnsupportedError(
                f"Cannot listen on {self._endpoint}; choose another port.", field="metrics_port"
            ) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="metrics", daemon=True
        )
        self._thread.start()

    async def stop(self) -> None:
        """Closes the port."""
        if self._server is not None and self._thread is not None:
            await asyncio.to_thread(self._close, self._server, self._thread)

    def _close(self, server: _Server, thread: threading.Thread) -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    def _answer(self, environment: _Environment, start: _Start) -> Iterable[bytes]:
        if environment["REQUEST_METHOD"] == "GET":
            path = environment["PATH_INFO"]
            if path == "/metrics":
                page: Iterable[bytes] = self._metrics(environment, start)
                return page
            if path == "/healthz":
                well = self._serving()
                return _say(start, "200 OK" if well else "503 Service Unavailable", _STATES[well])
        return _say(start, "404 Not Found", _LOST)


_STATES: Final = {True: "Serving.\n", False: "Draining; no new calls are taken.\n"}


def _say(start: _Start, status: str, text: str) -> list[bytes]:
    body = text.encode()
    length = ("Content-Length", str(len(body)))
    start(status, [("Content-Type", "text/plain; charset=utf-8"), length])
    return [body]


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64
    # On Windows it would let a second program listen on the same port.
    allow_reuse_address = os.name == "posix"

    def server_bind(self) -> None:
        # Without the look-up of a name for the host, which takes seconds where there is none.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])
        self.setup_environ()

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: a reader that went away is no fault of ours."""


class _Handler(WSGIRequestHandler):
    timeout = _PATIENCE_SECONDS
    # Head and page go out in two writes, and the second would wait 40 ms for the first's receipt.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Says nothing: a scrape every few seconds would fill a log."""
