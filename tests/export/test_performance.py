"""Inside an exported loop the grammar of expressive playing is the one that is written down."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from magenta_bridge.encodings.performance import EVENT_IDS, NOTE_OFF, TIME_SHIFT, VELOCITY
from magenta_bridge.encodings.performance_grammar import PerformanceGrammar
from magenta_bridge.export.performance import PerformanceMemory
from magenta_bridge.runtime.loop import FORBIDDEN

KINDS = ((0, NOTE_OFF), (NOTE_OFF, TIME_SHIFT), (TIME_SHIFT, VELOCITY), (VELOCITY, EVENT_IDS))


class Playing:
    """Both grammars, which take the same events."""

    def __init__(self, pitches: np.ndarray) -> None:
        self.written = PerformanceGrammar(pitches)
        self._memory = PerformanceMemory()
        self._held = [tf.zeros(spec.shape, spec.dtype) for spec in PerformanceMemory.specs]
        self.bias = np.linspace(-2, 2, EVENT_IDS, dtype=np.float32)
        self.bias[:NOTE_OFF][~pitches] = FORBIDDEN

    def add(self, value: int) -> None:
        """Takes an event."""
        self.written.add(value)
        self._held = self._memory.after(tf.constant([value]), self._held)

    def check(self) -> np.ndarray:
        """Makes sure that both allow the same and leave the rest of the bias; returns it."""
        allowed = self.written.mask()
        found = self._memory.narrow(tf.constant(self.bias[None]), self._held).numpy()[0]
        np.testing.assert_array_equal(found > FORBIDDEN / 2, allowed)
        np.testing.assert_array_equal(found[allowed], self.bias[allowed])
        return allowed


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.sampled_from([1, 3, 30, 128]), st.booleans())
def test_both_grammars_allow_the_same(seed: int, pitches: int, patient: bool) -> None:
    """Along streams of events that they allow, of a few pitches or of many, fast or slow."""
    rng = np.random.default_rng(seed)
    wanted = np.zeros(128, dtype=np.bool_)
    wanted[rng.choice(128, pitches, replace=False)] = True
    playing = Playing(wanted)
    shares = np.array([4.0, 1.0, 4.0, 2.0] if patient else [8.0, 4.0, 1.0, 2.0])
    for _ in range(60):
        allowed = playing.check()
        kinds = [np.flatnonzero(allowed[first:end]) + first for first, end in KINDS]
        weights = shares * [len(kind) > 0 for kind in kinds]
        kind = kinds[rng.choice(4, p=weights / weights.sum())]
        # Long waits, so that notes last too long.
        playing.add(int(kind[-1] if patient and kind[0] >= TIME_SHIFT else rng.choice(kind)))


@pytest.mark.parametrize("notes", [19, 20])
def test_so_they_do_at_the_most_notes_that_begin_at_once(notes: int) -> None:
    playing = Playing(np.ones(128, dtype=np.bool_))
    playing.add(VELOCITY + 3)
    for pitch in range(notes):
        playing.check()
        playing.add(pitch)
    assert playing.check()[:NOTE_OFF].any() == (notes < 20)


def test_a_note_that_sounds_too_long_ends_before_anything_else() -> None:
    playing = Playing(np.ones(128, dtype=np.bool_))
    for value in (VELOCITY + 3, 60, *[VELOCITY - 1] * 2, 64, *[VELOCITY - 1] * 6):
        playing.check()
        playing.add(value)
    assert np.flatnonzero(playing.check()).tolist() == [NOTE_OFF + 60]
