"""From trained weights to the bundle that is served."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from magenta_bridge.encodings import melody
from magenta_bridge.generators.bundle import write_bundle
from magenta_bridge.training.export import export_program, save_network
from magenta_bridge.training.families import Split
from magenta_bridge.training.recipe import Recipe

_PROBE_STEPS: Final = 48


def write_trained_bundle(
    path: Path,
    recipe: Recipe,
    split: Split,
    network: Any,  # noqa: ANN401 - Keras is not imported here
) -> None:
    """Exports a trained network and writes its bundle.

    Args:
        path: The ``.mag`` file.
        recipe: What the bundle is called and learned from.
        split: The music; a held-out tune is the probe on which export and network must agree.
        network: The trained network.

    Raises:
        TrainingError: The exported program disagrees with the network.
    """
    tune = split.test[0]
    program = export_program(
        network,
        _description(recipe, split),
        int8=True,
        probe=[melody.start_id(tune.meter), *tune.ids[:_PROBE_STEPS].tolist()],
    )
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "network.keras"
        save_network(network, archive)
        write_bundle(
            path,
            generator_id=recipe.bundle.id,
            description=recipe.bundle.description,
            details=f"Trained on {len(split.train)} melodies: {recipe.data.name}. "
            f"Licence of the music: {recipe.data.licence}.",
            program=program,
            network=archive.read_bytes(),
        )


def _description(recipe: Recipe, split: Split) -> dict[str, Any]:
    """Returns what the program says of itself to whoever serves it."""
    pitches = np.concatenate([tune.pitches for tune in split.train])
    low, high = recipe.training.transpose
    return {
        "format": 1,
        "family": recipe.bundle.family,
        "encoding": recipe.bundle.encoding,
        "capabilities": ["GENERATE", "CONTINUE"],
        "steps_per_quarter": melody.STEPS_PER_QUARTER,
        "meters": [list(meter) for meter in melody.METERS],
        # The lowest and highest half percent are ornaments and errors, not a range to play in.
        "pitch_range": [
            int(np.percentile(pitches, 0.5)) + low,
            int(np.percentile(pitches, 99.5)) + high,
        ],
    }
