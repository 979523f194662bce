"""Two hundred players are killed at random moments; every time the receiver is left silent.

``MIDI_KILLS`` sets how many. Bursts are loss-free here, so the first one must do.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from magenta_bridge.midi.process.guarded_port import Guard
from magenta_bridge.midi.process.panic_process import BURSTS_S
from magenta_bridge.midi.process.supervisor import Restart, Supervisor
from tests.midi.players import CHANNELS, play_randomly
from tests.midi.socket_port import SocketPort, Stage, open_stage

KILLS = int(os.environ.get("MIDI_KILLS", "200"))
STAGES = 5
SILENT_WITHIN_S = 1.0
BURSTS = len(BURSTS_S)

# Processes that are copies of one start in milliseconds; test_supervisor.py starts fresh ones.
COPIES = multiprocessing.get_context("forkserver")
COPIES.set_forkserver_preload(["tests.midi.players", "magenta_bridge.midi.process.supervisor"])


def _kill_once(supervisor: Supervisor, stage: Stage, chance: random.Random) -> float:
    """Lets a player play a little, kills it, and returns the seconds until all was silent."""
    begun = stage.receiver.begun + chance.randrange(1, 40)
    stage.wait_for(lambda: stage.receiver.begun >= begun)
    with stage.changed:
        before = len(stage.left)
    pid = supervisor.player_pid
    assert pid is not None
    killed = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    stage.wait_for(lambda: len(stage.left) >= before + len(CHANNELS))
    silent_since = stage.silent_since
    stage.wait_for(lambda: len(stage.left) >= before + BURSTS * len(CHANNELS))
    after_each_burst = stage.left[before + len(CHANNELS) - 1 :: len(CHANNELS)]
    assert after_each_burst[:BURSTS] == [0] * BURSTS
    return silent_since - killed


def _kill_many(folder: Path, number: int) -> list[float]:
    chance = random.Random(number)  # noqa: S311
    with open_stage(folder, str(number)) as stage:
        supervisor = Supervisor(
            play_randomly,
            (stage.address, number),
            (Guard(functools.partial(SocketPort, stage.address)),),
            restart=Restart(first_s=0.0, most_s=0.0, tries=KILLS),
            context=COPIES,
        )
        running = threading.Thread(target=supervisor.run)
        running.start()
        try:
            return [_kill_once(supervisor, stage, chance) for _ in range(KILLS // STAGES)]
        finally:
            supervisor.stop()
            running.join()


@pytest.mark.timeout(1200)
def test_a_killed_player_leaves_no_note(tmp_path: Path) -> None:
    with ThreadPoolExecutor(STAGES) as pool:
        took_s = [
            seconds
            for many in pool.map(functools.partial(_kill_many, tmp_path), range(STAGES))
            for seconds in many
        ]
    assert len(took_s) == KILLS // STAGES * STAGES
    assert max(took_s) < SILENT_WITHIN_S
