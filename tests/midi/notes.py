"""Short sequences."""

from __future__ import annotations

from magenta_bridge.noteseq import NoteSequence


def sequence_of(*notes: tuple[int, int, float, float]) -> NoteSequence:
    """Return a sequence of notes given as pitch, velocity, start and end in seconds."""
    sequence = NoteSequence()
    for pitch, velocity, start, end in notes:
        sequence.notes.add(pitch=pitch, velocity=velocity, start_time=start, end_time=end)
        sequence.total_time = max(sequence.total_time, end)
    return sequence
