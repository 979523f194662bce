"""A server without free file descriptors says so once, and accepts connections again later."""

from __future__ import annotations

import re
import socket
import sys

import pytest

from tests.cli.program import PROGRAM
from tests.server.process import BUNDLE, Process

# A shell sets the limit, because a function between fork and exec may deadlock.
_SERVE = 'ulimit -n 64; exec "$0" serve --port 0 --metrics-port 0 --bundle "$1"'
_MOST_LINES = 20


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no ulimit")
def test_connections_without_descriptors_cost_one_line_for_each_port() -> None:
    process = Process(["sh", "-c", _SERVE, PROGRAM, BUNDLE])
    try:
        serving = process.line("Serving")
        http = int(re.findall(r"http://127\.0\.0\.1:(\d+)", serving)[0])
        metrics = int(re.findall(r":(\d+)/metrics", process.line("Metrics"))[0])
        for name, port in (("metrics", metrics), ("HTTP", http)):
            sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(90)]
            assert f"The {name} port accepts no connections" in process.line(
                "accepts no connections", error=True
            )
            for each in sockets:
                each.close()
            _get(port)
        process.process.terminate()
        code, _, log = process.wait()
    finally:
        process.close()
    assert code == 0
    assert log.count("\n") < _MOST_LINES, log


def _get(port: int) -> None:
    """Ask for the health until a connection is accepted again, within the socket's timeout."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(
            f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
        )
        assert b"200" in connection.recv(100)
