"""Train a network of any family, and export it to a bundle."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from magenta_bridge.data.dataset import dataset_for
from magenta_bridge.data.splits import Split
from magenta_bridge.encodings.groove import TICKS_PER_QUARTER
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER
from magenta_bridge.errors import NotFoundError, UnsupportedError
from magenta_bridge.evaluation.likelihood import Piece, score_program
from magenta_bridge.export.bars import export_bar_program
from magenta_bridge.export.flatbuffer import write_description
from magenta_bridge.export.litert import export_program, save_network
from magenta_bridge.export.quantize import quantize_int4, weight_bytes
from magenta_bridge.files import unwritable
from magenta_bridge.generators.bundle import write_bundle
from magenta_bridge.lab.metadata import encode_examples
from magenta_bridge.models.registry import network_kinds
from magenta_bridge.recipe import AUTO, INT4, INT8, Recipe
from magenta_bridge.runtime.program import StepProgram
from magenta_bridge.training.adversarial import build_gan, train_adversarial
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.fit import build, train_recipe
from magenta_bridge.training.loop import Watcher

_ADVERSARIAL_KINDS: Final = (("gan", "duo"), ("gan", "melody"))
_PROBE_STEPS: Final = 48
# Size of a core's second-level cache; a smaller program gains little from half the bytes.
_CACHE_BYTES: Final = 2 << 20
# Highest validation loss of int4 weights, relative to int8.
_MAX_LOSS_RATIO: Final = 1.01
_CALIBRATION_IDS: Final = 16384


def check_kind(family: str, encoding: str) -> None:
    """Make sure that there is a network for a family and an encoding.

    Raises:
        NotFoundError: There is none; the message lists the pairs that exist.
    """
    kinds = (*network_kinds(), *_ADVERSARIAL_KINDS)
    if (family, encoding) not in kinds:
        known = ", ".join(f"{one} of {other}" for one, other in sorted(kinds))
        raise NotFoundError(f"There is no {family} of {encoding} to train; choose {known}.")


def is_adversarial(recipe: Recipe) -> bool:
    """Return whether a recipe trains an adversarial network."""
    return recipe.bundle.family == "gan"


def fit(recipe: Recipe, split: Split, run: Run, watcher: Watcher, start: bytes = b"") -> Progress:
    """Train or resume; see ``train_recipe`` and ``train_adversarial``.

    Raises:
        UnsupportedError: ``start`` is given for an adversarial network.
    """
    if not is_adversarial(recipe):
        return train_recipe(recipe, split, run, watcher, start)
    if start:
        raise UnsupportedError(
            "Fine-tuning an adversarial network is not supported; train a new one."
        )
    return train_adversarial(recipe, split, run, watcher)


def best_network(recipe: Recipe, run: Run) -> Any:
    """Return the network with the best weights of a run."""
    network = build_gan(recipe) if is_adversarial(recipe) else build(recipe)
    network.load_weights(run.best_weights)
    return network


def write_network(path: Path, recipe: Recipe, split: Split, network: Any) -> None:
    """Export a trained network, compare it with the export on a held-out piece, and bundle both.

    Raises:
        TrainingError: The exported program disagrees with the network.
        NotFoundError: The bundle or a temporary file cannot be written.
    """
    metadata = _metadata(recipe, split)
    dataset = dataset_for(recipe.bundle.encoding)
    if is_adversarial(recipe):
        program = export_bar_program(network, metadata)
    else:
        probe = encode_examples(dataset, split.test[:1])[0][: _PROBE_STEPS + 1]
        program = export_program(network, metadata, int8=True, probe=probe.tolist())
        program = with_weights(program, recipe, split)
    try:
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "network.keras"
            save_network(network, archive)
            saved = archive.read_bytes()
    except OSError as error:
        raise unwritable(Path("The temporary folder"), error) from error
    write_bundle(
        path,
        generator_id=recipe.bundle.id,
        description=recipe.bundle.description,
        details=f"Trained on {len(split.train)} {dataset.noun}: {recipe.data.name}. "
        f"License of the music: {recipe.data.license}.",
        program=program,
        network=saved,
    )


def _metadata(recipe: Recipe, split: Split) -> dict[str, Any]:
    encoding = recipe.bundle.encoding
    metadata: dict[str, Any] = {
        "format": 1,
        "family": recipe.bundle.family,
        "encoding": encoding,
        "capabilities": ["GENERATE", "CONTINUE"],
        "split": {  # see ``metadata.recipe_of_split``
            "seed": recipe.training.seed,
            "validation_share": recipe.data.validation_share,
            "test_share": recipe.data.test_share,
            "sha256": recipe.data.sha256,
        },
    }
    if encoding != "performance":  # which is music in seconds
        is_fine = encoding == "groove"
        metadata["steps_per_quarter"] = TICKS_PER_QUARTER if is_fine else STEPS_PER_QUARTER
        metadata["meters"] = [list(meter) for meter in METERS]
    if encoding == "melody":  # a primer outside this range is transposed by octaves
        pitches = np.concatenate([tune.pitches for tune in split.train])
        low, high = recipe.training.transpose
        # The lowest and highest half percent are ornaments and errors, not a range to play in.
        metadata["pitch_range"] = [
            int(np.percentile(pitches, 0.5)) + low,
            int(np.percentile(pitches, 99.5)) + high,
        ]
    return metadata


def with_weights(program: bytes, recipe: Recipe, split: Split) -> bytes:
    """Return a program with the weights that its recipe requests.

    ``auto`` is ``int4`` if int8 matrices exceed a core's cache and int4 raises the validation
    loss by at most 1 %. A program without matrices that can be int4 is returned as it is.
    Training pieces calibrate the rounding.
    """
    weights = recipe.program.weights
    if weights == INT8 or (weights == AUTO and weight_bytes(program) <= _CACHE_BYTES):
        return program
    dataset = dataset_for(recipe.bundle.encoding)
    calibration = _sample(encode_examples(dataset, split.train))
    rounded = quantize_int4(program, (piece.tolist() for piece in calibration))
    if weight_bytes(rounded) == weight_bytes(program):
        return program
    if weights == AUTO:
        pieces = _sample(encode_examples(dataset, split.validation))
        before, after = (score_program(StepProgram(each), pieces) for each in (program, rounded))
        if after.nats_per_step > _MAX_LOSS_RATIO * before.nats_per_step:
            return program
    return write_description(rounded, {**StepProgram(program).description, "weights": INT4})


def _sample(pieces: Sequence[Piece]) -> list[Piece]:
    """Return evenly spaced pieces with about 16,384 ids in total."""
    every = max(1, round(sum(map(len, pieces)) / _CALIBRATION_IDS))
    return list(pieces[::every])
