"""Musical features against melodies small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from magenta_bridge.encodings import melody
from magenta_bridge.evaluation.features import features_of, spread

_HOLD = melody.NO_EVENT + melody.EVENT_OFFSET


def _bars(*bars: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Bars of four steps; numbers are pitches, 0 holds."""
    flat = [step + melody.EVENT_OFFSET if step else _HOLD for bar in bars for step in bar]
    return np.array(flat, dtype=np.int32)


def test_a_small_tune_is_counted_right() -> None:
    features = features_of(_bars([60, 0, 62, 0], [64, 0, 62, 0], [60, 0, 62, 0]), 4)
    assert features.notes_per_bar == 2.0
    assert features.pitch_range == 4.0
    assert features.mean_interval == 2.0
    assert features.scale_consistency == pytest.approx(1.0)
    assert features.repeated_bars == pytest.approx(1 / 3)
    assert features.longest_repeat == 1.0
    assert (features.stuck, features.silent) == (0.0, 0.0)


def test_a_chromatic_run_fits_no_scale() -> None:
    run = features_of(_bars(list(range(60, 64)), list(range(64, 68)), list(range(68, 72))), 4)
    assert run.scale_consistency == pytest.approx(7 / 12)


def test_a_melody_that_stays_on_one_note_is_stuck() -> None:
    stuck = features_of(_bars([60, 62, 64, 65], [67, 67, 67, 67], [67, 67, 67, 67]), 4)
    assert stuck.stuck == 1.0
    assert stuck.longest_repeat == 8.0


def test_silence_is_told() -> None:
    assert features_of(_bars([0, 0, 0, 0]), 4).silent == 1.0


def test_the_spread_holds_the_middle_of_the_values() -> None:
    some = [features_of(_bars([60, 60 + size, 60, 60 + size]), 4) for size in range(1, 12)]
    ranges = spread(some)["pitch_range"]
    assert ranges.mean == 6.0
    assert ranges.low < 2.0
    assert ranges.high > 10.0
