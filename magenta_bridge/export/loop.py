"""The signature ``loop`` of an exported program: many steps per call, ids sampled inside.

It includes ``PerformanceGrammar`` as operations. The grammar's state is two int32 tensors, zeros
before the first event: ``onsets (1, 128)``, the step at which each sounding pitch began, plus 1,
and 0 for silent pitches; and ``counters (1, 6)``: the current step, the last event plus 1, the
current velocity plus 1, the lowest pitch of which the next note-off and the next note-on at this
step may be, and the number of note-ons at this step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import keras
import numpy as np
import tensorflow as tf

from magenta_bridge.encodings.performance import (
    LONGEST_NOTE_STEPS,
    LONGEST_SHIFT,
    MOST_AT_ONCE,
    NOTE_OFF,
    PITCHES,
    TIME_SHIFT,
    VELOCITY,
    VELOCITY_BINS,
)
from magenta_bridge.models.grid import GridNetwork
from magenta_bridge.models.groove import GrooveNetwork
from magenta_bridge.models.performance import StreamNetwork
from magenta_bridge.models.polyphony import FrameNetwork
from magenta_bridge.runtime.loop import FORBIDDEN, MOST_STEPS

# Number of rules of the automaton that a program of each kind has room for.
_RULES: Final = {GridNetwork: 4, FrameNetwork: 18, GrooveNetwork: 12, StreamNetwork: 2}
_KINDS: Final = (PITCHES, PITCHES, LONGEST_SHIFT, VELOCITY_BINS)
_COUNTERS: Final = 6
# Constants keep RANGE operations out of the loop.
_PITCH: Final = np.arange(PITCHES, dtype=np.int32)[np.newaxis]
_VELOCITY: Final = np.arange(1, VELOCITY_BINS + 1, dtype=np.int32)[np.newaxis]
STATE_SPECS: Final = (
    tf.TensorSpec((1, PITCHES), tf.int32),
    tf.TensorSpec((1, _COUNTERS), tf.int32),
)


def loop_endpoint(
    network: keras.Model,
) -> tuple[Callable[..., dict[str, tf.Tensor]], list[tf.TensorSpec]]:
    """Return a function that repeats ``network.step`` and samples each id, and its input specs.

    It computes what alternating calls of ``Session.step`` and ``Sampler.choose`` compute; see
    ``runtime.loop`` for its inputs and outputs. The loop is one operation, so the program stores
    the weights once and no step waits for Python.

    Args:
        network: A network of the step contract.
    """
    has_grammar = isinstance(network, StreamNetwork)
    parts, count_ids = len(network.initial_state(1)), int(network.event_ids)
    specs = _input_specs(network)

    def loop(*inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        given = {spec.name: value for spec, value in zip(specs, inputs, strict=True)}
        state = [value for name, value in given.items() if name.startswith("state_")]
        options = given["sharpness"], given["limit"], given["reach"]

        def unfinished(step: tf.Tensor, *_: tf.Tensor) -> tf.Tensor:
            return tf.reshape(step < given["count"], [])

        def advance(
            step: tf.Tensor, ids: tf.Tensor, rule: tf.Tensor, chosen: tf.Tensor, *state: tf.Tensor
        ) -> tuple[tf.Tensor, ...]:
            grammar = state[parts:]
            logits, new_state = network.step(ids, list(state[:parts]))
            bias = tf.gather(given["bias"], rule)
            if has_grammar:
                bias = mask_bias(bias, *grammar)
            sampled = sample_ids(logits + bias, tf.gather(given["draws"], step), *options)
            ids = tf.maximum(tf.gather(given["forced"], step), sampled)
            if has_grammar:
                new_state = [*new_state, *next_state(ids, *grammar)]
            row = tf.reshape(tf.gather(given["following"], rule), [count_ids])
            here = tf.range(MOST_STEPS) == step
            return (step + 1, ids, tf.gather(row, ids), tf.where(here, ids, chosen), *new_state)

        step, chosen = tf.zeros([1], tf.int32), tf.zeros([MOST_STEPS], tf.int32)
        start = (step, given["ids"], given["rule"], chosen, *state)
        _, _, rule, chosen, *state = tf.while_loop(unfinished, advance, start)
        new_state = {f"state_{index}": part for index, part in enumerate(state)}
        return {"chosen": chosen, "rule": rule, **new_state}

    return loop, specs


def _input_specs(network: keras.Model) -> list[tf.TensorSpec]:
    ids = int(network.event_ids)
    rules = next(rules for kind, rules in _RULES.items() if isinstance(network, kind))
    grammar = STATE_SPECS if isinstance(network, StreamNetwork) else ()
    state = [
        tf.TensorSpec(part.shape, part.dtype, name=f"state_{index}")
        for index, part in enumerate([*network.initial_state(1), *grammar])
    ]
    return [
        tf.TensorSpec((1,), tf.int32, name="count"),
        tf.TensorSpec((1,), tf.int32, name="ids"),
        tf.TensorSpec((MOST_STEPS,), tf.int32, name="forced"),
        tf.TensorSpec((MOST_STEPS, 2), tf.float32, name="draws"),
        tf.TensorSpec((1,), tf.int32, name="rule"),
        tf.TensorSpec((rules, ids), tf.float32, name="bias"),
        tf.TensorSpec((rules, ids), tf.int32, name="following"),
        tf.TensorSpec((1,), tf.float32, name="sharpness"),
        tf.TensorSpec((1,), tf.float32, name="limit"),
        tf.TensorSpec((1, ids), tf.float32, name="reach"),
        *state,
    ]


def sample_ids(
    logits: tf.Tensor,
    draws: tf.Tensor,
    inverse_temperature: tf.Tensor,
    limit: tf.Tensor,
    reach: tf.Tensor,
) -> tf.Tensor:
    """Sample ids ``(1,)`` by the rule of ``Sampler.choose``.

    Args:
        logits: ``(1, ids)``.
        draws: Random numbers from 0 to below 1, ``(1, 2)``; small enough that the rounded sum of
            all probabilities exceeds them.
        inverse_temperature: ``(1,)``.
        limit: Total probability of all likelier ids below which an id is kept, ``(1,)``.
        reach: Cumulative probability at which each rank is the last, ``(1, ids)``.
    """
    ids = int(reach.shape[1])
    probabilities = tf.nn.softmax(logits * inverse_temperature)
    first, second = tf.split(tf.reshape(draws, [2]), 2)
    sums = tf.cumsum(probabilities, axis=1)
    found = tf.argmax(sums > first, axis=1, output_type=tf.int32)
    probability = tf.gather(tf.reshape(probabilities, [ids]), found)
    is_likelier = tf.cast(probabilities > probability, tf.float32)

    def sample_ranked() -> tf.Tensor:
        ranked, order = tf.math.top_k(probabilities, ids)
        sums = tf.cumsum(ranked, axis=1)
        kept = tf.reduce_min(tf.where(sums >= reach, sums, 1.0), axis=1)
        rank = tf.argmax(sums > second * kept, axis=1, output_type=tf.int32)
        return tf.gather(tf.reshape(order, [ids]), rank)

    likelier = tf.reduce_sum(is_likelier * probabilities, axis=1)
    return tf.cond(tf.reshape(likelier < limit, []), lambda: found, sample_ranked)


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
