"""Passes incoming messages on to the output and ends what they hold there."""

from __future__ import annotations

import threading

import mido

from magenta_bridge.midi.output.messages import (
    control_change,
    ends_note,
    holds_notes,
    note_off,
    starts_note,
)
from magenta_bridge.midi.output.note_output import Outport


class PassThrough:
    """Sends the messages of a musician to the output.

    Notes and pedals that were sent are remembered, so that they can be ended when the musician's
    port is lost.

    Threading: safe from any number of threads.

    Args:
        outport: The output.
        enabled: Whether messages are sent.
        monophonic: Whether a note ends the previous one.
    """

    def __init__(self, outport: Outport, *, enabled: bool, monophonic: bool) -> None:
        self._outport = outport
        self._enabled = enabled
        self._monophonic = monophonic
        self._lock = threading.RLock()
        # Active pitches, each with its channel.
        self._notes: dict[int, int] = {}
        # Pressed pedals, each a channel and a controller.
        self._pedals: set[tuple[int, int]] = set()

    @property
    def enabled(self) -> bool:
        """Whether messages are sent; disabling it ends notes and pedals."""
        with self._lock:
            return self._enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        with self._lock:
            if self._enabled != value:
                self.release()
                self._enabled = value

    def send(self, msg: mido.Message) -> None:
        """Send a message of the musician."""
        with self._lock:
            if not self._enabled:
                return
            if starts_note(msg):
                if self._monophonic:
                    self._end_notes()
                self._notes[msg.note] = msg.channel
            elif ends_note(msg):
                if self._notes.pop(msg.note, None) is None and self._monophonic:
                    return
            elif holds_notes(msg):
                self._pedals.add((msg.channel, msg.control))
            elif msg.type == "control_change":
                self._pedals.discard((msg.channel, msg.control))
            self._outport.send(msg)

    def release(self) -> None:
        """End the notes and release the pedals."""
        with self._lock:
            self._end_notes()
            self.release_pedals()

    def release_pedals(self) -> None:
        """Release the pedals, which would also hold notes of others on their channels."""
        with self._lock:
            while self._pedals:
                self._outport.send(control_change(*self._pedals.pop()))

    def _end_notes(self) -> None:
        while self._notes:
            pitch, channel = self._notes.popitem()
            self._outport.send(note_off(channel, pitch))
