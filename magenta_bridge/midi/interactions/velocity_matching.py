"""Answers as loudly as the call was played."""

from __future__ import annotations

from magenta_bridge.noteseq import NoteSequence

# How much of an accent of the call the response takes over; the rest is its middle loudness.
_ACCENT = 0.6


def match_velocities(response: NoteSequence, call: NoteSequence, bar_s: float) -> None:
    """Gives the notes of a response the velocities of a call.

    A note is as loud as the note of the call nearest to the same place in the bar, drawn towards
    the middle of all.

    Args:
        response: Whose velocities are changed; times in seconds from a bar line.
        call: What the musician has played, likewise.
        bar_s: Length of a bar in seconds.
    """
    if not call.notes:
        return
    middle = sum(note.velocity for note in call.notes) / len(call.notes)
    for note in response.notes:
        nearest = min(
            call.notes, key=lambda played: _apart(played.start_time, note.start_time, bar_s)
        )
        loud = middle + _ACCENT * (nearest.velocity - middle)
        note.velocity = min(max(round(loud), 1), 127)


def _apart(first: float, second: float, bar_s: float) -> float:
    """Returns how far two times are from the same place in a bar, in seconds."""
    difference = (first - second) % bar_s
    return min(difference, bar_s - difference)
