"""Ticks at a period, from a signal, and at the bar lines of an external song."""

from __future__ import annotations

import mido
import pytest

from magenta_bridge.midi.timing.midi_clock_in import MidiClockIn
from magenta_bridge.midi.timing.tempo import InternalClock
from magenta_bridge.midi.timing.ticks import BarTicks, PeriodTicks
from tests.midi.generators import StreamingOctaveGenerator
from tests.midi.harness import Harness
from tests.midi.virtual_clock import VirtualClock

QPM = 300.0
BAR_S = 4 * 60.0 / QPM


def test_ticks_are_bar_lines() -> None:
    """Consecutive, four beats apart, and never early."""
    clock = VirtualClock(1000.0)
    ticks = BarTicks(InternalClock(QPM, 999.9), clock=clock)
    lines: list[float] = []
    while len(lines) < 3:
        tick = ticks.wait(None)
        if tick is not None:
            assert clock.now() >= tick
            lines.append((tick - 999.9) / BAR_S)
    assert lines == pytest.approx([1.0, 2.0, 3.0])


def test_a_wait_ends_early_at_its_time_or_by_waking() -> None:
    clock = VirtualClock()
    ticks = BarTicks(InternalClock(1.0, clock.now() - 60.0), clock=clock)
    assert ticks.wait(clock.now()) is None
    ticks.wake()
    assert ticks.wait(None) is None


def test_a_stopped_song_has_no_ticks() -> None:
    ticks = BarTicks(MidiClockIn())
    assert ticks.expected is None
    assert not ticks.running
    assert ticks.wait(None) is None


def test_a_change_of_the_period_takes_effect_immediately() -> None:
    """Ticks that passed without a waiter are skipped."""
    clock = VirtualClock(1000.0)
    period = 1.0
    ticks = PeriodTicks(lambda: period, clock.now(), clock)
    assert ticks.wait(None) == 1001.0
    clock.advance_to(1001.5)
    period = 0.5
    assert ticks.expected == 1001.75
    clock.advance_to(1003.0)
    assert ticks.wait(None) == 1002.75


def test_the_response_follows_a_song_and_stops_with_it(harness: Harness) -> None:
    """It starts on a bar line; when the song stops, all notes end."""
    clock = MidiClockIn(QPM, now=harness.clock.monotonic)
    harness.hub.on_message = clock.receive
    harness.start(
        StreamingOctaveGenerator(), tick_duration=None, ticks=BarTicks(clock, clock=harness.clock)
    )
    harness.keys.send(mido.Message("start"))

    def play_bars(bars: int) -> None:
        for _ in range(bars * 4 * 24):
            harness.keys.send(mido.Message("clock"))
            harness.advance(BAR_S / 96)

    play_bars(2)
    harness.play(60)
    play_bars(3)
    assert len(harness.ticks()) >= 4
    assert harness.pitches() == [72]
    start = harness.events("call")[0]["start"]
    assert min((start - 1000.0) % BAR_S, -(start - 1000.0) % BAR_S) < BAR_S / 16
    harness.keys.send(mido.Message("stop"))
    harness.advance(0.1)
    assert not clock.running
    assert not harness.output.ledger.sounding()
    assert harness.states()[-1] == 0
