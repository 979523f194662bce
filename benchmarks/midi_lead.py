"""How long before its tick a response is ready, with each shipped bundle.

A simulated musician plays at 120 qpm into an interaction that uses a real server process; each
bundle answers several calls of one bar. For each bundle, the result contains:

- ``lead_s``: seconds between the first music of a response and its tick, minimum and median;
- ``late_s``: how late its first note was sent, median and maximum;
- ``dropped``: notes dropped because they were more than 20 ms late; the lateness of the first note
  includes dropped ones;
- ``pushed``: responses that started at a later tick, as in Magenta's interface whenever generation
  takes a quarter of a tick.

Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
from pathlib import Path
from typing import Any

import mido

from magenta_bridge.cli.midi.managed_server import ManagedServer
from magenta_bridge.client.client import Client
from magenta_bridge.midi.hub import MidiHub, TextureType
from magenta_bridge.midi.interaction import CallAndResponseMidiInteraction
from magenta_bridge.midi.interactions.remote_generator import RemoteGenerator
from magenta_bridge.midi.output.note_ledger import NoteLedger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.ports.memory_port import EchoPort, MemoryPort
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import NoteSequence

QPM = 120
TICK_S = 2.0
PITCHES = (60, 64, 67, 65)


class Session:
    """One generator and a musician who plays a bar, waits for the response, and plays again.

    Args:
        generator: The generator.
        calls: Number of calls.
    """

    def __init__(self, generator: RemoteGenerator, calls: int) -> None:
        self._keys, self._port = EchoPort(), MemoryPort()
        self._output = NoteOutput(self._port, NoteLedger.create())
        self._calls = calls
        self._done = threading.Event()
        self._answered = 0
        self._due: float | None = None
        self.leads: list[float] = []
        self.lates: list[float] = []
        self.pushed = 0
        self._hub = MidiHub([self._keys], [self._output], TextureType.POLYPHONIC, False)
        self._interaction = CallAndResponseMidiInteraction(
            self._hub, [generator], QPM, None, tick_duration=TICK_S, observer=self._watch
        )

    def run(self) -> None:
        """Play all calls."""
        self._interaction.start()
        self._done.wait(4 * TICK_S * (self._calls + 2))
        self._interaction.stop()
        self._hub.close()
        self._output.ledger.close(remove=True)

    @property
    def dropped(self) -> int:
        """Number of note-ons dropped because they were more than 20 ms late."""
        return self._output.counts.late

    def _watch(self, what: str, details: dict[str, Any]) -> None:
        if what == "state" and details["state"] == "Idle":
            if self._answered == self._calls:
                self._done.set()
            else:
                threading.Thread(target=self._play).start()
        elif what == "prepared":
            self._answered += 1
            self.leads.append(details["ahead"] or 0.0)
            self._port.messages.clear()
        elif what == "late":
            self.pushed += 1
        elif what == "response":
            self._due = self._due or _first(details["sequence"])
        elif what == "tick" and self._due is not None:
            sent = [m.time for m in self._port.messages if m.type == "note_on"]
            if sent:
                self.lates.append(STEADY_CLOCK.from_monotonic(sent[0]) - self._due)
            self._due = None

    def _play(self) -> None:
        clock = STEADY_CLOCK
        begin = clock.now()
        for number, pitch in enumerate(PITCHES):
            clock.sleep_until(begin + number * 60.0 / QPM * 0.9)
            self._keys.send(mido.Message("note_on", note=pitch))
            clock.sleep_until(begin + (number + 0.8) * 60.0 / QPM * 0.9)
            self._keys.send(mido.Message("note_off", note=pitch))


def _first(music: NoteSequence) -> float | None:
    return min((note.start_time for note in music.notes), default=None)


def main() -> None:
    """Measure each bundle and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=5, help="calls for each bundle")
    parser.add_argument("--generators", help="comma-separated IDs; default: all")
    parser.add_argument("--bundle", type=Path, action="append", default=[], help="a .mag file")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    with ManagedServer(options.bundle, print) as server, Client(server.address) as client:
        chosen = options.generators.split(",") if options.generators else server.generators
        for name in chosen:
            session = Session(RemoteGenerator(client, name), options.calls)
            session.run()
            found[name] = {
                "responses": len(session.leads),
                "lead_s": _rounded(min(session.leads), statistics.median(session.leads)),
                "late_s": _rounded(statistics.median(session.lates), max(session.lates)),
                "pushed": session.pushed,
                "dropped": session.dropped,
            }
    print(json.dumps({"qpm": QPM, "tick_s": TICK_S, "generators": found}))


def _rounded(*seconds: float) -> list[float]:
    return [round(value, 4) for value in seconds]


if __name__ == "__main__":
    main()
