"""Performance ids: encoding and decoding lose nothing on the grid; ids are those of note-seq."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from magenta_bridge.encodings import performance
from magenta_bridge.encodings import performance as performance_changes
from magenta_bridge.encodings.performance import (
    NOTE_OFF,
    START,
    TIME_SHIFT,
    VELOCITY,
    PerformanceGrammar,
)
from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.noteseq import NoteSequence
from tests.sequences.magenta import note_seq

Note = tuple[int, int, int, int]

NOTES = st.lists(
    st.tuples(
        st.integers(0, 127), st.integers(0, 400), st.integers(1, 350), st.integers(0, 31)
    ),
    max_size=30,
)  # fmt: skip

# Order of ids that end a stream: note-offs, else time shifts, else note-ons.
ENDINGS = [*range(NOTE_OFF, TIME_SHIFT), TIME_SHIFT + 99, *range(NOTE_OFF)]


def played(*notes: Note, start: float = 0.0) -> NoteSequence:
    """Return notes from (pitch, first step, steps, velocity bin)."""
    music = NoteSequence()
    for pitch, begin, length, loudness in notes:
        music.notes.add(
            pitch=pitch,
            velocity=performance.bin_velocity(loudness),
            start_time=start + begin / 100,
            end_time=start + (begin + length) / 100,
        )
    return music


def apart(notes: list[Note]) -> list[Note]:
    """Return the notes that start while their pitch is silent, sorted by start."""
    free = dict.fromkeys(range(128), 0)
    kept = []
    for note in sorted(notes, key=lambda each: (each[1], each[0])):
        if note[1] >= free[note[0]]:
            free[note[0]] = note[1] + note[2]
            kept.append(note)
    return kept


def drawn(seed: int, events: int) -> list[int]:
    """Draw a stream of uniformly distributed allowed events, and end it."""
    grammar, rng, ids = PerformanceGrammar(), np.random.default_rng(seed), []
    for _ in range(events):
        ids.append(int(rng.choice(np.flatnonzero(grammar.mask()))))
        grammar.add(ids[-1])
    while performance_changes.sounding_after(np.array(ids)).any():
        allowed = grammar.mask()
        ids.append(next(value for value in ENDINGS if allowed[value]))
        grammar.add(ids[-1])
    return ids


@given(NOTES)
def test_any_performance_on_the_grid_survives(notes: list[Note]) -> None:
    music = played(*apart(notes))
    again = performance.decode(performance.encode(music))
    assert list(again.notes) == list(music.notes)
    assert again.total_time == max((note.end_time for note in music.notes), default=0.0)


@settings(max_examples=40)
@given(NOTES)
def test_events_equal_those_of_magenta(notes: list[Note]) -> None:
    """Except for the order of simultaneous events."""
    music = played(*apart(notes))
    music.total_time = max((note.end_time for note in music.notes), default=0.0)
    library = note_seq()
    theirs = library.Performance(
        library.quantize_note_sequence_absolute(music, steps_per_second=100),
        num_velocity_bins=32,
    )
    encoding = library.PerformanceOneHotEncoding(num_velocity_bins=32)
    assert encoding.num_classes == performance.EVENT_IDS
    written = np.array([encoding.encode_event(event) for event in theirs], dtype=np.int32)
    assert list(performance.decode(written).notes) == list(music.notes)
    ours = performance.encode(music)
    pitched = [np.sort(ids[ids < TIME_SHIFT]).tolist() for ids in (ours, written)]
    assert pitched[0] == pitched[1]


@pytest.mark.parametrize("seed", range(6))
def test_allowed_ids_survive_decode_and_encode(seed: int) -> None:
    ids = drawn(seed, 200)
    assert ids[-1] in range(NOTE_OFF, TIME_SHIFT)
    assert performance.encode(performance.decode(ids)).tolist() == ids


def test_the_events_of_two_notes() -> None:
    ids = performance.encode(played((64, 0, 130, 20), (60, 0, 130, 20), (60, 130, 250, 3)))
    assert ids.tolist() == [
        VELOCITY + 20, 60, 64, TIME_SHIFT + 99, TIME_SHIFT + 29,
        NOTE_OFF + 60, NOTE_OFF + 64, VELOCITY + 3, 60,
        TIME_SHIFT + 99, TIME_SHIFT + 99, TIME_SHIFT + 49, NOTE_OFF + 60,
    ]  # fmt: skip


def test_a_repeated_pitch_ends_the_first_note_and_duplicates_are_merged() -> None:
    music = played((60, 0, 50, 5), (60, 20, 10, 5), (60, 20, 40, 9))
    again = performance.decode(performance.encode(music))
    assert list(again.notes) == list(played((60, 0, 20, 5), (60, 20, 40, 9)).notes)


def test_a_window_is_encoded_from_start_to_end() -> None:
    music = played((50, 90, 50, 8), (60, 110, 500, 8), (70, 200, 10, 8))
    music.notes.add(pitch=40, velocity=90, start_time=1.2, end_time=1.3, is_drum=True)
    ids = performance.encode(music, start=1.0, end=1.5)
    assert ids.tolist() == [TIME_SHIFT + 9, VELOCITY + 8, 60, TIME_SHIFT + 39, NOTE_OFF + 60]
    quiet = performance.encode(played(), start=1.0, end=2.5)
    assert quiet.tolist() == [TIME_SHIFT + 99, TIME_SHIFT + 49]
    assert len(performance.encode(music, start=3.0, end=2.0)) == 0


def test_a_note_off_the_grid_lasts_at_least_one_step() -> None:
    music = NoteSequence()
    music.notes.add(pitch=60, velocity=100, start_time=0.1049, end_time=0.1051)
    (note,) = performance.decode(performance.encode(music)).notes
    assert (note.start_time, note.end_time, note.velocity) == (0.10, 0.11, 97)


def test_decoding_ignores_unmatched_events_and_ends_all_notes() -> None:
    ids = [NOTE_OFF + 9, 60, 60, TIME_SHIFT + 9, 60, TIME_SHIFT + 9]
    notes = performance.decode(ids, start=2.0, program=5).notes
    assert [(n.pitch, n.start_time, n.end_time, n.program) for n in notes] == [
        (60, 2.0, 2.1, 5), (60, 2.1, 2.2, 5),
    ]  # fmt: skip


@pytest.mark.parametrize("value", [-1, START, performance.PAD])
def test_an_invalid_id_is_rejected(value: int) -> None:
    with pytest.raises(InvalidSequenceError, match=f"{value} at event 1"):
        performance.decode([60, value])


def test_all_velocities_have_a_bin() -> None:
    bins = [performance.velocity_bin(velocity) for velocity in range(1, 128)]
    assert sorted(set(bins)) == list(range(performance.VELOCITY_BINS))
    assert [performance.velocity_bin(performance.bin_velocity(index)) for index in bins] == bins


def test_ids_of_all_kinds_are_distinct() -> None:
    assert (performance.EVENT_IDS, START, performance.INPUT_IDS) == (388, 388, 390)
