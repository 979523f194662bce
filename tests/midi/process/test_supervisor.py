"""What ends a player, and what is heard then, with processes started afresh."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from magenta_bridge.errors import InternalError, NotFoundError
from magenta_bridge.midi.process.guarded_port import Guard
from magenta_bridge.midi.process.supervisor import Restart, Supervisor
from tests.midi import players
from tests.midi.socket_port import SocketPort, Stage, open_stage

# Every test starts several processes, which takes long on a busy machine.
pytestmark = pytest.mark.timeout(600)

CHORD = 3
SILENT_AFTER_STOP_S = 0.1
SILENT_AFTER_DEATH_S = 1.0
TRIES = 3


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with open_stage(tmp_path) as opened:
        yield opened


def _guard(stage: Stage) -> Guard:
    return Guard(functools.partial(SocketPort, stage.address))


def _start(stage: Stage, player: str) -> tuple[subprocess.Popen[str], int]:
    """Starts the program; returns it and the player's number once the chord sounds."""
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.midi.supervised", player, stage.address],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    pid = int(program.stdout.readline())
    stage.wait_for(lambda: sum(stage.receiver.sounding.values()) == CHORD)
    return program, pid


def _end(stage: Stage, player: str, victim: str, number: signal.Signals) -> tuple[float, str]:
    """Sends a signal; returns the seconds until silence, and what the program said last."""
    program, pid = _start(stage, player)
    with program:
        sent = time.monotonic()
        os.kill(pid if victim == "player" else program.pid, number)
        stage.wait_for(lambda: not stage.receiver.sounding)
        rest = program.communicate(timeout=60)[0]
    return stage.silent_since - sent, rest.strip()


def _assert_soon_silent(stage: Stage, victim: str, number: signal.Signals, last: str) -> None:
    """Sends a signal, and again if it took long: the machine may have had other things to do."""
    took: list[float] = []
    while not took or (min(took) >= SILENT_AFTER_STOP_S and len(took) < TRIES):
        seconds, said = _end(stage, "hold_a_chord", victim, number)
        assert said == last
        took.append(seconds)
    assert min(took) < SILENT_AFTER_STOP_S


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_program_silences_and_ends_it(stage: Stage, number: signal.Signals) -> None:
    _assert_soon_silent(stage, "supervisor", number, f"ended by {int(number)}")


def test_a_signal_to_the_player_silences_and_ends_it(stage: Stage) -> None:
    _assert_soon_silent(stage, "player", signal.SIGTERM, "ended by None")


def test_ctrl_c_in_a_terminal_reaches_all_processes_and_is_heard_once(stage: Stage) -> None:
    program, pid = _start(stage, "hold_a_chord")
    with program:
        for victim in (pid, program.pid):
            os.kill(victim, signal.SIGINT)
        assert program.communicate(timeout=60)[0].strip() == f"ended by {int(signal.SIGINT)}"
    assert program.returncode == 0
    assert not stage.receiver.sounding


def test_a_player_that_does_not_listen_is_silenced_and_ended(stage: Stage) -> None:
    seconds, said = _end(stage, "hold_a_chord_deafly", "supervisor", signal.SIGTERM)
    assert said == f"ended by {int(signal.SIGTERM)}"
    assert seconds < SILENT_AFTER_DEATH_S


def test_a_killed_supervisor_leaves_no_note(stage: Stage) -> None:
    program, pid = _start(stage, "hold_a_chord_deafly")
    with program:
        sent = time.monotonic()
        program.kill()
        stage.wait_for(lambda: not stage.receiver.sounding)
        assert stage.silent_since - sent < SILENT_AFTER_DEATH_S
    _wait_for_the_end_of(pid)


def test_a_player_that_crashes_once_is_started_again(stage: Stage) -> None:
    pids: list[int] = []

    def note(pid: object) -> None:
        with stage.changed:
            pids.append(int(str(pid)))
            stage.changed.notify_all()

    supervisor = Supervisor(
        players.hold_a_chord,
        (stage.address,),
        (_guard(stage),),
        restart=Restart(first_s=0.0),
        on_report=note,
    )
    running = threading.Thread(target=supervisor.run)
    running.start()
    stage.wait_for(lambda: stage.receiver.begun == CHORD and len(pids) == 1)
    assert supervisor.player_pid == pids[0]
    os.kill(pids[0], signal.SIGSEGV)
    stage.wait_for(lambda: stage.receiver.begun == 2 * CHORD and len(pids) == 2)
    supervisor.stop()
    running.join()
    assert len(set(pids)) == 2
    assert not stage.receiver.sounding


def test_a_player_that_hangs_is_silenced_and_ended(stage: Stage) -> None:
    told: list[str] = []
    supervisor = Supervisor(
        players.hold_a_chord_and_hang,
        (stage.address,),
        (_guard(stage),),
        on_trouble=told.append,
    )
    with pytest.raises(InternalError, match="code -9"):
        supervisor.run()
    assert stage.receiver.begun == CHORD
    assert not stage.receiver.sounding
    assert told == ["The player hangs; it is ended, and its notes with it."]


def test_a_player_that_keeps_crashing_is_given_up(stage: Stage) -> None:
    supervisor = Supervisor(
        players.fail, (stage.address,), (_guard(stage),), restart=Restart(0.0, tries=1)
    )
    with pytest.raises(InternalError, match="ended unexpectedly"):
        supervisor.run()


def test_the_reason_not_to_play_is_told_once_and_not_tried_again(stage: Stage) -> None:
    supervisor = Supervisor(
        players.find_no_port, (stage.address,), (_guard(stage),), restart=Restart()
    )
    with pytest.raises(NotFoundError, match="connect one"):
        supervisor.run()


def test_a_player_that_ends_by_itself_ends_the_supervisor(stage: Stage) -> None:
    supervisor = Supervisor(players.play_a_note_and_end, (stage.address,), (_guard(stage),))
    assert supervisor.run() is None
    stage.wait_for(lambda: stage.receiver.begun == 1 and not stage.receiver.sounding)


def test_the_supervisor_loads_neither_ports_nor_music() -> None:
    code = (
        "import sys, magenta_bridge.midi.process.supervisor\n"
        "heavy = ('rtmidi', 'numpy', 'grpc', 'tensorflow', 'google.protobuf')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert result.stdout.strip() == "[]"


def _wait_for_the_end_of(pid: int) -> None:
    """Waits until a process that is not ours has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(60.0)
