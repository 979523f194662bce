"""A few seconds of the soak: the same traffic, and the same rules."""

from __future__ import annotations

import pytest

from tests.soak.run import faults, growth, soak


@pytest.mark.timeout(300)
def test_a_short_soak_finds_nothing() -> None:
    result = soak(3.0)
    assert faults(result) == [], result
    for kind in ("generate", "stream", "leave", "bad", "late"):
        assert result[kind] > 0, result


def test_faults_are_found() -> None:
    """The rules can be broken."""
    fine = dict.fromkeys(
        ("wrong", "tasks_left", "open_left", "descriptors_left", "rss_growth_mib"), 0.0
    )
    assert faults(fine) == []
    for name in fine:
        assert faults({**fine, name: 51.0}) == [name]


def test_growth_is_counted_once_warm() -> None:
    """What a start needs is no leak, and one odd sample neither."""
    assert growth([10.0, 90.0, 100.0, 100.0, 100.0, 100.0, 100.0, 500.0, 100.0, 100.0]) <= 0.0
    assert growth([float(number) for number in range(100)]) == 60.0
    assert growth([5.0]) == 0.0
