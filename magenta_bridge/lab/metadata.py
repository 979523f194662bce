"""What a bundle states about itself: split, precision, sampling settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from magenta_bridge.data.dataset import Material
from magenta_bridge.data.example import Tune
from magenta_bridge.errors import UnsupportedError
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.recipe import INT8, BundleRecipe, DataRecipe, Recipe, TrainingRecipe

_SETTINGS: Final = ("temperature", "top_p", "top_k")


def encode_examples(material: Material, tunes: Sequence[Tune]) -> list[Piece]:
    """Return the network's input of each tune: start id, then event ids."""
    return [
        np.concatenate([[material.start_id(tune)], tune.ids]).astype(np.int32) for tune in tunes
    ]


def recipe_of_split(bundle_id: str, metadata: Mapping[str, Any]) -> Recipe:
    """Return a recipe that splits music as the training of a bundle did.

    Raises:
        UnsupportedError: The metadata has no split.
    """
    try:
        split = metadata["split"]
        return Recipe(
            BundleRecipe(bundle_id, "", str(metadata["family"]), str(metadata["encoding"])),
            DataRecipe(
                sha256=str(split["sha256"]),
                validation_share=float(split["validation_share"]),
                test_share=float(split["test_share"]),
            ),
            training=TrainingRecipe(seed=int(split["seed"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnsupportedError(f"{bundle_id} has no training manifest; retrain it.") from error


def weights_of(metadata: Mapping[str, Any]) -> str:
    """Return the precision of a program's weights, ``int8`` or ``int4``."""
    return str(metadata.get("weights", INT8))


def settings_of(generator: SequenceGenerator) -> str:
    """Return the default sampling settings, such as ``temperature 1, top_p 0.95``."""
    defaults = {row.name: row.default for row in generator.info.arguments}
    return ", ".join(f"{name} {defaults[name]:g}" for name in _SETTINGS if name in defaults)
