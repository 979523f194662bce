"""The training loop of the adversarial family: no likelihood, so features are the judge."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.bars import BarSampler, GeneratedHistory, tracks_of
from magenta_bridge.data.example import Tune
from magenta_bridge.data.splits import Split
from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.encodings.bars import bar_features, feature_distance
from magenta_bridge.errors import TrainingError, UnsupportedError
from magenta_bridge.models.gan.network import BarGAN, TwoRateAdam
from magenta_bridge.recipe import Recipe
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.fit import identity
from magenta_bridge.training.loop import Watcher

_FINAL_RATE = 0.02
_JUDGED, _JUDGED_BARS = 256, 16
_DREAM_BATCH = 256
_DREAMS, _DREAM_BARS = 1024, 20


def train_adversarial(recipe: Recipe, split: Split, run: Run, watcher: Watcher) -> Progress:
    """Trains generator and critic, or goes on where the run was cut.

    After each epoch songs are made from nothing, and the Jensen-Shannon distance of their
    features to those of the validation music (``progress.best_loss``) chooses the weights.

    Args:
        recipe: What to train; its ``network`` holds ``BarGAN``'s keyword arguments.
        split: The music; see ``bars.bars_of`` for two tracks.
        run: Where checkpoints live; ``run.load`` decides whether it is the same run.
        watcher: Receives progress.

    Returns:
        The finished progress; its history holds the critic's curves.

    Raises:
        TrainingError: The run is another's, or there are too few bars.
    """
    progress = run.load(identity(recipe, split))
    keras.utils.set_random_seed(recipe.training.seed)
    training, validation, test = (_sampler(recipe, tunes) for tunes in vars(split).values())
    if not (training.batch_count() and validation.songs and test.songs):
        raise TrainingError(
            "There is too little music in bars of 12 or 16 sixteenths to learn from, choose by and "
            "report on; add music in 4/4, 3/4 or 6/8."
        )
    network = run.load_model(progress) if progress.epoch else _new(recipe, training)
    judge = keras.Model(*_judge_ports(network))
    goal = bar_features(validation.songs)
    while not progress.finished:
        history = (
            _generate_history(judge, network, training, progress.epoch) if progress.epoch else None
        )
        _train_epoch(network, training, history, progress, watcher)
        made = make_songs(judge, network, _draw(validation.kinds, _JUDGED, 0), _JUDGED_BARS, seed=0)
        _note_distance(progress, feature_distance(bar_features(list(made)), goal), recipe)
        run.save(progress, network)
        watcher.on_epoch(progress)
    return progress


def build_gan(recipe: Recipe) -> BarGAN:
    """Makes the recipe's network, untrained."""
    network = BarGAN(event_ids=pianoroll.EVENT_IDS, tracks=tracks_of(recipe), **recipe.network)
    network.build()
    return network


def read_gan(archive: bytes) -> BarGAN:
    """Reads a network back from a bundle's Keras archive.

    Raises:
        UnsupportedError: The archive holds no network of this family.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.keras"
        path.write_bytes(archive)
        try:
            network = keras.saving.load_model(path)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UnsupportedError("The bundle holds no network that can be read.") from error
    if not isinstance(network, BarGAN):
        raise UnsupportedError(f"The bundle holds a {type(network).__name__}, not a BarGAN.")
    return network


def _sampler(recipe: Recipe, tunes: list[Tune]) -> BarSampler:
    return BarSampler(
        tunes,
        tracks=tracks_of(recipe),
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
        "meter": keras.Input((pianoroll.METER_KINDS,), name="meter"),
    }
    return ports, network.generator(ports["previous"], ports["noise"], ports["meter"])[0]


def _train_epoch(
    network: BarGAN,
    training: BarSampler,
    history: GeneratedHistory | None,
    progress: Progress,
    watcher: Watcher,
) -> None:
    began, epoch = time.monotonic(), progress.epoch
    fitted = network.fit(
        training.batches(epoch, history),
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


def _generate_history(
    judge: keras.Model, network: BarGAN, training: BarSampler, epoch: int
) -> GeneratedHistory:
    kinds = np.concatenate([np.unique(training.kinds), _draw(training.kinds, _DREAMS, epoch)])
    return GeneratedHistory(make_songs(judge, network, kinds, _DREAM_BARS, seed=epoch), kinds)


def _draw(kinds: NDArray[np.int32], count: int, seed: int) -> NDArray[np.int32]:
    drawn: NDArray[np.int32] = np.random.default_rng(seed).choice(kinds, count)
    return drawn


def make_songs(
    judge: keras.Model, network: BarGAN, kinds: NDArray[np.int32], bars: int, *, seed: int
) -> NDArray[np.int32]:
    """Makes songs from noise alone.

    Args:
        judge: The generator as a model of ``previous``, ``noise`` and one-hot ``meter``.
        network: Whose generator it is.
        kinds: Kind of meter of each song, ``(songs,)``.
        bars: Bars in a song.
        seed: Decides the noise.

    Returns:
        ``(songs, bars, tracks, steps)`` compact ids.
    """
    rng = np.random.default_rng(seed)
    meter = np.eye(pianoroll.METER_KINDS, dtype=np.float32)[kinds]
    lasts = np.arange(pianoroll.STEPS) < np.array(pianoroll.BAR_STEPS)[kinds][:, None, None]
    span = pianoroll.HISTORY_BARS
    made = np.full((len(kinds), span, *network.shape_of_history[1:]), pianoroll.PAD, np.int32)
    for _ in range(bars):
        scores = judge.predict(
            {
                "previous": made[:, -span:],
                "noise": rng.standard_normal((len(kinds), network.noise_units), np.float32),
                "meter": meter,
            },
            batch_size=_DREAM_BATCH,
            verbose=0,
        )
        bar = np.where(lasts, scores.argmax(axis=-1), 0).astype(np.int32)
        made = np.concatenate([made, bar[:, None]], axis=1)
    return made[:, span:]


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
