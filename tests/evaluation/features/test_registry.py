"""Voices and performances against music small enough to count by hand; every idiom is whole."""

from __future__ import annotations

import numpy as np
import pytest

from magenta_bridge.encodings import groove, melody, performance, polyphony
from magenta_bridge.errors import NotFoundError
from magenta_bridge.evaluation.features.performance import performance_features
from magenta_bridge.evaluation.features.polyphony import onsets, voices_features
from magenta_bridge.evaluation.features.registry import features_for
from magenta_bridge.noteseq import NoteSequence


def _voices(*notes: tuple[int, int, int]) -> NoteSequence:
    """Notes as pitch, first step, end step."""
    music = NoteSequence()
    for pitch, begin, end in notes:
        music.notes.add(pitch=pitch, quantized_start_step=begin, quantized_end_step=end)
    return music


def _played(*notes: tuple[int, float, float, int]) -> NoteSequence:
    """Notes as pitch, start, end, velocity."""
    music = NoteSequence()
    for pitch, start, end, velocity in notes:
        music.notes.add(pitch=pitch, start_time=start, end_time=end, velocity=velocity)
    return music


def test_two_voices_are_counted_right() -> None:
    """A held bass under two notes, then a bar of rest."""
    music = _voices((48, 0, 4), (64, 0, 2), (65, 2, 4))
    features = voices_features(music, 4, 8)
    assert features["density"] == 1.5
    assert features["polyphony"] == 2.0
    assert features["pitch_range"] == 17.0
    assert features["scale_consistency"] == 1.0
    assert features["length"] == pytest.approx(8 / 3)
    assert features["silence"] == 0.5
    assert (features["stuck"], features["silent"]) == (0.0, 0.0)
    assert onsets(music, 3) == [frozenset({48, 64}), frozenset(), frozenset({65})]


def test_one_chord_again_and_again_is_stuck() -> None:
    chords = [(pitch, step, step + 1) for step in range(8) for pitch in (60, 64)]
    assert voices_features(_voices(*chords), 4, 8)["stuck"] == 1.0
    assert voices_features(_voices(), 4, 8)["silent"] == 1.0


def test_a_performance_is_counted_right() -> None:
    """Two notes together for a second, one alone for another, of four seconds."""
    music = _played((60, 0.0, 1.0, 40), (64, 0.0, 1.0, 60), (67, 1.0, 2.0, 80))
    features = performance_features(music, 4.0)
    assert features["density"] == 0.75
    assert features["polyphony"] == 1.5
    assert features["pitch_range"] == 7.0
    assert features["loudness"] == 60.0
    assert features["dynamics"] == pytest.approx(16.33, abs=0.01)
    assert features["longest_rest"] == 3.0
    assert features["silent"] == 0.0
    assert performance_features(NoteSequence(), 4.0)["silent"] == 1.0


@pytest.mark.parametrize("encoding", ["drums", "groove", "melody", "performance", "polyphony"])
def test_every_idiom_has_a_word_for_what_it_checks(encoding: str) -> None:
    features = features_for(encoding)
    assert {"stuck", "silent", "density"} <= set(features.labels)
    assert set(features.checked) <= set(features.labels)


def test_notes_are_counted_where_they_begin() -> None:
    """A rest, an end, a note; two voices of which one is held; hits; a note among a touch."""
    cases = {
        "melody": ([0, 1, 62], [0, 0, 1]),
        "duo": ([62, 0], [1, 0]),
        "polyphony": (
            [polyphony.NEW + 60, polyphony.HELD + 64, polyphony.END],
            [1, 0, 0],
        ),
        "drums": ([0b101, 0], [2, 0]),
        "groove": ([0, groove.SHIFT], [1, 0]),
        "performance": ([performance.VELOCITY, 60, performance.TIME_SHIFT], [0, 1, 0]),
    }
    for encoding, (ids, note_onsets) in cases.items():
        assert (
            features_for(encoding).note_onsets(np.array(ids, dtype=np.int32)).tolist()
            == note_onsets
        )


def test_excerpts_are_all_of_one_length() -> None:
    """Of two tunes of ten and four bars: none of sixteen, one of eight, two of four bars."""
    start = melody.start_id(melody.METERS.index((4, 4)))
    tunes = [np.array([start, *([62] + [0] * 15) * bars], dtype=np.int32) for bars in (10, 4)]
    features = features_for("melody")
    lengths = [[each.total_time for each in features.excerpts(tunes, part)] for part in (1, 2, 4)]
    assert lengths == [[], [16.0], [8.0, 8.0]]
    assert [features.whole(each).total_time for each in tunes] == [20.0, 8.0]
    played = features_for("performance")
    second = performance.TIME_SHIFT + performance.LONGEST_SHIFT - 1
    ids = np.array([performance.START, 60, *[second] * 20], dtype=np.int32)
    assert [len(played.excerpts([ids], part)) for part in (1, 2)] == [0, 1]
    assert len(played.openings([ids])) == 1


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(NotFoundError, match="there is drums, duo, groove, melody"):
        features_for("poetry")
