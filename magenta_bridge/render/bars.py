"""Where bars and beats fall, in seconds, for drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.meter import Meter, meter_at
from magenta_bridge.sequences.sections import bar_lines
from magenta_bridge.sequences.tempo_map import TempoMap

_COMPOUND_NUMERATORS = (6, 9, 12)
_SAME_INSTANT_S = 1e-6


@dataclass(frozen=True)
class GridLine:
    """One line of the time grid.

    Attributes:
        time_s: Where it is, in seconds.
        bar: Number of the bar that starts here, from 1; None on a beat inside a bar.
    """

    time_s: float
    bar: int | None


def timekeeper(sequences: Sequence[NoteSequence]) -> NoteSequence:
    """Returns the first sequence that states a tempo or a meter; an empty one when none does."""
    stated = (each for each in sequences if each.tempos or each.time_signatures)
    return next(stated, NoteSequence())


def grid_lines(sequence: NoteSequence, end_s: float) -> Iterator[GridLine]:
    """Yields the bar and beat lines of a piece, from 0.

    In 6/8, 9/8 and 12/8 a beat is a dotted quarter.

    Args:
        sequence: Its tempos and time signatures are read; 120 qpm and 4/4 where it has none.
        end_s: Lines up to here, inclusive, in seconds.

    Yields:
        Lines in order of time.
    """
    tempo = TempoMap(sequence)
    lines = bar_lines(sequence, 0.0, end_s)
    for bar, start_s in enumerate(lines, start=1):
        yield GridLine(start_s, bar)
        stop_s = lines[bar] if bar < len(lines) else end_s
        beat = _beat_quarters(meter_at(sequence, start_s + _SAME_INSTANT_S))
        position = float(tempo.quarters(start_s)) + beat
        while (time_s := float(tempo.seconds(position))) < stop_s - _SAME_INSTANT_S:
            yield GridLine(time_s, None)
            position += beat


def _beat_quarters(meter: Meter) -> float:
    """Returns the length of a beat in quarter notes."""
    compound = meter.denominator >= 8 and meter.numerator in _COMPOUND_NUMERATORS
    return (12.0 if compound else 4.0) / meter.denominator
