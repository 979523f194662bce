"""What stands in the bytes of a written file, read by mido, a second opinion."""

from __future__ import annotations

import io

import pytest
from mido import MidiFile

from magenta_bridge.errors import InvalidSequenceError, LimitExceededError
from magenta_bridge.formats.midi import midi_to_note_sequence, note_sequence_to_midi
from magenta_bridge.noteseq import NoteSequence


def opened(sequence: NoteSequence) -> MidiFile:
    """Return the written file as mido sees it."""
    return MidiFile(file=io.BytesIO(note_sequence_to_midi(sequence)))


def ensemble(size: int, **fields: int) -> NoteSequence:
    """Return one note for each of ``size`` instruments."""
    sequence = NoteSequence(ticks_per_quarter=480)
    for instrument in range(size):
        sequence.notes.add(
            pitch=60, velocity=80, end_time=1.0, instrument=instrument, program=5, **fields
        )
    return sequence


def test_instruments_of_one_program_get_tracks_of_their_own_and_channels_in_turn() -> None:
    midi = opened(ensemble(20))
    channels = [track[0].channel for track in midi.tracks[1:]]
    assert channels == [*range(9), *range(10, 16), *range(5)]
    again = midi_to_note_sequence(note_sequence_to_midi(ensemble(20)))
    assert [note.instrument for note in again.notes] == list(range(20))


def test_drums_play_on_the_tenth_channel() -> None:
    assert {m.channel for m in opened(ensemble(2, is_drum=True)).tracks[2] if not m.is_meta} == {9}


def test_two_programs_of_one_instrument_come_back_as_two_instruments() -> None:
    sequence = ensemble(1)
    sequence.notes.add(pitch=62, velocity=80, end_time=1.0, instrument=0, program=6)
    again = midi_to_note_sequence(note_sequence_to_midi(sequence))
    assert [(note.instrument, note.program) for note in again.notes] == [(0, 5), (1, 6)]


def test_the_inner_of_nested_notes_of_one_pitch_takes_the_outer_ones_end() -> None:
    sequence = NoteSequence(ticks_per_quarter=480)
    sequence.notes.add(pitch=60, velocity=10, start_time=0.0, end_time=3.0)
    sequence.notes.add(pitch=60, velocity=20, start_time=1.0, end_time=2.0)
    again = midi_to_note_sequence(note_sequence_to_midi(sequence))
    assert [(n.start_time, n.end_time, n.velocity) for n in again.notes] == [
        (0.0, 2.0, 10),
        (1.0, 3.0, 20),
    ]


def test_a_pitch_is_released_before_it_is_struck_again() -> None:
    sequence = ensemble(1)
    sequence.notes.add(pitch=60, velocity=81, start_time=1.0, end_time=2.0, program=5)
    kinds = [message.type for message in opened(sequence).tracks[1]]
    assert kinds[1:5] == ["note_on", "note_off", "note_on", "note_off"]


def test_unset_resolution_is_written_as_480_ticks() -> None:
    sequence = ensemble(1)
    sequence.ticks_per_quarter = 0
    assert opened(sequence).ticks_per_beat == 480


def test_times_between_ticks_go_to_the_nearest() -> None:
    sequence = NoteSequence(ticks_per_quarter=480)
    sequence.notes.add(pitch=60, velocity=1, start_time=0.1004, end_time=0.2006)
    note = midi_to_note_sequence(note_sequence_to_midi(sequence)).notes[0]
    assert (note.start_time, note.end_time) == (96 / 960, 193 / 960)


def test_church_modes_become_major_or_minor_by_their_third() -> None:
    sequence = NoteSequence()
    sequence.key_signatures.add(key=2, mode=NoteSequence.KeySignature.DORIAN)
    sequence.key_signatures.add(key=7, mode=NoteSequence.KeySignature.MIXOLYDIAN)
    keys = [message.key for message in opened(sequence).tracks[0] if message.type[:3] == "key"]
    assert keys == ["Dm", "G"]


def test_a_resolution_that_midi_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidSequenceError, match="1 to 32767, got 40000"):
        note_sequence_to_midi(NoteSequence(ticks_per_quarter=40_000))


def test_a_tempo_slower_than_midi_can_hold_is_refused_by_its_field() -> None:
    sequence = NoteSequence()
    sequence.tempos.add(qpm=3.0)
    with pytest.raises(InvalidSequenceError) as caught:
        note_sequence_to_midi(sequence)
    assert caught.value.field == "sequence.tempos[0].qpm"


def test_more_instruments_than_tracks_are_accepted_is_refused() -> None:
    with pytest.raises(LimitExceededError, match="track count"):
        note_sequence_to_midi(ensemble(1_024))


def test_more_ticks_than_midi_can_count_are_refused() -> None:
    sequence = NoteSequence(ticks_per_quarter=32_767, total_time=21_600.0)
    with pytest.raises(LimitExceededError, match="ticks"):
        note_sequence_to_midi(sequence)


def test_a_sequence_that_is_not_music_is_refused() -> None:
    sequence = ensemble(1)
    sequence.notes[0].pitch = 300
    with pytest.raises(InvalidSequenceError, match=r"sequence\.notes\[0\]\.pitch must be 0 to 127"):
        note_sequence_to_midi(sequence)
