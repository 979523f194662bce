"""The bars of a song that somebody else plays are the ticks."""

from __future__ import annotations

import threading
import time

import mido
import pytest

from magenta_bridge.midi.timing.bar_ticks import BarTicks
from magenta_bridge.midi.timing.midi_clock_in import MidiClockIn
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.midi.timing.tempo import InternalClock
from tests.midi.generators import StreamingParrot
from tests.midi.notes import wait_for
from tests.midi.stage import Stage

QPM = 300.0
CLOCK_S = 60.0 / QPM / 24


class Song:
    """Sends a beat clock into a stage, as Live does.

    Args:
        stage: Whose keys it is sent through.
    """

    def __init__(self, stage: Stage) -> None:
        self._keys = stage.keys
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """Stops the song, as the space bar does."""
        if not self._end.is_set():
            self._end.set()
            self._thread.join()
            self._keys.send(mido.Message("stop"))

    def _run(self) -> None:
        self._keys.send(mido.Message("start"))
        due = time.monotonic()
        while not self._end.is_set():
            self._keys.send(mido.Message("clock"))
            due += CLOCK_S
            time.sleep(max(0.0, due - time.monotonic()))


def test_ticks_are_bar_lines() -> None:
    """One after the other, four beats apart, and never early."""
    start = time.monotonic() - 0.1
    ticks = BarTicks(InternalClock(QPM, start))
    lines: list[float] = []
    while len(lines) < 3:
        tick = ticks.wait(None)
        if tick is not None:
            assert STEADY_CLOCK.now() >= tick
            lines.append((STEADY_CLOCK.monotonic(tick) - start) / (4 * 60.0 / QPM))
    assert lines == pytest.approx([round(line) for line in lines], abs=1e-3)
    assert [round(line - lines[0]) for line in lines] == [0, 1, 2]


def test_a_wait_can_be_cut_short() -> None:
    """By its time, and by waking."""
    ticks = BarTicks(InternalClock(1.0, time.monotonic() - 60.0))
    assert ticks.wait(STEADY_CLOCK.now()) is None
    ticks.wake()
    assert ticks.wait(None) is None


def test_a_song_that_rests_has_no_ticks() -> None:
    """Nobody knows the next one."""
    ticks = BarTicks(MidiClockIn())
    assert ticks.expected is None
    assert not ticks.running
    assert ticks.wait(None) is None


def test_the_response_follows_a_song_and_stops_with_it(stage: Stage) -> None:
    """On a bar line of the song; when it stops, nothing sounds."""
    clock = MidiClockIn(QPM)
    stage.hub.on_message = clock.receive
    stage.begin(StreamingParrot(), tick_duration=None, ticks=BarTicks(clock))
    song = Song(stage)
    try:
        _play_with(stage, song)
    finally:
        song.stop()
    wait_for(lambda: not clock.running, "the end of the song")


def _play_with(stage: Stage, song: Song) -> None:
    wait_for(lambda: len(stage.ticks()) >= 2, "two bars")
    before = len(stage.states())

    def answered() -> bool:
        if 1 not in stage.states()[before:]:
            stage.play(60)
        return bool(stage.heard())

    wait_for(answered, "the response")
    song.stop()
    wait_for(lambda: not stage.outlet.ledger.sounding(), "silence")
