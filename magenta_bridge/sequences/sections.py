"""Where new music goes: sections of a timeline, counted in bars."""

from __future__ import annotations

import math

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.meter import Meter, meter_at
from magenta_bridge.sequences.tempo_map import TempoMap

# A note released a hair after the bar line belongs to the bar before it.
_BAR_SLACK = 1.0 / 64.0
_ROUNDING = 1e-6


def end_of(sequence: NoteSequence) -> float:
    """Returns the time in seconds at which the last note ends, or ``total_time`` if later."""
    last = max((note.end_time for note in sequence.notes), default=0.0)
    return max(last, sequence.total_time)


def section_after(primer: NoteSequence | None, bars: float) -> tuple[float, float]:
    """Returns the section that follows a primer, in bars of its last meter and tempo.

    Args:
        primer: The music so far; None or empty means a section from 0 in 4/4 at 120 qpm
            (or in the meter and tempo that an empty primer states).
        bars: Length of the section in bars, above 0.

    Returns:
        Start and end in seconds on the primer's timeline. The start is the first bar line at
        or after the primer's end; a note released less than 1/64 of a bar behind a
        bar line is taken to end on it. A time signature written on the start rules the section.

    Raises:
        InvalidArgumentError: ``bars`` is not a positive number.
    """
    if not (math.isfinite(bars) and bars > 0):
        raise InvalidArgumentError(f"bars must be more than 0, got {bars:g}.", field="bars")
    music = primer if primer is not None else NoteSequence()
    tempo = TempoMap(music)
    start = _first_bar_line(music, tempo, end_of(music))
    meter = meter_at(music, start + _ROUNDING)
    finish = float(tempo.quarters(start)) + bars * meter.bar_quarters
    return start, float(tempo.seconds(finish))


def _first_bar_line(music: NoteSequence, tempo: TempoMap, end: float) -> float:
    """Returns the first bar line at or after ``end``, but for the slack."""
    meter = meter_at(music, max(end - _ROUNDING, 0.0))
    origin = float(tempo.quarters(meter.start))
    played = (float(tempo.quarters(end)) - origin) / meter.bar_quarters
    begun = max((note.start_time for note in music.notes), default=0.0)
    last_begun = (float(tempo.quarters(begun)) - origin) / meter.bar_quarters
    first_bar = max(math.ceil(played - _BAR_SLACK), 0)
    if first_bar <= last_begun < played:  # a very short note on the bar line is no late release
        first_bar += 1
    line = float(tempo.seconds(origin + first_bar * meter.bar_quarters))
    return _cut_short(music, meter, line)


def bar_lines(sequence: NoteSequence, start: float, end: float) -> list[float]:
    """Returns the times in seconds of all bar lines in ``[start, end]``, through all meters."""
    tempo = TempoMap(sequence)
    lines: list[float] = []
    time = 0.0
    while time <= end + 1e-9:
        meter = meter_at(sequence, time)
        if time >= start - 1e-9:
            lines.append(time)
        ahead = float(tempo.seconds(float(tempo.quarters(time)) + meter.bar_quarters))
        time = _cut_short(sequence, Meter(meter.numerator, meter.denominator, time), ahead)
    return lines


def _cut_short(sequence: NoteSequence, bar: Meter, line: float) -> float:
    """Returns ``line``, or the first time signature between the start of ``bar`` and it.

    A new meter begins a new bar, also where the old one is not full.
    """
    marks = (float(mark.time) for mark in sequence.time_signatures)
    near = (time for time in marks if bar.start + _ROUNDING < time < line + _ROUNDING)
    return min(near, default=line)
