"""Waits that always end: conditions, threads, function calls and child processes.

Each wait fails after ``TIMEOUT_S``. A child process is then killed, and the failure reports what
the test waited for and what the process printed.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import NoReturn, TypeVar

import psutil
import pytest

# Starting several processes takes this long only on a heavily loaded machine.
TIMEOUT_S = 180.0

T = TypeVar("T")


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition is true."""
    limit = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > limit:
            pytest.fail(f"Timed out after {TIMEOUT_S:g} s while waiting for {what}.")
        time.sleep(0.001)


def join(thread: threading.Thread) -> None:
    """Wait until a thread ends."""
    thread.join(TIMEOUT_S)
    if thread.is_alive():
        pytest.fail(f"Timed out after {TIMEOUT_S:g} s while waiting for the end of {thread.name}.")


def run_bounded(function: Callable[[], T], what: str) -> T:
    """Call a function in a thread and return its result or raise its error."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, name=what, daemon=True)
    thread.start()
    join(thread)
    if errors:
        raise errors[0]
    return results[0]


class ChildProgram:
    """A child process that prints lines.

    Args:
        command: The command line.
        environment: Its environment; None for that of this process.
        merge_stderr: Whether its error output is read as well.
    """

    def __init__(
        self,
        *command: str,
        environment: Mapping[str, str] | None = None,
        merge_stderr: bool = False,
    ) -> None:
        self.process = subprocess.Popen(
            command,
            env={**(environment or os.environ), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merge_stderr else None,
            encoding="utf-8",
        )
        self._printed: list[str] = []
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def read_line(self, expected: str = "a line", timeout_s: float = TIMEOUT_S) -> str:
        """Return the next line, without its end."""
        try:
            line = self._queue.get(timeout=max(0.0, timeout_s))
        except queue.Empty:
            self._fail("timed out", expected)
        if line is None:
            self._fail("ended its output", expected)
        return line

    def wait_for(self, text: str) -> str:
        """Return the next line that contains a text."""
        limit = time.monotonic() + TIMEOUT_S
        while text not in (line := self.read_line(repr(text), limit - time.monotonic())):
            pass
        return line

    def write_line(self, line: str) -> None:
        """Write a line to the standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def interrupt(self) -> int:
        """Send Ctrl-C and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.exit_code()

    def finish(self) -> str:
        """Close the standard input and return the remaining lines."""
        self._close_input()
        lines = []
        limit = time.monotonic() + TIMEOUT_S
        while True:
            try:
                line = self._queue.get(timeout=max(0.0, limit - time.monotonic()))
            except queue.Empty:
                self._fail("timed out", "the end of its output")
            if line is None:
                break
            lines.append(line)
        self.exit_code()
        return "\n".join(lines)

    def exit_code(self) -> int:
        """Wait for the end of the process and return its exit code."""
        try:
            return self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._fail("timed out", "its end")

    def kill(self) -> None:
        """Kill the process, but not its children."""
        self.process.kill()
        self.process.wait(TIMEOUT_S)

    def close(self) -> None:
        """Kill the process and its children, whatever they do."""
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.Error):
            family = psutil.Process(self.process.pid).children(recursive=True)
        self.kill()
        for child in family:
            with contextlib.suppress(psutil.Error):
                child.kill()
        self._close_input()
        self._reader.join(TIMEOUT_S)

    def _close_input(self) -> None:
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self._printed.append(line)
                self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def _fail(self, reason: str, expected: str) -> NoReturn:
        self.close()
        command = subprocess.list2cmdline([str(word) for word in self.process.args])  # type: ignore[union-attr]
        printed = "".join(self._printed) or "(nothing)"
        pytest.fail(f"{command} {reason} while waiting for {expected}. It printed:\n{printed}")


Start = Callable[..., ChildProgram]


@contextlib.contextmanager
def child_program(
    *command: str, environment: Mapping[str, str] | None = None, merge_stderr: bool = False
) -> Iterator[ChildProgram]:
    """Start a program, and kill it and its children at the end of the block."""
    program = ChildProgram(*command, environment=environment, merge_stderr=merge_stderr)
    try:
        yield program
    finally:
        program.close()
