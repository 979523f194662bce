"""Run the trials of a search: train, export and measure each like any other network."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from optuna.trial import Trial

from magenta_bridge.data.dataset import dataset_for
from magenta_bridge.data.splits import Split
from magenta_bridge.errors import MagentaBridgeError, NotFoundError, TrainingError
from magenta_bridge.evaluation.likelihood import score_program
from magenta_bridge.evaluation.report.latency import bundle_microseconds
from magenta_bridge.files import save_text
from magenta_bridge.generators.bundle import read_bundle
from magenta_bridge.lab import Callbacks, never
from magenta_bridge.lab.metadata import encode_examples
from magenta_bridge.lab.networks import best_network, fit, is_adversarial, write_network
from magenta_bridge.lab.search.study import (
    FAILED,
    FINISHED,
    PRUNED,
    STOPPED,
    ObjectiveStudy,
    TrialSummary,
)
from magenta_bridge.recipe import Recipe, recipe_text
from magenta_bridge.training.callbacks import (
    TrainingStopped,
    deferred_interrupts,
)
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.fit import forget_networks
from magenta_bridge.training.loop import Watcher

# After so many failures, or as many as requested trials, no other trial is started.
_MIN_FAILURES: Final = 3


class PrunedError(Exception):
    """The trial is cut short."""


class TimeLimitReached(Exception):  # noqa: N818 - a request, not an error
    """The time of the search is up; the trial can be resumed."""


class TrialWatcher:
    """A watcher that reports epochs to the study, and ends a trial that should not continue.

    Args:
        trial: The trial.
        watcher: Receives all batches and epochs.
        deadline: End of the search, on ``time.monotonic``'s clock.

    Attributes:
        error: What ``watcher`` raised; None for nothing.
    """

    def __init__(self, trial: Trial, watcher: Watcher, deadline: float) -> None:
        self._trial, self._watcher, self._deadline = trial, watcher, deadline
        self._reported = 0
        self.error: Exception | None = None

    @contextlib.contextmanager
    def _calling(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.error = error
            raise

    def on_batch(self, epoch: int, batch: int, batches: int, steps: int, loss: float) -> None:
        """Pass the batch on."""
        with self._calling():
            self._watcher.on_batch(epoch, batch, batches, steps, loss)

    def on_epoch(self, progress: Progress) -> None:
        """Report an epoch, and pass it on.

        Raises:
            TrainingError: Training diverged.
            PrunedError: Other trials are much better.
            TimeLimitReached: The deadline has passed.
        """
        self.report(progress)
        with self._calling():
            self._watcher.on_epoch(progress)
        if progress.finished:
            return
        if self._trial.should_prune():
            raise PrunedError
        if time.monotonic() > self._deadline:
            raise TimeLimitReached

    def report(self, progress: Progress) -> None:
        """Report the validation losses of all epochs so far."""
        losses = progress.history["validation_loss"]
        if not all(map(math.isfinite, losses)):
            raise TrainingError("training diverged to infinity")
        for epoch, loss in enumerate(losses[self._reported :], start=self._reported + 1):
            self._trial.report(loss, epoch)
        self._reported = len(losses)


def run_trial(
    recipe: Recipe,
    split: Split,
    folder: Path,
    watcher: TrialWatcher,
    stop: Callable[[], bool] = never,
) -> tuple[float, float]:
    """Train a recipe in a folder, or resume it, and measure its exported program.

    Returns:
        The objective on the validation pieces, and the time per step in microseconds.

    Raises:
        PrunedError, TimeLimitReached, TrainingStopped: The trial ended early.
        MagentaBridgeError: It cannot be trained or exported.
    """
    with Run.locked(folder) as run:
        save_text(folder / "recipe.toml", recipe_text(recipe))
        with deferred_interrupts(watcher, stop) as flag:
            progress = fit(recipe, split, run, flag)
        watcher.report(progress)
        path = folder / f"{recipe.bundle.id}.mag"
        write_network(path, recipe, split, best_network(recipe, run))
    bundle = read_bundle(path)
    speed = bundle_microseconds(bundle)
    if is_adversarial(recipe):
        return progress.best_loss, speed
    pieces = encode_examples(dataset_for(recipe.bundle.encoding), split.validation)
    return score_program(bundle.program, pieces).nats_per_step, speed


def trial_folder(output: Path, number: int) -> Path:
    """Return the folder of a trial."""
    return output / "trials" / f"{number:03}"


def run_trials(
    output: Path,
    split: Split,
    studies: Sequence[ObjectiveStudy],
    *,
    trials: int,
    deadline: float,
    callbacks: Callbacks,
) -> Iterator[TrialSummary]:
    """Run trials until there are enough, the time is up, or the caller stops.

    Yields:
        Each trial when it begins, and again when it ends.
    """
    while time.monotonic() < deadline and not callbacks.stop():
        study = _next(studies, trials)
        if study is None:
            return
        trial = study.ask(1 + max(each.last_number() for each in studies))
        row = study.summary(trial.user_attrs["label"])
        yield row
        folder = trial_folder(output, row.trial)
        watcher = TrialWatcher(trial, callbacks, deadline)
        try:
            value, speed = run_trial(study.recipe(row), split, folder, watcher, callbacks.stop)
        except PrunedError:
            study.end(trial, PRUNED)
        except (TimeLimitReached, TrainingStopped):
            study.end(trial, STOPPED)
        except Exception as error:
            if error is watcher.error:
                raise
            if isinstance(error, NotFoundError):
                # A file cannot be written, as on a full disk; the trial can be resumed.
                study.end(trial, STOPPED)
                raise
            # Other networks may work.
            known = isinstance(error, MagentaBridgeError)
            reason = str(error) if known else f"{type(error).__name__}: {error}"
            study.end(trial, FAILED, reason=" ".join(reason.split())[:300])
        else:
            study.end(trial, FINISHED, value, microseconds=speed)
        forget_networks()
        row = study.summary(row.trial)
        if row.state != STOPPED:
            Run(folder).drop_checkpoint()
        yield row


def _next(studies: Sequence[ObjectiveStudy], trials: int) -> ObjectiveStudy | None:
    """Return the study of the next trial: one with a trial to resume, else in turn."""
    rows = {study: study.trials() for study in studies}
    states = [row.state for each in rows.values() for row in each]
    if states.count(FINISHED) + states.count(PRUNED) >= trials:
        return None
    if states.count(FAILED) >= max(trials, _MIN_FAILURES):
        return None

    def turn(study: ObjectiveStudy) -> tuple[bool, float]:
        resumable = any(row.state == STOPPED for row in rows[study])
        return not resumable, len(rows[study]) / len(study.objective.families)

    return min(studies, key=turn)
