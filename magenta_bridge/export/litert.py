"""Export a trained Keras network as a LiteRT program and verify it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from magenta_bridge.encodings.performance import PerformanceGrammar
from magenta_bridge.errors import BundleError, TrainingError
from magenta_bridge.export.flatbuffer import write_description
from magenta_bridge.export.loop import loop_endpoint
from magenta_bridge.models.performance import StreamNetwork
from magenta_bridge.runtime.loop import MOST_STEPS, Automaton
from magenta_bridge.runtime.loop import SIGNATURE as LOOP
from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.runtime.sampler import Sampler, SamplerOptions

# A function of tensors and the specs of its arguments.
Endpoint = tuple[Callable[..., dict[str, tf.Tensor]], Sequence[tf.TensorSpec]]

# Maximum change of an output: float programs differ by rounding, int8 weights move it further.
_FLOAT_TOLERANCE: Final = 1e-3
_INT8_TOLERANCE: Final = 1.0


def export_program(
    network: keras.Model, description: Mapping[str, Any], *, int8: bool, probe: Sequence[int]
) -> bytes:
    """Convert ``network.step`` to a LiteRT flatbuffer with the signatures ``step`` and ``loop``.

    Args:
        network: A trained network of the step contract.
        description: JSON-able; stored in the flatbuffer's metadata under ``DESCRIPTION_NAME``.
        int8: Store weight matrices as int8 with a scale per row ("dynamic range").
        probe: Input ids on which program and network are compared.

    Returns:
        The flatbuffer.

    Raises:
        TrainingError: The program does not run, or its logits differ from the network's.
    """
    endpoints = {"step": _step_endpoint(network), LOOP: loop_endpoint(network)}
    return convert(
        network,
        endpoints,
        description,
        int8=int8,
        drift=lambda program: max(
            logit_drift(network, program, probe), loop_drift(network, program, probe[:MOST_STEPS])
        ),
    )


def convert(
    network: keras.Model,
    endpoints: Mapping[str, Endpoint],
    description: Mapping[str, Any],
    *,
    int8: bool,
    drift: Callable[[bytes], float],
) -> bytes:
    """Convert endpoints of a network to the signatures of one LiteRT flatbuffer.

    The converter can report success and write wrong weights, so the program is compared with the
    network before it is returned.

    Args:
        network: Owns the weights, which the signatures share.
        endpoints: By the name of the signature.
        description: JSON-able.
        int8: Store weight matrices as int8.
        drift: Returns the largest difference between a program's outputs and the network's.

    Raises:
        TrainingError: LiteRT lacks an operation, the program does not run, or it differs.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = keras.export.ExportArchive()
        archive.track(network)
        for name, (function, specs) in endpoints.items():
            archive.add_endpoint(name, function, input_signature=specs)
        try:
            archive.write_out(folder, verbose=False)
        except (OSError, tf.errors.OpError) as error:
            raise TrainingError(
                f"TensorFlow cannot write the network to {folder}; is that disk full?"
            ) from error
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[*endpoints])
        if int8:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        try:
            flatbuffer = bytes(converter.convert())
        except Exception as error:  # the converter's own class is private
            first = " ".join(str(error).split())[:200]
            raise TrainingError(
                f"TensorFlow cannot convert the network to LiteRT ({first} ...). Try another "
                "version of tensorflow."
            ) from error
    program = write_description(flatbuffer, description)
    try:
        found = drift(program)
    except BundleError as error:
        raise TrainingError(
            f"The exported program does not run ({error.message}). Try another version of "
            "tensorflow."
        ) from error
    if found > (_INT8_TOLERANCE if int8 else _FLOAT_TOLERANCE):
        raise TrainingError(
            f"The outputs of the exported program differ from the network's by {found:.3g}. "
            "Try another version of tensorflow."
        )
    return program


def _step_endpoint(network: keras.Model) -> Endpoint:
    state = network.initial_state(1)
    names = [f"state_{index}" for index in range(len(state))]
    specs = [tf.TensorSpec((1,), tf.int32, name="ids")] + [
        tf.TensorSpec(part.shape, part.dtype, name=name)
        for part, name in zip(state, names, strict=True)
    ]

    def step(*inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        logits, new_state = network.step(inputs[0], list(inputs[1:]))
        return {"logits": logits, **dict(zip(names, new_state, strict=True))}

    return step, specs


def logit_drift(network: keras.Model, program: bytes, probe: Sequence[int]) -> float:
    """Return the largest difference of a logit between network and program along ``probe``."""
    session = StepProgram(program).session()
    state = network.initial_state(1)
    gaps = []
    for value in probe:
        logits, state = network.step(_to_ids(value), state)
        gaps.append(max_difference(logits[0], session.step(int(value))))
    return max(gaps)


def loop_drift(network: keras.Model, program: bytes, probe: Sequence[int]) -> float:
    """Return the largest difference between the signature ``loop`` and the network.

    The program reads ``probe`` and its state is compared with the network's. Then it chooses the
    likeliest ids; the difference is how far their logits are below the network's largest, and
    infinity for an id that the grammar forbids.

    Args:
        network: The network.
        program: Its exported program.
        probe: Input ids, at most ``MOST_STEPS``.
    """
    session = StepProgram(program).loop_session()
    session.begin(int(probe[0]))
    session.feed(np.asarray(probe[1:], dtype=np.int32))
    state, step = network.initial_state(1), tf.function(network.step)
    grammar = PerformanceGrammar() if isinstance(network, StreamNetwork) else None
    for value, following in pairwise(probe):
        _, state = step(_to_ids(value), state)
        if grammar:
            grammar.add(int(following))
    gaps = [
        max_difference(part, session.state[f"state_{index}"]) for index, part in enumerate(state)
    ]
    free = np.ones((1, session.logit_count), dtype=np.bool_)
    anything = Automaton(free, np.zeros(free.shape, dtype=np.int32))
    session.follow(anything, Sampler(SamplerOptions(temperature=0.0), seed=0))
    latest = int(probe[-1])
    for value in session.choose(len(probe)):
        logits, state = step(_to_ids(latest), state)
        row = np.asarray(keras.ops.convert_to_numpy(logits))[0]
        if grammar:
            row = np.where(grammar.mask(), row, -np.inf)
            grammar.add(value)
        gaps.append(max_difference(row.max(), row[value]))
        latest = value
    return max(gaps)


def _to_ids(value: int) -> tf.Tensor:
    return keras.ops.convert_to_tensor(np.array([value], dtype=np.int32))


def max_difference(expected: Any, found: NDArray[np.floating]) -> float:
    """Return the largest absolute difference of two arrays; infinity for NaN."""
    gap = float(np.abs(np.asarray(keras.ops.convert_to_numpy(expected)) - found).max())
    return gap if np.isfinite(gap) else float("inf")


def save_network(network: keras.Model, path: Path) -> None:
    """Write the weights and configuration, without the optimizer, as a Keras archive.

    The weights are rounded to float16, which halves the archive. A network loaded from it
    computes in float32.
    """
    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float16")
    try:
        config = {name: value for name, value in network.get_config().items() if name != "dtype"}
        rounded = type(network).from_config(config)
        rounded.build()
        rounded.set_weights([np.asarray(w, dtype=np.float16) for w in network.get_weights()])
        rounded.save(path)
    finally:
        keras.config.set_dtype_policy(usual)
