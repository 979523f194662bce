"""What a search varies and minimizes: hyperparameters with their ranges, and objectives."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from magenta_bridge.data.dataset import dataset_for
from magenta_bridge.recipe import Recipe, TrainingRecipe


@dataclass(frozen=True)
class Parameter:
    """A hyperparameter.

    Attributes:
        name: A key of a recipe's ``network`` or ``training``, or ``layers``.
        distribution: Its values.
        default: Value of the first trial, the network's own default.
    """

    name: str
    distribution: BaseDistribution
    default: float


Space: TypeAlias = tuple[Parameter, ...]


def _integer(name: str, low: int, high: int, default: int, step: int = 1) -> Parameter:
    return Parameter(name, IntDistribution(low, high, step=step), default)


def _logarithmic(name: str, low: float, high: float, default: float) -> Parameter:
    return Parameter(name, FloatDistribution(low, high, log=True), default)


def _recurrent(units: int, embedding: int, dropout: float) -> Space:
    """Return the parameters of recurrent layers; lookback is always on where a network has it."""
    return (
        _integer("layers", 1, 3, 2),
        _integer("units", 64, 384, units, step=32),
        _integer("embedding_units", 16, 128, embedding, step=16),
        Parameter("dropout", FloatDistribution(0.0, 0.5, step=0.05), dropout),
        Parameter("attention_steps", CategoricalDistribution((0, 16, 32, 64)), 0),
        _logarithmic("learning_rate", 3e-4, 1e-2, 2e-3),
    )


_GRID: Final = (*_recurrent(192, 64, 0.3), _integer("window_steps", 64, 256, 128, step=32))
_GROOVE: Final = (*_recurrent(192, 64, 0.3), _integer("window_steps", 128, 512, 256, step=64))
_POLYPHONY: Final = (
    *_recurrent(192, 64, 0.3),
    _integer("frame_units", 32, 160, 96, step=32),
    _integer("window_steps", 128, 512, 256, step=64),
)
_PERFORMANCE: Final = (
    *_recurrent(256, 128, 0.1),
    _integer("window_steps", 128, 512, 256, step=64),
)
# An adversarial network learns single bars, each after eight: no windows, layers or dropout.
_ADVERSARIAL: Final = (
    _integer("units", 64, 256, 192, step=32),
    _integer("critic_units", 32, 96, 64, step=16),
    _integer("embedding_units", 8, 32, 16, step=8),
    _logarithmic("adversarial_weight", 0.02, 0.5, 0.1),
    _logarithmic("learning_rate", 3e-4, 5e-3, 1e-3),
)
_SPACES: Final = {"groove": _GROOVE, "performance": _PERFORMANCE, "polyphony": _POLYPHONY}


def space_for(family: str, encoding: str) -> Space:
    """Return what is searched; ``lstm``, ``gru`` and ``rnn`` share the space of an encoding."""
    return _ADVERSARIAL if family == "gan" else _SPACES.get(encoding, _GRID)


def recipe_with(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """Return the recipe with hyperparameters, by name, in ``network`` and ``training``."""
    rest: dict[str, Any] = {name: _rounded(value) for name, value in values.items()}
    layers = rest.pop("layers", None)
    if layers is not None:
        rest["units"] = [rest["units"]] * layers
    known = {each.name for each in dataclasses.fields(TrainingRecipe)}
    training = {name: rest.pop(name) for name in list(rest) if name in known}
    return dataclasses.replace(
        recipe,
        network={**recipe.network, **rest},
        training=dataclasses.replace(recipe.training, **training),
    )


def _rounded(value: float) -> float:
    """Return 0.15 for 0.15000000000000002; integers stay integers."""
    return value if isinstance(value, int) else float(f"{value:.4g}")


@dataclass(frozen=True)
class Objective:
    """A score on the validation pieces, lower is better, and the families it compares.

    Attributes:
        name: One word.
        unit: Its unit.
        meaning: One sentence.
        families: Families whose scores are comparable.
    """

    name: str
    unit: str
    meaning: str
    families: tuple[str, ...]


def objectives_for(families: Sequence[str], encoding: str) -> list[Objective]:
    """Return the objectives of a search.

    Families that generate step by step predict the same ids at the same steps, so their
    likelihoods are comparable. The adversarial family writes whole bars in other ids and another
    key, and is selected by the distance of its music to human music (see
    ``training.adversarial``), which is an objective apart.
    """
    steps = tuple(family for family in families if family != "gan")
    objectives = []
    if steps:
        objectives.append(
            Objective(
                "likelihood",
                f"nats per {dataset_for(encoding).unit}",
                "Negative log-likelihood of whole validation pieces under the exported program.",
                steps,
            )
        )
    if "gan" in families:
        objectives.append(
            Objective(
                "distance",
                "distance to human music",
                "Distance of music generated without a primer to the validation pieces, in pitch "
                "classes, intervals, rhythm, density and repetition.",
                ("gan",),
            )
        )
    return objectives
