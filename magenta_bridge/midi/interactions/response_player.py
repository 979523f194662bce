"""The response that is being played, in the tempo of the moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from magenta_bridge.midi.engine.player import MidiPlayer
from magenta_bridge.midi.interactions.streamed_response import Response
from magenta_bridge.midi.interactions.velocity_matching import match_velocities
from magenta_bridge.noteseq import NoteSequence

# A response that is off by less is left alone.
_AUDIBLE_S: Final = 0.001

OnNotes = Callable[[NoteSequence], None]


class Answer:
    """Plays responses one after the other, each as its notes arrive.

    Threading: safe from any number of threads.

    Args:
        player: Plays the notes; must allow updates.
        on_notes: Told of the notes that will be played, in seconds of the wall clock.
    """

    def __init__(self, player: MidiPlayer, on_notes: OnNotes) -> None:
        self._player = player
        self._on_notes = on_notes
        self._lock = threading.RLock()
        self._response: Response | None = None
        self._origin = 0.0
        self._scale = 1.0
        self.start = 0.0
        self.end = 0.0
        # As written: seconds from the beginning of the response, in the tempo of the writing.
        self.notes = NoteSequence()
        self.duration = 0.0

    def play(self, notes: NoteSequence, start: float, duration: float, scale: float = 1.0) -> None:
        """Plays a whole response.

        Args:
            notes: The response, in seconds from its beginning.
            start: When it begins, in seconds of the wall clock.
            duration: Its length in seconds, as written.
            scale: Seconds to play for one that was written.
        """
        with self._lock:
            self._begin(start, duration, scale)
            self._take(notes)

    def follow(
        self, response: Response, start: float, loudness: NoteSequence | None, bar_s: float
    ) -> None:
        """Plays a response while it is being written.

        Args:
            response: What is written.
            start: When it begins, in seconds of the wall clock.
            loudness: Call whose velocities it takes; None to keep its own.
            bar_s: Length of a bar in seconds, for the accents.
        """
        task = response.task

        def take(piece: NoteSequence) -> None:
            part = _moved(piece, -task.start, 1.0)
            if loudness is not None:
                match_velocities(part, loudness, bar_s)
            with self._lock:
                if self._response is response:
                    self._take(part)

        with self._lock:
            self._begin(start, task.end - task.start, 1.0)
            self._response = response
        response.follow(take)

    def stretch(self, pivot: float, factor: float) -> None:
        """Follows a change of tempo; arguments as for ``MidiPlayer.stretch``."""
        with self._lock:
            self._origin = pivot + (self._origin - pivot) * factor
            self._scale *= factor
            if self.end > pivot:
                self.end = pivot + (self.end - pivot) * factor
            self._player.stretch(pivot, factor)

    def align(self, tick: float, length: float) -> None:
        """Keeps the response on the ticks of a clock that is followed and measured.

        A tempo is found out a moment after it has changed, and never exactly; so at each tick
        what is still to come is moved by what the response is away from it.

        Args:
            tick: When the tick was, in seconds of the wall clock.
            length: Seconds from tick to tick.
        """
        with self._lock:
            if not self.start < tick < self.end:
                return
            since = tick - self._origin
            shift = since - round(since / length) * length
            if not _AUDIBLE_S < abs(shift) < length / 4:
                return
            self._origin += shift
            self.end += shift
            self._player.stretch(tick, 1.0, shift)

    def written(self, qpm: float) -> NoteSequence:
        """Returns the response as it was written, in a tempo unless it says its own."""
        copy = NoteSequence()
        copy.CopyFrom(self.notes)
        if not copy.tempos:
            copy.tempos.add(qpm=qpm)
        return copy

    def plays(self, response: Response) -> bool:
        """Says whether a response is the one that is being played."""
        return self._response is response

    def is_over(self, time_s: float) -> bool:
        """Says whether nothing of it is left at a time."""
        return self.end <= time_s

    def silence(self) -> None:
        """Ends what sounds, and forgets the response."""
        with self._lock:
            self._begin(0.0, 0.0, 1.0)
            self._player.silence()

    def _begin(self, start: float, duration: float, scale: float) -> None:
        if self._response is not None:
            self._response.cancel()
            self._response = None
        self._origin, self._scale = start, scale
        self.start, self.end = start, start + duration * scale
        self.notes, self.duration = NoteSequence(), duration

    def _take(self, part: NoteSequence) -> None:
        first = not self.notes.notes
        self.notes.MergeFrom(part)
        self.notes.total_time = self.duration
        coming = _moved(part, self._origin / self._scale, self._scale)
        if first:
            self._player.update_sequence(coming, start_time=self.start)
        else:
            self._player.extend(coming)
        self._on_notes(coming)


def _moved(sequence: NoteSequence, delta: float, scale: float) -> NoteSequence:
    moved = NoteSequence()
    moved.CopyFrom(sequence)
    for note in moved.notes:
        note.start_time = (note.start_time + delta) * scale
        note.end_time = (note.end_time + delta) * scale
    return moved
