"""Each kind of event as the MIDI reader returns it."""

from __future__ import annotations

import pytest

from magenta_bridge.errors import LimitExceededError
from magenta_bridge.formats.midi import midi_to_note_sequence
from magenta_bridge.noteseq import NoteSequence
from tests.formats.midi_files import C_NOTE, TEMPO, header, midi, track


def spans(sequence: NoteSequence) -> list[tuple[int, float, float, int]]:
    """Return pitch, start, end and velocity of each note."""
    return [(n.pitch, n.start_time, n.end_time, n.velocity) for n in sequence.notes]


def test_a_file_without_tempo_plays_at_120_qpm_and_says_so() -> None:
    sequence = midi_to_note_sequence(midi(track(C_NOTE)))
    assert [(tempo.time, tempo.qpm) for tempo in sequence.tempos] == [(0.0, 120.0)]
    assert spans(sequence) == [(60, 0.0, 0.1, 64)]
    assert sequence.ticks_per_quarter == 480
    assert sequence.source_info.encoding_type == NoteSequence.SourceInfo.MIDI


def test_of_overlapping_notes_of_one_pitch_the_first_to_start_is_the_first_to_end() -> None:
    events = b"\x00\x90\x3c\x0a\x60\x3c\x14\x60\x3c\x00\x60\x3c\x00"
    assert spans(midi_to_note_sequence(midi(track(events), division=96))) == [
        (60, 0.0, 1.0, 10),
        (60, 0.5, 1.5, 20),
    ]


def test_a_note_without_length_is_kept() -> None:
    sequence = midi_to_note_sequence(midi(track(b"\x00\x90\x3c\x40\x00\x80\x3c\x00")))
    assert spans(sequence) == [(60, 0.0, 0.0, 64)]


def test_a_note_without_a_release_sounds_to_the_end_of_its_track() -> None:
    events = b"\x00\x90\x40\x50" + C_NOTE
    warnings: list[str] = []
    sequence = midi_to_note_sequence(
        midi(track(events, end=b"\x83\x60\xff\x2f\x00")), warnings=warnings
    )
    assert spans(sequence) == [(60, 0.0, 0.1, 64), (64, 0.0, 0.6, 80)]
    assert warnings == ["Track 1 of 1 never releases 1 of its notes; they end with the track."]


def test_tracks_of_one_channel_and_program_stay_two_instruments() -> None:
    first = track(b"\x00\xff\x03\x01A" + C_NOTE)
    second = track(b"\x00\xff\x03\x01B" + C_NOTE)
    sequence = midi_to_note_sequence(midi(first, second))
    assert [note.instrument for note in sequence.notes] == [0, 1]
    assert [info.name for info in sequence.instrument_infos] == ["A", "B"]


def test_the_tenth_channel_is_drums() -> None:
    sequence = midi_to_note_sequence(midi(track(b"\x00\x99\x24\x40\x60\x89\x24\x00")))
    assert sequence.notes[0].is_drum


def test_controllers_and_bends_of_a_channel_without_notes_are_kept_in_place() -> None:
    lone = track(b"\x00\xc1\x07\x00\xb1\x40\x7f\x60\xe1\x00\x00")
    sequence = midi_to_note_sequence(midi(track(C_NOTE), lone, track(C_NOTE)))
    control, bend = sequence.control_changes[0], sequence.pitch_bends[0]
    assert (control.instrument, control.program, control.control_value) == (1, 7, 127)
    assert (bend.instrument, bend.time, bend.bend) == (1, 0.1, -8192)
    assert [note.instrument for note in sequence.notes] == [0, 2]


LATE_END = b"\x83\x60\xff\x2f\x00"


def test_the_end_of_a_tempo_track_is_not_music() -> None:
    tempo_track = track(b"\x00" + TEMPO, end=LATE_END)
    assert midi_to_note_sequence(midi(tempo_track, track(C_NOTE))).total_time == 0.1
    assert midi_to_note_sequence(midi(tempo_track)).total_time == 0.5


def test_silence_at_the_end_of_a_track_with_notes_counts() -> None:
    assert midi_to_note_sequence(midi(track(C_NOTE, end=LATE_END))).total_time == 0.6


def test_a_tempo_after_the_notes_of_the_only_track_is_not_music() -> None:
    tail = track(C_NOTE + b"\x83\x60" + TEMPO)
    assert midi_to_note_sequence(midi(tail)).total_time == 0.1


@pytest.mark.parametrize(
    ("sharps", "minor", "key"), [(0, 0, 0), (-3, 0, 3), (1, 0, 7), (0, 1, 9), (6, 0, 6), (-1, 1, 2)]
)
def test_sharps_and_flats_become_the_tonic(sharps: int, minor: int, key: int) -> None:
    data = midi(track(bytes([0, 0xFF, 0x59, 2, sharps & 0xFF, minor])))
    signature = midi_to_note_sequence(data).key_signatures[0]
    assert (signature.key, signature.mode) == (key, minor)


@pytest.mark.parametrize(
    "event",
    [
        b"\x00\xff\x58\x04\x00\x02\x18\x08",
        b"\x00\xff\x58\x04\x04\x0f\x18\x08",
        b"\x00\xff\x59\x02\x09\x00",
        b"\x00\xff\x59\x02\x00\x07",
    ],
    ids=["numerator 0", "denominator 32768", "nine sharps", "mode 7"],
)
def test_signatures_that_midi_does_not_define_are_left_out(event: bytes) -> None:
    sequence = midi_to_note_sequence(midi(track(event + C_NOTE)))
    assert not sequence.time_signatures
    assert not sequence.key_signatures
    assert len(sequence.notes) == 1


def test_settings_repeated_in_every_track_count_once() -> None:
    settings = b"\x00" + TEMPO + b"\x00\xff\x58\x04\x03\x02\x18\x08\x00\xff\x59\x02\x01\x00"
    sequence = midi_to_note_sequence(midi(track(settings), track(settings + C_NOTE)))
    counts = [len(sequence.tempos), len(sequence.time_signatures), len(sequence.key_signatures)]
    assert counts == [1, 1, 1]


def test_a_tempo_in_a_later_track_counts_for_all() -> None:
    slow = track(b"\x00\xff\x51\x03\x0f\x42\x40")
    assert midi_to_note_sequence(midi(track(C_NOTE), slow)).notes[0].end_time == 0.2


def test_foreign_chunks_a_longer_header_and_trailing_bytes_are_passed_by() -> None:
    long_header = b"MThd\x00\x00\x00\x08" + header(tracks=2)[8:] + b"\x00\x00"
    foreign = b"XFIH\x00\x00\x00\x02ab"
    data = long_header + track(C_NOTE) + foreign + track(C_NOTE) + b"\x00" * 9
    assert midi_to_note_sequence(data) == midi_to_note_sequence(midi(track(C_NOTE), track(C_NOTE)))


def test_a_piece_of_many_hours_is_refused() -> None:
    slow = b"\x00\xff\x51\x03\xff\xff\xff" + b"\xff\xff\x7f" + C_NOTE[1:]
    with pytest.raises(LimitExceededError, match="length is"):
        midi_to_note_sequence(midi(track(slow), division=24))


def test_more_notes_than_a_sequence_may_hold_are_refused() -> None:
    notes = b"\x00\x90\x3c\x40" + b"\x01\x3c\x00\x01\x3c\x40" * 50_001
    with pytest.raises(LimitExceededError, match="50,000 notes"):
        midi_to_note_sequence(midi(track(notes)))
