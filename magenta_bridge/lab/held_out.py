"""Held-out music: how a bundle remembers which pieces it has not seen."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from magenta_bridge.data.dataset import Dataset, Tune, dataset_for
from magenta_bridge.data.splits import Split
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER
from magenta_bridge.errors import UnsupportedError
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.export.litert import save_network
from magenta_bridge.generators.bundle import write_bundle
from magenta_bridge.recipe import BundleRecipe, DataRecipe, Recipe, TrainingRecipe


def encode_examples(dataset: Dataset, tunes: Sequence[Tune]) -> list[Piece]:
    """Returns the tunes as they are fed: start id, then event ids."""
    return [np.concatenate([[dataset.start_id(tune)], tune.ids]).astype(np.int32) for tune in tunes]


def describe_split(recipe: Recipe) -> dict[str, Any]:
    """Returns what decides which pieces were held out, for a bundle's description."""
    return {
        "seed": recipe.training.seed,
        "validation_share": recipe.data.validation_share,
        "test_share": recipe.data.test_share,
        "sha256": recipe.data.sha256,
    }


def recipe_of_split(bundle_id: str, traits: Mapping[str, Any]) -> Recipe:
    """Returns a recipe that deals music out as a bundle's training did.

    Args:
        bundle_id: Id of the bundle.
        traits: What its program says of itself.

    Raises:
        UnsupportedError: It does not say how its music was dealt out.
    """
    try:
        told = traits["split"]
        return Recipe(
            BundleRecipe(bundle_id, "", str(traits["family"]), str(traits["encoding"])),
            DataRecipe(
                sha256=str(told["sha256"]),
                validation_share=float(told["validation_share"]),
                test_share=float(told["test_share"]),
            ),
            training=TrainingRecipe(seed=int(told["seed"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnsupportedError(
            f"{bundle_id} does not tell which music it was trained on; train it again."
        ) from error


def describe(recipe: Recipe, split: Split) -> dict[str, Any]:
    """Returns what a program says of itself to whoever serves it."""
    encoding = recipe.bundle.encoding
    told: dict[str, Any] = {
        "format": 1,
        "family": recipe.bundle.family,
        "encoding": encoding,
        "capabilities": ["GENERATE", "CONTINUE"],
        "split": describe_split(recipe),
    }
    if encoding != "performance":  # which is music in seconds
        told["steps_per_quarter"] = STEPS_PER_QUARTER
        told["meters"] = [list(meter) for meter in METERS]
    if encoding == "melody":  # a primer outside of its range is moved by octaves
        pitches = np.concatenate([tune.pitches for tune in split.train])
        low, high = recipe.training.transpose
        # The lowest and highest half percent are ornaments and errors, not a range to play in.
        told["pitch_range"] = [
            int(np.percentile(pitches, 0.5)) + low,
            int(np.percentile(pitches, 99.5)) + high,
        ]
    return told


def pack(
    path: Path,
    recipe: Recipe,
    split: Split,
    *,
    program: bytes,
    network: Any,
) -> None:
    """Writes a bundle.

    Args:
        path: The ``.mag`` file.
        recipe: What the bundle is called and learned from.
        split: The music.
        program: The exported program, with its description inside.
        network: The network that it was made of.
    """
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "network.keras"
        save_network(network, archive)
        write_bundle(
            path,
            generator_id=recipe.bundle.id,
            description=recipe.bundle.description,
            details=f"Trained on {len(split.train)} "
            f"{dataset_for(recipe.bundle.encoding).noun}: {recipe.data.name}. "
            f"License of the music: {recipe.data.license}.",
            program=program,
            network=archive.read_bytes(),
        )
