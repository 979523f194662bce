"""``magenta-bridge serve`` as a process that can be stopped, continued, killed and asked."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from tests.cli.program import PROGRAM


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
