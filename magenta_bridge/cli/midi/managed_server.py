"""A server of our own, for as long as somebody plays.

Run as ``python -m magenta_bridge.cli.midi.managed_server [BUNDLE ...]`` it is the process
itself: it serves until its standard input ends, which is when its parent ends.
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
from types import TracebackType
from typing import Final

from magenta_bridge.errors import ServerUnavailableError

_READY: Final = re.compile(r"Serving (?P<names>.+) on (?P<address>\S+:\d+) ")
_PAUSE_S: Final = 0.5


class PrivateServer:
    """Starts a server process, starts it again when it dies, and ends it.

    Args:
        bundles: Files to serve; none for the shipped ones.
        on_change: Told, in a thread, in one sentence when the server dies and when it is back.

    Attributes:
        address: ``HOST:PORT`` where it listens.
        generators: Ids of its generators.

    Raises:
        ServerUnavailableError: It does not start; the message says why.
    """

    def __init__(self, bundles: Sequence[Path], on_change: Callable[[str], None]) -> None:
        self._bundles = [str(path) for path in bundles]
        self._on_change = on_change
        self._closing = threading.Event()
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - kept while it lives
        self._process = self._start("0")
        line = self._first_line()
        ready = _READY.match(line)
        if ready is None:
            self._process.wait()
            raise ServerUnavailableError(self._last_words())
        self.address = ready["address"]
        self.generators = ready["names"].split(", ")
        self._watch = threading.Thread(target=self._keep_alive, daemon=True)
        self._watch.start()

    def __enter__(self) -> PrivateServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Number of the server's process."""
        return self._process.pid

    def close(self) -> None:
        """Ends the server."""
        self._closing.set()
        self._end_process()
        self._watch.join()
        self._errors.close()

    def _start(self, port: str) -> subprocess.Popen[str]:
        words = [
            sys.executable,
            "-m",
            "magenta_bridge.cli.midi.managed_server",
            port,
            *self._bundles,
        ]
        return subprocess.Popen(  # noqa: S603 - our own program
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            # Ctrl-C is for the player; the server ends with its standard input.
            start_new_session=True,
        )

    def _first_line(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 - it was piped
        return self._process.stdout.readline()

    def _keep_alive(self) -> None:
        """Waits for the server's end, and starts it again."""
        while True:
            self._process.wait()
            if self._closing.is_set():
                return
            self._on_change("The server has died; it is started again.")
            if self._closing.wait(_PAUSE_S):
                return
            self._process = self._start(self.address.rpartition(":")[2])
            if _READY.match(self._first_line()):
                self._on_change("The server is back.")

    def _last_words(self) -> str:
        self._errors.seek(0)
        told = self._errors.read().strip().splitlines()
        return told[-1].removeprefix("Error: ") if told else "The private server ended at once."

    def _end_process(self) -> None:
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


def _end_with_parent() -> None:
    """Ends this process when its standard input does."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def run(port: str, bundles: Sequence[str]) -> None:
    """Serves in this process until its standard input ends."""
    from magenta_bridge.cli.main import main

    threading.Thread(target=_end_with_parent, daemon=True).start()
    chosen = [word for path in bundles for word in ("--bundle", path)]
    quiet = ["--no-http", "--log-level", "warning"]
    main(["serve", "--port", port, *quiet, *chosen])


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])
