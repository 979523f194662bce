"""From piano rolls to a trained network of the published tables."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import keras

from magenta_bridge.pianoroll_benchmark.network import RollNetwork
from magenta_bridge.pianoroll_benchmark.recipe import RollRecipe
from magenta_bridge.pianoroll_benchmark.roll import Roll
from magenta_bridge.pianoroll_benchmark.windows import RollSampler
from magenta_bridge.recipe import TrainingRecipe
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.loop import TrainingSet, Watcher, train


def build_rolls(recipe: RollRecipe) -> keras.Model:
    """Makes the recipe's network, untrained."""
    network = RollNetwork(**recipe.network)
    network.build()
    return network


def train_rolls(
    recipe: RollRecipe,
    pieces: Sequence[Roll],
    validation: Sequence[Roll],
    *,
    run: Run,
    watcher: Watcher,
) -> tuple[keras.Model, Progress]:
    """Trains a network, or goes on where the run was cut.

    Args:
        recipe: What to train and how.
        pieces: What it learns from.
        validation: What decides which epoch is kept.
        run: Where checkpoints live.
        watcher: Receives progress.

    Returns:
        The network with the weights of its best epoch, and the finished progress.

    Raises:
        TrainingError: The run belongs to another recipe or other music, or a checkpoint is
            damaged.
    """
    progress = run.load(_identity(recipe, pieces, validation))
    keras.utils.set_random_seed(recipe.training.seed)
    network = build_rolls(recipe)
    low, high = recipe.training.transpose
    data = TrainingSet(
        train=_sampler(recipe, pieces, (low, high)),
        validation=_sampler(recipe, validation, (0, 0)),
    )
    progress = train(
        lambda: build_rolls(recipe),
        data,
        recipe.training,
        run=run,
        progress=progress,
        watcher=watcher,
    )
    network.load_weights(run.best_weights)
    return network, progress


def _sampler(recipe: RollRecipe, rolls: Sequence[Roll], transpose: tuple[int, int]) -> RollSampler:
    training: TrainingRecipe = recipe.training
    return RollSampler(
        rolls,
        recipe.network["output"],
        window_steps=training.window_steps,
        batch=training.batch,
        transpose=transpose,
        seed=training.seed,
    )


def _identity(
    recipe: RollRecipe, pieces: Sequence[Roll], validation: Sequence[Roll]
) -> dict[str, object]:
    return {
        "network": dict(recipe.network),
        "training": vars(recipe.training),
        "music": [_digest(pieces), _digest(validation)],
    }


def _digest(rolls: Sequence[Roll]) -> str:
    whole = hashlib.sha256()
    for roll in rolls:
        whole.update(len(roll).to_bytes(8, "little") + roll.tobytes())
    return whole.hexdigest()
