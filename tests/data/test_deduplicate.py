"""Literal repeats are dropped, and nothing else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.melody import without_literal_repeats

_BAR = 8


def _section(seed: int, bars: int) -> NDArray[np.int32]:
    """A section like no other: every step holds a note of its own drawing."""
    rng = np.random.default_rng(seed)
    return rng.integers(40, 90, bars * _BAR).astype(np.int32)


def _join(*parts: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.concatenate(parts)


def test_each_section_of_a_dance_tune_is_kept_once() -> None:
    a, b = _section(1, 8), _section(2, 8)
    np.testing.assert_array_equal(without_literal_repeats(_join(a, a, b, b), _BAR), _join(a, b))


def test_a_section_played_three_times_is_kept_once() -> None:
    a, b = _section(1, 8), _section(2, 8)
    np.testing.assert_array_equal(without_literal_repeats(_join(a, a, a, b), _BAR), _join(a, b))


def test_the_second_ending_is_the_one_that_stays() -> None:
    """It leads on to what follows."""
    a, b = _section(1, 8), _section(2, 8)
    second = a.copy()
    second[-_BAR:] = _section(3, 1)
    np.testing.assert_array_equal(
        without_literal_repeats(_join(a, second, b), _BAR), _join(second, b)
    )


def test_an_upbeat_is_no_hindrance() -> None:
    """The upbeat stands at the end of an otherwise silent bar, and before the repeat too."""
    a, b = _section(1, 8), _section(2, 8)
    rest = np.zeros(_BAR - 2, dtype=np.int32)
    upbeat, body = a[-2:], a[:-2]
    tune = _join(rest, upbeat, body, upbeat, body, b[:2], b)
    np.testing.assert_array_equal(
        without_literal_repeats(tune, _BAR), _join(rest, upbeat, body, b[:2], b)
    )


def test_a_phrase_that_returns_with_another_ending_stays() -> None:
    phrase = _section(1, 4)
    varied = phrase.copy()
    varied[-_BAR:] = _section(2, 1)
    tune = _join(phrase, varied)
    np.testing.assert_array_equal(without_literal_repeats(tune, _BAR), tune)


def test_a_section_that_returns_later_stays() -> None:
    a, b = _section(1, 8), _section(2, 8)
    tune = _join(a, b, a)
    np.testing.assert_array_equal(without_literal_repeats(tune, _BAR), tune)


def test_bars_keep_their_places_and_short_tunes_their_steps() -> None:
    tune = _section(1, 3)
    np.testing.assert_array_equal(without_literal_repeats(tune, _BAR), tune)
    odd = _join(_section(2, 9), _section(2, 9), _section(3, 2)[:5])
    assert (len(odd) - len(without_literal_repeats(odd, _BAR))) % _BAR == 0
    assert len(without_literal_repeats(np.zeros(0, dtype=np.int32), _BAR)) == 0
