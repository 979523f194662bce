"""Files as programs write them: where their notes and their continuation begin."""

from __future__ import annotations

import pytest

from magenta_bridge.formats.midi import midi_to_note_sequence, note_sequence_to_midi
from magenta_bridge.sequences.sections import section_after
from magenta_bridge.sequences.tempo_map import TempoMap
from tests.formats.midi_files import C_NOTE, END, TEMPO, midi, track
from tests.formats.random_tracks import number

METER = b"\x00\xff\x58\x04\x04\x02\x18\x08"
WALTZ = b"\x00\xff\x58\x04\x03\x02\x18\x08"
CONDUCTOR = track(b"\x00" + TEMPO + METER)


def starts(data: bytes) -> list[tuple[int, float]]:
    """Return the pitch of each note and its start in quarter notes."""
    return [(each.pitch, each.start_time * 2) for each in midi_to_note_sequence(data).notes]


def quarters(count: int, last: int = 480) -> bytes:
    """Return the events of so many quarter notes at 480 ticks; the last has its own length."""
    lengths = [480] * (count - 1) + [last]
    return b"".join(b"\x00\x90\x3c\x5a" + number(length) + b"\x80\x3c\x00" for length in lengths)


def continuation(data: bytes) -> float:
    """Return where a continuation begins, in quarter notes."""
    sequence = midi_to_note_sequence(data)
    return round(float(TempoMap(sequence).quarters(section_after(sequence, 2)[0])), 6)


def after(ticks: int) -> bytes:
    """Return an end of track so many ticks after the last event."""
    return number(ticks) + END[1:]


@pytest.mark.parametrize(
    "event",
    [
        b"\xf7\x03\x43\x12\xf7",
        b"\xf7\x00",
        b"\xf7\x04\x90\x40\x40\xf8",
        b"\xf0\x03\x43\x12\x00\x00\xf7\x02\x01\xf7",
        b"\xf0\x05\x7e\x7f\x09\x01\xf7",
        b"\xff\x01\x02hi",
        b"\xff\x7f\x03\x00\x00\x41",
    ],
    ids=["closed F7", "empty F7", "escape", "continued sysex", "sysex", "text", "proprietary"],
)
@pytest.mark.parametrize("status", [b"\x90", b""], ids=["explicit", "running"])
def test_an_event_between_notes_keeps_their_times_and_the_running_status(
    event: bytes, status: bytes
) -> None:
    first, last = (
        b"\x00\x90\x3c\x5a\x81\x70\x3c\x00",
        b"\x00" + status + b"\x3e\x5a\x81\x70\x3e\x00",
    )
    data = midi(CONDUCTOR, track(first + b"\x60" + event + last))
    assert starts(data) == [(60, 0.0), (62, pytest.approx(0.7))]


@pytest.mark.parametrize(
    ("name", "data", "start"),
    [
        ("a clip with silence", midi(track(METER + quarters(9, 240), after(480 * 7 + 240))), 16.0),
        ("a clip of one note", midi(track(METER + quarters(1), after(480 * 31))), 32.0),
        ("a clip in a file of two tracks", midi(CONDUCTOR, track(quarters(2), after(2880))), 8.0),
        ("a late release", midi(CONDUCTOR, track(quarters(8, 550))), 8.0),
        ("a late release of a clip", midi(track(METER + quarters(8, 550), after(30))), 8.0),
        ("a release in the next bar", midi(CONDUCTOR, track(quarters(8, 610))), 12.0),
        (
            "a conductor's tail",
            midi(
                track(b"\x00" + TEMPO + METER + number(480 * 96) + TEMPO),
                track(quarters(8)),
            ),
            8.0,
        ),
        ("a tail in the only track", midi(track(quarters(8) + number(3840) + TEMPO)), 8.0),
        ("an end hours later", midi(CONDUCTOR, track(quarters(8), after(480 * 9_000)))
        , 8.0),
        ("a padded end", midi(CONDUCTOR, track(quarters(8), after(480))), 8.0),
        ("a waltz", midi(track(WALTZ + quarters(3), after(1440))), 6.0),
        (
            "a pickup",
            midi(
                track(b"\x00\xff\x58\x04\x01\x02\x18\x08" + b"\x83\x60" + METER[1:]),
                track(quarters(5)),
            ),
            5.0,
        ),
    ],
)  # fmt: skip
def test_a_continuation_begins_where_the_music_ends(name: str, data: bytes, start: float) -> None:
    assert continuation(data) == start, name


def test_a_written_clip_keeps_its_length() -> None:
    sequence = midi_to_note_sequence(midi(track(METER + quarters(2), after(480 * 6))))
    again = midi_to_note_sequence(note_sequence_to_midi(sequence))
    assert (again.total_time, sequence.total_time) == (4.0, 4.0)


def test_a_piece_without_notes_ends_with_its_longest_track() -> None:
    silent = midi(track(b"\x00" + TEMPO), track(b"\x00\xb0\x07\x40", after(960)))
    assert midi_to_note_sequence(silent).total_time == 1.0
    assert len(midi_to_note_sequence(midi(track(C_NOTE))).notes) == 1
