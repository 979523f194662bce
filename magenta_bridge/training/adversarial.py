"""The training loop of the adversarial family, which is validated by features."""

from __future__ import annotations

import time

import keras
import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.bars import BarSampler, GeneratedHistory, tracks_of
from magenta_bridge.data.dataset import Tune
from magenta_bridge.data.splits import Split
from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.encodings.bars import bar_features, feature_distance
from magenta_bridge.errors import TrainingError, UnsupportedError
from magenta_bridge.models.gan.network import BarGAN, TwoRateAdam
from magenta_bridge.recipe import Recipe
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.fit import ARCHIVE_ERRORS, identity, load_archive
from magenta_bridge.training.loop import BatchReporter, Watcher, end_epoch

_FINAL_RATE = 0.02
_VALIDATION_SONGS, _VALIDATION_BARS = 256, 16
_PREDICT_BATCH = 256
_HISTORY_SONGS, _HISTORY_BARS = 1024, 20


def train_adversarial(recipe: Recipe, split: Split, run: Run, watcher: Watcher) -> Progress:
    """Train generator and critic, or resume their run.

    After each epoch songs are generated without a primer; the Jensen-Shannon distance of their
    features to those of the validation music (``progress.best_loss``) chooses the weights.

    Args:
        recipe: What to train; its ``network`` contains ``BarGAN``'s keyword arguments.
        split: The dataset; see ``bars.bars_of`` for two tracks.
        run: The checkpoints.
        watcher: Receives progress.

    Returns:
        The finished progress; its history contains the critic's curves.

    Raises:
        TrainingError: The run has another recipe or dataset, or there are too few bars.
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
    generator = _generator_model(network)
    goal = bar_features(validation.songs)
    kinds = _draw(validation.kinds, _VALIDATION_SONGS, 0)
    while not progress.finished:
        history = None
        if progress.epoch:
            history = _generate_history(generator, network, training, progress.epoch)
        _train_epoch(network, training, history, progress, watcher)
        songs = make_songs(generator, network, kinds, _VALIDATION_BARS, seed=0)
        distance = feature_distance(bar_features(list(songs)), goal)
        progress.record(validation_loss=distance)
        end_epoch(progress, recipe.training, distance)
        run.save(progress, network)
        watcher.on_epoch(progress)
    return progress


def build_gan(recipe: Recipe) -> BarGAN:
    """Build the recipe's network, untrained."""
    network = BarGAN(event_ids=pianoroll.EVENT_IDS, tracks=tracks_of(recipe), **recipe.network)
    network.build()
    return network


def read_gan(archive: bytes) -> BarGAN:
    """Load a network from a bundle's Keras archive.

    Raises:
        UnsupportedError: The archive contains no network of this family.
    """
    try:
        network = load_archive(archive)
    except ARCHIVE_ERRORS as error:
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


def _generator_model(network: BarGAN) -> keras.Model:
    ports = {
        "previous": keras.Input(network.shape_of_history, dtype="int32", name="previous"),
        "noise": keras.Input((network.noise_units,), name="noise"),
        "meter": keras.Input((pianoroll.METER_KINDS,), name="meter"),
    }
    return keras.Model(ports, network.generator(*ports.values())[0])


def _train_epoch(
    network: BarGAN,
    training: BarSampler,
    history: GeneratedHistory | None,
    progress: Progress,
    watcher: Watcher,
) -> None:
    started, epoch, batches = time.monotonic(), progress.epoch, training.batch_count()
    fitted = network.fit(
        training.batches(epoch, history),
        steps_per_epoch=batches,
        shuffle=False,
        verbose=0,
        callbacks=[
            BatchReporter(watcher, epoch, batches, training.batch * pianoroll.STEPS, "loss")
        ],
    )
    if not np.isfinite(fitted.history["loss"][0]):
        raise TrainingError("Training diverged to infinity; lower the learning rate.")
    progress.epoch = epoch + 1
    progress.record(
        **{name: values[0] for name, values in fitted.history.items()},
        seconds=time.monotonic() - started,
    )


def _generate_history(
    generator: keras.Model, network: BarGAN, training: BarSampler, epoch: int
) -> GeneratedHistory:
    drawn = _draw(training.kinds, _HISTORY_SONGS, epoch)
    kinds = np.concatenate([np.unique(training.kinds), drawn])
    return GeneratedHistory(make_songs(generator, network, kinds, _HISTORY_BARS, seed=epoch), kinds)


def _draw(kinds: NDArray[np.int32], count: int, seed: int) -> NDArray[np.int32]:
    drawn: NDArray[np.int32] = np.random.default_rng(seed).choice(kinds, count)
    return drawn


def make_songs(
    generator: keras.Model, network: BarGAN, kinds: NDArray[np.int32], bars: int, *, seed: int
) -> NDArray[np.int32]:
    """Generate songs from noise.

    Args:
        generator: The generator as a model of ``previous``, ``noise``, and one-hot ``meter``.
        network: Its network.
        kinds: Kind of meter of each song, ``(songs,)``.
        bars: Bars in a song.
        seed: Seed of the noise.

    Returns:
        ``(songs, bars, tracks, steps)`` compact ids.
    """
    rng = np.random.default_rng(seed)
    meter = np.eye(pianoroll.METER_KINDS, dtype=np.float32)[kinds]
    lasts = np.arange(pianoroll.STEPS) < np.array(pianoroll.BAR_STEPS)[kinds][:, None, None]
    span = pianoroll.HISTORY_BARS
    made = np.full((len(kinds), span, *network.shape_of_history[1:]), pianoroll.PAD, np.int32)
    for _ in range(bars):
        scores = generator.predict(
            {
                "previous": made[:, -span:],
                "noise": rng.standard_normal((len(kinds), network.noise_units), np.float32),
                "meter": meter,
            },
            batch_size=_PREDICT_BATCH,
            verbose=0,
        )
        bar = np.where(lasts, scores.argmax(axis=-1), 0).astype(np.int32)
        made = np.concatenate([made, bar[:, None]], axis=1)
    return made[:, span:]
