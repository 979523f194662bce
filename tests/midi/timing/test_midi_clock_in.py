"""Tempo and position of a MIDI clock are estimated from ticks with jitter."""

from __future__ import annotations

import random

import mido
import pytest

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.midi.timing.midi_clock_in import TICKS_PER_BEAT, MidiClockIn
from magenta_bridge.midi.timing.tempo import InternalClock, TempoSource


class Wire:
    """Ticks with jitter."""

    def __init__(self, jitter_s: float = 0.0, qpm: float = 120.0) -> None:
        self.now = 100.0
        self.qpm = qpm
        self.follower = MidiClockIn(now=lambda: self.now)
        self._jitter_s = jitter_s
        self._chance = random.Random(1)  # noqa: S311

    def send(self, kind: str, **values: int) -> None:
        self.follower.receive(mido.Message(kind, time=self.now, **values))

    def tick(self, ticks: int) -> None:
        for _ in range(ticks):
            jitter = self._chance.uniform(-self._jitter_s, self._jitter_s)
            self.follower.receive(mido.Message("clock", time=self.now + jitter))
            self.now += 60.0 / self.qpm / TICKS_PER_BEAT


@pytest.mark.parametrize("qpm", [60.0, 120.0, 174.0, 300.0])
def test_the_tempo_is_estimated_from_ticks_with_jitter(qpm: float) -> None:
    wire = Wire(jitter_s=0.001, qpm=qpm)
    wire.send("start")
    wire.tick(4 * TICKS_PER_BEAT)
    assert wire.follower.qpm == pytest.approx(qpm, rel=0.005)
    assert wire.follower.beat_at(wire.now) == pytest.approx(4.0, abs=0.02)


def test_one_very_late_tick_has_no_effect() -> None:
    wire = Wire()
    wire.send("start")
    wire.tick(2 * TICKS_PER_BEAT)
    wire.follower.receive(mido.Message("clock", time=wire.now + 0.015))
    assert wire.follower.qpm == pytest.approx(120.0, rel=0.001)


def test_a_new_tempo_is_followed_within_half_a_beat() -> None:
    wire = Wire(jitter_s=0.001)
    wire.send("start")
    wire.tick(4 * TICKS_PER_BEAT)
    wire.qpm = 140.0
    wire.tick(TICKS_PER_BEAT // 2)
    assert wire.follower.qpm == pytest.approx(140.0, rel=0.03)
    wire.tick(2 * TICKS_PER_BEAT)
    assert wire.follower.qpm == pytest.approx(140.0, rel=0.005)
    assert wire.follower.beat_at(wire.now) == pytest.approx(6.5, abs=0.02)


def test_the_next_beat_is_predicted() -> None:
    wire = Wire(jitter_s=0.001)
    wire.send("start")
    started = wire.now
    wire.tick(3 * TICKS_PER_BEAT)
    assert wire.follower.time_at(4.0) == pytest.approx(started + 2.0, abs=0.003)


def test_a_song_continues_at_its_position() -> None:
    wire = Wire()
    wire.tick(TICKS_PER_BEAT // 2)
    assert not wire.follower.running
    wire.send("songpos", pos=16)
    assert wire.follower.beat_at(wire.now) == 4.0
    wire.send("continue")
    wire.tick(TICKS_PER_BEAT)
    assert wire.follower.running
    assert wire.follower.beat_at(wire.now) == pytest.approx(5.0)
    wire.send("stop")
    wire.tick(TICKS_PER_BEAT)
    assert not wire.follower.running
    assert wire.follower.beat_at(wire.now) == pytest.approx(5.0)
    wire.send("continue")
    wire.tick(TICKS_PER_BEAT)
    assert wire.follower.beat_at(wire.now) == pytest.approx(6.0)


def test_missing_ticks_stop_the_song() -> None:
    wire = Wire()
    wire.send("start")
    wire.tick(TICKS_PER_BEAT)
    wire.now += 1.0
    assert wire.follower.running  # it may be held up
    wire.now += 1.0
    assert not wire.follower.running


def test_a_change_of_tempo_keeps_the_position() -> None:
    tempo = InternalClock(120.0, start=0.0)
    before = tempo.beat_at(7.3)
    tempo.change(60.0, 7.3)
    assert tempo.beat_at(7.3) == before
    assert tempo.beat_at(8.3) == pytest.approx(before + 1.0)
    assert tempo.time_at(before + 1.0) == pytest.approx(8.3)


@pytest.mark.parametrize("qpm", [0.0, -1.0, 1e6, float("nan")])
def test_a_tempo_out_of_range_raises_an_error(qpm: float) -> None:
    with pytest.raises(InvalidArgumentError):
        InternalClock(qpm, start=0.0)


def test_every_tempo_source_has_the_same_interface() -> None:
    sources: list[TempoSource] = [InternalClock(120.0, 0.0), MidiClockIn()]
    assert {source.qpm for source in sources} == {120.0}
