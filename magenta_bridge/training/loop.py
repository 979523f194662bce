"""The training loop of all step models: epochs, early stopping, checkpoints, resume."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import keras

from magenta_bridge.recipe import TrainingRecipe
from magenta_bridge.training.checkpoint import Progress, Run

_FINAL_RATE = 0.02
_WARMUP_BATCHES = 100
_CLIP_NORM = 1.0


class Watcher(Protocol):
    """Sees training go by; see ``training.progress`` for the one that draws a bar."""

    def on_batch(self, epoch: int, batch: int, batches: int, steps: int, loss: float) -> None:
        """Hears of a batch done: its place, the steps it held and the mean loss so far."""

    def on_epoch(self, progress: Progress) -> None:
        """Hears of an epoch done and saved."""


class Sampler(Protocol):
    """Deals music out in batches; see ``training.windows.WindowSampler``."""

    batch: int
    window_steps: int

    def batches(self, epoch: int) -> Iterator[tuple[Any, Any, Any]]:
        """Yields the batches of an epoch: network inputs, chosen ids, weights."""

    def batch_count(self, epoch: int) -> int:
        """Returns how many batches ``batches(epoch)`` yields."""


@dataclass(frozen=True)
class TrainingSet:
    """What ``train`` learns from and is judged on."""

    train: Sampler
    validation: Sampler


def compile_network(network: keras.Model, recipe: TrainingRecipe, batches: int) -> None:
    """Gives a network its optimizer and loss.

    Args:
        network: Built, not compiled.
        recipe: Learning rate and number of epochs.
        batches: Batches in an epoch.
    """
    updates = recipe.epochs * batches
    warmup = min(_WARMUP_BATCHES, max(updates // 10, 1))
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(updates - warmup, 1),
        alpha=_FINAL_RATE,
        warmup_target=recipe.learning_rate,
        warmup_steps=warmup,
    )
    network.compile(
        optimizer=keras.optimizers.Adam(rate, global_clipnorm=_CLIP_NORM),
        loss=keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction="mean_with_sample_weight"
        ),
        weighted_metrics=[
            keras.metrics.SparseCategoricalCrossentropy(from_logits=True, name="nats"),
            keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
        ],
    )


def train(
    build: Callable[[], keras.Model],
    data: TrainingSet,
    recipe: TrainingRecipe,
    *,
    run: Run,
    progress: Progress,
    watcher: Watcher,
) -> Progress:
    """Trains until the last epoch, or until validation has not improved for ``patience``.

    Goes on where ``progress`` stands. An interrupt (KeyboardInterrupt) passes through and
    costs the epoch under way; data order, transposition and dropout of an epoch depend only on
    the seed and its number, so a resumed run equals an uninterrupted one.

    Args:
        build: Makes the network, for a fresh start.
        data: Training and validation windows.
        recipe: How to train.
        run: Where to save.
        progress: From ``run.load``.
        watcher: Receives progress.

    Returns:
        The final progress, ``finished`` set; the best weights are ``run.best_weights``.
    """
    keras.utils.set_random_seed(recipe.seed)
    if progress.epoch:
        network = run.load_model(progress)
    else:
        network = build()
        compile_network(network, recipe, data.train.batch_count(0))
    while not progress.finished:
        _train_epoch(network, data, recipe, progress, watcher)
        run.save(progress, network)
        watcher.on_epoch(progress)
    return progress


def _train_epoch(
    network: keras.Model,
    data: TrainingSet,
    recipe: TrainingRecipe,
    progress: Progress,
    watcher: Watcher,
) -> None:
    epoch = progress.epoch
    batches = data.train.batch_count(epoch)
    _reseed_dropout(network, recipe.seed, epoch)
    began = time.monotonic()
    fitted = network.fit(
        data.train.batches(epoch),
        steps_per_epoch=batches,
        shuffle=False,
        verbose=0,
        callbacks=[_BatchReporter(watcher, epoch, batches, data.train)],
    )
    scores = network.evaluate(
        data.validation.batches(0),
        steps=data.validation.batch_count(0),
        verbose=0,
        return_dict=True,
    )
    progress.epoch = epoch + 1
    progress.record(
        loss=fitted.history["nats"][0],
        validation_loss=scores["nats"],
        validation_accuracy=scores["accuracy"],
        seconds=time.monotonic() - began,
    )
    if scores["nats"] < progress.best_loss:
        progress.best_loss, progress.best_epoch = float(scores["nats"]), progress.epoch
    waited = progress.epoch - progress.best_epoch
    progress.finished = progress.epoch >= recipe.epochs or waited >= recipe.patience


def _reseed_dropout(network: keras.Model, seed: int, epoch: int) -> None:
    numbers = itertools.count()
    for layer in network._flatten_layers():  # noqa: SLF001, RUF100 - Keras has no public walk
        if isinstance(layer, keras.layers.Dropout) and layer.rate > 0.0:
            layer.seed_generator.state.assign([seed, 1000 * epoch + next(numbers)])


class _BatchReporter(keras.callbacks.Callback):
    """Passes Keras's batch ends on to the watcher."""

    def __init__(self, watcher: Watcher, epoch: int, batches: int, sampler: Sampler) -> None:
        super().__init__()
        self._watcher = watcher
        self._place = (epoch, batches)
        self._steps = sampler.batch * sampler.window_steps

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        epoch, batches = self._place
        loss = float((logs or {}).get("nats", 0.0))
        self._watcher.on_batch(epoch, batch + 1, batches, self._steps, loss)
