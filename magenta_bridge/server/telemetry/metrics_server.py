"""The HTTP port for Prometheus: ``GET /metrics`` and ``GET /healthz``, on localhost only."""

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

_TIMEOUT_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.1
_NOT_FOUND: Final = "Not found. Available: GET /metrics and GET /healthz.\n"


class MetricsPort:
    """Serves scrapes on its own threads, so that they do not block the event loop.

    Args:
        port: Port to listen on; 0 for any free port.
        registry: The metrics to serve.
        serving: Returns whether calls are accepted; False while the server drains.
    """

    def __init__(self, port: int, registry: CollectorRegistry, serving: Callable[[], bool]) -> None:
        self._endpoint = Endpoint(HOST, port)
        self._metrics = make_wsgi_app(registry)
        self._serving = serving
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        """The address, ``HOST:PORT``; may have port 0 before ``start``."""
        port = self._server.server_port if self._server else self._endpoint.port
        return str(Endpoint(HOST, port))

    async def start(self) -> None:
        """Open the port.

        Raises:
            UnsupportedError: Another program uses the port, or the system forbids it.
        """
        check_free(self._endpoint)
        host, port = self._endpoint.host, self._endpoint.port
        try:
            self._server = make_server(host, port, self._respond, _Server, _Handler)
        except OSError as error:
            raise UnsupportedError(
                f"Cannot listen on {self._endpoint}; choose another port.", field="metrics_port"
            ) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="metrics", daemon=True
        )
        self._thread.start()

    async def stop(self) -> None:
        """Close the port."""
        if self._server is not None and self._thread is not None:
            await asyncio.to_thread(self._server.shutdown)
            await asyncio.to_thread(self._thread.join)
            self._server.server_close()

    def _respond(self, environment: _Environment, start: _Start) -> Iterable[bytes]:
        if environment["REQUEST_METHOD"] == "GET":
            path = environment["PATH_INFO"]
            if path == "/metrics":
                page: Iterable[bytes] = self._metrics(environment, start)
                return page
            if path == "/healthz":
                if self._serving():
                    return _send(start, "200 OK", "Serving.\n")
                return _send(start, "503 Service Unavailable", "Draining.\n")
        return _send(start, "404 Not Found", _NOT_FOUND)


def _send(start: _Start, status: str, text: str) -> list[bytes]:
    body = text.encode()
    length = ("Content-Length", str(len(body)))
    start(status, [("Content-Type", "text/plain; charset=utf-8"), length])
    return [body]


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64
    # On Windows it would allow a second program to listen on the same port.
    allow_reuse_address = os.name == "posix"

    def server_bind(self) -> None:
        # Skip the reverse name lookup, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])
        self.setup_environ()

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore readers that disconnect."""


class _Handler(WSGIRequestHandler):
    timeout = _TIMEOUT_SECONDS
    # Head and page are two writes; with Nagle's algorithm the second would wait 40 ms.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Do not log: a scrape every few seconds would fill the log."""
