"""What supervisor, player and silencer agree on."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from magenta_bridge.midi.ports.port import OutputPort

# SIGHUP is the terminal's window being closed.
STOP_SIGNALS: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
)

# RtMidi's ports on Windows belong to one program at a time.
PORTS_ARE_SHARED = sys.platform != "win32"


@dataclass(frozen=True)
class Guard:
    """A port that must be silent when its player is no more.

    Attributes:
        open_port: Opens the port, in any process: a function of a module, or a
            ``functools.partial`` of one.
        early: Whether to open it beside the player's, which makes silence come sooner. Not for
            virtual ports, which others would see twice.
    """

    open_port: Callable[[], OutputPort]
    early: bool = PORTS_ARE_SHARED


@contextlib.contextmanager
def hold_stop_signals() -> Iterator[None]:
    """Lets signals wait: a process that is started meanwhile is born deaf to them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def allow_stop_signals() -> None:
    """Lets a process hear the signals that were held when it started."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
