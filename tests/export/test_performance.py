"""The grammar in an exported loop equals ``PerformanceGrammar``."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from magenta_bridge.encodings.performance import EVENT_IDS, NOTE_OFF, TIME_SHIFT, VELOCITY
from magenta_bridge.encodings.performance_grammar import PerformanceGrammar
from magenta_bridge.export.performance import STATE_SPECS, mask_bias, next_state
from magenta_bridge.runtime.loop import FORBIDDEN

KINDS = ((0, NOTE_OFF), (NOTE_OFF, TIME_SHIFT), (TIME_SHIFT, VELOCITY), (VELOCITY, EVENT_IDS))


class BothGrammars:
    """Both grammars, given the same events."""

    def __init__(self, pitches: np.ndarray) -> None:
        self.reference = PerformanceGrammar(pitches)
        self._state = tuple(tf.zeros(spec.shape, spec.dtype) for spec in STATE_SPECS)
        self.bias = np.linspace(-2, 2, EVENT_IDS, dtype=np.float32)
        self.bias[:NOTE_OFF][~pitches] = FORBIDDEN

    def add(self, value: int) -> None:
        """Add an event to both."""
        self.reference.add(value)
        self._state = next_state(tf.constant([value]), *self._state)

    def check(self) -> np.ndarray:
        """Return the allowed ids; check that both agree and that the bias of these is unchanged."""
        allowed = self.reference.mask()
        found = mask_bias(tf.constant(self.bias[None]), *self._state).numpy()[0]
        np.testing.assert_array_equal(found > FORBIDDEN / 2, allowed)
        np.testing.assert_array_equal(found[allowed], self.bias[allowed])
        return allowed


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.sampled_from([1, 3, 30, 128]), st.booleans())
def test_both_grammars_allow_the_same(seed: int, pitches: int, slow: bool) -> None:
    """For streams of allowed events with few or many pitches, fast or slow."""
    rng = np.random.default_rng(seed)
    pitch_range = np.zeros(128, dtype=np.bool_)
    pitch_range[rng.choice(128, pitches, replace=False)] = True
    grammars = BothGrammars(pitch_range)
    shares = np.array([4.0, 1.0, 4.0, 2.0] if slow else [8.0, 4.0, 1.0, 2.0])
    for _ in range(60):
        allowed = grammars.check()
        kinds = [np.flatnonzero(allowed[first:end]) + first for first, end in KINDS]
        weights = shares * [len(kind) > 0 for kind in kinds]
        kind = kinds[rng.choice(4, p=weights / weights.sum())]
        # Long time shifts, so that notes exceed the maximum duration.
        grammars.add(int(kind[-1] if slow and kind[0] >= TIME_SHIFT else rng.choice(kind)))


@pytest.mark.parametrize("notes", [19, 20])
def test_both_grammars_limit_simultaneous_notes(notes: int) -> None:
    grammars = BothGrammars(np.ones(128, dtype=np.bool_))
    grammars.add(VELOCITY + 3)
    for pitch in range(notes):
        grammars.check()
        grammars.add(pitch)
    assert grammars.check()[:NOTE_OFF].any() == (notes < 20)


def test_a_note_of_maximum_duration_ends_before_other_events() -> None:
    grammars = BothGrammars(np.ones(128, dtype=np.bool_))
    for value in (VELOCITY + 3, 60, *[VELOCITY - 1] * 2, 64, *[VELOCITY - 1] * 6):
        grammars.check()
        grammars.add(value)
    assert np.flatnonzero(grammars.check()).tolist() == [NOTE_OFF + 60]
