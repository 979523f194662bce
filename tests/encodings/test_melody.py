"""Melody ids: encoding and decoding lose nothing, and events are those of note-seq."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from magenta_bridge.encodings import melody
from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.noteseq import NoteSequence
from tests.sequences.magenta import note_seq
from tests.sequences.music import monophonic, music, quantized, steps

REST, OFF = melody.NO_EVENT + melody.EVENT_OFFSET, melody.NOTE_OFF + melody.EVENT_OFFSET


def note(pitch: int) -> int:
    """Return the id of a note-on."""
    return pitch + melody.EVENT_OFFSET


@given(monophonic())
def test_any_melody_survives_encode_and_decode(sequence: NoteSequence) -> None:
    """All steps of all notes, and the silence after the last one."""
    found = melody.decode(melody.encode(sequence), velocity=80)
    assert found == sequence


@given(monophonic(), st.integers(0, 50))
def test_steps_can_start_at_any_number(sequence: NoteSequence, start: int) -> None:
    """A part is encoded from its first step, and decoded to the same steps."""
    part = [note for note in steps(sequence) if note[1] >= start]
    ids = melody.encode(sequence, start_step=start)
    assert len(ids) == max(sequence.total_quantized_steps - start, 0)
    assert steps(melody.decode(ids, start_step=start)) == part


@settings(max_examples=40)
@given(monophonic())
def test_events_equal_those_of_magentas_melody(sequence: NoteSequence) -> None:
    """``Melody`` starts in the bar of the first note."""
    sequence.time_signatures.add(numerator=4, denominator=4)
    theirs = note_seq().Melody()
    theirs.from_quantized_sequence(sequence, gap_bars=1_000)
    ours = melody.encode(sequence) - melody.EVENT_OFFSET
    begin, end = theirs.start_step, theirs.start_step + len(theirs)
    assert list(theirs) == ours[begin:end].tolist()
    # It has neither the silence before that bar nor the last note-off.
    assert set(ours[:begin].tolist()) <= {melody.NO_EVENT}
    assert ours[end:].tolist()[1:] == [melody.NO_EVENT] * (len(ours) - end - 1)


@given(st.lists(st.sampled_from([REST, OFF, note(60), note(61), note(0), note(127)])))
def test_notes_of_any_ids_survive_encoding_again(ids: list[int]) -> None:
    """Only note-offs during silence are lost."""
    again = melody.encode(melody.decode(ids)).tolist()
    sounding, expected = False, []
    for value in ids:
        expected.append(REST if value == OFF and not sounding else value)
        sounding = melody.sounds_after([value]) or (sounding and value == REST)
    assert again == expected


@given(st.integers(0, 2**32), st.integers(0, 100), st.booleans())
def test_allowed_ids_survive_decode_and_encode(seed: int, length: int, onset_first: bool) -> None:
    random, ids, sounding = np.random.default_rng(seed), [], False
    for step in range(length):
        allowed = melody.grammar_mask(sounding=sounding, onset=onset_first and step == 0)
        # Rests and note-offs are as frequent as notes.
        kinds = [REST, OFF, int(random.integers(2, melody.EVENT_IDS))]
        ids.append(int(random.choice([value for value in kinds if allowed[value]])))
        sounding = melody.sounds_after(ids)
    assert melody.encode(melody.decode(ids)).tolist() == ids
    assert not (onset_first and ids) or ids[0] >= melody.EVENT_OFFSET


@settings(max_examples=40)
@given(monophonic())
def test_the_mask_allows_all_encoded_melodies(sequence: NoteSequence) -> None:
    ids = melody.encode(sequence).tolist()
    for step, value in enumerate(ids):
        assert melody.grammar_mask(sounding=melody.sounds_after(ids[:step]))[value]


def test_the_mask_depends_on_whether_a_note_sounds() -> None:
    silent, sounding = melody.grammar_mask(sounding=False), melody.grammar_mask(sounding=True)
    assert (silent[REST], silent[OFF], sounding[REST], sounding[OFF]) == (True, False, True, True)
    assert silent[2:].all()
    assert sounding[2:].all()
    onset = melody.grammar_mask(sounding=True, onset=True)
    assert np.flatnonzero(onset).tolist() == list(range(2, melody.EVENT_IDS))


def test_ids_have_the_values_of_magenta() -> None:
    """A note for a quarter, a rest for an eighth, a note to the end."""
    ids = melody.encode(quantized((60, 0, 4), (62, 6, 8)))
    assert ids.tolist() == [62, REST, REST, REST, OFF, REST, 64, REST]


def test_a_note_across_the_start_is_ignored_and_across_the_end_is_cut() -> None:
    sequence = quantized((60, 0, 4), (62, 4, 12), (64, 12, 16))
    assert melody.encode(sequence, start_step=2, end_step=8).tolist() == [
        REST, REST, note(62), REST, REST, REST,
    ]  # fmt: skip


def test_drums_are_ignored() -> None:
    sequence = quantized((60, 0, 4))
    sequence.notes.add(pitch=36, quantized_start_step=1, quantized_end_step=2, is_drum=True)
    assert melody.encode(sequence).tolist() == [62, REST, REST, REST]


def test_overlapping_notes_are_rejected() -> None:
    with pytest.raises(InvalidSequenceError, match="step 3 while one sounds until 4") as caught:
        melody.encode(quantized((60, 0, 4), (62, 3, 8)))
    assert caught.value.field == "sequence.notes"


@pytest.mark.parametrize("steps_per_quarter", [0, 2, 24])
def test_another_grid_is_rejected(steps_per_quarter: int) -> None:
    sequence = music((60, 0, 1))
    sequence.quantization_info.steps_per_quarter = steps_per_quarter
    with pytest.raises(InvalidSequenceError, match="4 steps per quarter"):
        melody.encode(sequence)


@pytest.mark.parametrize("value", [-1, melody.EVENT_IDS, melody.start_id(0), melody.PAD])
def test_an_invalid_id_is_rejected(value: int) -> None:
    with pytest.raises(InvalidSequenceError, match=f"{value} at step 5"):
        melody.decode([REST, value], start_step=4)


def test_ids_of_all_kinds_are_distinct() -> None:
    """Events, starts of meters, and padding."""
    starts = [melody.start_id(index) for index in range(len(melody.METERS))]
    kinds = [*range(melody.EVENT_IDS), *starts, melody.PAD]
    assert kinds == list(range(melody.INPUT_IDS))
