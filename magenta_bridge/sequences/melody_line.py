"""The melody line of a piece."""

from __future__ import annotations

from itertools import zip_longest

from magenta_bridge.noteseq import NoteSequence


def melody_line(sequence: NoteSequence) -> NoteSequence:
    """Reduce a quantized sequence to its top line.

    Of notes that begin on the same step the highest is kept, and each note ends where the next
    one begins: what ``note_seq``'s ``Melody`` does with ``ignore_polyphonic_notes``. Drums are
    left out.

    Args:
        sequence: A NoteSequence with quantized steps.

    Returns:
        A copy whose notes are monophonic and in order of time.
    """
    tops: dict[int, NoteSequence.Note] = {}
    for note in sequence.notes:
        if note.is_drum:
            continue
        rival = tops.get(note.quantized_start_step)
        if rival is None or note.pitch > rival.pitch:
            tops[note.quantized_start_step] = note
    line = NoteSequence()
    line.CopyFrom(sequence)
    del line.notes[:]
    starts = sorted(tops)
    for start, following in zip_longest(starts, starts[1:]):
        kept = line.notes.add()
        kept.CopyFrom(tops[start])
        if following is not None:
            kept.quantized_end_step = min(kept.quantized_end_step, following)
    return line
