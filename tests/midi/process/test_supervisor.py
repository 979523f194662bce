"""What ends a player, and that its notes then end, with fresh processes.

All assertions are about the order of events; ``benchmarks/midi_tricks.py`` measures times.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from magenta_bridge.errors import InternalError, NotFoundError
from magenta_bridge.midi.process.panic_process import GuardedPort
from magenta_bridge.midi.process.supervisor import RestartPolicy, Supervisor
from tests.midi import players
from tests.midi.bounded import TIMEOUT_S, ChildProgram, child_program, join, run_bounded
from tests.midi.socket_receiver import SocketPort, SocketReceiver, socket_receiver

# Every test starts several processes, which is slow on a loaded machine.
pytestmark = pytest.mark.timeout(900)

CHORD = len(players.CHORD)
_END = {"supervisor": "ended by {}", "player": "ended by None"}


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[SocketReceiver]:
    with socket_receiver(tmp_path) as opened:
        yield opened


@contextlib.contextmanager
def _program(receiver: SocketReceiver, player: str) -> Iterator[tuple[ChildProgram, int]]:
    """Run a supervisor; yield it and the player's PID once the chord sounds."""
    command = [sys.executable, "-m", "tests.midi.supervised_program", player, receiver.address]
    with child_program(*command) as program:
        pid = int(program.read_line("the PID of the player"))
        receiver.wait_for(
            lambda: sum(receiver.receiver.sounding.values()) == CHORD, "the chord to sound"
        )
        yield program, pid


def _wait_for_silence(receiver: SocketReceiver) -> None:
    receiver.wait_for(lambda: not receiver.receiver.sounding, "all notes to end")


def _supervise(receiver: SocketReceiver, player: Callable[..., None], **options: Any) -> Supervisor:  # noqa: ANN401
    guarded = GuardedPort(functools.partial(SocketPort, receiver.address))
    return Supervisor(player, (receiver.address,), (guarded,), **options)


def _run(supervisor: Supervisor) -> int | None:
    return run_bounded(supervisor.run, "the end of the supervisor")


@pytest.mark.parametrize(
    ("player", "target", "number"),
    [
        ("hold_a_chord", "supervisor", signal.SIGINT),
        ("hold_a_chord", "supervisor", signal.SIGTERM),
        ("hold_a_chord", "player", signal.SIGTERM),
        ("hold_a_chord_and_ignore_stop", "supervisor", signal.SIGTERM),
    ],
)
def test_a_signal_ends_the_notes_and_the_program(
    receiver: SocketReceiver, player: str, target: str, number: signal.Signals
) -> None:
    with _program(receiver, player) as (program, pid):
        os.kill(pid if target == "player" else program.process.pid, number)
        _wait_for_silence(receiver)
        assert program.finish() == _END[target].format(int(number))


def test_ctrl_c_in_a_terminal_reaches_all_processes_and_counts_once(
    receiver: SocketReceiver,
) -> None:
    with _program(receiver, "hold_a_chord") as (program, pid):
        for target in (pid, program.process.pid):
            os.kill(target, signal.SIGINT)
        assert program.finish() == f"ended by {int(signal.SIGINT)}"
        assert program.exit_code() == 0
    _wait_for_silence(receiver)


def test_a_killed_supervisor_leaves_no_note(receiver: SocketReceiver) -> None:
    with _program(receiver, "hold_a_chord_and_ignore_stop") as (program, pid):
        player = psutil.Process(pid)
        program.kill()
        _wait_for_silence(receiver)
        with contextlib.suppress(psutil.NoSuchProcess):
            player.wait(TIMEOUT_S)


def test_a_player_that_crashes_once_is_restarted(receiver: SocketReceiver) -> None:
    pids: list[int] = []

    def add(pid: object) -> None:
        with receiver.changed:
            pids.append(int(str(pid)))
            receiver.changed.notify_all()

    supervisor = _supervise(
        receiver, players.hold_a_chord, restart=RestartPolicy(first_s=0.0), on_report=add
    )
    running = threading.Thread(target=supervisor.run, daemon=True)
    running.start()
    received = receiver.receiver
    receiver.wait_for(lambda: received.started == CHORD and len(pids) == 1, "the first chord")
    assert supervisor.player_pid == pids[0]
    os.kill(pids[0], signal.SIGSEGV)
    receiver.wait_for(lambda: received.started == 2 * CHORD and len(pids) == 2, "the second chord")
    supervisor.stop()
    join(running)
    assert len(set(pids)) == 2
    _wait_for_silence(receiver)


def test_a_player_that_hangs_is_killed_and_its_notes_end(receiver: SocketReceiver) -> None:
    troubles: list[str] = []
    supervisor = _supervise(receiver, players.hold_a_chord_and_hang, on_trouble=troubles.append)
    with pytest.raises(InternalError, match="code -9"):
        _run(supervisor)
    assert receiver.receiver.started == CHORD
    _wait_for_silence(receiver)
    assert len(troubles) == 1


def test_restarts_of_a_player_that_keeps_crashing_are_limited(receiver: SocketReceiver) -> None:
    with pytest.raises(InternalError, match="ended unexpectedly"):
        _run(_supervise(receiver, players.fail, restart=RestartPolicy(0.0, tries=1)))


def test_a_player_whose_thread_fails_ends_like_a_crashed_one(receiver: SocketReceiver) -> None:
    with pytest.raises(InternalError, match="ended unexpectedly"):
        _run(_supervise(receiver, players.fail_in_a_thread, restart=RestartPolicy(0.0, tries=1)))
    assert receiver.receiver.started == 2 * CHORD
    _wait_for_silence(receiver)


def test_a_command_reaches_the_player(receiver: SocketReceiver) -> None:
    """Before there is one, it is dropped."""
    supervisor: Supervisor = _supervise(
        receiver, players.obey_a_command, on_report=lambda _: supervisor.command("panic")
    )
    supervisor.command("panic")
    assert _run(supervisor) is None
    assert receiver.receiver.started == 1


def test_an_error_of_the_player_is_raised_without_a_restart(receiver: SocketReceiver) -> None:
    with pytest.raises(NotFoundError):
        _run(_supervise(receiver, players.find_no_port, restart=RestartPolicy()))


def test_a_player_that_ends_by_itself_ends_the_supervisor(receiver: SocketReceiver) -> None:
    assert _run(_supervise(receiver, players.play_a_note_and_end)) is None
    receiver.wait_for(lambda: receiver.receiver.started == 1, "the note")
    _wait_for_silence(receiver)


def test_the_supervisor_loads_neither_ports_nor_music() -> None:
    code = (
        "import sys, magenta_bridge.midi.process.supervisor\n"
        "heavy = ('rtmidi', 'supriya_midi', 'numpy', 'grpc', 'tensorflow', 'google.protobuf')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert result.stdout.strip() == "[]"
