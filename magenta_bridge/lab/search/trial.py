"""One trial of a search: a recipe that is trained, exported and measured as any other."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

from magenta_bridge.cli.progress.progress_table import ProgressTable
from magenta_bridge.data.dataset import dataset_for
from magenta_bridge.data.splits import Split
from magenta_bridge.errors import TrainingError
from magenta_bridge.evaluation.likelihood import score_program
from magenta_bridge.files import save_bytes
from magenta_bridge.generators.bundle import read_bundle
from magenta_bridge.lab.families import trainer_of
from magenta_bridge.lab.held_out import encode_examples
from magenta_bridge.lab.search.latency import timer_of
from magenta_bridge.lab.search.study import Attempt
from magenta_bridge.recipe import Recipe, recipe_text
from magenta_bridge.training.callbacks import deferred_interrupts
from magenta_bridge.training.checkpoint import Progress, Run


class PrunedError(Exception):
    """A trial is not worth going on with."""


class TimeLimitError(Exception):
    """The time of the search has passed; the trial can go on another time."""


@dataclass(frozen=True)
class Measured:
    """What a finished trial is worth.

    Attributes:
        value: Figure of merit on the validation pieces, lower is better.
        microseconds: What a step of the exported program costs.
    """

    value: float
    microseconds: float


class TrialWatcher:
    """Tells study and board of a trial's epochs, and ends what should not go on.

    Args:
        attempt: The trial.
        board: Where it is shown.
        deadline: When the search has to stop, on ``time.monotonic``'s clock.
    """

    def __init__(self, attempt: Attempt, board: ProgressTable, deadline: float) -> None:
        self._attempt, self._board, self._deadline = attempt, board, deadline

    def on_batch(self, epoch: int, batch: int, batches: int, steps: int, loss: float) -> None:
        """Shows how far the epoch is."""
        del steps, loss
        self._board.on_batch(self._attempt.number, epoch + 1, batch / max(batches, 1))

    def on_epoch(self, progress: Progress) -> None:
        """Reports an epoch.

        Raises:
            TrainingError: Training has run away.
            PrunedError: Others stand much better.
            TimeIsUpError: The deadline has passed.
        """
        hopeless = self.report(progress)
        self._board.on_epoch(self._attempt.number, progress)
        if progress.finished:
            return
        if hopeless:
            raise PrunedError
        if time.monotonic() > self._deadline:
            raise TimeLimitError

    def report(self, progress: Progress) -> bool:
        """Reports all epochs so far; returns whether others stand much better."""
        losses = progress.history["validation_loss"]
        if not all(map(math.isfinite, losses)):
            raise TrainingError("training ran away to infinity")
        return self._attempt.report(losses)


def run_trial(recipe: Recipe, split: Split, folder: Path, watcher: TrialWatcher) -> Measured:
    """Trains a recipe, or goes on where the trial was cut, and measures what is served.

    Args:
        recipe: The trial's.
        split: The music; only its validation side is measured on.
        folder: Where checkpoints, recipe and bundle of the trial live.
        watcher: Told of progress.

    Raises:
        PrunedError, TimeIsUpError: See ``TrialWatcher``.
        MagentaBridgeError: It cannot be trained or exported.
    """
    run, trainer = Run(folder), trainer_of(recipe)
    save_bytes(folder / "recipe.toml", recipe_text(recipe).encode())
    with deferred_interrupts(watcher) as heedful:
        progress = trainer.learn(recipe, split, run, heedful, b"")
    watcher.report(progress)
    bundle = folder / f"{recipe.bundle.id}.mag"
    trainer.write(bundle, recipe, split, trainer.trained(recipe, run))
    speed = timer_of(bundle)()
    if recipe.bundle.family == "gan":
        return Measured(progress.best_loss, speed)
    pieces = encode_examples(dataset_for(recipe.bundle.encoding), split.validation)
    return Measured(score_program(read_bundle(bundle).program, pieces).nats_per_step, speed)
