"""From an exported program to the bundle that is served."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from magenta_bridge.cli.held_out import describe_split
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER
from magenta_bridge.generators.bundle import write_bundle
from magenta_bridge.training.export import save_network
from magenta_bridge.training.families import Split
from magenta_bridge.training.materials import material_for
from magenta_bridge.training.recipe import Recipe


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
    network: Any,  # noqa: ANN401 - Keras has no types
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
            f"{material_for(recipe.bundle.encoding).noun}: {recipe.data.name}. "
            f"Licence of the music: {recipe.data.licence}.",
            program=program,
            network=archive.read_bytes(),
        )
