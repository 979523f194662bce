"""The server's log: its formats, a line for each call, and a writer that never blocks.

Each record is one line and the lines of a traceback are indented, so that callers cannot forge a
line with what they send.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from logging.handlers import QueueHandler, QueueListener
from typing import IO, Any, Final

from magenta_bridge.limits import FAILED_LINES
from magenta_bridge.server.rpc.call import Call

LEVELS: Final = ("debug", "info", "warning", "error")
MAX_QUEUED: Final = 10_000

_VALUE_CHARACTERS: Final = 200
_LINE_CHARACTERS: Final = 2_000
_CLOSE_SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


def printable(text: str, limit: int = _VALUE_CHARACTERS) -> str:
    """Return text for one line: truncated, and with non-printable characters escaped."""
    short = text if len(text) <= limit else text[: limit - 3] + "..."
    if short.isprintable():
        return short
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in short
    )


class TextFormatter(logging.Formatter):
    """Formats a record as ``TIME LEVEL message``, followed by an indented traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's lines."""
        message = printable(record.getMessage(), _LINE_CHARACTERS)
        lines = [f"{_time(record)} {record.levelname:7} {message}"]
        lines += ["    " + printable(line, _LINE_CHARACTERS) for line in _traceback(self, record)]
        return "\n".join(lines)


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        row: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        traceback = _traceback(self, record)
        if traceback:
            row["traceback"] = "\n".join(traceback)
        return json.dumps(row, default=str)


_FORMATTERS: Final = {"text": TextFormatter, "json": JsonFormatter}


def _time(record: logging.LogRecord) -> str:
    time = datetime.fromtimestamp(record.created, timezone.utc)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    if not record.exc_info or record.exc_info[0] is None:
        return []
    return formatter.formatException(record.exc_info).splitlines()


class CallLog:
    """An ``Observer`` that logs each call at its end, without notes, headers or tokens.

    Lines about failed calls are limited per second, and the rest is counted.

    Args:
        now: The clock, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._second = 0
        self._failed = 0

    def began(self, call: Call) -> None:
        """Do nothing; see ``Observer``."""

    def ended(self, call: Call, code: str, reason: str, seconds: float) -> None:
        """Log the call at level INFO."""
        if not _log.isEnabledFor(logging.INFO) or self._is_omitted(code):
            return
        method = printable(call.method.removeprefix("/"))
        generator, caller, name = map(printable, (call.generator_id, call.caller, call.name))
        fields = {
            "event": "call",
            "method": method,
            "generator": generator,
            "code": code,
            "reason": reason,
            "seconds": round(seconds, 6),
            "caller": caller,
            "request_id": name,
        }
        _log.info(
            "%s%s %s%s in %.3f s for %s, request %s",
            method.rpartition("/")[2],
            f" by {json.dumps(generator)}" if generator else "",
            code,
            f" ({reason})" if reason not in ("", code) else "",
            seconds,
            caller,
            json.dumps(name),
            extra={"fields": fields},
        )

    def _is_omitted(self, code: str) -> bool:
        """Count a failed call; return whether there were too many in this second."""
        second, before = int(self._now()), self._failed - FAILED_LINES.value
        if second != self._second:
            if before > 0:
                _log.warning("%d more failed calls within a second were not logged.", before)
            self._second, self._failed = second, 0
        self._failed += code != "OK"
        return code != "OK" and self._failed > FAILED_LINES.value


class _DroppingHandler(QueueHandler):
    """Queues records, and counts those that do not fit instead of waiting."""

    dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return the record unchanged: the writer formats it, with its traceback."""
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue a record if there is room."""
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1

    def take_dropped(self) -> int:
        """Return the number of records dropped since the last call."""
        self.acquire()  # emit is called with the lock held
        dropped, self.dropped = self.dropped, 0
        self.release()
        return dropped


class LogWriter(QueueListener):
    """Writes records to a stream on its own thread, so that logging never blocks a call.

    A pipe that no process reads is full after 64 KiB, and then every write to it blocks.

    Args:
        stream: Where to write.
        formatter: The format of the lines.
        limit: Maximum number of queued records; more are dropped and counted.

    Attributes:
        handler: The handler to add to a logger.
    """

    def __init__(
        self, stream: IO[str], formatter: logging.Formatter, limit: int = MAX_QUEUED
    ) -> None:
        self._records: queue.Queue[logging.LogRecord | None] = queue.Queue(limit)
        super().__init__(self._records)
        self.handler = _DroppingHandler(self._records)
        self._stream = stream
        self._format = formatter.format
        self._closed = False
        self._lost = 0
        self._is_cut_off = False

    def handle(self, record: logging.LogRecord) -> None:
        """Write one record, and a warning about lost records before it.

        A full disk loses records until there is room again.
        """
        if self._closed:
            return
        self._lost += self.handler.take_dropped()
        try:
            if self._lost:
                text = (
                    f"{self._lost} log lines were lost: the output was read too slowly or is full."
                )
                self._write(logging.LogRecord(__name__, logging.WARNING, "", 0, text, None, None))
                self._lost = 0
            self._write(record)
        except (BrokenPipeError, ValueError):
            self._closed = True  # by its reader
        except OSError:
            self._lost += 1

    def _write(self, record: logging.LogRecord) -> None:
        """Write the line of a record past the stream's buffer, which keeps what does not fit.

        A line that was cut off is ended before the next one.
        """
        text = self._format(record) + "\n"
        raw = getattr(getattr(self._stream, "buffer", None), "raw", None)
        if raw is None:
            self._stream.write(text)
            self._stream.flush()
            return
        self._stream.flush()
        data = ("\n" * self._is_cut_off + text).encode(errors="backslashreplace")
        while data:
            written = raw.write(data)
            if not written:
                raise BlockingIOError
            data = data[written:]
            self._is_cut_off = bool(data)

    def stop(self) -> None:
        """Write the queued records, for two seconds at most, and stop the thread."""
        with contextlib.suppress(queue.Full):
            self._records.put(None, timeout=_CLOSE_SECONDS)
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)
        self.handler.close()


@contextlib.contextmanager
def logging_to(stream: IO[str], *, form: str = "text", level: str = "info") -> Iterator[None]:
    """Send the log of the whole process to a stream.

    Args:
        stream: Where to write, such as standard error.
        form: ``text`` or ``json``.
        level: Minimum level of our own records; libraries log from ``warning`` up.
    """
    root, ours = logging.getLogger(), logging.getLogger("magenta_bridge")
    before = root.handlers[:], root.level, ours.level
    own_level = logging.getLevelName(level.upper())
    writer = LogWriter(stream, _FORMATTERS[form]())
    writer.start()
    root.handlers[:] = [writer.handler]
    root.setLevel(max(own_level, logging.WARNING))
    ours.setLevel(own_level)
    try:
        yield
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        ours.setLevel(before[2])
        writer.stop()
