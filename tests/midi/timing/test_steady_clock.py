"""The steady clock never jumps, however the computer's clock is set."""

from __future__ import annotations

import pytest

from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK, SteadyClock


class _Times:
    """Both clocks of a computer, set by the test."""

    def __init__(self) -> None:
        self.wall = 1_000_000.0
        self.monotonic = 50.0

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


def test_a_jump_of_the_computers_clock_has_no_effect() -> None:
    """Neither forward nor back."""
    times = _Times()
    steady = SteadyClock(lambda: times.wall, lambda: times.monotonic)
    for jump in (3600.0, -7200.0):
        before = steady.now()
        times.wall += jump
        times.advance(1.0)
        assert steady.now() == pytest.approx(before + 1.0)


def test_a_time_that_a_caller_reads_after_a_jump_is_converted() -> None:
    """A time from before the jump, and 0, stay as they are."""
    times = _Times()
    steady = SteadyClock(lambda: times.wall, lambda: times.monotonic)
    read_before = times.wall + 2.0
    times.wall += 3600.0
    assert steady.from_wall_time(times.wall + 2.0) == pytest.approx(steady.now() + 2.0)
    assert steady.from_wall_time(read_before) == read_before
    assert steady.from_wall_time(0.0) == 0.0


def test_drift_is_followed_slowly() -> None:
    """A tenth of a second is corrected within minutes, by at most 1 ms per second."""
    times = _Times()
    steady = SteadyClock(lambda: times.wall, lambda: times.monotonic)
    times.wall += 0.1
    for _ in range(60):
        before = steady.now()
        times.advance(1.0)
        assert 1.0 <= steady.now() - before <= 1.00101
    for _ in range(60):
        times.advance(1.0)
        steady.now()
    assert steady.now() == pytest.approx(times.wall, abs=1e-6)


def test_both_scales_convert_into_each_other() -> None:
    now = STEADY_CLOCK.now()
    assert STEADY_CLOCK.from_monotonic(STEADY_CLOCK.to_monotonic(now)) == pytest.approx(
        now, abs=1e-5
    )
