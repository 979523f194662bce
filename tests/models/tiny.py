"""Small networks of every family, found and shrunk without knowing any of them."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.models.registry import build_network
from magenta_bridge.training.grid_material import MelodyMaterial
from magenta_bridge.training.tunes import Tune
from magenta_bridge.training.windows import Batch, WindowSampler

NARROW = 8

Array = NDArray[np.float32]


def tiny_network(family: str, encoding: str, *, seed: int = 3) -> keras.Model:
    """Builds a network whose every width is at most ``NARROW``."""
    keras.utils.set_random_seed(seed)
    defaults = inspect.signature(type(build_network(family, encoding, {}))).parameters.values()
    config = {each.name: _narrow(each.default) for each in defaults if _is_width(each.default)}
    keras.utils.set_random_seed(seed)
    return build_network(family, encoding, config)


def _is_width(default: object) -> bool:
    parts = default if isinstance(default, tuple) else (default,)
    return bool(parts) and all(type(part) is int for part in parts)


def _narrow(default: Any) -> Any:  # noqa: ANN401 - an int stays an int, a tuple a tuple
    if isinstance(default, tuple):
        return tuple(min(part, NARROW) for part in default)
    return min(default, NARROW)


def random_tune(meter: int, steps: int, seed: int) -> Tune:
    """Draws a tune that repeats its first two bars in places, as folk tunes do."""
    rng = np.random.default_rng(seed)
    ids = rng.choice([0, 0, 1, *range(62, 74)], size=steps).astype(np.int32)
    bar = int(melody.bar_steps(*melody.METERS[meter]))
    if steps >= 6 * bar:
        ids[4 * bar : 6 * bar] = ids[: 2 * bar]
    return Tune(f"drawn-{seed}#0", f"Drawn {seed}", meter, ids, ids[ids > 1] - 2)


def one_batch(meters: tuple[int, ...], *, bars: int, seed: int = 0) -> Batch:
    """Returns a batch with one whole tune a row, from its start id on."""
    tunes = [
        random_tune(meter, bars * int(melody.bar_steps(*melody.METERS[meter])), seed + row)
        for row, meter in enumerate(meters)
    ]
    longest = max(len(tune.ids) for tune in tunes)
    sampler = WindowSampler(
        tunes,
        MelodyMaterial(),
        window_steps=longest,
        batch=len(tunes),
        transpose=(0, 0),
        seed=seed,
    )
    return next(sampler.batches(0))


def as_array(tensor: Any) -> Array:  # noqa: ANN401 - a tensor of any backend
    """Returns a tensor's values."""
    return np.asarray(keras.ops.convert_to_numpy(tensor), dtype=np.float32)


def step_through(
    network: keras.Model, ids: NDArray[np.int32], state: list[Any]
) -> tuple[Array, list[Any]]:
    """Feeds ``ids (batch, steps)`` one by one.

    Returns:
        Logits ``(batch, steps, event_ids)`` and the last state.
    """
    step = tf.function(network.step)  # a hundred steps one by one take seconds
    logits = []
    for column in ids.T:
        one, state = step(keras.ops.convert_to_tensor(column), state)
        logits.append(as_array(one))
    return np.stack(logits, axis=1), state
