"""The training loop of the adversarial family: no likelihood, so features are the judge."""

from __future__ import annotations

import time

import keras
import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import pianoroll
from magenta_bridge.errors import TrainingError
from magenta_bridge.models.gan.network import BarGAN, TwoRateAdam
from magenta_bridge.training.bar_features import bar_features, feature_distance
from magenta_bridge.training.bars import BarSampler
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.families import Split
from magenta_bridge.training.loop import Watcher
from magenta_bridge.training.recipe import Recipe
from magenta_bridge.training.tunes import Tune

_FINAL_RATE = 0.02
_JUDGED_SONGS = 128
_JUDGED_BARS = 12


def train_adversarial(recipe: Recipe, split: Split, run: Run, watcher: Watcher) -> Progress:
    """Trains generator and critic, or goes on where the run was cut.

    After each epoch songs are made from nothing, and the Jensen-Shannon distance of their
    features to those of the validation music (``progress.best_loss``) chooses the weights.

    Args:
        recipe: What to train; its ``network`` holds ``BarGAN``'s keyword arguments.
        split: The music; see ``bars.bars_of`` for two tracks.
        run: Where checkpoints live; ``run.load`` decides whether it is the same run.
        watcher: Told of progress.

    Returns:
        The finished progress; its history holds the critic's curves.

    Raises:
        TrainingError: The run is another's, or there are no bars to learn.
    """
    # Imported here: ``session`` imports this module.
    from magenta_bridge.training.session import identity

    progress = run.load(identity(recipe, split))
    keras.utils.set_random_seed(recipe.training.seed)
    training, validation = (_sampler(recipe, tunes) for tunes in (split.train, split.validation))
    if not training.batch_count() or not validation.songs:
        raise TrainingError(
            "There are no bars of 12 or 16 sixteenths to learn from; add music in 4/4, 3/4, 6/8."
        )
    network = run.load_model(progress) if progress.epoch else _new(recipe, training)
    judge = keras.Model(*_judge_ports(network))
    goal = bar_features(validation.songs)
    while not progress.finished:
        _train_epoch(network, training, progress, watcher)
        made = make_songs(judge, network, validation.kinds, seed=recipe.training.seed)
        _note_distance(progress, feature_distance(bar_features(made), goal), recipe)
        run.save(progress, network)
        watcher.on_epoch(progress)
    return progress


def build_gan(recipe: Recipe) -> BarGAN:
    """Makes the recipe's network, untrained."""
    tracks = 2 if recipe.bundle.encoding == "duo" else 1
    network = BarGAN(event_ids=pianoroll.EVENT_IDS, tracks=tracks, **recipe.network)
    network.build()
    return network


def _sampler(recipe: Recipe, tunes: list[Tune]) -> BarSampler:
    return BarSampler(
        tunes,
        tracks=2 if recipe.bundle.encoding == "duo" else 1,
        noise_units=int(recipe.network.get("noise_units", 32)),
        batch=recipe.training.batch,
        seed=recipe.training.seed,
    )


def _new(recipe: Recipe, training: BarSampler) -> BarGAN:
    network = build_gan(recipe)
    rate = keras.optimizers.schedules.CosineDecay(
        recipe.training.learning_rate,
        decay_steps=max(recipe.training.epochs * training.batch_count(), 1),
        alpha=_FINAL_RATE,
    )
    network.compile(optimizer=TwoRateAdam(rate, beta_1=0.5, beta_2=0.99))
    return network


def _judge_ports(network: BarGAN) -> tuple[dict[str, keras.KerasTensor], keras.KerasTensor]:
    ports = {
        "previous": keras.Input(network.shape_of_history, dtype="int32", name="previous"),
        "noise": keras.Input((network.noise_units,), name="noise"),
        "meter": keras.Input((3,), name="meter"),
    }
    return ports, network.generator(ports["previous"], ports["noise"], ports["meter"])


def _train_epoch(
    network: BarGAN, training: BarSampler, progress: Progress, watcher: Watcher
) -> None:
    began, epoch = time.monotonic(), progress.epoch
    fitted = network.fit(
        training.batches(epoch),
        steps_per_epoch=training.batch_count(),
        shuffle=False,
        verbose=0,
        callbacks=[_BatchReporter(watcher, epoch, training)],
    )
    if not np.isfinite(fitted.history["loss"][0]):
        raise TrainingError("Training has run away to infinity; lower the learning rate.")
    progress.epoch = epoch + 1
    progress.record(
        **{name: values[0] for name, values in fitted.history.items()},
        seconds=time.monotonic() - began,
    )


def _note_distance(progress: Progress, distance: float, recipe: Recipe) -> None:
    progress.record(validation_loss=distance)
    if distance < progress.best_loss:
        progress.best_loss, progress.best_epoch = distance, progress.epoch
    waited = progress.epoch - progress.best_epoch
    progress.finished = (
        progress.epoch >= recipe.training.epochs or waited >= recipe.training.patience
    )


def make_songs(
    judge: keras.Model, network: BarGAN, kinds: NDArray[np.int32], *, seed: int
) -> list[NDArray[np.int32]]:
    """Makes songs of twelve bars from noise alone.

    Args:
        judge: The generator as a model of ``previous``, ``noise`` and one-hot ``meter``.
        network: Whose generator it is.
        kinds: Kinds of meter to draw from.
        seed: Decides meters and noise.

    Returns:
        128 songs ``(bars, tracks, steps)`` of compact ids.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.choice(kinds, _JUDGED_SONGS)
    meter = np.eye(3, dtype=np.float32)[drawn]
    lasts = np.arange(pianoroll.STEPS) < np.where(drawn == 0, 16, 12)[:, None, None]
    heard = np.full((_JUDGED_SONGS, *network.shape_of_history), pianoroll.PAD, dtype=np.int32)
    bars = []
    for _ in range(_JUDGED_BARS):
        noise = rng.standard_normal((_JUDGED_SONGS, network.noise_units)).astype(np.float32)
        logits = judge.predict_on_batch({"previous": heard, "noise": noise, "meter": meter})
        bars.append(np.where(lasts, logits.argmax(axis=-1), 0).astype(np.int32))
        heard = np.concatenate([heard[:, 1:], bars[-1][:, None]], axis=1)
    return list(np.stack(bars, axis=1))


class _BatchReporter(keras.callbacks.Callback):
    """Passes Keras's batch ends on to the watcher."""

    def __init__(self, watcher: Watcher, epoch: int, sampler: BarSampler) -> None:
        super().__init__()
        self._watcher, self._epoch, self._sampler = watcher, epoch, sampler

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        loss = float((logs or {}).get("loss", 0.0))
        sampler = self._sampler
        steps = sampler.batch * pianoroll.STEPS
        self._watcher.on_batch(self._epoch, batch + 1, sampler.batch_count(), steps, loss)
