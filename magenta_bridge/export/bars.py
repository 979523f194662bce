"""From a trained adversarial network to a LiteRT bar program, checked before it is kept."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from magenta_bridge.errors import BundleError, TrainingError
from magenta_bridge.export.flatbuffer import write_description
from magenta_bridge.export.litert import convert
from magenta_bridge.models.gan.network import BarGAN
from magenta_bridge.runtime.bar_program import SIGNATURE, BarProgram

# Int8 weights move scores by this much at most; float programs by rounding noise alone.
_FLOAT_TOLERANCE: Final = 1e-3
_INT8_TOLERANCE: Final = 1.0
_PROBES: Final = 4


def export_bar_program(
    network: BarGAN, description: Mapping[str, Any], *, int8: bool = True
) -> bytes:
    """Converts ``network.bar_scores`` to a LiteRT flatbuffer; needs the TensorFlow backend.

    Args:
        network: Trained.
        description: JSON-able; kept in the flatbuffer's metadata.
        int8: Store weight matrices as int8 with a scale per row ("dynamic range").

    Raises:
        TrainingError: The program does not run, or its scores are not the network's.
    """
    with tempfile.TemporaryDirectory() as folder:
        _write_saved_model(network, folder)
        program = write_description(convert(folder, [SIGNATURE], int8=int8), description)
    try:
        drift = bar_drift(network, program)
    except BundleError as error:
        raise TrainingError(
            f"The exported program does not run ({error.message}) and was not kept; "
            "try another version of tensorflow."
        ) from error
    if not drift <= (_INT8_TOLERANCE if int8 else _FLOAT_TOLERANCE):
        raise TrainingError(
            f"The exported program disagrees with the network by {drift:.3g} in its scores; "
            "it was not kept. Try another version of tensorflow."
        )
    return program


def bar_drift(network: BarGAN, program: bytes) -> float:
    """Returns the largest difference of a score between network and program, on drawn bars.

    Where a near tie makes them choose differently they go different ways from there on: scores
    are compared up to the first such step, and the step itself.
    """
    rng = np.random.default_rng(0)
    runner = BarProgram(program)
    largest = 0.0
    for probe in range(3 * _PROBES):
        previous = rng.integers(0, network.event_ids + 1, network.shape_of_history, dtype=np.int32)
        noise = rng.standard_normal(network.noise_units).astype(np.float32)
        expected = network.bar_scores(
            keras.ops.convert_to_tensor(previous[None]),
            keras.ops.convert_to_tensor(noise[None]),
            keras.ops.convert_to_tensor(np.array([probe % 3], dtype=np.int32)),
        )
        one = _in_order(np.asarray(keras.ops.convert_to_numpy(expected))[0])
        other = _in_order(runner.bar(previous, noise, probe % 3))
        parted = np.flatnonzero(one.argmax(axis=1) != other.argmax(axis=1))
        last = int(parted[0]) + 1 if len(parted) else len(one)
        gap = float(np.abs(one[:last] - other[:last]).max())
        largest = max(largest, gap) if np.isfinite(gap) else float("inf")
    return largest


def _in_order(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turns ``(tracks, steps, ids)`` into ``(steps * tracks, ids)``, as they were chosen."""
    rows: NDArray[np.float32] = scores.transpose(1, 0, 2).reshape(-1, scores.shape[-1])
    return rows


def _write_saved_model(network: BarGAN, folder: str) -> None:
    signature = [
        tf.TensorSpec((1, *network.shape_of_history), tf.int32, name="previous"),
        tf.TensorSpec((1, network.noise_units), tf.float32, name="noise"),
        tf.TensorSpec((1,), tf.int32, name="meter"),
    ]

    def bar(previous: tf.Tensor, noise: tf.Tensor, meter: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"scores": network.bar_scores(previous, noise, meter)}

    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint(SIGNATURE, bar, input_signature=signature)
    archive.write_out(folder, verbose=False)
