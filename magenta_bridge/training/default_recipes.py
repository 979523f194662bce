"""Default recipes for a dataset without a recipe, by its encoding and size."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Final

from magenta_bridge.data.splits import Split
from magenta_bridge.recipe import BundleRecipe, Recipe, TrainingRecipe

# A network needs about two thousand updates, however small the dataset.
_WANTED_UPDATES: Final = 2000
_MOST_EPOCHS: Final = 200
_SMALL_STEPS: Final = 60_000
_TUNING_RATE: Final = 5e-4

_WORDS: Final = {
    "drums": "Drum grooves",
    "groove": "Drum playing",
    "duo": "Leads and basses",
    "melody": "Melodies",
    "performance": "Piano playing",
    "polyphony": "Music in voices",
}
_TRAINING: Final = {
    "drums": TrainingRecipe(transpose=(-1, 1), init_output_bias=True),
    "groove": TrainingRecipe(window_steps=256, transpose=(-1, 1), init_output_bias=True),
    "melody": TrainingRecipe(init_output_bias=True),
    "performance": TrainingRecipe(window_steps=256, transpose=(-4, 4), init_output_bias=True),
    "polyphony": TrainingRecipe(window_steps=256, init_output_bias=True),
}
_ADVERSARIAL: Final = TrainingRecipe(batch=64, learning_rate=1e-3, transpose=(0, 0))


def own_recipe(name: str, family: str, encoding: str) -> Recipe:
    """Return a recipe for a user's own music; ``name`` is the bundle's id."""
    description = f"{_WORDS.get(encoding, 'Music')} in the manner of your music."
    usual = _ADVERSARIAL if family == "gan" else _TRAINING.get(encoding, TrainingRecipe())
    return Recipe(BundleRecipe(name, description, family, encoding), training=usual)


def fit_to_size(recipe: Recipe, split: Split) -> Recipe:
    """Return the recipe with batch, epochs, and patience for the size of a dataset.

    A small dataset has few updates per epoch, so it gets smaller batches and more epochs, until
    early stopping.
    """
    training = recipe.training
    steps = sum(len(tune.ids) for tune in split.train)
    batch = training.batch if steps > _SMALL_STEPS else max(training.batch // 4, 1)
    updates = max(steps / (training.window_steps * batch), 1.0)
    epochs = min(max(training.epochs, math.ceil(_WANTED_UPDATES / updates)), _MOST_EPOCHS)
    patience = max(training.patience, epochs // 8)
    fitted = dataclasses.replace(training, batch=batch, epochs=epochs, patience=patience)
    return dataclasses.replace(recipe, training=fitted)


def go_on_from(recipe: Recipe, network: dict[str, Any]) -> Recipe:
    """Return the recipe for fine-tuning a bundle's network, from its ``network`` table."""
    slower = dataclasses.replace(
        recipe.training, learning_rate=_TUNING_RATE, init_output_bias=False
    )
    return dataclasses.replace(recipe, network=network, training=slower)
