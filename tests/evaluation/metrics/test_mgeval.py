"""mgeval's features and distances, on cases counted by hand and against pretty_midi."""

from __future__ import annotations

import math

import numpy as np
import pretty_midi
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.evaluation.metrics.mgeval import (
    FEATURES,
    compare_sets,
    inter_distances,
    intra_distances,
    set_distance,
)
from magenta_bridge.evaluation.metrics.mgeval_features import NOTE_LENGTHS
from magenta_bridge.evaluation.metrics.note_array import Tones
from tests.evaluation.metrics.pieces import DRUMS, ONE_NOTE, SILENCE, line, piece

# A quarter C; an eighth E and the C above at once; behind a rest a quarter D.
TUNE = piece((0, 4, 60), (4, 6, 64), (4, 6, 72), (8, 12, 62), drums=[(0, 1, 36)])
NAMES = list(NOTE_LENGTHS)


def feature(name: str, tones: Tones) -> NDArray[np.float64]:
    """Return one feature."""
    return FEATURES[name](tones)


def test_single_numbers() -> None:
    """Intervals are 4, 8 and 10; onsets 0 (drum), 0, 4, 4 and 8 are 0, 4, 0 and 4 apart."""
    expected = {
        "pitch_count": 4.0,
        "pitch_range": 12.0,
        "mean_pitch_interval": 22 / 3,
        "note_count": 5.0,
        "mean_onset_interval": 2.0,
    }
    for name, value in expected.items():
        assert feature(name, TUNE) == pytest.approx([value])


def test_pitch_classes_weigh_by_how_long_they_sound() -> None:
    """C 4 + 2 steps, E 2, D 4, of 12."""
    histogram = feature("pitch_class_histogram", TUNE)
    assert histogram[[0, 2, 4]] == pytest.approx([6 / 12, 4 / 12, 2 / 12])
    assert histogram.sum() == pytest.approx(1.0)


def test_a_note_follows_each_that_ends_where_it_begins() -> None:
    """C goes to E and to C; nothing leads over the rest to D."""
    transitions = feature("pitch_class_transitions", TUNE)
    assert (transitions[0, 4], transitions[0, 0], transitions.sum()) == (1.0, 1.0, 2.0)


def test_note_lengths_go_to_the_nearest_class() -> None:
    """The drum is a sixteenth; there are two quarters and two eighths."""
    histogram = dict(zip(NAMES, feature("note_length_histogram", TUNE), strict=True))
    assert histogram["sixteenth"] == 1 / 5
    assert histogram["quarter"] == histogram["eighth"] == 2 / 5
    transitions = feature("note_length_transitions", piece((0, 4, 60), (4, 6, 64), (6, 8, 62)))
    assert transitions[NAMES.index("quarter"), NAMES.index("eighth")] == 1.0
    assert transitions[NAMES.index("eighth"), NAMES.index("eighth")] == 1.0
    assert transitions.sum() == 2.0


def test_lengths_in_common_time_are_in_the_expected_classes() -> None:
    """Of 4/4: 96 units are 16 steps, so that a step has six."""
    lengths = ["sixteenth", "eighth", "dotted eighth", "quarter", "half triplet", "dotted quarter"]
    lengths += ["half"] * 4 + ["dotted half"] * 3 + ["whole"] * 4
    for steps, name in enumerate(lengths, start=1):
        histogram = feature("note_length_histogram", piece((0, steps, 60)))
        assert NAMES[int(histogram.argmax())] == name


def test_a_whole_bar_is_a_whole_note_in_any_meter() -> None:
    histogram = feature("note_length_histogram", piece((0, 12, 60), bar_steps=12))
    assert histogram[NAMES.index("whole")] == 1.0


@pytest.mark.parametrize("tones", [SILENCE, ONE_NOTE, DRUMS, piece()])
def test_what_has_no_sense_is_zero(tones: Tones) -> None:
    for name, each in FEATURES.items():
        value = each(tones)
        assert np.isfinite(value).all()
        if tones is SILENCE or (tones is DRUMS and "pitch" in name):
            assert not value.any()


def test_pretty_midi_finds_the_same() -> None:
    """It is what mgeval asks for histograms, transitions and onsets; half a second is a beat."""
    rng = np.random.default_rng(5)
    starts, lengths, pitches = (rng.integers(*limits, 60) for limits in ((0, 90), (1, 9), (40, 90)))
    notes = list({(int(s), int(p)): (int(s), int(s + n), int(p))
                  for s, n, p in zip(starts, lengths, pitches, strict=True)}.values())  # fmt: skip
    tones = piece(*notes)
    track = pretty_midi.Instrument(0)
    for start, end, pitch in zip(tones.start, tones.end, tones.pitch, strict=True):
        track.notes.append(pretty_midi.Note(1, int(pitch), start / 8, end / 8))
    music = pretty_midi.PrettyMIDI(initial_tempo=120)
    music.instruments.append(track)
    transitions = music.get_pitch_class_transition_matrix()
    assert transitions.sum() > 10
    np.testing.assert_array_equal(feature("pitch_class_transitions", tones), transitions)
    np.testing.assert_allclose(
        feature("pitch_class_histogram", tones),
        music.get_pitch_class_histogram(use_duration=True, normalize=True),
    )
    interval = np.diff(music.get_onsets()).mean() * 8
    assert feature("mean_onset_interval", tones) == pytest.approx([interval])


