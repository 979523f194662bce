"""Run the trials of a search: train, export and measure each like any other network."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from optuna.trial import Trial

from magenta_bridge.data.registry import material_for
from magenta_bridge.data.splits import Split
from magenta_bridge.errors import MagentaBridgeError, TrainingError
from magenta_bridge.evaluation.latency import bar_microseconds, step_microseconds
from magenta_bridge.evaluation.likelihood import score_program
from magenta_bridge.files import save_bytes
from magenta_bridge.generators.bundle import read_bundle
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
from magenta_bridge.runtime.bar_program import BarProgram
from magenta_bridge.training.callbacks import (
    CallbackWatcher,
    OnBatch,
    OnEpoch,
    TrainingStopped,
    deferred_interrupts,
)
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.fit import forget_networks

# After so many failures, or as many as requested trials, no other trial is started.
_MIN_FAILURES: Final = 3


class PrunedError(Exception):
    """The trial is cut short."""


class TimeLimitReached(Exception):  # noqa: N818 - a request, not an error
    """The time of the search is up; the trial can be resumed."""


class TrialWatcher(CallbackWatcher):
    """Reports epochs to the study, and ends a trial that should not continue.

    Args:
        trial: The trial.
        on_batch: See ``Watcher``.
        on_epoch: See ``Watcher``.
        deadline: End of the search, on ``time.monotonic``'s clock.
    """

    def __init__(self, trial: Trial, on_batch: OnBatch, on_epoch: OnEpoch, deadline: float) -> None:
        super().__init__(on_batch, on_epoch)
        self._trial, self._deadline = trial, deadline
        self._reported = 0
        self.callback_error: Exception | None = None

    def on_batch(self, epoch: int, batch: int, batches: int, steps: int, loss: float) -> None:
        """Call the callback, and remember its error."""
        try:
            super().on_batch(epoch, batch, batches, steps, loss)
        except Exception as error:
            self.callback_error = error
            raise

    def on_epoch(self, progress: Progress) -> None:
        """Report an epoch.

        Raises:
            TrainingError: Training diverged.
            PrunedError: Other trials are much better.
            TimeLimitReached: The deadline has passed.
        """
        self.report(progress)
        try:
            super().on_epoch(progress)
        except Exception as error:
            self.callback_error = error
            raise
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
    stop: Callable[[], bool] | None = None,
) -> tuple[float, float]:
    """Train a recipe, or resume it, and measure its exported program.

    Args:
        recipe: The trial's recipe.
        split: The music; only its validation side is measured.
        folder: Folder for checkpoints, recipe and bundle.
        watcher: Receives batches and epochs.
        stop: Checked after each batch.

    Returns:
        The objective on the validation pieces, and the time per step in microseconds.

    Raises:
        PrunedError, TimeLimitReached, TrainingStopped: The trial ended early.
        MagentaBridgeError: It cannot be trained or exported.
    """
    run = Run(folder)
    save_bytes(folder / "recipe.toml", recipe_text(recipe).encode())
    with deferred_interrupts(watcher, stop) as flag:
        progress = fit(recipe, split, run, flag)
    watcher.report(progress)
    bundle = folder / f"{recipe.bundle.id}.mag"
    write_network(bundle, recipe, split, best_network(recipe, run))
    speed = speed_timer(bundle)()
    if is_adversarial(recipe):
        return progress.best_loss, speed
    pieces = encode_examples(material_for(recipe.bundle.encoding), split.validation)
    return score_program(read_bundle(bundle).program, pieces).nats_per_step, speed


def speed_timer(bundle: Path) -> Callable[[], float]:
    """Return a function that measures a bundle's program, microseconds per step."""
    program = read_bundle(bundle).program
    if program.description["family"] == "gan":
        bars = BarProgram(program.flatbuffer)
        return lambda: bar_microseconds(bars)
    return lambda: step_microseconds(program)


def trial_folder(output: Path, number: int) -> Path:
    """Return the folder of a trial."""
    return output / "trials" / f"{number:03}"


class SearchRunner:
    """Runs trials until there are enough, the time is up, or the caller stops it.

    Args:
        output: Folder of the search.
        split: The music.
        studies: One per objective.
        trials: Total number of trials, finished or pruned.
        deadline: End of the search, on ``time.monotonic``'s clock.
        on_trial: Called when a trial begins, and when it ends.
        on_batch: See ``Watcher``.
        on_epoch: See ``Watcher``.
        stop: Checked after each batch.
    """

    def __init__(
        self,
        output: Path,
        split: Split,
        studies: Sequence[ObjectiveStudy],
        *,
        trials: int,
        deadline: float,
        on_trial: Callable[[TrialSummary], None],
        on_batch: OnBatch,
        on_epoch: OnEpoch,
        stop: Callable[[], bool] | None,
    ) -> None:
        self._output, self._split, self._studies = output, split, studies
        self._trials, self._deadline = trials, deadline
        self._on_trial, self._on_batch, self._on_epoch = on_trial, on_batch, on_epoch
        self._stop = stop

    def _count(self, *states: str) -> int:
        return sum(row.state in states for each in self._studies for row in each.trials())

    @property
    def late(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._deadline

    @property
    def stopped(self) -> bool:
        """Whether the caller stops the search."""
        return self._stop is not None and self._stop()

    def run(self) -> None:
        """Run trials; an interrupt passes through, and the next call resumes."""
        while not self.late and not self.stopped and (study := self._next()) is not None:
            self._run_trial(study)

    def _next(self) -> ObjectiveStudy | None:
        """Return the study of the next trial: one with a trial to resume, else in turn."""
        max_failures = max(self._trials, _MIN_FAILURES)
        if self._count(FINISHED, PRUNED) >= self._trials or self._count(FAILED) >= max_failures:
            return None

        def turn(study: ObjectiveStudy) -> tuple[bool, float]:
            rows = study.trials()
            resumable = any(row.state == STOPPED for row in rows)
            return not resumable, len(rows) / len(study.objective.families)

        return min(self._studies, key=turn)

    def _run_trial(self, study: ObjectiveStudy) -> None:
        trial = study.ask(1 + max(each.last_number() for each in self._studies))
        row = study.summary(trial.user_attrs["label"])
        self._on_trial(row)
        watcher = TrialWatcher(trial, self._on_batch, self._on_epoch, self._deadline)
        folder = trial_folder(self._output, row.trial)
        try:
            value, speed = run_trial(study.recipe(row), self._split, folder, watcher, self._stop)
        except PrunedError:
            study.prune(trial)
        except (TimeLimitReached, TrainingStopped):
            study.leave()
        except Exception as error:
            if error is watcher.callback_error:
                raise
            # Other networks may work.
            reason = f"{type(error).__name__}: {error}"
            if isinstance(error, MagentaBridgeError):
                reason = error.message
            study.fail(trial, " ".join(reason.split())[:300])
        else:
            study.finish(trial, value, speed)
        forget_networks()
        row = study.summary(row.trial)
        if row.state != STOPPED:
            Run(folder).drop_checkpoint()
        self._on_trial(row)
