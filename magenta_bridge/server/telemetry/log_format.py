"""How a line of the log looks: for people, or for programs.

Whatever callers send, one record is one line, and a traceback's lines are indented, so that
nobody can forge a line.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from typing import Any, Final

_CUT: Final = 200
_INDENT: Final = "    "


def log_fields(**fields: object) -> dict[str, object]:
    """Returns the ``extra`` of a log call: fields that programs can read one by one."""
    return {"fields": fields}


def printable(text: str, most: int = _CUT) -> str:
    """Returns text of a caller for one line: cut, and with what does not print escaped."""
    short = text if len(text) <= most else text[: most - 3] + "..."
    if short.isprintable():
        return short
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in short
    )


class TextFormatter(logging.Formatter):
    """Writes ``TIME LEVEL message``, and an indented traceback after it."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the record's line."""
        message = printable(record.getMessage(), most=2_000)
        lines = [f"{_time(record)} {record.levelname:7} {message}"]
        lines += [_INDENT + printable(line, 2_000) for line in _traceback(self, record)]
        return "\n".join(lines)


class JsonFormatter(logging.Formatter):
    """Writes one JSON object in a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the record's line."""
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


FORMATTERS: Final[dict[str, type[logging.Formatter]]] = {
    "text": TextFormatter,
    "json": JsonFormatter,
}


def _time(record: logging.LogRecord) -> str:
    time = datetime.fromtimestamp(record.created, timezone.utc)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    if not record.exc_info or record.exc_info[0] is None:
        return []
    return formatter.formatException(record.exc_info).splitlines()
