"""Many steps of a network in one call: the loop and the drawing of ids inside the program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

import keras
import numpy as np
import tensorflow as tf

from magenta_bridge.export.self_sample import Rules
from magenta_bridge.runtime.loop import MOST_STEPS, Automaton
from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions


class Memory(Protocol):
    """What rules besides an automaton remember, in tensors that are zeros at first.

    Attributes:
        specs: Their shapes.
    """

    specs: ClassVar[Sequence[tf.TensorSpec]]

    def narrow(self, bias: tf.Tensor, held: list[tf.Tensor]) -> tf.Tensor:
        """Returns a bias ``(1, ids)`` with what may not come ruled out besides."""

    def after(self, ids: tf.Tensor, held: list[tf.Tensor]) -> list[tf.Tensor]:
        """Returns what is remembered after an id ``(1,)``."""


class NoMemory:
    """Of rules that an automaton is enough for."""

    specs: ClassVar[Sequence[tf.TensorSpec]] = ()

    def narrow(self, bias: tf.Tensor, held: list[tf.Tensor]) -> tf.Tensor:
        """Rules out nothing."""
        del held
        return bias

    def after(self, ids: tf.Tensor, held: list[tf.Tensor]) -> list[tf.Tensor]:
        """Remembers nothing."""
        del ids
        return held


class Loop:
    """The signature ``loop``: repeats ``network.step`` and draws each id itself.

    What it computes is what ``Session.step`` and ``Sampler.choose`` do in turn; the arguments
    are described at ``runtime.loop``. The loop is one operation of the program, so that it
    holds the weights once, and no step waits for Python.

    Args:
        network: A network of the step contract.
        rules: Rules that an automaton may have.
        memory: What other rules there are.
    """

    def __init__(self, network: keras.Model, rules: int, memory: Memory) -> None:
        self._network = network
        self._rules = rules
        self._memory = memory
        self._parts = len(network.initial_state(1))
        self._state = [*network.initial_state(1), *memory.specs]
        self._event_ids = int(network.event_ids)

    @property
    def signature(self) -> list[tf.TensorSpec]:
        """What goes in, in the order of ``__call__``."""
        ids, rules = self._event_ids, self._rules
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
            *(
                tf.TensorSpec(part.shape, part.dtype, name=f"state_{index}")
                for index, part in enumerate(self._state)
            ),
        ]

    def __call__(self, *inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Runs ``count`` steps; see ``runtime.loop``."""
        given = {spec.name: value for spec, value in zip(self.signature, inputs, strict=True)}
        state = [given[f"state_{index}"] for index in range(len(self._state))]
        draw = Drawing(given["sharpness"], given["limit"], given["reach"])

        def unfinished(step: tf.Tensor, *_: tf.Tensor) -> tf.Tensor:
            return tf.reshape(step < given["count"], [])

        def one(
            step: tf.Tensor, ids: tf.Tensor, rule: tf.Tensor, chosen: tf.Tensor, *state: tf.Tensor
        ) -> tuple[tf.Tensor, ...]:
            held = list(state[self._parts :])
            logits, new_state = self._network.step(ids, list(state[: self._parts]))
            bias = self._memory.narrow(tf.gather(given["bias"], rule), held)
            drawn = draw(logits + bias, tf.gather(given["draws"], step))
            ids = tf.maximum(tf.gather(given["forced"], step), drawn)
            new_state = [*new_state, *self._memory.after(ids, held)]
            row = tf.reshape(tf.gather(given["following"], rule), [self._event_ids])
            here = tf.range(MOST_STEPS) == step
            return (step + 1, ids, tf.gather(row, ids), tf.where(here, ids, chosen), *new_state)

        step, chosen = tf.zeros([1], tf.int32), tf.zeros([MOST_STEPS], tf.int32)
        begun = (step, given["ids"], given["rule"], chosen, *state)
        _, _, rule, chosen, *state = tf.while_loop(unfinished, one, begun)
        after = {f"state_{index}": part for index, part in enumerate(state)}
        return {"chosen": chosen, "rule": rule, **after}


