"""Waits, and hears the key that ends the waiting."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

_POLL_SECONDS = 0.05

# Waits for so many seconds, or until ``q`` is pressed: then it returns True.
Wait = Callable[[float], bool]


@contextlib.contextmanager
def hearing_q() -> Iterator[Wait]:
    """Yields a function that waits for some seconds, and returns early and True after ``q``.

    While it is open, a terminal hands over keys at once and does not show them. Where input is no
    terminal, no key is heard.
    """
    if not sys.stdin.isatty():
        yield _sleep
    elif sys.platform == "win32":
        yield _wait_on_windows
    else:
        with _keys_at_once():
            yield _wait


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False


if sys.platform == "win32":
    import msvcrt

    def _wait_on_windows(seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if msvcrt.kbhit() and msvcrt.getwch() in "qQ":
                return True
            time.sleep(_POLL_SECONDS)
        return False

else:
    import os
    import select
    import termios
    import tty

    @contextlib.contextmanager
    def _keys_at_once() -> Iterator[None]:
        before = termios.tcgetattr(sys.stdin)
        tty.setcbreak(sys.stdin)
        try:
            yield
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)

    def _wait(seconds: float) -> bool:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([sys.stdin], [], [], left)[0]:
                keys = os.read(sys.stdin.fileno(), 64)
                # No keys at all: the terminal is gone.
                if not keys or b"q" in keys.lower():
                    return True
        return False
