"""Pieces for the tests of measures, written as notes."""

from __future__ import annotations

from collections.abc import Sequence

from magenta_bridge.encodings.meters import STEPS_PER_QUARTER
from magenta_bridge.evaluation.metrics.note_array import Tones, tones_of
from magenta_bridge.noteseq import NoteSequence

Note = tuple[int, int, int]
"""Start, end (steps) and pitch."""


def sequence(notes: Sequence[Note], drums: Sequence[Note] = (), steps: int = 0) -> NoteSequence:
    """Return a quantized sequence of pitched notes and drums, as long as the last or ``steps``."""
    made = NoteSequence()
    made.quantization_info.steps_per_quarter = STEPS_PER_QUARTER
    for is_drum, some in ((False, notes), (True, drums)):
        for start, end, pitch in some:
            made.notes.add(
                quantized_start_step=start,
                quantized_end_step=end,
                pitch=pitch,
                velocity=90,
                is_drum=is_drum,
            )
    made.total_quantized_steps = max([steps, *(note.quantized_end_step for note in made.notes)])
    return made


def piece(
    *notes: Note, drums: Sequence[Note] = (), steps: int = 0, bar_steps: int | None = None
) -> Tones:
    """Return such a piece, in 4/4 by default."""
    return tones_of(sequence(notes, drums, steps), bar_steps=bar_steps)


def line(pitches: Sequence[int], length: int = 1) -> Tones:
    """Return notes of one length, one behind the other."""
    return piece(*((at * length, (at + 1) * length, pitch) for at, pitch in enumerate(pitches)))


SILENCE = piece(steps=32)
ONE_NOTE = piece((0, 4, 60))
DRUMS = piece(drums=[(0, 1, 36), (4, 5, 38), (8, 9, 36), (11, 12, 38)])
