"""Where music ends, where its bar lines are, and where a continuation begins."""

from __future__ import annotations

import math

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.meter import Meter, meter_at
from magenta_bridge.sequences.tempo_map import TempoMap

# A note released less than a sixteenth after a bar line belongs to the bar before it; in bars
# under a quarter note, less than a quarter of a bar.
_LATE_QUARTERS = 0.25
_LATE_BARS = 0.25
# Silence at the end counts up to this many bars; more comes from an editor, not from a musician.
_MOST_SILENT_BARS = 16
_ROUNDING = 1e-6


def end_of(sequence: NoteSequence) -> float:
    """Return the time in seconds at which the music ends.

    That is ``total_time``, the end of a clip, where it is later than the last note by at most
    16 bars; otherwise the end of the last note. Without notes, it is ``total_time``.
    """
    total = sequence.total_time
    if not sequence.notes:
        return total
    last = max(note.end_time for note in sequence.notes)
    tempo = TempoMap(sequence)
    silence = float(tempo.quarters(total)) - float(tempo.quarters(last))
    bars = silence / meter_at(sequence, last).bar_quarters
    return total if total > last and bars <= _MOST_SILENT_BARS + _ROUNDING else last


def section_after(primer: NoteSequence | None, bars: float) -> tuple[float, float]:
    """Return the section that follows a primer, in bars of its last meter and tempo.

    Args:
        primer: The music so far; None or empty means a section from 0 in 4/4 at 120 qpm
            (or in the meter and tempo that an empty primer states).
        bars: Length of the section in bars, above 0.

    Returns:
        Start and end in seconds on the primer's timeline. The start is the first bar line at
        or after ``end_of`` the primer. A note released less than a sixteenth after a bar line
        ends on it, and less than a bar of silence after such a line does not count. A time
        signature on the start applies to the section.

    Raises:
        InvalidArgumentError: ``bars`` is not a positive number.
    """
    if not (math.isfinite(bars) and bars > 0):
        raise InvalidArgumentError(f"bars must be more than 0, got {bars:g}.", field="bars")
    music = primer if primer is not None else NoteSequence()
    tempo = TempoMap(music)
    last_note = max((note.end_time for note in music.notes), default=0.0)
    start = _bar_line(music, tempo, last_note)
    end = end_of(music)
    next_line = _after_bars(music, tempo, start, 1.0)
    if not music.notes or last_note < start - _ROUNDING or end > next_line - _ROUNDING:
        start = max(start, _bar_line(music, tempo, end))
    return start, _after_bars(music, tempo, start, bars)


def _after_bars(music: NoteSequence, tempo: TempoMap, start: float, bars: float) -> float:
    """Return the time at the end of the bars that begin at a bar line."""
    meter = meter_at(music, start + _ROUNDING)
    return float(tempo.seconds(float(tempo.quarters(start)) + bars * meter.bar_quarters))


def _bar_line(music: NoteSequence, tempo: TempoMap, end: float) -> float:
    """Return the first bar line at or after ``end``, or the one that ``end`` is late for."""
    meter = meter_at(music, max(end - _ROUNDING, 0.0))
    origin = float(tempo.quarters(meter.start))
    played = (float(tempo.quarters(end)) - origin) / meter.bar_quarters
    begun = max((note.start_time for note in music.notes), default=0.0)
    last_begun = (float(tempo.quarters(begun)) - origin) / meter.bar_quarters
    late = min(_LATE_QUARTERS / meter.bar_quarters, _LATE_BARS) - _ROUNDING
    bar = max(math.ceil(played - late), 0)
    if bar <= last_begun < played:  # a very short note on the bar line is not a late release
        bar += 1
    line = float(tempo.seconds(origin + bar * meter.bar_quarters))
    return _cut_short(music, meter, line)


def bar_lines(sequence: NoteSequence, start: float, end: float) -> list[float]:
    """Return the times in seconds of all bar lines in ``[start, end]``, through all meters."""
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
    """Return ``line``, or the first time signature between the start of ``bar`` and it.

    A new meter begins a new bar, also where the old one is not full.
    """
    marks = (float(mark.time) for mark in sequence.time_signatures)
    near = (time for time in marks if bar.start + _ROUNDING < time < line + _ROUNDING)
    return min(near, default=line)
