"""The trials of a search, in an SQLite file that survives a kill at any moment."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, distribution_to_json
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

from magenta_bridge.data.splits import Split
from magenta_bridge.errors import TrainingError
from magenta_bridge.lab.search.space import Objective, Space, objectives_for, recipe_with
from magenta_bridge.lab.train import with_epochs
from magenta_bridge.recipe import Recipe
from magenta_bridge.training.default_recipes import fit_to_size, own_recipe

_SEED: Final = 7
# Minimum number of finished trials for a meaningful importance estimate.
MIN_FOR_IMPORTANCE: Final = 8
_BEST_SHARE: Final = 0.25
_MAX_STARTS: Final = 3
_NO_REASON: Final = f"it was stopped {_MAX_STARTS} times before its first epoch was finished"

FINISHED: Final = "finished"
PRUNED: Final = "pruned"
FAILED: Final = "failed"
RUNNING: Final = "running"
STOPPED: Final = "stopped"
_ORDER: Final = (FINISHED, RUNNING, STOPPED, PRUNED, FAILED)
_STATES: Final = {
    TrialState.COMPLETE: FINISHED,
    TrialState.PRUNED: PRUNED,
    TrialState.FAIL: FAILED,
    TrialState.RUNNING: STOPPED,
    TrialState.WAITING: STOPPED,
}


@dataclass(frozen=True)
class TrialSummary:
    """One trial.

    Attributes:
        trial: Its number, counted from 1 over the whole search.
        family: Model family.
        values: Hyperparameters.
        state: ``finished``, ``pruned``, ``failed``, ``running``, or ``stopped`` and resumable.
        value: The objective, lower is better; until the trial is finished the best of its
            epochs; None before the first.
        epochs: Finished epochs.
        microseconds: Time per step; None unless the trial is finished.
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

    @property
    def bundle_name(self) -> str:
        """Id of its bundle."""
        return f"{self.family}_{self.trial:03}"

    def __str__(self) -> str:
        score = "" if self.value is None else f" at {self.value:.4f}"
        speed = "" if self.microseconds is None else f", {self.microseconds:.0f} µs per step"
        reason = f": {self.reason}" if self.reason else ""
        return f"trial {self.trial} {self.state}{score}{speed}{reason}"


@dataclass(frozen=True)
class Ranking:
    """The trials of one objective.

    Attributes:
        objective: The objective.
        trials: Best first: finished, running, stopped, pruned, failed.
        importance: Share of each hyperparameter; empty if too few trials are finished.
        winner: ``trial``, ``bundle`` and ``held_out`` of the best, once it is exported.
    """

    objective: Objective
    trials: Sequence[TrialSummary]
    importance: Mapping[str, float] = dataclasses.field(default_factory=dict)
    winner: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def finished(self) -> list[TrialSummary]:
        """The finished trials, best first."""
        return [each for each in self.trials if each.state == FINISHED]


