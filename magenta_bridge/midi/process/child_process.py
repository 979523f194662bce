"""A process of ours, the pipe to it, and its end, watched by its parent."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any

from magenta_bridge.midi.process.guarded_port import hold_stop_signals

_PATIENCE_S = 2.0


class Child:
    """A process with a pipe to it.

    Threading: one thread.

    Args:
        context: How processes are started.
        name: What the process is called.
        target: What it runs; is given its end of the pipe first.
        arguments: What else the target is given.

    Attributes:
        sentinel: Ready, for ``multiprocessing.connection.wait``, once the process has ended.
        connection: Our end of the pipe.
        hung_up: Whether the other end is no more: the process is about to end.
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
        self.hung_up = False
        # Not every context has it in the types, but every one has it.
        make: Any = getattr(context, "Process")  # noqa: B009
        self._process = make(target=target, args=(theirs, *arguments), name=name)
        with hold_stop_signals():
            self._process.start()
        theirs.close()
        self.sentinel: int = self._process.sentinel

    @property
    def pid(self) -> int:
        """The number of the process."""
        return int(self._process.pid or 0)

    @property
    def exit_code(self) -> int | None:
        """What it ended with, negative for a signal; None while it runs."""
        code: int | None = self._process.exitcode
        return code

    def waited_for(self) -> list[Connection | int]:
        """Returns what tells that something has happened, for ``connection.wait``."""
        return [self.sentinel] if self.hung_up else [self.sentinel, self.connection]

    def tell(self, word: object) -> None:
        """Sends something; to a process that is no more it goes nowhere."""
        with contextlib.suppress(OSError):
            self.connection.send(word)

    def heard(self) -> list[object]:
        """Returns what the process has said, without waiting."""
        words = []
        try:
            while not self.hung_up and self.connection.poll():
                words.append(self.connection.recv())
        except (EOFError, OSError, ValueError):
            # A process that is killed while it speaks leaves half a word.
            self.hung_up = True
        return words

    def kill(self) -> None:
        """Ends the process at once."""
        self._process.kill()

    def close(self) -> None:
        """Waits for the end, hurries it when it does not come, and lets everything go."""
        self._process.join(_PATIENCE_S)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        self.connection.close()
