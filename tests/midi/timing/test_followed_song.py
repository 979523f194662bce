"""The bar lines of a song that loops, jumps, stalls, and changes its tempo."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.midi.timing.sequencer import SequencedClock, Sequencer

BAR_S = 2.0


def lengths(lines: list[float], bar_s: float = BAR_S) -> list[float]:
    """Return the bars from each line to the next."""
    return [(after - before) / bar_s for before, after in pairwise(lines)]


@pytest.mark.parametrize("stops", [False, True], ids=["running", "stopping"])
@pytest.mark.parametrize("jitter_s", [0.0, 0.005])
@pytest.mark.parametrize("bars", [1, 2, 3, 4, 8])
def test_a_loop_has_a_tick_at_each_of_its_bar_lines(
    bars: int, jitter_s: float, stops: bool
) -> None:
    sequencer = Sequencer(jitter_s=jitter_s)
    sequencer.send("start")
    for _ in range(24 // bars):
        sequencer.play(4 * bars)
        sequencer.jump(0, stops=stops)
    lines = SequencedClock(sequencer).lines()
    assert len(lines) in {24, 25}
    assert lengths(lines) == pytest.approx([1.0] * (len(lines) - 1), abs=0.01)
    assert lines[0] == pytest.approx(1000.0, abs=0.02)


def test_a_loop_of_half_a_bar_has_a_tick_per_bar() -> None:
    sequencer = Sequencer()
    sequencer.send("start")
    for _ in range(16):
        sequencer.play(2)
        sequencer.jump(0)
    assert lengths(SequencedClock(sequencer).lines()) == pytest.approx([1.0] * 7, abs=0.01)


@pytest.mark.parametrize("qpm", [20.0, 61.5, 174.0, 999.0])
def test_a_loop_is_followed_at_any_tempo(qpm: float) -> None:
    sequencer = Sequencer(qpm)
    sequencer.send("start")
    for _ in range(10):
        sequencer.play(4)
        sequencer.jump(0)
    lines = SequencedClock(sequencer).lines()
    # The tempo is known after a few ticks.
    assert lengths(lines[1:], 240.0 / qpm) == pytest.approx([1.0] * (len(lines) - 2), abs=0.02)
    assert len(lines) in {10, 11}


@pytest.mark.parametrize("begin", [5.5, 6.75, 7.0, 9.25, 10.0])
@pytest.mark.parametrize("target", [0, 3, 4, 5.25, 16, 64, 101.5])
def test_a_jump_leads_to_the_bar_lines_from_there_on(begin: float, target: float) -> None:
    """The tick across the jump is half a bar to one and a half bars long."""
    sequencer = Sequencer()
    sequencer.send("start")
    sequencer.play(begin)
    jumped = sequencer.now
    sequencer.jump(target)
    sequencer.play(16)
    lines = SequencedClock(sequencer).lines()
    first = jumped + (-target % 4) / 4 * BAR_S
    late = [line for line in lines if line >= jumped - 0.1]
    assert all((line - first) / BAR_S == pytest.approx(round((line - first) / BAR_S), abs=0.01)
               for line in late)  # fmt: skip
    assert len(late) >= 3
    assert all(0.5 < length < 1.56 for length in lengths(lines))


def test_a_position_while_stopped_is_where_the_song_continues() -> None:
    sequencer = Sequencer()
    sequencer.send("start")
    sequencer.play(6)
    sequencer.send("stop")
    sequencer.play(3)
    sequencer.send("songpos", pos=4 * 7)
    sequencer.play(2)
    sequencer.send("continue")
    continued = sequencer.now
    sequencer.play(9)
    clock = SequencedClock(sequencer)
    lines = [line - continued for line in clock.lines() if line > continued - 1.0]
    assert lines == pytest.approx([0.5, 2.5, 4.5], abs=0.02)


def test_a_song_continues_without_a_position_where_it_stopped_or_plays() -> None:
    sequencer = Sequencer()
    sequencer.send("start")
    sequencer.play(5)
    sequencer.send("continue")  # it is playing: no jump
    sequencer.play(1)
    sequencer.send("stop")
    sequencer.play(3)
    sequencer.send("continue")
    continued = sequencer.now
    sequencer.play(8)
    lines = [line - continued for line in SequencedClock(sequencer).lines()]
    assert [line for line in lines if line > -0.1] == pytest.approx([1.0, 3.0], abs=0.02)


@pytest.mark.parametrize("spacing_s", [0.0, 0.0004, 0.002])
@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("qpm", [60.0, 120.0, 300.0])
def test_a_burst_after_a_stall_changes_neither_tempo_nor_bar_lines(
    qpm: float, seconds: float, spacing_s: float
) -> None:
    sequencer = Sequencer(qpm, jitter_s=0.001)
    sequencer.send("start")
    sequencer.play(9)
    for _ in range(3):
        sequencer.play(7)
        sequencer.hold_up(seconds, spacing_s)
    sequencer.play(8)
    clock = SequencedClock(sequencer)
    lines, tempi = list[float](), list[float]()
    while len(lines) < 9:
        lines += clock.lines(clock.now() + 0.05)
        tempi.append(clock.ticks.qpm)
    assert lengths(lines[1:], 240.0 / qpm) == pytest.approx([1.0] * 7, abs=0.02)
    settled = tempi[len(tempi) // 2 :]
    assert settled == pytest.approx([qpm] * len(settled), rel=0.006)


def test_a_burst_alone_does_not_leave_the_range_of_tempos() -> None:
    sequencer = Sequencer()
    sequencer.send("start")
    for _ in range(4):
        sequencer.play(0.5)
        sequencer.hold_up(10.0)
    clock = SequencedClock(sequencer)
    clock.lines()
    assert 20.0 <= clock.source.qpm <= 999.0


@pytest.mark.parametrize(("before", "after"), [(120.0, 999.0), (999.0, 20.0), (20.0, 120.0)])
def test_a_sudden_tempo_is_followed(before: float, after: float) -> None:
    sequencer = Sequencer(before)
    sequencer.send("start")
    sequencer.play(8)
    sequencer.qpm = after
    sequencer.play(12)
    clock = SequencedClock(sequencer)
    lines = clock.lines()
    assert clock.ticks.qpm == pytest.approx(after, rel=0.01)
    assert lengths(lines[-2:], 240.0 / after) == pytest.approx([1.0], abs=0.02)


def test_an_automated_tempo_is_followed() -> None:
    sequencer = Sequencer(jitter_s=0.001)
    sequencer.send("start")
    starts = []
    for _ in range(16):
        starts.append(sequencer.now)
        for _ in range(16):
            sequencer.play(0.25)
            sequencer.qpm += 0.25
    lines = SequencedClock(sequencer).lines()
    assert lines[: len(starts)] == pytest.approx(starts, abs=0.02)


@pytest.mark.parametrize("qpm", [90.0, 120.0, 174.0])
def test_jitter_of_five_milliseconds_does_not_change_the_tempo(qpm: float) -> None:
    """An answer that was prepared stays valid."""
    sequencer = Sequencer(qpm, jitter_s=0.005)
    sequencer.send("start")
    sequencer.play(200)
    clock = SequencedClock(sequencer)
    clock.lines(clock.now() + 8.0)
    changes, last = 0, clock.ticks.qpm
    while clock.now() < clock.end - 0.1:
        clock.lines(clock.now() + 0.05)
        changes += clock.ticks.qpm != last
        last = clock.ticks.qpm
    assert last == pytest.approx(qpm, rel=0.006)
    assert changes <= 1


def test_join_without_a_start_begins_on_the_next_quarter_note() -> None:
    sequencer = Sequencer()
    sequencer.play(20)
    clock = SequencedClock(sequencer)
    assert clock.ticks.waiting_for == "MIDI clock"
    clock.lines(1000.2)
    assert clock.ticks.waiting_for == "the next quarter note"
    lines = clock.lines()
    assert lines[0] == pytest.approx(1000.5, abs=0.02)
    assert lengths(lines) == pytest.approx([1.0] * (len(lines) - 1), abs=0.01)
    assert clock.ticks.waiting_for == "a song position or the bar control"


def test_join_takes_the_bar_line_from_a_position_or_a_musician() -> None:
    sequencer = Sequencer()
    sequencer.play(7)
    sequencer.send("songpos", pos=4 * 13)
    sequencer.play(24)
    clock = SequencedClock(sequencer)
    lines = clock.lines(1012.1)
    assert (lines[-1] - 1003.5 - 1.5) % BAR_S == pytest.approx(0.0, abs=0.01)
    assert clock.ticks.waiting_for == ""
    clock.source.set_bar(lines[-1] + 1.04)
    later = clock.lines()
    assert later[0] - lines[-1] == pytest.approx(3.0, abs=0.02)


def test_join_to_a_stopped_song_waits_for_its_start() -> None:
    sequencer = Sequencer()
    sequencer.play(0.5)
    sequencer.send("stop")
    sequencer.play(8)
    clock = SequencedClock(sequencer)
    assert clock.lines() == []
    assert clock.ticks.waiting_for == "start or continue"


@pytest.mark.parametrize("beats", [3.0, 3.5, 2.0, 6.0])
def test_the_meter_says_where_bar_lines_are(beats: float) -> None:
    sequencer = Sequencer()
    sequencer.send("start")
    for _ in range(3):
        sequencer.play(4 * beats)
        sequencer.jump(0)
    lines = SequencedClock(sequencer, beats).lines()
    assert lengths(lines, beats / 2) == pytest.approx([1.0] * (len(lines) - 1), abs=0.01)
    assert len(lines) in {12, 13}
