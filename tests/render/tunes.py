"""Short music for tests of pictures and recordings."""

from __future__ import annotations

from collections.abc import Sequence

from magenta_bridge.noteseq import NoteSequence


def tune(
    pitches: Sequence[int], *, start: float = 0.0, velocity: int = 127, seconds: float = 0.5
) -> NoteSequence:
    """Return consecutive notes of equal length at 120 qpm."""
    sequence = NoteSequence()
    sequence.tempos.add(time=0.0, qpm=120.0)
    for index, pitch in enumerate(pitches):
        begin = start + index * seconds
        sequence.notes.add(
            pitch=pitch, velocity=velocity, start_time=begin, end_time=begin + seconds
        )
    sequence.total_time = start + len(pitches) * seconds
    return sequence
