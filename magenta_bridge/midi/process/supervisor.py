"""The parent of the playing process: when the player dies, what it left sounding is ended.

Whatever ends the player - ``kill -9``, a crash in native code, a bug - the supervisor sees it at
once, by the end of the pipe to it, and has the silencer read the ledgers and end every note: at
once, after 150 ms and after 500 ms, for a MIDI system can lose what is sent while a process dies.
Then it starts the player again, if asked. A player that hangs is ended in the same way. The
supervisor loads no music and touches no port, so that nothing takes it down with them.
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
from magenta_bridge.midi.output.note_ledger import Ledger
from magenta_bridge.midi.process.child_process import Child
from magenta_bridge.midi.process.guarded_port import STOP_SIGNALS, Guard
from magenta_bridge.midi.process.panic_process import (
    BURSTS_S,
    END_ALL,
    END_NOTES,
    QUIT,
    RELEASE,
    SILENT,
    run_silencer,
)
from magenta_bridge.midi.process.supervised import (
    BEAT,
    FAILED,
    PATIENCE_S,
    REPORT,
    STOP,
    run_player,
)
from magenta_bridge.midi.timing.priority import realtime_priority

# A player that gave signs of life hangs when none comes for this long.
HANGS_AFTER_S: Final = 2.0
_SETTLED_S: Final = 30.0
_SILENCER_PAUSE_S: Final = 0.5
_SILENCER_ANSWERS_S: Final = 0.02
# Windows delivers signals between two waits only.
_LONGEST_WAIT_S: Final = 0.02 if sys.platform == "win32" else 5.0


@dataclass(frozen=True)
class Restart:
    """How often to start a player that crashed again.

    Attributes:
        first_s: Seconds before the first new start; each further one waits twice as long.
        most_s: The longest wait.
        tries: New starts in a row before giving up; a player that lived for 30 s begins anew.
    """

    first_s: float = 0.5
    most_s: float = 8.0
    tries: int = 8


class Supervisor:
    """Runs a player in a process of its own, and keeps its ports from sounding on without it.

    Threading: ``run`` in the main thread hears signals, in any other it does not; ``stop`` may
    be called by any.

    Args:
        target: A function of a module, which plays: given a ``leash.Leash`` and ``arguments``.
        arguments: What else it is given; must be picklable.
        guards: The ports it plays to.
        restart: How to start it again when it crashes; None not to.
        on_report: Hears what the player reports.
        on_trouble: Told in one sentence when the player hangs or is started again.
        context: How processes are started; None for a fresh interpreter.
    """

    def __init__(
        self,
        target: Callable[..., None],
        arguments: Sequence[object] = (),
        guards: Sequence[Guard] = (),
        *,
        restart: Restart | None = None,
        on_report: Callable[[object], None] | None = None,
        on_trouble: Callable[[str], None] | None = None,
        context: BaseContext | None = None,
    ) -> None:
        self._target = target
        self._arguments = tuple(arguments)
        self._guards = tuple(guards)
        self._restart = restart
        self._on_report = on_report
        self._on_trouble = on_trouble
        self._context = context or multiprocessing.get_context("spawn")
        self._asked, self._ask = Pipe(duplex=False)
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self._ledgers: tuple[Ledger, ...] = ()
        self._player: Child | None = None
        self._silencer: Child | None = None
        self._error: MagentaBridgeError | None = None
        self._stopped_by: int | None = None
        self._finished = False
        self._crashes = 0
        self._unanswered = 0
        self._started = 0.0
        self._last_beat: float | None = None

    @property
    def player_pid(self) -> int | None:
        """The number of the playing process; None while there is none."""
        player = self._player
        return player.pid if player is not None else None

    def run(self) -> int | None:
        """Plays until the player ends, or a signal or ``stop`` ends it.

        Returns:
            The number of the signal that ended it; None when the player ended by itself.

        Raises:
            MagentaBridgeError: The player's own reason not to play.
            InternalError: The player crashed, and was not to be started again.
        """
        self._ledgers = tuple(Ledger.create() for _ in self._guards)
        with _signals_to(self._ask), realtime_priority():
            try:
                self._start_silencer()
                self._start_player()
                while not self._finished:
                    self._wait()
            finally:
                self._end()
        if self._error is not None:
            raise self._error
        return self._stopped_by

    def stop(self) -> None:
        """Ends the player as SIGTERM does."""
        self._ask.send_bytes(bytes([signal.SIGTERM]))

    def _start_player(self) -> None:
        paths = tuple(ledger.path for ledger in self._ledgers)
        self._player = Child(
            self._context, "player", run_player, paths, self._target, self._arguments
        )
        self._started = time.monotonic()
        self._last_beat = None

    def _start_silencer(self) -> None:
        paths = tuple(ledger.path for ledger in self._ledgers)
        self._silencer = Child(self._context, "silencer", run_silencer, self._guards, paths)

    def _wait(self) -> None:
        children = [child for child in (self._player, self._silencer) if child is not None]
        waited: list[Connection | int] = [self._asked]
        for child in children:
            waited += child.waited_for()
        ready = wait(waited, self._patience())
        if self._asked in ready:
            self._hear_request()
        for child in children:
            if child.connection in ready or child.sentinel in ready:
                self._hear(child)
        self._notice_hanging()
        self._run_timers()

    def _hear(self, child: Child) -> None:
        for word in child.heard():
            if child is self._player:
                self._hear_player(word)
            elif word == SILENT:
                self._unanswered -= 1
        if child.exit_code is None:
            if child.hung_up and child is self._player and self._is_sounding():
                # Its end takes a while still; its notes need not.
                self._silence(END_ALL)
            return
        if child is self._player:
            self._player = None
            self._player_ended(child.exit_code)
        else:
            self._silencer = None
            self._unanswered = 0
            self._later(_SILENCER_PAUSE_S, self._replace_silencer)
        child.close()

    def _hear_player(self, word: object) -> None:
        kind, what = word if isinstance(word, tuple) else (None, None)
        if kind == REPORT and self._on_report is not None:
            self._on_report(what)
        if kind == BEAT:
            self._last_beat = time.monotonic()
        if kind == FAILED and isinstance(what, MagentaBridgeError):
            self._error = what

    def _hear_request(self) -> None:
        number = self._asked.recv_bytes()[0]
        again = self._stopped_by is not None
        self._stopped_by = number
        if self._player is None:
            self._later(BURSTS_S[-1], self._finish)
            return
        if again:
            self._player.kill()
            return
        self._player.tell(STOP)
        self._silence(END_NOTES)
        self._later(PATIENCE_S + 0.5, self._kill_player)

    def _notice_hanging(self) -> None:
        """Ends a player that gives no sign of life any more, as a crash would."""
        beat = self._last_beat
        if self._player is None or beat is None or self._player.hung_up:
            return
        if time.monotonic() - beat > HANGS_AFTER_S:
            self._last_beat = None
            self._complain("The player hangs; it is ended, and its notes with it.")
            self._player.kill()

    def _complain(self, sentence: str) -> None:
        if self._on_trouble is not None:
            self._on_trouble(sentence)

    def _is_sounding(self) -> bool:
        return any(ledger.sounding() for ledger in self._ledgers)

    def _kill_player(self) -> None:
        if self._player is not None:
            self._player.kill()

    def _player_ended(self, code: int) -> None:
        crashed = code != 0 and self._error is None
        if not crashed and not self._is_sounding():
            self._finished = True
            return
        # The first burst goes out before anything else is thought about.
        self._silence(END_ALL if crashed else END_NOTES)
        for after_s in BURSTS_S[1:]:
            self._later(after_s, lambda: self._silence(END_ALL if crashed else END_NOTES))
        if crashed and self._may_restart():
            self._later(BURSTS_S[-1], lambda: self._silence(RELEASE))
            self._later(max(self._pause_s(), BURSTS_S[-1]), self._restart_player)
        else:
            self._later(BURSTS_S[-1], self._finish)
        if crashed and self._stopped_by is None and not self._may_restart():
            self._error = InternalError(
                f"The player ended unexpectedly (code {code}); the notes that sounded were ended."
            )

    def _may_restart(self) -> bool:
        if time.monotonic() - self._started > _SETTLED_S:
            self._crashes = 0
        return (
            self._restart is not None
            and self._stopped_by is None
            and self._crashes < self._restart.tries
        )

    def _pause_s(self) -> float:
        restart = self._restart or Restart()
        return float(min(restart.first_s * 2**self._crashes, restart.most_s))

    def _restart_player(self) -> None:
        if self._stopped_by is not None:
            self._finish()
            return
        if self._unanswered:
            # The last burst would cut the new player's first notes.
            self._later(_SILENCER_ANSWERS_S, self._restart_player)
            return
        self._crashes += 1
        self._complain("The player ended unexpectedly; it is started again.")
        self._start_player()

    def _finish(self) -> None:
        self._finished = True

    def _silence(self, word: str) -> None:
        if self._silencer is None:
            self._start_silencer()
        if self._silencer is not None:
            self._silencer.tell(word)
            self._unanswered += 1

    def _replace_silencer(self) -> None:
        if self._silencer is None:
            self._start_silencer()

    def _later(self, after_s: float, action: Callable[[], None]) -> None:
        self._timers.append((time.monotonic() + after_s, action))
        self._timers.sort(key=lambda timer: timer[0])

    def _patience(self) -> float:
        until = [at for at, _ in self._timers[:1]]
        if self._last_beat is not None:
            until.append(self._last_beat + HANGS_AFTER_S)
        now = time.monotonic()
        return min([_LONGEST_WAIT_S, *(max(0.0, at - now) for at in until)])

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
        if self._silencer is not None:
            self._silencer.tell(QUIT)
            self._silencer.close()
        for ledger in self._ledgers:
            ledger.close(remove=True)


@contextlib.contextmanager
def _signals_to(ask: Connection) -> Iterator[None]:
    """Sends the numbers of the signals that come while it is open."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def hear(number: int, _frame: FrameType | None) -> None:
        ask.send_bytes(bytes([number]))

    before = {number: signal.signal(number, hear) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