def test_distances_within_leave_one_out() -> None:
    """Of 0, 3 and 4 on a line: 3 and 4, 3 and 1, 4 and 1."""
    found = intra_distances(np.array([[0.0], [3.0], [4.0]]))
    assert found.tolist() == [3.0, 4.0, 3.0, 1.0, 4.0, 1.0]


def test_distances_between_are_those_of_all_pairs() -> None:
    """3-4-5: (0, 0) lies 5 from (3, 4); (3, 0) lies 4 from it."""
    found = inter_distances(np.array([[0.0, 0.0], [3.0, 0.0]]), np.array([[3.0, 4.0]]))
    assert found.tolist() == [5.0, 4.0]


def test_two_gaussians_overlap_as_the_book_says() -> None:
    """Moved by d standard deviations, overlap is erfc(d / (2 sqrt 2)) and divergence d**2 / 2.

    Quantiles stand for the normal distribution, which Scott's kernel widens by sqrt(1 + n**-0.4);
    tails behind the outermost ones are a little thin.
    """
    count, moved = 2000, 1.5
    sample = norm.ppf((np.arange(count) + 0.5) / count)
    found = set_distance(sample, sample + moved)
    apart = moved / math.sqrt(1 + count**-0.4)
    assert found.overlap == pytest.approx(math.erfc(apart / (2 * math.sqrt(2))), abs=0.003)
    assert found.kl == pytest.approx(apart**2 / 2, rel=0.05)


def test_a_distribution_is_itself() -> None:
    sample = np.random.default_rng(1).exponential(3.0, 400)
    found = set_distance(sample, sample[::-1])
    assert found.overlap == pytest.approx(1.0, abs=1e-4)
    assert found.kl == pytest.approx(0.0, abs=1e-9)


def test_distributions_far_apart_share_nothing() -> None:
    sample = np.random.default_rng(1).normal(0.0, 1e-3, 50)
    found = set_distance(sample, sample + 1e6)
    assert found.overlap == pytest.approx(0.0, abs=1e-9)
    assert 1e6 < found.kl < math.inf


def test_a_narrow_peak_within_a_wide_one_is_not_lost() -> None:
    rng = np.random.default_rng(2)
    narrow, wide = rng.normal(0.0, 1e-5, 100), rng.normal(0.0, 1.0, 100)
    assert 0.0 < set_distance(narrow, wide).overlap < 1e-3
    assert 5.0 < set_distance(narrow, wide).kl < 20.0


def test_single_values_have_no_density() -> None:
    three, spread = np.full(6, 3.0), np.array([2.0, 3.0, 4.0])
    same = set_distance(three, np.full(4, 3.0 + 1e-15))
    assert (same.overlap, same.kl) == (1.0, 0.0)
    for within, between in ((three, three + 1), (three, spread), (spread, three)):
        found = set_distance(within, between)
        assert (found.overlap, found.kl) == (0.0, math.inf)


def tunes(rng: np.random.Generator, largest_step: int) -> list[Tones]:
    """Return thirty random walks."""
    walks = rng.integers(-largest_step, largest_step + 1, (30, 32)).cumsum(axis=1)
    return [line(np.clip(60 + walk, 0, 127).tolist()) for walk in walks]


def test_sets_made_alike_are_closer_than_others() -> None:
    rng = np.random.default_rng(3)
    human, alike, wilder = tunes(rng, 2), tunes(rng, 2), tunes(rng, 9)
    near, far = compare_sets(human, alike), compare_sets(human, wilder)
    assert list(near) == list(FEATURES)
    for name in ("pitch_range", "mean_pitch_interval", "pitch_class_transitions"):
        assert near[name].overlap > 0.8 > far[name].overlap
        assert near[name].kl < far[name].kl
    # All have 32 sixteenths, so that rhythm tells nothing apart.
    for name in ("note_count", "mean_onset_interval", "note_length_histogram"):
        assert (far[name].overlap, far[name].kl) == (1.0, 0.0)


def test_a_single_human_piece_is_no_measure() -> None:
    with pytest.raises(InvalidArgumentError, match="two pieces or more"):
        compare_sets([ONE_NOTE], [ONE_NOTE])
    with pytest.raises(InvalidArgumentError, match="got 2 and 0"):
        compare_sets([ONE_NOTE, ONE_NOTE], [])
