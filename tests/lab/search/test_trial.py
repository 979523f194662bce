"""What ends a trial, and what a finished one is worth."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from magenta_bridge.cli.progress.progress_table import ProgressTable
from magenta_bridge.data.splits import load_split
from magenta_bridge.errors import TrainingError
from magenta_bridge.lab.search.leaderboard import Ranking
from magenta_bridge.lab.search.objectives import yardsticks_of
from magenta_bridge.lab.search.space import recipe_with, usual_values
from magenta_bridge.lab.search.study import Attempt, SearchStudy, open_storage
from magenta_bridge.lab.search.trial import (
    Measured,
    PrunedError,
    TimeLimitError,
    TrialWatcher,
    run_trial,
)
from magenta_bridge.recipe import Recipe, read_recipe
from magenta_bridge.training.checkpoint import Progress
from magenta_bridge.training.default_recipes import own_recipe
from tests.lab.search.searcher import TUNES, small_spaces
from tests.training.step_by_step import step_by_step

NEVER = float("inf")


def _study(folder: Path, family: str = "lstm") -> SearchStudy:
    space = small_spaces(family, "melody")
    return SearchStudy(open_storage(folder / "study.db"), "steps", (family,), space, epochs=8)


def _watcher(study: SearchStudy, attempt: Attempt, deadline: float = NEVER) -> TrialWatcher:
    (yardstick,) = yardsticks_of(study.families, "melody")
    return TrialWatcher(
        attempt, ProgressTable(lambda: [Ranking(yardstick, study.standings())], 3), deadline
    )


def _after(*losses: float, finished: bool = False) -> Progress:
    progress = Progress(epoch=len(losses), finished=finished)
    for loss in losses:
        progress.record(validation_loss=loss, seconds=1.0)
    return progress


def test_a_trial_stops_at_the_end_of_an_epoch_when_the_time_is_up(tmp_path: Path) -> None:
    """Unless it was the last one: then it is as good as done."""
    study = _study(tmp_path)
    late = _watcher(study, study.ask(1), deadline=time.monotonic())
    with pytest.raises(TimeLimitError):
        late.on_epoch(_after(1.0))
    late.on_epoch(_after(1.0, 0.9, finished=True))


def test_a_trial_that_falls_behind_is_cut_but_not_at_its_very_end(tmp_path: Path) -> None:
    study = _study(tmp_path)
    for number in range(1, 6):
        attempt = study.ask(number)
        attempt.report([1.0, 0.8, 0.7])
        study.finish(attempt, 0.7, 50.0)
    behind = _watcher(study, study.ask(6))
    behind.on_epoch(_after(9.0))
    with pytest.raises(PrunedError):
        behind.on_epoch(_after(9.0, 8.0, 7.0))
    _watcher(study, study.ask(7)).on_epoch(_after(9.0, 8.0, 7.0, finished=True))


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_trial_that_runs_away_is_told(tmp_path: Path, loss: float) -> None:
    study = _study(tmp_path)
    with pytest.raises(TrainingError, match="ran away"):
        _watcher(study, study.ask(1)).on_epoch(_after(1.0, loss))


def _small_recipe(family: str) -> Recipe:
    recipe = own_recipe(f"{family}_001", family, "melody")
    values = {**usual_values(small_spaces(family, "melody")), "epochs": 1}
    return recipe_with(recipe, values)


@pytest.mark.timeout(600)
def test_an_adversarial_trial_is_worth_its_distance(tmp_path: Path) -> None:
    """The measure that its training chooses by; its bundle and recipe stand in its folder."""
    recipe, study = _small_recipe("gan"), _study(tmp_path, "gan")
    split = load_split(recipe, TUNES)
    del split.train[4:]
    folder = tmp_path / "001"
    folder.mkdir()
    watcher = _watcher(study, study.ask(1))
    with step_by_step():
        measured = run_trial(recipe, split, folder, watcher)
    assert isinstance(measured, Measured)
    (row,) = study.standings()
    assert measured.value == row.value
    assert 0.0 < measured.value <= 1.0
    assert measured.microseconds > 0.0
    assert read_recipe(folder / "recipe.toml") == recipe
    assert (folder / "gan_001.mag").is_file()
