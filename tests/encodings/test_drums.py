"""Drum ids: encoding and decoding lose nothing, and drum classes are those of note-seq."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from magenta_bridge.encodings import drums
from magenta_bridge.encodings.meters import METERS
from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.noteseq import NoteSequence
from tests.sequences.magenta import note_seq

EVENTS = st.lists(st.integers(0, drums.EVENT_IDS - 1), max_size=40)


def struck_at(*hits: tuple[int, int]) -> NoteSequence:
    """Return hits of the given pitches at a step."""
    sequence = NoteSequence()
    sequence.quantization_info.steps_per_quarter = 4
    for pitch, step in hits:
        sequence.notes.add(
            pitch=pitch, quantized_start_step=step, quantized_end_step=step + 1, is_drum=True
        )
    sequence.total_quantized_steps = max((step + 1 for _, step in hits), default=0)
    return sequence


@given(EVENTS, st.integers(0, 50))
def test_any_ids_survive_decode_and_encode(ids: list[int], start: int) -> None:
    sequence = drums.decode(ids, start_step=start)
    assert sequence.total_quantized_steps == start + len(ids)
    assert drums.encode(sequence, start_step=start).tolist() == ids


@given(EVENTS)
def test_any_groove_survives_encode_and_decode(ids: list[int]) -> None:
    sequence = drums.decode(ids, velocity=70)
    assert drums.decode(drums.encode(sequence), velocity=70) == sequence


@settings(max_examples=40)
@given(st.lists(st.sets(st.integers(0, 127), max_size=4), min_size=1, max_size=8))
def test_ids_equal_those_of_magenta(pitches: list[set[int]]) -> None:
    """Including pitches that are not drums."""
    theirs = note_seq().drums_encoder_decoder.MultiDrumOneHotEncoding()
    hits = [(pitch, step) for step, chord in enumerate(pitches) for pitch in chord]
    ours = drums.encode(struck_at(*hits), end_step=len(pitches)).tolist()
    assert ours == [theirs.encode_event(frozenset(chord)) for chord in pitches]
    assert [
        frozenset(drums.CLASSES[kind].pitch for kind in drums.struck(event)) for event in ours
    ] == [theirs.decode_event(event) for event in ours]


def test_kick_and_hat_together_are_one_event() -> None:
    ids = drums.encode(struck_at((36, 0), (42, 0), (42, 2), (35, 3), (36, 3)))
    assert ids.tolist() == [0b101, 0, 0b100, 0b1]


def test_other_notes_are_ignored() -> None:
    sequence = struck_at((36, 1), (38, 4), (36, 9), (100, 5))
    sequence.notes.add(pitch=36, quantized_start_step=5, quantized_end_step=6)
    assert drums.encode(sequence, start_step=2, end_step=8).tolist() == [0, 0, 2, 0, 0, 0]


@pytest.mark.parametrize("steps_per_quarter", [0, 2, 24])
def test_another_grid_is_rejected(steps_per_quarter: int) -> None:
    sequence = struck_at((36, 0))
    sequence.quantization_info.steps_per_quarter = steps_per_quarter
    with pytest.raises(InvalidSequenceError, match="4 steps per quarter"):
        drums.encode(sequence)


@pytest.mark.parametrize("value", [-1, drums.EVENT_IDS, drums.PAD])
def test_an_invalid_id_is_rejected(value: int) -> None:
    with pytest.raises(InvalidSequenceError, match=f"{value} at step 5"):
        drums.decode([0, value], start_step=4)


def test_the_mask_excludes_drums() -> None:
    assert drums.grammar_mask().all()
    allowed = np.flatnonzero(drums.grammar_mask(without=[0, 8]))
    assert len(allowed) == drums.EVENT_IDS // 4
    assert all(not {0, 8} & set(drums.struck(int(event))) for event in allowed)


def test_hits_are_counted() -> None:
    counts = drums.hit_counts()
    assert counts.tolist() == [len(drums.struck(event)) for event in range(drums.EVENT_IDS)]


def test_ids_of_all_kinds_are_distinct() -> None:
    starts = [drums.start_id(index) for index in range(len(METERS))]
    kinds = [*range(drums.EVENT_IDS), *starts, drums.PAD]
    assert kinds == list(range(drums.INPUT_IDS))
