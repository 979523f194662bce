"""A process that stands by with the ports open, to end what a dead player left sounding.

It is apart from the supervisor because a MIDI system that dies takes the processes that use it
along; the supervisor itself touches no port.
"""

from __future__ import annotations

import contextlib
import signal
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.midi.output.all_notes_off import silence
from magenta_bridge.midi.output.note_ledger import Ledger
from magenta_bridge.midi.ports.port import OutputPort, PortGoneError
from magenta_bridge.midi.process.guarded_port import STOP_SIGNALS, Guard, allow_stop_signals
from magenta_bridge.midi.timing.priority import raise_priority

# A burst that is sent just when a player dies can be lost by the MIDI system.
BURSTS_S: Final = (0.0, 0.15, 0.5)

READY: Final = "ready"
SILENT: Final = "silent"
END_NOTES: Final = "end notes"
END_ALL: Final = "end all pitches"
RELEASE: Final = "release"
QUIT: Final = "quit"


@dataclass
class _Post:
    """One guarded port: its ledger, and the port while it is open."""

    guard: Guard
    ledger: Ledger
    port: OutputPort | None = None

    def open(self) -> None:
        """Opens the port unless it is open; a port that is not there is tried again later."""
        if self.port is None:
            with contextlib.suppress(MagentaBridgeError, OSError):
                self.port = self.guard.open_port()

    def close(self) -> None:
        """Lets the port go."""
        if self.port is not None:
            self.port.close()
            self.port = None

    def silence(self, *, all_pitches: bool) -> bool:
        """Sends what ends the notes; returns whether all of it could be sent."""
        self.open()
        if self.port is None:
            return False
        try:
            for message in silence(self.ledger, all_pitches=all_pitches):
                self.port.send(message)
        except PortGoneError:
            return False
        return True


def run_silencer(
    connection: Connection, guards: tuple[Guard, ...], ledgers: tuple[Path, ...]
) -> None:
    """Serves a supervisor until it says so; when the supervisor dies, silences and ends.

    Args:
        connection: The pipe to the supervisor; it brings the words above and takes answers.
        guards: The ports.
        ledgers: What sounds on each.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    allow_stop_signals()
    raise_priority()
    posts = [_Post(guard, Ledger(path)) for guard, path in zip(guards, ledgers, strict=True)]
    for post in posts:
        if post.guard.early:
            post.open()
    try:
        connection.send(READY)
        while (word := connection.recv()) != QUIT:
            _obey(word, posts)
            connection.send(SILENT)
    except (EOFError, OSError):
        _be_the_last(posts)
    for post in posts:
        post.close()


def _obey(word: str, posts: list[_Post]) -> None:
    for post in posts:
        if word == RELEASE:
            if not post.guard.early:
                post.close()
        else:
            post.silence(all_pitches=word == END_ALL)


def _be_the_last(posts: list[_Post]) -> None:
    """Silences the ports of a player whose supervisor died, and leaves no file behind."""
    begun = time.monotonic()
    for after_s in BURSTS_S:
        time.sleep(max(0.0, begun + after_s - time.monotonic()))
        _obey(END_ALL, posts)
    for post in posts:
        post.ledger.path.unlink(missing_ok=True)
