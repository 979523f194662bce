"""A few seconds of the soak test, with the same traffic and limits."""

from __future__ import annotations

import pytest

from tests.soak.drift import CALLS_IN_A_STRETCH, STRETCHES, Stopwatch, drift
from tests.soak.run import FEWEST_SAMPLES, faults, growth, soak

LONG_S = 1e9  # no stretch ends during the test


@pytest.mark.timeout(300)
def test_a_short_soak_finds_no_faults() -> None:
    result = soak(3.0)
    assert faults(result) == [], result
    for kind in ("generate", "stream", "leave", "bad", "late"):
        assert result[kind] > 0, result


def test_faults_are_found() -> None:
    """Each limit can be exceeded."""
    fine = dict.fromkeys(
        (
            *("wrong", "tasks_left", "open_left", "descriptors_left"),
            *("rss_growth_mib", "p99_drift_quartile"),
        ),
        0.0,
    )
    assert faults(fine) == []
    for name in fine:
        assert faults({**fine, name: 51.0}) == [name]


def test_growth_is_measured_after_the_warm_up() -> None:
    """Memory allocated at the start is not a leak, nor is a single outlier."""
    memory = [10.0, 60.0, 90.0, 95.0, *[100.0] * 13, 500.0, 100.0, 100.0]
    assert growth(memory) <= 0.0
    assert growth([float(number) for number in range(100)]) == 60.0


def test_a_run_that_ends_during_the_warm_up_has_no_growth() -> None:
    assert growth([5.0]) == 0.0
    assert growth([10.0 * number for number in range(FEWEST_SAMPLES - 1)]) == 0.0
    assert growth([10.0 * number for number in range(FEWEST_SAMPLES)]) > 0.0


def test_drift_distinguishes_a_slow_server_from_noise() -> None:
    """The first stretch, the fresh server's warm-up, and outliers are ignored."""
    fresh = [9.0, *[1.0] * (STRETCHES - 1)]
    slow = [1.0, 1.5, 0.9, 1.6, 1.4, 1.5, 7.0, 1.3, 1.4]
    lucky = [1.0, 1.5, 0.9, 1.6, 0.7, 1.1, 7.0, 0.8, 1.4]
    assert drift(slow, fresh) == pytest.approx((1.45, 1.325))
    median, lower = drift(lucky, fresh)
    assert median > 1.2 > lower
    assert drift(fresh, fresh) == (1.0, 1.0)


def test_a_short_run_has_no_stretches() -> None:
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
