"""Distance and likelihood of bars, compared with cases computed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.encodings.bars import Song, bar_features, feature_distance, together
from magenta_bridge.evaluation.bars.card import bars_section, comparison_of, gain_of
from magenta_bridge.evaluation.bars.likelihood import bar_likelihoods, score_bar_ngram, score_bars
from magenta_bridge.evaluation.bars.ngram import BarNGram, as_pieces
from magenta_bridge.evaluation.bars.report import BarsReport
from magenta_bridge.evaluation.likelihood import Score
from magenta_bridge.models.gan.network import BarGAN
from tests.training.step_by_step import step_by_step

REPORT = BarsReport(
    made=0.02,
    human=0.01,
    ngrams={2: 0.05, 5: 0.03},
    samples=200,
    network=Score(nats=50.0, hits=80, steps=100),
    baseline=(4, Score(nats=100.0, hits=60, steps=100)),
)


@pytest.fixture(scope="module", autouse=True)
def _no_graphs() -> Iterator[None]:
    """Songs here are too few for them."""
    with step_by_step():
        yield


def _song(kind: int, bars: int, tracks: int = 1, seed: int = 0) -> Song:
    rng = np.random.default_rng(seed)
    made = rng.integers(0, 12, (bars, tracks, pianoroll.STEPS)).astype(np.int32)
    made[:, :, pianoroll.BAR_STEPS[kind] :] = 0
    return kind, made


def _bar(*ids: int) -> NDArray[np.int32]:
    bar = np.zeros(pianoroll.STEPS, dtype=np.int32)
    bar[: len(ids)] = ids
    return bar


def _network(tracks: int) -> BarGAN:
    keras.utils.set_random_seed(5)
    network = BarGAN(
        pianoroll.EVENT_IDS, tracks=tracks, units=8, critic_units=8, embedding_units=4, name="tiny"
    )
    network.build()
    return network


def test_features_count_what_is_there() -> None:
    """Two bars: a step of two semitones, then one of twelve down, over a bar line."""
    song = np.stack([_bar(12, 0, 0, 0, 14), _bar(2)])[:, None]
    found = bar_features([song])
    assert found["pitch class 0"][12 % 12] == pytest.approx(1 / 3)
    assert found["interval 0"][12 + 2] == found["interval 0"][12 - 12] == pytest.approx(0.5)
    assert found["gap 0"][4] == found["gap 0"][12] == pytest.approx(0.5)
    assert found["place 0"][0] == pytest.approx(2 / 3)
    assert found["notes 0"][2] == found["notes 0"][1] == pytest.approx(0.5)
    assert found["repeats 0"][14] == 1.0


def test_lines_sound_together_where_both_sound() -> None:
    """A lead of f' over a bass of F and then silence: a fourth of twelve is no interval at all."""
    lead = 2 + 65 - pianoroll.LOWEST[0]
    bass = 2 + 41 - pianoroll.LOWEST[1]
    song = np.stack([_bar(lead), _bar(0, bass, 0, 0, 1)])[None]
    assert together(song, 1).tolist() == [0, 0, 0]


def test_distance_is_zero_to_itself_and_one_without_overlap() -> None:
    one, other = ({"a": np.array(each)} for each in ([1.0, 0.0], [0.0, 1.0]))
    assert feature_distance(one, one) == 0.0
    assert feature_distance(one, other) == pytest.approx(1.0)
    half = {"a": np.array([0.5, 0.5])}
    # (log2(4/3) + log2(2/3)/2 + log2(2)/2) / 2, by hand
    assert feature_distance(one, half) == pytest.approx(0.3112781, abs=1e-6)


def test_an_ngram_draws_what_it_counted() -> None:
    """Of one song heard many times hardly anything else is drawn, in its own meter."""
    kind, bars = _song(1, 4, tracks=2)
    bars[0, 0, 0] = 5
    model = BarNGram(6, 2)
    model.fit(as_pieces([(kind, bars)] * 200))
    drawn = model.draw(kind, 4, np.random.default_rng(1))
    assert drawn.shape == bars.shape
    assert (drawn[:, :, 12:] == 0).all()
    assert (drawn == bars).mean() > 0.9


def test_music_drawn_begins_with_a_note() -> None:
    model = BarNGram(2, 1)
    model.fit(as_pieces([(0, np.zeros((8, 1, pianoroll.STEPS), dtype=np.int32))]))
    assert all(model.draw(0, 1, np.random.default_rng(n))[0, 0, 0] >= 2 for n in range(20))


@pytest.mark.parametrize("tracks", [1, 2])
def test_bars_are_scored_as_the_network_foretells_them(tracks: int) -> None:
    """The score is the loss that the network itself computes, over all bars of all songs."""
    network = _network(tracks)
    songs = [_song(0, 3, tracks), _song(2, 11, tracks, seed=1)]
    found = score_bars(network, songs)
    nats = steps = 0.0
    for kind, bars in songs:
        padded = np.concatenate(
            [np.full((8, tracks, pianoroll.STEPS), pianoroll.PAD, np.int32), bars]
        )
        count = len(bars) * tracks * pianoroll.BAR_STEPS[kind]
        previous = np.stack([padded[at : at + 8] for at in range(len(bars))])
        parts = network(
            {
                "previous": previous,
                "bar": bars,
                "meter": np.full(len(bars), kind, np.int32),
                "generated": previous,
                "noise": np.zeros((len(bars), network.noise_units), np.float32),
            }
        )
        nats += float(parts["nats"]) * count
        steps += count
    assert found.steps == steps
    assert found.nats == pytest.approx(nats, rel=1e-4)


@pytest.mark.parametrize(("track", "step"), [(0, 3), (1, 15), (1, 0)])
def test_steps_alternate_between_the_tracks(track: int, step: int) -> None:
    """Another id changes the logits of its own step, and of later ones, never of earlier ones."""
    kind, bars = _song(0, 1, 2)
    other = bars.copy()
    other[0, track, step] = (other[0, track, step] + 1) % 12
    network = _network(2)
    one, two = bar_likelihoods(network, [(kind, bars), (kind, other)])
    differ = np.flatnonzero(~np.isclose(one.nats, two.nats, atol=1e-6))
    assert len(one.nats) == 2 * pianoroll.STEPS
    assert differ[0] == 2 * step + track


def test_the_ngram_is_scored_on_the_same_steps() -> None:
    songs = [_song(0, 3, 2), _song(2, 11, 2, seed=1)]
    order, score = score_bar_ngram(songs, songs, songs, 2)
    assert 0 <= order <= 6
    assert score.steps == score_bars(_network(2), songs).steps


def test_the_card_compares_with_the_best_n_gram() -> None:
    text = bars_section(REPORT)
    assert gain_of(REPORT) == pytest.approx(0.5)
    assert "The NLL of the network is 50.0% below the n-gram." in text
    assert "It is closer to human music than the best n-gram" in text
    assert comparison_of(REPORT) == "50.0% below the n-gram"
    beaten = replace(REPORT, made=0.04, network=Score(150.0, 50, 100))
    assert comparison_of(beaten) == "50.0% above the n-gram"
    worse = bars_section(beaten)
    assert "The NLL of the network is 50.0% above the n-gram." in worse
    assert "It is not closer to human music than the best n-gram" in worse
