"""Held-out music: how a bundle remembers which pieces it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from magenta_bridge.errors import UnsupportedError
from magenta_bridge.evaluation.score import Piece
from magenta_bridge.training.material import Material
from magenta_bridge.training.recipe import BundleRecipe, DataRecipe, Recipe, TrainingRecipe
from magenta_bridge.training.tunes import Tune


def fed_pieces(material: Material, tunes: Sequence[Tune]) -> list[Piece]:
    """Returns the tunes as they are fed: start id, then event ids."""
    return [
        np.concatenate([[material.start_id(tune)], tune.ids]).astype(np.int32) for tune in tunes
    ]


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
