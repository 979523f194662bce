"""Small networks of every family in the registry."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from magenta_bridge.data.dataset import Inputs, dataset_for
from magenta_bridge.encodings.meters import METERS, bar_steps
from magenta_bridge.models.registry import build_network
from tests.models.drawn import draw_ids

NARROW = 8

Array = NDArray[np.float32]
Ids = NDArray[np.int32]


def tiny_network(family: str, encoding: str, *, seed: int = 3, **config: int) -> keras.Model:
    """Build a network with widths of at most ``NARROW``."""
    keras.utils.set_random_seed(seed)
    defaults = inspect.signature(type(build_network(family, encoding, {}))).parameters.values()
    narrow = {each.name: _narrow(each.default) for each in defaults if _is_width(each.default)}
    keras.utils.set_random_seed(seed)
    return build_network(family, encoding, {**narrow, **config})


def _is_width(default: object) -> bool:
    parts = default if isinstance(default, tuple) else (default,)
    return bool(parts) and all(type(part) is int for part in parts)


def _narrow(default: Any) -> Any:  # noqa: ANN401 - an int stays an int, a tuple a tuple
    if isinstance(default, tuple):
        return tuple(min(part, NARROW) for part in default)
    return min(default, NARROW)


def draw_fed(encoding: str, meter: int, bars: int, seed: int = 0) -> Ids:
    """Draw a piece with some repetition: a start id, then its ids."""
    steps = bars * int(bar_steps(*METERS[meter]))
    start = dataset_for(encoding).event_ids + (meter if encoding != "performance" else 0)
    return np.concatenate([[start], draw_ids(encoding, steps, seed)]).astype(np.int32)


def window(encoding: str, pieces: Sequence[Ids], first: int = 0) -> tuple[Inputs, Ids, Array]:
    """Return inputs, targets and weights of pieces from a step on, one per row."""
    dataset = dataset_for(encoding)
    longest = max(len(fed) for fed in pieces) - 1 - first
    inputs = dataset.blank(len(pieces), longest)
    targets = np.zeros((len(pieces), longest), dtype=np.int32)
    weights = np.zeros((len(pieces), longest), dtype=np.float32)
    for row, fed in enumerate(pieces):
        steps = len(fed) - 1 - first
        dataset.fill(inputs, row, fed, first, steps)
        targets[row, :steps] = fed[first + 1 :]
        weights[row, :steps] = 1.0
    return inputs, targets, weights


def as_array(tensor: Any) -> Array:  # noqa: ANN401 - a tensor of any backend
    """Return the values of a tensor."""
    return np.asarray(keras.ops.convert_to_numpy(tensor), dtype=np.float32)


@functools.lru_cache(maxsize=4)
def _traced(network: keras.Model) -> Any:  # noqa: ANN401 - TensorFlow has no types
    return tf.function(network.step)  # a hundred uncompiled steps take seconds


def step_through(network: keras.Model, ids: Ids, state: list[Any]) -> tuple[Array, list[Any]]:
    """Feed ``ids (batch, steps)`` one by one.

    Returns:
        Logits ``(batch, steps, event_ids)`` and the last state.
    """
    step, logits = _traced(network), []
    for column in ids.T:
        one, state = step(keras.ops.convert_to_tensor(column), state)
        logits.append(as_array(one))
    return np.stack(logits, axis=1), state


def memory_parts(network: keras.Model) -> int:
    """Return the number of tensors of recurrent memory at the end of a state."""
    return len(network.stack.initial_memory(1))
