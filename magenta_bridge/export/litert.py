"""From a trained Keras network to a LiteRT program, checked before it is kept."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from magenta_bridge.encodings.performance_grammar import PerformanceGrammar
from magenta_bridge.errors import BundleError, TrainingError
from magenta_bridge.export.flatbuffer import write_description
from magenta_bridge.export.loop import Loop, Memory, NoMemory, loop_drift
from magenta_bridge.export.performance import PerformanceMemory
from magenta_bridge.models.grid import GridNetwork
from magenta_bridge.models.performance import StreamNetwork
from magenta_bridge.models.polyphony import FrameNetwork
from magenta_bridge.runtime.loop import MOST_STEPS
from magenta_bridge.runtime.loop import SIGNATURE as LOOP
from magenta_bridge.runtime.program import StepProgram

# Int8 weights move logits by this much at most; float programs by rounding noise alone.
_FLOAT_TOLERANCE: Final = 1e-3
_INT8_TOLERANCE: Final = 1.0
# What says which ids may follow which: an automaton of so many rules, and what else.
_RULES: Final[Mapping[type[keras.Model], tuple[int, type[Memory]]]] = {
    GridNetwork: (4, NoMemory),
    FrameNetwork: (18, NoMemory),
    StreamNetwork: (2, PerformanceMemory),
}


def export_program(
    network: keras.Model, description: Mapping[str, Any], *, int8: bool, probe: Sequence[int]
) -> bytes:
    """Converts ``network.step`` to a LiteRT flatbuffer.

    The converter can write a program with wrong weights without a word, so its signatures are
    compared with the network along ``probe`` before it is handed out.

    Args:
        network: A trained network of the step contract.
        description: JSON-able; kept in the flatbuffer's metadata under ``DESCRIPTION_NAME``.
        int8: Store weight matrices as int8 with a scale per row ("dynamic range").
        probe: Ids to compare on, in order.

    Returns:
        The flatbuffer.

    Raises:
        TrainingError: The program does not run, or its logits are not the network's.
    """
    with tempfile.TemporaryDirectory() as folder:
        flatbuffer = convert(folder, _write_saved_model(network, folder), int8=int8)
    program = write_description(flatbuffer, description)
    try:
        rules = PerformanceGrammar() if isinstance(network, StreamNetwork) else None
        drift = max(
            logit_drift(network, program, probe),
            loop_drift(network, program, probe[:MOST_STEPS], rules),
        )
    except BundleError as error:
        raise TrainingError(
            f"The exported program does not run ({error.message}) and was not kept; "
            "try another version of tensorflow."
        ) from error
    if drift > (_INT8_TOLERANCE if int8 else _FLOAT_TOLERANCE):
        raise TrainingError(
            f"The exported program disagrees with the network by {drift:.3g} in its numbers; "
            "it was not kept. Try another version of tensorflow."
        )
    return program


def convert(saved_model: str, signatures: Sequence[str], *, int8: bool) -> bytes:
    """Converts signatures of a SavedModel to one LiteRT flatbuffer, which holds weights once.

    Raises:
        TrainingError: The network uses an operation that LiteRT lacks.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(
        saved_model, signature_keys=list(signatures)
    )
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    try:
        return bytes(converter.convert())
    except Exception as error:  # the converter's own class is private
        first = " ".join(str(error).split())[:200]
        raise TrainingError(
            f"TensorFlow cannot convert the network for LiteRT ({first} ...); try another "
            "version of tensorflow."
        ) from error


def _write_saved_model(network: keras.Model, folder: str) -> list[str]:
    """Writes a SavedModel whose tensors bear the names the runtime expects.

    Returns:
        Its signatures: one step, and many.
    """
    state = network.initial_state(1)
    names = [f"state_{index}" for index in range(len(state))]
    signature = [tf.TensorSpec((1,), tf.int32, name="ids")] + [
        tf.TensorSpec(part.shape, part.dtype, name=name)
        for part, name in zip(state, names, strict=True)
    ]

    def step(*inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        logits, new_state = network.step(inputs[0], list(inputs[1:]))
        return {"logits": logits, **dict(zip(names, new_state, strict=True))}

    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint("step", step, input_signature=signature)
    rules, memory = next(each for kind, each in _RULES.items() if isinstance(network, kind))
    loop = Loop(network, rules, memory())
    archive.add_endpoint(LOOP, loop, input_signature=loop.signature)
    archive.write_out(folder, verbose=False)
    return ["step", LOOP]


def logit_drift(network: keras.Model, program: bytes, probe: Sequence[int]) -> float:
    """Returns the largest difference of a logit between network and program along ``probe``."""
    runner = StepProgram(program).session()
    state = network.initial_state(1)
    largest = 0.0
    for value in probe:
        ids = keras.ops.convert_to_tensor(np.array([value], dtype=np.int32))
        expected, state = network.step(ids, state)
        found = runner.step(int(value))
        difference = float(np.abs(_array(expected)[0] - found).max())
        if not np.isfinite(difference):  # a program without its weights computes NaN
            return float("inf")
        largest = max(largest, difference)
    return largest


def _array(tensor: tf.Tensor) -> NDArray[np.float32]:
    return np.asarray(keras.ops.convert_to_numpy(tensor), dtype=np.float32)


def save_network(network: keras.Model, path: Path) -> None:
    """Writes the weights and configuration, without the optimizer, as a Keras archive.

    The weights are rounded to float16: training goes on from them as well, and a bundle is half
    as large. A network loaded from the archive computes in float32 again.
    """
    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float16")
    try:
        fresh = type(network).from_config(_without_dtype(network.get_config()))
        fresh.build()
        fresh.set_weights([np.asarray(w, dtype=np.float16) for w in network.get_weights()])
        fresh.save(path)
    finally:
        keras.config.set_dtype_policy(usual)


def _without_dtype(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name != "dtype"}
