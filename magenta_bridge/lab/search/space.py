"""What a search may turn: the hyperparameters of each kind of network, and their ranges."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from magenta_bridge.recipe import Recipe, TrainingRecipe


@dataclass(frozen=True)
class Range:
    """A number within bounds, both included.

    Attributes:
        name: A key of a recipe's ``network`` or ``training``, or ``layers``.
        low: Lowest value.
        high: Highest value.
        usual: What is tried first; the networks' own default.
        step: Distance of neighboring values; 0 for any value, drawn on a logarithmic scale.
    """

    name: str
    low: float
    high: float
    usual: float
    step: float = 0.0


@dataclass(frozen=True)
class Categorical:
    """One of several values; see ``Range``."""

    name: str
    values: tuple[int, ...]
    usual: int


Dial: TypeAlias = Range | Categorical
Space: TypeAlias = tuple[Dial, ...]


def _stack(units: int, embedding: int, dropout: float) -> Space:
    """Returns the dials of recurrent layers.

    No network is searched without lookback: those that can look bars back always do, and what
    attention adds to that is a dial.
    """
    return (
        Range("layers", 1, 3, 2, step=1),
        Range("units", 64, 384, units, step=32),
        Range("embedding_units", 16, 128, embedding, step=16),
        Range("dropout", 0.0, 0.5, dropout, step=0.05),
        Categorical("attention_steps", (0, 16, 32, 64), 0),
        Range("learning_rate", 3e-4, 1e-2, 2e-3),
    )


_GRID: Final = (*_stack(192, 64, 0.3), Range("window_steps", 64, 256, 128, step=32))
_FRAMES: Final = (
    *_stack(192, 64, 0.3),
    Range("frame_units", 32, 160, 96, step=32),
    Range("window_steps", 128, 512, 256, step=64),
)
_STREAM: Final = (*_stack(256, 128, 0.1), Range("window_steps", 128, 512, 256, step=64))
# It learns whole bars, each behind eight: there are no windows, layers or dropout to choose.
_BARS: Final = (
    Range("units", 64, 256, 192, step=32),
    Range("critic_units", 32, 96, 64, step=16),
    Range("embedding_units", 8, 32, 16, step=8),
    Range("adversarial_weight", 0.02, 0.5, 0.1),
    Range("learning_rate", 3e-4, 5e-3, 1e-3),
)
_SPACES: Final = {"performance": _STREAM, "polyphony": _FRAMES}


def space_for(family: str, encoding: str) -> Space:
    """Returns what is searched; the step families of an encoding share one space.

    Args:
        family: Model family.
        encoding: Encoding.
    """
    return _BARS if family == "gan" else _SPACES.get(encoding, _GRID)


def usual_values(space: Space) -> dict[str, Any]:
    """Returns the values that ``train`` would take, to be tried first."""
    return {dial.name: dial.usual for dial in space}


def recipe_with(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """Returns the recipe with values of a search in the places they belong to.

    Args:
        recipe: The family's usual recipe.
        values: By name of dial.
    """
    rest: dict[str, Any] = {name: _plain(value) for name, value in values.items()}
    layers = rest.pop("layers", None)
    if layers is not None:
        rest["units"] = [rest["units"]] * layers
    learned = {each.name for each in dataclasses.fields(TrainingRecipe)}
    training = {name: rest.pop(name) for name in list(rest) if name in learned}
    return dataclasses.replace(
        recipe,
        network={**recipe.network, **rest},
        training=dataclasses.replace(recipe.training, **training),
    )


def _plain(value: float) -> float:
    """Returns a number as one would write it: 0.15, not 0.15000000000000002."""
    return value if isinstance(value, int) else float(f"{value:.4g}")
