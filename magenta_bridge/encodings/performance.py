"""Expressive playing as ids: notes, their velocities, and time in steps of ten milliseconds.

The events are those of Magenta's Performance RNN (Oore et al. 2018, "This Time with Feeling",
section 3.1), in the order of its ``PerformanceOneHotEncoding`` with 32 velocities: a pitch
begins (``NOTE_ON``), a pitch ends (``NOTE_OFF``), time advances by 1 to 100 steps of 10 ms
(``TIME_SHIFT``), the velocity of the following notes changes (``VELOCITY``). A performance has
one encoding: at one instant first the ends by rising pitch, then the beginnings by rising pitch, a
velocity just before the first note it changes, and all time shifts of a gap except the last are
whole seconds. ``START`` begins a piece and ``PAD`` fills; models never produce either.
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

MOST_AT_ONCE: Final = 20
"""Notes that may begin at one instant; two hands and an arpeggio under the pedal play fewer."""
LONGEST_NOTE_STEPS: Final = 800
"""Longer than 99.8 % of a pianist's notes, pedal included; a model may forget to end one."""

_BIN_WIDTH: Final = 4
_PLAIN_BIN: Final = 16


def velocity_bin(velocity: int) -> int:
    """Return the bin, 0..31, of a MIDI velocity in 1..127."""
    return (min(max(velocity, 1), 127) - 1) // _BIN_WIDTH


def bin_velocity(index: int) -> int:
    """Return the softest velocity of a bin, as Magenta does."""
    return 1 + index * _BIN_WIDTH


def is_shift(value: int) -> bool:
    """Return whether an id is a time shift."""
    return TIME_SHIFT <= value < VELOCITY


def shift_steps(value: int) -> int:
    """Return the steps of a time shift; 0 for other ids."""
    return value - TIME_SHIFT + 1 if is_shift(value) else 0


def encode(
    sequence: NoteSequence, *, start: float = 0.0, end: float | None = None
) -> NDArray[np.int32]:
    """Encode a performance as ids.

    A new note on a sounding pitch ends the old one; of two that begin at one instant the louder
    and longer counts. Every note lasts at least one step. Pedals and drums are ignored: lengthen
    the notes by the pedal first.

    Args:
        sequence: Notes in seconds.
        start: Second of step 0; earlier notes are left out.
        end: Second at which sounding notes end; later ones are left out. The end of the last note
            by default.

    Returns:
        Ids ``(events,)`` in ``0..EVENT_IDS - 1``.
    """
    last = None if end is None else max(_step(end - start), 0)
    events = []
    for begin, finish, pitch, velocity in _spans(sequence, start, last):
        events.append((begin, 1, pitch, velocity))
        events.append((finish, 0, pitch, velocity))
    times: list[int] = []
    ids: list[int] = []
    current = -1
    for step, begins, pitch, velocity in sorted(events):
        if begins and velocity != current:
            current = velocity
            times.append(step)
            ids.append(VELOCITY + velocity)
        times.append(step)
        ids.append((NOTE_ON if begins else NOTE_OFF) + pitch)
    return with_shifts(np.array(times, dtype=np.int64), np.array(ids, dtype=np.int32), last)


def _step(seconds: float) -> int:
    return int(np.floor(seconds * STEPS_PER_SECOND + 0.5))


