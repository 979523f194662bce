"""MuseGAN's metrics on cases counted by hand."""

from __future__ import annotations

import math

import pytest

from magenta_bridge.evaluation.metrics.musegan import (
    MUSEGAN,
    drum_pattern,
    empty_bars,
    qualified_notes,
    tonal_distance,
    used_pitch_classes,
)
from tests.evaluation.metrics.pieces import DRUMS, ONE_NOTE, SILENCE, piece

# Bars of four steps: C and E; nothing; a C held over the bar line, then the C above and a D.
TUNE = piece((0, 2, 60), (2, 4, 64), (8, 13, 60), (13, 14, 72), (14, 16, 62), steps=16, bar_steps=4)


def test_an_empty_bar_is_one_without_a_sound() -> None:
    """One of four; a bar into which a note is held is not empty."""
    assert empty_bars(TUNE) == 1 / 4
    assert empty_bars(SILENCE) == 1.0
    assert empty_bars(DRUMS) == 0.0


def test_pitch_classes_are_counted_in_each_bar_that_sounds() -> None:
    """C, E: 2; C: 1; C (twice) and D: 2. (2 + 1 + 2) / 3."""
    assert used_pitch_classes(TUNE) == pytest.approx(5 / 3)


def test_notes_of_an_eighth_or_more_qualify() -> None:
    """Four of five; from three steps on, one of five; and a sixteenth always does."""
    assert qualified_notes(TUNE) == 4 / 5
    assert qualified_notes(TUNE, shortest=3) == 1 / 5
    assert qualified_notes(TUNE, shortest=1) == 1.0


def test_hits_between_the_eighths_count_a_tenth() -> None:
    """Hits on steps 0, 4, 8 and 11: (1 + 1 + 1 + 0.1) / 4."""
    assert drum_pattern(DRUMS) == pytest.approx(3.1 / 4)


def test_a_fifth_is_nearer_than_a_semitone() -> None:
    """Two pitch classes n semitones apart are chords of three circles apart.

    A chord of angle a on a circle of radius r is 2 r sin(a / 2). For a fifth, 7 semitones, the
    angles are 7 * 210, 7 * 270 and 7 * 120 degrees, that is 30, 90 and 120 (radius 0.5); for a
    semitone 210, 270 and 120.
    """
    track = piece((0, 4, 60))

    def distance(degrees: tuple[int, int, int]) -> float:
        chords = [
            2 * radius * math.sin(math.radians(angle) / 2)
            for radius, angle in zip((1.0, 1.0, 0.5), degrees, strict=True)
        ]
        return math.hypot(*chords)

    fifth = tonal_distance(track, piece((0, 4, 67)))
    semitone = tonal_distance(track, piece((0, 4, 61)))
    assert fifth == pytest.approx(distance((30, 90, 120)))
    assert semitone == pytest.approx(distance((210, 270, 120)))
    assert fifth < semitone


def test_harmony_is_compared_beat_by_beat_where_both_sound() -> None:
    """The same C in beat one (distance 0), C against G in beat two, one silent in beat three."""
    one, other = piece((0, 12, 60)), piece((0, 4, 72), (4, 8, 67))
    fifth = tonal_distance(piece((0, 4, 60)), piece((0, 4, 67)))
    assert tonal_distance(one, other) == pytest.approx(fifth / 2)
    assert tonal_distance(other, one) == pytest.approx(fifth / 2)


def test_pitch_classes_weigh_by_how_long_they_sound() -> None:
    """Three steps of C and one of G lie a quarter of the way from C to G."""
    mixed = piece((0, 3, 60), (3, 4, 67))
    whole = tonal_distance(piece((0, 4, 60)), piece((0, 4, 67)))
    assert tonal_distance(piece((0, 4, 60)), mixed) == pytest.approx(whole / 4)


def test_what_has_no_sense_is_no_number() -> None:
    undefined = {"EB": [], "UPC": [SILENCE, DRUMS], "QN": [SILENCE], "DP": [SILENCE, ONE_NOTE]}
    for name, pieces in undefined.items():
        assert all(math.isnan(MUSEGAN[name](tones)) for tones in pieces)
    assert math.isnan(empty_bars(piece()))
    for silent in (SILENCE, DRUMS):
        assert math.isnan(tonal_distance(ONE_NOTE, silent))
        assert math.isnan(tonal_distance(silent, ONE_NOTE))
    assert math.isnan(tonal_distance(ONE_NOTE, piece((4, 8, 60))))
