"""``magenta-bridge midi`` as a process, and the lines that it writes."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading

from tests.cli.program import PROGRAM

PATIENCE_S = 60.0


class Program:
    """A running command.

    Args:
        words: Its command line after ``midi``.
        environment: Variables besides those of this process.
    """

    def __init__(self, *words: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [PROGRAM, "midi", "--no-ui", *words],
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, words: str) -> str:
        """Returns the next line that holds some words, or fails with what was said instead."""
        while True:
            try:
                line = self._queue.get(timeout=PATIENCE_S)
            except queue.Empty:
                line = None
            assert line is not None, f"{words!r} is not among:\n{''.join(self.lines)}"
            if words in line:
                return line

    def interrupt(self) -> int:
        """Presses Ctrl-C and returns the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """Ends the program whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as told:
            for line in told:
                self.lines.append(line)
                self._queue.put(line)
        self._queue.put(None)
