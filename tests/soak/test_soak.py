"""A few seconds of the soak: the same traffic, and the same rules."""

from __future__ import annotations

import pytest

from tests.soak.drift import CALLS_IN_A_STRETCH, STRETCHES, Stopwatch, drift
from tests.soak.run import faults, growth, soak

LONG_S = 1e9  # a run of which no stretch ends meanwhile


@pytest.mark.timeout(300)
def test_a_short_soak_finds_nothing() -> None:
    result = soak(3.0)
    assert faults(result) == [], result
    for kind in ("generate", "stream", "leave", "bad", "late"):
        assert result[kind] > 0, result


def test_faults_are_found() -> None:
    """The rules can be broken."""
    fine = dict.fromkeys(
        (
            *("wrong", "tasks_left", "open_left", "descriptors_left"),
            *("rss_growth_mib", "p99_drift_surely"),
        ),
        0.0,
    )
    assert faults(fine) == []
    for name in fine:
        assert faults({**fine, name: 51.0}) == [name]


def test_growth_is_counted_once_warm() -> None:
    """What a start needs is no leak, and one odd sample neither."""
    assert growth([10.0, 90.0, 100.0, 100.0, 100.0, 100.0, 100.0, 500.0, 100.0, 100.0]) <= 0.0
    assert growth([float(number) for number in range(100)]) == 60.0
    assert growth([5.0]) == 0.0


def test_a_server_that_became_slow_is_told_from_one_that_had_bad_luck() -> None:
    """The first stretch is the fresh server's warm-up, and odd ones are outvoted."""
    fresh = [9.0, *[1.0] * (STRETCHES - 1)]
    slow = [1.0, 1.5, 0.9, 1.6, 1.4, 1.5, 7.0, 1.3, 1.4]
    lucky = [1.0, 1.5, 0.9, 1.6, 0.7, 1.1, 7.0, 0.8, 1.4]
    assert drift(slow, fresh) == pytest.approx((1.45, 1.325))
    middle, surely = drift(lucky, fresh)
    assert middle > 1.2 > surely
    assert drift(fresh, fresh) == (1.0, 1.0)


def test_a_run_too_short_to_tell_tells_nothing() -> None:
    watch = Stopwatch(LONG_S)
    for _ in range(CALLS_IN_A_STRETCH):
        watch.note(0.1)
    assert watch.whole() == 0.1
    assert watch.stretches() == []
    assert drift([], []) == (1.0, 1.0)
    over = Stopwatch(1e-9)
    for number in range(100):
        over.note(number)
    assert over.whole() == 99.0
