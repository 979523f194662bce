"""The live view: looks again and again, until somebody has seen enough."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.live import Live

from magenta_bridge.cli.top.scrape import Scrape, read_scrape
from magenta_bridge.cli.top.screen import draw
from magenta_bridge.cli.top.snapshot import History
from magenta_bridge.errors import ServerUnavailableError

_POLL_SECONDS = 0.05

# Waits for so many seconds, or until ``q`` is pressed: then it returns True.
Wait = Callable[[float], bool]


@contextlib.contextmanager
def quit_on_q() -> Iterator[Wait]:
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


def watch(url: str, first: Scrape, interval: float) -> None:
    """Shows a server on the whole terminal until ``q`` or Ctrl-C.

    A server that stops answering is told as such, and looked for again.

    Args:
        url: Where its metrics are.
        first: The first reading.
        interval: Seconds between two looks.
    """
    console, history = Console(highlight=False), History()
    plain = console.options.ascii_only
    snapshot, fault = history.add(first), ""
    screen = Live(console=console, screen=True, auto_refresh=False)
    with contextlib.suppress(KeyboardInterrupt), quit_on_q() as wait, screen:
        while True:
            screen.update(draw(snapshot, history.rates(), plain=plain, fault=fault), refresh=True)
            if wait(interval):
                return
            try:
                snapshot, fault = history.add(read_scrape(url)), ""
            except ServerUnavailableError as error:
                fault = error.message
