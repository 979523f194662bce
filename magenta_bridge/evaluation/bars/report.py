"""Distance of an adversarial generator's music from held-out music, beside n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.encodings.bars import Histogram, Song, bar_features, feature_distance
from magenta_bridge.evaluation.bars.likelihood import score_bar_ngram, score_bars
from magenta_bridge.evaluation.bars.ngram import BarNGram, as_pieces
from magenta_bridge.evaluation.features.duo import lines_of
from magenta_bridge.evaluation.features.grid import SAMPLE_BARS, draw_samples
from magenta_bridge.evaluation.likelihood import Score
from magenta_bridge.generators.generator import SequenceGenerator

_ORDERS: Final = (2, 5)


@dataclass(frozen=True)
class BarsReport:
    """Distances of bar features to those of the test songs; see ``bar_features``.

    Attributes:
        made: Of the generator's songs.
        human: Of the validation songs, as a reference.
        ngrams: Of songs drawn from n-grams of the training songs, by order.
        samples: Songs drawn from the generator and from each n-gram.
        network: Score of the network on the test songs.
        baseline: Order and score of the best n-gram.
    """

    made: float
    human: float
    ngrams: dict[int, float]
    samples: int
    network: Score
    baseline: tuple[int, Score]


def report_bars(
    generator: SequenceGenerator,
    network: Any,
    meters: Sequence[int],
    *,
    train: Sequence[Song],
    validation: Sequence[Song],
    test: Sequence[Song],
    samples: int = 200,
) -> BarsReport:
    """Draw songs of sixteen bars at the generator's own settings, and compares features.

    Args:
        generator: A generator of bars.
        network: What its program was exported from, a ``models.gan.network.BarGAN``.
        meters: Meters of the test songs, indices in ``METERS``, taken in turn.
        train: Songs that the n-grams count.
        validation: Songs of the reference.
        test: Songs compared with.
        samples: How many to draw, with the seeds 0, 1, 2, ...
    """
    tracks = test[0][1].shape[1]
    goal = _features(test)
    made = draw_songs(generator, meters, samples, tracks)
    ngrams: dict[int, float] = {}
    for order in _ORDERS:
        model = BarNGram(order, tracks)
        model.fit(as_pieces(train))
        drawn = [
            (kind, model.draw(kind, SAMPLE_BARS, np.random.default_rng(seed)))
            for seed, (kind, _) in enumerate(made)
        ]
        ngrams[order] = feature_distance(_features(drawn), goal)
    return BarsReport(
        made=feature_distance(_features(made), goal),
        human=feature_distance(_features(validation), goal),
        ngrams=ngrams,
        samples=samples,
        network=score_bars(network, test),
        baseline=score_bar_ngram(train, validation, test, tracks),
    )


def draw_songs(
    generator: SequenceGenerator, meters: Sequence[int], count: int, tracks: int
) -> list[Song]:
    """Draw songs from nothing, with the seeds 0, 1, 2, ..., as bars in the white keys."""
    songs = []
    for number, (music, bar) in enumerate(draw_samples(generator, meters, count)):
        kind, steps = pianoroll.meter_kind(meters[number % len(meters)])
        lines = lines_of(music, tracks, SAMPLE_BARS * bar)
        shift = pianoroll.white_shift(*lines)
        songs.append((kind, pianoroll.to_bars(lines, steps, shift=shift)))
    return songs


def _features(songs: Sequence[Song]) -> dict[str, Histogram]:
    return bar_features([bars for _, bars in songs])
