"""What ends a trial, and how a finished one is scored."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from optuna.trial import Trial

from magenta_bridge.data.splits import load_split
from magenta_bridge.errors import TrainingError
from magenta_bridge.lab import Callbacks
from magenta_bridge.lab.search.space import objectives_for, recipe_with
from magenta_bridge.lab.search.study import FINISHED, ObjectiveStudy, open_storage
from magenta_bridge.lab.search.trial import PrunedError, TimeLimitReached, TrialWatcher, run_trial
from magenta_bridge.lab.train import with_epochs
from magenta_bridge.recipe import Recipe, read_recipe
from magenta_bridge.training.checkpoint import Progress
from magenta_bridge.training.default_recipes import own_recipe
from tests.lab.search.searcher import TUNES, small_spaces
from tests.training.step_by_step import step_by_step

NEVER = float("inf")


def _study(folder: Path, family: str = "lstm") -> ObjectiveStudy:
    (objective,) = objectives_for([family], "melody")
    recipe = with_epochs(own_recipe("x", family, "melody"), 8)
    storage, space = open_storage(folder / "study.db"), small_spaces(family, "melody")
    return ObjectiveStudy(storage, objective, space, {family: recipe})


def _watcher(trial: Trial, deadline: float = NEVER) -> TrialWatcher:
    return TrialWatcher(trial, Callbacks(), deadline)


def _after(*losses: float, finished: bool = False) -> Progress:
    progress = Progress(epoch=len(losses), finished=finished)
    for loss in losses:
        progress.record(validation_loss=loss, seconds=1.0)
    return progress


def test_a_trial_stops_at_the_end_of_an_epoch_when_the_time_is_up(tmp_path: Path) -> None:
    """Unless it was the last epoch."""
    late = _watcher(_study(tmp_path).ask(1), deadline=time.monotonic())
    with pytest.raises(TimeLimitReached):
        late.on_epoch(_after(1.0))
    late.on_epoch(_after(1.0, 0.9, finished=True))


def test_a_trial_that_falls_behind_is_pruned_but_not_at_its_end(tmp_path: Path) -> None:
    study = _study(tmp_path)
    for number in range(1, 6):
        trial = study.ask(number)
        _watcher(trial).report(_after(1.0, 0.8, 0.7))
        study.end(trial, FINISHED, 0.7, microseconds=50.0)
    behind = _watcher(study.ask(6))
    behind.on_epoch(_after(9.0))
    with pytest.raises(PrunedError):
        behind.on_epoch(_after(9.0, 8.0, 7.0))
    _watcher(study.ask(7)).on_epoch(_after(9.0, 8.0, 7.0, finished=True))


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_trial_that_diverges_is_reported(tmp_path: Path, loss: float) -> None:
    with pytest.raises(TrainingError, match="diverged"):
        _watcher(_study(tmp_path).ask(1)).on_epoch(_after(1.0, loss))


def _small_recipe(family: str) -> Recipe:
    values = {each.name: each.default for each in small_spaces(family, "melody")}
    return recipe_with(own_recipe(f"{family}_001", family, "melody"), {**values, "epochs": 1})


@pytest.mark.timeout(600)
def test_an_adversarial_trial_is_scored_by_its_distance(tmp_path: Path) -> None:
    """The measure that selects its weights; bundle and recipe are in its folder."""
    recipe, study = _small_recipe("gan"), _study(tmp_path, "gan")
    split = load_split(recipe, TUNES)
    del split.train[4:]
    folder = tmp_path / "001"
    folder.mkdir()
    with step_by_step():
        value, microseconds = run_trial(recipe, split, folder, _watcher(study.ask(1)))
    (row,) = study.trials()
    assert value == row.value
    assert 0.0 < value <= 1.0
    assert microseconds > 0.0
    assert read_recipe(folder / "recipe.toml") == recipe
    assert (folder / "gan_001.mag").is_file()
