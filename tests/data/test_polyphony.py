"""Pieces in voices: what is kept, what an epoch hears, and what the network is shown."""

from __future__ import annotations

import numpy as np
import pytest

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.dataset import Tune
from magenta_bridge.data.polyphony import DATASET
from magenta_bridge.data.splits import tune_families
from magenta_bridge.encodings import polyphony
from magenta_bridge.encodings.meters import METERS, bar_steps
from magenta_bridge.noteseq import NoteSequence

STEP = 0.125  # a sixteenth at 120 qpm


def chords(
    bars: int, meter: tuple[int, int] = (4, 4), *, first: int = 0, late: float = 0.0
) -> Piece:
    """Return a chord of three notes on each quarter, the top one ascending."""
    music = NoteSequence()
    music.tempos.add(qpm=120.0)
    music.time_signatures.add(numerator=meter[0], denominator=meter[1])
    steps = int(bar_steps(*meter)) * bars
    for number, step in enumerate(range(first, steps, 4)):
        for pitch in (48, 55, 60 + number % 12):
            start = step * STEP + late
            music.notes.add(pitch=pitch, velocity=80, start_time=start, end_time=start + 4 * STEP)
    music.total_time = music.notes[-1].end_time
    return Piece("a.mid", music)


def frame_count(tune: Tune) -> int:
    """Return how many sixteenths a tune lasts."""
    return int((tune.ids == polyphony.END).sum())


def test_a_piece_becomes_the_frames_of_all_its_voices() -> None:
    (tune,) = DATASET.tunes_of([chords(4)])
    assert frame_count(tune) == 64
    assert METERS[tune.meter] == (4, 4)
    assert tune.pitches.tolist() == [60 + number % 12 for number in range(16)]
    assert len(polyphony.decode(tune.ids).notes) == 48
    assert DATASET.start_id(tune) == polyphony.start_id(tune.meter)


def test_drums_are_left_out() -> None:
    piece = chords(4)
    piece.music.notes.add(pitch=36, velocity=80, start_time=0, end_time=1, is_drum=True)
    (tune,) = DATASET.tunes_of([piece])
    assert tune.ids.tolist() == DATASET.tunes_of([chords(4)])[0].ids.tolist()


def test_an_upbeat_stands_before_the_bar_line() -> None:
    piece = chords(5, first=12)
    marks = piece.music.time_signatures
    marks[0].numerator, marks[0].denominator = 1, 4
    for note in piece.music.notes:
        note.start_time -= 12 * STEP
        note.end_time -= 12 * STEP
    marks.add(time=4 * STEP, numerator=4, denominator=4)
    (tune,) = DATASET.tunes_of([piece])
    assert tune.ids[:13].tolist() == [*[polyphony.END] * 12, polyphony.NEW + 48]
    assert frame_count(tune) == 80


def test_a_long_piece_is_cut_into_stretches_of_one_family() -> None:
    piece = chords(130)
    piece.music.notes[0].end_time = 60 * 16 * STEP
    tunes = DATASET.tunes_of([piece])
    assert [tune.name for tune in tunes] == ["a.mid#0", "a.mid#1", "a.mid#2"]
    assert all(frame_count(tune) <= 64 * 16 for tune in tunes)
    assert sum(frame_count(tune) for tune in tunes) == 130 * 16
    assert len(set(tune_families(tunes))) == 1
    for tune in tunes:
        polyphony.check_ids(tune.ids)  # what is held over the cut begins behind it


def test_silent_bars_at_the_ends_are_cut_off() -> None:
    piece = chords(6, first=16)
    (tune,) = DATASET.tunes_of([piece])
    assert frame_count(tune) == 80
    assert tune.ids[0] == polyphony.NEW + 48


@pytest.mark.parametrize(
    "piece",
    [chords(3), chords(4, (5, 4)), chords(4, late=0.05), chords(4, first=56)],
    ids=["three bars", "an unknown meter", "off the grid", "few notes"],
)
def test_what_does_not_fit_is_left_out(piece: Piece) -> None:
    assert DATASET.tunes_of([piece]) == []


def test_a_change_of_meter_leaves_the_piece_out() -> None:
    piece = chords(8)
    piece.music.time_signatures.add(time=8.0, numerator=3, denominator=4)
    assert DATASET.tunes_of([piece]) == []


def test_an_epoch_transposes_within_the_keyboard() -> None:
    (tune,) = DATASET.tunes_of([chords(4)])
    rng = np.random.default_rng(0)
    lowest = {int(DATASET.augment(tune, rng, (-2, 2))[0]) - polyphony.NEW for _ in range(60)}
    assert lowest == {46, 47, 48, 49, 50}
    assert DATASET.augment(tune, rng, (0, 0)).tolist() == tune.ids.tolist()
    assert DATASET.augment(tune, rng, (-100, -100))[0] == polyphony.NEW


@pytest.mark.parametrize("first", [0, 1, 37, 90])
def test_the_network_is_shown_the_frame_before_and_the_one_a_bar_ago(first: int) -> None:
    """Computed by going through the ids one by one."""
    (tune,) = DATASET.tunes_of([chords(8, (3, 8))] if first else [chords(4)])
    fed = np.concatenate([[DATASET.start_id(tune)], tune.ids]).astype(np.int32)
    bar, steps = int(bar_steps(*METERS[tune.meter])), 60
    inputs = DATASET.blank(2, steps)
    DATASET.fill(inputs, 1, fed, first, steps)
    frames = list(polyphony.frames_of(tune.ids))
    silent = np.zeros(128, dtype=np.uint8)
    for step in range(steps):
        now = int((fed[: first + step + 1] == polyphony.END).sum())
        before = frames[now - 1] if now else silent
        ago = frames[now - bar] if now >= bar else silent
        assert inputs["ids"][1, step] == fed[first + step]
        assert inputs["before"][1, step].tolist() == before.tolist()
        assert inputs["ago"][1, step].tolist() == ago.tolist()
        assert inputs["place"][1, step] == tune.meter * 24 + now % bar
    assert (inputs["ids"][0] == DATASET.pad).all()


def test_places_tell_the_bar_line() -> None:
    (tune,) = DATASET.tunes_of([chords(4)])
    fed = np.concatenate([[DATASET.start_id(tune)], tune.ids]).astype(np.int32)
    places = DATASET.places(fed)
    assert len(places) == len(tune.ids)
    opens = np.concatenate([[True], tune.ids[:-1] == polyphony.END])
    assert places[opens].tolist() == [tune.meter * 64 + step % 16 for step in range(64)]
