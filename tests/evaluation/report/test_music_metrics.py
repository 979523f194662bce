"""Sets of excerpts: what is measured, and at what length."""

from __future__ import annotations

import math

import numpy as np
import pytest

from magenta_bridge.encodings import melody
from magenta_bridge.evaluation.features.registry import features_for
from magenta_bridge.evaluation.likelihood import Piece
from magenta_bridge.evaluation.metrics.originality import Corpus
from magenta_bridge.evaluation.report.music_metrics import excerpt_tones, measure_music
from magenta_bridge.evaluation.report.sample_sets import MusicSets
from magenta_bridge.noteseq import NoteSequence

MELODY = features_for("melody")
FOUR_FOUR = melody.start_id(melody.METERS.index((4, 4)))


def _tune(bars: int, seed: int) -> Piece:
    """A tune of quarter notes."""
    pitches = np.random.default_rng(seed).integers(60, 73, 4 * bars)
    ids = np.zeros((4 * bars, 4), dtype=np.int32)
    ids[:, 0] = pitches + melody.EVENT_OFFSET
    return np.concatenate([[FOUR_FOUR], ids.ravel()]).astype(np.int32)


def test_an_excerpt_lasts_as_long_as_it_says() -> None:
    (music,) = MELODY.excerpts([_tune(20, 0)])
    tones = excerpt_tones(music)
    assert (tones.steps, tones.bars, len(tones)) == (256, 16, 64)
    silent = NoteSequence(total_time=8.0)
    assert excerpt_tones(silent).bars == 4


def test_a_set_is_measured_by_its_means() -> None:
    held_out = [excerpt_tones(each) for each in MELODY.excerpts([_tune(16, n) for n in range(6)])]
    music = MELODY.excerpts([_tune(16, 0)] * 2)
    found = measure_music(music, held_out, Corpus(held_out))
    assert found.pieces == 2
    assert found.scalars["polyphony"] == 1.0
    assert found.musegan["QN"] == 1.0
    assert math.isnan(found.musegan["TD"])
    assert found.structure["groove_similarity"] == 1.0
    assert found.usual == found.longest == 64
    assert "pitch_class_histogram" in found.near
    assert "note_count" not in found.near  # all tunes have 64 notes
    assert 0.0 < found.overlap < 1.0


def test_the_key_does_not_count() -> None:
    """A scale of E flat major reads as one of C major; drums stay where they are."""
    music = NoteSequence(total_time=8.0)
    for step, pitch in enumerate((63, 65, 67, 68, 70, 72, 74)):
        music.notes.add(pitch=pitch, start_time=step / 2, end_time=step / 2 + 0.5)
    music.notes.add(pitch=36, is_drum=True, start_time=7.0, end_time=7.5)
    assert excerpt_tones(music).pitch.tolist() == [60, 62, 64, 65, 67, 69, 71, 36]


def test_two_tracks_have_a_distance() -> None:
    music = NoteSequence(total_time=8.0)
    for instrument, pitch in ((0, 72), (1, 43)):
        music.notes.add(instrument=instrument, pitch=pitch, start_time=0.0, end_time=4.0)
    music.notes[1].pitch = 48
    assert measure_music([music], [], None).musegan["TD"] == pytest.approx(0.0)
    music.notes[1].pitch = 49
    assert measure_music([music], [], None).musegan["TD"] > 1.0


def test_too_few_pieces_are_no_measure() -> None:
    held_out = [excerpt_tones(each) for each in MELODY.excerpts([_tune(16, n) for n in range(3)])]
    found = measure_music(MELODY.excerpts([_tune(16, 9)]), held_out, None)
    assert found.near == {}
    assert math.isnan(found.overlap)


@pytest.mark.parametrize(
    ("bars", "length", "notes"),
    [(16, "sixteen bars", 64), (9, "eight bars", 32), (5, "four bars", 16)],
)
def test_short_tunes_are_compared_by_short_beginnings(bars: int, length: str, notes: int) -> None:
    """Sample of sixteen bars are cut to what the human tunes last."""
    tunes = [_tune(bars, seed) for seed in range(6)]
    sets = MusicSets(MELODY, held_out=tunes, others=tunes, learned=tunes, most=4)
    assert sets.length == length
    assert sets.held_out.pieces == sets.human.pieces == 4
    sample = MELODY.excerpts([_tune(16, 0)])
    assert sets.measure(sample).longest == notes
