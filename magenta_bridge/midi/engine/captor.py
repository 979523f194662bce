"""Captures incoming messages as a NoteSequence."""

from __future__ import annotations

import abc
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Final

import mido

from magenta_bridge.errors import MidiHubError
from magenta_bridge.midi.engine.signal import MidiSignal, as_signal
from magenta_bridge.midi.output.messages import ends_note
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK, SteadyClock
from magenta_bridge.noteseq import NoteSequence

_DRUM_CHANNEL: Final = 9
_LOG = logging.getLogger(__name__)

OnCapture = Callable[[NoteSequence], object]


class MidiCaptor(threading.Thread, abc.ABC):
    """Captures messages until a time, a signal or a call of ``stop``.

    All times, including those of the notes, are seconds of the wall clock.

    Threading: safe from any number of threads. Messages are captured in the thread that calls
    ``receive``, so a received message is in the next captured sequence; the captor's own thread
    only waits for the end.

    Args:
        qpm: Tempo of the sequence, in quarter notes per minute.
        start_time: Messages up to this time are ignored.
        stop_time: When to stop; None for no limit.
        stop_signal: The message that ends the capture; None for none.
        clock: The clock.
    """

    def __init__(
        self,
        qpm: float,
        start_time: float = 0,
        stop_time: float | None = None,
        stop_signal: MidiSignal | mido.Message | None = None,
        *,
        clock: SteadyClock = STEADY_CLOCK,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._captured = NoteSequence()
        self._captured.tempos.add(qpm=qpm)
        self._open_notes: dict[int, NoteSequence.Note] = {}
        self._start_time = clock.from_wall_time(start_time)
        self._stop_time = None if stop_time is None else clock.from_wall_time(stop_time)
        self._stop_signal = as_signal(stop_signal)
        self._stop_called = False
        self._ended_at: float | None = None
        self._complete = False
        self._listeners: list[tuple[MidiSignal, queue.SimpleQueue[float | None]]] = []
        self._callbacks: dict[str, threading.Event] = {}

    @property
    def start_time(self) -> float:
        """Messages up to this time are ignored; setting it removes earlier notes."""
        with self._lock:
            return self._start_time

    @start_time.setter
    def start_time(self, value: float) -> None:
        with self._lock:
            self._start_time = value
            notes = self._captured.notes
            first = next((i for i, note in enumerate(notes) if note.start_time >= value), None)
            del notes[: len(notes) if first is None else first]

    def receive(self, msg: mido.Message) -> None:
        """Capture a message that arrived at ``msg.time``.

        Raises:
            MidiHubError: The message has no time.
        """
        if not msg.time:
            raise MidiHubError(f"Cannot capture a message without a time: {msg}")
        with self._lock:
            if self._ended_at is not None or self._complete or msg.time <= self._start_time:
                return
            if self._stop_signal is not None and self._stop_signal.matches(msg):
                self._ended_at = msg.time
                self._changed.notify_all()
                return
            for signal, times in self._listeners:
                if signal.matches(msg):
                    times.put(msg.time)
            self._capture_message(msg)

    def release(self, time_s: float) -> None:
        """End the open notes: their note-offs are not expected anymore."""
        with self._lock:
            for pitch in list(self._open_notes):
                self._end_note(pitch, time_s)

    def run(self) -> None:
        """Wait for the end and complete the sequence."""
        with self._lock:
            while self._ended_at is None:
                if self._stop_time is not None and self._clock.now() >= self._stop_time:
                    break
                self._clock.wait(self._changed, self._stop_time)
            end = self._stop_time if self._stop_time is not None else self._ended_at
            self._captured = self.captured_sequence(end)
            self._complete = True
            for _, times in self._listeners:
                times.put(None)

    def stop(self, stop_time: float | None = None, block: bool = True) -> None:
        """End the capture.

        Args:
            stop_time: The end of the sequence, possibly in the past; None for now.
            block: Whether to wait for the thread.

        Raises:
            MidiHubError: The captor was stopped before, and ``stop_time`` is given.
        """
        with self._lock:
            if self._stop_called and stop_time is not None:
                raise MidiHubError("The captor is already stopped; its stop_time cannot change.")
            if not self._stop_called:
                self._stop_called = True
                end = self._clock.now() if stop_time is None else stop_time
                self._stop_time = self._clock.from_wall_time(end)
                self._changed.notify_all()
        if block:
            self.join()

    def captured_sequence(self, end_time: float | None = None) -> NoteSequence:
        """Return a copy of the captured sequence.

        Args:
            end_time: During the capture, where to cut: open notes end there, and later ones are
                omitted. None after the capture.

        Returns:
            The sequence; ``total_time`` is its end.

        Raises:
            MidiHubError: ``end_time`` is missing during the capture, or given outside of it.
        """
        with self._lock:
            capturing = self.is_alive() and not self._complete
            if capturing and end_time is None:
                raise MidiHubError("end_time is required while the captor is running.")
            if not capturing and end_time is not None:
                raise MidiHubError("end_time is allowed only while the captor is running.")
            copy = NoteSequence()
            copy.CopyFrom(self._captured)
        if end_time is not None:
            _cut(copy, end_time)
        return copy

    def iterate(
        self, signal: MidiSignal | None = None, period: float | None = None
    ) -> Iterator[NoteSequence]:
        """Yield the sequence so far at each signal or period, and finally the complete sequence.

        Periods that pass while the consumer is busy are skipped with a warning.

        Args:
            signal: Yield at each such message.
            period: Yield every ``period`` seconds, counted from the first request.

        Raises:
            MidiHubError: Both or neither are given.
        """
        if (signal is None) == (period is None):
            raise MidiHubError("Specify either signal or period.")
        if signal is not None:
            # Register now, so that no signal is missed before the consumer starts.
            return self._until_complete(self._at_signals(self._listen(signal)))
        return self._until_complete(self._at_periods(period or 0.0))

    def wake_signal_waiters(self, signal: MidiSignal | None = None) -> None:
        """Make iterations by a signal, or by any signal, yield now."""
        with self._lock:
            for awaited, times in self._listeners:
                if signal is None or awaited == signal:
                    times.put(self._clock.now())

    def register_callback(
        self, fn: OnCapture, signal: MidiSignal | None = None, period: float | None = None
    ) -> str:
        """Call a function in a thread with the sequence so far at each signal or period.

        Args:
            fn: The function; its last call gets the complete sequence.
            signal: As for ``iterate``.
            period: As for ``iterate``.

        Returns:
            The name to pass to ``cancel_callback``.

        Raises:
            MidiHubError: Both or neither are given.
        """
        cancelled = threading.Event()
        sequences = self.iterate(signal, period)

        def call() -> None:
            for sequence in sequences:
                if cancelled.is_set():
                    return
                fn(sequence)

        thread = threading.Thread(target=call, daemon=True)
        with self._lock:
            self._callbacks[thread.name] = cancelled
        thread.start()
        return thread.name

    def cancel_callback(self, name: str) -> None:
        """Prevent further calls of a callback."""
        with self._lock:
            self._callbacks.pop(name).set()

    @abc.abstractmethod
    def _capture_message(self, msg: mido.Message) -> None:
        """Add one message to the sequence; the lock is held."""

    def _start_note(self, msg: mido.Message) -> None:
        self._open_notes[msg.note] = self._captured.notes.add(
            start_time=msg.time,
            pitch=msg.note,
            velocity=msg.velocity,
            is_drum=msg.channel == _DRUM_CHANNEL,
        )

    def _end_note(self, pitch: int, time_s: float) -> None:
        note = self._open_notes.pop(pitch, None)
        if note is not None:
            note.end_time = time_s

    def _until_complete(self, sequences: Iterator[NoteSequence]) -> Iterator[NoteSequence]:
        yield from sequences
        if self.is_alive():
            self.join()
        yield self.captured_sequence()

    def _listen(self, signal: MidiSignal) -> queue.SimpleQueue[float | None]:
        times: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        with self._lock:
            self._listeners.append((signal, times))
            if self._complete:
                times.put(None)
        return times

    def _at_signals(self, times: queue.SimpleQueue[float | None]) -> Iterator[NoteSequence]:
        while (time_s := times.get()) is not None:
            sequence = self._captured_until(time_s)
            if sequence is None:
                return
            yield sequence

    def _at_periods(self, period: float) -> Iterator[NoteSequence]:
        due = self._clock.now() + period
        while self.is_alive():
            skipped = (self._clock.now() - due) // period
            if skipped > 0:
                _LOG.warning("Skipping %d periods of %.3f s to catch up.", skipped, period)
                due += skipped * period
            else:
                self._clock.sleep_until(due)
            sequence = self._captured_until(due)
            if sequence is None:
                return
            due += period
            yield sequence

    def _captured_until(self, end_time: float) -> NoteSequence | None:
        """Return the sequence so far; None after the capture."""
        with self._lock:
            if self._complete or not self.is_alive():
                return None
            return self.captured_sequence(end_time)


class MonophonicMidiCaptor(MidiCaptor):
    """Captures one voice: a new note ends the previous one."""

    def _capture_message(self, msg: mido.Message) -> None:
        if ends_note(msg):
            self._end_note(msg.note, msg.time)
        elif msg.type == "note_on" and msg.note not in self._open_notes:
            for pitch in list(self._open_notes):
                self._end_note(pitch, msg.time)
            self._start_note(msg)


class PolyphonicMidiCaptor(MidiCaptor):
    """Captures any number of simultaneous notes, one per pitch."""

    def _capture_message(self, msg: mido.Message) -> None:
        if ends_note(msg):
            self._end_note(msg.note, msg.time)
        elif msg.type == "note_on" and msg.note not in self._open_notes:
            self._start_note(msg)


def _cut(sequence: NoteSequence, end_time: float) -> None:
    for index, note in enumerate(sequence.notes):
        if note.start_time >= end_time:
            del sequence.notes[index:]
            break
        if not note.end_time or note.end_time > end_time:
            note.end_time = end_time
    sequence.total_time = end_time