def _spans(
    sequence: NoteSequence, start: float, last: int | None
) -> list[tuple[int, int, int, int]]:
    """Return first step, end, pitch, and bin of each note, without overlaps on a pitch."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for note in sequence.notes:
        begin = _step(note.start_time - start)
        if note.is_drum or begin < 0 or (last is not None and begin >= last):
            continue
        finish = max(_step(note.end_time - start), begin + 1)
        velocity, longest = found.get((note.pitch, begin), (0, 0))
        found[note.pitch, begin] = (
            max(velocity, velocity_bin(note.velocity)),
            max(longest, finish if last is None else min(finish, last)),
        )
    spans: list[tuple[int, int, int, int]] = []
    for (pitch, begin), (velocity, finish) in sorted(found.items()):
        if spans and spans[-1][2] == pitch and spans[-1][1] > begin:
            spans[-1] = (spans[-1][0], begin, pitch, spans[-1][3])
        spans.append((begin, finish, pitch, velocity))
    return spans


def with_shifts(
    times: NDArray[np.int64], ids: NDArray[np.int32], last: int | None = None
) -> NDArray[np.int32]:
    """Return events ``(events,)`` with the time shifts between them.

    Args:
        times: Step of each event, ascending, ``(events,)``.
        ids: The events, without time shifts, ``(events,)``.
        last: Final step, for a time shift after the last event.
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
    """Return the step of each id, ``(events,)``; that of a time shift is its beginning."""
    shifts = np.where((ids >= TIME_SHIFT) & (ids < VELOCITY), ids - TIME_SHIFT + 1, 0)
    times: NDArray[np.int64] = (np.cumsum(shifts) - shifts).astype(np.int64)
    return times


def decode(
    ids: Sequence[int] | NDArray[np.integer], *, start: float = 0.0, program: int = 0
) -> NoteSequence:
    """Decode ids to notes in seconds; the inverse of ``encode``.

    A note-off of a silent pitch is ignored, a new note on a sounding pitch ends the old one, and
    all notes end with the last event. Before the first velocity, notes have a medium one.

    Args:
        ids: Event ids ``(events,)`` in ``0..EVENT_IDS - 1``.
        start: Second of the first event.
        program: General MIDI program of every note, 0..127.

    Returns:
        A NoteSequence with its notes in order of beginning, then pitch.

    Raises:
        InvalidSequenceError: An id is not an event.
    """
    spans: list[tuple[int, int, int, int]] = []
    sounding: dict[int, tuple[int, int]] = {}
    step, velocity = 0, _PLAIN_BIN
    for place, raw in enumerate(ids):
        value = int(raw)
        if not 0 <= value < EVENT_IDS:
            raise InvalidSequenceError(f"{value} at event {place} is not a performance event id.")
        if value < TIME_SHIFT:
            pitch = value % PITCHES
            if pitch in sounding:
                begin, index = sounding.pop(pitch)
                spans.append((begin, pitch, step, index))
            if value < NOTE_OFF:
                sounding[pitch] = (step, velocity)
        elif value < VELOCITY:
            step += shift_steps(value)
        else:
            velocity = value - VELOCITY
    spans.extend((begin, pitch, step, index) for pitch, (begin, index) in sounding.items())
    sequence = NoteSequence(total_time=start + step / STEPS_PER_SECOND)
    for begin, pitch, finish, index in sorted(spans):
        if finish > begin:
            sequence.notes.add(
                pitch=pitch,
                velocity=bin_velocity(index),
                start_time=start + begin / STEPS_PER_SECOND,
                end_time=start + finish / STEPS_PER_SECOND,
                program=program,
            )
    return sequence


