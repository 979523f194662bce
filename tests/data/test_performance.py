"""Performances to learn from: what is kept, what belongs together, what an epoch hears."""

from __future__ import annotations

import numpy as np
import pytest

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.dataset import Tune
from magenta_bridge.data.performance import DATASET, work_title
from magenta_bridge.data.splits import tune_families
from magenta_bridge.encodings import performance
from magenta_bridge.encodings.performance import (
    START,
    TIME_SHIFT,
    VELOCITY,
    pitches_of,
    sounding_after,
)
from magenta_bridge.noteseq import NoteSequence


def played(count: int = 30, name: str = "a.mid", lowest: int = 60) -> Piece:
    """Return notes every quarter of a second, the first a second in."""
    music = NoteSequence()
    for index in range(count):
        begin = 1.0 + index / 4
        music.notes.add(
            pitch=lowest + index % 12, velocity=60, start_time=begin, end_time=begin + 0.2
        )
    music.total_time = 1.0 + count / 4
    return Piece(name, music)


def tune(lowest: int = 60) -> Tune:
    """Return one performance."""
    (found,) = DATASET.tunes_of([played(lowest=lowest)])
    return found


def test_a_performance_begins_with_its_first_note() -> None:
    piece = played()
    dataset = DATASET
    (found,) = dataset.tunes_of([piece])
    again = performance.decode(found.ids, start=1.0)
    assert [note.pitch for note in again.notes] == [note.pitch for note in piece.music.notes]
    np.testing.assert_allclose(
        [note.start_time for note in again.notes],
        [note.start_time for note in piece.music.notes],
        atol=0.005,
    )
    assert found.ids[0] >= VELOCITY
    assert (found.name, found.meter, dataset.start_id(found)) == ("a.mid#0", 0, START)


def test_the_pedal_makes_notes_longer() -> None:
    piece = played()
    for time, value in ((1.0, 127), (2.9, 0)):
        piece.music.control_changes.add(time=time, control_number=64, control_value=value)
    (found,) = DATASET.tunes_of([piece])
    ends = [note.end_time for note in performance.decode(found.ids, start=1.0).notes]
    np.testing.assert_allclose(ends[:7], 2.9, atol=0.005)
    np.testing.assert_allclose(ends[7:9], [2.95, 3.2], atol=0.005)


def test_hands_are_one_and_drums_are_not_heard() -> None:
    piece = played()
    piece.music.notes[3].instrument = 1
    piece.music.notes.add(pitch=36, velocity=99, start_time=0.0, end_time=0.1, is_drum=True)
    (found,) = DATASET.tunes_of([piece])
    assert found.ids.tolist() == tune().ids.tolist()


@pytest.mark.parametrize("count", [0, 23])
def test_too_few_notes_are_left_out(count: int) -> None:
    assert DATASET.tunes_of([played(count)]) == []


def test_movements_of_one_work_are_one_family() -> None:
    works = [
        ["mz/mz_331_1.mid", "mz/mz_331_2.mid"],
        ["mz/mz_332_1.mid"],
        ["chopin/chpn-p1.mid", "chopin/chpn-p24.mid"],
        ["chopin/chpn_op10_e01.mid", "chopin/chpn_op10_e12.mid", "god/god_chpn_op10_e01.mid"],
        ["beethoven/pathetique_1.mid", "beethoven/pathetique_3.mid"],
        ["beethoven/elise.mid"],
        ["numbered/1.mid"],
        ["numbered/2.mid"],
    ]
    names = [name for work in works for name in work]
    # Enough others that these titles are no commonplace of the corpus.
    names += [f"other/{letter}.mid" for letter in "abcdefghij"]
    ids = np.zeros(8, dtype=np.int32)
    tunes = [Tune(f"{name}#0", work_title(played(1, name)), 0, ids) for name in names]
    families = dict(zip(names, tune_families(tunes), strict=True))
    found = [{families[name] for name in work} for work in works]
    assert all(len(family) == 1 for family in found)
    assert len(set.union(*found)) == len(works)


def test_an_epoch_hears_other_keys_and_tempos() -> None:
    rng = np.random.default_rng(0)
    heard = [DATASET.augment(tune(), rng, (-2, 3)) for _ in range(60)]
    lowest = {int(pitches_of(ids).min()) - 60 for ids in heard}
    assert lowest == set(range(-2, 4))
    lengths = [performance.decode(ids).total_time for ids in heard]
    plain = performance.decode(tune().ids).total_time
    assert 0.9 * plain <= min(lengths) < 0.93 * plain
    assert 1.07 * plain < max(lengths) <= 1.1 * plain


def test_a_transposition_stays_on_the_keys() -> None:
    for lowest, direction in ((22, -12), (95, 12), (3, -12), (112, 12)):
        rng = np.random.default_rng(0)
        for _ in range(20):
            wanted = (min(direction, 0), max(direction, 0))
            pitches = pitches_of(DATASET.augment(tune(lowest), rng, wanted))
            assert min(lowest, 21) <= pitches.min()
            assert pitches.max() <= max(lowest + 11, 108)


def test_the_same_draw_is_the_same_music_and_none_leaves_it() -> None:
    dataset = DATASET
    one, other = (dataset.augment(tune(), np.random.default_rng(5), (-5, 6)) for _ in range(2))
    assert one.tolist() == other.tolist()
    still = dataset.augment(tune(), np.random.default_rng(5), (0, 0))
    assert still.tolist() == tune().ids.tolist()


def test_a_window_knows_what_sounds_before_it() -> None:
    dataset = DATASET
    fed = np.concatenate([[START], tune().ids]).astype(np.int32)
    first = int(np.flatnonzero((fed >= TIME_SHIFT) & (fed < VELOCITY))[6])
    inputs = dataset.blank(2, 8)
    dataset.fill(inputs, 1, fed, first, 5)
    assert inputs["ids"].tolist() == [
        [dataset.pad] * 8,
        [*fed[first : first + 5].tolist(), *[dataset.pad] * 3],
    ]
    assert inputs["sounding"][0].tolist() == [0] * 128
    assert inputs["sounding"][1].tolist() == sounding_after(fed[1:first]).tolist()
    assert inputs["sounding"][1].sum() == 1
