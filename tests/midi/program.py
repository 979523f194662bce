"""``magenta-bridge midi`` and its kin as processes, and the lines that they write."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.cli.program import PROGRAM

PATIENCE_S = 60.0


class Program:
    """A running command.

    Args:
        words: Its command line.
    """

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            words,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
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

    def told(self, line: str) -> None:
        """Types a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

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
        if self.process.stdin is not None:
            self.process.stdin.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as told:
            for line in told:
                self.lines.append(line)
                self._queue.put(line)
        self._queue.put(None)


Start = Callable[..., Program]


@contextlib.contextmanager
def programs() -> Iterator[Start]:
    """Gives what starts ``magenta-bridge midi``, or another program; all end with the block."""
    running = []

    def begin(*words: str, name: str = "magenta-bridge") -> Program:
        path = str(Path(PROGRAM).with_name(name))
        first = ["midi", "--no-ui"] if name == "magenta-bridge" else []
        running.append(Program(path, *first, *words))
        return running[-1]

    try:
        yield begin
    finally:
        for program in running:
            program.close()
