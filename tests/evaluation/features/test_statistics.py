"""Musical features against melodies small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from magenta_bridge.encodings import drums, melody
from magenta_bridge.evaluation.features.drums import drum_features
from magenta_bridge.evaluation.features.melody import melody_features
from magenta_bridge.evaluation.features.statistics import Features, spread

_HOLD = melody.NO_EVENT + melody.EVENT_OFFSET


def _melody(*bars: list[int]) -> Features:
    """Measure bars of four steps; numbers are pitches, 0 holds."""
    flat = [step + melody.EVENT_OFFSET if step else _HOLD for bar in bars for step in bar]
    return melody_features(melody.decode(np.array(flat, dtype=np.int32)), 4, len(flat))


def _drums(*bars: list[int]) -> Features:
    """Measure bars of four steps, each an event id."""
    flat = [step for bar in bars for step in bar]
    return drum_features(drums.decode(flat), 4, len(flat))


def test_a_small_tune_is_counted_right() -> None:
    features = _melody([60, 0, 62, 0], [64, 0, 62, 0], [60, 0, 62, 0])
    assert features["density"] == 2.0
    assert features["pitch_range"] == 4.0
    assert features["mean_interval"] == 2.0
    assert features["scale_consistency"] == pytest.approx(1.0)
    assert features["repeated_bars"] == pytest.approx(1 / 3)
    assert features["longest_repeat"] == 1.0
    assert (features["stuck"], features["silent"]) == (0.0, 0.0)


def test_a_chromatic_run_fits_no_scale() -> None:
    run = _melody(list(range(60, 64)), list(range(64, 68)), list(range(68, 72)))
    assert run["scale_consistency"] == pytest.approx(7 / 12)


def test_a_melody_that_stays_on_one_note_is_stuck() -> None:
    stuck = _melody([60, 62, 64, 65], [67, 67, 67, 67], [67, 67, 67, 67])
    assert stuck["stuck"] == 1.0
    assert stuck["longest_repeat"] == 8.0


def test_silence_is_reported() -> None:
    assert _melody([0, 0, 0, 0])["silent"] == 1.0
    assert _drums([0, 0, 0, 0])["silent"] == 1.0


def test_a_small_groove_is_counted_right() -> None:
    """Kick on one, snare and closed hi-hat together on the second eighth, twice; then a rest."""
    features = _drums([1, 0, 6, 0], [1, 0, 6, 0], [0, 4, 0, 0], [0, 0, 0, 0])
    assert features["density"] == 7 / 4
    assert features["kinds"] == 3.0
    assert features["polyphony"] == 7 / 5
    assert features["on_eighths"] == 6 / 7
    assert features["repeated_bars"] == 1 / 4
    assert features["longest_repeat"] == 2.0
    assert features["empty_bars"] == 1 / 4
    assert (features["stuck"], features["silent"]) == (1.0, 0.0)


def test_the_spread_holds_the_middle_of_the_values() -> None:
    some = [_melody([60, 60 + size, 60, 60 + size]) for size in range(1, 12)]
    ranges = spread(some)["pitch_range"]
    assert ranges.mean == 6.0
    assert ranges.low < 2.0
    assert ranges.high > 10.0
