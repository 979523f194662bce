"""Turns incoming messages into a NoteSequence while they come."""

from __future__ import annotations

import abc
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Final

import mido

from magenta_bridge.errors import MidiHubError
from magenta_bridge.midi.engine.signal import MidiSignal, signal_of
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK, sleep_until
from magenta_bridge.noteseq import NoteSequence

_DRUM_CHANNEL: Final = 9
_LOG = logging.getLogger(__name__)

OnCapture = Callable[[NoteSequence], object]


class MidiCaptor(threading.Thread, abc.ABC):
    """Captures messages until a time, until a signal, or until ``stop``.

    All times are seconds of the wall clock, those of the notes too.

    Threading: safe from any number of threads. Messages are taken in where ``receive`` is called,
    so that what has been received is part of the next captured sequence; the thread itself only
    waits for the end.

    Args:
        qpm: Tempo to write into the sequence, in quarter notes per minute.
        start_time: Messages up to this time are ignored.
        stop_time: When to stop; None for no such time.
        stop_signal: Which message ends the capture; None for none.
    """

    def __init__(
        self,
        qpm: float,
        start_time: float = 0,
        stop_time: float | None = None,
        stop_signal: MidiSignal | mido.Message | None = None,
    ) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._captured = NoteSequence()
        self._captured.tempos.add(qpm=qpm)
        self._start_time = STEADY_CLOCK.heard(start_time)
        self._stop_time = None if stop_time is None else STEADY_CLOCK.heard(stop_time)
        self._stop_signal = signal_of(stop_signal)
        self._stop_called = False
        self._ended_at: float | None = None
        self._complete = False
        self._listeners: list[tuple[MidiSignal, queue.SimpleQueue[float | None]]] = []
        self._callbacks: dict[str, threading.Event] = {}

    @property
    def start_time(self) -> float:
        """Messages up to this time are ignored; setting it removes the notes before it."""
        with self._lock:
            return self._start_time

    @start_time.setter
    def start_time(self, value: float) -> None:
        with self._lock:
            self._start_time = value
            notes = self._captured.notes
            early = next((i for i, note in enumerate(notes) if note.start_time >= value), None)
            del notes[: len(notes) if early is None else early]

    def receive(self, msg: mido.Message) -> None:
        """Takes in a message that came at ``msg.time``.

        Raises:
            MidiHubError: The message bears no time.
        """
        if not msg.time:
            raise MidiHubError(f"A message to be captured bears no time: {msg}")
        with self._lock:
            if self._ended_at is not None or self._complete or msg.time <= self._start_time:
                return
            if self._stop_signal is not None and self._stop_signal.matches(msg):
                self._ended_at = msg.time
                self._changed.notify_all()
                return
            for signal, heard in self._listeners:
                if signal.matches(msg):
                    heard.put(msg.time)
            self._capture_message(msg)

    def run(self) -> None:
        """Waits for the end and completes the sequence."""
        with self._lock:
            while self._ended_at is None:
                remaining = (
                    None if self._stop_time is None else self._stop_time - STEADY_CLOCK.now()
                )
                if remaining is not None and remaining <= 0:
                    break
                self._changed.wait(remaining)
            end = self._stop_time if self._stop_time is not None else self._ended_at
            self._captured = self.captured_sequence(end)
            self._complete = True
            for _, heard in self._listeners:
                heard.put(None)

    def stop(self, stop_time: float | None = None, block: bool = True) -> None:
        """Ends the capture.

        Args:
            stop_time: Where the sequence shall end, in the past even; None for now.
            block: Whether to wait for the thread.

        Raises:
            MidiHubError: It has been stopped before, and a ``stop_time`` is given.
        """
        with self._lock:
            if self._stop_called and stop_time is not None:
                raise MidiHubError("This captor has been stopped; its stop_time cannot change.")
            if not self._stop_called:
                self._stop_called = True
                self._stop_time = (
                    STEADY_CLOCK.now() if stop_time is None else STEADY_CLOCK.heard(stop_time)
                )
                self._changed.notify_all()
        if block:
            self.join()

    def captured_sequence(self, end_time: float | None = None) -> NoteSequence:
        """Returns a copy of what has been captured.

        Args:
            end_time: Where to cut, while the capture goes on: open notes end there, and later
                ones are left out. None once it is over.

        Returns:
            The sequence; ``total_time`` is where it ends.

        Raises:
            MidiHubError: ``end_time`` is missing during the capture, or given outside of it.
        """
        with self._lock:
            capturing = self.is_alive() and not self._complete
            if capturing and end_time is None:
                raise MidiHubError("While a captor runs, say the end_time of the sequence.")
            if not capturing and end_time is not None:
                raise MidiHubError("A captor that does not run has no other end_time.")
            copy = NoteSequence()
            copy.CopyFrom(self._captured)
        if end_time is not None:
            _cut(copy, end_time)
        return copy

    def iterate(
        self, signal: MidiSignal | None = None, period: float | None = None
    ) -> Iterator[NoteSequence]:
        """Yields the sequence so far at every signal or period, and at last the whole.

        A period that passes while the consumer is busy is skipped, with a warning.

        Args:
            signal: Yield at every such message; or
            period: yield every so many seconds, counted from when the first is asked for.

        Raises:
            MidiHubError: Not exactly one of both is given.
        """
        if (signal is None) == (period is None):
            raise MidiHubError("Say either a signal or a period to iterate by.")
        if signal is not None:
            # Listened for from here on, however late the consumer begins.
            return self._until_complete(self._at(self._listen(signal)))
        return self._until_complete(self._at_periods(period or 0.0))

    def wake_signal_waiters(self, signal: MidiSignal | None = None) -> None:
        """Makes those who iterate by a signal, or by any, go on now."""
        with self._lock:
            for awaited, heard in self._listeners:
                if signal is None or awaited == signal:
                    heard.put(STEADY_CLOCK.now())

    def register_callback(
        self, fn: OnCapture, signal: MidiSignal | None = None, period: float | None = None
    ) -> str:
        """Calls a function with the sequence so far at every signal or period, in a thread.

        Args:
            fn: What to call; at last with the complete sequence.
            signal: As for ``iterate``.
            period: As for ``iterate``.

        Returns:
            Name by which ``cancel_callback`` knows it.

        Raises:
            MidiHubError: Not exactly one of both is given.
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
        """Keeps a callback from being called again."""
        with self._lock:
            self._callbacks.pop(name).set()

    @abc.abstractmethod
    def _capture_message(self, msg: mido.Message) -> None:
        """Writes one message into the sequence; the lock is held."""

    def _add_note(self, msg: mido.Message) -> NoteSequence.Note:
        return self._captured.notes.add(
            start_time=msg.time,
            pitch=msg.note,
            velocity=msg.velocity,
            is_drum=msg.channel == _DRUM_CHANNEL,
        )

    def _until_complete(self, sequences: Iterator[NoteSequence]) -> Iterator[NoteSequence]:
        yield from sequences
        if self.is_alive():
            self.join()
        yield self.captured_sequence()

    def _listen(self, signal: MidiSignal) -> queue.SimpleQueue[float | None]:
        heard: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        with self._lock:
            self._listeners.append((signal, heard))
            if self._complete:
                heard.put(None)
        return heard

    def _at(self, heard: queue.SimpleQueue[float | None]) -> Iterator[NoteSequence]:
        while (time_s := heard.get()) is not None:
            sequence = self._captured_until(time_s)
            if sequence is None:
                return
            yield sequence

    def _at_periods(self, period: float) -> Iterator[NoteSequence]:
        due = STEADY_CLOCK.now() + period
        while self.is_alive():
            skipped = (STEADY_CLOCK.now() - due) // period
            if skipped > 0:
                _LOG.warning("Skipping %d periods of %.3f s to catch up.", skipped, period)
                due += skipped * period
            else:
                sleep_until(due)
            sequence = self._captured_until(due)
            if sequence is None:
                return
            due += period
            yield sequence

    def _captured_until(self, end_time: float) -> NoteSequence | None:
        """Returns the sequence so far; None once the capture is over."""
        with self._lock:
            if self._complete or not self.is_alive():
                return None
            return self.captured_sequence(end_time)


class MonophonicMidiCaptor(MidiCaptor):
    """Captures one voice: a new note ends the one before."""

    _open_note: NoteSequence.Note | None = None

    def _capture_message(self, msg: mido.Message) -> None:
        if _ends_note(msg):
            if self._open_note is not None and self._open_note.pitch == msg.note:
                self._open_note.end_time = msg.time
                self._open_note = None
        elif msg.type == "note_on":
            if self._open_note is not None and self._open_note.pitch == msg.note:
                return
            if self._open_note is not None:
                self._open_note.end_time = msg.time
            self._open_note = self._add_note(msg)


class PolyphonicMidiCaptor(MidiCaptor):
    """Captures any number of notes at once, one for each pitch."""

    def __init__(
        self,
        qpm: float,
        start_time: float = 0,
        stop_time: float | None = None,
        stop_signal: MidiSignal | mido.Message | None = None,
    ) -> None:
        self._open_notes: dict[int, NoteSequence.Note] = {}
        super().__init__(qpm, start_time, stop_time, stop_signal)

    def _capture_message(self, msg: mido.Message) -> None:
        if _ends_note(msg):
            ended = self._open_notes.pop(msg.note, None)
            if ended is not None:
                ended.end_time = msg.time
        elif msg.type == "note_on" and msg.note not in self._open_notes:
            self._open_notes[msg.note] = self._add_note(msg)


def _ends_note(msg: mido.Message) -> bool:
    return bool(msg.type == "note_off" or (msg.type == "note_on" and msg.velocity == 0))


def _cut(sequence: NoteSequence, end_time: float) -> None:
    for index, note in enumerate(sequence.notes):
        if note.start_time >= end_time:
            del sequence.notes[index:]
            break
        if not note.end_time or note.end_time > end_time:
            note.end_time = end_time
    sequence.total_time = end_time
