"""Faults that lose no music are repaired, each with a warning that names it."""

from __future__ import annotations

import struct

import pytest

from magenta_bridge.formats.midi import midi_to_note_sequence, note_sequence_to_midi
from magenta_bridge.noteseq import NoteSequence
from tests.formats.midi_files import C_NOTE, END, TEMPO, header, midi, track

CONDUCTOR = track(b"\x00" + TEMPO)
SOUND = midi(CONDUCTOR, track(C_NOTE))


def rmid(data: bytes, chunks: bytes = b"") -> bytes:
    """Return a RIFF container of a MIDI file."""
    body = (
        b"RMID" + chunks + b"data" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def conductor(event: bytes) -> bytes:
    """Return a file with a setting in its first track."""
    return midi(track(b"\x00" + TEMPO + b"\x00" + event), track(C_NOTE))


REPAIRED = {
    "no end of track": (
        midi(CONDUCTOR, track(C_NOTE, end=b"")),
        "Track 2 of 2 has no end-of-track",
    ),
    "no end of an earlier track": (
        midi(track(b"\x00" + TEMPO, b""), track(C_NOTE)),
        "Track 1 of 2",
    ),
    "end of track with data": (
        midi(CONDUCTOR, track(C_NOTE, end=b"\x00\xff\x2f\x01\x00")),
        "an end-of-track event of 1 bytes instead of 0",
    ),
    "short key": (conductor(b"\xff\x59\x01\x03"), "a key signature event of 1 bytes instead of 2"),
    "short meter": (
        conductor(b"\xff\x58\x01\x03"),
        "a time signature event of 1 bytes instead of 4",
    ),
    "short tempo": (conductor(b"\xff\x51\x02\x03\x00"), "a tempo event of 2 bytes instead of 3"),
    "empty tempo": (conductor(b"\xff\x51\x00"), "a tempo event of 0 bytes instead of 3"),
    "tempo 0": (conductor(b"\xff\x51\x03\x00\x00\x00"), "a tempo event at which no time passes"),
    "meter of 0 beats": (conductor(b"\xff\x58\x04\x00\x02\x18\x08"), "signature 0/4 is left out"),
    "nine sharps": (conductor(b"\xff\x59\x02\x09\x00"), "signature of 9 sharps and mode 0 is left"),
    "RMID": (rmid(SOUND), "The file is a RIFF container (RMID)"),
    "RMID with names": (rmid(SOUND, b"DISP\x03\x00\x00\x00abc\x00"), "RIFF container"),
    "length beyond the file": (
        header(tracks=2) + CONDUCTOR + b"MTrk\xff\xff\xff\xff" + C_NOTE + END,
        "Track 2 of 2 states a wrong length",
    ),
    "length short of the events": (
        header(tracks=2) + CONDUCTOR + b"MTrk\0\0\0\x06" + C_NOTE + END,
        "Track 2 of 2 states a wrong length",
    ),
    "more tracks than stated": (SOUND + track(C_NOTE), "The tracks after the 2 that the header"),
}


@pytest.mark.parametrize("name", REPAIRED)
def test_the_music_is_read_with_one_warning(name: str) -> None:
    data, sentence = REPAIRED[name]
    warnings: list[str] = []
    sequence = midi_to_note_sequence(data, warnings=warnings)
    assert sequence == midi_to_note_sequence(SOUND)
    assert len(warnings) == 1
    assert sentence in warnings[0]
    assert warnings[0].endswith(".")


def test_data_bytes_above_127_count_as_127() -> None:
    warnings: list[str] = []
    loud = midi(track(b"\x00\x90\x3c\xbc\x60\x80\x3c\xff\x00\xc0\xff" + C_NOTE))
    sequence = midi_to_note_sequence(loud, warnings=warnings)
    assert [(note.velocity, note.program) for note in sequence.notes] == [(127, 0), (64, 127)]
    assert warnings == ["Track 1 of 1 has 3 data bytes above 127; each counts as 127."]


def test_a_sound_file_has_no_warning() -> None:
    warnings: list[str] = []
    midi_to_note_sequence(SOUND, warnings=warnings)
    assert warnings == []


def test_programs_of_another_track_reach_the_tracks_without_their_own() -> None:
    first = track(b"\x00\xc0\x28\x00\xc1\x20\x60\xc1\x21")
    notes = track(
        C_NOTE + b"\x00\x91\x30\x40\x60\x81\x30\x00" + b"\x00\x91\x31\x40\x60\x81\x31\x00"
    )
    own = track(b"\x00\xc0\x07" + C_NOTE)
    sequence = midi_to_note_sequence(midi(first, notes, own))
    assert [(note.pitch, note.program) for note in sequence.notes] == [
        (60, 40),
        (48, 33),
        (49, 33),
        (60, 7),
    ]


def test_controllers_belong_to_notes_of_their_channel() -> None:
    """One after the last note, under a program that plays nothing, is kept."""
    sequence = midi_to_note_sequence(midi(track(C_NOTE + b"\x00\xc0\x05\x00\xb0\x40\x7f")))
    control = sequence.control_changes[0]
    assert (control.instrument, control.program) == (0, 0)


def named(*names: bytes) -> bytes:
    """Return a file with a title and tracks of these names."""
    chunks = [track(b"\x00\xff\x03" + bytes([len(name)]) + name + C_NOTE) for name in names[1:]]
    title = track(b"\x00\xff\x03" + bytes([len(names[0])]) + names[0] + b"\x00" + TEMPO)
    return midi(title, *chunks)


@pytest.mark.parametrize(
    ("title", "name", "decoded"),
    [
        (b"\x83e\x83X\x83g\x8b\xc8", b"\x83s\x83A\x83m", ("テスト曲", "ピアノ")),
        ("テスト曲".encode(), "ピアノ".encode(), ("テスト曲", "ピアノ")),
        (b"\xcb\xdf\xb1\xc9", b"Bass", ("ﾋﾟｱﾉ", "Bass")),
        (b"Fl\xf6te", b"Caf\xe9 G\xe9n\xe9ral", ("Flöte", "Café Général")),
        (b"Player\x92s", b"\x93Drums\x94", ("Player\u2019s", "\u201cDrums\u201d")),
        (b"\xff\xfe\x00\x81", b"\x92", ("ÿþ\x00\x81", "\x92")),
        (b"Song", b"Piano", ("Song", "Piano")),
    ],
    ids=["Shift-JIS", "UTF-8", "half-width kana", "Latin-1", "Windows", "any bytes", "ASCII"],
)
def test_names_are_decoded_and_keep_their_bytes(
    title: bytes, name: bytes, decoded: tuple[str, str]
) -> None:
    sequence = midi_to_note_sequence(named(title, name))
    assert (sequence.sequence_metadata.title, sequence.instrument_infos[0].name) == decoded
    written = note_sequence_to_midi(sequence)
    assert b"\xff\x03" + bytes([len(title)]) + title in written
    assert b"\xff\x03" + bytes([len(name)]) + name in written
    assert midi_to_note_sequence(written) == sequence


def test_a_name_outside_the_character_set_is_written_in_utf_8() -> None:
    sequence = midi_to_note_sequence(named(b"Fl\xf6te", b"a"))
    sequence.instrument_infos[0].name = "ピアノ"
    assert "ピアノ".encode() in note_sequence_to_midi(sequence)


@pytest.mark.parametrize(
    ("ticks", "steps", "written"),
    [
        (0, 3, 480),
        (220, 3, 480),
        (220, 16, 480),
        (0, 7, 3360),
        (0, 64, 960),
        (0, 11, 960),
        (96, 5, 96),
    ],
)
def test_the_resolution_fits_the_notes(ticks: int, steps: int, written: int) -> None:
    """Where the music came without one; steps are those of a quarter note."""
    sequence = NoteSequence(ticks_per_quarter=ticks)
    sequence.tempos.add(qpm=100.0)
    for step in range(steps):
        start, end = step * 0.6 / steps, (step + 1) * 0.6 / steps
        sequence.notes.add(pitch=60, velocity=80, start_time=start, end_time=end)
    again = midi_to_note_sequence(note_sequence_to_midi(sequence))
    assert again.ticks_per_quarter == written


def test_a_file_keeps_a_resolution_of_220() -> None:
    sequence = midi_to_note_sequence(midi(track(C_NOTE), division=220))
    assert midi_to_note_sequence(note_sequence_to_midi(sequence)) == sequence
