"""Pieces of two instruments and more as a lead and a bass."""

from __future__ import annotations

from itertools import pairwise

import pytest

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.duo import DATASET, bass_line
from magenta_bridge.encodings import melody
from magenta_bridge.encodings.meters import METERS
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.quantize import quantize

Note = tuple[int, float, float]
BEAT = 0.5  # seconds at 120 qpm
# A broken chord over its bass, a beat a note.
OOMPAH = [40, 52, 56, 52]


def song(lead: list[Note], rest: list[Note], **also: list[Note]) -> Piece:
    """Return a piece of two parts; times in beats."""
    music = NoteSequence(ticks_per_quarter=480)
    music.tempos.add(qpm=120.0)
    music.time_signatures.add(numerator=4, denominator=4)
    for instrument, notes in enumerate([lead, rest, *also.values()]):
        for pitch, start, end in notes:
            music.notes.add(
                pitch=pitch,
                velocity=80,
                instrument=instrument,
                start_time=start * BEAT,
                end_time=end * BEAT,
            )
    music.total_time = max(note.end_time for note in music.notes)
    return Piece("a.mxl", music)


def tune(bars: int, start: int = 0) -> list[Note]:
    """Return a note on each beat."""
    first = start * 4
    return [(60 + (beat * 5) % 12, first + beat, first + beat + 1.0) for beat in range(4 * bars)]


def bass(bars: int, start: int = 0) -> list[Note]:
    """Return broken chords."""
    first = start * 4
    return [(OOMPAH[beat % 4], first + beat, first + beat + 1.0) for beat in range(4 * bars)]


def pitches(ids: list[int]) -> list[int]:
    """Return the pitches of the notes that begin."""
    return [value - 2 for value in ids if value >= melody.EVENT_OFFSET]


def test_lead_and_bass_alternate_step_by_step() -> None:
    (found,) = DATASET.tunes_of([song(tune(16), bass(16))])
    lead, low = found.ids[0::2].tolist(), found.ids[1::2].tolist()
    assert METERS[found.meter] == (4, 4)
    assert len(lead) == len(low) == 16 * 16
    assert pitches(lead) == [note[0] for note in tune(16)] == found.pitches.tolist()
    # The second note stands an octave over the bass of its half bar; the other two are a half
    # bar of their own.
    assert pitches(low) == [40, 56, 52] * 16
    assert low[:16] == [42, 0, 0, 0, 1, 0, 0, 0, 58, 0, 0, 0, 54, 0, 0, 0]


def test_chords_over_the_bass_are_left_out() -> None:
    """Within half a bar what stands a sixth or more above its lowest note is no bass."""
    (made,) = [song([], [(40, 0, 1), (52, 1, 2), (43, 2, 3), (50, 3, 4)]).music]
    line = bass_line(quantize(made, 4), 16)
    found = [(n.pitch, n.quantized_start_step, n.quantized_end_step) for n in line.notes]
    assert found == [(40, 0, 4), (43, 8, 12), (50, 12, 16)]


def test_of_notes_at_once_the_lowest_is_the_bass() -> None:
    made = song([], [(52, 0, 4), (40, 0, 4), (47, 0, 4)]).music
    assert [note.pitch for note in bass_line(quantize(made, 4), 16).notes] == [40]


def test_a_long_rest_cuts_and_a_short_one_does_not() -> None:
    """A line may rest for a bar within; where it rests longer another stretch begins."""
    short = song([*tune(8), *tune(8, 9)], bass(17))
    assert [len(found.ids) for found in DATASET.tunes_of([short])] == [2 * 17 * 16]
    long = song([*tune(8), *tune(9, 10)], bass(19))
    found = DATASET.tunes_of([long])
    assert [len(each.ids) for each in found] == [2 * 8 * 16, 2 * 9 * 16]
    assert [each.name for each in found] == ["a.mxl#0", "a.mxl#1"]


def test_each_meter_is_a_stretch_of_its_own() -> None:
    piece = song(tune(18), bass(18))
    piece.music.time_signatures.add(time=9 * 4 * BEAT, numerator=2, denominator=4)
    found = DATASET.tunes_of([piece])
    assert [METERS[each.meter] for each in found] == [(4, 4), (2, 4)]
    assert [len(each.ids) for each in found] == [2 * 9 * 16] * 2


@pytest.mark.parametrize(
    "piece",
    [
        song(tune(16), []),
        song(tune(7), bass(7)),
        song([(60, bar * 4, bar * 4 + 4) for bar in range(16)], bass(16)),
    ],
    ids=["one part", "under eight bars", "under 24 notes"],
)
def test_too_little_is_left_out(piece: Piece) -> None:
    assert DATASET.tunes_of([piece]) == []


def test_the_lines_are_lines() -> None:
    """No line sounds two notes at once, whatever the parts do."""
    both = song(
        [*tune(12), *[(pitch - 3, start, end) for pitch, start, end in tune(12)]],
        [*bass(12), *[(pitch + 4, start, end + 2) for pitch, start, end in bass(12)]],
    )
    (found,) = DATASET.tunes_of([both])
    for line in (found.ids[0::2], found.ids[1::2]):
        notes = list(melody.decode(line).notes)
        assert all(a.quantized_end_step <= b.quantized_start_step for a, b in pairwise(notes))
