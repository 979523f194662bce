"""From a trained adversarial network to a LiteRT bar program, checked before it is kept."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from magenta_bridge.errors import TrainingError
from magenta_bridge.models.gan.network import BarGAN
from magenta_bridge.runtime.bar_program import SIGNATURE, BarProgram
from magenta_bridge.training.export import write_description

_TOLERANCE: Final = 1e-3


def export_bar_program(network: BarGAN, description: Mapping[str, Any]) -> bytes:
    """Converts ``network.bar_logits`` to a LiteRT flatbuffer; needs the TensorFlow backend.

    Args:
        network: Trained.
        description: JSON-able; kept in the flatbuffer's metadata.

    Raises:
        TrainingError: The program's logits are not the network's.
    """
    with tempfile.TemporaryDirectory() as folder:
        _write_saved_model(network, folder)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[SIGNATURE])
        program = write_description(bytes(converter.convert()), description)
    drift = bar_drift(network, program)
    if not drift <= _TOLERANCE:
        raise TrainingError(
            f"The exported program disagrees with the network by {drift:.3g} in its logits; "
            "it was not kept. Try another version of tensorflow."
        )
    return program


def bar_drift(network: BarGAN, program: bytes) -> float:
    """Returns the largest difference of a logit between network and program, on random bars."""
    rng = np.random.default_rng(0)
    runner = BarProgram(program)
    largest = 0.0
    for meter in range(3):
        previous = rng.integers(0, network.event_ids + 1, network.shape_of_history, dtype=np.int32)
        noise = rng.standard_normal(network.noise_units).astype(np.float32)
        expected = network.bar_logits(
            keras.ops.convert_to_tensor(previous[None]),
            keras.ops.convert_to_tensor(noise[None]),
            keras.ops.convert_to_tensor(np.array([meter], dtype=np.int32)),
        )
        found = runner.bar(previous, noise, meter)
        gap = np.abs(np.asarray(keras.ops.convert_to_numpy(expected))[0] - found).max()
        largest = max(largest, float(gap)) if np.isfinite(gap) else float("inf")
    return largest


def _write_saved_model(network: BarGAN, folder: str) -> None:
    signature = [
        tf.TensorSpec((1, *network.shape_of_history), tf.int32, name="previous"),
        tf.TensorSpec((1, network.noise_units), tf.float32, name="noise"),
        tf.TensorSpec((1,), tf.int32, name="meter"),
    ]

    def bar(previous: tf.Tensor, noise: tf.Tensor, meter: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"logits": network.bar_logits(previous, noise, meter)}

    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint(SIGNATURE, bar, input_signature=signature)
    archive.write_out(folder, verbose=False)
