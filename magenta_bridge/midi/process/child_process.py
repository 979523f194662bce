"""A child process with a pipe, and the stop signals that parent and child handle."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any

# SIGHUP: the terminal window was closed.
STOP_SIGNALS: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
)

_EXIT_TIMEOUT_S = 2.0


class ChildProcess:
    """A child process that runs a function with its end of a pipe and further arguments.

    Threading: one thread.

    Attributes:
        sentinel: Ready, for ``multiprocessing.connection.wait``, when the process has ended.
        connection: The parent's end of the pipe.
        disconnected: Whether the child's end is closed; the process is about to end.
    """

    def __init__(
        self,
        context: BaseContext,
        name: str,
        target: Callable[..., None],
        *arguments: object,
    ) -> None:
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        self.disconnected = False
        # Every context has it, but not in its types.
        process_type: Any = getattr(context, "Process")  # noqa: B009
        self._process = process_type(target=target, args=(theirs, *arguments), name=name)
        with _blocked_stop_signals():
            self._process.start()
        theirs.close()
        self.sentinel: int = self._process.sentinel

    @property
    def pid(self) -> int | None:
        """The PID."""
        pid: int | None = self._process.pid
        return pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while the process runs."""
        code: int | None = self._process.exitcode
        return code

    def waitables(self) -> list[Connection | int]:
        """Return the objects for ``connection.wait``."""
        return [self.sentinel] if self.disconnected else [self.sentinel, self.connection]

    def send(self, message: object) -> None:
        """Send a message; if the process has ended, drop it."""
        with contextlib.suppress(OSError):
            self.connection.send(message)

    def received(self) -> list[object]:
        """Return the messages received so far, without waiting."""
        messages = []
        try:
            while not self.disconnected and self.connection.poll():
                messages.append(self.connection.recv())
        except (EOFError, OSError, ValueError):
            # A process that is killed while it sends leaves a truncated message.
            self.disconnected = True
        return messages

    def kill(self) -> None:
        """Kill the process."""
        self._process.kill()

    def close(self) -> None:
        """Wait for the process to end, kill it after a timeout, and release its resources."""
        self._process.join(_EXIT_TIMEOUT_S)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        self.connection.close()


@contextlib.contextmanager
def _blocked_stop_signals() -> Iterator[None]:
    """Block signals; child processes started in this block inherit the mask."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def unblock_stop_signals() -> None:
    """Unblock the signals that were blocked when this process was started."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
