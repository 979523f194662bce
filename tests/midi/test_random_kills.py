"""Two hundred players are killed at random times, and the receiver is silent after each kill.

``MIDI_KILLS`` sets the number. The port is lossless here, so the first burst must end all notes.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from magenta_bridge.midi.process.panic_process import BURSTS_S, GuardedPort
from magenta_bridge.midi.process.supervisor import RestartPolicy, Supervisor
from tests.midi.bounded import join
from tests.midi.players import CHANNELS, play_randomly
from tests.midi.socket_receiver import SocketPort, SocketReceiver, socket_receiver

KILLS = int(os.environ.get("MIDI_KILLS", "200"))
SUPERVISORS = 5
BURSTS = len(BURSTS_S)

# Forked processes start in milliseconds; test_supervisor.py starts fresh ones.
FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["tests.midi.players", "magenta_bridge.midi.process.supervisor"])


def _kill_once(supervisor: Supervisor, receiver: SocketReceiver, rng: random.Random) -> None:
    """Let a player play some notes, kill it, and check that every burst leaves silence."""
    received, left = receiver.receiver, receiver.left
    started = received.started + rng.randrange(1, 40)
    receiver.wait_for(lambda: received.started >= started, "the player to play")
    with receiver.changed:
        before = len(left)
    pid = supervisor.player_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    receiver.wait_for(lambda: len(left) >= before + BURSTS * len(CHANNELS), "all bursts")
    after_each_burst = left[before + len(CHANNELS) - 1 :: len(CHANNELS)]
    assert after_each_burst[:BURSTS] == [0] * BURSTS


def _kill_many(folder: Path, number: int) -> int:
    rng = random.Random(number)  # noqa: S311
    with socket_receiver(folder, str(number)) as receiver:
        supervisor = Supervisor(
            play_randomly,
            (receiver.address, number),
            (GuardedPort(functools.partial(SocketPort, receiver.address)),),
            restart=RestartPolicy(first_s=0.0, max_s=0.0, tries=KILLS),
            context=FORKSERVER,
        )
        running = threading.Thread(target=supervisor.run, daemon=True)
        running.start()
        try:
            for _ in range(KILLS // SUPERVISORS):
                _kill_once(supervisor, receiver, rng)
        finally:
            supervisor.stop()
            join(running)
    return KILLS // SUPERVISORS


@pytest.mark.timeout(1200)
def test_a_killed_player_leaves_no_note(tmp_path: Path) -> None:
    with ThreadPoolExecutor(SUPERVISORS) as pool:
        kills = sum(pool.map(functools.partial(_kill_many, tmp_path), range(SUPERVISORS)))
    assert kills == KILLS // SUPERVISORS * SUPERVISORS
