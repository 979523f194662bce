"""The pending messages of a player: no thread, no port, no clock."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import mido

from magenta_bridge.noteseq import NoteSequence


@dataclass(frozen=True, order=True)
class _Event:
    """A pending start or end of a note; at equal times, ends sort before starts.

    ``note`` identifies the note, so that an end applies only to its own note.
    """

    time_s: float
    starts: bool
    pitch: int
    note: int
    velocity: int = 64


class EventQueue:
    """The messages of a sequence in the order of their times.

    The queue tracks the active notes and always holds an end for each of them. A note that starts
    while its pitch is active ends the active note.

    Args:
        channel: MIDI channel of the messages, 0 to 15.
        offset: Seconds to add to all times.
    """

    def __init__(self, channel: int = 0, offset: float = 0.0) -> None:
        self._channel = channel
        self._offset = offset
        self._events: list[_Event] = []
        self._open: dict[int, int] = {}
        self._numbers = itertools.count()

    @property
    def open_pitches(self) -> frozenset[int]:
        """The active pitches."""
        return frozenset(self._open)

    def replace(self, sequence: NoteSequence, start_time: float) -> None:
        """Replace the pending messages with those of another sequence.

        Active notes that the new sequence contains continue to their end in it; the others end
        with its first event, or now if it has none.

        Args:
            sequence: Notes in seconds.
            start_time: Notes that start earlier are not played.
        """
        held: dict[int, float] = {}
        for note in sequence.notes:
            if note.start_time < start_time <= note.end_time and note.pitch in self._open:
                held[note.pitch] = max(note.end_time, held.get(note.pitch, -math.inf))
        coming = self._events_of(note for note in sequence.notes if note.start_time >= start_time)
        ends = [self._end(pitch, end + self._offset) for pitch, end in held.items()]
        first = min((event.time_s for event in [*coming, *ends]), default=-math.inf)
        left = self._open.keys() - held.keys()
        self._events = sorted([*coming, *ends, *(self._end(pitch, first) for pitch in left)])

    def extend(self, notes: Iterable[NoteSequence.Note]) -> None:
        """Add notes."""
        self._events = sorted([*self._events, *self._events_of(notes)])

    def stretch(self, pivot: float, factor: float, shift: float = 0.0) -> None:
        """Scale the times of pending messages around a time.

        Args:
            pivot: The time that stays fixed, in seconds.
            factor: Ratio of new to old distance from the pivot: 0.5 at twice the tempo.
            shift: Seconds to add after scaling; no message moves before the pivot.
        """

        def moved(time_s: float) -> float:
            ahead = (time_s - pivot) * factor
            # Stay after the pivot: an end moved before its start would leave the note hanging.
            return pivot + max(ahead + shift, ahead / 10)

        self._events = [
            replace(event, time_s=moved(event.time_s)) if event.time_s > pivot else event
            for event in self._events
        ]

    def skip_until(self, time_s: float) -> None:
        """Drop the messages before a time; active notes keep their ends."""
        first = bisect.bisect_left(self._events, time_s, key=lambda event: event.time_s)
        kept = [
            event for event in self._events[:first] if self._open.get(event.pitch) == event.note
        ]
        self._events = kept + self._events[first:]

    def silence(self, time_s: float) -> None:
        """End the active notes at a time and drop all other messages."""
        self._events = [self._end(pitch, time_s) for pitch in sorted(self._open)]

    def next_time(self) -> float | None:
        """Return when the next message is due; None if the queue is empty."""
        return self._events[0].time_s if self._events else None

    def pop(self) -> list[mido.Message]:
        """Remove the next event and return its messages.

        A start of an active pitch ends that note first; the end of a note that was already ended
        yields no message.
        """
        event = self._events.pop(0)
        active = self._open.get(event.pitch)
        messages = []
        if (active is not None) if event.starts else active in (None, event.note):
            self._open.pop(event.pitch, None)
            messages.append(self._message("note_off", event))
        if event.starts:
            self._open[event.pitch] = event.note
            messages.append(self._message("note_on", event))
        return messages

    def forget(self, pitch: int) -> None:
        """Remove the note that was just started, with its end, because it was not sent."""
        number = self._open.pop(pitch, None)
        self._events = [e for e in self._events if e.starts or e.note != number]

    def _message(self, kind: str, event: _Event) -> mido.Message:
        return mido.Message(kind, note=event.pitch, velocity=event.velocity, channel=self._channel)

    def _end(self, pitch: int, time_s: float) -> _Event:
        return _Event(time_s, False, pitch, self._open[pitch])

    def _events_of(self, notes: Iterable[NoteSequence.Note]) -> list[_Event]:
        longest: dict[tuple[int, float], NoteSequence.Note] = {}
        for note in notes:
            key = (note.pitch, note.start_time)
            if _is_playable(note) and (key not in longest or longest[key].end_time < note.end_time):
                longest[key] = note
        events = []
        for note in longest.values():
            number = next(self._numbers)
            start, end = note.start_time + self._offset, note.end_time + self._offset
            events.append(_Event(start, True, note.pitch, number, min(note.velocity, 127)))
            events.append(_Event(end, False, note.pitch, number))
        return sorted(events)


def _is_playable(note: NoteSequence.Note) -> bool:
    return bool(
        0 <= note.pitch <= 127
        and note.velocity > 0
        and -math.inf < note.start_time < note.end_time < math.inf
    )
