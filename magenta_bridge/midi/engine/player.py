"""Plays a NoteSequence in real time."""

from __future__ import annotations

import math
import threading

import mido

from magenta_bridge.errors import MidiHubError
from magenta_bridge.midi.engine.event_queue import EventQueue
from magenta_bridge.midi.output.note_output import Outport, as_outport
from magenta_bridge.midi.timing.priority import raise_priority
from magenta_bridge.midi.timing.steady_clock import SPIN_S, STEADY_CLOCK, SteadyClock
from magenta_bridge.noteseq import NoteSequence


class MidiPlayer(threading.Thread):
    """Plays notes at their times, in seconds of the wall clock.

    When the player ends, by ``stop`` or at the end of the music, all of its notes have ended.

    Threading: safe from any number of threads.

    Args:
        outport: The output.
        sequence: The notes.
        start_time: Notes that start earlier are not played; None to play what is still pending
            when the thread is created.
        allow_updates: Whether ``update_sequence`` may be called; the thread then waits for more
            at the end of the music, until ``stop``.
        channel: MIDI channel, 0 to 15.
        offset: Seconds to add to all times.
        clock: The clock.
    """

    def __init__(  # noqa: PLR0917 - Magenta's positions
        self,
        outport: mido.ports.BaseOutput | Outport,
        sequence: NoteSequence,
        start_time: float | None = None,
        allow_updates: bool = False,
        channel: int = 0,
        offset: float = 0.0,
        *,
        clock: SteadyClock = STEADY_CLOCK,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._outport = as_outport(outport)
        self._changed = threading.Condition()
        self._queue = EventQueue(channel, offset)
        self._allow_updates = allow_updates
        self._stopped = False
        self._queue.replace(sequence, -math.inf if start_time is None else start_time)
        self._loaded_at = clock.now()
        self._queue.skip_until(self._loaded_at)

    def update_sequence(self, sequence: NoteSequence, start_time: float | None = None) -> None:
        """Replace the sequence.

        Active notes that the new sequence contains continue to their end in it; the others end
        with its first event.

        Args:
            sequence: The notes, in seconds of the wall clock.
            start_time: Notes that start earlier are not played; None for now. Notes between a
                ``start_time`` in the past and now are played immediately.

        Raises:
            MidiHubError: The player does not allow updates or is stopped.
        """
        with self._changed:
            self._check_updatable()
            self._loaded_at = self._clock.now()
            if start_time is None:
                start_time = self._loaded_at
            self._queue.replace(sequence, self._clock.from_wall_time(start_time))
            self._changed.notify_all()

    def extend(self, sequence: NoteSequence) -> None:
        """Add notes to the sequence.

        Raises:
            MidiHubError: As for ``update_sequence``.
        """
        with self._changed:
            self._check_updatable()
            self._queue.extend(sequence.notes)
            self._changed.notify_all()

    def stretch(self, pivot: float, factor: float, shift: float = 0.0) -> None:
        """Adapt pending messages to a change of tempo.

        Args:
            pivot: When the tempo changes, in seconds of the wall clock.
            factor: The old tempo divided by the new one.
            shift: Seconds to add after scaling.
        """
        with self._changed:
            self._queue.stretch(pivot, factor, shift)
            self._changed.notify_all()

    def silence(self) -> None:
        """End the active notes and drop pending messages; the player keeps running."""
        with self._changed:
            self._queue.silence(self._clock.now())
            self._changed.notify_all()

    def run(self) -> None:
        """Send each message when it is due."""
        raise_priority()
        while self._wait_for_next():
            self.step()

    @property
    def next_due(self) -> float | None:
        """When the next message is due, in seconds of the wall clock; None if there is none."""
        with self._changed:
            return self._queue.next_time()

    def step(self) -> None:
        """Send the next message if it is due within ``SPIN_S``, waiting for the exact time."""
        with self._changed:
            due = self._queue.next_time()
            # The queue can have changed since the wait.
            if due is None or due > self._clock.now() + SPIN_S:
                return
            messages = self._queue.pop()
            due = max(due, self._loaded_at)
        self._clock.sleep_until(due)
        for message in messages:
            accepted = self._outport.send(message, due=self._clock.to_monotonic(due))
            if not accepted and message.type == "note_on":
                # Dropped as too late; its note-off must not end another player's note.
                with self._changed:
                    self._queue.forget(message.note)

    def stop(self, block: bool = True) -> None:
        """End playback and all active notes.

        Args:
            block: Whether to wait for the thread.
        """
        with self._changed:
            if not self._stopped:
                self._stopped = True
                self._queue.silence(self._clock.now())
                self._changed.notify_all()
        if block:
            self.join()

    def _wait_for_next(self) -> bool:
        """Wait until a message is nearly due; return False when playback is over."""
        with self._changed:
            while True:
                due = self._queue.next_time()
                if due is None and (self._stopped or not self._allow_updates):
                    return False
                if due is not None and due <= self._clock.now() + SPIN_S:
                    return True
                self._clock.wait(self._changed, due)

    def _check_updatable(self) -> None:
        if not self._allow_updates or self._stopped:
            raise MidiHubError("This player does not allow updates of its sequence.")
