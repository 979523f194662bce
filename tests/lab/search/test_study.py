"""Studies: what they draw, prune, resume and rank."""

from __future__ import annotations

from pathlib import Path

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial

from magenta_bridge.errors import TrainingError
from magenta_bridge.lab.search.space import Objective, Parameter
from magenta_bridge.lab.search.study import (
    FAILED,
    FINISHED,
    MIN_FOR_IMPORTANCE,
    PRUNED,
    STOPPED,
    ObjectiveStudy,
    TrialSummary,
    open_storage,
    space_text,
)
from magenta_bridge.lab.train import with_epochs
from magenta_bridge.training.default_recipes import own_recipe

SPACE = (
    Parameter("units", IntDistribution(8, 512, step=8), 16),
    Parameter("rate", FloatDistribution(1e-4, 1e-1, log=True), 1e-3),
    Parameter("window", CategoricalDistribution((4, 8)), 8),
)


def _open(folder: Path, families: tuple[str, ...] = ("lstm", "gru")) -> ObjectiveStudy:
    recipes = {family: with_epochs(own_recipe("x", family, "melody"), 8) for family in families}
    objective = Objective("steps", "nats", "", families)
    return ObjectiveStudy(open_storage(folder / "study.db"), objective, SPACE, recipes)


def _ask(study: ObjectiveStudy) -> tuple[Trial, TrialSummary]:
    trial = study.ask(study.last_number() + 1)
    return trial, study.summary(trial.user_attrs["label"])


def _report(trial: Trial, *losses: float) -> bool:
    for epoch, loss in enumerate(losses, start=1):
        trial.report(loss, epoch)
    return trial.should_prune()


def _finish(study: ObjectiveStudy, value: float) -> None:
    trial, _ = _ask(study)
    _report(trial, 1.0, 0.9, 0.8)
    study.end(trial, FINISHED, value, microseconds=50.0)


def test_every_family_begins_with_its_defaults(tmp_path: Path) -> None:
    study = _open(tmp_path)
    begun = [_ask(study)[1] for _ in range(3)]
    assert {row.family for row in begun[:2]} == {"lstm", "gru"}
    defaults = {"units": 16, "rate": 1e-3, "window": 8}
    assert [row.values == defaults for row in begun] == [True, True, False]
    assert [row.trial for row in begun] == [1, 2, 3]


def test_an_interrupted_trial_is_resumed_with_the_same_values(tmp_path: Path) -> None:
    """It keeps its number, replaces its earlier row, and reports its earlier epochs again."""
    study = _open(tmp_path)
    _finish(study, 0.7)
    _finish(study, 0.6)
    trial, cut = _ask(study)
    _report(trial, 1.0, 0.9)
    again = _open(tmp_path)
    assert [row.state for row in again.trials()] == ["finished", "finished", "stopped"]
    trial, resumed = _ask(again)
    assert (resumed.trial, resumed.family, resumed.values) == (cut.trial, cut.family, cut.values)
    _report(trial, 1.0, 0.9, 0.8)
    again.end(trial, FINISHED, 0.5, microseconds=40.0)
    first = again.trials()[0]
    assert (first.trial, first.value, first.epochs, first.state) == (3, 0.5, 3, "finished")
    assert len(again.trials()) == 3


def test_a_kill_at_the_very_beginning_loses_no_default_trial(tmp_path: Path) -> None:
    """A trial killed before it has a number is enqueued again."""
    study = _open(tmp_path)
    study._study.ask()
    again = _open(tmp_path)
    assert {_ask(again)[1].family, _ask(again)[1].family} == {"lstm", "gru"}
    assert sorted(row.trial for row in again.trials()) == [1, 2]


def test_a_second_interrupt_before_the_resume_enqueues_the_trial_once(tmp_path: Path) -> None:
    _, cut = _ask(_open(tmp_path))
    _open(tmp_path)
    again = _open(tmp_path)
    numbers = [_ask(again)[1].trial for _ in range(3)]
    assert numbers.count(cut.trial) == 1


