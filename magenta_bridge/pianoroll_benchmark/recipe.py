"""How the networks of the published tables are built and trained."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import keras

from magenta_bridge.pianoroll_benchmark.network import RollNetwork
from magenta_bridge.pianoroll_benchmark.rolls import Roll, RollSampler, RollSplit
from magenta_bridge.recipe import TrainingRecipe
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.loop import Watcher, train

# Size -> maximum number of parameters: those of Chung et al. 2014 and of the TCN paper.
SIZES: Final[Mapping[str, int]] = {"20k": 20_000, "300k": 300_000, "1m": 1_000_000}


@dataclass(frozen=True)
class _Settings:
    """Settings for a dataset and an output.

    Tuned by hand on JSB_Chorales and Nottingham; those of the other two are similar.

    Attributes:
        epochs: Maximum number of epochs.
        window: Frames in a window; more than the longest lookback.
        batch: Windows in a batch; smaller for small datasets, for enough updates.
        dropout: Share of features dropped in training, for size 300k.
        lookback: Distances at which the music repeats, in frames.
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
_SETTINGS: Final[Mapping[tuple[str, str], _Settings]] = {
    ("JSB_Chorales", "sigmoid"): _Settings(150, 64, 4, 0.1),
    ("JSB_Chorales", "joint"): _Settings(100, 64, 4, 0.3),
    # Its chords and keys are few, so each key is learned separately.
    ("Nottingham", "sigmoid"): _Settings(15, 192, 2, 0.1, _DANCES, (0, 0)),
    ("Nottingham", "joint"): _Settings(15, 192, 8, 0.1, _DANCES),
    ("MuseData", "sigmoid"): _Settings(12, 128, 4, 0.1),
    ("MuseData", "joint"): _Settings(12, 128, 8, 0.15),
    ("Piano_midi", "sigmoid"): _Settings(30, 128, 4, 0.2),
    ("Piano_midi", "joint"): _Settings(30, 128, 8, 0.3),
}
# Factor of the dropout, by size.
_DROPOUT: Final[Mapping[str, float]] = {"20k": 0.0, "300k": 1.0, "1m": 1.5}
_RATE: Final[Mapping[str, float]] = {"sigmoid": 4e-3, "joint": 2e-3}


@dataclass(frozen=True)
class RollKind:
    """A row of the tables.

    Attributes:
        dataset: One of ``rolls.DATASETS``.
        cell: ``lstm``, ``gru``, or ``rnn``.
        size: One of ``SIZES``.
        output: ``sigmoid`` or ``joint``; see ``RollNetwork``.
    """

    dataset: str
    cell: str
    size: str
    output: str

    @property
    def name(self) -> str:
        """Name of the row."""
        return f"{self.dataset}-{self.cell}-{self.size}-{self.output}".lower()


@dataclass(frozen=True)
class RollRecipe:
    """Everything that determines the weights, except the dataset.

    Attributes:
        network: Arguments of ``RollNetwork``.
        training: How it is trained.
    """

    network: Mapping[str, Any]
    training: TrainingRecipe


def recipe_for(kind: RollKind, seed: int, epochs: int | None = None) -> RollRecipe:
    """Return the recipe of a row.

    Args:
        kind: The row.
        seed: Seed of weights, order, transposition, and dropout.
        epochs: Maximum number of epochs; None for the row's own.
    """
    settings = _SETTINGS[kind.dataset, kind.output]
    network = {
        "cell": kind.cell,
        "output": kind.output,
        "lookback": settings.lookback,
        "dropout": _DROPOUT[kind.size] * settings.dropout,
    }
    width = _widest(network, SIZES[kind.size])
    passes = epochs or settings.epochs
    training = TrainingRecipe(
        seed=seed,
        epochs=passes,
        patience=passes,
        window_steps=settings.window,
        batch=settings.batch,
        learning_rate=_RATE[kind.output],
        transpose=settings.transpose,
    )
    return RollRecipe({**network, **_widths(kind.output, width)}, training)


def _widths(output: str, width: int) -> dict[str, Any]:
    decoder = {"pitch_units": max(width // 4, 8)} if output == "sigmoid" else {"chord_units": width}
    return {"units": (width,), "embedding_units": max(width // 2, 8), **decoder}


def _widest(network: Mapping[str, Any], parameters: int) -> int:
    """Return the largest width with at most ``parameters`` parameters."""
    # A recurrent layer has at least the square of its width in parameters.
    low, high = 1, math.isqrt(parameters)
    while low < high:
        middle = (low + high + 1) // 2
        built = RollNetwork(**network, **_widths(network["output"], middle))
        built.build()
        low, high = (middle, high) if built.count_params() <= parameters else (low, middle - 1)
    return low


def build_rolls(recipe: RollRecipe) -> keras.Model:
    """Build the recipe's network, untrained."""
    network = RollNetwork(**recipe.network)
    network.build()
    return network


def train_rolls(
    recipe: RollRecipe, split: RollSplit, *, run: Run, watcher: Watcher
) -> tuple[keras.Model, Progress]:
    """Train a network, or resume its run.

    Args:
        recipe: What to train and how.
        split: The dataset; the validation pieces choose the epoch.
        run: The checkpoints.
        watcher: Receives progress.

    Returns:
        The network with the weights of its best epoch, and the finished progress.

    Raises:
        TrainingError: The run belongs to another recipe or dataset, or a checkpoint is damaged.
    """
    identity = {
        "network": dict(recipe.network),
        "training": vars(recipe.training),
        "music": [_digest(split.train), _digest(split.validation)],
    }
    progress = run.load(identity)
    keras.utils.set_random_seed(recipe.training.seed)
    network = build_rolls(recipe)
    progress = train(
        lambda: build_rolls(recipe),
        _sampler(recipe, split.train, recipe.training.transpose),
        _sampler(recipe, split.validation, (0, 0)),
        recipe.training,
        run=run,
        progress=progress,
        watcher=watcher,
    )
    network.load_weights(run.best_weights)
    return network, progress


def _sampler(recipe: RollRecipe, rolls: Sequence[Roll], transpose: tuple[int, int]) -> RollSampler:
    training = recipe.training
    return RollSampler(
        rolls,
        recipe.network["output"],
        window_steps=training.window_steps,
        batch=training.batch,
        transpose=transpose,
        seed=training.seed,
    )


def _digest(rolls: Sequence[Roll]) -> str:
    whole = hashlib.sha256()
    for roll in rolls:
        whole.update(len(roll).to_bytes(8, "little") + roll.tobytes())
    return whole.hexdigest()
