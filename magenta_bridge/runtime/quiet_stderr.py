"""Closes the standard error stream to native code that talks past Python."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def silent_stderr() -> Iterator[None]:
    """Discards what is written to file descriptor 2 inside the block, by any thread.

    For the short moments in which a native library announces itself whatever its log level is:
    a musician who waits for one clear sentence should not read of delegates and registrations.
    Python's exceptions pass as ever.
    """
    try:
        kept = os.dup(2)
    except OSError:  # a program without a console has no such stream
        yield
        return
    try:
        with open(os.devnull, "wb") as nothing:  # noqa: PTH123 - a device, not a file
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
