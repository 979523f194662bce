"""``magenta-bridge top`` with a real server: one snapshot, and the live view."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from magenta_bridge.client import Client
from tests.cli.program import PROGRAM, run_program
from tests.contract.live_server import LiveServer


@pytest.fixture
def live() -> Iterator[LiveServer]:
    """A server with metrics, after one call."""
    server = LiveServer(metrics_port=0)
    _call(server)
    yield server
    server.close()


def _call(live: LiveServer) -> None:
    with Client(live.address, timeout=30) as client:
        client.generate("scale")


def _metrics(live: LiveServer) -> str:
    return live.notices()[0].rpartition(" ")[2]


def test_one_snapshot_is_text_or_json(live: LiveServer) -> None:
    text = run_program("top", "--once", "--metrics", _metrics(live))
    assert text.returncode == 0, text.stderr
    assert text.stdout.startswith("Magenta Bridge ")
    assert "\nscale " in text.stdout
    row = json.loads(run_program("top", "--once", "--json", "--metrics", _metrics(live)).stdout)
    rows = {each["method"]: each for each in row["methods"]}
    assert (rows["Generate"]["calls"], rows["Generate"]["errors"]) == (1, 0)
    (scale,) = [each for each in row["generators"] if each["generator"] == "scale"]
    assert scale["notes"] > 0
    assert row["serving"] is True


def test_the_error_without_a_server_has_the_command_to_start_one() -> None:
    result = run_program("top", "--once", "--metrics", "1")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "magenta-bridge serve --metrics-port" in result.stderr


class _OtherServer(BaseHTTPRequestHandler):
    answers = iter((b"# TYPE up gauge\nup 1\n", b"<html>", b"\xff"))

    def do_GET(self) -> None:
        """Respond with something else than our metrics."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(next(self.answers))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Do not log."""


def test_another_kind_of_server_is_reported() -> None:
    with HTTPServer(("127.0.0.1", 0), _OtherServer) as other:
        threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
        for _ in range(3):
            result = run_program("top", "--once", "--metrics", str(other.server_port))
            assert result.returncode == 1
            assert "is not a Magenta Bridge server" in result.stderr
        other.shutdown()


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--json"], "--once"), ([], "terminal"), (["--metrics", "x", "--once"], "9464")],
)
def test_a_wrong_command_line_is_a_usage_error(
    live: LiveServer, words: list[str], said: str
) -> None:
    result = run_program("top", "--metrics", _metrics(live), *words)
    assert result.returncode == 2
    assert said in result.stderr


ON_A_TERMINAL = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no such terminals to open"
)
View = tuple[subprocess.Popen[bytes], int]


@pytest.fixture
def view(live: LiveServer) -> Iterator[View]:
    """The live view on its own terminal, and our end of the terminal."""
    ours, its = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "110", "LINES": "40"}
    words = [PROGRAM, "top", "--metrics", _metrics(live), "--interval", "0.1"]
    with subprocess.Popen(
        words, stdin=its, stdout=its, stderr=subprocess.PIPE, env=environment
    ) as process:
        os.close(its)
        yield process, ours
        process.kill()
    os.close(ours)


@ON_A_TERMINAL
def test_the_view_shows_calls_until_ctrl_c(live: LiveServer, view: View) -> None:
    process, ours = view
    _read_until(ours, b"calls 1 (")
    _call(live)
    _read_until(ours, b"calls 2 (")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0


@ON_A_TERMINAL
def test_the_view_reports_a_stopped_server(live: LiveServer, view: View) -> None:
    process, ours = view
    _read_until(ours, b"calls 1 (")
    live.begin_drain(0).result(60)
    _read_until(ours, b"No metrics at")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=100)
    assert (process.returncode, err) == (0, b"")


def _read_until(terminal: int, words: bytes) -> None:
    seen, until = b"", time.monotonic() + 60
    while words not in seen:
        assert select.select([terminal], [], [], max(0.0, until - time.monotonic()))[0], seen
        seen += os.read(terminal, 65_536)