class Drawing:
    """Draws an id; see ``Sampler.choose``, whose rule it follows.

    Args:
        sharpness: One over the temperature, ``(1,)``.
        limit: Sum of probabilities of all likelier ids up to which an id is kept, ``(1,)``.
        reach: Sum of probabilities at which a rank is the last, ``(1, ids)``.
    """

    def __init__(self, sharpness: tf.Tensor, limit: tf.Tensor, reach: tf.Tensor) -> None:
        self._sharpness = sharpness
        self._limit = limit
        self._reach = reach
        self._ids = int(reach.shape[1])

    def __call__(self, logits: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
        """Returns ids ``(1,)`` for logits ``(1, ids)`` and numbers of 0 to 1, ``(1, 2)``.

        The numbers stay so far below 1 that the sum of all shares, as rounded, is beyond them.
        """
        shares = tf.nn.softmax(logits * self._sharpness)
        first, second = tf.split(tf.reshape(draws, [2]), 2)
        sums = tf.cumsum(shares, axis=1)
        found = tf.argmax(sums > first, axis=1, output_type=tf.int32)
        share = tf.gather(tf.reshape(shares, [self._ids]), found)
        likelier = tf.reduce_sum(tf.cast(shares > share, tf.float32) * shares, axis=1)
        return tf.cond(
            tf.reshape(likelier < self._limit, []),
            lambda: found,
            lambda: self._ranked(shares, second),
        )

    def _ranked(self, shares: tf.Tensor, draw: tf.Tensor) -> tf.Tensor:
        ranked, order = tf.math.top_k(shares, self._ids)
        sums = tf.cumsum(ranked, axis=1)
        kept = tf.reduce_min(tf.where(sums >= self._reach, sums, 1.0), axis=1)
        rank = tf.argmax(sums > draw * kept, axis=1, output_type=tf.int32)
        return tf.gather(tf.reshape(order, [self._ids]), rank)


def loop_drift(
    network: keras.Model, program: bytes, probe: Sequence[int], rules: Rules | None = None
) -> float:
    """Returns how far the signature ``loop`` and its network part, at most.

    The program hears ``probe`` and its state is compared with the network's; then it chooses
    the likeliest ids, and the network says by how much their logits fall short of its best.

    Args:
        network: The network.
        program: The program made of it.
        probe: Ids from a start id on, at most ``MOST_STEPS``.
        rules: What may come behind what, where the program itself minds it; infinitely far is
            an id that may not.
    """
    session = StepProgram(program).loop_session()
    session.begin(int(probe[0]))
    session.feed(np.asarray(probe[1:], dtype=np.int32))
    state, step = network.initial_state(1), tf.function(network.step)
    for value in probe[:-1]:
        _, state = step(_as_ids(int(value)), state)
    heard = [session.state[f"state_{index}"] for index in range(len(state))]
    gaps = [
        float(np.abs(np.asarray(keras.ops.convert_to_numpy(part)) - found).max())
        for part, found in zip(state, heard, strict=True)
    ]
    free = np.ones((1, session.logit_count), dtype=np.bool_)
    anything = Automaton(free, np.zeros(free.shape, dtype=np.int32))
    session.follow(anything, Sampler(SamplerOptions(temperature=0.0), seed=0))
    latest = int(probe[-1])
    if rules:
        for value in probe[1:]:
            rules.add(int(value))
    for value in session.choose(len(probe)):
        logits, state = step(_as_ids(latest), state)
        row = np.asarray(keras.ops.convert_to_numpy(logits))[0]
        row = np.where(rules.mask(), row, -np.inf) if rules else row
        gaps.append(float(row.max() - row[value]))
        latest = value
        if rules:
            rules.add(latest)
    return max(gaps) if np.isfinite(gaps).all() else float("inf")


def _as_ids(value: int) -> tf.Tensor:
    return keras.ops.convert_to_tensor(np.array([value], dtype=np.int32))
