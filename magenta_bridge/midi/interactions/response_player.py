"""Plays the current response and adapts it to the tempo."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from magenta_bridge.midi.engine.player import MidiPlayer
from magenta_bridge.midi.interactions.streamed_response import StreamedResponse
from magenta_bridge.noteseq import NoteSequence

# Smaller deviations are not corrected.
_AUDIBLE_S: Final = 0.001
# The part of a call's accents that a response adopts; the rest is the call's mean velocity.
_ACCENT: Final = 0.6


class ResponsePlayer:
    """Plays one response after another, each while its notes arrive.

    The player must allow updates. ``on_notes`` is called with the notes to be played, in seconds
    of the wall clock.

    Threading: safe from any number of threads.
    """

    def __init__(self, player: MidiPlayer, on_notes: Callable[[NoteSequence], None]) -> None:
        self._player = player
        self._on_notes = on_notes
        self._lock = threading.RLock()
        self._response: StreamedResponse | None = None
        self._origin = 0.0
        self._scale = 1.0
        self.start = 0.0
        self.end = 0.0
        # As generated: seconds from the start of the response, in the tempo of the generation.
        self.notes = NoteSequence()
        self.duration = 0.0

    def play(self, notes: NoteSequence, start: float, duration: float) -> None:
        """Play a complete response of ``duration`` seconds from a time of the wall clock on."""
        with self._lock:
            self._begin(start, duration)
            self._add(notes)

    def follow(
        self, response: StreamedResponse, start: float, call: NoteSequence | None, bar_s: float
    ) -> None:
        """Play a response while it is being generated, from a time of the wall clock on.

        It adopts the velocities of ``call`` unless that is None; see ``match_velocities``.
        """
        task = response.task

        def add(piece: NoteSequence) -> None:
            part = _moved(piece, -task.start, 1.0)
            if call is not None:
                match_velocities(part, call, bar_s)
            with self._lock:
                if self._response is response:
                    self._add(part)

        with self._lock:
            self._begin(start, task.end - task.start)
            self._response = response
        response.follow(add)

    def stretch(self, pivot: float, factor: float) -> None:
        """Adapt to a change of tempo; arguments as for ``MidiPlayer.stretch``."""
        with self._lock:
            self._origin = pivot + (self._origin - pivot) * factor
            self._scale *= factor
            if self.end > pivot:
                self.end = pivot + (self.end - pivot) * factor
            self._player.stretch(pivot, factor)

    def align(self, tick: float, length: float) -> None:
        """Keep the response on the ticks of an external clock.

        A change of an external tempo is measured late and inexactly, so at each tick, with
        ``length`` seconds from tick to tick, the pending notes are moved by the deviation.
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

    def generated(self, qpm: float) -> NoteSequence:
        """Return the response as generated, with ``qpm`` as its tempo if it has none."""
        copy = NoteSequence()
        copy.CopyFrom(self.notes)
        if not copy.tempos:
            copy.tempos.add(qpm=qpm)
        return copy

    def plays(self, response: StreamedResponse) -> bool:
        """Return whether a response is the current one."""
        return self._response is response

    def is_over(self, time_s: float) -> bool:
        """Return whether the response has ended at a time."""
        return self.end <= time_s

    def silence(self) -> None:
        """End the active notes and drop the response."""
        with self._lock:
            self._begin(0.0, 0.0)
            self._player.silence()

    def _begin(self, start: float, duration: float) -> None:
        if self._response is not None:
            self._response.cancel()
            self._response = None
        self._origin, self._scale = start, 1.0
        self.start, self.end = start, start + duration
        self.notes, self.duration = NoteSequence(), duration

    def _add(self, part: NoteSequence) -> None:
        first = not self.notes.notes
        self.notes.MergeFrom(part)
        self.notes.total_time = self.duration
        coming = _moved(part, self._origin / self._scale, self._scale)
        if first:
            self._player.update_sequence(coming, start_time=self.start)
        else:
            self._player.extend(coming)
        self._on_notes(coming)


def match_velocities(response: NoteSequence, call: NoteSequence, bar_s: float) -> None:
    """Set the velocities of a response from those of a call.

    Each note gets the velocity of the call's note nearest in bar position, moved toward the mean.
    Times are seconds from a bar line; a bar is ``bar_s`` seconds.
    """
    if not call.notes:
        return

    def distance(first: float, second: float) -> float:
        difference = (first - second) % bar_s
        return min(difference, bar_s - difference)

    mean = sum(note.velocity for note in call.notes) / len(call.notes)
    for note in response.notes:
        nearest = min(call.notes, key=lambda played: distance(played.start_time, note.start_time))
        velocity = mean + _ACCENT * (nearest.velocity - mean)
        note.velocity = min(max(round(velocity), 1), 127)


def _moved(sequence: NoteSequence, delta: float, scale: float) -> NoteSequence:
    moved = NoteSequence()
    moved.CopyFrom(sequence)
    for note in moved.notes:
        note.start_time = (note.start_time + delta) * scale
        note.end_time = (note.end_time + delta) * scale
    return moved