def pitches_of(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the pitches that begin, in order, ``(notes,)``."""
    return ids[ids < NOTE_OFF]


def sounding_after(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return 1 for each pitch that has begun and not ended, else 0, ``(128,)``."""
    noted = np.bincount(ids[ids < TIME_SHIFT], minlength=TIME_SHIFT)
    counts: NDArray[np.int32] = (noted[:NOTE_OFF] - noted[NOTE_OFF:]).astype(np.int32)
    return counts


def transpose_ids(ids: NDArray[np.int32], semitones: int) -> NDArray[np.int32]:
    """Move all pitches by ``semitones``; all other ids stay.

    Raises:
        ValueError: A pitch would leave 0..127.
    """
    noted = ids < TIME_SHIFT
    moved = ids[noted] % PITCHES + semitones
    if len(moved) and (moved.min() < 0 or moved.max() >= PITCHES):
        raise ValueError(f"transposing by {semitones} semitones leaves the 128 pitches")
    return np.where(noted, ids + semitones, ids).astype(np.int32)


def scale_time(ids: NDArray[np.int32], factor: float) -> NDArray[np.int32]:
    """Scale the time of a performance by a ``factor`` above 0, rounded to the grid.

    Different instants stay at least one step apart, so that no note is lost. Silence after the
    last event is dropped.
    """
    events = (ids < TIME_SHIFT) | (ids >= VELOCITY)
    instants, places = np.unique(times_of(ids)[events], return_inverse=True)
    order = np.arange(len(instants))
    scaled = np.floor(instants * factor + 0.5).astype(np.int64) - order
    apart = np.maximum.accumulate(scaled) + order if len(instants) else scaled
    return with_shifts(apart[places], ids[events])


class PerformanceGrammar:
    """Follows a stream of events and computes which may come next.

    It allows what ``encode`` writes: only sounding pitches end and only silent ones begin; at one
    instant, first the ends by rising pitch, then the beginnings by rising pitch; a velocity
    differs from the last and precedes a note, and the first note has one; a time shift of less
    than a second precedes another event. Also, at most ``MOST_AT_ONCE`` notes begin at one
    instant, and a note of ``LONGEST_NOTE_STEPS`` ends before any other event. At least one event
    is always allowed.

    Args:
        pitches: Which pitches may begin, ``(128,)``, at least one; all by default.
    """

    def __init__(self, pitches: NDArray[np.bool_] | None = None) -> None:
        self._pitches = np.ones(PITCHES, dtype=np.bool_) if pitches is None else pitches
        self._onsets = np.full(PITCHES, -1, dtype=np.int64)
        self._step = 0
        self._velocity: int | None = None
        self._last = -1
        self._new_instant()

    @property
    def step(self) -> int:
        """The current step."""
        return self._step

    def _new_instant(self) -> None:
        self._lowest_end = 0
        self._lowest_begin = 0
        self._strikes = 0

    def mask(self) -> NDArray[np.bool_]:
        """Return which ids may come next: ``(EVENT_IDS,)``, True where allowed."""
        allowed = np.zeros(EVENT_IDS, dtype=np.bool_)
        begins = self._may_begin()
        if self._last >= VELOCITY:
            allowed[:NOTE_OFF] = begins
            return allowed
        sounding = self._onsets >= 0
        if self._strikes == 0:
            allowed[NOTE_OFF + self._lowest_end : TIME_SHIFT] = sounding[self._lowest_end :]
            overdue = np.flatnonzero(sounding & (self._onsets <= self._step - LONGEST_NOTE_STEPS))
            if len(overdue):
                allowed[NOTE_OFF + int(overdue[0]) + 1 :] = False
                return allowed
        if self._velocity is not None:
            allowed[:NOTE_OFF] = begins
        if begins.any():
            allowed[VELOCITY:] = True
            if self._velocity is not None:
                allowed[VELOCITY + self._velocity] = False
        allowed[TIME_SHIFT:VELOCITY] = shift_steps(self._last) in (0, LONGEST_SHIFT)
        return allowed

    def _may_begin(self) -> NDArray[np.bool_]:
        begins = self._pitches & (self._onsets < 0)
        begins[: self._lowest_begin] = False
        if self._strikes >= MOST_AT_ONCE:
            begins[:] = False
        return begins

    def add(self, value: int) -> None:
        """Add the next event, 0..``EVENT_IDS - 1``."""
        self._last = value
        if value < NOTE_OFF:
            self._onsets[value] = self._step
            self._lowest_begin = value + 1
            self._strikes += 1
        elif value < TIME_SHIFT:
            self._onsets[value - NOTE_OFF] = -1
            self._lowest_end = value - NOTE_OFF + 1
        elif value < VELOCITY:
            self._step += shift_steps(value)
            self._new_instant()
        else:
            self._velocity = value - VELOCITY
