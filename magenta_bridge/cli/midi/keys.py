"""Reads single keys of the terminal while a session is drawn."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Final

_POLL_S: Final = 0.05


@contextlib.contextmanager
def read_keys(on_key: Callable[[str], None]) -> Iterator[None]:
    """Call a function with each key within the block; Ctrl-C keeps its meaning.

    Does nothing if the standard input is not a terminal.
    """
    if not sys.stdin.isatty():
        yield
        return
    ended = threading.Event()
    with _single_keys() as next_key:

        def read() -> None:
            while not ended.is_set():
                key = next_key()
                if key:
                    on_key(key)

        thread = threading.Thread(target=read, name="keys", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextlib.contextmanager
def _single_keys() -> Iterator[Callable[[], str]]:
    """Yield a function that waits shortly for a key and returns it, or an empty text."""
    if sys.platform == "win32":
        import msvcrt
        import time

        def next_windows_key() -> str:
            if msvcrt.kbhit():
                return msvcrt.getwch()
            time.sleep(_POLL_S)
            return ""

        yield next_windows_key
        return
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)

    def next_key() -> str:
        readable, _, _ = select.select([terminal], [], [], _POLL_S)
        return os.read(terminal, 1).decode(errors="ignore") if readable else ""

    try:
        tty.setcbreak(terminal)
        yield next_key
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
