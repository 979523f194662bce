"""MusPy's metrics on cases counted by hand, and against MusPy itself."""

from __future__ import annotations

import math

import muspy
import numpy as np
import pytest

from magenta_bridge.evaluation.metrics.muspy import (
    SCALARS,
    drum_in_pattern_rate,
    pitch_in_scale_rate,
)
from magenta_bridge.evaluation.metrics.note_array import Tones
from tests.evaluation.metrics.pieces import DRUMS, ONE_NOTE, SILENCE, Note, piece

# Bars of eight steps. C E G for a beat, C sharp alone for one, silence for two, C for half a beat.
TUNE = piece((0, 4, 60), (0, 4, 64), (0, 4, 67), (4, 7, 61), (16, 18, 72), bar_steps=8)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_pitches", 5.0),
        # C, C sharp, E, G.
        ("n_pitch_classes", 4.0),
        ("pitch_range", 12.0),
        # Three pitches for four steps, one for three and for two: 17 sounding in 9 steps.
        ("polyphony", 17 / 9),
        # Four steps of 18 have more than two.
        ("polyphony_rate", 4 / 18),
        # All but C sharp.
        ("pitch_in_scale_rate", 4 / 5),
        # C E G C fit C major; D major (of C sharp, E, G) and all others hold fewer.
        ("scale_consistency", 4 / 5),
        # Five pitches, each once.
        ("pitch_entropy", math.log2(5)),
        # C twice of five, three others once.
        ("pitch_class_entropy", -(2 / 5 * math.log2(2 / 5) + 3 * 1 / 5 * math.log2(1 / 5))),
        # Beats 0 and 1 (where the chord ends, too) and 4 sound, of 18 // 4 + 1 = 5.
        ("empty_beat_rate", 2 / 5),
        # Bars 0 and 2 sound, of 18 // 8 + 1 = 3.
        ("empty_measure_rate", 1 / 3),
        # Onsets on steps 0 and 4; none; on step 0. They differ on 2 and 1 steps of 16.
        ("groove_consistency", 1 - 3 / 16),
    ],
)
def test_a_tune_is_counted_right(name: str, value: float) -> None:
    assert SCALARS[name](TUNE) == pytest.approx(value)


def test_a_last_beat_and_bar_are_counted_behind_complete_ones() -> None:
    """MusPy counts four steps as two beats, and both sound, since the note ends in the second."""
    assert SCALARS["empty_beat_rate"](ONE_NOTE) == 0.0
    # A bar of onset 1000..., and the one behind it without any.
    whole = piece((0, 16, 60))
    assert SCALARS["groove_consistency"](whole) == 1 - 1 / 16


def test_three_of_four_drums_lie_in_the_triple_pattern() -> None:
    """Hits on steps 0, 4, 8 and 11; all lie in the duple pattern, as on this grid they must."""
    assert drum_in_pattern_rate(DRUMS, "triple") == 3 / 4
    assert SCALARS["drum_in_pattern_rate"](DRUMS) == 1.0
    assert SCALARS["drum_pattern_consistency"](DRUMS) == 1.0


def test_what_has_no_sense_is_no_number() -> None:
    zero = {"n_pitches", "n_pitch_classes", "pitch_range"}
    for name, metric in SCALARS.items():
        assert metric(SILENCE) == 0.0 if name in zero else math.isnan(metric(SILENCE))
    for name in ("polyphony", "scale_consistency", "pitch_entropy", "pitch_class_entropy"):
        assert math.isnan(SCALARS[name](DRUMS))
    assert SCALARS["pitch_entropy"](ONE_NOTE) == 0.0
    assert math.isnan(SCALARS["groove_consistency"](ONE_NOTE))
    assert math.isnan(SCALARS["drum_in_pattern_rate"](ONE_NOTE))


def random_notes(rng: np.random.Generator, lowest: int, highest: int) -> list[Note]:
    """Return up to forty notes in up to six bars."""
    count = int(rng.integers(1, 40))
    starts = rng.integers(0, rng.integers(4, 96), count)
    ends = starts + rng.integers(1, 17, count)
    pitches = rng.integers(lowest, highest, count)
    return list(zip(starts.tolist(), ends.tolist(), pitches.tolist(), strict=True))


def random_piece(seed: int) -> Tones:
    """Return notes, drums or both."""
    rng = np.random.default_rng(seed)
    notes = random_notes(rng, 40, 90) if seed % 3 else []
    drums = random_notes(rng, 35, 52) if seed % 3 != 1 else []
    return piece(*notes, drums=drums, bar_steps=int(rng.choice([8, 12, 16])))


def in_muspy(tones: Tones) -> muspy.Music:
    """Return a piece as MusPy's, of one track of notes and one of drums."""
    tracks = []
    for drum in (False, True):
        some = tones.chosen(tones.drum == drum)
        notes = [
            muspy.Note(time=int(start), pitch=int(pitch), duration=int(length))
            for start, pitch, length in zip(some.start, some.pitch, some.length, strict=True)
        ]
        if notes:
            tracks.append(muspy.Track(is_drum=drum, notes=notes))
    return muspy.Music(resolution=4, tracks=tracks)


@pytest.mark.parametrize("seed", range(30))
def test_muspy_finds_the_same(seed: int) -> None:
    tones = random_piece(seed)
    music = in_muspy(tones)
    expected = {
        "n_pitches": muspy.n_pitches_used(music),
        "n_pitch_classes": muspy.n_pitch_classes_used(music),
        "polyphony": muspy.polyphony(music),
        "polyphony_rate": muspy.polyphony_rate(music),
        "pitch_in_scale_rate": muspy.pitch_in_scale_rate(music, 0, "major"),
        "scale_consistency": muspy.scale_consistency(music),
        "pitch_entropy": muspy.pitch_entropy(music),
        "pitch_class_entropy": muspy.pitch_class_entropy(music),
        "empty_beat_rate": muspy.empty_beat_rate(music),
        "empty_measure_rate": muspy.empty_measure_rate(music, tones.bar_steps),
        "groove_consistency": muspy.groove_consistency(music, tones.bar_steps),
        "drum_in_pattern_rate": muspy.drum_in_pattern_rate(music, "duple"),
        "drum_pattern_consistency": muspy.drum_pattern_consistency(music),
    }
    if not tones.drum.all():
        expected["pitch_range"] = muspy.pitch_range(music)
    found = {name: SCALARS[name](tones) for name in expected}
    assert found == pytest.approx(expected, nan_ok=True, abs=1e-12)
    assert drum_in_pattern_rate(tones, "triple") == pytest.approx(
        muspy.drum_in_pattern_rate(music, "triple"), nan_ok=True
    )
    for root in range(12):
        for mode in ("major", "minor"):
            assert pitch_in_scale_rate(tones, root, mode) == pytest.approx(
                muspy.pitch_in_scale_rate(music, root, mode), nan_ok=True
            )
