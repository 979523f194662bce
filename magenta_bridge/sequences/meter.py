"""Time signatures: which one applies when, and how long its bars are."""

from __future__ import annotations

from dataclasses import dataclass

from magenta_bridge.noteseq import NoteSequence


@dataclass(frozen=True)
class Meter:
    """A time signature and where it begins.

    Attributes:
        numerator: Beats in a bar.
        denominator: Note value of a beat, a power of two.
        start: Where it begins, in seconds; a bar begins there.
    """

    numerator: int = 4
    denominator: int = 4
    start: float = 0.0

    @property
    def bar_quarters(self) -> float:
        """Length of a bar in quarter notes."""
        return 4.0 * self.numerator / self.denominator


def meter_at(sequence: NoteSequence, seconds: float) -> Meter:
    """Return the meter that applies at a time; 4/4 from 0 where none is written.

    Args:
        sequence: Any NoteSequence.
        seconds: The time.
    """
    latest = Meter()
    for mark in sorted(sequence.time_signatures, key=lambda mark: mark.time):
        if mark.time > seconds and mark.time > 0:
            break
        latest = Meter(mark.numerator, mark.denominator, float(mark.time))
    return latest
