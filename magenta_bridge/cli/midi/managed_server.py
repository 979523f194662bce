"""A server process that runs as long as its parent.

Run as ``python -m magenta_bridge.cli.midi.managed_server PORT [BUNDLE ...]``, this module is the
server process itself; it serves until its standard input is closed, which happens when its parent
ends.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from magenta_bridge.errors import ServerUnavailableError

_READY: Final = re.compile(r"Serving (?P<names>.+) on (?P<address>\S+:\d+) ")
_RESTART_DELAY_S: Final = 0.5


class ManagedServer:
    """Starts a server process, restarts it when it dies, and ends it.

    Args:
        bundles: Bundle files to serve; empty for the shipped ones.
        on_change: Called in a thread with a sentence when the server dies and when it is back.

    Attributes:
        address: ``HOST:PORT`` of the server.
        generators: IDs of its generators.

    Raises:
        ServerUnavailableError: The server does not start; the message is the server's error.
    """

    def __init__(self, bundles: Sequence[Path], on_change: Callable[[str], None]) -> None:
        self._bundles = [str(path) for path in bundles]
        self._on_change = on_change
        self._closing = threading.Event()
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by close()
        self._process = self._start("0")
        ready = _READY.match(self._first_line())
        if ready is None:
            self._process.wait()
            self._errors.seek(0)
            lines = self._errors.read().strip().splitlines()
            raise ServerUnavailableError(
                lines[-1].removeprefix("Error: ") if lines else "The server ended at startup."
            )
        self.address = ready["address"]
        self.generators = ready["names"].split(", ")
        self._monitor = threading.Thread(target=self._keep_alive, daemon=True)
        self._monitor.start()

    def __enter__(self) -> ManagedServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server."""
        self._closing.set()
        process = self._process
        process.terminate()
        try:
            process.wait(2.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        self._monitor.join()
        self._errors.close()

    def _start(self, port: str) -> subprocess.Popen[str]:
        module = "magenta_bridge.cli.midi.managed_server"
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", module, port, *self._bundles],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            # Ctrl-C is for the player; the server ends when its standard input is closed.
            start_new_session=True,
        )

    def _first_line(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        return self._process.stdout.readline()

    def _keep_alive(self) -> None:
        """Restart the server whenever it ends."""
        while True:
            self._process.wait()
            if self._closing.is_set():
                return
            self._on_change("The server died; it is restarted.")
            if self._closing.wait(_RESTART_DELAY_S):
                return
            self._process = self._start(self.address.rpartition(":")[2])
            if _READY.match(self._first_line()):
                self._on_change("The server is back.")


def _end_with_parent() -> None:
    """End this process when its standard input is closed."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def run(port: str, bundles: Sequence[str]) -> None:
    """Serve in this process until its standard input is closed."""
    from magenta_bridge.cli.main import main

    threading.Thread(target=_end_with_parent, daemon=True).start()
    options = [option for path in bundles for option in ("--bundle", path)]
    main(["serve", "--port", port, "--no-http", "--log-level", "warning", *options])


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])
