"""The parent of the playing process: when the player dies, it ends the active notes.

Whatever ends the player (``kill -9``, a native crash, a bug), the supervisor detects it immediately
by the end of the pipe. The panic process then reads the ledgers and ends every note: immediately,
after 150 ms and after 500 ms, because a MIDI system can lose messages while a process dies. Then
the player is restarted, if requested. A player that hangs is killed and handled the same way. The
supervisor loads no music and opens no port, so that it survives their crashes.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.context import BaseContext
from types import FrameType
from typing import Final

from magenta_bridge.errors import InternalError, MagentaBridgeError
from magenta_bridge.midi.output.note_ledger import NoteLedger
from magenta_bridge.midi.process.child_process import STOP_SIGNALS, ChildProcess
from magenta_bridge.midi.process.panic_process import (
    BURSTS_S,
    END_ALL,
    END_NOTES,
    QUIT,
    RELEASE,
    SILENT,
    GuardedPort,
    run_panic_process,
)
from magenta_bridge.midi.process.supervised import (
    FAILED,
    HEARTBEAT,
    REPORT,
    STOP,
    STOP_TIMEOUT_S,
    run_player,
)
from magenta_bridge.midi.timing.priority import realtime_priority

# A player that has sent heartbeats is considered hung after this long without one.
HUNG_AFTER_S: Final = 2.0
_STABLE_S: Final = 30.0
_PANIC_RESTART_S: Final = 0.5
_PANIC_POLL_S: Final = 0.02
# Windows delivers signals only between two waits.
_MAX_WAIT_S: Final = 0.02 if sys.platform == "win32" else 5.0


@dataclass(frozen=True)
class RestartPolicy:
    """When to restart a player that crashed.

    Attributes:
        first_s: Seconds before the first restart; the delay doubles with each further one.
        max_s: Maximum delay in seconds.
        tries: Maximum number of consecutive restarts; running for 30 s resets the count.
    """

    first_s: float = 0.5
    max_s: float = 8.0
    tries: int = 8


class Supervisor:
    """Runs a player in a child process and ends its notes if it dies.

    Threading: ``run`` handles signals only in the main thread; any thread may call ``stop``.

    Args:
        target: The player, a function of a module; called with a ``supervised.SupervisorLink`` and
            ``arguments``.
        arguments: Further arguments of the target; must be picklable.
        guarded_ports: The ports that the player sends to.
        restart: When to restart a crashed player; None for never.
        on_report: Receives the player's reports.
        on_trouble: Receives a sentence when the player hangs or is restarted.
        context: The multiprocessing context; None for ``spawn``.
    """

    def __init__(
        self,
        target: Callable[..., None],
        arguments: Sequence[object] = (),
        guarded_ports: Sequence[GuardedPort] = (),
        *,
        restart: RestartPolicy | None = None,
        on_report: Callable[[object], None] | None = None,
        on_trouble: Callable[[str], None] | None = None,
        context: BaseContext | None = None,
    ) -> None:
        self._target = target
        self._arguments = tuple(arguments)
        self._guarded_ports = tuple(guarded_ports)
        self._restart = restart
        self._on_report = on_report
        self._on_trouble = on_trouble
        self._context = context or multiprocessing.get_context("spawn")
        self._requests, self._request = Pipe(duplex=False)
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self._ledgers: tuple[NoteLedger, ...] = ()
        self._player: ChildProcess | None = None
        self._panic: ChildProcess | None = None
        self._error: MagentaBridgeError | None = None
        self._stopped_by: int | None = None
        self._finished = False
        self._crashes = 0
        self._unacknowledged = 0
        self._started = 0.0
        self._last_heartbeat: float | None = None

    @property
    def player_pid(self) -> int | None:
        """The PID of the playing process; None if there is none."""
        player = self._player
        return None if player is None else player.pid

    def run(self) -> int | None:
        """Run the player until it ends, or until a signal or ``stop`` ends it.

        Returns:
            The number of the signal that ended it; None if the player ended by itself.

        Raises:
            MagentaBridgeError: The player raised this error.
            InternalError: The player crashed and was not restarted.
        """
        self._ledgers = tuple(NoteLedger.create() for _ in self._guarded_ports)
        with _signals_to(self._request), realtime_priority():
            try:
                self._start_panic_process()
                self._start_player()
                while not self._finished:
                    self._wait()
            finally:
                self._end()
        if self._error is not None:
            raise self._error
        return self._stopped_by

    def stop(self) -> None:
        """End the player as SIGTERM does."""
        self._request.send_bytes(bytes([signal.SIGTERM]))

    def command(self, name: str) -> None:
        """Send a command to the player; it is dropped while there is none."""
        self._request.send_bytes(name.encode())

    def _start_player(self) -> None:
        paths = tuple(ledger.path for ledger in self._ledgers)
        self._player = ChildProcess(
            self._context, "player", run_player, paths, self._target, self._arguments
        )
        self._started = time.monotonic()
        self._last_heartbeat = None

    def _start_panic_process(self) -> None:
        if self._panic is None:
            paths = tuple(ledger.path for ledger in self._ledgers)
            self._panic = ChildProcess(
                self._context, "panic", run_panic_process, self._guarded_ports, paths
            )

    def _wait(self) -> None:
        children = [child for child in (self._player, self._panic) if child is not None]
        waitables: list[Connection | int] = [self._requests]
        for child in children:
            waitables += child.waitables()
        ready = wait(waitables, self._wait_s())
        if self._requests in ready:
            self._handle_request()
        for child in children:
            if child.connection in ready or child.sentinel in ready:
                self._handle_child(child)
        self._check_heartbeat()
        self._run_timers()

    def _handle_child(self, child: ChildProcess) -> None:
        for message in child.received():
            if child is self._player:
                self._handle_player_message(message)
            elif message == SILENT:
                self._unacknowledged -= 1
        if child.exit_code is None:
            if child.disconnected and child is self._player and self._is_sounding():
                # The process takes a while to end; its notes end now.
                self._silence(END_ALL)
            return
        if child is self._player:
            self._player = None
            self._handle_player_exit(child.exit_code)
        else:
            self._panic = None
            self._unacknowledged = 0
            self._later(_PANIC_RESTART_S, self._start_panic_process)
        child.close()

    def _handle_player_message(self, message: object) -> None:
        kind, content = message if isinstance(message, tuple) else (None, None)
        if kind == REPORT and self._on_report is not None:
            self._on_report(content)
        if kind == HEARTBEAT:
            self._last_heartbeat = time.monotonic()
        if kind == FAILED and isinstance(content, MagentaBridgeError):
            self._error = content

    def _handle_request(self) -> None:
        request = self._requests.recv_bytes()
        if len(request) > 1:
            if self._player is not None:
                self._player.send(request.decode())
            return
        number = request[0]
        again = self._stopped_by is not None
        self._stopped_by = number
        if self._player is None:
            self._later(BURSTS_S[-1], self._finish)
        elif again:
            self._player.kill()
        else:
            self._player.send(STOP)
            self._silence(END_NOTES)
            self._later(STOP_TIMEOUT_S + 0.5, self._kill_player)

    def _check_heartbeat(self) -> None:
        """Kill a player that no longer sends heartbeats."""
        last = self._last_heartbeat
        if self._player is None or last is None or self._player.disconnected:
            return
        if time.monotonic() - last > HUNG_AFTER_S:
            self._last_heartbeat = None
            self._report_trouble("The player hangs; it is killed and its notes are ended.")
            self._player.kill()

    def _report_trouble(self, sentence: str) -> None:
        if self._on_trouble is not None:
            self._on_trouble(sentence)

    def _is_sounding(self) -> bool:
        return any(ledger.sounding() for ledger in self._ledgers)

    def _kill_player(self) -> None:
        if self._player is not None:
            self._player.kill()

    def _handle_player_exit(self, code: int) -> None:
        crashed = code != 0 and self._error is None
        if not crashed and not self._is_sounding():
            self._finished = True
            return
        # The first burst is sent before anything else.
        command = END_ALL if crashed else END_NOTES
        self._silence(command)
        for after_s in BURSTS_S[1:]:
            self._later(after_s, lambda: self._silence(command))
        if crashed and self._may_restart():
            self._later(BURSTS_S[-1], lambda: self._silence(RELEASE))
            self._later(max(self._restart_delay_s(), BURSTS_S[-1]), self._restart_player)
        else:
            self._later(BURSTS_S[-1], self._finish)
        if crashed and self._stopped_by is None and not self._may_restart():
            self._error = InternalError(
                f"The player ended unexpectedly (code {code}); its notes were ended."
            )

    def _may_restart(self) -> bool:
        if time.monotonic() - self._started > _STABLE_S:
            self._crashes = 0
        return (
            self._restart is not None
            and self._stopped_by is None
            and self._crashes < self._restart.tries
        )

    def _restart_delay_s(self) -> float:
        restart = self._restart or RestartPolicy()
        return float(min(restart.first_s * 2**self._crashes, restart.max_s))

    def _restart_player(self) -> None:
        if self._stopped_by is not None:
            self._finish()
            return
        if self._unacknowledged:
            # The last burst would end the new player's first notes.
            self._later(_PANIC_POLL_S, self._restart_player)
            return
        self._crashes += 1
        self._report_trouble("The player ended unexpectedly; it is restarted.")
        self._start_player()

    def _finish(self) -> None:
        self._finished = True

    def _silence(self, command: str) -> None:
        self._start_panic_process()
        if self._panic is not None:
            self._panic.send(command)
            self._unacknowledged += 1

    def _later(self, after_s: float, action: Callable[[], None]) -> None:
        self._timers.append((time.monotonic() + after_s, action))
        self._timers.sort(key=lambda timer: timer[0])

    def _wait_s(self) -> float:
        until = [at for at, _ in self._timers[:1]]
        if self._last_heartbeat is not None:
            until.append(self._last_heartbeat + HUNG_AFTER_S)
        now = time.monotonic()
        return min([_MAX_WAIT_S, *(max(0.0, at - now) for at in until)])

    def _run_timers(self) -> None:
        now = time.monotonic()
        due = [action for at, action in self._timers if at <= now]
        self._timers = [timer for timer in self._timers if timer[0] > now]
        for action in due:
            action()

    def _end(self) -> None:
        if self._player is not None:
            self._player.kill()
            self._player.close()
            self._silence(END_ALL)
        if self._panic is not None:
            self._panic.send(QUIT)
            self._panic.close()
        for ledger in self._ledgers:
            ledger.close(remove=True)


@contextlib.contextmanager
def _signals_to(connection: Connection) -> Iterator[None]:
    """Send the numbers of stop signals to a pipe within the block."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, _frame: FrameType | None) -> None:
        connection.send_bytes(bytes([number]))

    before = {number: signal.signal(number, on_signal) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
