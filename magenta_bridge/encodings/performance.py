"""Expressive playing as ids: notes, their loudness, and time in steps of ten milliseconds.

The events are those of Magenta's Performance RNN (Oore et al. 2018, "This Time with Feeling",
section 3.1), in the order of its ``PerformanceOneHotEncoding`` with 32 velocities: a pitch
begins (``NOTE_ON``), a pitch ends (``NOTE_OFF``), 1 to 100 steps of 10 ms go by
(``TIME_SHIFT``), what begins from now on is this loud (``VELOCITY``). Music is written in one
way only: at one instant first the ends by rising pitch, then the beginnings by rising pitch, a
velocity just before the first note it changes, and of several time shifts in a row all but the
last are whole seconds. ``START`` begins a piece and ``PAD`` stands where there is nothing;
models never produce either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.noteseq import NoteSequence

STEPS_PER_SECOND: Final = 100
PITCHES: Final = 128
LONGEST_SHIFT: Final = 100
VELOCITY_BINS: Final = 32

NOTE_ON: Final = 0
NOTE_OFF: Final = NOTE_ON + PITCHES
TIME_SHIFT: Final = NOTE_OFF + PITCHES
VELOCITY: Final = TIME_SHIFT + LONGEST_SHIFT
EVENT_IDS: Final[int] = VELOCITY + VELOCITY_BINS
START: Final = EVENT_IDS
PAD: Final = START + 1
INPUT_IDS: Final = PAD + 1

_BIN_WIDTH: Final = 4
_PLAIN_BIN: Final = 16


def velocity_bin(velocity: int) -> int:
    """Returns the bin, 0..31, of a MIDI velocity in 1..127."""
    return (min(max(velocity, 1), 127) - 1) // _BIN_WIDTH


def bin_velocity(index: int) -> int:
    """Returns the softest velocity of a bin, as Magenta does."""
    return 1 + index * _BIN_WIDTH


def is_shift(value: int) -> bool:
    """Tells whether an id lets time go by."""
    return TIME_SHIFT <= value < VELOCITY


def shift_steps(value: int) -> int:
    """Returns how many steps an id lets go by; 0 for all but time shifts."""
    return value - TIME_SHIFT + 1 if is_shift(value) else 0


def encode(
    sequence: NoteSequence, *, start: float = 0.0, end: float | None = None
) -> NDArray[np.int32]:
    """Writes a performance as ids.

    A pitch that is struck while it sounds ends there; of two strikes at one instant the louder
    and longer counts. Every note lasts one step at least. Pedals are not read: write them out
    into the lengths of notes beforehand. Drums are ignored.

    Args:
        sequence: Notes in seconds.
        start: Second of step 0; notes that begin before it are left out.
        end: Second up to which time is written; notes that sound on are ended there, and later
            ones left out. The end of the last note by default.

    Returns:
        Ids ``(events,)`` in ``0..EVENT_IDS - 1``.
    """
    last = None if end is None else max(_step(end - start), 0)
    events = []
    for begin, finish, pitch, loudness in _spans(sequence, start, last):
        events.append((begin, 1, pitch, loudness))
        events.append((finish, 0, pitch, loudness))
    times: list[int] = []
    ids: list[int] = []
    current = -1
    for step, begins, pitch, loudness in sorted(events):
        if begins and loudness != current:
            current = loudness
            times.append(step)
            ids.append(VELOCITY + loudness)
        times.append(step)
        ids.append((NOTE_ON if begins else NOTE_OFF) + pitch)
    return with_shifts(np.array(times, dtype=np.int64), np.array(ids, dtype=np.int32), last)


def _step(seconds: float) -> int:
    return int(np.floor(seconds * STEPS_PER_SECOND + 0.5))


def _spans(
    sequence: NoteSequence, start: float, last: int | None
) -> list[tuple[int, int, int, int]]:
    """Returns first step, end, pitch and bin of each note; no pitch sounds twice at once."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for note in sequence.notes:
        begin = _step(note.start_time - start)
        if note.is_drum or begin < 0 or (last is not None and begin >= last):
            continue
        finish = max(_step(note.end_time - start), begin + 1)
        loudness, longest = found.get((note.pitch, begin), (0, 0))
        found[note.pitch, begin] = (
            max(loudness, velocity_bin(note.velocity)),
            max(longest, finish if last is None else min(finish, last)),
        )
    spans: list[tuple[int, int, int, int]] = []
    for (pitch, begin), (loudness, finish) in sorted(found.items()):
        if spans and spans[-1][2] == pitch and spans[-1][1] > begin:
            spans[-1] = (spans[-1][0], begin, pitch, spans[-1][3])
        spans.append((begin, finish, pitch, loudness))
    return spans


