"""Tempo, position and transport are sent as MIDI clock and recovered by a follower."""

from __future__ import annotations

import time
from pathlib import Path

import mido
import pytest

from magenta_bridge.midi.engine.midi_clock_out import MidiClockOut
from magenta_bridge.midi.output.note_ledger import NoteLedger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.ports.memory_port import MemoryPort
from magenta_bridge.midi.timing.midi_clock_in import MidiClockIn
from magenta_bridge.midi.timing.tempo import InternalClock
from tests.midi.bounded import join, wait_for
from tests.midi.virtual_clock import ClockedPort, VirtualClock


class Song(InternalClock):
    """An internal tempo that can be stopped."""

    stopped = False

    @property
    def running(self) -> bool:
        """Unless it is stopped."""
        return not self.stopped


class Wire:
    """An outgoing clock and its follower, in virtual time."""

    def __init__(self, folder: Path, song: Song) -> None:
        self.clock = VirtualClock(10.0)
        self.song = song
        self.port = ClockedPort(self.clock)
        self.follower = MidiClockIn(now=self.clock.now)
        self.port.callback = self._receive
        output = NoteOutput(self.port, NoteLedger.create(folder), self.clock.now)
        self.out = MidiClockOut(output, song, clock=self.clock)

    def play_until(self, moment: float) -> None:
        """Send what is due up to a time of the clock."""
        while (due := self.out.step()) < moment:
            self.clock.sleep_until(due)
        self.clock.sleep_until(moment)

    def sent(self) -> list[str]:
        """Return the messages other than ticks."""
        return [message.type for message in self.port.messages if message.type != "clock"]

    def _receive(self, message: mido.Message) -> None:
        self.port.messages.append(message)
        self.follower.receive(message)


@pytest.fixture
def wire(tmp_path: Path) -> Wire:
    return Wire(tmp_path, Song(100.0, start=10.0))


def test_a_song_is_followed_from_its_start(wire: Wire) -> None:
    wire.play_until(wire.song.time_at(8.0))
    assert wire.sent() == ["start"]
    assert wire.follower.qpm == pytest.approx(100.0)
    assert wire.follower.beat_at(wire.clock.now()) == pytest.approx(8.0, abs=0.01)


def test_a_change_of_tempo_is_followed(wire: Wire) -> None:
    wire.play_until(wire.song.time_at(4.3))
    wire.song.change(150.0, wire.clock.now())
    wire.play_until(wire.song.time_at(8.0))
    assert wire.follower.qpm == pytest.approx(150.0)
    assert wire.follower.beat_at(wire.clock.now()) == pytest.approx(8.0, abs=0.02)


def test_a_stopped_song_keeps_ticking_and_continues_at_its_position(wire: Wire) -> None:
    wire.play_until(wire.song.time_at(2.1))
    wire.song.stopped = True
    before = len(wire.port.messages)
    wire.play_until(wire.clock.now() + 1.2)
    assert 48 <= len(wire.port.messages) - before <= 50
    wire.song.stopped = False
    wire.play_until(wire.song.time_at(6.0))
    assert wire.sent() == ["start", "stop", "songpos", "continue"]
    assert wire.follower.beat_at(wire.clock.now()) == pytest.approx(6.0, abs=0.02)


def test_a_change_of_position_is_followed(wire: Wire) -> None:
    wire.play_until(wire.song.time_at(2.0))
    wire.song.anchor(33.1, wire.clock.now())
    wire.play_until(wire.song.time_at(35.0))
    assert wire.sent() == ["start", "stop", "songpos", "continue"]
    assert wire.port.messages[-1].type == "clock"
    assert wire.follower.beat_at(wire.clock.now()) == pytest.approx(35.0, abs=0.02)


def test_a_closed_clock_sends_a_stop_and_nothing_else(wire: Wire) -> None:
    wire.play_until(wire.song.time_at(1.0))
    wire.out.close()
    wire.out.close()
    wire.out.step()
    assert wire.sent() == ["start", "stop"]
    assert wire.port.messages[-1].type == "stop"


def test_the_thread_sends_every_tick_and_none_early(tmp_path: Path) -> None:
    port = MemoryPort()
    start = time.monotonic() + 0.05
    song = InternalClock(240.0, start)
    out = MidiClockOut(NoteOutput(port, NoteLedger.create(tmp_path)), song)
    out.start()
    wait_for(lambda: len(port.messages) > 24, "a beat")
    out.close()
    join(out)
    assert [message.type for message in port.messages[:2]] == ["start", "clock"]
    ticks = [message.time for message in port.messages if message.type == "clock"]
    assert all(at >= song.time_at(n / 24) - 0.001 for n, at in enumerate(ticks))
