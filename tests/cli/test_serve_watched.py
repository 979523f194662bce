"""The log, metrics and traces of ``magenta-bridge serve``."""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from magenta_bridge.client import Client
from tests.cli.program import ROOT, run_program
from tests.server.process import BUNDLE, ServerProcess, running_server


@pytest.fixture
def server() -> Iterator[tuple[ServerProcess, str]]:
    """A server with one generator, metrics and a JSON log, and the URL of its metrics."""
    words = ("--metrics-port", "0", "--log-format", "json", "--bundle", BUNDLE)
    with running_server(*words) as running:
        yield running, running.line("Metrics on http://127.0.0.1:").split()[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals to send")
def test_calls_are_counted_and_logged(server: tuple[ServerProcess, str]) -> None:
    process, metrics = server
    with Client(process.address, timeout=30) as client:
        client.generate("lstm_melody")
    with urllib.request.urlopen(metrics, timeout=10) as answer:  # noqa: S310
        page = answer.read().decode()
    method = "magenta_bridge.v1.GenerationService/Generate"
    assert f'grpc_server_call_started_total{{grpc_method="{method}"}} 1.0' in page
    process.send(signal.SIGTERM)
    code, out, err = process.wait()
    assert (code, out) == (0, "Stopped.\n")
    rows = [json.loads(line) for line in err.splitlines()]
    assert [row["code"] for row in rows if row["method"] == method] == ["OK"]


def test_a_taken_metrics_port_is_a_one_line_error(server: tuple[ServerProcess, str]) -> None:
    port = server[1].rpartition(":")[2].removesuffix("/metrics")
    result = run_program("serve", "--port", "0", "--bundle", BUNDLE, "--metrics-port", port)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"Error: Cannot listen on 127.0.0.1:{port}: another program")


def test_traces_without_opentelemetry_are_a_one_line_error(tmp_path: Path) -> None:
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry" / "__init__.py").touch()
    result = run_program(
        *("serve", "--port", "0", "--bundle", BUNDLE, "--otel"),
        PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]),
    )
    assert result.returncode == 1
    assert result.stderr.startswith("Error: Traces require OpenTelemetry; run: pip install")
    assert result.stderr.count("\n") == 1
