"""How late the MIDI player is, for ticks of 10 ms.

Measured on an idle machine, beside two busy processes, and beside a server that generates. The
player is the real one, in its own process: event queue, output, ledger, and a port whose receiver
records the time. Prints one JSON line; times in milliseconds.
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
from magenta_bridge.midi.output.note_ledger import NoteLedger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.ports.memory_port import EchoPort
from magenta_bridge.midi.timing.priority import freeze_gc, realtime_priority
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import NoteSequence

TICK_S = 0.010
LEAD_S = 0.2
GENERATOR = "lstm_melody"
BARS = 64

_BURN = "while True: pass"


def play(connection: Connection, ticks: int) -> None:
    """Play ticks; send back how late each was, in seconds, and whether priority was real-time."""
    ledger = NoteLedger.create()
    port = EchoPort()
    arrived: list[float] = []
    port.callback = lambda message: arrived.append(STEADY_CLOCK.from_monotonic(message.time))
    freeze_gc()
    first = STEADY_CLOCK.now() + LEAD_S
    notes = NoteSequence()
    for number in range(0, ticks, 2):
        start = first + number * TICK_S
        notes.notes.add(pitch=60, velocity=64, start_time=start, end_time=start + TICK_S)
    # Late notes are sent and counted here, not dropped.
    output = LosslessOutput(port, ledger)
    with realtime_priority() as granted:
        player = MidiPlayer(output, notes)
        player.start()
        player.join()
    ledger.close(remove=True)
    late = [at - first - number * TICK_S for number, at in enumerate(arrived)]
    connection.send((late, granted))


class LosslessOutput(NoteOutput):
    """An output that drops no note, however late."""

    def send(self, message: mido.Message, due: float | None = None) -> bool:  # noqa: ARG002
        """Send a message now."""
        return super().send(message)


def measure(ticks: int) -> tuple[list[float], bool]:
    """Run a player in a fresh process; return the latenesses, and whether it was real-time."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    player = context.Process(target=play, args=(theirs, ticks))
    player.start()
    theirs.close()
    late, granted = ours.recv()
    player.join()
    return sorted(late), granted


@contextlib.contextmanager
def nothing() -> Iterator[None]:
    """Leave the machine idle."""
    yield


@contextlib.contextmanager
def burners() -> Iterator[None]:
    """Keep two cores busy."""
    processes = [subprocess.Popen([sys.executable, "-c", _BURN]) for _ in range(2)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


@contextlib.contextmanager
def generation() -> Iterator[None]:
    """Let a real server generate melodies continuously."""
    stop = threading.Event()
    started = threading.Event()
    with serving("--log-level", "warning") as server:
        requesting = threading.Thread(target=_request, args=(server.address, started, stop))
        requesting.start()
        started.wait()
        try:
            yield
        finally:
            stop.set()
            requesting.join()


def _request(address: str, started: threading.Event, stop: threading.Event) -> None:
    """Request melodies until stopped."""
    with Client(address) as client:
        while not stop.is_set():
            for _ in client.stream(GENERATOR, bars=BARS, seed=1):
                started.set()
                if stop.is_set():
                    break


def summary(late: list[float]) -> dict[str, float]:
    """Return the median, the 99th percentile and the maximum, in milliseconds."""
    return {
        "p50_ms": round(late[len(late) // 2] * 1000, 3),
        "p99_ms": round(late[len(late) * 99 // 100] * 1000, 3),
        "max_ms": round(late[-1] * 1000, 3),
    }


def main() -> None:
    """Read the command line and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=600, help="ticks of 10 ms in each situation")
    ticks = max(1, parser.parse_args().ticks)
    result: dict[str, object] = {"benchmark": "midi_jitter", "ticks": ticks, "tick_ms": 10}
    situations = {"idle": nothing, "burners": burners, "generating": generation}
    for name, situation in situations.items():
        with situation():
            late, granted = measure(ticks)
        result[name] = summary(late)
        result["sched_fifo"] = granted
    print(json.dumps(result))


if __name__ == "__main__":
    main()
