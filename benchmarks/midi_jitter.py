"""How late the MIDI player is, for ticks of 10 ms.

Measured on a quiet machine, beside two programs that keep the cores busy, and beside a server
that generates. The player is the real one, in a process of its own: schedule, outlet, ledger,
and a port whose receiver notes the time. Prints one JSON line; times in milliseconds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection

import mido

from benchmarks.bench.serving import serving
from magenta_bridge.client import Client
from magenta_bridge.midi.engine.player import MidiPlayer
from magenta_bridge.midi.output.note_ledger import Ledger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.ports.memory_port import EchoPort
from magenta_bridge.midi.timing.clock import RealClock
from magenta_bridge.midi.timing.priority import Priority, freeze_gc, realtime_priority
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import NoteSequence

TICK_S = 0.010
LEAD_S = 0.2
GENERATOR = "lstm_melody"
BARS = 64

_BURN = "while True: pass"


def play(answers: Connection, ticks: int) -> None:
    """Plays ticks and sends back how late each was, in seconds, and the player's priority."""
    ledger = Ledger.create()
    port = EchoPort()
    arrived: list[float] = []
    port.callback = lambda message: arrived.append(STEADY_CLOCK.of_monotonic(message.time))
    freeze_gc()
    first = STEADY_CLOCK.now() + LEAD_S
    notes = NoteSequence()
    for number in range(0, ticks, 2):
        start = first + number * TICK_S
        notes.notes.add(pitch=60, velocity=64, start_time=start, end_time=start + TICK_S)
    # Late notes are sent and counted here, not dropped.
    outlet = PatientOutlet(port, ledger, RealClock())
    with realtime_priority() as priority:
        player = MidiPlayer(outlet, notes)
        player.start()
        player.join()
    ledger.close(remove=True)
    late = [at - first - number * TICK_S for number, at in enumerate(arrived)]
    answers.send((late, priority))


class PatientOutlet(NoteOutput):
    """An outlet that drops no note, however late."""

    def send(self, message: mido.Message, due: float | None = None) -> bool:  # noqa: ARG002
        """Sends a message now."""
        return super().send(message)


def measure(ticks: int) -> tuple[list[float], Priority]:
    """Runs a player in a fresh process; returns the sorted latenesses and its priority."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    player = context.Process(target=play, args=(theirs, ticks))
    player.start()
    theirs.close()
    late, priority = ours.recv()
    player.join()
    return sorted(late), priority


@contextlib.contextmanager
def nothing() -> Iterator[None]:
    """Leaves the machine alone."""
    yield


@contextlib.contextmanager
def burners() -> Iterator[None]:
    """Keeps two cores busy."""
    processes = [subprocess.Popen([sys.executable, "-c", _BURN]) for _ in range(2)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


@contextlib.contextmanager
def generation() -> Iterator[None]:
    """Lets a real server generate melodies, one after another."""
    stop = threading.Event()
    begun = threading.Event()
    with serving("--log-level", "warning") as server:
        asking = threading.Thread(target=_ask, args=(server.address, begun, stop))
        asking.start()
        begun.wait()
        try:
            yield
        finally:
            stop.set()
            asking.join()


def _ask(address: str, begun: threading.Event, stop: threading.Event) -> None:
    """Generate melodies, one after another, until stopped."""
    with Client(address) as client:
        while not stop.is_set():
            for _ in client.stream(GENERATOR, bars=BARS, seed=1):
                begun.set()
                if stop.is_set():
                    break


def summary(late: list[float]) -> dict[str, float]:
    """Returns the median, the 99th percentile and the largest, in milliseconds."""
    return {
        "p50_ms": round(late[len(late) // 2] * 1000, 3),
        "p99_ms": round(late[len(late) * 99 // 100] * 1000, 3),
        "max_ms": round(late[-1] * 1000, 3),
    }


def main() -> None:
    """Reads the command line and prints the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=600, help="ticks of 10 ms in each situation")
    ticks = max(1, parser.parse_args().ticks)
    result: dict[str, object] = {"benchmark": "midi_jitter", "ticks": ticks, "tick_ms": 10}
    situations = {"idle": nothing, "burners": burners, "generating": generation}
    for name, situation in situations.items():
        with situation():
            late, priority = measure(ticks)
        result[name] = summary(late)
        result["sched_fifo"] = priority.real_time
    print(json.dumps(result))


if __name__ == "__main__":
    main()
