"""Plays a NoteSequence, each note when it is due."""

from __future__ import annotations

import math
import threading
from typing import Final

import mido

from magenta_bridge.errors import MidiHubError
from magenta_bridge.midi.engine.event_queue import Schedule
from magenta_bridge.midi.output.outputs import Outport, as_outport
from magenta_bridge.midi.timing.priority import raise_priority
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK, SteadyClock
from magenta_bridge.noteseq import NoteSequence

# A thread that sleeps is woken late; the last stretch before a message is spent looking.
_SPIN_SECONDS: Final = 0.002


class MidiPlayer(threading.Thread):
    """Plays notes at their times, which are seconds of the wall clock.

    However it ends, by ``stop`` or at the end of the music, no note is left sounding.

    Threading: safe from any number of threads.

    Args:
        outport: Where the messages go.
        sequence: What to play.
        start_time: Notes that begin before it are not played; None to play what is still to come
            when the thread is made, and to end notes that have begun.
        allow_updates: Whether ``update_sequence`` may be called; the thread then waits for more
            when the music is over, until ``stop``.
        channel: MIDI channel, 0 to 15.
        offset: Seconds to add to all times.
        wall: Tells the time and waits for it.
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
        wall: SteadyClock = STEADY_CLOCK,
    ) -> None:
        super().__init__()
        self._wall = wall
        self._outport = as_outport(outport)
        self._changed = threading.Condition()
        self._schedule = Schedule(channel, offset)
        self._allow_updates = allow_updates
        self._stopped = False
        self._schedule.replace(sequence, -math.inf if start_time is None else start_time)
        self._loaded_at = self._wall.now()
        self._schedule.skip_until(self._loaded_at)

    def update_sequence(self, sequence: NoteSequence, start_time: float | None = None) -> None:
        """Plays another sequence from now on.

        Notes that sound go on to their end in the new sequence; those that it does not hold end
        with its first event.

        Args:
            sequence: What to play, in seconds of the wall clock.
            start_time: Notes that begin before it are not played; None for now. Notes between a
                time in the past and now are played at once.

        Raises:
            MidiHubError: The player allows no updates, or has been stopped.
        """
        with self._changed:
            self._refuse_unless_updatable()
            self._loaded_at = self._wall.now()
            begin = self._loaded_at if start_time is None else self._wall.heard(start_time)
            self._schedule.replace(sequence, begin)
            self._changed.notify_all()

    def extend(self, sequence: NoteSequence) -> None:
        """Adds notes to what is being played.

        Raises:
            MidiHubError: As for ``update_sequence``.
        """
        with self._changed:
            self._refuse_unless_updatable()
            self._schedule.extend(sequence.notes)
            self._changed.notify_all()

    def stretch(self, pivot: float, factor: float, shift: float = 0.0) -> None:
        """Follows a change of tempo: moves what is to come away from a time, or towards it.

        Args:
            pivot: When the tempo changes, in seconds of the wall clock.
            factor: The former tempo divided by the new one.
            shift: Seconds to move it by, besides.
        """
        with self._changed:
            self._schedule.stretch(pivot, factor, shift)
            self._changed.notify_all()

    def silence(self) -> None:
        """Ends at once what sounds, and forgets what was to come; the player goes on."""
        with self._changed:
            self._schedule.silence(self._wall.now())
            self._changed.notify_all()

    def run(self) -> None:
        """Sends each message when it is due."""
        raise_priority()
        while self._wait_for_next():
            self.step()

    @property
    def next_due(self) -> float | None:
        """When the next message is due, in seconds of the wall clock; None when none waits."""
        with self._changed:
            return self._schedule.next_time()

    def step(self) -> None:
        """Sends the next message, if it is due now or very soon, for which it waits."""
        with self._changed:
            due = self._schedule.next_time()
            # Whoever changed the schedule in the last moment has put it off.
            if due is None or due > self._wall.now() + _SPIN_SECONDS:
                return
            messages = self._schedule.pop()
            due = max(due, self._loaded_at)
        self._wall.sleep_until(due)
        for message in messages:
            taken = self._outport.send(message, due=self._wall.monotonic(due))
            if not taken and message.type == "note_on":
                # It came too late to be music; its end must not end somebody else's note.
                with self._changed:
                    self._schedule.forget(message.note)

    def stop(self, block: bool = True) -> None:
        """Ends the playing and all notes that sound.

        Args:
            block: Whether to wait for the thread.
        """
        with self._changed:
            if not self._stopped:
                self._stopped = True
                self._schedule.silence(self._wall.now())
                self._changed.notify_all()
        if block:
            self.join()

    def _wait_for_next(self) -> bool:
        """Waits until a message is nearly due; False when none will come any more."""
        with self._changed:
            while True:
                due = self._schedule.next_time()
                if due is None and (self._stopped or not self._allow_updates):
                    return False
                remaining = None if due is None else due - self._wall.now() - _SPIN_SECONDS
                if remaining is not None and remaining <= 0:
                    return True
                self._changed.wait(remaining)

    def _refuse_unless_updatable(self) -> None:
        if not self._allow_updates or self._stopped:
            raise MidiHubError("This player allows no updates of its sequence.")
