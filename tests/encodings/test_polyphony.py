"""Polyphony ids: encoding and decoding lose nothing; the grammar allows exactly valid ids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.encodings import polyphony
from magenta_bridge.encodings.meters import METERS
from magenta_bridge.encodings.polyphony import END, HELD, NEW
from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.noteseq import NoteSequence

SPANS = st.lists(st.tuples(st.integers(0, 127), st.integers(0, 20), st.integers(1, 9)), max_size=30)


def notes(*spans: tuple[int, int, int]) -> NoteSequence:
    """Return quantized notes of pitch, first step and length."""
    sequence = NoteSequence()
    sequence.quantization_info.steps_per_quarter = 4
    for pitch, start, length in spans:
        sequence.notes.add(
            pitch=pitch, velocity=90, quantized_start_step=start, quantized_end_step=start + length
        )
    sequence.total_quantized_steps = max((start + length for _, start, length in spans), default=0)
    return sequence


def spans_of(sequence: NoteSequence) -> list[tuple[int, int, int]]:
    """Return pitch, first step and length of each note."""
    return [
        (n.pitch, n.quantized_start_step, n.quantized_end_step - n.quantized_start_step)
        for n in sequence.notes
    ]


def apart(spans: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return the spans that do not overlap one of the same pitch, sorted by time and pitch."""
    taken: set[tuple[int, int]] = set()
    kept = []
    for pitch, start, length in sorted(spans, key=lambda span: (span[1], span[0])):
        cells = {(pitch, step) for step in range(start, start + length)}
        if not cells & taken:
            taken |= cells
            kept.append((pitch, start, length))
    return kept


@given(SPANS, st.integers(0, 50))
def test_any_notes_survive_encode_and_decode(spans: list[tuple[int, int, int]], shift: int) -> None:
    kept = [(pitch, start + shift, length) for pitch, start, length in apart(spans)]
    ids = polyphony.encode(notes(*kept), start_step=shift)
    assert spans_of(polyphony.decode(ids, start_step=shift)) == kept


@given(SPANS)
def test_any_ids_survive_decode_and_encode(spans: list[tuple[int, int, int]]) -> None:
    """Including ids of overlapping notes."""
    ids = polyphony.encode(notes(*spans))
    sequence = polyphony.decode(ids, velocity=70)
    assert {note.velocity for note in sequence.notes} <= {70}
    assert polyphony.encode(sequence).tolist() == ids.tolist()
    assert polyphony.ids_of(polyphony.frames_of(ids)).tolist() == ids.tolist()


def test_a_frame_lists_its_pitches_from_lowest_to_highest() -> None:
    ids = polyphony.encode(notes((64, 0, 2), (60, 0, 3), (67, 1, 1)))
    assert ids.tolist() == [
        *(NEW + 60, NEW + 64, END),
        *(HELD + 60, HELD + 64, NEW + 67, END),
        *(HELD + 60, END),
    ]


def test_a_note_that_starts_at_the_end_of_another_is_an_onset() -> None:
    assert polyphony.encode(notes((60, 0, 1), (60, 1, 1))).tolist() == [
        *(NEW + 60, END),
        *(NEW + 60, END),
    ]


def test_overlapping_notes_of_a_pitch_are_merged() -> None:
    found = spans_of(polyphony.decode(polyphony.encode(notes((60, 0, 4), (60, 2, 4), (60, 1, 1)))))
    assert found == [(60, 0, 6)]


def test_sounding_notes_start_at_the_section_and_silence_is_kept() -> None:
    ids = polyphony.encode(notes((60, 0, 4), (62, 9, 1)), start_step=2, end_step=6)
    assert ids.tolist() == [NEW + 60, END, HELD + 60, END, END, END]


def test_drums_are_ignored() -> None:
    sequence = notes((36, 0, 1))
    sequence.notes[0].is_drum = True
    assert polyphony.encode(sequence).tolist() == [END]


@given(SPANS)
def test_the_grammar_allows_every_encoded_piece(spans: list[tuple[int, int, int]]) -> None:
    polyphony.check_ids(polyphony.encode(notes(*spans)))


def test_the_mask_enforces_the_order_of_a_frame() -> None:
    before = np.isin(np.arange(128), (60, 64))
    allowed = np.flatnonzero(polyphony.grammar_mask(before, lowest=61)).tolist()
    assert allowed == [END, *range(NEW + 61, NEW + 128), HELD + 64]


@pytest.mark.parametrize(
    "ids",
    [
        [NEW + 64, NEW + 60, END],
        [NEW + 60, HELD + 60, END],
        [HELD + 60, END],
        [NEW + 60, END, END, HELD + 60, END],
        [NEW + 60],
        [polyphony.start_id(0)],
        [-1],
    ],
    ids=["descending", "twice", "held from nothing", "held over silence", "open", "start", "-1"],
)
def test_ids_that_are_not_frames_are_rejected(ids: list[int]) -> None:
    with pytest.raises(InvalidSequenceError, match=r"cannot stand there|not closed"):
        polyphony.decode(ids)


@pytest.mark.parametrize("steps_per_quarter", [0, 2, 24])
def test_another_grid_is_rejected(steps_per_quarter: int) -> None:
    sequence = notes((60, 0, 1))
    sequence.quantization_info.steps_per_quarter = steps_per_quarter
    with pytest.raises(InvalidSequenceError, match="4 steps per quarter"):
        polyphony.encode(sequence)


def test_transposition_changes_only_pitches() -> None:
    ids = polyphony.encode(notes((60, 0, 2), (127, 0, 1)))
    moved = polyphony.transpose_ids(ids, -3)
    assert spans_of(polyphony.decode(moved)) == [(57, 0, 2), (124, 0, 1)]
    with pytest.raises(InvalidSequenceError, match="leaves 0 to 127"):
        polyphony.transpose_ids(ids, 1)


def test_ids_of_all_kinds_are_distinct() -> None:
    pitched = [*range(NEW, NEW + 128), *range(HELD, HELD + 128)]
    starts = [polyphony.start_id(index) for index in range(len(METERS))]
    assert [END, *pitched, *starts, polyphony.PAD] == list(range(polyphony.INPUT_IDS))
    assert [polyphony.pitch_of(NEW + 5), polyphony.pitch_of(HELD + 5)] == [5, 5]
    assert [polyphony.pitch_of(END), polyphony.pitch_of(starts[0])] == [None, None]