class ObjectiveStudy:
    """The trials that one objective compares.

    Args:
        storage: See ``open_storage``.
        objective: The objective, with the same families at every call.
        space: The hyperparameters of all these families, the same at every call.
        recipes: What ``train`` would take, by family.

    Raises:
        TrainingError: The storage is damaged.
    """

    def __init__(
        self,
        storage: optuna.storages.BaseStorage,
        objective: Objective,
        space: Space,
        recipes: Mapping[str, Recipe],
    ) -> None:
        self.objective, self.recipes = objective, recipes
        families = objective.families
        epochs = recipes[families[0]].training.epochs
        self._distributions: dict[str, BaseDistribution] = {}
        if len(families) > 1:
            self._distributions["family"] = CategoricalDistribution(families)
        self._distributions.update({each.name: each.distribution for each in space})
        self._defaults = {each.name: each.default for each in space}
        self._current = 0
        self._study = optuna.create_study(
            study_name=objective.name,
            storage=storage,
            pruner=optuna.pruners.MedianPruner(
                n_startup_trials=max(4, len(families)),
                n_warmup_steps=min(max(epochs // 4, 2), 6),
                n_min_trials=3,
            ),
            load_if_exists=True,
        )
        # The same seed at every call would repeat the draws of the first one.
        self._study.sampler = optuna.samplers.TPESampler(seed=_SEED + len(self._trials()))
        self._retry_interrupted()
        self._enqueue_defaults()

    def _trials(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False)

    def _retry_interrupted(self) -> None:
        """Enqueue again what was running when the last call ended, for whatever reason."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            retry = optuna.storages.RetryHeartbeatStaleTrialCallback()
        trials = self._trials()
        retried = {
            number
            for each in trials
            if each.state == TrialState.WAITING
            for number in each.system_attrs.get("retry_history", ())
        }
        for left in [each for each in trials if each.state == TrialState.RUNNING]:
            label = left.user_attrs.get("label", 0)
            same = [each for each in trials if label and each.user_attrs.get("label") == label]
            starts = [each for each in same if not each.intermediate_values]
            if left.number not in retried and len(starts) < _MAX_STARTS:
                retry(self._study, left)
            self._study.tell(left.number, state=TrialState.FAIL)

    def _enqueue_defaults(self) -> None:
        """Enqueue each family's defaults, so that the search never ends below them."""
        begun = {each.user_attrs.get("usual") for each in self._trials()}
        for family in self.objective.families:
            if family not in begun:
                values = {**self._defaults, "family": family}
                self._study.enqueue_trial(
                    {name: values[name] for name in self._distributions},
                    user_attrs={"usual": family},
                )

    def last_number(self) -> int:
        """Return the highest number of a trial; 0 for none."""
        return max((each.user_attrs.get("label", 0) for each in self._trials()), default=0)

    def ask(self, number: int) -> Trial:
        """Begin a trial, or resume one that was stopped.

        Args:
            number: Number of a new trial; a resumed one keeps its own.

        Returns:
            The trial; ``summary`` has its number, family and values.
        """
        trial = self._study.ask(self._distributions)
        self._current = int(trial.user_attrs.get("label", number))
        trial.set_user_attr("label", self._current)
        trial.set_user_attr("family", trial.params.get("family", self.objective.families[0]))
        return trial

    def end(
        self, trial: Trial, state: str, value: float | None = None, **attributes: float | str
    ) -> None:
        """Record the end of a trial.

        Args:
            trial: The trial.
            state: ``finished``, ``pruned``, ``failed``; ``stopped`` lets the next call resume it.
            value: The objective of a finished trial.
            attributes: ``microseconds`` of a finished trial, ``reason`` of a failed one.
        """
        for name, each in attributes.items():
            trial.set_user_attr(name, each)
        if state != STOPPED:
            state_of = {name: each for each, name in _STATES.items()}
            self._study.tell(trial, value, state=state_of[state])
        self._current = 0

    def recipe(self, row: TrialSummary) -> Recipe:
        """Return a trial's recipe."""
        usual = self.recipes[row.family]
        bundle = dataclasses.replace(usual.bundle, id=row.bundle_name)
        return recipe_with(dataclasses.replace(usual, bundle=bundle), row.values)

    def trials(self) -> list[TrialSummary]:
        """Return all trials, best first: finished, running, stopped, pruned, failed."""
        latest: dict[int, FrozenTrial] = {}
        for each in self._trials():
            if "label" in each.user_attrs:
                latest[each.user_attrs["label"]] = each

        def rank(row: TrialSummary) -> tuple[int, float, int]:
            value = float("inf") if row.value is None else row.value
            return _ORDER.index(row.state), value, row.trial

        return sorted(map(self._summary, latest.values()), key=rank)

    def summary(self, number: int) -> TrialSummary:
        """Return the trial with a number."""
        return next(row for row in self.trials() if row.trial == number)

    def _summary(self, trial: FrozenTrial) -> TrialSummary:
        attributes, epochs = trial.user_attrs, trial.intermediate_values
        state = RUNNING if attributes["label"] == self._current else _STATES[trial.state]
        return TrialSummary(
            trial=attributes["label"],
            family=attributes.get("family", self.objective.families[0]),
            values={name: trial.params[name] for name in self._defaults if name in trial.params},
            state=state,
            value=trial.value if state == FINISHED else min(epochs.values(), default=None),
            epochs=len(epochs),
            microseconds=attributes.get("microseconds"),
            reason=attributes.get("reason", _NO_REASON) if state == FAILED else "",
        )

    def ranking(self) -> Ranking:
        """Return the trials with the importance of each hyperparameter, shares of 1.

        PED-ANOVA (Watanabe, Bansal and Hutter 2023): how far the values of the best quarter of
        the finished trials differ from those of all.
        """
        done = [each for each in self._trials() if each.state == TrialState.COMPLETE]
        importance: dict[str, float] = {}
        if len(done) >= MIN_FOR_IMPORTANCE:
            evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=_BEST_SHARE)
            importance = optuna.importance.get_param_importances(self._study, evaluator=evaluator)
        return Ranking(self.objective, self.trials(), importance)


def open_storage(path: Path) -> optuna.storages.RDBStorage:
    """Open the file of a search, or create it.

    Raises:
        TrainingError: It is damaged, or of another version of Optuna.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    url = URL.create("sqlite", database=str(path.absolute()))
    try:
        return optuna.storages.RDBStorage(url.render_as_string())
    except OperationalError:
        raise  # as on a full disk; see ``storage_errors``
    except (DatabaseError, optuna.exceptions.OptunaError, RuntimeError) as error:
        raise TrainingError(
            f"{path} is damaged or of another version of Optuna; name another --output to start "
            "a new search."
        ) from error


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn errors of the file of a search into a TrainingError, such as on a full disk."""
    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        reason = str(error.__cause__ or error).partition("\n")[0]
        raise TrainingError(
            f"{path} cannot be written ({reason}); free some space on its disk, then repeat the "
            "same call to resume."
        ) from error


def usual_recipe(family: str, encoding: str) -> Recipe:
    """Return what ``train`` would take for your own music, before it is fitted to its size."""
    return own_recipe(f"best_{family}", family, encoding)


def open_studies(
    path: Path,
    families: Sequence[str],
    encoding: str,
    split: Split,
    *,
    epochs: int | None,
    spaces: Callable[[str, str], Space],
) -> list[ObjectiveStudy]:
    """Open the studies of a search, one per objective, or create them.

    Raises:
        TrainingError: The file is damaged.
    """
    storage, studies = open_storage(path), []
    for objective in objectives_for(families, encoding):
        recipes = {
            family: with_epochs(fit_to_size(usual_recipe(family, encoding), split), epochs)
            for family in objective.families
        }
        space = spaces(objective.families[0], encoding)
        studies.append(ObjectiveStudy(storage, objective, space, recipes))
    return studies


def space_text(space: Space) -> str:
    """Return a space as one line of text, for a digest."""
    return json.dumps(
        [[each.name, distribution_to_json(each.distribution), each.default] for each in space]
    )
