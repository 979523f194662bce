"""How the networks of the published tables are made and trained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from magenta_bridge.pianoroll_benchmark.network import RollNetwork
from magenta_bridge.recipe import TrainingRecipe

# Name of a size -> most parameters. Those of Chung et al. 2014 and of the TCN paper.
SIZES: Final[Mapping[str, int]] = {"20k": 20_000, "300k": 300_000, "1m": 1_000_000}


@dataclass(frozen=True)
class _Habits:
    """What the music of a dataset, and what is asked of it, ask for.

    Found by hand on JSB_Chorales and Nottingham; the other two took theirs by likeness.

    Attributes:
        epochs: Passes over the training pieces.
        window: Frames that the gradient reaches back; more than the longest lookback.
        batch: Windows in an update; small music wants small ones, so that there are enough.
        dropout: Share of features dropped while training, of a network of 300k.
        lookback: Distances at which the music comes back, in frames.
        transpose: Lowest and highest transposition in semitones.
    """

    epochs: int
    window: int
    batch: int
    dropout: float
    lookback: tuple[int, ...] = ()
    transpose: tuple[int, int] = (-5, 6)


# Two, four, six, eight and twelve bars of 4/4 or of 3/4, at eight or six frames a bar.
_DANCES: Final = (16, 32, 48, 64, 96)
_HABITS: Final[Mapping[tuple[str, str], _Habits]] = {
    ("JSB_Chorales", "sigmoid"): _Habits(150, 64, 4, 0.1),
    ("JSB_Chorales", "joint"): _Habits(100, 64, 4, 0.3),
    # Chords of few kinds: which pitches go together is learned in each key by itself, and the
    # tunes keep to few keys.
    ("Nottingham", "sigmoid"): _Habits(15, 192, 2, 0.1, _DANCES, (0, 0)),
    ("Nottingham", "joint"): _Habits(15, 192, 8, 0.1, _DANCES),
    ("MuseData", "sigmoid"): _Habits(12, 128, 4, 0.1),
    ("MuseData", "joint"): _Habits(12, 128, 8, 0.15),
    ("Piano_midi", "sigmoid"): _Habits(30, 128, 4, 0.2),
    ("Piano_midi", "joint"): _Habits(30, 128, 8, 0.3),
}
# A small network forgets nothing it need not, and a large one learns too much by heart.
_DROPOUT: Final[Mapping[str, float]] = {"20k": 0.0, "300k": 1.0, "1m": 1.5}
_RATE: Final[Mapping[str, float]] = {"sigmoid": 4e-3, "joint": 2e-3}


@dataclass(frozen=True)
class RollKind:
    """A row of the tables.

    Attributes:
        dataset: One of ``evaluation.rolls.DATASETS``.
        cell: ``lstm``, ``gru`` or ``rnn``.
        size: One of ``SIZES``.
        output: ``sigmoid`` or ``joint``; see ``RollNetwork``.
    """

    dataset: str
    cell: str
    size: str
    output: str

    @property
    def name(self) -> str:
        """What a saved row is called."""
        return f"{self.dataset}-{self.cell}-{self.size}-{self.output}".lower()


@dataclass(frozen=True)
class RollRecipe:
    """Everything that decides the weights, but the music.

    Attributes:
        network: Arguments of ``RollNetwork``.
        training: How it learns.
    """

    network: Mapping[str, Any]
    training: TrainingRecipe


def recipe_for(kind: RollKind, seed: int, epochs: int | None = None) -> RollRecipe:
    """Returns the recipe of a row.

    Args:
        kind: The row.
        seed: Decides weights, order, transposition and dropout.
        epochs: Most passes over the training pieces; None for the recipe's own.
    """
    habits = _HABITS[kind.dataset, kind.output]
    network = {
        "cell": kind.cell,
        "output": kind.output,
        "lookback": habits.lookback,
        "dropout": _DROPOUT[kind.size] * habits.dropout,
    }
    width = _widest(network, SIZES[kind.size])
    passes = epochs or habits.epochs
    training = TrainingRecipe(
        seed=seed,
        epochs=passes,
        patience=passes,
        window_steps=habits.window,
        batch=habits.batch,
        learning_rate=_RATE[kind.output],
        transpose=habits.transpose,
    )
    return RollRecipe({**network, **_widths(kind.output, width)}, training)


def _widths(output: str, width: int) -> dict[str, Any]:
    decoder = {"pitch_units": max(width // 4, 8)} if output == "sigmoid" else {"chord_units": width}
    return {"units": (width,), "embedding_units": max(width // 2, 8), **decoder}


def _widest(network: Mapping[str, Any], parameters: int) -> int:
    """Returns the greatest width with at most so many parameters."""
    # A recurrent layer has at least the square of its width.
    low, high = 1, math.isqrt(parameters)
    while low < high:
        middle = (low + high + 1) // 2
        built = RollNetwork(**network, **_widths(network["output"], middle))
        built.build()
        low, high = (middle, high) if built.count_params() <= parameters else (low, middle - 1)
    return low
