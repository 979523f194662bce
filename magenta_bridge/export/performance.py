"""The grammar of expressive playing as operations of an exported program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

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
_NUMBERS: Final = 6


class PerformanceMemory:
    """What ``PerformanceGrammar`` remembers and rules out, in tensors; a ``Memory`` of a loop.

    Before the first event all of it is zeros. It holds ``begun (1, 128)``, one more than the step
    at which each sounding pitch began and 0 for silent ones, and ``(1, 6)``: the steps gone by,
    one more than the last event, one more than the velocity in force, where the next end and
    the next beginning at this instant may stand at the lowest, and the beginnings at this instant.
    """

    specs: ClassVar[Sequence[tf.TensorSpec]] = (
        tf.TensorSpec((1, PITCHES), tf.int32),
        tf.TensorSpec((1, _NUMBERS), tf.int32),
    )

    def __init__(self) -> None:
        self._pitch = tf.range(PITCHES)[tf.newaxis]
        self._loudness = tf.range(1, VELOCITY_BINS + 1)[tf.newaxis]

    def narrow(self, bias: tf.Tensor, held: list[tf.Tensor]) -> tf.Tensor:
        """Returns the bias ``(1, ids)`` with what may not come ruled out besides."""
        begun, numbers = held
        step, last, loudness, lowest_end, lowest_begin, strikes = tf.split(
            numbers, _NUMBERS, axis=1
        )
        wanted, _, _, _ = tf.split(bias, _KINDS, axis=1)
        sounds = begun > 0
        begins = (
            (wanted > FORBIDDEN / 2)
            & ~sounds
            & (self._pitch >= lowest_begin)
            & (strikes < MOST_AT_ONCE)
        )
        told = last > VELOCITY
        first_overdue = self._first_overdue(begun, step, strikes)
        waits = told | (first_overdue < PITCHES)
        ends = (
            sounds
            & (self._pitch >= lowest_end)
            & (self._pitch <= first_overdue)
            & (strikes < 1)
            & ~told
        )
        goes_by = ~waits & ((last <= TIME_SHIFT) | (last >= TIME_SHIFT + LONGEST_SHIFT))
        tells = ~waits & tf.reduce_any(begins, axis=1, keepdims=True)
        allowed = [
            begins & (told | (~waits & (loudness > 0))),
            ends,
            goes_by & (tf.ones((1, LONGEST_SHIFT), tf.bool)),
            tells & (self._loudness != loudness),
        ]
        return tf.where(tf.concat(allowed, axis=1), bias, FORBIDDEN)

    def _first_overdue(self, begun: tf.Tensor, step: tf.Tensor, strikes: tf.Tensor) -> tf.Tensor:
        """Returns the lowest pitch that has sounded too long, ``(1, 1)``; 128 for none."""
        overdue = (begun > 0) & (begun <= step + 1 - LONGEST_NOTE_STEPS) & (strikes < 1)
        return tf.reduce_min(tf.where(overdue, self._pitch, PITCHES), axis=1, keepdims=True)

    def after(self, ids: tf.Tensor, held: list[tf.Tensor]) -> list[tf.Tensor]:
        """Returns what is remembered after an event ``(1,)``."""
        begun, numbers = held
        step, _, loudness, lowest_end, lowest_begin, strikes = tf.split(numbers, _NUMBERS, axis=1)
        event = ids[:, tf.newaxis]
        begins, tells = event < NOTE_OFF, event >= VELOCITY
        ends = ~begins & (event < TIME_SHIFT)
        goes_by = ~tells & (event >= TIME_SHIFT)
        pitch = tf.where(begins, event, tf.where(ends, event - NOTE_OFF, -1))
        begun = tf.where(self._pitch == pitch, tf.where(begins, step + 1, 0), begun)
        going_on = tf.cast(~goes_by, tf.int32)
        numbers = [
            step + (1 - going_on) * (event - TIME_SHIFT + 1),
            event + 1,
            tf.where(tells, event - VELOCITY + 1, loudness),
            tf.where(ends, pitch + 1, lowest_end) * going_on,
            tf.where(begins, pitch + 1, lowest_begin) * going_on,
            (strikes + tf.cast(begins, tf.int32)) * going_on,
        ]
        return [begun, tf.concat(numbers, axis=1)]
