"""The player's end of the link to its supervisor.

Through it, the player learns that it must stop or that its supervisor has died. In both cases its
ports are silenced first.
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
from magenta_bridge.midi.process.child_process import STOP_SIGNALS, unblock_stop_signals
from magenta_bridge.midi.timing.priority import freeze_gc

STOP: Final = "stop"
FAILED: Final = "failed"
REPORT: Final = "report"
HEARTBEAT: Final = "heartbeat"

# Time that a player has to end after it was stopped.
STOP_TIMEOUT_S = 1.0

_FAILURE = 1

_log = logging.getLogger(__name__)


class SupervisorLink:
    """Stops a player and sends its reports to its supervisor.

    Threading: any thread.

    Attributes:
        stop: Set when the player must end.
        failed: Set when a thread of the player has failed; it ends, to be restarted.
        ledgers: The ledger file of each guarded port, in the supervisor's order.
    """

    def __init__(self, connection: Connection, ledgers: tuple[Path, ...]) -> None:
        self.stop = threading.Event()
        self.failed = threading.Event()
        self.ledgers = ledgers
        self._connection = connection
        self._lock = threading.Lock()
        self._actions: list[Callable[[], None]] = []
        self._commands: dict[str, Callable[[], None]] = {}

    def on_stop(self, action: Callable[[], None]) -> None:
        """Register a function to call when the player must end, such as an output's ``close``."""
        with self._lock:
            self._actions.append(action)

    def on_command(self, command: str, action: Callable[[], None]) -> None:
        """Register the function to call when the supervisor sends a command."""
        self._commands[command] = action

    def handle(self, command: object) -> None:
        """Run the action of a command, if the player has registered one."""
        action = self._commands.get(str(command))
        if action is not None:
            action()

    def report(self, report: object) -> None:
        """Send a picklable object to the supervisor's ``on_report``."""
        self.send(REPORT, report)

    def heartbeat(self) -> None:
        """Send a sign of life; after the first one, a player without them is considered hung."""
        self.send(HEARTBEAT, None)

    def silence_and_stop(self) -> None:
        """Silence the player's ports and set ``stop``."""
        with self._lock:
            actions = list(self._actions)
        for action in actions:
            try:
                action()
            except Exception:  # noqa: BLE001 - the other ports must still be silenced
                _log.exception("A port could not be silenced.")
        self.stop.set()

    def send(self, kind: str, content: object) -> None:
        """Send a message to the supervisor."""
        with self._lock, contextlib.suppress(OSError):
            self._connection.send((kind, content))


def run_player(
    connection: Connection,
    ledgers: tuple[Path, ...],
    target: Callable[..., None],
    arguments: tuple[object, ...],
) -> None:
    """Run a player in this process until it ends or is stopped.

    The target is called with a ``SupervisorLink`` and the arguments; it must return soon after
    ``stop`` is set.
    """
    link = SupervisorLink(connection, ledgers)
    _end_on_failure(link)
    _start_stop_thread(link, connection)
    try:
        freeze_gc()
        target(link, *arguments)
    except MagentaBridgeError as error:
        link.send(FAILED, error)
        raise SystemExit(_FAILURE) from None
    except Exception:  # noqa: BLE001 - the supervisor handles a bug like any other crash
        _log.critical("The player failed.", exc_info=True)
        raise SystemExit(_FAILURE) from None
    finally:
        link.silence_and_stop()
    if link.failed.is_set():
        raise SystemExit(_FAILURE)


def _end_on_failure(link: SupervisorLink) -> None:
    """End the player when any of its threads raises an exception, as if it had crashed."""

    def on_exception(failure: threading.ExceptHookArgs) -> None:
        name = failure.thread.name if failure.thread else "?"
        error = failure.exc_value or failure.exc_type()
        _log.critical("The thread %s of the player failed.", name, exc_info=error)
        link.failed.set()
        link.stop.set()

    threading.excepthook = on_exception


def _start_stop_thread(link: SupervisorLink, connection: Connection) -> None:
    """Stop the player on a message from the supervisor, at its death, and on a signal."""
    signaled, notify = Pipe(duplex=False)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        notify.send_bytes(b".")

    # Ctrl-C reaches every process of the terminal; the supervisor forwards it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in STOP_SIGNALS:
        if number != signal.SIGINT:
            signal.signal(number, on_signal)
    unblock_stop_signals()

    def stop() -> None:
        while connection in wait([connection, signaled]):
            try:
                message = connection.recv()
            except (EOFError, OSError):
                break
            if message == STOP:
                break
            link.handle(message)
        # Started first, because a hung MIDI system can block the silencing of a port.
        timer = threading.Timer(STOP_TIMEOUT_S, os._exit, args=(_FAILURE,))
        timer.daemon = True
        timer.start()
        link.silence_and_stop()

    threading.Thread(target=stop, name="supervisor-link", daemon=True).start()
