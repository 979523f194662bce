"""The memory of a search: its trials in an SQLite file that outlives a kill at any moment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError

from magenta_bridge.errors import TrainingError
from magenta_bridge.lab.search.space import Categorical, Dial, Space, usual_values

_SEED: Final = 7
# Fewer say nothing of which hyperparameter matters.
FEWEST_FOR_IMPORTANCE: Final = 8
_BEST_SHARE: Final = 0.25
_BARREN: Final = 3
_NO_REASON: Final = f"it was stopped {_BARREN} times before its first epoch was done"

FINISHED: Final = "finished"
PRUNED: Final = "pruned"
FAILED: Final = "failed"
RUNNING: Final = "running"
STOPPED: Final = "stopped"
_STATES: Final = {
    TrialState.COMPLETE: FINISHED,
    TrialState.PRUNED: PRUNED,
    TrialState.FAIL: FAILED,
    TrialState.RUNNING: STOPPED,
    TrialState.WAITING: STOPPED,
}


@dataclass(frozen=True)
class TrialSummary:
    """One trial as the leaderboard shows it.

    Attributes:
        trial: Its number, counted from 1 over the whole search.
        family: Model family.
        values: Hyperparameters.
        state: ``finished``, ``pruned``, ``failed``, ``running``, or ``stopped`` and to go on.
        value: The figure of merit, lower is better; until the trial is finished the best of
            its epochs; None before the first.
        epochs: Epochs done.
        microseconds: What a step costs; None but for a finished trial.
        reason: Why it failed.
    """

    trial: int
    family: str
    values: Mapping[str, Any]
    state: str
    value: float | None
    epochs: int
    microseconds: float | None
    reason: str


class Attempt:
    """A trial under way.

    Attributes:
        number: Its number; a trial that is taken up again keeps it.
        family: Model family.
        values: Hyperparameters.
    """

    def __init__(self, trial: Trial, number: int, family: str, values: dict[str, Any]) -> None:
        self.trial = trial
        self.number, self.family, self.values = number, family, values
        self._reported = 0

    def report(self, losses: Sequence[float]) -> bool:
        """Notes the validation losses of all epochs so far.

        Returns:
            Whether others stood so much better that to go on is a waste.
        """
        for epoch, loss in enumerate(losses[self._reported :], start=self._reported + 1):
            self.trial.report(loss, epoch)
        self._reported = len(losses)
        return self.trial.should_prune()


class SearchStudy:
    """The trials of all families that one figure of merit compares.

    Args:
        storage: See ``open_storage``.
        name: Name of the study in it.
        families: What is searched; the same at every call.
        space: The dials of all these families; the same at every call.
        epochs: Most epochs of a trial.

    Raises:
        TrainingError: The storage is damaged.
    """

    def __init__(
        self,
        storage: optuna.storages.BaseStorage,
        name: str,
        families: Sequence[str],
        space: Space,
        *,
        epochs: int,
    ) -> None:
        self.families, self._space = tuple(families), space
        self._current = 0
        pruner = optuna.pruners.MedianPruner(
            n_startup_trials=max(4, len(self.families)),
            n_warmup_steps=min(max(epochs // 4, 2), 6),
            n_min_trials=3,
        )
        self._study = optuna.create_study(
            study_name=name, storage=storage, pruner=pruner, load_if_exists=True
        )
        # With the same seed again the draws of a resumed search would be those of its beginning.
        self._study.sampler = optuna.samplers.TPESampler(seed=_SEED + len(self._trials()))
        self._take_up()
        self._begin_with_the_usual()

    def _trials(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False)

    def _take_up(self) -> None:
        """Queues again what was under way when the last call ended, whatever ended it."""
        trials = self._trials()
        waiting = {each.user_attrs.get("label") for each in trials if _is(each, TrialState.WAITING)}
        for left in [each for each in trials if _is(each, TrialState.RUNNING)]:
            label = left.user_attrs.get("label")
            same = [each for each in trials if each.user_attrs.get("label") == label]
            barren = [each for each in same if not each.intermediate_values]
            if label is not None and label not in waiting and len(barren) < _BARREN:
                self._study.enqueue_trial(left.params, user_attrs=dict(left.user_attrs))
            self._study.tell(left.number, state=TrialState.FAIL)

    def _begin_with_the_usual(self) -> None:
        """Queues each family's usual values, so that the search never ends below them."""
        begun = {
            each.user_attrs.get("usual")
            for each in self._trials()
            if "label" in each.user_attrs or _is(each, TrialState.WAITING)
        }
        for family in self.families:
            if family not in begun:
                values = {**usual_values(self._space), **self._family_value(family)}
                self._study.enqueue_trial(values, user_attrs={"usual": family})

    def _family_value(self, family: str) -> dict[str, str]:
        return {"family": family} if len(self.families) > 1 else {}

    def last_number(self) -> int:
        """Returns the highest number of a trial; 0 for none."""
        return max((each.user_attrs.get("label", 0) for each in self._trials()), default=0)

    def ask(self, number: int) -> Attempt:
        """Begins a trial, or goes on with one that was stopped.

        Args:
            number: What a new trial is called.
        """
        trial = self._study.ask()
        number = int(trial.user_attrs.get("label", number))
        trial.set_user_attr("label", number)
        family = self.families[0]
        if len(self.families) > 1:
            family = str(trial.suggest_categorical("family", self.families))
        trial.set_user_attr("family", family)
        values = {dial.name: _suggest(trial, dial) for dial in self._space}
        self._current = number
        return Attempt(trial, number, family, values)

    def finish(self, attempt: Attempt, value: float, microseconds: float) -> None:
        """Notes a trial that was trained to its end, with its figure of merit."""
        attempt.trial.set_user_attr("microseconds", microseconds)
        self._end(attempt, value, None)

    def prune(self, attempt: Attempt) -> None:
        """Notes a trial that was not worth going on with."""
        self._end(attempt, None, TrialState.PRUNED)

    def fail(self, attempt: Attempt, reason: str) -> None:
        """Notes a trial that could not be trained, and why."""
        attempt.trial.set_user_attr("reason", reason)
        self._end(attempt, None, TrialState.FAIL)

    def leave(self) -> None:
        """Leaves the trial under way as it is; the next call takes it up."""
        self._current = 0

    def _end(self, attempt: Attempt, value: float | None, state: TrialState | None) -> None:
        self._study.tell(attempt.trial, value, state=state)
        self._current = 0

    def standings(self) -> list[TrialSummary]:
        """Returns all trials, best first: finished ones, those under way, pruned, failed."""
        latest: dict[int, FrozenTrial] = {}
        for each in self._trials():
            if "label" in each.user_attrs:
                latest[each.user_attrs["label"]] = each
        order = (FINISHED, RUNNING, STOPPED, PRUNED, FAILED)
        rows = [self._standing(each) for each in latest.values()]
        return sorted(rows, key=lambda row: (order.index(row.state), _merit(row), row.trial))

    def _standing(self, trial: FrozenTrial) -> TrialSummary:
        told = trial.user_attrs
        state = RUNNING if told["label"] == self._current else _STATES[trial.state]
        epochs = trial.intermediate_values
        value = trial.value if state == FINISHED else min(epochs.values(), default=None)
        return TrialSummary(
            trial=told["label"],
            family=told.get("family", self.families[0]),
            values={name: each for name, each in trial.params.items() if name != "family"},
            state=state,
            value=value,
            epochs=len(epochs),
            microseconds=told.get("microseconds"),
            reason=told.get("reason", _NO_REASON) if state == FAILED else "",
        )

    def importance(self) -> dict[str, float]:
        """Returns how much each hyperparameter decides, shares of 1; empty for too few trials.

        PED-ANOVA (Watanabe, Bansal and Hutter 2023): how far the values of the best quarter of
        the finished trials lie from those of all.
        """
        done = [each for each in self._trials() if _is(each, TrialState.COMPLETE)]
        if len(done) < FEWEST_FOR_IMPORTANCE:
            return {}
        evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=_BEST_SHARE)
        return optuna.importance.get_param_importances(self._study, evaluator=evaluator)


