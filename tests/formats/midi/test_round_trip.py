"""NoteSequence to MIDI and back, and MIDI to NoteSequence and back, change nothing."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings

from magenta_bridge.formats.midi import midi_to_note_sequence, note_sequence_to_midi
from magenta_bridge.noteseq import NoteSequence
from tests.formats.strategies import sequences

MUSIC = sorted((Path(__file__).parents[2] / "data" / "midi").glob("*.mid"))


@settings(max_examples=80)
@given(sequences())
def test_any_music_on_ticks_comes_back_equal(sequence: NoteSequence) -> None:
    assert midi_to_note_sequence(note_sequence_to_midi(sequence)) == sequence


@pytest.mark.parametrize("path", MUSIC, ids=lambda path: path.stem)
def test_a_file_read_and_written_is_read_as_the_same_music(path: Path) -> None:
    sequence = midi_to_note_sequence(path.read_bytes())
    written = note_sequence_to_midi(sequence)
    again = midi_to_note_sequence(written)
    assert again == sequence
    assert note_sequence_to_midi(again) == written


def test_a_tempo_beyond_whole_microseconds_leaves_notes_on_their_ticks() -> None:
    sequence = NoteSequence(ticks_per_quarter=96)
    sequence.tempos.add(time=0.0, qpm=133.0)
    grid = [step * 15.0 / 133.0 for step in range(8_001)]
    for start, end in itertools.pairwise(grid):
        sequence.notes.add(pitch=60, velocity=80, start_time=start, end_time=end)
    again = midi_to_note_sequence(note_sequence_to_midi(sequence))
    microseconds = round(60_000_000 / 133)
    ticks = [n.start_time * 96 * 1_000_000 / microseconds for n in again.notes]
    assert ticks == pytest.approx([24 * step for step in range(8_000)], abs=1e-6)


def test_the_same_music_gives_the_same_bytes() -> None:
    sequence = midi_to_note_sequence(MUSIC[0].read_bytes())
    shuffled = NoteSequence()
    shuffled.CopyFrom(sequence)
    del shuffled.notes[:]
    shuffled.notes.extend(reversed(sequence.notes))
    assert note_sequence_to_midi(shuffled) == note_sequence_to_midi(sequence)
