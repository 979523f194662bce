"""Check NoteSequences, and name the first field at fault."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, NoReturn, Protocol

from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.limits import SEQUENCE_NOTES, SEQUENCE_SECONDS, check_limit
from magenta_bridge.noteseq import NoteSequence

LARGEST_QPM: Final = 60_000_000
LARGEST_NUMERATOR: Final = 255
DENOMINATORS: Final = (1, 2, 4, 8, 16, 32, 64)


class _Timed(Protocol):
    @property
    def time(self) -> float: ...


def validate(sequence: NoteSequence, *, field: str = "sequence") -> None:
    """Check every rule for a NoteSequence in seconds.

    Pitches, programs, control numbers and values are 0 to 127, velocities 1 to 127, pitch
    bends -8192 to 8191. Times are finite and not negative; a note does not end before it
    starts, and ``total_time`` is 0 (unset) or not before the last end. Tempos are above 0 and
    at most 60,000,000 qpm; a meter is 1 to 255 over a power of two up to 64.

    Args:
        sequence: The music. It is not changed.
        field: What the sequence is called in messages and field paths.

    Raises:
        InvalidSequenceError: A rule is broken; the message and ``field`` name the first fault.
        LimitExceededError: There are too many notes, or the music is too long.
    """
    check_limit(SEQUENCE_NOTES, len(sequence.notes), where=field, field=f"{field}.notes")
    _check_total_time(sequence, field)
    _check_notes(sequence, field)
    _check_tempos(sequence, field)
    _check_signatures(sequence, field)
    _check_controls(sequence, field)


def _check_total_time(sequence: NoteSequence, field: str) -> None:
    total = sequence.total_time
    if not (math.isfinite(total) and total >= 0.0):
        _refuse(f"{field}.total_time", "a finite number of seconds from 0 up", total)
    check_limit(SEQUENCE_SECONDS, total, where=field, field=f"{field}.total_time")


def _check_notes(sequence: NoteSequence, field: str) -> None:
    limit = sequence.total_time or float(SEQUENCE_SECONDS.value)
    for index, note in enumerate(sequence.notes):
        # One comparison chain per sound note: false for any fault, and for nan.
        if not (
            0 <= note.pitch <= 127
            and 1 <= note.velocity <= 127
            and 0.0 <= note.start_time <= note.end_time <= limit
            and 0 <= note.program <= 127
        ):
            _refuse_note(note, f"{field}.notes[{index}]", limit)


def _refuse_note(note: NoteSequence.Note, path: str, limit: float) -> None:
    """Report the fault of a note."""
    _check_range(f"{path}.pitch", note.pitch, 0, 127)
    _check_range(f"{path}.velocity", note.velocity, 1, 127)
    _check_range(f"{path}.program", note.program, 0, 127)
    _check_time(f"{path}.start_time", note.start_time)
    _check_time(f"{path}.end_time", note.end_time)
    if note.end_time < note.start_time:
        _refuse(f"{path}.end_time", f"at least its start {note.start_time:g}", note.end_time)
    check_limit(SEQUENCE_SECONDS, note.end_time, where=path, field=f"{path}.end_time")
    _refuse(f"{path}.end_time", f"at most total_time {limit:g}", note.end_time)


def _check_tempos(sequence: NoteSequence, field: str) -> None:
    _check_times(f"{field}.tempos", sequence.tempos)
    for index, tempo in enumerate(sequence.tempos):
        if not 0.0 < tempo.qpm <= LARGEST_QPM:
            path = f"{field}.tempos[{index}].qpm"
            _refuse(path, f"above 0 and at most {LARGEST_QPM:,}", tempo.qpm)


def _check_signatures(sequence: NoteSequence, field: str) -> None:
    _check_times(f"{field}.time_signatures", sequence.time_signatures)
    for index, meter in enumerate(sequence.time_signatures):
        path = f"{field}.time_signatures[{index}]"
        _check_range(f"{path}.numerator", meter.numerator, 1, LARGEST_NUMERATOR)
        if meter.denominator not in DENOMINATORS:
            _refuse(f"{path}.denominator", "a power of two from 1 to 64", meter.denominator)
    _check_times(f"{field}.key_signatures", sequence.key_signatures)
    for index, key in enumerate(sequence.key_signatures):
        _check_range(f"{field}.key_signatures[{index}].key", key.key, 0, 11)


def _check_controls(sequence: NoteSequence, field: str) -> None:
    _check_times(f"{field}.control_changes", sequence.control_changes)
    for index, control in enumerate(sequence.control_changes):
        path = f"{field}.control_changes[{index}]"
        _check_range(f"{path}.control_number", control.control_number, 0, 127)
        _check_range(f"{path}.control_value", control.control_value, 0, 127)
        _check_range(f"{path}.program", control.program, 0, 127)
    _check_times(f"{field}.pitch_bends", sequence.pitch_bends)
    for index, bend in enumerate(sequence.pitch_bends):
        path = f"{field}.pitch_bends[{index}]"
        _check_range(f"{path}.bend", bend.bend, -8192, 8191)
        _check_range(f"{path}.program", bend.program, 0, 127)


def _check_times(path: str, events: Iterable[_Timed]) -> None:
    for index, event in enumerate(events):
        _check_time(f"{path}[{index}].time", event.time)


def _check_time(path: str, seconds: float) -> None:
    if not (math.isfinite(seconds) and seconds >= 0.0):
        _refuse(path, "a finite number of seconds from 0 up", seconds)
    check_limit(SEQUENCE_SECONDS, seconds, where=path, field=path)


def _check_range(path: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        _refuse(path, f"{lowest} to {highest}", value)


def _refuse(path: str, rule: str, value: float) -> NoReturn:
    raise InvalidSequenceError(f"{path} must be {rule}, got {value}.", field=path)
