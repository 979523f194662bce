"""The player's end of what ties it to its supervisor.

The player hears through it that it should stop, and that its supervisor is no more; either way
its ports are silent before anything else happens.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from types import FrameType
from typing import Final

from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.midi.process.guarded_port import STOP_SIGNALS, allow_stop_signals
from magenta_bridge.midi.timing.priority import freeze_gc

STOP: Final = "stop"
FAILED: Final = "failed"
REPORT: Final = "report"
BEAT: Final = "beat"

# How long a player may take to end once it was told to.
PATIENCE_S = 1.0

_FAILURE = 1

_log = logging.getLogger(__name__)


class SupervisorLink:
    """Tells a player to stop, and carries what it reports to its supervisor.

    Threading: any thread.

    Args:
        connection: The pipe to the supervisor.
        ledgers: A ledger for each guarded port, in the order of the supervisor's guards.

    Attributes:
        stop: Set when the player should end.
        ledgers: As given.
    """

    def __init__(self, connection: Connection, ledgers: tuple[Path, ...]) -> None:
        self.stop = threading.Event()
        self.ledgers = ledgers
        self._connection = connection
        self._lock = threading.Lock()
        self._actions: list[Callable[[], None]] = []

    def on_stop(self, action: Callable[[], None]) -> None:
        """Calls a function at once when the player should end: an outlet's ``close``."""
        with self._lock:
            self._actions.append(action)

    def report(self, what: object) -> None:
        """Sends anything that can be pickled to the supervisor's ``on_report``."""
        self._tell(REPORT, what)

    def beat(self) -> None:
        """Gives a sign of life; from the first on, a player without them is taken for hanging."""
        self._tell(BEAT, None)

    def fail(self, error: MagentaBridgeError) -> None:
        """Lets the supervisor raise an error that ends the player."""
        self._tell(FAILED, error)

    def pull(self) -> None:
        """Makes the player's ports silent and asks it to end."""
        with self._lock:
            actions = list(self._actions)
        for action in actions:
            try:
                action()
            except Exception:  # noqa: BLE001 - the other ports must be silenced all the same
                _log.exception("A port could not be silenced.")
        self.stop.set()

    def _tell(self, kind: str, what: object) -> None:
        with self._lock, contextlib.suppress(OSError):
            self._connection.send((kind, what))


def run_player(
    connection: Connection,
    ledgers: tuple[Path, ...],
    target: Callable[..., None],
    arguments: tuple[object, ...],
) -> None:
    """Runs a player in its own process until it ends or is told to.

    Args:
        connection: The pipe to the supervisor.
        ledgers: A ledger for each guarded port.
        target: Plays; is given the leash and the arguments, and returns soon after its ``stop``
            is set.
        arguments: What else the target is given.
    """
    leash = SupervisorLink(connection, ledgers)
    _listen(leash, connection)
    try:
        freeze_gc()
        target(leash, *arguments)
    except MagentaBridgeError as error:
        leash.fail(error)
        raise SystemExit(_FAILURE) from None
    except Exception:  # noqa: BLE001 - to its supervisor a bug is a crash like any other
        _log.critical("The player failed.", exc_info=True)
        raise SystemExit(_FAILURE) from None
    finally:
        leash.pull()


def _listen(leash: SupervisorLink, connection: Connection) -> None:
    """Pulls the leash on a word of the supervisor's, on its end, and on a signal."""
    heard, said = Pipe(duplex=False)

    def hear(_number: int, _frame: FrameType | None) -> None:
        said.send_bytes(b".")

    # Ctrl-C reaches every process of the terminal; the supervisor passes it on.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in STOP_SIGNALS:
        if number != signal.SIGINT:
            signal.signal(number, hear)
    allow_stop_signals()

    def listen() -> None:
        # Either a word, or the end of the other side, or a signal: all mean the same.
        wait([connection, heard])
        # First, since a MIDI system that hangs may keep a port from being silenced.
        end = threading.Timer(PATIENCE_S, os._exit, args=(_FAILURE,))
        end.daemon = True
        end.start()
        leash.pull()

    threading.Thread(target=listen, name="leash", daemon=True).start()
