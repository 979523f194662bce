"""``magenta-bridge serve`` as a process that can be stopped, continued, killed and asked."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from magenta_bridge.generators.loading import shipped_bundles
from tests.cli.program import PROGRAM

BUNDLE = next(str(path) for path in shipped_bundles() if path.stem == "lstm_melody")
# Far more than is written while a signal is on its way, far less than the grace allows.
LONG_BARS = 512


@dataclass(frozen=True)
class ServerProcess:
    """A running server.

    Attributes:
        address: Where it listens.
        process: The process; its output is to be read once it has ended.
    """

    address: str
    process: subprocess.Popen[str]

    @property
    def port(self) -> str:
        """The port alone."""
        return self.address.rpartition(":")[2]

    def send(self, number: signal.Signals) -> None:
        """Sends a signal."""
        self.process.send_signal(number)

    @contextlib.contextmanager
    def health(self) -> Iterator[Iterator[int]]:
        """Watches its health, SERVING at first; yields what it says from then on."""
        with grpc.insecure_channel(self.address) as channel:
            request = health_pb2.HealthCheckRequest()
            watch = health_pb2_grpc.HealthStub(channel).Watch(request, timeout=60)
            said = (answer.status for answer in watch)
            assert next(said) == health_pb2.HealthCheckResponse.SERVING
            yield said

    def wait(self) -> tuple[int, str, str]:
        """Waits for the end; returns exit status, output, and complaints."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@contextlib.contextmanager
def running_server(*words: str, port: str = "0") -> Iterator[ServerProcess]:
    """Runs a server with these further words on its command line, and ends it after."""
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", port, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            ready = re.match(r"Serving .* on (?P<address>\S+) ", line)
            assert ready is not None, process.communicate(timeout=10)
            yield ServerProcess(ready["address"], process)
        finally:
            process.kill()
