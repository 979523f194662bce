"""Playing together tick by tick, in a tempo that may change and a song that may stop."""

from __future__ import annotations

import abc
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import mido

from magenta_bridge.midi.engine.captor import MidiCaptor
from magenta_bridge.midi.engine.midi_hub import MidiHub
from magenta_bridge.midi.engine.signal import MidiSignal
from magenta_bridge.midi.interactions.base import MidiInteraction
from magenta_bridge.midi.interactions.response_player import Answer
from magenta_bridge.midi.interactions.response_writer import Writer
from magenta_bridge.midi.interactions.streamed_response import SequenceGenerator, StreamingGenerator
from magenta_bridge.midi.interactions.turn_taking import Capturing
from magenta_bridge.midi.timing.priority import raise_priority
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.midi.timing.ticks import CalledTicks, PeriodTicks, Ticks

# Writing ahead begins this long before a tick, or half a tick before it if that is shorter.
LEAD_SECONDS: Final = 0.5
# How often it is looked whether more was played meanwhile.
_LOOK_SECONDS: Final = 0.01
# How often the controller of the tempo is looked at.
_TEMPO_SECONDS: Final = 0.05

Observer = Callable[[str, dict[str, Any]], None]


class TickingInteraction(MidiInteraction):
    """Waits for ticks, follows the tempo and the song, and leaves to subclasses what a tick means.

    Args:
        midi_hub: As for ``MidiInteraction``, and so are those up to the keywords.
        sequence_generators: Who may write.
        qpm: Tempo until a controller sets another.
        generator_select_control_number: Controller that chooses among the generators.
        tempo_control_number: Controller that sets the tempo.
        temperature_control_number: Controller that sets the temperature.
        clock_signal: Message that is a tick; or
        tick_duration: seconds from tick to tick at ``qpm``; or
        ticks: ticks from elsewhere.
        metronome_channel: Channel of the metronome; None for none.
        observer: Told what happens, by a name and details.

    Raises:
        ValueError: Not exactly one source of ticks is given.
    """

    _captor: MidiCaptor
    _answer: Answer
    _writer: Writer
    _listening: Capturing
    _ticks: Ticks

    def __init__(  # noqa: PLR0917 - Magenta's positions
        self,
        midi_hub: MidiHub,
        sequence_generators: Sequence[SequenceGenerator],
        qpm: float,
        generator_select_control_number: int | None = None,
        tempo_control_number: int | None = None,
        temperature_control_number: int | None = None,
        *,
        clock_signal: MidiSignal | None,
        tick_duration: float | None,
        ticks: Ticks | None,
        metronome_channel: int | None,
        observer: Observer | None,
    ) -> None:
        super().__init__(
            midi_hub,
            sequence_generators,
            qpm,
            generator_select_control_number,
            tempo_control_number,
            temperature_control_number,
        )
        if [clock_signal, tick_duration, ticks].count(None) != 2:
            raise ValueError("Say exactly one of clock_signal and tick_duration.")
        self._clock_signal = clock_signal
        self._tick_duration = tick_duration
        self._given_ticks = ticks
        self._metronome_channel = metronome_channel if tick_duration is not None else None
        self._observer = observer
        self._started = threading.Event()
        self._told_qpm = qpm
        self._song_runs = True

    def run(self) -> None:
        """Plays until ``stop``."""
        raise_priority()
        with self._playing():
            while not self._stop_signal.is_set():
                tick = self._ticks.wait(self._next_look())
                if self._stop_signal.is_set() or not self._captor.is_alive():
                    break
                self._follow_tempo()
                self._follow_transport()
                self._hear_again(STEADY_CLOCK.now())
                if tick is None:
                    self._look_ahead()
                else:
                    self._pass_tick(tick)

    def stop(self) -> None:
        """Ends the playing, all notes and the metronome, and waits for the thread."""
        self._stop_signal.set()
        if self.is_alive():
            self._started.wait()
            self._ticks.wake()
        super().stop()
        self._midi_hub.stop_metronome()

    @abc.abstractmethod
    def _playing(self) -> AbstractContextManager[None]:
        """Starts what the playing needs, and ends it."""

    @abc.abstractmethod
    def _look_ahead(self) -> None:
        """Does what can be done before the next tick."""

    @abc.abstractmethod
    def _pass_tick(self, tick: float) -> None:
        """Does what is due at a tick, at a time of the wall clock."""

    @abc.abstractmethod
    def _rest(self) -> None:
        """Falls silent, for the song that is followed has stopped."""

    @abc.abstractmethod
    def _new_listening(self, start: float) -> Capturing:
        """Returns how a call is heard from a time on."""

    def _make_ticks(self, start: float) -> Ticks:
        if self._given_ticks is not None:
            return self._given_ticks
        if self._tick_duration is None:
            return CalledTicks()
        quarters = self._tick_duration * self._default_qpm / 60.0
        return PeriodTicks(lambda: quarters * 60.0 / self._qpm, start)

    def _on_clock(self, msg: mido.Message) -> None:
        if isinstance(self._ticks, CalledTicks):
            self._ticks.call(msg.time)

    def _beat_metronome(self, beat: float) -> None:
        if self._metronome_channel is not None:
            self._midi_hub.start_metronome(self._qpm, beat, channel=self._metronome_channel)

    def _current_qpm(self) -> float:
        return getattr(self._given_ticks, "qpm", None) or self._qpm

    def _follow_tempo(self) -> None:
        qpm = self._current_qpm()
        if qpm == self._told_qpm:
            return
        now = STEADY_CLOCK.now()
        self._answer.stretch(now, self._told_qpm / qpm)
        if not self._answer.is_over(now) and self._captor.start_time > now:
            self._captor.start_time = self._answer.end
        self._told_qpm = qpm
        self._writer.forget()
        if self._ticks.expected is not None:
            self._beat_metronome(self._ticks.expected)
        self._tell("tempo", qpm=qpm)

    def _align(self, tick: float) -> None:
        """Keeps the response on the ticks of a clock that is followed."""
        expected = self._ticks.expected
        if self._given_ticks is not None and expected is not None:
            self._answer.align(tick, expected - tick)

    def _follow_transport(self) -> None:
        """Falls silent when the song that is followed stops."""
        running = getattr(self._given_ticks, "running", True)
        if self._song_runs and not running:
            self._rest()
        elif running and not self._song_runs:
            now = STEADY_CLOCK.now()
            self._captor.start_time = now
            self._listening = self._new_listening(now)
        self._song_runs = running

    def _hear_again(self, now: float) -> None:
        """Ends the deafness during a response that ended early: by a panic, by a failure."""
        if self._captor.start_time > now and self._answer.is_over(now):
            self._captor.start_time = now

    def _next_look(self) -> float | None:
        """Returns when to look at what is being played, before the next tick; None not to."""
        expected = self._ticks.expected
        if expected is None:
            return None
        if not isinstance(self._sequence_generator, StreamingGenerator):
            # Controllers of the tempo are looked at all the same.
            return STEADY_CLOCK.now() + _TEMPO_SECONDS
        lead = min(LEAD_SECONDS, (expected - self._listening.last_tick) / 2)
        now = STEADY_CLOCK.now()
        if now < expected - lead:
            return min(expected - lead, now + _TEMPO_SECONDS)
        return now + _LOOK_SECONDS

    def _tell(self, what: str, **details: object) -> None:
        if self._observer is not None:
            self._observer(what, details)
