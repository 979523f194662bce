"""Processes whose output is read with a timeout, and ``magenta-bridge serve`` as such a process."""

from __future__ import annotations

import contextlib
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final, NoReturn

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from magenta_bridge.generators.bundle import shipped_bundles
from tests.cli.program import PROGRAM

BUNDLE = next(str(path) for path in shipped_bundles() if path.stem == "lstm_melody")
# Much longer than it takes a signal to arrive, and much shorter than the grace period.
LONG_BARS = 512
SECONDS: Final = 60.0


class Process:
    """A process that is killed, with a clear error, if an expected line or its end does not come.

    Threads read its output, so that no test ever blocks in a read.

    Args:
        command: The program and its arguments.
        cwd: Folder to run in.
    """

    def __init__(self, command: Sequence[str], cwd: Path | None = None) -> None:
        self._command = command
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.stdin = self.process.stdin
        self._streams = (self.process.stdout, self.process.stderr)
        self._lines = tuple(queue.Queue[str]() for _ in self._streams)
        self._readers = [
            threading.Thread(target=_read, args=pair, daemon=True)
            for pair in zip(self._streams, self._lines, strict=True)
        ]
        for reader in self._readers:
            reader.start()

    def line(self, word: str = "", *, error: bool = False, seconds: float = SECONDS) -> str:
        """Return the next line of standard output, or standard error, that contains a word."""
        until = time.monotonic() + seconds
        lines = self._lines[error]
        while True:
            try:
                line = lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                self.fail(f"printed no line with {word!r} within {seconds:g} s")
            if not line:
                self.fail(f"ended without a line with {word!r}")
            if word in line:
                return line

    def write_line(self, text: str = "") -> None:
        """Write a line to standard input."""
        self.stdin.write(f"{text}\n")
        self.stdin.flush()

    def wait(self, seconds: float = SECONDS) -> tuple[int, str, str]:
        """Wait for the end; return exit status, and unread standard output and standard error."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.fail(f"did not end within {seconds:g} s")
        for reader in self._readers:
            reader.join(10)
        out, err = map(_rest, self._lines)
        return code, out, err

    def fail(self, what: str) -> NoReturn:
        """Kill the process and raise an error with its unread output."""
        self.close()
        out, err = map(_rest, self._lines)
        raise AssertionError(f"{' '.join(self._command)} {what}.\n{out}\n{err}")

    def close(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.wait(10)
        with contextlib.suppress(OSError):
            self.stdin.close()
        for reader, stream in zip(self._readers, self._streams, strict=True):
            reader.join(10)
            if not reader.is_alive():
                stream.close()


def _read(stream: IO[str], lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)
    lines.put("")


def _rest(lines: queue.Queue[str]) -> str:
    rest = []
    while not lines.empty():
        rest.append(lines.get_nowait())
    return "".join(rest)


class ServerProcess(Process):
    """A running ``magenta-bridge serve``.

    Args:
        words: Its command line.
        cwd: Folder to run in.

    Attributes:
        ready: The line that it prints when it is ready.
        address: The address of its gRPC port.
    """

    def __init__(self, words: Sequence[str], cwd: Path | None = None) -> None:
        super().__init__([PROGRAM, "serve", *words], cwd)
        self.ready = self.line()
        match = re.match(r"Serving .* on (?P<address>\S+) ", self.ready)
        if match is None:
            self.fail(f"printed {self.ready!r} first")
        self.address = match["address"]

    @property
    def port(self) -> str:
        """Its gRPC port."""
        return self.address.rpartition(":")[2]

    @property
    def http(self) -> str:
        """The address of its HTTP port, without ``http://``."""
        return self.ready.partition(" and http://")[2].split()[0]

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    @contextlib.contextmanager
    def health(self) -> Iterator[Iterator[int]]:
        """Watch its health, which is SERVING at first; yield the later statuses."""
        with grpc.insecure_channel(self.address) as channel:
            request = health_pb2.HealthCheckRequest()
            watch = health_pb2_grpc.HealthStub(channel).Watch(request, timeout=SECONDS)
            statuses = (response.status for response in watch)
            assert next(statuses) == health_pb2.HealthCheckResponse.SERVING
            yield statuses


@contextlib.contextmanager
def running_server(
    *words: str, port: str = "0", cwd: Path | None = None
) -> Iterator[ServerProcess]:
    """Run a server with these options, and kill it at the end."""
    server = ServerProcess(["--port", port, *words], cwd)
    try:
        yield server
    finally:
        server.close()
