"""Measure the time per generated step, from NoteSequence to NoteSequence, on one thread.

The generator continues one bar with sixteen, 256 sixteenths, including encoding the primer and
decoding the new notes. The same run alternates with two references: a NumPy loop of the same
network, which processes and samples as many ids without notes, and reading the program's bytes
once per step, a lower bound for a network of this size. Prints one JSON line per network::

    python -m benchmarks.generation
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # the reference uses one thread, too
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402 - reads these variables

from magenta_bridge.encodings import melody  # noqa: E402
from magenta_bridge.evaluation.latency import clock  # noqa: E402
from magenta_bridge.generators.bundle import Bundle  # noqa: E402
from magenta_bridge.generators.loading import find_bundle  # noqa: E402
from magenta_bridge.generators.melody import MelodyGenerator  # noqa: E402
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence  # noqa: E402
from magenta_bridge.runtime.interpreter import silent_stderr  # noqa: E402
from magenta_bridge.runtime.program import StepProgram  # noqa: E402

PRIMER_STEPS: Final = 16
STEPS: Final = 256
_TOP_P: Final = 0.97
_START: Final = melody.start_id(melody.METERS.index((4, 4)))
_PROBE: Final = (60, 2, 1, 64, 0, 0, 67, 1, *[0] * 12, 60, 2, 1, 64)


@dataclass(frozen=True)
class MeasuredNetwork:
    """A network to measure.

    Attributes:
        name: Its name in the results.
        weights: Type of the program's weights: ``int8`` or ``int4``.
        generator: The generator.
        program: The program of the generator.
        network: The same network in Keras, for the weights of the reference.
    """

    name: str
    weights: str
    generator: MelodyGenerator
    program: StepProgram
    network: Any


def random_network(units: int, weights: str) -> MeasuredNetwork:
    """Make an LSTM of two layers with random weights and export it as training does."""
    import keras

    from magenta_bridge.export.litert import export_program
    from magenta_bridge.export.quantize import quantize_int4
    from magenta_bridge.export.self_sample import sample_piece
    from magenta_bridge.models.registry import build_network

    keras.utils.set_random_seed(1)
    network = build_network("lstm", "melody", {"units": [units, units]})
    metadata = {"family": "lstm", "encoding": "melody", "pitch_range": [0, 127]}
    exported = export_program(network, metadata, int8=True, probe=[_START, *_PROBE])
    if weights == "int4":
        exported = quantize_int4(exported, [sample_piece(StepProgram(exported), STEPS)])
    program = StepProgram(exported)
    generator = MelodyGenerator(Bundle("random", "Random weights.", "", program, b""))
    return MeasuredNetwork(f"LSTM 2x{units}", weights, generator, program, network)


def shipped_network(name: str) -> MeasuredNetwork:
    """Return an included melody bundle and its network."""
    from magenta_bridge.recipe import BundleRecipe, Recipe
    from magenta_bridge.training.fit import build, network_config

    bundle = find_bundle(name)
    config = network_config(bundle.network, "lstm", "melody")
    recipe = Recipe(BundleRecipe(name, "", "lstm", "melody"), network=config)
    network = build(recipe, bundle.network)
    sizes = "x".join(str(each) for each in (len(network.units), network.units[0]))
    generator = MelodyGenerator(bundle)
    return MeasuredNetwork(f"{name}, LSTM {sizes}", "int8", generator, bundle.program, network)


def _our_run(generator: MelodyGenerator) -> Callable[[], object]:
    primer = NoteSequence()
    for index in range(PRIMER_STEPS // 4):
        begin = index * 0.5
        primer.notes.add(
            pitch=60 + index * 2 % 12, velocity=90, start_time=begin, end_time=begin + 0.5
        )
    options = GeneratorOptions()
    second = PRIMER_STEPS / 8
    options.generate_sections.add(start_time=second, end_time=second + STEPS / 8)
    return lambda: generator.generate(primer, options)


def _numpy_run(network: Any) -> Callable[[], object]:  # noqa: ANN401 - Keras has no types
    from benchmarks.bench.numpy_network import NumpyNetwork, draw

    reference = NumpyNetwork(network)
    _check_same(reference, network)
    rng = np.random.default_rng(1)

    def run() -> None:
        logits = reference.begin(_START)
        for value in range(PRIMER_STEPS):
            logits = reference.step(62 if value % 4 == 0 else 0)
        for number in rng.random(STEPS):
            logits = reference.step(draw(logits, float(number), _TOP_P))

    return run


def _reading_run(program: StepProgram) -> Callable[[], object]:
    """Return a run in which each step only reads all bytes of the program.

    NumPy's maximum reads 64 bytes at a time, so memory bandwidth limits it.
    """
    held = program.flatbuffer
    words = np.frombuffer(held, dtype=np.int64, count=len(held) // 8).copy()

    def run() -> None:
        for _ in range(STEPS):
            words.max()

    return run


def _check_same(reference: Any, network: Any) -> None:  # noqa: ANN401
    """Check that the reference computes the same network."""
    import keras

    state = network.initial_state(1)
    for value in (_START, *_PROBE):
        ids = keras.ops.convert_to_tensor(np.array([value], dtype=np.int32))
        logits, state = network.step(ids, state)
        found = reference.begin(value) if value == _START else reference.step(value)
        np.testing.assert_allclose(found, np.asarray(logits)[0], atol=1e-3)


def _time(run: Callable[[], object]) -> tuple[float, float]:
    """Return a run's microseconds per step in CPU time of this thread and in wall time.

    A run that is not timed precedes it, so that the caches contain what this run reads.
    """
    run()
    began, began_wall = clock(), time.perf_counter()
    run()
    return (clock() - began) / STEPS * 1e6, (time.perf_counter() - began_wall) / STEPS * 1e6


def measure(measured: MeasuredNetwork, runs: int) -> dict[str, float | int | str]:
    """Measure all alternately, after warm-up; return microseconds per generated step."""
    ours, numpy = _our_run(measured.generator), _numpy_run(measured.network)
    reading = _reading_run(measured.program)
    times: list[tuple[float, float, float, float]] = []
    for number in range(runs + 3):
        spent, wall = _time(ours)
        (reference, _), (read, _) = _time(numpy), _time(reading)
        if number >= 3:
            times.append((spent, wall, reference, read))
    columns = list(zip(*times, strict=True))
    spent, wall, reference, read = (statistics.median(column) for column in columns)
    late = sorted(columns[0])[min(int(0.95 * runs), runs - 1)]
    return {
        "benchmark": "generation",
        "network": measured.name,
        "weights": measured.weights,
        "steps": STEPS,
        "runs": runs,
        "us_per_step": round(spent, 1),
        "best_us_per_step": round(min(columns[0]), 1),
        "p95_us_per_step": round(late, 1),
        "wall_us_per_step": round(wall, 1),
        "numpy_us_per_step": round(reference, 1),
        "best_numpy_us_per_step": round(min(columns[2]), 1),
        "ratio_to_numpy": round(reference / spent, 2),
        "program_mb": round(len(measured.program.flatbuffer) / 1e6, 2),
        "reading_us_per_step": round(read, 1),
        "ratio_to_reading": round(spent / read, 2),
    }


def main() -> None:
    """Read the command line and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=31, help="number of measured runs per network")
    parser.add_argument(
        "--units", type=int, nargs="+", default=[128, 512], help="sizes of the random networks"
    )
    arguments = parser.parse_args()
    runs, units = max(1, arguments.runs), arguments.units
    # Before TensorFlow, which a server never loads; see ``runtime.cpu_kernels``.
    find_bundle("lstm_melody").program.session()
    with silent_stderr():  # TensorFlow logs on import at any log level
        import tensorflow  # noqa: F401
    networks: tuple[Callable[[], MeasuredNetwork], ...] = (
        *(functools.partial(random_network, size, "int8") for size in units),
        lambda: random_network(max(units), "int4"),
        lambda: shipped_network("lstm_melody"),
    )
    for make in networks:
        print(json.dumps(measure(make(), runs)), flush=True)


if __name__ == "__main__":
    main()
