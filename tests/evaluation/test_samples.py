"""Drawing from the shipped generator, and measuring human openings."""

from __future__ import annotations

import numpy as np

from magenta_bridge.encodings import melody
from magenta_bridge.evaluation.features.grid import SAMPLE_BARS, draw_samples
from magenta_bridge.evaluation.features.melody import MELODY
from magenta_bridge.evaluation.likelihood import score_program
from magenta_bridge.generators.bundle import read_bundle, shipped_bundles
from magenta_bridge.generators.loading import load_generator

_PATH = next(path for path in shipped_bundles() if path.stem == "lstm_melody")


def test_samples_are_sixteen_bars_in_the_meters_asked_for() -> None:
    meters = [melody.METERS.index((4, 4)), melody.METERS.index((6, 8))]
    drawn = list(draw_samples(load_generator(_PATH), meters, 2))
    assert [bar for _, bar in drawn] == [16, 12]
    for music, bar in drawn:
        ids = melody.encode(music, end_step=SAMPLE_BARS * bar)
        assert (ids >= melody.EVENT_OFFSET).sum() > SAMPLE_BARS
        assert music.total_quantized_steps <= SAMPLE_BARS * bar


def test_an_opening_begins_behind_the_upbeat() -> None:
    start = melody.start_id(melody.METERS.index((4, 4)))
    upbeat = [0] * 14 + [62, 64]
    piece = np.array([start, *upbeat, *([62] * 16 * 16)], dtype=np.int32)
    (features,) = MELODY.openings([piece])
    assert features["density"] == 16.0
    assert len(MELODY.openings([piece, piece[:100]])) == 1
    assert len(MELODY.openings([piece[:100]])) == 1  # nothing longer is there


def test_the_shipped_program_predicts_a_tune_better_than_chance() -> None:
    """A sanity bound far from the card's figures: the weights are trained, not noise."""
    program = read_bundle(_PATH).program
    tune = [62, 0, 64, 0, 66, 0, 67, 0, 69, 0, 0, 0, 69, 0, 0, 0] * 4
    ids = [melody.start_id(melody.METERS.index((4, 4))), *(v + 2 if v else 0 for v in tune)]
    score = score_program(program, [np.array(ids, dtype=np.int32)])
    assert score.nats_per_step < 1.5
    assert score.steps == len(tune)