def test_a_trial_that_ends_the_process_each_time_fails(tmp_path: Path) -> None:
    """Three times without an epoch, as when the memory does not suffice; others continue."""
    for _ in range(3):
        assert _ask(_open(tmp_path, ("lstm",)))[1].trial == 1
    study = _open(tmp_path, ("lstm",))
    (row,) = study.trials()
    assert (row.state, "stopped 3 times" in row.reason) == ("failed", True)
    assert _ask(study)[1].trial == 2


def test_a_trial_that_is_interrupted_often_is_resumed_as_long_as_it_learns(tmp_path: Path) -> None:
    for _ in range(5):
        trial, row = _ask(_open(tmp_path, ("lstm",)))
        assert row.trial == 1
        _report(trial, 1.0)


def test_a_trial_that_falls_behind_is_pruned(tmp_path: Path) -> None:
    """Not in its first epochs, and not before there are others to compare with."""
    study = _open(tmp_path)
    early, _ = _ask(study)
    assert not _report(early, 9.0, 9.0, 9.0)
    study.end(early, FINISHED, 9.0, microseconds=1.0)
    for value in (0.5, 0.6, 0.7, 0.8):
        _finish(study, value)
    (poor, row), (good, _) = _ask(study), _ask(study)
    assert not _report(poor, 5.0)
    poor.report(4.9, 2)
    poor.report(4.8, 3)
    assert poor.should_prune()
    assert not _report(good, 1.0, 0.8, 0.7)
    study.end(poor, PRUNED)
    row = study.summary(row.trial)
    assert (row.state, row.value, row.epochs) == ("pruned", 4.8, 3)


def test_the_best_is_first_and_failures_are_last(tmp_path: Path) -> None:
    """A value of 0 is a value; a running trial comes after finished ones."""
    study = _open(tmp_path)
    failing, _ = _ask(study)
    study.end(failing, FAILED, reason="it diverged")
    _finish(study, 0.5)
    _finish(study, 0.0)
    last, _ = _ask(study)
    _report(last, 0.1)
    rows = study.trials()
    assert [row.state for row in rows] == ["finished", "finished", "running", "failed"]
    assert [row.value for row in rows[:3]] == [0.0, 0.5, 0.1]
    assert rows[0].microseconds == 50.0
    assert rows[-1].reason == "it diverged"
    study.end(last, STOPPED)
    assert study.trials()[2].state == "stopped"


def test_a_resumed_search_draws_other_values(tmp_path: Path) -> None:
    """The draws of a second call differ from those of the first."""
    rates = []
    for _ in range(4):
        study = _open(tmp_path, ("lstm",))
        trial, row = _ask(study)
        study.end(trial, FINISHED, 1.0, microseconds=1.0)
        rates.append(row.values["rate"])
    assert len(set(rates)) == 4


def test_importance_requires_enough_trials(tmp_path: Path) -> None:
    """If only the rate matters, its share is the largest."""
    study = _open(tmp_path, ("lstm",))
    for done in range(16):
        if done < MIN_FOR_IMPORTANCE:
            assert study.ranking().importance == {}
        trial, row = _ask(study)
        study.end(trial, FINISHED, abs(row.values["rate"] - 0.01), microseconds=1.0)
    shares = study.ranking().importance
    assert max(shares, key=shares.__getitem__) == "rate"
    assert sum(shares.values()) == pytest.approx(1.0)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.db").write_bytes(b"not a database, but long enough to be one" * 40)
    with pytest.raises(TrainingError, match="damaged"):
        _open(tmp_path)


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    """Characters with a meaning in a URL have none in a folder's name."""
    folder = tmp_path / "my midi?x=1 50%41 #2 é"
    folder.mkdir()
    assert _ask(_open(folder))[1].trial == 1
    assert [path.name for path in folder.iterdir()] == ["study.db"]


def test_another_space_has_another_text() -> None:
    wider = Parameter("window", CategoricalDistribution((4, 8, 16)), 8)
    assert space_text(SPACE) == space_text(tuple(SPACE))
    assert space_text(SPACE) != space_text((*SPACE[:2], wider))
