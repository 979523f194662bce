"""The wall clock inside never jumps, whatever is done to the computer's."""

from __future__ import annotations

import pytest

from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK, SteadyClock


class _Times:
    """Both clocks of a computer, set by hand."""

    def __init__(self) -> None:
        self.wall = 1_000_000.0
        self.monotonic = 50.0

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


def test_a_jump_of_the_computers_clock_moves_nothing() -> None:
    """Neither forth nor back."""
    times = _Times()
    steady = SteadyClock(lambda: times.wall, lambda: times.monotonic)
    for jump in (3600.0, -7200.0):
        before = steady.now()
        times.wall += jump
        times.passes(1.0)
        assert steady.now() == pytest.approx(before + 1.0)


def test_a_time_that_a_caller_reads_after_a_jump_is_understood() -> None:
    """So is one that was read before it, and one that is meant for the beginning of time."""
    times = _Times()
    steady = SteadyClock(lambda: times.wall, lambda: times.monotonic)
    read_before = times.wall + 2.0
    times.wall += 3600.0
    assert steady.heard(times.wall + 2.0) == pytest.approx(steady.now() + 2.0)
    assert steady.heard(read_before) == read_before
    assert steady.heard(0.0) == 0.0


def test_drift_is_followed_slowly() -> None:
    """A tenth of a second is caught up within minutes, by less than a millisecond a second."""
    times = _Times()
    steady = SteadyClock(lambda: times.wall, lambda: times.monotonic)
    times.wall += 0.1
    for _ in range(60):
        before = steady.now()
        times.passes(1.0)
        assert 1.0 <= steady.now() - before <= 1.00101
    for _ in range(60):
        times.passes(1.0)
        steady.now()
    assert steady.now() == pytest.approx(times.wall, abs=1e-6)


def test_both_scales_lead_into_each_other() -> None:
    """A monotonic time and its wall time are the same moment."""
    now = STEADY_CLOCK.now()
    assert STEADY_CLOCK.of_monotonic(STEADY_CLOCK.monotonic(now)) == pytest.approx(now, abs=1e-5)
