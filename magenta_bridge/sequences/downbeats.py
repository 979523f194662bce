"""Where the bars of a melody begin, by its accents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from magenta_bridge.noteseq import NoteSequence

# Players and notation programs accent downbeats. When most notes are equally loud accents
# say nothing, and the written bar lines apply.
_MOST_ACCENTED = 0.6


@dataclass(frozen=True)
class Stretch:
    """A part of a melody whose bars follow one another without a gap.

    Attributes:
        first_step: Step of a bar line at or before the first note; may be negative, by an
            upbeat's missing part.
        end_step: First step that is no longer part of it.
    """

    first_step: int
    end_step: int


def regular_stretches(melody: NoteSequence, bar_steps: int) -> list[Stretch]:
    """Split a melody where an accented downbeat contradicts the bars before it.

    An upbeat shifts all bar lines against the start of the file, and a careless repeat shifts
    them again in the middle; the loudest notes show where.

    Args:
        melody: Quantized and monophonic.
        bar_steps: Length of a bar in steps.

    Returns:
        Stretches in order of time, which together cover all notes.
    """
    if not melody.notes:
        return []
    end = melody.total_quantized_steps
    onsets = np.array([note.quantized_start_step for note in melody.notes])
    loudness = np.array([note.velocity for note in melody.notes])
    accented = loudness == loudness.max()
    if accented.mean() > _MOST_ACCENTED:
        return [Stretch(0, end)]
    # The first note of a file is accented even where it is an upbeat.
    downbeats = [int(step) for step in onsets[accented] if step > onsets[0]]
    if not downbeats:
        return [Stretch(0, end)]
    starts = [downbeats[0]]
    for step in downbeats:
        if (step - starts[-1]) % bar_steps:
            starts.append(step)
    first = downbeats[0] % bar_steps - bar_steps if downbeats[0] % bar_steps else 0
    return [
        Stretch(begin, finish)
        for begin, finish in zip([first, *starts[1:]], [*starts[1:], end], strict=True)
    ]
