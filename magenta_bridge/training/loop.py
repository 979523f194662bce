"""The training loop of step networks: epochs, early stopping, checkpoints, resume."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Protocol

import keras

from magenta_bridge.data.windows import EpochSampler
from magenta_bridge.recipe import TrainingRecipe
from magenta_bridge.training.checkpoint import Progress, Run

_FINAL_RATE = 0.02
_WARMUP_BATCHES = 100
_CLIP_NORM = 1.0


class Watcher(Protocol):
    """Receives the progress of training; see ``training.callbacks``."""

    def on_batch(self, epoch: int, batch: int, batches: int, steps: int, loss: float) -> None:
        """Receive a finished batch: its place, its steps, and the mean loss so far."""

    def on_epoch(self, progress: Progress) -> None:
        """Receive a finished and saved epoch."""


def compile_network(network: keras.Model, recipe: TrainingRecipe, batches: int) -> None:
    """Set the optimizer and loss of a built network, for ``batches`` per epoch."""
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
    training: EpochSampler,
    validation: EpochSampler,
    recipe: TrainingRecipe,
    *,
    run: Run,
    progress: Progress,
    watcher: Watcher,
) -> Progress:
    """Train until the last epoch, or until validation has not improved for ``patience`` epochs.

    Resumes from ``progress``. A KeyboardInterrupt loses the current epoch; data order,
    transposition, and dropout of an epoch depend only on the seed and its number, so a resumed run
    equals an uninterrupted one.

    Args:
        build: Builds the network of a new run.
        training: Training windows.
        validation: Validation windows.
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
        compile_network(network, recipe, training.batch_count(0))
    while not progress.finished:
        _train_epoch(network, training, validation, recipe, progress, watcher)
        run.save(progress, network)
        watcher.on_epoch(progress)
    return progress


def _train_epoch(  # noqa: PLR0917
    network: keras.Model,
    training: EpochSampler,
    validation: EpochSampler,
    recipe: TrainingRecipe,
    progress: Progress,
    watcher: Watcher,
) -> None:
    epoch = progress.epoch
    batches = training.batch_count(epoch)
    _reseed_dropout(network, recipe.seed, epoch)
    started = time.monotonic()
    steps = training.batch * training.window_steps
    fitted = network.fit(
        training.batches(epoch),
        steps_per_epoch=batches,
        shuffle=False,
        verbose=0,
        callbacks=[BatchReporter(watcher, epoch, batches, steps, "nats")],
    )
    scores = network.evaluate(
        validation.batches(0), steps=validation.batch_count(0), verbose=0, return_dict=True
    )
    progress.epoch = epoch + 1
    progress.record(
        loss=fitted.history["nats"][0],
        validation_loss=scores["nats"],
        validation_accuracy=scores["accuracy"],
        seconds=time.monotonic() - started,
    )
    end_epoch(progress, recipe, float(scores["nats"]))


def end_epoch(progress: Progress, recipe: TrainingRecipe, validation_loss: float) -> None:
    """Record whether the epoch is the best so far, and whether it is the last."""
    if validation_loss < progress.best_loss:
        progress.best_loss, progress.best_epoch = validation_loss, progress.epoch
    waited = progress.epoch - progress.best_epoch
    progress.finished = progress.epoch >= recipe.epochs or waited >= recipe.patience


def _reseed_dropout(network: keras.Model, seed: int, epoch: int) -> None:
    numbers = itertools.count()
    for layer in network._flatten_layers():  # noqa: SLF001, RUF100 - Keras has no public walk
        if isinstance(layer, keras.layers.Dropout) and layer.rate > 0.0:
            layer.seed_generator.state.assign([seed, 1000 * epoch + next(numbers)])


class BatchReporter(keras.callbacks.Callback):
    """Reports the batches of an epoch, of ``steps`` each, and a metric to a watcher."""

    def __init__(self, watcher: Watcher, epoch: int, batches: int, steps: int, metric: str) -> None:
        super().__init__()
        self._watcher, self._metric = watcher, metric
        self._epoch, self._batches, self._steps = epoch, batches, steps

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Report a batch."""
        loss = float((logs or {}).get(self._metric, 0.0))
        self._watcher.on_batch(self._epoch, batch + 1, self._batches, self._steps, loss)
