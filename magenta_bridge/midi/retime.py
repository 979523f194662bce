"""Moves sequences in time, and cuts them."""

from __future__ import annotations

from magenta_bridge.noteseq import NoteSequence


def adjust_sequence_times(sequence: NoteSequence, delta_time: float) -> NoteSequence:
    """Returns a copy whose notes and end lie ``delta_time`` seconds later."""
    moved = NoteSequence()
    moved.CopyFrom(sequence)
    for note in moved.notes:
        note.start_time += delta_time
        note.end_time += delta_time
    moved.total_time += delta_time
    return moved


def notes_between(sequence: NoteSequence, start: float, end: float) -> NoteSequence:
    """Returns a copy with the notes that begin from ``start`` on and before ``end``, in seconds.

    Those that sound longer end at ``end``; nothing is moved.
    """
    part = NoteSequence()
    part.CopyFrom(sequence)
    del part.notes[:]
    for note in sequence.notes:
        if start <= note.start_time < end:
            part.notes.add().CopyFrom(note)
            part.notes[-1].end_time = min(note.end_time, end)
    part.total_time = min(sequence.total_time, end)
    return part
