"""Writes the log on a thread of its own, so that nobody who reads it slowly holds up the music.

A pipe that nobody reads is full after 64 KiB, and then every write to it waits.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Iterator
from typing import IO, Final

from magenta_bridge.server.telemetry.log_format import FORMATTERS

LEVELS: Final = ("debug", "info", "warning", "error")
MOST_LINES: Final = 10_000

_LAST_LINES_SECONDS: Final = 1.0


class LogWriter(logging.Handler):
    """Hands records to a thread that writes them; what it can not keep up with is counted.

    Args:
        stream: Where lines go.
        most: Records that may wait to be written.
    """

    def __init__(self, stream: IO[str], most: int = MOST_LINES) -> None:
        super().__init__()
        self._stream = stream
        self._records: queue.Queue[logging.LogRecord | None] = queue.Queue(most)
        self._lost = 0
        self._thread = threading.Thread(target=self._write_all, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Hands on one record, and never waits."""
        try:
            self._records.put_nowait(record)
        except queue.Full:
            self._lost += 1

    def close(self) -> None:
        """Writes what waits to be written, for a second at most."""
        with contextlib.suppress(queue.Full):
            self._records.put(None, timeout=_LAST_LINES_SECONDS)
        self._thread.join(_LAST_LINES_SECONDS)
        super().close()

    def _write_all(self) -> None:
        # A stream that was closed at the other end takes no more lines; nobody is there to tell.
        with contextlib.suppress(OSError, ValueError):
            while (record := self._records.get()) is not None:
                self._stream.write(self.format(record) + "\n")
                self._tell_lost()
                if self._records.empty():
                    self._stream.flush()
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def _tell_lost(self) -> None:
        self.acquire()  # emit is called with it held
        lost, self._lost = self._lost, 0
        self.release()
        if lost:
            text = f"{lost} lines are missing here; they came faster than they were read."
            row = logging.LogRecord(__name__, logging.WARNING, "", 0, text, None, None)
            self._stream.write(self.format(row) + "\n")


@contextlib.contextmanager
def logging_to(stream: IO[str], *, form: str = "text", level: str = "info") -> Iterator[None]:
    """Sends the whole process's log to a stream while it is open.

    Args:
        stream: Where lines go, such as standard error.
        form: ``text`` or ``json``.
        level: The least level of our own lines; libraries are heard from ``warning`` on.
    """
    writer = LogWriter(stream)
    writer.setFormatter(FORMATTERS[form]())
    root, ours = logging.getLogger(), logging.getLogger("magenta_bridge")
    before = root.handlers[:], root.level, ours.level
    root.handlers[:] = [writer]
    own_level = logging.getLevelName(level.upper())
    root.setLevel(max(own_level, logging.WARNING))
    ours.setLevel(own_level)
    try:
        yield
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        ours.setLevel(before[2])
        writer.close()
