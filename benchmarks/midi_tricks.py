"""What each timing trick of the MIDI player gains, as ratios in the same run.

A process waits for ticks of 10 ms beside two busy processes, while a second thread allocates
objects as the arrival of music does:

- ``plain``: sleep until each tick;
- ``spin``: sleep until 2 ms before the tick, then wait actively;
- ``realtime``: SCHED_FIFO, where the system permits it;
- ``spin_realtime``: both;
- ``freeze_gc``: both, and existing objects are excluded from garbage collection.

Each value has the lateness (median, p99, maximum) and the ratios to the reference: ``realtime`` for
``spin_realtime``, ``spin_realtime`` for ``freeze_gc``, ``plain`` for the others. Below 1 is better.
``jack_monitor`` is the time until the death of a JACK server is detected with the monitor and
without it (null: not within 5 s), where ``jackd`` is installed. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.midi_jitter import burners, summary
from magenta_bridge.midi.timing.priority import freeze_gc, realtime_priority
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK

TICK_S = 0.010
OBJECTS = 300_000
KEPT = 50_000
WAIT_S = 5.0
# The measures of each situation, and the situation that it is compared with.
SITUATIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "plain": ((), "plain"),
    "spin": (("spin",), "plain"),
    "realtime": (("realtime",), "plain"),
    "spin_realtime": (("spin", "realtime"), "realtime"),
    "freeze_gc": (("spin", "realtime", "freeze_gc"), "spin_realtime"),
}


def play(connection: Connection, ticks: int, measures: tuple[str, ...]) -> None:
    """Wait for ticks with some measures, and send back how late each wait ended, in seconds."""
    heap = [[number] for number in range(OBJECTS)]
    stop = threading.Event()
    threading.Thread(target=_allocate, args=(stop,), daemon=True).start()
    late: list[float] = []
    with contextlib.ExitStack() as stack:
        if "freeze_gc" in measures:
            freeze_gc()
        if "realtime" in measures:
            stack.enter_context(realtime_priority())
        start = STEADY_CLOCK.now() + 0.2
        for number in range(ticks):
            due = start + number * TICK_S
            if "spin" in measures:
                STEADY_CLOCK.sleep_until(due)
            else:
                time.sleep(max(0.0, due - STEADY_CLOCK.now()))
            late.append(STEADY_CLOCK.now() - due)
    stop.set()
    connection.send(late)
    del heap


def _allocate(stop: threading.Event) -> None:
    """Create objects, and keep the latest, until stopped."""
    kept: collections.deque[list[int]] = collections.deque(maxlen=KEPT)
    while not stop.wait(0.001):
        kept.extend([number] for number in range(100))


def measure(ticks: int, measures: tuple[str, ...]) -> list[float]:
    """Run a player in a fresh process; return the sorted latenesses in seconds."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=play, args=(theirs, ticks, measures))
    process.start()
    theirs.close()
    late: list[float] = ours.recv()
    process.join()
    return sorted(late)


_DETECT = """
import sys, time
from magenta_bridge.midi.ports import backend
if sys.argv[1] == "plain":
    backend.JackWatch = lambda: None
system = backend.current_system()
print("ready", flush=True)
end = time.monotonic() + float(sys.argv[2]) + 1.0
while time.monotonic() < end:
    try:
        system.port_names("output")
    except ConnectionError:
        print(time.monotonic(), flush=True)
        break
    time.sleep(0.005)
"""


def detection_s(monitor: str) -> float | None:
    """Kill a JACK server; return the seconds until a client detects it, None if it does not."""
    name = f"magenta-bridge-benchmark-{os.getpid()}-{monitor}"
    environment = {
        **os.environ,
        "JACK_DEFAULT_SERVER": name,
        "JACK_NO_AUDIO_RESERVATION": "1",
        "JACK_NO_START_SERVER": "1",
        "MAGENTA_BRIDGE_MIDI": "jack",
    }
    command = ["jackd", "-n", name, "-d", "dummy", "-r", "48000", "-p", "128"]

    def start() -> subprocess.Popen[bytes]:
        server = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(2.0)
        return server

    server = start()
    client: subprocess.Popen[str] | None = None
    try:
        client = subprocess.Popen(
            [sys.executable, "-c", _DETECT, monitor, str(WAIT_S)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert client.stdout is not None  # noqa: S101 - it is a pipe
        client.stdout.readline()
        killed = time.monotonic()
        server.kill()
        output, _ = client.communicate(timeout=4 * WAIT_S)
        return round(float(output) - killed, 3) if output.strip() else None
    finally:
        for process in (client, server):
            if process is not None:
                process.kill()
                process.wait()
        # JACK keeps the slot of a killed server until one of that name ends normally.
        last = start()
        last.terminate()
        last.wait()
        for path in Path("/dev/shm").glob(f"jack*{name}*"):  # noqa: S108
            path.unlink(missing_ok=True)


def main() -> None:
    """Read the command line and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=600, help="ticks of 10 ms per situation")
    ticks = max(1, parser.parse_args().ticks)
    result: dict[str, object] = {"benchmark": "midi_tricks", "ticks": ticks}
    with realtime_priority() as granted:
        result["sched_fifo"] = granted
    with burners():
        found = {name: summary(measure(ticks, how)) for name, (how, _) in SITUATIONS.items()}
    for name, (_, reference) in SITUATIONS.items():
        ratios = {
            key.replace("_ms", "_ratio"): round(value / max(found[reference][key], 0.001), 4)
            for key, value in found[name].items()
        }
        result[name] = {**found[name], **ratios}
    if shutil.which("jackd"):
        result["jack_monitor"] = {
            "with_s": detection_s("monitor"),
            "without_s": detection_s("plain"),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