def open_storage(path: Path) -> optuna.storages.RDBStorage:
    """Opens the file that a search is kept in, or makes it.

    Raises:
        TrainingError: It is damaged, or of another make.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    url = URL.create("sqlite", database=str(path.absolute()))
    try:
        return optuna.storages.RDBStorage(url.render_as_string())
    except (DatabaseError, optuna.exceptions.OptunaError, RuntimeError) as error:
        raise TrainingError(
            f"{path} is damaged or of another version of Optuna; name another --output to begin "
            "anew."
        ) from error


def space_text(space: Space) -> str:
    """Returns a space as one line, which differs where the space does."""
    return json.dumps([repr(dial) for dial in space])


def _merit(row: TrialSummary) -> float:
    return float("inf") if row.value is None else row.value


def _is(trial: FrozenTrial, state: TrialState) -> bool:
    return trial.state == state


def _suggest(trial: Trial, dial: Dial) -> Any:
    if isinstance(dial, Categorical):
        return trial.suggest_categorical(dial.name, dial.values)
    if not dial.step:
        return trial.suggest_float(dial.name, dial.low, dial.high, log=True)
    if dial.step == int(dial.step):
        return trial.suggest_int(dial.name, int(dial.low), int(dial.high), step=int(dial.step))
    return trial.suggest_float(dial.name, dial.low, dial.high, step=dial.step)
