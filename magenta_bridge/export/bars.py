"""Export a trained adversarial network as a LiteRT bar program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from magenta_bridge.export.litert import convert, max_difference
from magenta_bridge.models.gan.network import BarGAN
from magenta_bridge.runtime.bar_program import SIGNATURE, BarProgram

_PROBES: Final = 12


def export_bar_program(
    network: BarGAN, description: Mapping[str, Any], *, int8: bool = True
) -> bytes:
    """Convert ``network.bar_scores`` to a LiteRT flatbuffer; needs the TensorFlow backend.

    Args:
        network: A trained network.
        description: JSON-able; stored in the flatbuffer's metadata.
        int8: Store weight matrices as int8 with a scale per row ("dynamic range").

    Raises:
        TrainingError: The program does not run, or its scores differ from the network's.
    """
    specs = [
        tf.TensorSpec((1, *network.shape_of_history), tf.int32, name="previous"),
        tf.TensorSpec((1, network.noise_units), tf.float32, name="noise"),
        tf.TensorSpec((1,), tf.int32, name="meter"),
    ]

    def bar(previous: tf.Tensor, noise: tf.Tensor, meter: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"scores": network.bar_scores(previous, noise, meter)}

    return convert(
        network,
        {SIGNATURE: (bar, specs)},
        description,
        int8=int8,
        drift=lambda program: bar_drift(network, program),
    )


def bar_drift(network: BarGAN, program: bytes) -> float:
    """Return the largest difference of a score between network and program, on random bars.

    After a near tie the two can choose different ids and diverge, so scores are compared up to
    and including the first step at which they do.
    """
    rng = np.random.default_rng(0)
    runner = BarProgram(program)
    gaps = []
    for probe in range(_PROBES):
        previous = rng.integers(0, network.event_ids + 1, network.shape_of_history, dtype=np.int32)
        noise = rng.standard_normal(network.noise_units).astype(np.float32)
        scores = network.bar_scores(
            keras.ops.convert_to_tensor(previous[None]),
            keras.ops.convert_to_tensor(noise[None]),
            keras.ops.convert_to_tensor(np.array([probe % 3], dtype=np.int32)),
        )
        expected = _in_order(np.asarray(keras.ops.convert_to_numpy(scores))[0])
        found = _in_order(runner.bar(previous, noise, probe % 3))
        diverged = np.flatnonzero(expected.argmax(axis=1) != found.argmax(axis=1))
        end = int(diverged[0]) + 1 if len(diverged) else len(expected)
        gaps.append(max_difference(expected[:end], found[:end]))
    return max(gaps)


def _in_order(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reshape ``(tracks, steps, ids)`` to ``(steps * tracks, ids)``, the order of sampling."""
    rows: NDArray[np.float32] = scores.transpose(1, 0, 2).reshape(-1, scores.shape[-1])
    return rows
