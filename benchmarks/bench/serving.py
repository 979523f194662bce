"""A server process for benchmarks."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_PROGRAM: Final = "from magenta_bridge.cli.main import main; main()"
_READY: Final = re.compile(r"Serving .* on (?P<address>127\S+) ")
_METRICS: Final = re.compile(r"http://(?P<address>127\S+)/metrics")


@dataclass(frozen=True)
class RunningServer:
    """A running server.

    Attributes:
        address: ``HOST:PORT`` for gRPC.
        metrics: ``HOST:PORT`` for metrics; empty if off.
        ready_seconds: Time from the start of the process to its ready line.
    """

    address: str
    metrics: str
    ready_seconds: float


@contextlib.contextmanager
def serving(*options: str) -> Iterator[RunningServer]:
    """Run ``magenta-bridge serve`` on a free port, with its log in a temporary file.

    Args:
        options: Further command-line options.

    Raises:
        SystemExit: The server did not start; the message contains its log.
    """
    command = [sys.executable, "-c", _PROGRAM, "serve", "--port", "0", *options]
    began = time.perf_counter()
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            ready = _READY.match(_line(process))
            seconds = time.perf_counter() - began
            if ready is None:
                process.wait()
                log.seek(0)
                raise SystemExit(f"The server did not start. {log.read().strip()}")
            pages = _METRICS.search(_line(process)) if "--metrics-port" in options else None
            yield RunningServer(ready["address"], pages["address"] if pages else "", seconds)
        finally:
            process.terminate()


def _line(process: subprocess.Popen[str]) -> str:
    return process.stdout.readline() if process.stdout else ""