def with_shifts(
    times: NDArray[np.int64], ids: NDArray[np.int32], last: int | None = None
) -> NDArray[np.int32]:
    """Returns events with the time shifts between them.

    Args:
        times: Step of each event, ascending, ``(events,)``.
        ids: The events, none of them a time shift, ``(events,)``.
        last: Step up to which time is written behind the last event.
    """
    ends = times if last is None else np.append(times, last)
    gaps = np.diff(ends, prepend=0)
    whole, rest = gaps // LONGEST_SHIFT, gaps % LONGEST_SHIFT
    counts = whole + (rest > 0)
    # Each gap's shifts, then its event.
    lengths = counts + 1
    written = np.full(int(lengths.sum()), TIME_SHIFT + LONGEST_SHIFT - 1, dtype=np.int32)
    places = np.cumsum(lengths) - 1
    part = rest > 0
    written[places[part] - 1] = TIME_SHIFT + rest[part] - 1
    written[places[: len(ids)]] = ids
    return written if last is None else written[:-1]


def times_of(ids: NDArray[np.integer]) -> NDArray[np.int64]:
    """Returns the step at which each id happens, ``(events,)``; a shift happens when it begins."""
    shifts = np.where((ids >= TIME_SHIFT) & (ids < VELOCITY), ids - TIME_SHIFT + 1, 0)
    times: NDArray[np.int64] = (np.cumsum(shifts) - shifts).astype(np.int64)
    return times


def decode(
    ids: Sequence[int] | NDArray[np.integer], *, start: float = 0.0, program: int = 0
) -> NoteSequence:
    """Reads ids back as notes in seconds; the inverse of ``encode``.

    The end of a silent pitch means nothing, a pitch that is struck while it sounds ends there,
    and so does at the end what sounds on. Before the first velocity notes are of medium
    loudness.

    Args:
        ids: Event ids ``(events,)`` in ``0..EVENT_IDS - 1``.
        start: Second of the first event.
        program: General MIDI program of every note, 0..127.

    Returns:
        A NoteSequence whose notes are in order of their beginning, then pitch.

    Raises:
        InvalidSequenceError: An id is not an event.
    """
    spans: list[tuple[int, int, int, int]] = []
    sounding: dict[int, tuple[int, int]] = {}
    step, loudness = 0, _PLAIN_BIN
    for place, raw in enumerate(ids):
        value = int(raw)
        if not 0 <= value < EVENT_IDS:
            raise InvalidSequenceError(f"{value} at event {place} is not a performance event id.")
        if value < TIME_SHIFT:
            pitch = value % PITCHES
            if pitch in sounding:
                begin, heard = sounding.pop(pitch)
                spans.append((begin, pitch, step, heard))
            if value < NOTE_OFF:
                sounding[pitch] = (step, loudness)
        elif value < VELOCITY:
            step += shift_steps(value)
        else:
            loudness = value - VELOCITY
    spans.extend((begin, pitch, step, heard) for pitch, (begin, heard) in sounding.items())
    sequence = NoteSequence(total_time=start + step / STEPS_PER_SECOND)
    for begin, pitch, finish, heard in sorted(spans):
        if finish > begin:
            sequence.notes.add(
                pitch=pitch,
                velocity=bin_velocity(heard),
                start_time=start + begin / STEPS_PER_SECOND,
                end_time=start + finish / STEPS_PER_SECOND,
                program=program,
            )
    return sequence
