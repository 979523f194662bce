"""The HTTP port for Prometheus: ``GET /metrics`` and ``GET /healthz``, on localhost only."""

from __future__ import annotations

import asyncio
import os
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import MetricsHandler

from magenta_bridge.server.security.endpoint import AcceptFailures, Endpoint, listen_error

HOST: Final = "127.0.0.1"
LOCAL_HOSTS: Final = (HOST, "localhost")

_TIMEOUT_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.1
# After a connection that could not be accepted.
_PAUSE_SECONDS: Final = 1.0


class MetricsPort:
    """Serves scrapes on its own threads, so that they do not block the event loop.

    Args:
        port: Port to listen on; 0 for any free port.
        registry: The metrics to serve.
        serving: Returns whether calls are accepted; False while the server drains.
    """

    def __init__(self, port: int, registry: CollectorRegistry, serving: Callable[[], bool]) -> None:
        self._endpoint = Endpoint(HOST, port)
        self._handler = type("_Handler", (_Handler,), {"registry": registry})
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
        try:
            self._server = _Server((HOST, self._endpoint.port), self._handler)
        except OSError as error:
            raise listen_error(self._endpoint, error) from error
        self._server.serving = self._serving
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


class _Server(ThreadingHTTPServer):
    request_queue_size = 64
    # On Windows it would allow a second program to listen on the same port.
    allow_reuse_address = os.name == "posix"
    serving: Callable[[], bool]
    _failures = AcceptFailures("metrics")

    def server_bind(self) -> None:
        # Skip the reverse name lookup, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; after a failure, pause."""
        try:
            return super().get_request()
        except OSError as error:
            self._failures.report(error)
            time.sleep(_PAUSE_SECONDS)
            raise

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore readers that disconnect."""


class _Handler(MetricsHandler):
    timeout = _TIMEOUT_SECONDS
    # Head and page are two writes; with Nagle's algorithm the second would wait 40 ms.
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:  # noqa: N802
        if not self._is_local():
            text = "Forbidden. Use 127.0.0.1 or localhost, and not from a web page.\n"
            self._send(HTTPStatus.FORBIDDEN, text)
            return
        path = self.path.partition("?")[0]
        if path == "/metrics":
            super().do_GET()
        elif path != "/healthz":
            self.do_POST()
        elif self.server.serving():
            self._send(HTTPStatus.OK, "Serving.\n")
        else:
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, "Draining.\n")

    def do_POST(self) -> None:  # noqa: N802
        text = "Not found. Available: GET /metrics and GET /healthz.\n"
        self._send(HTTPStatus.NOT_FOUND, text)

    def _is_local(self) -> bool:
        """Return whether the request is not from a web page; see ``http.origin_guard``.

        The port may be another one, that of a tunnel.
        """
        hosts = self.headers.get_all("Host", [])
        site = self.headers.get("Sec-Fetch-Site", "none")
        return (
            len(hosts) == 1
            and hosts[0].lower().partition(":")[0] in LOCAL_HOSTS
            and "Origin" not in self.headers
            and site in ("none", "same-origin")
        )

    def _send(self, status: HTTPStatus, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
