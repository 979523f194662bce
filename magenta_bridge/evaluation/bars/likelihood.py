"""Likelihood of held-out bars under an adversarial network, and under n-grams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.encodings.bars import Song
from magenta_bridge.evaluation.bars.ngram import BarNGram, as_pieces
from magenta_bridge.evaluation.likelihood import Score, StepLikelihoods, log_likelihood, total

_HIGHEST_ORDER: Final = 6
_BATCH: Final = 256


def score_bars(network: Any, songs: Sequence[Song]) -> Score:
    """Score every step of every bar given the real bars and steps before it.

    Args:
        network: A ``models.gan.network.BarGAN``.
        songs: Held-out songs.

    Returns:
        The sum over all steps that a bar has, of all tracks; steps beyond it do not count.
    """
    return total(each.score for each in bar_likelihoods(network, songs))


def bar_likelihoods(network: Any, songs: Sequence[Song]) -> Iterator[StepLikelihoods]:
    """Score every step of every bar, tracks in turn; see ``score_bars``."""
    reader = _reader_of(network)
    for kind, bars in songs:
        yield _song_likelihood(reader, network.event_ids, kind, bars)


def score_bar_ngram(
    train: Sequence[Song], validation: Sequence[Song], test: Sequence[Song], tracks: int
) -> tuple[int, Score]:
    """Score an n-gram with meter and position in the bar, on the steps of ``score_bars``.

    Args:
        train: Songs to count.
        validation: Songs that choose the order, 0 to 6.
        test: Songs to report on.
        tracks: Lines that sound together.

    Returns:
        The chosen order and its score.
    """
    model = BarNGram(_HIGHEST_ORDER, tracks)
    model.fit(as_pieces(train))
    chosen = [score.nats_per_step for score in model.score(as_pieces(validation))]
    order = int(np.argmin(chosen))
    return order, model.score(as_pieces(test))[order]


def _reader_of(network: Any) -> keras.Model:
    """Return a model that reads given bars: their logits, step by step."""
    _, tracks, steps = network.shape_of_history
    previous = keras.Input(network.shape_of_history, dtype="int32")
    meter = keras.Input((pianoroll.METER_KINDS,))
    bar = keras.Input((tracks, steps, network.event_ids))
    noise = ops.zeros((0, network.noise_units))
    return keras.Model([previous, meter, bar], network.generator(previous, noise, meter, bar)[0])


def _song_likelihood(
    reader: keras.Model, event_ids: int, kind: int, bars: NDArray[np.int32]
) -> StepLikelihoods:
    span = pianoroll.HISTORY_BARS
    padding = np.full((span, *bars.shape[1:]), pianoroll.PAD, dtype=np.int32)
    padded = np.concatenate([padding, bars])
    logits = reader.predict(
        [
            np.stack([padded[at : at + span] for at in range(len(bars))]),
            np.repeat(np.eye(pianoroll.METER_KINDS, dtype=np.float32)[[kind]], len(bars), axis=0),
            np.eye(event_ids, dtype=np.float32)[bars],
        ],
        batch_size=_BATCH,
        verbose=0,
    )
    steps = pianoroll.BAR_STEPS[kind]
    # Step by step, tracks in turn, as the pieces of a duo are written.
    rows = logits[:, :, :steps].transpose(0, 2, 1, 3).reshape(-1, event_ids)
    return log_likelihood(rows, bars[:, :, :steps].transpose(0, 2, 1).ravel())
