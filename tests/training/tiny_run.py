"""A training run of seconds, for tests in this process and in one that they kill."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from magenta_bridge.data.splits import Split
from magenta_bridge.recipe import BundleRecipe, DataRecipe, Recipe, TrainingRecipe
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.fit import train_recipe
from tests.data.pieces import draw_tune

RECIPE = Recipe(
    bundle=BundleRecipe(id="tiny", description="Tiny."),
    data=DataRecipe(name="drawn"),
    network={"units": [8], "embedding_units": 8, "dropout": 0.3},
    training=TrainingRecipe(
        seed=7,
        epochs=4,
        patience=4,
        window_steps=24,
        batch=8,
        learning_rate=0.1,
        transpose=(-1, 1),
    ),
)


def with_training(**changes: float) -> Recipe:
    """Return the recipe with some of its training values changed."""
    return dataclasses.replace(RECIPE, training=dataclasses.replace(RECIPE.training, **changes))  # type: ignore[arg-type]


def tiny_split() -> Split:
    """Return sixteen tunes to learn from and two on each other side."""
    tunes = [draw_tune(seed) for seed in range(20)]
    return Split(train=tunes[:16], validation=tunes[16:18], test=tunes[18:])


def nothing(epoch: int, batch: int) -> None:
    """What happens at a batch when nothing does."""


@dataclasses.dataclass
class Witness:
    """A watcher that records its calls, and does something at a batch.

    Attributes:
        at_batch: Called with epoch (from 0) and batch (from 1) after each batch.
        batches: All calls of ``on_batch``.
        epochs: Numbers of the finished epochs.
    """

    at_batch: Callable[[int, int], None] = nothing
    batches: list[tuple[int, int, int, int, float]] = dataclasses.field(default_factory=list)
    epochs: list[int] = dataclasses.field(default_factory=list)

    def on_batch(self, epoch: int, batch: int, batches: int, steps: int, loss: float) -> None:
        """Remember a batch."""
        self.batches.append((epoch, batch, batches, steps, loss))
        self.at_batch(epoch, batch)

    def on_epoch(self, progress: Progress) -> None:
        """Remember an epoch."""
        self.epochs.append(progress.epoch)


def run_tiny(folder: Path, witness: Witness | None = None, recipe: Recipe = RECIPE) -> Progress:
    """Train in a folder, or goes on there."""
    with Run.locked(folder) as run:
        return train_recipe(recipe, tiny_split(), run, witness or Witness())
