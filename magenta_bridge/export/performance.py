"""``PerformanceGrammar`` as operations of an exported program.

Its state is two int32 tensors, zeros before the first event: ``onsets (1, 128)``, the step at
which each sounding pitch began, plus 1, and 0 for silent pitches; and ``counters (1, 6)``: the
current step, the last event plus 1, the current velocity plus 1, the lowest pitch of which the
next note-off and the next note-on at this step may be, and the number of note-ons at this step.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import tensorflow as tf

from magenta_bridge.encodings.performance import (
    LONGEST_SHIFT,
    NOTE_OFF,
    PITCHES,
    TIME_SHIFT,
    VELOCITY,
    VELOCITY_BINS,
)
from magenta_bridge.encodings.performance_grammar import LONGEST_NOTE_STEPS, MOST_AT_ONCE
from magenta_bridge.runtime.loop import FORBIDDEN

_KINDS: Final = (PITCHES, PITCHES, LONGEST_SHIFT, VELOCITY_BINS)
_COUNTERS: Final = 6
# Constants keep RANGE operations out of the loop.
_PITCH: Final = np.arange(PITCHES, dtype=np.int32)[np.newaxis]
_VELOCITY: Final = np.arange(1, VELOCITY_BINS + 1, dtype=np.int32)[np.newaxis]
STATE_SPECS: Final = (
    tf.TensorSpec((1, PITCHES), tf.int32),
    tf.TensorSpec((1, _COUNTERS), tf.int32),
)


def mask_bias(bias: tf.Tensor, onsets: tf.Tensor, counters: tf.Tensor) -> tf.Tensor:
    """Return a bias ``(1, ids)`` with every event that the grammar forbids at ``FORBIDDEN``."""
    step, last, velocity, lowest_off, lowest_on, note_ons = tf.split(counters, _COUNTERS, axis=1)
    note_on_bias, _, _, _ = tf.split(bias, _KINDS, axis=1)
    pitch = tf.constant(_PITCH)
    sounding = onsets > 0
    may_start = (
        (note_on_bias > FORBIDDEN / 2)
        & ~sounding
        & (pitch >= lowest_on)
        & (note_ons < MOST_AT_ONCE)
    )
    overdue = sounding & (onsets <= step + 1 - LONGEST_NOTE_STEPS) & (note_ons < 1)
    first_overdue = tf.reduce_min(tf.where(overdue, pitch, PITCHES), axis=1, keepdims=True)
    after_velocity = last > VELOCITY
    blocked = after_velocity | (first_overdue < PITCHES)
    note_off = (
        sounding
        & (pitch >= lowest_off)
        & (pitch <= first_overdue)
        & (note_ons < 1)
        & ~after_velocity
    )
    time_shift = ~blocked & ((last <= TIME_SHIFT) | (last >= TIME_SHIFT + LONGEST_SHIFT))
    new_velocity = ~blocked & tf.reduce_any(may_start, axis=1, keepdims=True)
    allowed = [
        may_start & (after_velocity | (~blocked & (velocity > 0))),
        note_off,
        time_shift & tf.ones((1, LONGEST_SHIFT), tf.bool),
        new_velocity & (tf.constant(_VELOCITY) != velocity),
    ]
    return tf.where(tf.concat(allowed, axis=1), bias, FORBIDDEN)


def next_state(
    ids: tf.Tensor, onsets: tf.Tensor, counters: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the state after an event ``(1,)``."""
    step, _, velocity, lowest_off, lowest_on, note_ons = tf.split(counters, _COUNTERS, axis=1)
    event = ids[:, tf.newaxis]
    note_on, new_velocity = event < NOTE_OFF, event >= VELOCITY
    note_off = ~note_on & (event < TIME_SHIFT)
    same_step = tf.cast(new_velocity | (event < TIME_SHIFT), tf.int32)
    pitch = tf.where(note_on, event, tf.where(note_off, event - NOTE_OFF, -1))
    is_pitch = tf.constant(_PITCH) == pitch
    onsets = tf.where(is_pitch, tf.where(note_on, step + 1, 0), onsets)
    counters = [
        step + (1 - same_step) * (event - TIME_SHIFT + 1),
        event + 1,
        tf.where(new_velocity, event - VELOCITY + 1, velocity),
        tf.where(note_off, pitch + 1, lowest_off) * same_step,
        tf.where(note_on, pitch + 1, lowest_on) * same_step,
        (note_ons + tf.cast(note_on, tf.int32)) * same_step,
    ]
    return onsets, tf.concat(counters, axis=1)
