"""``magenta-bridge top`` against a real server: one snapshot, and the live view."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from magenta_bridge.client import Client
from tests.cli.program import PROGRAM, run_program
from tests.contract.live_server import LiveServer


@pytest.fixture
def live() -> Iterator[LiveServer]:
    """A server with metrics that has answered one call."""
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
    told = json.loads(run_program("top", "--once", "--json", "--metrics", _metrics(live)).stdout)
    rows = {row["method"]: row for row in told["methods"]}
    assert (rows["Generate"]["calls"], rows["Generate"]["errors"]) == (1, 0)
    (scale,) = [row for row in told["generators"] if row["generator"] == "scale"]
    assert scale["notes"] > 0
    assert told["serving"] is True


def test_where_no_server_is_top_says_how_to_start_one() -> None:
    result = run_program("top", "--once", "--metrics", "1")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "magenta-bridge serve --metrics-port" in result.stderr


class _Stranger(BaseHTTPRequestHandler):
    answers = iter((b"# TYPE up gauge\nup 1\n", b"<html>", b"\xff"))

    def do_GET(self) -> None:
        """Answers with what is none of ours."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(next(self.answers))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


def test_a_stranger_is_told_from_a_server_of_ours() -> None:
    with HTTPServer(("127.0.0.1", 0), _Stranger) as stranger:
        threading.Thread(target=stranger.serve_forever, args=(0.01,), daemon=True).start()
        for _ in range(3):
            result = run_program("top", "--once", "--metrics", str(stranger.server_port))
            assert result.returncode == 1
            assert "is no server of Magenta Bridge" in result.stderr
        stranger.shutdown()


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--json"], "--once"), ([], "terminal"), (["--metrics", "x", "--once"], "9464")],
)
def test_a_wrong_command_line_is_told(live: LiveServer, words: list[str], said: str) -> None:
    result = run_program("top", "--metrics", _metrics(live), *words)
    assert result.returncode == 2
    assert said in result.stderr


ON_A_TERMINAL = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no such terminals to open"
)
View = tuple[subprocess.Popen[bytes], int]


@pytest.fixture
def view(live: LiveServer) -> Iterator[View]:
    """The live view on a terminal of its own, and our end of that."""
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
def test_the_view_shows_what_goes_on_until_q(live: LiveServer, view: View) -> None:
    process, ours = view
    _read_until(ours, b"calls 1 (")
    _call(live)
    _read_until(ours, b"calls 2 (")
    os.write(ours, b"xq")
    assert process.wait(30) == 0


@ON_A_TERMINAL
def test_a_server_that_goes_away_is_told_and_ctrl_c_ends(live: LiveServer, view: View) -> None:
    process, ours = view
    _read_until(ours, b"calls 1 (")
    live.begin_drain(0).result(30)
    _read_until(ours, b"No server shows its metrics")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=100)
    assert (process.returncode, err) == (0, b"")


def _read_until(terminal: int, words: bytes) -> None:
    seen = b""
    while words not in seen:
        assert select.select([terminal], [], [], 30)[0], seen
        seen += os.read(terminal, 65_536)
        assert len(seen) < 2_000_000, seen[-5_000:]
