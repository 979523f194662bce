"""``magenta-bridge serve`` and those who watch it: log, metrics, traces."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from magenta_bridge.client import Client
from magenta_bridge.generators.loading import shipped_bundles
from tests.cli.program import PROGRAM, ROOT, run_program

MELODY = next(path for path in shipped_bundles() if path.stem == "lstm_melody")


@dataclass(frozen=True)
class Served:
    """A running server.

    Attributes:
        process: The process.
        address: Where it answers calls.
        metrics: Where it answers scrapes, a URL.
    """

    process: subprocess.Popen[str]
    address: str
    metrics: str


@pytest.fixture
def served() -> Iterator[Served]:
    """A server with one generator, metrics, and a log for programs."""
    words = ["--port", "0", "--metrics-port", "0", "--log-format", "json", "--bundle", MELODY]
    with subprocess.Popen(
        [PROGRAM, "serve", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ready, metrics = process.stdout.readline(), process.stdout.readline()
        assert metrics.startswith("Metrics on http://127.0.0.1:")
        yield Served(process, ready.split(" on ")[1].split()[0], metrics.split()[-1])
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals to send")
def test_calls_are_counted_and_logged(served: Served) -> None:
    with Client(served.address, timeout=30) as client:
        client.generate("lstm_melody")
    with urllib.request.urlopen(served.metrics, timeout=10) as answer:  # noqa: S310
        page = answer.read().decode()
    method = "magenta_bridge.v1.GenerationService/Generate"
    assert f'grpc_server_call_started_total{{grpc_method="{method}"}} 1.0' in page
    served.process.send_signal(signal.SIGTERM)
    out, err = served.process.communicate(timeout=30)
    assert (served.process.returncode, out) == (0, "Stopped.\n")
    rows = [json.loads(line) for line in err.splitlines()]
    assert [row["code"] for row in rows if row["method"] == method] == ["OK"]


def test_a_taken_metrics_port_is_one_sentence(served: Served) -> None:
    port = served.metrics.rpartition(":")[2].removesuffix("/metrics")
    result = run_program("serve", "--port", "0", "--bundle", MELODY, "--metrics-port", port)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"Error: Cannot listen on 127.0.0.1:{port}: another program")


def test_traces_that_cannot_be_sent_are_one_sentence(tmp_path: Path) -> None:
    """As they can not be where the extra is missing."""
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry" / "__init__.py").touch()
    result = run_program(
        *("serve", "--port", "0", "--bundle", MELODY, "--otel"),
        PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]),
    )
    assert result.returncode == 1
    assert result.stderr.startswith("Error: Traces need OpenTelemetry; run: pip install")
    assert result.stderr.count("\n") == 1
