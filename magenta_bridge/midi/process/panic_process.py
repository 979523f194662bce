"""A standby process with the ports open that ends the notes of a dead player.

It is separate from the supervisor because a MIDI system that crashes can crash every process that
uses it. The supervisor itself opens no port.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.midi.output.note_ledger import NoteLedger, all_notes_off
from magenta_bridge.midi.ports.port import OutputPort, PortGoneError
from magenta_bridge.midi.process.child_process import STOP_SIGNALS, unblock_stop_signals
from magenta_bridge.midi.timing.priority import raise_priority

# The MIDI system can lose a burst that is sent while a player dies.
BURSTS_S: Final = (0.0, 0.15, 0.5)

SILENT: Final = "silent"
END_NOTES: Final = "end notes"
END_ALL: Final = "end all pitches"
RELEASE: Final = "release"
QUIT: Final = "quit"

# On Windows, only one program can open an RtMidi port.
PORTS_ARE_SHARED = sys.platform != "win32"


@dataclass(frozen=True)
class GuardedPort:
    """A port that must be silent when its player has died.

    Attributes:
        open_port: Opens the port; must be picklable, such as a function of a module.
        early: Whether to open the port when the player does, which makes silence faster. False for
            virtual ports, which other programs would see twice.
    """

    open_port: Callable[[], OutputPort]
    early: bool = PORTS_ARE_SHARED


@dataclass
class _Output:
    """A guarded port, its ledger, and the open port if any."""

    guarded: GuardedPort
    ledger: NoteLedger
    port: OutputPort | None = None

    def open(self) -> None:
        """Open the port unless it is open; if that fails, it is tried again later."""
        if self.port is None:
            with contextlib.suppress(MagentaBridgeError, OSError):
                self.port = self.guarded.open_port()

    def close(self) -> None:
        """Close the port."""
        if self.port is not None:
            self.port.close()
            self.port = None

    def silence(self, *, all_pitches: bool) -> None:
        """End the notes in the ledger."""
        self.open()
        if self.port is not None:
            with contextlib.suppress(PortGoneError):
                for message in all_notes_off(self.ledger, all_pitches=all_pitches):
                    self.port.send(message)


def run_panic_process(
    connection: Connection, guarded_ports: tuple[GuardedPort, ...], ledgers: tuple[Path, ...]
) -> None:
    """Execute and acknowledge a supervisor's commands until QUIT; if it dies, end all notes."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    unblock_stop_signals()
    raise_priority()
    outputs = [
        _Output(guarded, NoteLedger(path))
        for guarded, path in zip(guarded_ports, ledgers, strict=True)
    ]
    for output in outputs:
        if output.guarded.early:
            output.open()
    try:
        while (command := connection.recv()) != QUIT:
            _execute(command, outputs)
            connection.send(SILENT)
    except (EOFError, OSError):
        _end_without_supervisor(outputs)
    for output in outputs:
        output.close()


def _execute(command: str, outputs: list[_Output]) -> None:
    for output in outputs:
        if command != RELEASE:
            output.silence(all_pitches=command == END_ALL)
        elif not output.guarded.early:
            output.close()


def _end_without_supervisor(outputs: list[_Output]) -> None:
    """End all notes after the supervisor died, and delete the ledgers."""
    start = time.monotonic()
    for after_s in BURSTS_S:
        time.sleep(max(0.0, start + after_s - time.monotonic()))
        _execute(END_ALL, outputs)
    for output in outputs:
        output.ledger.path.unlink(missing_ok=True)
