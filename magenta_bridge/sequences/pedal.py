"""Sustain pedal, applied to the lengths of notes."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict

from magenta_bridge.noteseq import NoteSequence

_SUSTAIN = 64
_DOWN_FROM = 64
_Pedal = list[tuple[float, bool]]


def sounding_ends(sequence: NoteSequence) -> list[float]:
    """Return when each note stops sounding, in seconds, in the order of ``sequence.notes``.

    A note let go while its instrument's pedal is down sounds until the pedal comes up, until
    its pitch is struck again, or until the piece ends, whichever is first. Drums have no pedal.
    """
    pedals: dict[int, _Pedal] = defaultdict(list)
    for change in sequence.control_changes:
        if change.control_number == _SUSTAIN:
            pedals[change.instrument].append((change.time, change.control_value >= _DOWN_FROM))
    for pedal in pedals.values():
        pedal.sort()
    strikes: dict[tuple[int, int], list[float]] = defaultdict(list)
    for note in sequence.notes:
        strikes[note.instrument, note.pitch].append(note.start_time)
    for times in strikes.values():
        times.sort()
    ends = []
    for note in sequence.notes:
        end = float(note.end_time)
        if note.instrument in pedals and not note.is_drum:
            held = _pedal_up(pedals[note.instrument], end, sequence.total_time)
            end = max(end, min(held, _next(strikes[note.instrument, note.pitch], note.start_time)))
        ends.append(end)
    return ends


def _pedal_up(pedal: _Pedal, time_s: float, last_s: float) -> float:
    index = bisect_right(pedal, (time_s, True)) - 1
    if index < 0 or not pedal[index][1]:
        return time_s
    return next((time for time, down in pedal[index + 1 :] if not down), last_s)


def _next(times: list[float], time_s: float) -> float:
    index = bisect_right(times, time_s)
    return times[index] if index < len(times) else float("inf")
